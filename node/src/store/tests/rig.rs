//! A store on a disk that is watched: it counts, fails on demand, and knows what would survive a power cut.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::{fmt, fs};

use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::store::commit::{Job, Request};
use crate::store::disk::{Disk, DiskFile, FolderLock, OsDisk};
use crate::store::fault::DiskError;
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
        opening::open(&self.door(), &self.paths(), &KEY_FILE, Missing::Refuse)
    }

    pub(crate) fn recover(&self) -> Result<(Store, OpenReport), StoreError> {
        opening::open(&self.door(), &self.paths(), &KEY_FILE, Missing::Accept)
    }

    /// The only segment of a short journal.
    pub(crate) fn segment(&self) -> PathBuf {
        self.paths().journal().join("00000001.seg")
    }

    /// A second rig with a copy of everything, as a backup holds it.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::new();
        copy_folder(self.root.path(), copy.root.path());
        copy
    }

    fn door(&self) -> Arc<dyn Disk> {
        Arc::<WatchedDisk>::clone(&self.disk)
    }
}

pub(crate) fn paths_in(root: &Path) -> StorePaths {
    StorePaths {
        dir: root.join("node"),
        keyring: root.join("medium").join("keyring"),
    }
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
    Entry::Record {
        pseudonym: pseudonym.to_owned(),
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn enrolment(pseudonym: &str, body: &str) -> Entry {
    Entry::Enrolment {
        pseudonym: pseudonym.to_owned(),
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn statement(pseudonym: &str, body: &str) -> Entry {
    Entry::Statement {
        pseudonym: pseudonym.to_owned(),
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn query(id: u8, body: &str) -> Entry {
    Entry::Query {
        id: [id; 32],
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn role(role: u8, id: u8, body: Option<&str>) -> Entry {
    Entry::Role {
        role,
        id: [id; 32],
        body: body.map(|body| body.as_bytes().to_vec()),
    }
}

pub(crate) fn audit(body: &str) -> Entry {
    Entry::Audit {
        body: body.as_bytes().to_vec(),
    }
}

/// A small history that touches every kind of entry, one batch after the other.
pub(crate) fn history() -> Vec<Vec<Entry>> {
    vec![
        vec![
            record("P1503", "phq9 21"),
            enrolment("P1503", "did:key:z6Mk1"),
            statement("P1503", "grant"),
        ],
        vec![query(1, "selected and charged"), audit("query 1 ran")],
        vec![
            record("P2277", "phq9 14"),
            role(1, 8, Some("waiting")),
            role(1, 9, Some("frozen")),
        ],
        vec![
            record("P1503", "phq9 9"),
            role(1, 8, None),
            statement("P2277", "grant"),
        ],
        vec![
            query(1, "closed"),
            query(2, "selected"),
            statement("P1503", "revoke"),
            role(1, 9, Some("done")),
        ],
    ]
}

/// Everything the store answers, as text; the same text means the same answers.
pub(crate) fn answers(store: &Store) -> String {
    let mut told = vec![format!("ledger {}", store.ledger_len())];
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    for row in store.rows() {
        let pseudonym = store.pseudonym(row).unwrap().unwrap();
        assert_eq!(store.row(&pseudonym).unwrap(), Some(row));
        let record = store.record(row).unwrap().map(|body| text(&body));
        let enrolment = store.enrolment(row).unwrap().map(|body| text(&body));
        told.push(format!(
            "{row:?} {} {record:?} {enrolment:?}",
            pseudonym.as_str()
        ));
        for (position, body) in store.statements(row).unwrap() {
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
pub(crate) fn queue(
    store: &Store,
    entries: Vec<Entry>,
) -> std::sync::mpsc::Receiver<Result<Position, StoreError>> {
    let (reply, answer) = std::sync::mpsc::sync_channel(1);
    let bytes = 0;
    let job = Job::Append(Request {
        entries,
        bytes,
        reply,
    });
    store.queue.as_ref().unwrap().send(job).unwrap();
    answer
}

/// The operating system's files, watched.
pub(crate) struct WatchedDisk {
    root: PathBuf,
    state: Arc<State>,
}

impl fmt::Debug for WatchedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WatchedDisk")
    }
}

#[derive(Default)]
struct State {
    seen: Mutex<Seen>,
    gate: Mutex<Gate>,
    gate_moved: Condvar,
}

#[derive(Default)]
struct Seen {
    /// Operations that change something, in order: what, and on which file.
    log: Vec<(&'static str, PathBuf)>,
    /// After so many of them, the power is off.
    power_until: Option<usize>,
    /// The next sync of a file in such a folder fails.
    failing_sync: bool,
    /// Names as the running system sees them, and as the platter has them.
    names: BTreeMap<PathBuf, Node>,
    durable_names: BTreeMap<PathBuf, Node>,
    /// Contents that were synced, by file.
    synced: Vec<Vec<u8>>,
    /// Contents as last written, by file; of the newest only, for writes that the power cut short.
    written: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Default)]
struct Gate {
    closed: bool,
    waiting: bool,
}

impl WatchedDisk {
    fn over(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            state: Arc::default(),
        }
    }

    /// How often `what` was done to files whose path ends so.
    pub(crate) fn count(&self, what: &str, ends: &str) -> usize {
        let seen = self.state.seen.lock().unwrap();
        seen.log
            .iter()
            .filter(|(done, path)| *done == what && path.to_string_lossy().ends_with(ends))
            .count()
    }

    /// Forgets what was counted.
    pub(crate) fn forget(&self) {
        self.state.seen.lock().unwrap().log.clear();
    }

    /// What was done since, in order.
    pub(crate) fn log(&self) -> Vec<(&'static str, PathBuf)> {
        self.state.seen.lock().unwrap().log.clone()
    }

    /// The power goes off after so many further operations.
    pub(crate) fn cut_power_after(&self, operations: usize) {
        let mut seen = self.state.seen.lock().unwrap();
        seen.power_until = Some(seen.log.len() + operations);
    }

    pub(crate) fn fail_next_sync(&self) {
        self.state.seen.lock().unwrap().failing_sync = true;
    }

    /// Journal syncs wait from now on, until the gate is opened.
    pub(crate) fn close_gate(&self) {
        self.state.gate.lock().unwrap().closed = true;
    }

    /// Returns once a journal sync waits at the gate.
    pub(crate) fn wait_at_gate(&self) {
        let gate = self.state.gate.lock().unwrap();
        drop(
            self.state
                .gate_moved
                .wait_while(gate, |gate| !gate.waiting)
                .unwrap(),
        );
    }

    pub(crate) fn open_gate(&self) {
        self.state.gate.lock().unwrap().closed = false;
        self.state.gate_moved.notify_all();
    }

    /// Lays out, in an empty folder, what the platter holds now. `luck` decides, sector by sector and name by
    /// name, whether what was not synced got there all the same; `None` keeps only what was synced.
    pub(crate) fn platter(&self, into: &Path, luck: Option<u64>) {
        let seen = self.state.seen.lock().unwrap();
        let mut luck = luck.map(Luck);
        let mut names = seen.durable_names.clone();
        if let Some(luck) = &mut luck {
            let all: Vec<&PathBuf> = seen.names.keys().chain(seen.durable_names.keys()).collect();
            for path in all {
                if luck.flip() {
                    match seen.names.get(path) {
                        Some(node) => drop(names.insert(path.clone(), *node)),
                        None => drop(names.remove(path)),
                    }
                }
            }
        }
        for (path, node) in &names {
            let place = into.join(path);
            let above = place.parent().is_some_and(Path::is_dir);
            match node {
                Node::Folder if above => fs::create_dir_all(&place).unwrap(),
                Node::File(id) if above => {
                    let bytes = survivor(&seen.synced[*id], &seen.written[*id], luck.as_mut());
                    fs::write(&place, bytes).unwrap();
                }
                Node::Folder | Node::File(_) => {}
            }
        }
    }

    fn inner(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap().to_owned()
    }

    /// Notes an operation, or says that the power is off.
    fn note(&self, what: &'static str, path: &Path) -> Result<(), DiskError> {
        self.state.note(what, path)
    }
}

impl State {
    fn note(&self, what: &'static str, path: &Path) -> Result<(), DiskError> {
        let mut seen = self.seen.lock().unwrap();
        if seen
            .power_until
            .is_some_and(|until| seen.log.len() >= until)
        {
            return Err(DiskError::new(
                what,
                path,
                &std::io::Error::other("the power is off"),
            ));
        }
        seen.log.push((what, path.to_owned()));
        let sync = what == "sync";
        if sync && std::mem::take(&mut seen.failing_sync) {
            return Err(DiskError::new(
                what,
                path,
                &std::io::Error::other("a bad sector"),
            ));
        }
        Ok(())
    }
}

/// What a file may hold after a power cut: per sector the synced or the newer bytes, zeros where neither is.
fn survivor(synced: &[u8], written: &[u8], luck: Option<&mut Luck>) -> Vec<u8> {
    let Some(luck) = luck else {
        return synced.to_vec();
    };
    if luck.flip() {
        return synced.to_vec();
    }
    let mut bytes = synced.to_vec();
    bytes.resize(written.len(), 0);
    for from in (0..written.len()).step_by(512) {
        let until = written.len().min(from + 512);
        if luck.flip() {
            bytes[from..until].copy_from_slice(&written[from..until]);
        }
    }
    bytes
}

/// A small generator (SplitMix64): the same number, the same story.
pub(crate) struct Luck(pub(crate) u64);

impl Luck {
    pub(crate) fn flip(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) & 1 == 1
    }
}

impl Disk for WatchedDisk {
    fn create_folder(&self, path: &Path) -> Result<bool, DiskError> {
        self.note("create folder", path)?;
        let made = OsDisk.create_folder(path)?;
        self.state
            .seen
            .lock()
            .unwrap()
            .names
            .insert(self.inner(path), Node::Folder);
        Ok(made)
    }

    fn exists(&self, path: &Path) -> Result<bool, DiskError> {
        OsDisk.exists(path)
    }

    fn names(&self, folder: &Path) -> Result<Vec<String>, DiskError> {
        OsDisk.names(folder)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, DiskError> {
        OsDisk.read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        self.note("write", path)?;
        OsDisk.write(path, bytes)?;
        let mut seen = self.state.seen.lock().unwrap();
        let inner = self.inner(path);
        let id = match seen.names.get(&inner) {
            Some(Node::File(id)) => *id,
            Some(Node::Folder) | None => {
                seen.synced.push(Vec::new());
                seen.written.push(Vec::new());
                seen.synced.len() - 1
            }
        };
        seen.written[id] = bytes.to_vec();
        seen.names.insert(inner, Node::File(id));
        Ok(())
    }

    fn sync_file(&self, path: &Path) -> Result<(), DiskError> {
        self.note("sync", path)?;
        OsDisk.sync_file(path)?;
        let mut seen = self.state.seen.lock().unwrap();
        if let Some(Node::File(id)) = seen.names.get(&self.inner(path)).copied() {
            seen.synced[id] = seen.written[id].clone();
        }
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.note("sync folder", path)?;
        OsDisk.sync_folder(path)?;
        let folder = self.inner(path);
        let mut seen = self.state.seen.lock().unwrap();
        let Seen {
            names,
            durable_names,
            ..
        } = &mut *seen;
        durable_names.retain(|path, _| path.parent() != Some(&folder) || names.contains_key(path));
        for (path, node) in names
            .iter()
            .filter(|(path, _)| path.parent() == Some(&folder))
        {
            durable_names.insert(path.clone(), *node);
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.note("rename", to)?;
        OsDisk.rename(from, to)?;
        let mut seen = self.state.seen.lock().unwrap();
        let node = seen.names.remove(&self.inner(from)).unwrap();
        seen.names.insert(self.inner(to), node);
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        self.note("remove", path)?;
        OsDisk.remove_file(path)?;
        self.state
            .seen
            .lock()
            .unwrap()
            .names
            .remove(&self.inner(path));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.note("remove folder", path)?;
        OsDisk.remove_folder(path)?;
        let folder = self.inner(path);
        self.state
            .seen
            .lock()
            .unwrap()
            .names
            .retain(|path, _| !path.starts_with(&folder));
        Ok(())
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>, DiskError> {
        let file = OsDisk.open(path)?;
        let state = Arc::clone(&self.state);
        Ok(Arc::new(WatchedFile {
            file,
            path: path.to_owned(),
            inner: self.inner(path),
            state,
        }))
    }

    fn lock(&self, path: &Path) -> Result<Option<FolderLock>, DiskError> {
        OsDisk.lock(path)
    }
}

struct WatchedFile {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    inner: PathBuf,
    state: Arc<State>,
}

impl fmt::Debug for WatchedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WatchedFile")
    }
}

impl WatchedFile {
    fn change(&self, change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) {
        let mut seen = self.state.seen.lock().unwrap();
        let Seen {
            names,
            synced,
            written,
            ..
        } = &mut *seen;
        if let Some(Node::File(id)) = names.get(&self.inner) {
            change(&mut written[*id], &mut synced[*id]);
        }
    }
}

impl DiskFile for WatchedFile {
    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, DiskError> {
        self.file.read_at(offset, length)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.state.note("write at", &self.path)?;
        let from = usize::try_from(offset).unwrap();
        self.change(|written, _| {
            written.resize(written.len().max(from + bytes.len()), 0);
            written[from..from + bytes.len()].copy_from_slice(bytes);
        });
        self.file.write_at(offset, bytes)
    }

    fn sync(&self) -> Result<(), DiskError> {
        let mut gate = self.state.gate.lock().unwrap();
        if gate.closed {
            gate.waiting = true;
            self.state.gate_moved.notify_all();
            gate = self
                .state
                .gate_moved
                .wait_while(gate, |gate| gate.closed)
                .unwrap();
            gate.waiting = false;
        }
        drop(gate);
        self.state.note("sync", &self.path)?;
        self.change(|written, synced| synced.clone_from(written));
        self.file.sync()
    }

    fn truncate(&self, length: u64) -> Result<(), DiskError> {
        self.state.note("truncate", &self.path)?;
        let to = usize::try_from(length).unwrap();
        self.change(|written, synced| {
            written.truncate(to);
            synced.clone_from(written);
        });
        self.file.truncate(length)
    }
}
