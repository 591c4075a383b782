use std::fs;
use std::path::{Path, PathBuf};

use super::luck::Luck;
use super::rig::*;
use crate::store::*;

/// A store that was written to, erased from, compacted and killed.
fn killed(rig: &Rig) -> String {
    let store = rig.create();
    for n in 0..60 {
        store
            .append(vec![record(&format!("P{}", n % 20), &format!("{n} {}", "x".repeat(n))), statement("P3", "s")])
            .unwrap();
    }
    store.erase(Erasure::of(Row(7))).unwrap();
    store.compact().unwrap();
    for batch in history() {
        store.append(batch).unwrap();
    }
    answers(&store)
}

/// The file that was written last.
fn last_segment(rig: &Rig) -> PathBuf {
    let mut files: Vec<PathBuf> =
        fs::read_dir(rig.paths().journal()).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort_unstable();
    files.pop().unwrap()
}

/// All of it is there, or the refusal names the file and says what to do.
fn whole_or_refused(rig: &Rig, told: &str, file: &Path, story: &str) -> bool {
    match rig.open() {
        Ok((store, _)) => {
            assert_eq!(answers(&store), told, "{story}: opened with less than was acknowledged");
            false
        }
        Err(error) => {
            let says = error.to_string();
            let missing =
                error.code() == "store-acknowledged-missing" && says.contains(&rig.paths().dir.display().to_string());
            assert!(missing || says.contains(&file.display().to_string()), "{story}: {says}");
            assert!(error.remedy().contains("restore"), "{story}: {}", error.remedy());
            true
        }
    }
}

#[test]
fn the_last_file_cut_or_changed_anywhere_is_whole_or_refused_with_what_to_do() {
    let rig = Rig::new();
    let told = killed(&rig);
    let (seed, mut refused) = (77, 0);
    let mut luck = Luck(seed);
    for round in 0..100 {
        let copy = rig.copied();
        let file = last_segment(&copy);
        let mut bytes = fs::read(&file).unwrap();
        let at = luck.below(bytes.len());
        if round % 2 == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << luck.below(8);
        }
        fs::write(&file, bytes).unwrap();
        let story = format!("seed {seed}, round {round}, byte {at}");
        refused += usize::from(whole_or_refused(&copy, &told, &file, &story));
    }
    assert_eq!(refused, 100, "nothing of the last file can be missed");
}

#[test]
fn any_file_of_the_store_changed_anywhere_is_whole_or_refused_with_what_to_do() {
    let rig = Rig::new();
    let told = killed(&rig);
    let mut files = vec![rig.paths().keyring];
    for folder in [rig.paths().journal(), rig.paths().pages(), rig.index()] {
        let inner = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        files.extend(inner.filter(|path| path.is_file()));
    }
    let seed = 78;
    let mut luck = Luck(seed);
    for file in files {
        for round in 0..16 {
            let copy = rig.copied();
            let file = copy.root.path().join(file.strip_prefix(rig.root.path()).unwrap());
            let mut bytes = fs::read(&file).unwrap();
            if bytes.is_empty() {
                break;
            }
            let at = luck.below(bytes.len());
            match round % 4 {
                0 => bytes.truncate(at),
                1 => bytes[at..].fill(0),
                _ => bytes[at] ^= 1 << luck.below(8),
            }
            fs::write(&file, bytes).unwrap();
            let story = format!("seed {seed}, {}, round {round}, byte {at}", file.display());
            whole_or_refused(&copy, &told, &file, &story);
        }
    }
}

