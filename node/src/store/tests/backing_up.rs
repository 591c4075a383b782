use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::luck::Luck;
use super::rig::*;
use crate::store::commit::Job;
use crate::store::*;

fn told_store(rig: &Rig) -> Store {
    let store = rig.create();
    for batch in history() {
        store.append(batch).unwrap();
    }
    store
}

fn target(rig: &Rig) -> PathBuf {
    rig.root.path().join("backup")
}

fn keyring_copy(rig: &Rig) -> PathBuf {
    rig.root.path().join("copy of the keyring")
}

/// Another machine: the backup, and a keyring at its place.
fn elsewhere(rig: &Rig, keyring: &std::path::Path) -> Rig {
    let other = Rig::new();
    copy_folder(&target(rig), &target(&other));
    fs::create_dir_all(other.root.path().join("medium")).unwrap();
    fs::copy(keyring, other.paths().keyring).unwrap();
    other
}

fn restored(rig: &Rig) -> Result<RestoreReport, BackupError> {
    restoring::restore_on(&rig.door(), &rig.paths(), &target(rig), &KEY_FILE)
}

#[test]
fn a_backup_taken_while_the_store_is_open_comes_back_whole() {
    let rig = Rig::new();
    let store = told_store(&rig);
    let told = answers(&store);
    let beside = [("node.toml".to_owned(), b"listen".to_vec()), ("studies/one.json".to_owned(), b"{}".to_vec())];
    let report = store.backup(&target(&rig), &beside, Some(&keyring_copy(&rig))).unwrap();
    assert_eq!(report.sequence, store.head().0);
    store.append(vec![record("P1503", "after the backup")]).unwrap();
    let other = elsewhere(&rig, &keyring_copy(&rig));
    assert_eq!(files_beside(&target(&other)).unwrap(), beside);
    let back = restored(&other).unwrap();
    let told_back = (back.sequence, back.complete, back.acknowledged);
    assert_eq!(told_back, (report.sequence, false, None), "its keyring knows no more");
    // Nothing says that anything is missing, and yet it does not open as if nothing were.
    let error = other.open().unwrap_err();
    assert_eq!(error.code(), "store-restored");
    assert!(error.to_string().contains(&format!("ends at sequence {}", report.sequence)), "{error}");
    assert!(error.remedy().contains("put the newest folder back"), "{}", error.remedy());
    let (store, opened) = other.recover().unwrap();
    assert_eq!((opened.restored, opened.acknowledged_missing, answers(&store)), (true, None, told.clone()));
    store.close().unwrap();
    let (store, opened) = other.open().unwrap();
    assert_eq!((opened.restored, answers(&store)), (false, told), "once recovered, it is a store like any other");
}

#[test]
fn a_backup_of_all_there_was_when_the_store_was_closed_opens_as_it_was() {
    for (closed, complete, why) in [(true, true, "closed in good order"), (false, false, "killed")] {
        let rig = Rig::new();
        told_store(&rig).close().unwrap();
        let (store, _) = rig.open().unwrap();
        let told = answers(&store);
        store.backup(&target(&rig), &[], None).unwrap();
        if closed {
            store.close().unwrap();
        } else {
            drop(store);
        }
        let other = elsewhere(&rig, &rig.paths().keyring);
        assert_eq!(restored(&other).unwrap().complete, complete, "{why}");
        assert_eq!(other.open().map(|(store, _)| answers(&store)).ok(), complete.then_some(told), "{why}");
    }
}

#[test]
fn the_newest_folder_opens_again_after_an_older_backup_was_tried() {
    let rig = Rig::new();
    let store = told_store(&rig);
    store.backup(&target(&rig), &[], None).unwrap();
    store.append(vec![record("P1503", "after the backup")]).unwrap();
    let told = answers(&store);
    drop(store);
    let away = rig.root.path().join("away");
    fs::rename(rig.paths().dir, &away).unwrap();
    assert!(!restored(&rig).unwrap().complete);
    assert_eq!(rig.open().unwrap_err().code(), "store-restored");
    fs::remove_dir_all(rig.paths().dir).unwrap();
    fs::rename(away, rig.paths().dir).unwrap();
    let (store, report) = rig.open().unwrap();
    assert_eq!((answers(&store), report.restored), (told, false));
}

#[test]
fn with_the_keyring_of_today_a_restored_store_says_what_is_missing() {
    let rig = Rig::new();
    let store = told_store(&rig);
    let report = store.backup(&target(&rig), &[], None).unwrap();
    store.append(vec![record("P1503", "after the backup")]).unwrap();
    let newest = store.head().0;
    store.close().unwrap();
    let other = elsewhere(&rig, &rig.paths().keyring);
    assert_eq!(restored(&other).unwrap().acknowledged, Some(newest));
    let error = other.open().unwrap_err();
    assert_eq!(error.code(), "store-acknowledged-missing");
    let (_, opened) = other.recover().unwrap();
    assert_eq!((opened.restored, opened.acknowledged_missing), (true, Some(newest)));
    assert_eq!(report.sequence + 1, newest);
}

