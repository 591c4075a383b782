//! A node in a folder of its own, the entries that tests append, and a history that touches every kind.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ct_merkle::{InclusionProof, RootHash};
use sha2::Sha256;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::watched::WatchedDisk;
use crate::store::commit::{Job, Request};
use crate::store::journal::Journal;
use crate::store::keychain::Keychain;
use crate::store::keyring::Keyring;
use crate::store::keyring::unlock::Cost;
use crate::store::opening::{self, Missing};
use crate::store::*;

/// The seed of every test's node.
pub(crate) const SEED: [u8; 32] = [0xA7; 32];
/// The key file of every test's node.
pub(crate) const KEY_FILE: UnlockSecret = UnlockSecret::KeyFile([3; 32]);

/// A folder for one node and the disk under it.
pub(crate) struct Rig {
    pub(crate) root: TempDir,
    pub(crate) disk: Arc<WatchedDisk>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let root = TempDir::new().unwrap();
        let disk = Arc::new(WatchedDisk::over(root.path()));
        Self { root, disk }
    }

    pub(crate) fn paths(&self) -> StorePaths {
        paths_in(self.root.path())
    }

    pub(crate) fn create(&self) -> Store {
        self.try_create().unwrap()
    }

    pub(crate) fn try_create(&self) -> Result<Store, StoreError> {
        let seed = Zeroizing::new(SEED);
        creation::create(&self.door(), &self.paths(), &KEY_FILE, Cost::FLOOR, seed)
    }

    pub(crate) fn open(&self) -> Result<(Store, OpenReport), StoreError> {
        self.open_with(&KEY_FILE)
    }

    pub(crate) fn open_with(&self, secret: &UnlockSecret) -> Result<(Store, OpenReport), StoreError> {
        opening::open(&self.door(), &self.paths(), secret, Missing::Refuse)
    }

    pub(crate) fn recover(&self) -> Result<(Store, OpenReport), StoreError> {
        opening::open(&self.door(), &self.paths(), &KEY_FILE, Missing::Accept)
    }

    /// The only segment of a short journal.
    pub(crate) fn segment(&self) -> PathBuf {
        self.paths().journal().join("00000001.seg")
    }

    /// The folder of the index that is in use.
    pub(crate) fn index(&self) -> PathBuf {
        let root = self.paths().index();
        let mut folders: Vec<PathBuf> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(folders.len(), 1, "{folders:?}");
        folders.remove(0)
    }

    /// Deletes the index: what was never synced to the journal never reached an index either.
    pub(crate) fn forget_index(&self) {
        fs::remove_dir_all(self.paths().index()).unwrap();
    }

    /// The keys as they lie on the disk now.
    pub(crate) fn keys(&self) -> Keychain {
        let keyring = Keyring::open(&OsDisk, &self.paths().keyring, &KEY_FILE).unwrap();
        Keychain::open(&OsDisk, &self.paths().pages(), keyring).unwrap()
    }

    /// All segments' bytes, in order.
    pub(crate) fn segments(&self) -> Vec<Vec<u8>> {
        let files = Journal::files(&OsDisk, &self.paths().journal()).unwrap();
        files.iter().map(|file| fs::read(file).unwrap()).collect()
    }

    /// A second rig with a copy of everything, as a backup holds it.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::new();
        copy_folder(self.root.path(), copy.root.path());
        copy
    }

    pub(crate) fn door(&self) -> Arc<dyn Disk> {
        Arc::<WatchedDisk>::clone(&self.disk)
    }
}

