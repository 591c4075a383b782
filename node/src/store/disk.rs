//! The only door from the store to files: few operations, so that tests can count them, fail them,
//! and drop what was not synced.
//!
//! sled opens its own files; all that is done for its sake from outside goes through here too.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::fault::DiskError;

/// Files and folders by path. Files are made readable by their owner alone.
pub(crate) trait Disk: fmt::Debug + Send + Sync {
    /// Makes one folder; false if something of that name is there already.
    fn create_folder(&self, path: &Path) -> Result<bool, DiskError>;
    /// Whether a file or folder is there.
    fn exists(&self, path: &Path) -> Result<bool, DiskError>;
    /// The names in a folder, sorted.
    fn names(&self, folder: &Path) -> Result<Vec<String>, DiskError>;
    /// A whole file.
    fn read(&self, path: &Path) -> Result<Vec<u8>, DiskError>;
    /// Makes or replaces a file; nothing of it is durable yet.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError>;
    /// Makes a file's bytes durable, whoever wrote them.
    fn sync_file(&self, path: &Path) -> Result<(), DiskError>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &Path) -> Result<(), DiskError>;
    /// Renames within one file system, replacing the target at once.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> Result<(), DiskError>;
    /// Removes a folder and all in it; no error if it is not there.
    fn remove_folder(&self, path: &Path) -> Result<(), DiskError>;
    /// Opens a file that exists, for reading and for writing at offsets.
    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>, DiskError>;
    /// Takes the exclusive lock on a file, made if needed; `None` if somebody else holds it.
    fn lock(&self, path: &Path) -> Result<Option<FolderLock>, DiskError>;
    /// Bytes free for this user on the file system of a folder.
    fn free_bytes(&self, folder: &Path) -> Result<u64, DiskError>;
    /// The machine's clock, in seconds since 1970. Nothing but pauses between rebuildings rests on it.
    fn now_s(&self) -> u64;
}

/// An open file, read and written at offsets from several threads.
pub(crate) trait DiskFile: fmt::Debug + Send + Sync {
    /// How many bytes it has.
    fn length(&self) -> Result<u64, DiskError>;
    /// Exactly `length` bytes from `offset` on.
    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, DiskError>;
    /// Fills `buffer` from `offset` on, with nothing set aside for it.
    fn fill_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError>;
    /// All of `bytes` from `offset` on; not durable yet.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError>;
    /// Makes every byte written so far durable (`fdatasync`).
    fn sync(&self) -> Result<(), DiskError>;
    /// Cuts the file to `length` bytes, durably.
    fn truncate(&self, length: u64) -> Result<(), DiskError>;
}

/// Held for as long as a store is open; the operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    file: File,
}

impl Drop for FolderLock {
    /// Closing the file is not enough: a child process that another thread is just starting has the open file too,
    /// until it runs its own program, and would hold the lock for that long.
    fn drop(&mut self) {
        // The only failure is a file that was never locked, and then there is nothing to let go of.
        drop(self.file.unlock());
    }
}

/// Replaces a file so that, whenever the power goes, either the old or the new one is there whole.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let fresh = beside(path);
    disk.write(&fresh, bytes)?;
    disk.sync_file(&fresh)?;
    disk.rename(&fresh, path)?;
    disk.sync_folder(folder_of(path))
}

/// The name under which a file's successor is written.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(NEW_SUFFIX);
    PathBuf::from(name)
}

/// Removes successors in a folder that never took their file's name.
pub(crate) fn remove_unfinished(disk: &dyn Disk, folder: &Path) -> Result<(), DiskError> {
    for name in disk.names(folder)?.iter().filter(|name| name.ends_with(NEW_SUFFIX)) {
        disk.remove_file(&folder.join(name))?;
    }
    Ok(())
}

/// The folder a path lies in; the current one for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// The operating system's files.
#[derive(Debug)]
pub(crate) struct OsDisk;

impl Disk for OsDisk {
    fn create_folder(&self, path: &Path) -> Result<bool, DiskError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(DiskError::new("make the folder", path, &error)),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, DiskError> {
        match path.try_exists() {
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
            found => found.map_err(|error| DiskError::new("look for", path, &error)),
        }
    }

    fn names(&self, folder: &Path) -> Result<Vec<String>, DiskError> {
        let failed = |error: io::Error| DiskError::new("list the folder", folder, &error);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.push(name.to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, DiskError> {
        let failed = |error: io::Error| DiskError::new("read", path, &error);
        let mut bytes = Vec::new();
        let mut file = File::open(path).map_err(failed)?;
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let failed = |error: io::Error| DiskError::new("write", path, &error);
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
        file.write_all(bytes).map_err(failed)
    }

    fn sync_file(&self, path: &Path) -> Result<(), DiskError> {
        let failed = |error: io::Error| DiskError::new("sync", path, &error);
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        file.sync_data().map_err(failed)
    }

    fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        let failed = |error: io::Error| DiskError::new("sync the folder", path, &error);
        File::open(path).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        fs::rename(from, to).map_err(|error| DiskError::new("replace", to, &error))
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        fs::remove_file(path).map_err(|error| DiskError::new("remove", path, &error))
    }

    fn remove_folder(&self, path: &Path) -> Result<(), DiskError> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DiskError::new("remove the folder", path, &error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>, DiskError> {
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).open(path);
        let file = opened.map_err(|error| DiskError::new("open", path, &error))?;
        Ok(Arc::new(OsFile { file, path: path.into() }))
    }

    fn lock(&self, path: &Path) -> Result<Option<FolderLock>, DiskError> {
        let failed = |error: io::Error| DiskError::new("lock", path, &error);
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = opened.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FolderLock { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    fn free_bytes(&self, folder: &Path) -> Result<u64, DiskError> {
        let found = rustix::fs::statvfs(folder);
        let found = found.map_err(|why| DiskError::new("look for room in", folder, &why.into()))?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn now_s(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// What a file's successor has behind its name until it takes its place.
const NEW_SUFFIX: &str = ".new";

#[derive(Debug)]
struct OsFile {
    file: File,
    path: Box<Path>,
}

impl OsFile {
    fn failed(&self, doing: &'static str) -> impl Fn(io::Error) -> DiskError {
        move |error| DiskError::new(doing, &self.path, &error)
    }
}

impl DiskFile for OsFile {
    fn length(&self) -> Result<u64, DiskError> {
        Ok(self.file.metadata().map_err(self.failed("look at"))?.len())
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, DiskError> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset).map_err(self.failed("read"))?;
        Ok(bytes)
    }

    fn fill_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        self.file.read_exact_at(buffer, offset).map_err(self.failed("read"))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_all_at(bytes, offset).map_err(self.failed("write"))
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(self.failed("sync"))
    }

    fn truncate(&self, length: u64) -> Result<(), DiskError> {
        let cut = self.file.set_len(length).and_then(|()| self.file.sync_all());
        cut.map_err(self.failed("cut"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_let_go_of_though_a_child_process_still_has_the_open_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = OsDisk.lock(&path).unwrap().expect("free at first");
        let inherited = lock.file.try_clone().unwrap();
        assert!(OsDisk.lock(&path).unwrap().is_none(), "held while the store is open");
        drop(lock);
        assert!(OsDisk.lock(&path).unwrap().is_some(), "free once the store is closed");
        drop(inherited);
    }
}