#[test]
fn no_keyring_and_nothing_in_the_clear_lies_in_a_backup() {
    let rig = Rig::new();
    let store = told_store(&rig);
    store.backup(&target(&rig), &[], None).unwrap();
    let mut folders = vec![target(&rig)];
    let mut files = 0;
    let sealed = fs::read(rig.paths().keyring).unwrap();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.starts_with(&sealed[..8]), "{} is a keyring", path.display());
            for needle in [b"P1503".as_slice(), b"phq9", &SEED, &[3; 32]] {
                assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{}", path.display());
            }
        }
    }
    assert_eq!(files, 3, "a segment, a page, and the list");
    assert!(!keyring_copy(&rig).exists());
}

#[test]
fn a_backup_is_refused_where_it_would_overwrite_or_contain_itself_or_its_key() {
    let rig = Rig::new();
    let store = told_store(&rig);
    let there = rig.root.path().join("there");
    fs::create_dir(&there).unwrap();
    let to = target(&rig);
    let cases = [
        (there.clone(), None, "backup-already-there"),
        (to.clone(), Some(rig.paths().keyring), "backup-already-there"),
        (rig.paths().dir.join("backup"), None, "backup-inside-store"),
        (to.clone(), Some(rig.paths().dir.join("keyring")), "backup-inside-store"),
        (to.clone(), Some(to.join("keyring")), "backup-keyring-inside"),
    ];
    for (to, keyring, wanted) in cases {
        let error = store.backup(&to, &[], keyring.as_deref()).unwrap_err();
        assert_eq!(error.code(), wanted, "{error}");
        assert!(!error.remedy().is_empty());
    }
    for name in ["../up", "/root", "", "a/../b"] {
        let beside = [(name.to_owned(), Vec::new())];
        assert_eq!(store.backup(&to, &beside, None).unwrap_err().code(), "backup-none", "{name}");
    }
    assert!(!to.exists() && fs::read_dir(there).unwrap().next().is_none());
}

#[test]
fn a_backup_that_was_changed_anywhere_is_refused_and_leaves_nothing() {
    let rig = Rig::new();
    let store = told_store(&rig);
    store.backup(&target(&rig), &[("node.toml".to_owned(), b"listen".to_vec())], None).unwrap();
    store.close().unwrap();
    let files = ["journal/00000001.seg", "pages/0000000.keys", "backup.json"];
    let mut luck = Luck(4711);
    for file in files {
        for round in 0..30 {
            let other = elsewhere(&rig, &rig.paths().keyring);
            let path = target(&other).join(file);
            let mut bytes = fs::read(&path).unwrap();
            let at = luck.below(bytes.len());
            match round % 3 {
                0 => bytes.truncate(at),
                1 => bytes[at] ^= 1 << luck.below(8),
                _ => bytes.extend_from_slice(&[0; 64]),
            }
            fs::write(&path, bytes).unwrap();
            let story = format!("{file}, round {round}, byte {at}");
            // A list is not sealed. What it says wrongly of the bytes is found; its date may be changed.
            match restored(&other) {
                Ok(_) => assert_eq!(file, "backup.json", "{story}"),
                Err(error) => {
                    assert!(["backup-damaged", "backup-none"].contains(&error.code()), "{story}: {error}");
                    assert!(!other.paths().dir.exists(), "{story}");
                }
            }
        }
        let other = elsewhere(&rig, &rig.paths().keyring);
        fs::remove_file(target(&other).join(file)).unwrap();
        assert!(restored(&other).is_err(), "{file} deleted");
    }
}

#[test]
fn a_list_that_leads_out_of_the_backup_or_cuts_it_short_is_refused() {
    let rig = Rig::new();
    let store = told_store(&rig);
    store.backup(&target(&rig), &[], None).unwrap();
    store.close().unwrap();
    let list = fs::read_to_string(target(&rig).join("backup.json")).unwrap();
    let page = list.find("pages/0000000.keys").unwrap();
    let cases = [
        (list.replace("pages/0000000.keys", "../../0000000.keys"), "a path that leads out"),
        (list.replace("pages/0000000.keys", "/etc/passwd"), "a path from the root"),
        (list.replace("\"sumac_backup\": 1", "\"sumac_backup\": 2"), "a later version"),
        (list.replace("\"sequence\": ", "\"sequence\": 1"), "another end"),
        (list[..page].to_owned(), "half a list"),
    ];
    for (changed, why) in cases {
        assert_ne!(changed, list, "{why}");
        let other = elsewhere(&rig, &rig.paths().keyring);
        fs::write(target(&other).join("backup.json"), changed).unwrap();
        assert_eq!(restored(&other).unwrap_err().code(), "backup-none", "{why}");
        assert!(!other.paths().dir.exists(), "{why}");
    }
}

