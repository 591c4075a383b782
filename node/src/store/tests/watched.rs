//! Files that are watched: they count operations, fail on demand, and know what would survive a power cut.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{fmt, fs};

use crate::store::disk::{Disk, DiskFile, FolderLock, OsDisk};
use crate::store::fault::DiskError;

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
    pub(crate) fn over(root: &Path) -> Self {
        Self { root: root.to_owned(), state: Arc::default() }
    }

    /// How often `what` was done to files whose path ends so.
    pub(crate) fn count(&self, what: &str, ends: &str) -> usize {
        let seen = self.state.seen.lock().unwrap();
        seen.log.iter().filter(|(done, path)| *done == what && path.to_string_lossy().ends_with(ends)).count()
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
        let patience = Duration::from_secs(20);
        let waited = self.state.gate_moved.wait_timeout_while(gate, patience, |gate| !gate.waiting);
        let (gate, timeout) = waited.unwrap();
        drop(gate);
        assert!(!timeout.timed_out(), "the journal is never synced");
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
        if seen.power_until.is_some_and(|until| seen.log.len() >= until) {
            return Err(DiskError::new(what, path, &std::io::Error::other("the power is off")));
        }
        seen.log.push((what, path.to_owned()));
        let sync = what == "sync";
        if sync && std::mem::take(&mut seen.failing_sync) {
            return Err(DiskError::new(what, path, &std::io::Error::other("a bad sector")));
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
        self.state.seen.lock().unwrap().names.insert(self.inner(path), Node::Folder);
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
        let Seen { names, durable_names, .. } = &mut *seen;
        durable_names.retain(|path, _| path.parent() != Some(&folder) || names.contains_key(path));
        for (path, node) in names.iter().filter(|(path, _)| path.parent() == Some(&folder)) {
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
        self.state.seen.lock().unwrap().names.remove(&self.inner(path));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.note("remove folder", path)?;
        OsDisk.remove_folder(path)?;
        let folder = self.inner(path);
        self.state.seen.lock().unwrap().names.retain(|path, _| !path.starts_with(&folder));
        Ok(())
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>, DiskError> {
        let file = OsDisk.open(path)?;
        let state = Arc::clone(&self.state);
        Ok(Arc::new(WatchedFile { file, path: path.to_owned(), inner: self.inner(path), state }))
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
        let Seen { names, synced, written, .. } = &mut *seen;
        if let Some(Node::File(id)) = names.get(&self.inner) {
            change(&mut written[*id], &mut synced[*id]);
        }
    }
}

impl DiskFile for WatchedFile {
    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, DiskError> {
        self.file.read_at(offset, length)
    }

    fn fill_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        self.file.fill_at(offset, buffer)
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
            gate = self.state.gate_moved.wait_while(gate, |gate| gate.closed).unwrap();
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