#[test]
fn what_was_changed_after_closing_in_good_order_is_refused_or_named_when_it_is_read() {
    let rig = Rig::new();
    let store = rig.create();
    for n in 0..150 {
        store.append(vec![record(&format!("P{n}"), &format!("{n} {}", "x".repeat(300)))]).unwrap();
    }
    store.erase(Erasure::of(Row(7))).unwrap();
    let told: Vec<(Row, Vec<u8>)> =
        store.rows().into_iter().map(|row| (row, store.record(row).unwrap().unwrap().to_vec())).collect();
    store.close().unwrap();
    let segments = rig.segments().len();
    assert!(segments > 4, "{segments}");
    let (seed, mut refused, mut named) = (79, 0, 0);
    let mut luck = Luck(seed);
    for round in 0..100 {
        let copy = rig.copied();
        let number = 1 + luck.below(segments);
        let file = copy.paths().journal().join(format!("{number:08}.seg"));
        let mut bytes = fs::read(&file).unwrap();
        let (at, cut) = (luck.below(bytes.len()), round % 4 == 0);
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << luck.below(8);
        }
        fs::write(&file, bytes).unwrap();
        let story = format!("seed {seed}, round {round}, segment {number}, byte {at}");
        let names = |error: &StoreError| {
            let says = error.to_string();
            let missing = error.code() == "store-acknowledged-missing";
            assert!(missing || says.contains(&file.display().to_string()), "{story}: {says}");
            assert!(error.remedy().contains("restore"), "{story}: {}", error.remedy());
        };
        match copy.open() {
            Err(error) => {
                names(&error);
                refused += 1;
            }
            Ok((store, report)) => {
                assert_eq!(report.index, IndexState::Fresh, "{story}");
                assert!(!cut && number < segments, "{story}: what is cut, and the last segment, are seen at once");
                for (row, body) in &told {
                    match store.record(*row) {
                        Ok(found) => assert_eq!(found.unwrap().as_slice(), body, "{story}"),
                        Err(error) => {
                            names(&error);
                            named += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(refused > 25 && named > 10, "{refused} refused, {named} named");
}

#[test]
fn what_the_disk_has_changed_is_found_before_an_erasure_or_new_keys_make_it_worse() {
    let rig = Rig::new();
    let store = rig.create();
    for n in 0..100 {
        let name = format!("P{}", n % 50);
        store.append(vec![record(&name, &format!("{n} {}", "x".repeat(300)))]).unwrap();
    }
    store.erase(Erasure::of(Row(7))).unwrap();
    store.close().unwrap();
    let segments = rig.segments().len();
    assert!(segments > 2, "{segments}");
    // A frame that nothing points to any more: a first record of which there is a second.
    let file = rig.paths().journal().join("00000001.seg");
    let mut bytes = fs::read(&file).unwrap();
    bytes[600] ^= 1;
    fs::write(&file, bytes).unwrap();

    let (store, report) = rig.open().unwrap();
    assert_eq!(report.index, IndexState::Fresh);
    let told = answers(&store);
    let refused = store.erase(Erasure::of(Row(9))).unwrap_err();
    assert!(refused.to_string().contains(&file.display().to_string()), "{refused}");
    assert_eq!(answers(&store), told, "nobody is erased");
    store.append(vec![record("P1", "later")]).unwrap();
    store.renew_keys().unwrap_err();
    drop(store);
    fs::write(&file, {
        let mut bytes = fs::read(&file).unwrap();
        bytes[600] ^= 1;
        bytes
    })
    .unwrap();
    let (store, _) = rig.open().unwrap();
    store.erase(Erasure::of(Row(9))).unwrap();
    store.renew_keys().unwrap();
}

#[test]
fn an_index_that_was_cut_off_while_it_was_made_is_made_again() {
    let rig = Rig::new();
    let store = rig.create();
    for batch in history() {
        store.append(batch).unwrap();
    }
    let told = answers(&store);
    store.close().unwrap();
    rig.forget_index();
    // Closed in good order, then opened without an index, and killed.
    let (store, report) = rig.open().unwrap();
    assert!(matches!(report.index, IndexState::Rebuilt { .. }));
    let killed = rig.copied();
    drop(store);
    let (store, report) = killed.open().unwrap();
    assert!(matches!(report.index, IndexState::Rebuilt { .. }), "{report:?}");
    assert_eq!(answers(&store), told);
}

#[test]
fn a_store_without_its_index_folder_lacks_nothing() {
    let rig = Rig::new();
    let told = killed(&rig);
    rig.forget_index();
    let (store, report) = rig.open().unwrap();
    assert!(matches!(report.index, IndexState::Rebuilt { .. }));
    assert_eq!(answers(&store), told);
}
