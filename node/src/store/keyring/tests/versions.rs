//! A store of another version: a newer one is refused in words that name both, an older one opens.

use std::fs;

use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::store::disk::OsDisk;
use crate::store::fault::StoreError;
use crate::store::keyring::Keyring;
use crate::store::keyring::unlock::UnlockSecret;
use crate::store::seal::{self, Label};
use crate::store::{Entry, OpenReport, Store, StorePaths};
use crate::versions::{STORE, STORE_OLDEST};

const KEY_FILE: UnlockSecret = UnlockSecret::KeyFile([3; 32]);

/// A store that was closed in good order, with one record.
struct Rig {
    root: TempDir,
}

impl Rig {
    fn paths(&self) -> StorePaths {
        StorePaths { dir: self.root.path().join("store"), keyring: self.root.path().join("keyring") }
    }

    fn open(&self) -> Result<(Store, OpenReport), StoreError> {
        Store::open(&self.paths(), &KEY_FILE)
    }
}

/// Seals other contents into a keyring's file, under its own key.
fn rewrite(rig: &Rig, change: impl FnOnce(&mut Vec<u8>)) {
    let path = rig.paths().keyring;
    let keyring = Keyring::open(&OsDisk, &path, &KEY_FILE).unwrap();
    let mut plain = keyring.encode().to_vec();
    change(&mut plain);
    let header = keyring.bolt.header();
    let sealed = keyring.bolt.key.seal(&seal::bound(Label::KeyringSeal, &[&header]), &plain).unwrap();
    fs::write(path, [header, sealed].concat()).unwrap();
}

fn with_a_record() -> Rig {
    let rig = Rig { root: TempDir::new().unwrap() };
    let store = Store::create(&rig.paths(), &KEY_FILE, Zeroizing::new([0xA7; 32])).unwrap();
    store.append(vec![Entry::Record { pseudonym: "P-1".to_owned(), body: vec![1, 2, 3] }]).unwrap();
    store.close().unwrap();
    rig
}

#[test]
fn a_newer_store_is_refused_in_words_and_left_as_it_is() {
    let rig = with_a_record();
    rewrite(&rig, |plain| {
        plain[0] = STORE + 1;
        plain.extend_from_slice(b"and what only a newer release understands");
    });
    let before = fs::read(rig.paths().keyring).unwrap();
    for again in 0..2 {
        let error = rig.open().map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "store-newer", "{again}: {error}");
        let words = format!("{error}; {}", error.remedy());
        for wanted in [format!("version {}", STORE + 1), format!("up to {STORE}"), "newer".to_owned()] {
            assert!(words.contains(&wanted), "{wanted:?} in {words:?}");
        }
        assert_eq!(fs::read(rig.paths().keyring).unwrap(), before);
    }
}

#[test]
fn a_store_before_the_oldest_that_is_read_is_refused_in_words() {
    let rig = with_a_record();
    rewrite(&rig, |plain| plain[0] = STORE_OLDEST - 1);
    let error = rig.open().map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "store-older", "{error}");
    assert!(error.to_string().contains(&format!("version {}", STORE_OLDEST - 1)), "{error}");
}

#[test]
fn a_store_as_earlier_releases_left_it_opens_with_all_that_was_in_it() {
    let rig = with_a_record();
    // Those did not note how long the journal was: a byte says that it was closed, and none follows.
    let at = 1 + 32 + 32 + (8 + 32) + 1 + (8 + 32);
    rewrite(&rig, |plain| {
        assert_eq!(plain[at], 3, "closed, with the journal's length behind it");
        plain.splice(at..at + 1 + 8, [1]);
    });
    let (store, report) = rig.open().unwrap();
    assert_eq!(report.acknowledged_missing, None);
    let row = store.row("P-1").unwrap().unwrap();
    assert_eq!(store.record(row).unwrap(), Some(Zeroizing::new(vec![1, 2, 3])));
    store.close().unwrap();
    let (store, _) = rig.open().unwrap();
    assert!(store.row("P-1").unwrap().is_some(), "and again, as this release writes it");
}
