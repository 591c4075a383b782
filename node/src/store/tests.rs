use std::fs;
use std::sync::Arc;
use std::thread;

use super::*;
use rig::*;

mod backing_up;
mod compacting;
mod crash;
mod damaged;
mod erasing;
mod growing;
mod killed;
mod luck;
mod notes;
mod power;
mod rebuilding;
mod rig;
mod rollback;
mod rotating;
mod secrecy;
mod syncs;
mod watched;

#[test]
fn what_was_acknowledged_reads_back_the_same_also_after_reopening() {
    let rig = Rig::new();
    let store = rig.create();
    for batch in history() {
        store.append(batch).unwrap();
    }
    let told = answers(&store);
    for line in [
        "ledger 3",
        "Row(0) P1503 Some(\"phq9 9\") Some(\"did:key:z6Mk1\")\nstatement 0 grant\nstatement 2 revoke",
        "Row(1) P2277 Some(\"phq9 14\") None\nstatement 1 grant",
        "query 1 closed\nquery 2 selected",
        "role 1 9 done",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert!(!told.contains("waiting"), "a forgotten state is not answered");
    let head = store.head();
    store.close().unwrap();
    let (store, report) = rig.open().unwrap();
    assert_eq!(report.index, IndexState::Fresh);
    assert_eq!((store.head(), answers(&store)), (head, told));
    assert_eq!(*store.identity_seed(), SEED);
}

#[test]
fn what_is_not_there_is_answered_with_nothing() {
    let rig = Rig::new();
    let store = rig.create();
    store.append(vec![statement("P1503", "grant")]).unwrap();
    assert_eq!(store.row("P1504").unwrap(), None);
    assert_eq!(store.record(Row(0)).unwrap(), None, "a patient without a record");
    assert_eq!(store.pseudonym(Row(1)).unwrap(), None);
    assert_eq!(store.statements(Row(1)).unwrap(), []);
    assert_eq!(store.query(&[1; 32]).unwrap(), None);
    assert_eq!(store.role_state(1, &[1; 32]).unwrap(), None);
    assert_eq!(store.append(Vec::new()).unwrap().sequence, store.head().0);
}

#[test]
fn a_record_that_did_not_change_is_not_written_again() {
    let rig = Rig::new();
    let store = rig.create();
    let cases = [
        (vec![("a", "1"), ("b", "1")], 0, 4, "two new patients"),
        (vec![("a", "1"), ("b", "1")], 2, 4, "the same again"),
        (vec![("a", "2"), ("b", "1"), ("c", "1")], 1, 7, "one changed, one new"),
        (vec![("a", "1"), ("a", "1"), ("a", "2")], 1, 9, "back, the same, and forth in one batch"),
        (vec![("d", "1"), ("d", "1")], 1, 11, "a new patient twice"),
    ];
    for (records, unchanged, sequence, why) in cases {
        let batch = records.iter().map(|(pseudonym, body)| record(pseudonym, body)).collect();
        let position = store.append(batch).unwrap();
        assert_eq!((position.unchanged, position.sequence), (unchanged, sequence), "{why}");
        assert_eq!((position.sequence, position.hash), store.head(), "{why}");
    }
}

#[test]
fn a_record_is_compared_with_one_that_waits_in_the_same_group() {
    let rig = Rig::new();
    let store = rig.create();
    rig.disk.close_gate();
    let first = queue(&store, vec![audit("holds the gate")]);
    rig.disk.wait_at_gate();
    let queued: Vec<_> = (0..3).map(|_| queue(&store, vec![record("P1", "same")])).collect();
    rig.disk.open_gate();
    first.recv().unwrap().unwrap();
    let unchanged: Vec<usize> = queued.iter().map(|reply| reply.recv().unwrap().unwrap().unchanged).collect();
    assert_eq!(unchanged, [0, 1, 1]);
}

#[test]
fn statements_get_the_next_positions_of_the_ledger() {
    let rig = Rig::new();
    let store = rig.create();
    let position = store.append(vec![statement("a", "x"), record("b", "y"), statement("b", "z")]).unwrap();
    assert_eq!((position.statements, store.ledger_len()), (0..2, 2));
    let position = store.append(vec![statement("b", "w")]).unwrap();
    assert_eq!((position.statements, store.ledger_len()), (2..3, 3));
    assert_eq!(store.append(vec![audit("none")]).unwrap().statements, 3..3);
}

#[test]
fn a_journal_of_many_segments_reads_back_and_misses_none() {
    let rig = Rig::new();
    let store = rig.create();
    let batch = |n: usize| vec![record(&format!("P{n}"), &"x".repeat(500)), statement(&format!("P{n}"), "s")];
    for n in 0..100 {
        store.append(batch(n)).unwrap();
    }
    let told = answers(&store);
    store.close().unwrap();
    let segments = fs::read_dir(rig.paths().journal()).unwrap().count();
    assert!(segments > 4, "{segments}");
    fs::remove_dir_all(rig.paths().index()).unwrap();
    let (store, _) = rig.open().unwrap();
    assert_eq!(answers(&store), told);
    store.close().unwrap();
    for lost in [1, 3, segments] {
        let copy = rig.copied();
        fs::remove_file(copy.paths().journal().join(format!("{lost:08}.seg"))).unwrap();
        let code = copy.open().unwrap_err().code();
        let wanted = if lost == segments { "store-acknowledged-missing" } else { "journal-segment-missing" };
        assert_eq!(code, wanted, "segment {lost}");
    }
    let middle = rig.paths().journal().join("00000002.seg");
    let bytes = fs::read(&middle).unwrap();
    fs::write(&middle, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(rig.open().unwrap_err().code(), "journal-damaged", "only the last segment may be cut");
}

#[test]
fn patients_over_several_pages_keep_their_keys() {
    let rig = Rig::new();
    let store = rig.create();
    let batch = (0..2 * 2048 + 1).map(|n| record(&format!("P{n}"), &format!("body {n}"))).collect();
    store.append(batch).unwrap();
    store.close().unwrap();
    let (store, _) = rig.open().unwrap();
    assert_eq!(store.rows().len(), 4097);
    for row in [0, 2047, 2048, 4095, 4096] {
        assert_eq!(store.record(Row(row)).unwrap().unwrap().as_slice(), format!("body {row}").as_bytes());
    }
    assert_eq!(fs::read_dir(rig.paths().pages()).unwrap().count(), 3);
}

#[test]
fn a_body_of_the_largest_size_is_kept() {
    let rig = Rig::new();
    let store = rig.create();
    let body = vec![0x5A; limits::BODY_BYTES_MAX];
    store.append(vec![Entry::Record { pseudonym: "big".to_owned(), body: body.clone() }]).unwrap();
    assert_eq!(*store.record(Row(0)).unwrap().unwrap(), body);
    let refused = store.append(vec![Entry::Audit { body: vec![0; limits::BODY_BYTES_MAX + 1] }]);
    assert_eq!(refused.unwrap_err().code(), "store-too-large");
    store.append(vec![audit("a refused batch stops nothing")]).unwrap();
}

#[test]
fn readers_see_whole_batches_while_others_append() {
    let rig = Rig::new();
    let store = Arc::new(rig.create());
    store.append(vec![record("a", "0"), query(1, "0")]).unwrap();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                for n in 0..50 {
                    store.append(vec![record("a", &format!("{writer} {n}")), statement("a", "s")]).unwrap();
                }
            })
        })
        .collect();
    let mut newest = 0;
    while newest < 200 {
        let statements = store.statements(Row(0)).unwrap();
        assert!(statements.len() >= newest, "the ledger never shrinks");
        assert!(store.ledger_len() >= u64::try_from(statements.len()).unwrap());
        assert!((0..).zip(&statements).all(|(n, (position, _))| n == *position));
        assert!(store.record(Row(0)).unwrap().is_some());
        newest = statements.len();
    }
    for writer in writers {
        writer.join().unwrap();
    }
    Arc::into_inner(store).unwrap().close().unwrap();
}

