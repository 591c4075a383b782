use std::sync::atomic::{AtomicBool, Ordering};

use super::rig::*;
use crate::store::index::Index;
use crate::store::journal::frame;
use crate::store::journal::walk::{Block, Segment};
use crate::store::keychain::Keychain;
use crate::store::keyring::{KeyClass, KeyId};
use crate::store::*;

/// The patient whom these tests erase: row 0 of the history.
const GONE: Row = Row(0);

/// A store with the history in it, and a second record of the patient's.
fn told_store(rig: &Rig) -> Store {
    let store = rig.create();
    for batch in history() {
        store.append(batch).unwrap();
    }
    store.append(vec![query(3, "selected P1503 and P2277"), record("P1503", "phq9 4")]).unwrap();
    store
}

/// Erases row 0, whom the tests' queries name by the pseudonym.
fn erasure() -> Erasure {
    let clear = |body: &[u8]| {
        let text = str::from_utf8(body).map_err(|error| error.to_string())?;
        Ok(text.contains("P1503").then(|| text.replace("P1503 and ", "").into_bytes()))
    };
    Erasure { row: GONE, remains: b"salted hash".to_vec(), clear: Box::new(clear) }
}

/// What is answered when it is done: the ledger is as long as before, with the same root.
const AFTER: &str = "ledger 3 7f20a44c5291674c\n\
    Row(1) P2277 Some(\"phq9 14\") None\n\
    statement 1 grant\n\
    query 1 closed\n\
    query 2 selected\n\
    query 3 selected P2277\n\
    role 1 9 done";

/// Whether anything of the patient can still be opened with what lies on the disk.
fn is_erased(rig: &Rig) -> bool {
    let keys = rig.keys();
    let patient = KeyId::new(KeyClass::Patient, GONE.0);
    let standing = rig.segments().iter().any(|bytes| {
        let mut blocks = Segment::read(bytes).unwrap().blocks();
        blocks.any(|block| matches!(block.unwrap().1, Block::Frame(header, _) if header.key == patient))
    });
    let cohorts = keys.keyring.of(KeyClass::Cohort).map(|(id, _)| id.number).collect::<Vec<_>>();
    let old = cohorts == [2] && !keys.has(patient);
    assert_eq!(old, !standing, "half erased: keys {cohorts:?}, frames standing: {standing}");
    old
}

#[test]
fn an_erased_patient_is_gone_and_everybody_else_stays() {
    let rig = Rig::new();
    let store = told_store(&rig);
    store.erase(erasure()).unwrap();
    let told = answers(&store);
    assert_eq!(told, AFTER);
    let kept: Vec<(Row, Vec<u8>)> =
        store.erased().unwrap().into_iter().map(|(row, kept)| (row, kept.to_vec())).collect();
    assert_eq!(kept, [(GONE, b"salted hash".to_vec())]);
    assert_eq!((store.row("P1503").unwrap(), store.record(GONE).unwrap()), (None, None));
    assert!(is_erased(&rig));
    store.close().unwrap();
    for forget_index in [false, true] {
        if forget_index {
            rig.forget_index();
        }
        let (store, report) = rig.open().unwrap();
        assert!(!report.erasure_finished, "there was nothing left to do");
        assert_eq!((answers(&store), store.erased().unwrap().len()), (told.clone(), 1), "{report:?}");
        store.erase(Erasure::of(GONE)).unwrap();
        store.close().unwrap();
    }
}

#[test]
fn rows_and_positions_of_an_erased_patient_are_never_given_again() {
    let rig = Rig::new();
    let store = rig.create();
    store.append(vec![statement("first", "a"), statement("last", "b")]).unwrap();
    store.erase(Erasure::of(Row(1))).unwrap();
    store.close().unwrap();
    rig.forget_index();
    let (store, _) = rig.open().unwrap();
    assert_eq!((store.rows(), store.ledger_len()), (vec![Row(0)], 2));
    let position = store.append(vec![statement("last", "comes back")]).unwrap();
    assert_eq!((store.row("last").unwrap(), position.statements), (Some(Row(2)), 2..3));
}

