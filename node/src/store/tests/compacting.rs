use super::rig::*;
use crate::store::keyring::KeyClass;
use crate::store::*;

/// Patients with one record after the other, queries and states that change, and a state that is forgotten.
fn worn_store(rig: &Rig) -> Store {
    let store = rig.create();
    for round in 0..6 {
        for patient in 0..10 {
            let pseudonym = format!("P{patient}");
            store.append(vec![record(&pseudonym, &format!("{round} {}", "x".repeat(60)))]).unwrap();
        }
        let state = format!("state {round}");
        store.append(vec![query(1, &state), role(1, 1, Some(&state)), role(1, 2, Some(&state))]).unwrap();
        store.append(vec![role(1, 2, None), enrolment("P3", &state), statement("P3", &state), audit(&state)]).unwrap();
    }
    store.append(vec![query(0, "came later")]).unwrap();
    store
}

#[test]
fn a_compaction_changes_no_answer_and_gives_the_room_back() {
    let rig = Rig::new();
    let store = worn_store(&rig);
    let (told, head) = (answers(&store), store.head());
    let bytes = |rig: &Rig| rig.segments().iter().map(Vec::len).sum::<usize>();
    let before = bytes(&rig);
    let done = store.compact().unwrap();
    assert!(done.frames > 60, "{done:?}");
    assert_eq!(done.bytes_after, u64::try_from(bytes(&rig)).unwrap());
    assert!(bytes(&rig) * 2 < before, "{before} {done:?}");
    assert_eq!(answers(&store), told);
    assert!(store.head().0 == head.0 + 1, "the list itself");
    store.append(vec![record("P3", "goes on")]).unwrap();
    let told = answers(&store);
    store.close().unwrap();
    for forget_index in [false, true] {
        if forget_index {
            rig.forget_index();
        }
        let (store, _) = rig.open().unwrap();
        assert_eq!(answers(&store), told);
        store.close().unwrap();
    }
}

#[test]
fn what_was_compacted_can_be_compacted_again_and_erased_from() {
    let rig = Rig::new();
    let store = worn_store(&rig);
    store.compact().unwrap();
    let again = store.compact().unwrap();
    assert!(again.frames <= 1, "only the list before: {again:?}");
    for round in 0..3 {
        for patient in 0..10 {
            store.append(vec![record(&format!("P{patient}"), &format!("more {round}"))]).unwrap();
        }
        store.erase(Erasure::of(Row(round))).unwrap();
        store.compact().unwrap();
        let told = answers(&store);
        let copy = rig.copied();
        copy.forget_index();
        let (store, report) = copy.open().unwrap();
        assert_eq!((answers(&store), report.erasure_finished), (told, false), "round {round}");
    }
    assert_eq!((store.rows().len(), store.erased().unwrap().len()), (9, 3), "those who came back are new patients");
}

#[test]
fn forgotten_states_and_keys_that_seal_nothing_go() {
    let rig = Rig::new();
    let store = worn_store(&rig);
    {
        let mut keys = store.shared.keys.write().unwrap();
        for class in [KeyClass::Cohort, KeyClass::RoundState, KeyClass::Journal] {
            keys.keyring.renew(class).unwrap();
        }
        keys.keyring.save(rig.disk.as_ref()).unwrap();
    }
    store.append(vec![query(0, "newer"), query(1, "newer"), role(1, 1, None), audit("newer")]).unwrap();
    store.compact().unwrap();
    let numbers = |class| rig.keys().keyring.of(class).map(|(id, _)| id.number).collect::<Vec<_>>();
    assert_eq!(numbers(KeyClass::Cohort), [2], "every query's newest entry lies under the new key");
    assert_eq!(numbers(KeyClass::RoundState), [2], "no state is held");
    assert_eq!(numbers(KeyClass::Journal), [1, 2], "the audit log stays, and its key with it");
    assert_eq!(store.role_states(1).unwrap(), []);
    store.close().unwrap();
    rig.forget_index();
    let (store, _) = rig.open().unwrap();
    assert_eq!(store.role_states(1).unwrap(), [], "nor does a rebuilding bring one back");
}

#[test]
fn a_compaction_interrupted_at_any_operation_changes_no_answer() {
    let rehearsal = Rig::new();
    let store = worn_store(&rehearsal);
    let told = answers(&store);
    rehearsal.disk.forget();
    store.compact().unwrap();
    let operations = rehearsal.disk.log().len();
    assert!(operations > 15, "{operations}");
    for dark in 0..=operations {
        let rig = Rig::new();
        let store = worn_store(&rig);
        rig.disk.cut_power_after(dark);
        let _done = store.compact().is_ok();
        drop(store);
        for luck in [None, Some(1), Some(2), Some(3)] {
            let story = format!("dark after {dark} of {operations}, luck {luck:?}");
            let after = if luck.is_none() { rig.copied() } else { Rig::new() };
            if let Some(luck) = luck {
                let luck = (luck > 1).then(|| luck * 1000 + u64::try_from(dark).unwrap());
                rig.disk.platter(after.root.path(), luck);
            }
            let (store, _) = after.open().unwrap_or_else(|error| panic!("{story}: {error}"));
            assert_eq!(answers(&store), told, "{story}");
            store.append(vec![audit("goes on")]).unwrap();
            store.compact().unwrap();
            assert_eq!(answers(&store), told, "{story}, compacted again");
            store.close().unwrap();
            let (store, report) = after.open().unwrap();
            assert_eq!((answers(&store), report.index), (told.clone(), IndexState::Fresh), "{story}");
        }
    }
}

#[test]
fn a_tombstone_that_no_sealed_entry_lists_is_damage() {
    use crate::store::journal::rewriting::{Room, rewritten};
    use crate::store::ranges::Ranges;
    for (room, why) in [(Room::Kept, "as long as the frame"), (Room::GivenBack, "short")] {
        let rig = Rig::new();
        let store = rig.create();
        for n in 0..4 {
            store.append(vec![statement("P1", &format!("statement {n}"))]).unwrap();
        }
        store.close().unwrap();
        let mut taken_out = Ranges::default();
        taken_out.add(3, 3);
        let file = rig.segment();
        let without = rewritten(&file, &std::fs::read(&file).unwrap(), &taken_out, room).unwrap().unwrap();
        std::fs::write(&file, without).unwrap();
        for forget_index in [false, true] {
            if forget_index {
                rig.forget_index();
            }
            let error = rig.open().unwrap_err();
            assert_eq!(error.code(), "journal-damaged", "{why}");
            assert!(error.to_string().contains("sequence 3"), "{error}");
            assert!(error.to_string().contains("no sealed entry accounts for it"), "{error}");
        }
    }
}

#[test]
fn a_journal_that_is_mostly_idle_is_compacted_by_itself() {
    let rig = Rig::new();
    let store = rig.create();
    for n in 0..400 {
        store.append(vec![record("P1", &format!("record {n}"))]).unwrap();
    }
    store.close().unwrap();
    let bytes = rig.segments().iter().map(Vec::len).sum::<usize>();
    assert!(bytes < 2 * 16 * 1024 + 2048, "{bytes}");
    let (store, _) = rig.open().unwrap();
    assert_eq!(store.record(Row(0)).unwrap().unwrap().as_slice(), b"record 399");
}
