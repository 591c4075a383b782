use zeroize::Zeroizing;

use super::rig::*;
use crate::store::keyring::unlock::Cost;
use crate::store::*;

#[test]
fn a_note_tells_where_the_journal_stood_also_under_new_keys_and_has_always_one_size() {
    let rig = Rig::new();
    let store = rig.create();
    let first = store.sealed_note().unwrap();
    store.append(vec![record("P1", "one")]).unwrap();
    let second = store.sealed_note().unwrap();
    let (sequence, hash) = store.head();
    store.renew_keys().unwrap();
    let read = store.read_note(&second.0).unwrap();
    assert_eq!((read.sequence, read.hash, read.statements), (sequence, hash, 0));
    assert!(store.read_note(&first.0).unwrap().sequence < sequence);
    assert_eq!((first.0.len(), second.0.len()), (88, 88));
    assert_ne!(store.sealed_note().unwrap(), store.sealed_note().unwrap(), "two notes of one state look different");
}

#[test]
fn what_this_node_did_not_seal_is_no_note() {
    let (rig, other) = (Rig::new(), Rig::new());
    let store = rig.create();
    let seed = Zeroizing::new([9; 32]);
    let others = creation::create(&other.door(), &other.paths(), &KEY_FILE, Cost::FLOOR, seed).unwrap();
    let note = store.sealed_note().unwrap().0;
    let mut changed = note.clone();
    *changed.last_mut().unwrap() ^= 1;
    let cases = [
        ("nothing", Vec::new()),
        ("cut short", note[..87].to_vec()),
        ("longer", [note.as_slice(), &[0]].concat()),
        ("changed", changed),
        ("another node's", others.sealed_note().unwrap().0),
    ];
    for (why, bytes) in cases {
        assert_eq!(store.read_note(&bytes), Err(NotOurNote), "{why}");
    }
    assert!(store.read_note(&note).is_ok());
}