#[test]
fn an_erasure_that_is_refused_changes_nothing() {
    let rig = Rig::new();
    let store = told_store(&rig);
    let told = answers(&store);
    let clear: erasure::Clear = Box::new(|_| Err("no text".to_owned()));
    let cases = [
        (Erasure::of(Row(2)), "store-no-such-row"),
        (Erasure { clear, ..Erasure::of(GONE) }, "store-not-cleared"),
        (Erasure { remains: vec![0; limits::REMAINS_BYTES_MAX + 1], ..Erasure::of(GONE) }, "store-too-large"),
    ];
    for (erasure, wanted) in cases {
        rig.disk.forget();
        assert_eq!(store.erase(erasure).unwrap_err().code(), wanted);
        assert_eq!((rig.disk.log(), answers(&store)), (vec![], told.clone()), "{wanted}");
    }
    store.append(vec![audit("a refusal stops nothing")]).unwrap();
}

#[test]
fn an_erasure_interrupted_at_any_operation_is_undone_or_finished() {
    let rehearsal = Rig::new();
    let store = told_store(&rehearsal);
    let before = answers(&store);
    rehearsal.disk.forget();
    store.erase(erasure()).unwrap();
    let operations = rehearsal.disk.log().len();
    assert!(operations > 20, "{operations}");
    let (mut undone, mut finished) = (0, 0);
    for dark in 0..=operations {
        let rig = Rig::new();
        let store = told_store(&rig);
        rig.disk.cut_power_after(dark);
        let acknowledged = store.erase(erasure()).is_ok();
        drop(store);
        for luck in [None, Some(1), Some(2), Some(3), Some(4)] {
            let story = format!("dark after {dark} of {operations}, luck {luck:?}");
            // Without luck first, what a killed process leaves; then what a power cut leaves.
            let after = if luck.is_none() { rig.copied() } else { Rig::new() };
            if let Some(luck) = luck {
                let luck = (luck > 1).then(|| luck * 1000 + u64::try_from(dark).unwrap());
                rig.disk.platter(after.root.path(), luck);
            }
            let (store, report) = after.open().unwrap_or_else(|error| panic!("{story}: {error}"));
            let told = answers(&store);
            store.close().unwrap();
            let erased = is_erased(&after);
            assert_eq!(told, if erased { AFTER } else { &before }, "{story}");
            assert!(erased || !acknowledged, "{story}: acknowledged and undone");
            undone += usize::from(!erased);
            finished += usize::from(report.erasure_finished);
            let (store, report) = after.open().unwrap_or_else(|error| panic!("{story}, again: {error}"));
            assert_eq!((answers(&store), report.erasure_finished), (told, false), "{story}, again");
            store.append(vec![record("P2277", "goes on"), statement("P3000", "comes")]).unwrap();
        }
    }
    assert!(undone > 10 && finished > 10, "{undone} undone, {finished} finished");
}

#[test]
fn an_older_copy_of_the_folder_opens_nothing_of_an_erased_patient_with_the_new_keyring() {
    let rig = Rig::new();
    let store = told_store(&rig);
    let told = answers(&store);
    store.seal_watermark().unwrap();
    let image = rig.copied();
    let old_keys = image.keys();
    store.erase(erasure()).unwrap();
    store.close().unwrap();
    let new_keys = rig.keys();
    let old = opened(&image, &old_keys, &old_keys);
    assert_eq!(
        old,
        [2, 3, 4, 5, 6, 13, 17, 18, 19, 21, 22],
        "the patient's frames and the queries', with the old keyring"
    );
    assert_eq!(opened(&image, &new_keys, &old_keys), Vec::<u64>::new());
    let known = |keys: &Keychain| {
        let (_, key) = keys.keyring.index_key().unwrap();
        let (index, _) = Index::open(std::sync::Arc::new(OsDisk), &image.paths().index(), (1, key)).unwrap();
        let row = projection::row(&index, "P1503").ok().flatten();
        let entry = projection::row_entry(&index, GONE.0).ok().flatten();
        row.is_some() || entry.is_some()
    };
    assert!(known(&old_keys) && !known(&new_keys), "where the patient's frames lie, and that there was one");
    // Nor does a store come up from the two together; the old keyring, which is to be destroyed, opens it all.
    std::fs::copy(rig.paths().keyring, image.paths().keyring).unwrap();
    assert_eq!(image.open().unwrap_err().code(), "keyring-page-damaged");
    let whole = Rig::new();
    copy_folder(&image.paths().dir, &whole.paths().dir);
    std::fs::create_dir_all(whole.root.path().join("medium")).unwrap();
    std::fs::write(whole.paths().keyring, old_keys.keyring.sealed().unwrap()).unwrap();
    assert_eq!(answers(&whole.open().unwrap().0), told);
}