#[test]
fn a_restored_store_is_never_put_over_another_and_needs_its_own_keyring() {
    let rig = Rig::new();
    let store = told_store(&rig);
    store.backup(&target(&rig), &[], Some(&keyring_copy(&rig))).unwrap();
    assert_eq!(restored(&rig).unwrap_err().code(), "backup-already-there");
    store.append(vec![audit("untouched")]).unwrap();
    store.erase(Erasure::of(Row(1))).unwrap();
    store.close().unwrap();
    let today = elsewhere(&rig, &rig.paths().keyring);
    let error = restored(&today).unwrap_err();
    assert_eq!(error.code(), "backup-other-keyring");
    assert!(error.remedy().contains("--keyring") && error.remedy().contains("erase again"), "{}", error.remedy());
    let stranger = Rig::new();
    stranger.create().close().unwrap();
    let other = elsewhere(&rig, &stranger.paths().keyring);
    assert!(restored(&other).is_err(), "another node's keyring");
    let then = elsewhere(&rig, &keyring_copy(&rig));
    restored(&then).unwrap();
    let (store, _) = then.recover().unwrap();
    assert_eq!(store.rows(), [Row(0), Row(1)], "with the keyring of its time, whoever was erased since is back");
}

#[test]
fn a_backup_or_a_restoring_interrupted_at_any_operation_can_be_done_again() {
    let rehearsal = Rig::new();
    let store = told_store(&rehearsal);
    let told = answers(&store);
    rehearsal.disk.forget();
    store.backup(&target(&rehearsal), &[], Some(&keyring_copy(&rehearsal))).unwrap();
    let operations = rehearsal.disk.log().len();
    for dark in 0..operations {
        let rig = Rig::new();
        let store = told_store(&rig);
        rig.disk.cut_power_after(dark);
        assert!(store.backup(&target(&rig), &[], None).is_err() || dark > operations - 5);
        drop(store);
        let after = rig.copied();
        let (store, _) = after.open().unwrap();
        if after.root.path().join("backup").exists() {
            fs::remove_dir_all(target(&after)).unwrap();
        }
        store.backup(&target(&after), &[], None).unwrap_or_else(|error| panic!("dark after {dark}: {error}"));
    }
    let rehearsed = elsewhere(&rehearsal, &keyring_copy(&rehearsal));
    restored(&rehearsed).unwrap();
    for dark in 0..rehearsed.disk.log().len() {
        let other = elsewhere(&rehearsal, &keyring_copy(&rehearsal));
        other.disk.cut_power_after(dark);
        assert!(restored(&other).is_err(), "dark after {dark}");
        let again = other.copied();
        let there = again.paths().dir.exists();
        assert!(there || restored(&again).is_ok(), "dark after {dark}");
        assert!(again.open().is_err(), "dark after {dark}: never as if nothing were missing");
        assert_eq!(answers(&again.recover().unwrap().0), told, "dark after {dark}");
    }
}

#[test]
fn a_copy_of_the_keyring_never_comes_to_the_disk_after_an_erasure() {
    let rig = Rig::new();
    let store = told_store(&rig);
    let snapshot = store.ask(Job::Snapshot).unwrap();
    store.erase(Erasure::of(Row(0))).unwrap();
    let copy = snapshot.keyring_copy(&keyring_copy(&rig));
    assert!(!store.ask(|reply| Job::PutKeyringCopy(copy, reply)).unwrap());
    assert!(!keyring_copy(&rig).exists());
    store.backup(&target(&rig), &[], Some(&keyring_copy(&rig))).unwrap();
    assert!(keyring_copy(&rig).exists(), "one that was made afterwards may");
}

#[test]
fn a_backup_taken_under_load_is_a_moment_between_two_batches() {
    let rig = Rig::new();
    let store = rig.create();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                // Two patients always say the same.
                store.append(vec![record("a", &format!("{n}")), record("b", &format!("{n}"))]).unwrap();
                if n % 40 == 0 {
                    store.compact().unwrap();
                }
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        while store.head().0 < 10 {
            std::thread::yield_now();
        }
        for n in 0..20 {
            let to = rig.root.path().join(format!("backup {n}"));
            let report = store.backup(&to, &[], Some(&rig.root.path().join(format!("keyring {n}")))).unwrap();
            let other = Rig::new();
            copy_folder(&to, &target(&other));
            fs::create_dir_all(other.root.path().join("medium")).unwrap();
            fs::copy(rig.root.path().join(format!("keyring {n}")), other.paths().keyring).unwrap();
            assert_eq!(restored(&other).unwrap().sequence, report.sequence);
            let (copy, _) = other.recover().unwrap();
            let text = |row| copy.record(Row(row)).unwrap().unwrap().to_vec();
            assert_eq!(text(0), text(1), "backup {n}");
        }
        done.store(true, Ordering::Relaxed);
    });
}
