use std::fs;

use super::rig::*;
use crate::store::keyring::{KeyClass, Keyring};
use crate::store::*;

const NEW_FILE: UnlockSecret = UnlockSecret::KeyFile([9; 32]);

fn passphrase() -> UnlockSecret {
    UnlockSecret::Passphrase(Zeroizing::new("correct horse battery staple".to_owned()))
}

fn told_store(rig: &Rig) -> Store {
    let store = rig.create();
    for batch in history() {
        store.append(batch).unwrap();
    }
    store
}

fn change(rig: &Rig, old: &UnlockSecret, new: &UnlockSecret) -> Result<UnlockChange, StoreError> {
    UnlockChange::prepare_at(&OsDisk, &rig.paths().keyring, old, new, Cost::FLOOR)
}

fn opens(rig: &Rig, secret: &UnlockSecret) -> bool {
    Keyring::open(&OsDisk, &rig.paths().keyring, secret).is_ok()
}

#[test]
fn a_new_unlock_secret_takes_the_old_ones_place_while_the_store_is_open() {
    let rig = Rig::new();
    let store = told_store(&rig);
    let told = answers(&store);
    let pairs = [(KEY_FILE, passphrase()), (passphrase(), NEW_FILE), (NEW_FILE, KEY_FILE)];
    for (old, new) in pairs {
        store.change_unlock(change(&rig, &old, &new).unwrap()).unwrap();
        assert!(opens(&rig, &new) && !opens(&rig, &old), "{old:?} to {new:?}");
        store.append(vec![record("P1503", "goes on"), record("P1503", "phq9 9")]).unwrap();
    }
    store.close().unwrap();
    assert_eq!(answers(&rig.open().unwrap().0), told);
}

#[test]
fn a_change_shows_nothing_and_is_taken_only_as_it_was_made() {
    let rig = Rig::new();
    let store = told_store(&rig);
    let other = Rig::new();
    other.create().close().unwrap();
    let made = change(&rig, &KEY_FILE, &NEW_FILE).unwrap();
    assert!(!made.as_bytes().windows(8).any(|window| window == [9; 8]), "the new secret is not in it");
    assert_eq!(format!("{made:?}"), format!("UnlockChange({} bytes)", made.as_bytes().len()));
    let mut cases = vec![
        (change(&other, &KEY_FILE, &NEW_FILE).unwrap(), "another node's".to_owned()),
        (UnlockChange::from_bytes(vec![]), "nothing".to_owned()),
    ];
    for at in 0..made.as_bytes().len() {
        let mut bytes = made.as_bytes().to_vec();
        bytes[at] ^= 1;
        cases.push((UnlockChange::from_bytes(bytes), format!("byte {at} changed")));
    }
    for (wrong, why) in cases {
        assert_eq!(store.change_unlock(wrong).unwrap_err().code(), "keyring-other-change", "{why}");
    }
    assert_eq!(
        change(&rig, &NEW_FILE, &KEY_FILE).unwrap_err().code(),
        "keyring-wrong-secret",
        "without the old secret"
    );
    assert!(opens(&rig, &KEY_FILE), "the refusals changed nothing");
    store.change_unlock(made.clone()).unwrap();
    assert_eq!(store.change_unlock(made).unwrap_err().code(), "keyring-other-change", "a second time");
    store.append(vec![audit("and stopped nothing")]).unwrap();
}

#[test]
fn new_keys_take_the_old_ones_place_while_the_store_is_open() {
    let rig = Rig::new();
    let store = told_store(&rig);
    store.append((0..2100).map(|n| record(&format!("Q{n}"), "second page")).collect()).unwrap();
    let told = answers(&store);
    let (before, image) = (rig.keys(), rig.copied());
    store.renew_keys().unwrap();
    store.append(vec![record("P1503", "goes on"), record("P1503", "phq9 9")]).unwrap();
    store.close().unwrap();
    let after = rig.keys();
    let classes =
        [KeyClass::Journal, KeyClass::Cohort, KeyClass::RoundState, KeyClass::Index, KeyClass::Page, KeyClass::Page];
    for (class, nth) in classes.into_iter().zip([0, 0, 0, 0, 0, 1]) {
        let key = |keys: &keychain::Keychain| {
            let newest = keys.keyring.of(class).rev().nth(nth);
            newest.map(|(_, key)| *key.expose()).unwrap()
        };
        assert_ne!(key(&before), key(&after), "{class:?}");
    }
    fs::copy(rig.paths().keyring, image.paths().keyring).unwrap();
    assert_eq!(image.open().unwrap_err().code(), "keyring-page-damaged", "old pages open no more");
    assert_eq!(answers(&rig.open().unwrap().0), told);
}

#[test]
fn a_rotation_interrupted_at_any_operation_leaves_the_old_or_the_new() {
    let run = |store: &Store, rig: &Rig| -> Result<(), StoreError> {
        store.renew_keys()?;
        store.change_unlock(change(rig, &KEY_FILE, &NEW_FILE)?)
    };
    let rehearsal = Rig::new();
    let store = told_store(&rehearsal);
    let told = answers(&store);
    rehearsal.disk.forget();
    run(&store, &rehearsal).unwrap();
    let operations = rehearsal.disk.log().len();
    let mut seen = [0, 0];
    for dark in 0..=operations {
        let rig = Rig::new();
        let store = told_store(&rig);
        rig.disk.cut_power_after(dark);
        let done = run(&store, &rig).is_ok();
        drop(store);
        for luck in [None, Some(1), Some(2), Some(3)] {
            let story = format!("dark after {dark} of {operations}, luck {luck:?}");
            let after = if luck.is_none() { rig.copied() } else { Rig::new() };
            if let Some(luck) = luck {
                let luck = (luck > 1).then(|| luck * 1000 + u64::try_from(dark).unwrap());
                rig.disk.platter(after.root.path(), luck);
            }
            let new = opens(&after, &NEW_FILE);
            assert!(new != opens(&after, &KEY_FILE), "{story}: exactly one secret opens it");
            assert!(new || !done, "{story}: acknowledged, and the old secret opens it");
            seen[usize::from(new)] += 1;
            let secret = if new { NEW_FILE } else { KEY_FILE };
            let (store, _) = after.open_with(&secret).unwrap_or_else(|error| panic!("{story}: {error}"));
            assert_eq!(answers(&store), told, "{story}");
            store.append(vec![record("P9", "goes on"), query(9, "goes on")]).unwrap();
        }
    }
    assert!(seen[0] > 10 && seen[1] > 5, "{seen:?}");
}
