use std::fs;

use super::rig::*;
use crate::store::*;

#[test]
fn an_older_journal_is_refused_with_a_remedy_and_opens_after_recovery() {
    let rig = Rig::new();
    let store = rig.create();
    store.append(vec![record("P1", "old")]).unwrap();
    let old = fs::read(rig.segment()).unwrap();
    let told = answers(&store);
    store.append(vec![record("P1", "new")]).unwrap();
    store.seal_watermark().unwrap();
    drop(store);
    fs::write(rig.segment(), &old).unwrap();
    let error = rig.open().unwrap_err();
    assert_eq!(error.code(), "store-acknowledged-missing");
    assert!(error.to_string().contains("ends at sequence 2, and 3 had been acknowledged"), "{error}");
    assert!(error.remedy().contains("sumac node restore"), "{}", error.remedy());
    let (store, report) = rig.recover().unwrap();
    assert_eq!((report.acknowledged_missing, answers(&store)), (Some(3), told));
    drop(store);
    let (_, report) = rig.open().unwrap();
    assert_eq!(report.acknowledged_missing, None);
}

#[test]
fn a_tail_that_was_acknowledged_is_not_cut_off_as_torn() {
    let rig = Rig::new();
    let store = rig.create();
    for batch in history() {
        store.append(batch).unwrap();
    }
    store.close().unwrap();
    let bytes = fs::read(rig.segment()).unwrap();
    let cut = &bytes[..bytes.len() - 1];
    fs::write(rig.segment(), cut).unwrap();
    assert_eq!(rig.open().unwrap_err().code(), "store-acknowledged-missing");
    assert_eq!(fs::read(rig.segment()).unwrap(), cut, "the evidence stays");
}

#[test]
fn a_keyring_without_its_journal_is_refused() {
    for closed in [false, true] {
        let rig = Rig::new();
        let store = rig.create();
        if closed {
            store.close().unwrap();
        } else {
            drop(store);
        }
        for missing in [rig.segment(), rig.paths().journal(), rig.paths().dir] {
            if missing.is_file() {
                fs::remove_file(&missing).unwrap();
            } else {
                fs::remove_dir_all(&missing).unwrap();
            }
            let error = rig.open().unwrap_err();
            assert_eq!(error.code(), "journal-missing", "{}", missing.display());
            assert!(error.to_string().contains("acknowledged data is missing"), "{error}");
            assert!(error.remedy().contains("restore the newest backup"), "{}", error.remedy());
        }
    }
}

#[test]
fn another_history_of_the_same_node_is_refused() {
    let rig = Rig::new();
    rig.create().close().unwrap();
    let fork = rig.copied();
    for (rig, body) in [(&rig, "one"), (&fork, "other")] {
        let (store, _) = rig.open().unwrap();
        store.append(vec![audit(body), audit(body)]).unwrap();
        store.close().unwrap();
    }
    fs::copy(fork.segment(), rig.segment()).unwrap();
    assert_eq!(rig.open().unwrap_err().code(), "store-other-history");
    let stranger = Rig::new();
    stranger.create().append(vec![audit("not ours"), audit("at all")]).unwrap();
    fs::copy(stranger.segment(), rig.segment()).unwrap();
    assert_eq!(rig.open().unwrap_err().code(), "journal-damaged");
}

#[test]
fn a_backup_from_before_a_page_of_keys_recovers() {
    let rig = Rig::new();
    rig.create().close().unwrap();
    let backup = rig.copied();
    let (store, _) = rig.open().unwrap();
    store.append(vec![record("P1", "made the first page")]).unwrap();
    store.close().unwrap();
    // The keyring lies on its own medium: only the folder comes back.
    fs::copy(rig.paths().keyring, backup.paths().keyring).unwrap();
    assert!(backup.open().is_err());
    let (store, report) = backup.recover().unwrap();
    assert_eq!((report.acknowledged_missing, store.rows().len()), (Some(2), 0));
    store.append(vec![record("P1", "imported again")]).unwrap();
    store.close().unwrap();
    let (store, _) = backup.open().unwrap();
    assert_eq!(store.record(Row(0)).unwrap().unwrap().as_slice(), b"imported again");
}
