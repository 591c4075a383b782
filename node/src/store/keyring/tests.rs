mod versions;

use std::fs;

use tempfile::TempDir;
use zeroize::Zeroizing;

use super::unlock::{Cost, UnlockSecret};
use super::{KeyClass, Keyring};
use crate::store::disk::OsDisk;
use crate::store::fault::{KeyringError, StoreError};
use crate::store::{Store, StorePaths};

const SEED: [u8; 32] = [0xA7; 32];

fn words(text: &str) -> UnlockSecret {
    UnlockSecret::Passphrase(Zeroizing::new(text.to_owned()))
}

fn saved(secret: &UnlockSecret) -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keyring");
    let keyring = Keyring::fresh(&path, secret, Cost::FLOOR, Zeroizing::new(SEED)).unwrap();
    keyring.save(&OsDisk).unwrap();
    (folder, path)
}

fn refusal(path: &std::path::Path, secret: &UnlockSecret) -> KeyringError {
    let error = Keyring::open(&OsDisk, path, secret).unwrap_err();
    let StoreError::Keyring(error) = error else { panic!("{error}") };
    error
}

#[test]
fn only_the_right_secret_opens_it() {
    let cases = [
        (words("correct horse"), words("correct horsf"), "keyring-wrong-secret"),
        (words("correct horse"), words(""), "keyring-wrong-secret"),
        (words("correct horse"), UnlockSecret::KeyFile([1; 32]), "keyring-other-secret"),
        (UnlockSecret::KeyFile([1; 32]), UnlockSecret::KeyFile([2; 32]), "keyring-wrong-secret"),
        (UnlockSecret::KeyFile([1; 32]), words("correct horse"), "keyring-other-secret"),
    ];
    for (right, wrong, code) in cases {
        let (_folder, path) = saved(&right);
        let error = refusal(&path, &wrong);
        assert_eq!(error.code(), code, "{right:?} {wrong:?}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        assert_eq!(*Keyring::open(&OsDisk, &path, &right).unwrap().seed(), SEED);
    }
}

#[test]
fn a_byte_changed_anywhere_keeps_it_shut() {
    let secret = UnlockSecret::KeyFile([1; 32]);
    let (_folder, path) = saved(&secret);
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert!(Keyring::open(&OsDisk, &path, &secret).is_err(), "byte {at}");
        fs::write(&path, &good[..at]).unwrap();
        assert!(Keyring::open(&OsDisk, &path, &secret).is_err(), "cut to {at}");
    }
}

#[test]
fn a_header_that_asks_for_too_little_or_too_much_is_refused_before_any_work() {
    let floor = Cost::FLOOR;
    let cases = [
        (Cost { memory_kib: floor.memory_kib - 1, ..floor }, "a little less memory"),
        (Cost { memory_kib: 8, ..floor }, "hardly any memory"),
        (Cost { passes: 2, ..floor }, "two passes"),
        (Cost { lanes: 0, ..floor }, "no lane"),
        (Cost { memory_kib: 4 * 1024 * 1024 + 1, ..floor }, "over 4 GiB"),
        (Cost { memory_kib: u32::MAX, passes: u32::MAX, lanes: u32::MAX }, "all there is"),
        (Cost { passes: 1_000_000, ..floor }, "days of work"),
    ];
    let secret = words("correct horse");
    let (_folder, path) = saved(&secret);
    let good = fs::read(&path).unwrap();
    for (cost, why) in cases {
        let mut weak = good.clone();
        weak[9..13].copy_from_slice(&cost.memory_kib.to_le_bytes());
        weak[13..17].copy_from_slice(&cost.passes.to_le_bytes());
        weak[17..21].copy_from_slice(&cost.lanes.to_le_bytes());
        fs::write(&path, weak).unwrap();
        let error = refusal(&path, &secret);
        assert_eq!(error.code(), "keyring-argon2-cost", "{why}");
        assert!(error.to_string().contains(&cost.memory_kib.to_string()), "{why}: {error}");
    }
}

#[test]
fn a_missing_file_and_a_file_of_another_kind_are_told_apart() {
    let secret = UnlockSecret::KeyFile([1; 32]);
    let (_folder, path) = saved(&secret);
    fs::write(&path, b"-----BEGIN PRIVATE KEY-----").unwrap();
    assert_eq!(refusal(&path, &secret).code(), "keyring-format");
    fs::remove_file(&path).unwrap();
    assert_eq!(refusal(&path, &secret).code(), "keyring-missing");
}

#[test]
fn two_keyrings_share_nothing_even_under_one_secret_and_seed() {
    let secret = UnlockSecret::KeyFile([1; 32]);
    let open = || {
        let (_folder, path) = saved(&secret);
        Keyring::open(&OsDisk, &path, &secret).unwrap()
    };
    let (one, other) = (open(), open());
    assert_ne!(one.start().hash, other.start().hash);
    assert_ne!(one.bolt.key.expose(), other.bolt.key.expose());
    for class in [KeyClass::Journal, KeyClass::Cohort, KeyClass::RoundState, KeyClass::Index] {
        let key = |ring: &Keyring| *ring.key(ring.current(class).unwrap()).unwrap().expose();
        assert_ne!(key(&one), key(&other), "{class:?}");
    }
}

#[test]
fn a_passphrase_at_the_standard_cost_unlocks_a_store() {
    let folder = TempDir::new().unwrap();
    let paths = StorePaths { dir: folder.path().join("node"), keyring: folder.path().join("keyring") };
    let secret = words("correct horse battery staple");
    Store::create(&paths, &secret, Zeroizing::new(SEED)).unwrap().close().unwrap();
    let header = fs::read(&paths.keyring).unwrap();
    assert_eq!(header[9..21], [262_144_u32, 3, 1].map(u32::to_le_bytes).concat());
    let (store, _) = Store::open(&paths, &secret).unwrap();
    assert_eq!(*store.identity_seed(), SEED);
}