#[test]
fn a_second_opening_is_refused_and_names_the_folder() {
    let rig = Rig::new();
    let store = rig.create();
    for refused in [rig.open().map(|_| ()), rig.try_create().map(|_| ())] {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), "store-in-use");
        assert!(error.to_string().contains(&rig.paths().dir.display().to_string()), "{error}");
    }
    drop(store);
    rig.open().unwrap();
}

#[test]
fn a_store_is_never_made_over_another() {
    let rig = Rig::new();
    rig.create().append(vec![audit("kept")]).unwrap();
    assert_eq!(rig.try_create().unwrap_err().code(), "store-already-there");
    fs::remove_file(rig.paths().keyring).unwrap();
    assert_eq!(rig.try_create().unwrap_err().code(), "store-already-there", "the keyring is elsewhere");
    assert!(rig.segment().is_file(), "a refusal removes nothing");
}

#[test]
fn a_folder_that_cannot_be_made_leaves_nothing_behind() {
    let cases = [("dir", "a file where the folder should be"), ("keyring", "a file where the medium should be")];
    for (blocked, why) in cases {
        let rig = Rig::new();
        let file = rig.root.path().join("file");
        fs::write(&file, "in the way").unwrap();
        let mut paths = rig.paths();
        match blocked {
            "dir" => paths.dir = file.join("sub").join("node"),
            _ => paths.keyring = file.join("sub").join("keyring"),
        }
        let made = Store::create(&paths, &KEY_FILE, Zeroizing::new(SEED));
        let error = made.unwrap_err();
        assert_eq!(error.code(), "store-disk", "{why}");
        assert!(error.to_string().contains(&file.display().to_string()), "{why}: {error}");
        let left: Vec<_> = fs::read_dir(rig.root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["file"], "{why}");
    }
}
