//! The index: an sled 0.34 tree of sealed pointers into the journal. It can be deleted at any time.
//!
//! Each lies in a folder named by the number of the key that it is made with, so that a new one can be made
//! while the old one still answers.
//!
//! Names are two 16-byte halves made with HMAC under the index key: the list, so that a list can be read
//! by its prefix, and the member. Values are sealed and bound to their name.
//!
//! sled 0.34.7 needs five guards, each for a loss that was seen:
//! 1. its `flush` is only `sync_file_range`: a power cut lost everything silently. So: an own `fdatasync` of `db`;
//! 2. its `conf` file and its folder are never synced: synced here after creation;
//! 3. a kill during its snapshot leaves `snap.*.generating`, after which it does not open: deleted first;
//! 4. it may fail or panic on opening: then the folder is wiped, and the caller rebuilds from the journal;
//! 5. after a power cut it may open with only some of its values: then the caller rebuilds too (see `closing`).

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use super::disk::{self, Disk};
use super::fault::{IndexError, StoreError};
use super::limits::INDEX_VALUE_BYTES_MAX;
use super::seal::{Label, SealKey};

/// Where a value lies: 16 bytes for the list, 16 for the member.
pub(crate) type Name = [u8; 32];

/// Changes that take effect together: a value to put, or `None` to remove.
pub(crate) type Changes = BTreeMap<Name, Option<Zeroizing<Vec<u8>>>>;

/// The open index.
pub(crate) struct Index {
    db: sled::Db,
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    names: SealKey,
    values: SealKey,
}

/// How the index came up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Opened {
    /// With what it held.
    AsItWas,
    /// Empty, and why.
    Empty { why: String },
}

impl Index {
    /// Opens the index under `root` that is made with this key, or begins an empty one; those of other keys are
    /// removed.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        root: &Path,
        (number, key): (u32, &SealKey),
    ) -> Result<(Self, Opened), StoreError> {
        if disk.create_folder(root)? {
            disk.sync_folder(disk::folder_of(root))?;
        }
        for name in disk.names(root)?.iter().filter(|name| **name != folder_name(number)) {
            disk.remove_folder(&root.join(name))?;
        }
        let folder = &root.join(folder_name(number));
        let db_there = disk.exists(&folder.join("db"))?;
        if !db_there {
            return Self::begin(disk, folder, key, "there was no index".to_owned());
        }
        for name in disk.names(folder)? {
            if name.starts_with("snap.") && name.ends_with(".generating") {
                disk.remove_file(&folder.join(name))?;
            }
        }
        match start(folder) {
            Ok(db) => Ok((Self::over(db, disk, folder, key), Opened::AsItWas)),
            Err(why) => Self::begin(disk, folder, key, format!("the old index did not open: {why}")),
        }
    }

    /// Begins an empty index under `root`, made with another key than the one in use, beside that one.
    pub(crate) fn renewed(
        disk: Arc<dyn Disk>,
        root: &Path,
        (number, key): (u32, &SealKey),
    ) -> Result<Self, StoreError> {
        let (index, _) = Self::begin(disk, &root.join(folder_name(number)), key, String::new())?;
        Ok(index)
    }

    /// Where it lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Throws all away and begins an empty index.
    pub(crate) fn wiped(self) -> Result<Self, StoreError> {
        let Self { db, folder, disk, names, values } = self;
        drop(db);
        let db = create(disk.as_ref(), &folder)?;
        Ok(Self { db, folder, disk, names, values })
    }

    fn begin(disk: Arc<dyn Disk>, folder: &Path, key: &SealKey, why: String) -> Result<(Self, Opened), StoreError> {
        let db = create(disk.as_ref(), folder)?;
        Ok((Self::over(db, disk, folder, key), Opened::Empty { why }))
    }

    fn over(db: sled::Db, disk: Arc<dyn Disk>, folder: &Path, key: &SealKey) -> Self {
        let names = key.derive(Label::IndexNames, &[]);
        let values = key.derive(Label::IndexValues, &[]);
        Self { db, folder: folder.to_owned(), disk, names, values }
    }

    /// The name of a list's member.
    pub(crate) fn name(&self, list: &[&[u8]], member: &[u8]) -> Name {
        let front = half(self.names.name(Label::IndexList, list));
        let mut name = self.names.name(Label::IndexMember, &[&front, member]);
        if let Some(place) = name.first_chunk_mut() {
            *place = front;
        }
        name
    }

    /// The value under a name.
    pub(crate) fn value(&self, name: &Name) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match self.guarded(|| self.db.get(name))? {
            Some(sealed) => self.unseal(name, &sealed).map(Some),
            None => Ok(None),
        }
    }

    /// All values of a list, in no order that means anything.
    pub(crate) fn list(&self, list: &[&[u8]]) -> Result<Vec<Zeroizing<Vec<u8>>>, StoreError> {
        let prefix = half(self.names.name(Label::IndexList, list));
        let found = self.guarded(|| self.db.scan_prefix(prefix).collect::<sled::Result<Vec<_>>>())?;
        let open = |(name, sealed): (sled::IVec, sled::IVec)| match Name::try_from(name.as_ref()) {
            Ok(name) => self.unseal(&name, &sealed),
            Err(_) => Err(self.failed("a name has another length".to_owned()).into()),
        };
        found.into_iter().map(open).collect()
    }

    /// Makes the changes, all or none.
    pub(crate) fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (name, value) in changes {
            match value {
                Some(plain) => {
                    let sealed = self.values.seal(name, plain)?;
                    if sealed.len() > INDEX_VALUE_BYTES_MAX {
                        let (got, max) = (sealed.len(), INDEX_VALUE_BYTES_MAX);
                        return Err(StoreError::TooLarge { what: "a value of the index", got, max });
                    }
                    batch.insert(name.as_slice(), sealed);
                }
                None => batch.remove(name.as_slice()),
            }
        }
        self.guarded(|| self.db.apply_batch(batch))?;
        self.sweep(changes)
    }

    /// Gives sled the turns in which it frees what was replaced: a few things at every so many calls, whatever the
    /// calls are, and a batch counts as one. Without this, what making a large index replaces stays in memory.
    fn sweep(&self, changes: &Changes) -> Result<(), StoreError> {
        let Some(name) = changes.keys().next() else { return Ok(()) };
        let turns = changes.len().saturating_mul(SWEEPS);
        self.guarded(|| (0..turns).try_for_each(|_| self.db.contains_key(name).map(|_| ())))
    }

    /// Makes all changes so far durable.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.guarded(|| self.db.flush())?;
        Ok(self.disk.sync_file(&self.folder.join("db"))?)
    }

    /// An error that names this index.
    pub(crate) fn failed(&self, why: String) -> IndexError {
        IndexError { folder: self.folder.clone(), why }
    }

    fn unseal(&self, name: &Name, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let opened = self.values.unseal(name, sealed);
        opened.map_err(|_| self.failed("the seal of a value does not open".to_owned()).into())
    }

    fn guarded<T>(&self, work: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        caught(work).map_err(|refusal| self.failed(refusal.why).into())
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({})", self.folder.display())
    }
}

