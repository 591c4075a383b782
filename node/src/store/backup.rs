//! A copy of the store as it is at one moment, taken while it goes on working.
//!
//! The commit thread names the moment: between two batches it hands out the open segments with their lengths, the
//! sealed pages and the sealed keyring. Whoever asked for the backup copies them, in their own time. Segments that
//! are rewritten meanwhile stay as they were in the files that are open.
//!
//! A backup is a folder of what the disk holds anyway, sealed as it is there, with a list of files and their hashes.
//! The keyring is not in it: it goes to a file of its own, and only if asked for. The folder gets its name when it is
//! complete; what an interruption leaves is called `.partial`.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;

use super::commit::{Job, Writer};
use super::disk::{self, Disk, DiskFile};
use super::fault::StoreError;
use super::keyring::Mark;
use super::view::Shared;
use super::{BackupError, Store, journal};

/// A file that is to lie in the backup beside the store's: its name, and its bytes as they are.
pub type Beside = (String, Vec<u8>);

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupReport {
    /// The number of the newest entry of the journal in it.
    pub sequence: u64,
    /// Files in it, without their list.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
}

/// The list of a backup's files, `backup.json`: what was copied, and how to tell whether it still is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contents {
    /// The version of this list.
    pub(crate) sumac_backup: u32,
    /// The newest entry of the journal, by number and chain hash.
    pub(crate) sequence: u64,
    pub(crate) chain: Digest,
    /// When it was made, in seconds since 1970 by the machine's clock.
    pub(crate) made_at_s: u64,
    pub(crate) files: Vec<Listed>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    /// Relative to the backup, with `/` between folders.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: Digest,
}

/// The store at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    mark: Mark,
    /// Names, open files, and how much of each belongs to the moment.
    segments: Vec<(String, Arc<dyn DiskFile>, u64)>,
    pages: Vec<(String, Vec<u8>)>,
    keyring: Vec<u8>,
    erased: usize,
}

/// A copy of the keyring that is to be left at a place, and how many were erased when it was made.
#[derive(Debug)]
pub(crate) struct KeyringCopy {
    file: PathBuf,
    keyring: Vec<u8>,
    erased: usize,
}

impl Snapshot {
    pub(crate) fn keyring_copy(&self, file: &Path) -> KeyringCopy {
        KeyringCopy { file: file.to_owned(), keyring: self.keyring.clone(), erased: self.erased }
    }
}

impl Store {
    /// Copies the store as it is now into a folder `to` that is not there yet, with files of the node's `beside` it,
    /// durably. Writing and reading go on. With `keyring_to`, the sealed keyring is copied to that file, which lies
    /// outside `to`; it belongs on another medium, and is to be destroyed when somebody is erased.
    pub fn backup(&self, to: &Path, beside: &[Beside], keyring_to: Option<&Path>) -> Result<BackupReport, BackupError> {
        let disk = self.shared.disk.as_ref();
        refuse_places(disk, &self.shared.paths.dir, to, keyring_to)?;
        let beside = beside.iter().map(|(name, bytes)| Ok((besides_path(name)?, bytes.clone())));
        let beside = beside.collect::<Result<Vec<_>, BackupError>>()?;
        let snapshot = self.ask(Job::Snapshot)?;
        let partial = partial_of(to);
        disk.remove_folder(&partial)?;
        let written = write(disk, &partial, &snapshot, beside);
        let written = written.and_then(|report| {
            if let Some(file) = keyring_to {
                let copy = snapshot.keyring_copy(file);
                if !self.ask(|reply| Job::PutKeyringCopy(copy, reply))? {
                    return Err(BackupError::ErasedMeanwhile);
                }
            }
            disk.rename(&partial, to)?;
            disk.sync_folder(disk::folder_of(to))?;
            Ok(report)
        });
        if written.is_err() {
            // The failure is the one to report; what cannot be removed is replaced by the next backup.
            let _left = disk.remove_folder(&partial);
        }
        written
    }
}

impl Writer {
    /// What there is now, while nothing changes.
    pub(crate) fn snapshot(&mut self) -> Result<Snapshot, StoreError> {
        self.seal()?;
        let shared: &Shared = &self.shared;
        let keyring = shared.keys.write().unwrap_or_else(PoisonError::into_inner).keyring.copy()?;
        let keys = shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        let pages = keys.pages().into_iter().map(|page| keys.sealed_page(shared.disk.as_ref(), page));
        let mut segments = Vec::new();
        for (number, file) in shared.journal.open_files() {
            let length = if number == self.tail.segment { self.tail.offset } else { file.length()? };
            segments.push((journal::segment_name(number), file, length));
        }
        let pages = pages.collect::<Result<_, _>>()?;
        let erased = shared.front().erased.len();
        Ok(Snapshot { mark: self.tail.mark, segments, pages, keyring, erased })
    }