/// The numbers of the patient's frames, and of queries' entries, that any of `keys` opens.
fn opened(image: &Rig, keys: &Keychain, old: &Keychain) -> Vec<u64> {
    let patient = KeyId::new(KeyClass::Patient, GONE.0);
    let ids: Vec<KeyId> = keys.keyring.all().chain((0..4096).map(|row| KeyId::new(KeyClass::Patient, row))).collect();
    let mut opened = Vec::new();
    for bytes in image.segments() {
        let segment = Segment::read(&bytes).unwrap();
        let mut previous = segment.start.hash;
        for block in segment.blocks() {
            let (_, block) = block.unwrap();
            let hash = block.buried().hash;
            if let Block::Frame(header, bytes) = &block
                && (header.key == patient || header.key.class == KeyClass::Cohort)
            {
                assert!(old.has(header.key));
                let opens = |id: &KeyId| {
                    keys.with_key(*id, |key| frame::open(header, bytes, &previous, key)).flatten().is_some()
                };
                if ids.iter().any(opens) {
                    opened.push(header.sequence);
                }
            }
            previous = hash;
        }
    }
    opened
}

#[test]
fn readers_that_are_under_way_finish_and_see_the_patient_whole_or_not_at_all() {
    let rig = Rig::new();
    let store = rig.create();
    let patients: Vec<String> = (0..40).map(|n| format!("P{n}")).collect();
    for patient in &patients {
        store.append(vec![record(patient, patient), statement(patient, patient)]).unwrap();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = || {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) || rounds == 0 {
                for row in store.rows() {
                    let stated = store.statements(row).unwrap();
                    let record = store.record(row).unwrap();
                    // Between two calls a patient may be erased; within one, never.
                    assert!(record.is_none_or(|record| record.as_slice() == patients[row.0 as usize].as_bytes()));
                    assert!(stated.iter().all(|(_, body)| body.as_slice() == patients[row.0 as usize].as_bytes()));
                }
                rounds += 1;
            }
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(reading)).collect();
        for row in (0..40).step_by(2) {
            store.erase(Erasure::of(Row(row))).unwrap();
            rig.disk.pass(25 * 60 * 60);
            if row % 10 == 0 {
                store.compact().unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    assert_eq!(store.rows(), (0..40).skip(1).step_by(2).map(Row).collect::<Vec<_>>());
}

#[test]
fn the_index_gets_a_new_key_after_an_erasure_but_at_most_once_a_day() {
    let rig = Rig::new();
    let store = rig.create();
    for n in 0..6 {
        store.append(vec![record(&format!("P{n}"), "x")]).unwrap();
    }
    let mut keys = Vec::new();
    for (row, hours) in [(0, 0), (1, 2), (2, 21), (3, 2)] {
        rig.disk.pass(hours * 60 * 60);
        store.erase(Erasure::of(Row(row))).unwrap();
        keys.push(rig.keys().keyring.index_key().unwrap().0);
    }
    assert_eq!(keys, [2, 2, 2, 3], "at 0, 2, 23 and 25 hours");
    store.erase(Erasure::of(Row(4))).unwrap();
    rig.disk.pass(24 * 60 * 60);
    assert_eq!(rig.keys().keyring.index_key().unwrap().0, 3);
    store.append(vec![audit("whatever comes next")]).unwrap();
    store.close().unwrap();
    assert_eq!(rig.keys().keyring.index_key().unwrap().0, 4, "it was due, and nobody else was erased");
    assert_eq!(rig.open().unwrap().1.index, IndexState::Fresh);
}