/// The first 16 bytes of a 32-byte name.
fn half(whole: [u8; 32]) -> [u8; HALF] {
    let mut half = [0; HALF];
    for (to, from) in half.iter_mut().zip(whole) {
        *to = from;
    }
    half
}

fn folder_name(number: u32) -> String {
    format!("{number:08}")
}

/// An empty index whose creation will outlast a power cut.
fn create(disk: &dyn Disk, folder: &Path) -> Result<sled::Db, StoreError> {
    disk.remove_folder(folder)?;
    let failed = |why| IndexError { folder: folder.to_owned(), why };
    let db = start(folder).map_err(failed)?;
    disk.sync_file(&folder.join("conf"))?;
    disk.sync_file(&folder.join("db"))?;
    disk.sync_folder(folder)?;
    disk.sync_folder(disk::folder_of(folder))?;
    Ok(db)
}

fn start(folder: &Path) -> Result<sled::Db, String> {
    let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    for _ in 0..LOCK_TRIES {
        match caught(|| config.open()) {
            Err(Refusal { locked: true, .. }) => thread::park_timeout(LOCK_PAUSE),
            opened => return opened.map_err(|refusal| refusal.why),
        }
    }
    caught(|| config.open()).map_err(|refusal| refusal.why)
}

/// Why sled did not do something.
struct Refusal {
    why: String,
    /// Its file is locked. Nobody but this process can hold it, since the folder is ours: a thread of sled's that
    /// is about to let go after the last closing.
    locked: bool,
}

/// Runs sled's code; a panic in it becomes an error.
fn caught<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, Refusal> {
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let locked = matches!(&error, sled::Error::Io(error) if error.to_string().contains(LOCKED));
            Err(Refusal { why: error.to_string(), locked })
        }
        Err(_) => Err(Refusal { why: "sled panicked".to_owned(), locked: false }),
    }
}

/// How sled says that a file is locked: the system's error is part of its text only.
const LOCKED: &str = "WouldBlock";
/// How often a locked file is tried again, and the pause between.
const LOCK_TRIES: usize = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// What sled may keep of its pages in memory; they are sealed. Its own count: in memory they take more.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// Calls for each change of a batch: sled frees about four things a call, and a change replaces fewer than eight.
const SWEEPS: usize = 2;
const HALF: usize = 16;