    /// Leaves a copy of the keyring, unless somebody was erased since it was made: what opens an erased patient never
    /// comes to a disk after the erasure. False: nothing was left.
    pub(crate) fn put_keyring_copy(&self, copy: &KeyringCopy) -> Result<bool, StoreError> {
        if self.shared.front().erased.len() != copy.erased {
            return Ok(false);
        }
        disk::replace(self.shared.disk.as_ref(), &copy.file, &copy.keyring)?;
        Ok(true)
    }
}

/// Nothing is overwritten, nothing lies in itself, and the keyring does not lie in the backup.
fn refuse_places(disk: &dyn Disk, dir: &Path, to: &Path, keyring_to: Option<&Path>) -> Result<(), BackupError> {
    for place in [Some(to), keyring_to].into_iter().flatten() {
        if disk.exists(place)? {
            return Err(BackupError::AlreadyThere { path: place.to_owned() });
        }
        if place.starts_with(dir) {
            return Err(BackupError::InsideStore { path: place.to_owned() });
        }
    }
    match keyring_to {
        Some(file) if file.starts_with(to) => Err(BackupError::KeyringInside { path: file.to_owned() }),
        Some(_) | None => Ok(()),
    }
}

fn write(
    disk: &dyn Disk,
    folder: &Path,
    snapshot: &Snapshot,
    beside: Vec<(String, Vec<u8>)>,
) -> Result<BackupReport, BackupError> {
    disk.create_folder(folder)?;
    let mut filling = Filling { disk, folder, files: Vec::new() };
    for (name, file, length) in &snapshot.segments {
        let length = usize::try_from(*length).map_err(|_| StoreError::Full { what: "bytes in a segment" })?;
        filling.put(&format!("{JOURNAL}/{name}"), &file.read_at(0, length)?)?;
    }
    for (name, bytes) in &snapshot.pages {
        filling.put(&format!("{PAGES}/{name}"), bytes)?;
    }
    for (name, bytes) in beside {
        filling.put(&name, &bytes)?;
    }
    let files = filling.files;
    let report = BackupReport {
        sequence: snapshot.mark.sequence,
        files: u64::try_from(files.len()).unwrap_or(u64::MAX),
        bytes: files.iter().map(|file| file.bytes).sum(),
    };
    let Mark { sequence, hash } = snapshot.mark;
    let contents = Contents { sumac_backup: VERSION, sequence, chain: Digest(hash), made_at_s: disk.now_s(), files };
    let list = serde_json::to_vec_pretty(&contents)
        .map_err(|why| BackupError::NotABackup { path: folder.to_owned(), why: why.to_string() })?;
    disk::replace(disk, &folder.join(LIST), &list)?;
    for inner in [JOURNAL, PAGES] {
        if disk.exists(&folder.join(inner))? {
            disk.sync_folder(&folder.join(inner))?;
        }
    }
    Ok(report)
}

/// A backup that is being filled.
struct Filling<'a> {
    disk: &'a dyn Disk,
    folder: &'a Path,
    files: Vec<Listed>,
}

impl Filling<'_> {
    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), BackupError> {
        put(self.disk, self.folder, path, bytes)?;
        let (path, sha256) = (path.to_owned(), Digest::of_bytes(bytes));
        self.files.push(Listed { path, bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX), sha256 });
        Ok(())
    }
}

/// Writes a file under a folder, durably, and makes the folders in between.
pub(crate) fn put(disk: &dyn Disk, root: &Path, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let file = root.join(path);
    let mut above = root.to_owned();
    let folders = Path::new(path).parent().into_iter().flat_map(Path::components);
    for folder in folders {
        let inner = above.join(folder);
        if disk.create_folder(&inner)? {
            disk.sync_folder(&above)?;
        }
        above = inner;
    }
    disk.write(&file, bytes)?;
    disk.sync_file(&file)?;
    Ok(disk.sync_folder(&above)?)
}

/// A path that stays inside the folder it is taken relative to: names, and nothing else.
pub(crate) fn is_inside(path: &str) -> bool {
    let names = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    names && !path.is_empty() && path.len() <= PATH_BYTES_MAX
}

fn besides_path(name: &str) -> Result<String, BackupError> {
    if is_inside(name) {
        Ok(format!("{BESIDE}/{name}"))
    } else {
        Err(BackupError::NotABackup { path: PathBuf::from(name), why: "this is no name in a folder".to_owned() })
    }
}

fn partial_of(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// Of the list of files.
pub(crate) const VERSION: u32 = crate::versions::BACKUP;
/// The list's name.
pub(crate) const LIST: &str = "backup.json";
/// Folders in a backup: the journal, the pages of patient keys, and the files beside the store.
pub(crate) const JOURNAL: &str = "journal";
pub(crate) const PAGES: &str = "pages";
pub(crate) const BESIDE: &str = "home";
const PATH_BYTES_MAX: usize = 512;