pub(crate) fn paths_in(root: &Path) -> StorePaths {
    StorePaths { dir: root.join("node"), keyring: root.join("medium").join("keyring") }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn record(pseudonym: &str, body: &str) -> Entry {
    Entry::Record { pseudonym: pseudonym.to_owned(), body: body.as_bytes().to_vec() }
}

pub(crate) fn enrolment(pseudonym: &str, body: &str) -> Entry {
    Entry::Enrolment { pseudonym: pseudonym.to_owned(), body: body.as_bytes().to_vec() }
}

pub(crate) fn statement(pseudonym: &str, body: &str) -> Entry {
    let leaf = Digest::of_bytes(body.as_bytes()).0;
    Entry::Statement { pseudonym: pseudonym.to_owned(), body: body.as_bytes().to_vec(), leaf }
}

pub(crate) fn query(id: u8, body: &str) -> Entry {
    Entry::Query { id: [id; 32], body: body.as_bytes().to_vec() }
}

pub(crate) fn role(role: u8, id: u8, body: Option<&str>) -> Entry {
    Entry::Role { role, id: [id; 32], body: body.map(|body| body.as_bytes().to_vec()) }
}

pub(crate) fn audit(body: &str) -> Entry {
    Entry::Audit { body: body.as_bytes().to_vec() }
}

/// A small history that touches every kind of entry, one batch after the other.
pub(crate) fn history() -> Vec<Vec<Entry>> {
    vec![
        vec![record("P1503", "phq9 21"), enrolment("P1503", "did:key:z6Mk1"), statement("P1503", "grant")],
        vec![query(1, "selected and charged"), audit("query 1 ran")],
        vec![record("P2277", "phq9 14"), role(1, 8, Some("waiting")), role(1, 9, Some("frozen"))],
        vec![record("P1503", "phq9 9"), role(1, 8, None), statement("P2277", "grant")],
        vec![query(1, "closed"), query(2, "selected"), statement("P1503", "revoke"), role(1, 9, Some("done"))],
    ]
}

/// Everything the store answers, as text; the same text means the same answers.
pub(crate) fn answers(store: &Store) -> String {
    let (size, root) = store.ledger_head();
    assert_eq!((size, store.ledger_root(size).unwrap()), (store.ledger_len(), Some(root)));
    let mut told = vec![format!("ledger {size} {root}")];
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    for row in store.rows() {
        let pseudonym = store.pseudonym(row).unwrap().unwrap();
        assert_eq!(store.row(&pseudonym).unwrap(), Some(row));
        let record = store.record(row).unwrap().map(|body| text(&body));
        let enrolment = store.enrolment(row).unwrap().map(|body| text(&body));
        told.push(format!("{row:?} {} {record:?} {enrolment:?}", pseudonym.as_str()));
        for (position, body) in store.statements(row).unwrap() {
            assert!(is_in_the_tree(store, position, &body), "statement {position}");
            told.push(format!("statement {position} {}", text(&body)));
        }
    }
    for (id, body) in store.queries().unwrap() {
        assert_eq!(store.query(&id).unwrap().as_ref(), Some(&body));
        told.push(format!("query {} {}", id[0], text(&body)));
    }
    for role in 0..3 {
        for (id, body) in store.role_states(role).unwrap() {
            assert_eq!(store.role_state(role, &id).unwrap().as_ref(), Some(&body));
            told.push(format!("role {role} {} {}", id[0], text(&body)));
        }
    }
    told.join("\n")
}

/// Whether the ledger's tree has the leaf of this statement of [`statement`]'s at its position.
fn is_in_the_tree(store: &Store, position: u64, body: &[u8]) -> bool {
    let (size, root) = store.ledger_head();
    let path = InclusionProof::<Sha256>::from_bytes(store.ledger_path(position, size).unwrap().unwrap().0);
    let leaf = Digest::of_bytes(body);
    RootHash::<Sha256>::new(root.0.into(), size).verify_inclusion(&leaf.bytes(), position, &path).is_ok()
}

/// What [`answers`] says after each batch of [`history`], from none to all.
pub(crate) fn answers_after_each_batch() -> Vec<String> {
    let store = Rig::new();
    let store = store.create();
    let mut told = vec![answers(&store)];
    for batch in history() {
        store.append(batch).unwrap();
        told.push(answers(&store));
    }
    told
}

/// Queues a batch without waiting for the answer.
pub(crate) fn queue(store: &Store, entries: Vec<Entry>) -> std::sync::mpsc::Receiver<Result<Position, StoreError>> {
    let (reply, answer) = std::sync::mpsc::sync_channel(1);
    let bytes = 0;
    let job = Job::Append(Request { entries, bytes, reply });
    store.line.queue.as_ref().unwrap().send(job).unwrap();
    answer
}
