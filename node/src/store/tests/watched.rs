//! Files that are watched: they count operations, fail on demand, and know what would survive a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{fmt, fs};

use super::luck::{Luck, survivor};
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
    /// Seconds that passed on the machine's clock.
    passed_s: AtomicU64,
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
    /// Files that were synced through this door and are written past it: sled's.
    foreign: BTreeSet<PathBuf>,
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

    /// Lets time pass on the machine's clock.
    pub(crate) fn pass(&self, seconds: u64) {
        self.state.passed_s.fetch_add(seconds, Ordering::Relaxed);
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
    ///
    /// Files that sled writes by itself are as they were when they were last synced from outside, or, with luck,
    /// in any sector as they are now.
    pub(crate) fn platter(&self, into: &Path, luck: Option<u64>) {
        let mut seen = self.state.seen.lock().unwrap();
        let foreign = seen.take_up_foreign(&self.root);
        let mut luck = luck.map(Luck);
        let mut names = seen.durable_names.clone();
        if let Some(luck) = &mut luck {
            let all = seen.names.keys().chain(seen.durable_names.keys()).chain(foreign.keys());
            for path in all.cloned().collect::<BTreeSet<_>>() {
                if luck.flip() {
                    match seen.names.get(&path).or_else(|| foreign.get(&path)) {
                        Some(node) => drop(names.insert(path, *node)),
                        None => drop(names.remove(&path)),
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

impl Seen {
    /// A file that is on the disk and was not written through this door, by what it holds now.
    fn adopt(&mut self, inner: &Path, bytes: Vec<u8>, synced: bool) -> Node {
        if let Some(Node::File(id)) = self.names.get(inner).copied() {
            if synced {
                self.synced[id].clone_from(&bytes);
            }
            self.written[id] = bytes;
            return Node::File(id);
        }
        self.synced.push(if synced { bytes.clone() } else { Vec::new() });
        self.written.push(bytes);
        Node::File(self.synced.len() - 1)
    }

    /// Notes what sled's files hold now, and answers those whose names nobody ever synced.
    fn take_up_foreign(&mut self, root: &Path) -> BTreeMap<PathBuf, Node> {
        let mut unnamed = BTreeMap::new();
        let mut folders = vec![root.join("node").join("index")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let (path, inner) =
                    entry.map(|entry| (entry.path(), entry.path().strip_prefix(root).unwrap().to_owned())).unwrap();
                let node = if path.is_dir() {
                    folders.push(path);
                    Node::Folder
                } else {
                    self.adopt(&inner, fs::read(&path).unwrap(), false)
                };
                if !self.names.contains_key(&inner) {
                    unnamed.insert(inner, node);
                }
            }
        }
        unnamed
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
        let inner = self.inner(path);
        if seen.foreign.contains(&inner) || !seen.names.contains_key(&inner) {
            let node = seen.adopt(&inner, fs::read(path).unwrap(), true);
            seen.names.insert(inner.clone(), node);
            seen.foreign.insert(inner);
        } else if let Some(Node::File(id)) = seen.names.get(&inner).copied() {
            seen.synced[id] = seen.written[id].clone();
        }
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.note("sync folder", path)?;
        OsDisk.sync_folder(path)?;
        let folder = self.inner(path);
        let mut seen = self.state.seen.lock().unwrap();
        for entry in fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).filter(|entry| entry.is_dir()) {
            // Folders that sled makes by itself.
            seen.names.insert(self.inner(&entry), Node::Folder);
        }
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
        let before = seen.names.remove(&self.inner(from));
        let node = before.unwrap_or_else(|| seen.adopt(&self.inner(from), fs::read(to).unwrap(), true));
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

    fn free_bytes(&self, folder: &Path) -> Result<u64, DiskError> {
        OsDisk.free_bytes(folder)
    }

    fn now_s(&self) -> u64 {
        NEW_YEAR_S + self.state.passed_s.load(Ordering::Relaxed)
    }
}

/// What the clock says first: the beginning of 2026.
const NEW_YEAR_S: u64 = 1_767_225_600;

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
    fn length(&self) -> Result<u64, DiskError> {
        self.file.length()
    }

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
