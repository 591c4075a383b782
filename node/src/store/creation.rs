//! Making a store. The keyring is written last: until it is there, there is no store, and after any failure nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Store;
use super::disk::{self, Disk};
use super::fault::StoreError;
use super::journal::{Journal, SEGMENT_HEADER_BYTES};
use super::keychain::Keychain;
use super::keyring::Keyring;
use super::keyring::unlock::{Cost, UnlockSecret};
use super::opening::{self, Missing, StorePaths};

/// Makes a store; whatever fails, nothing of it stays behind.
pub(crate) fn create(
    disk: &Arc<dyn Disk>,
    paths: &StorePaths,
    unlock: &UnlockSecret,
    cost: Cost,
    seed: Zeroizing<[u8; 32]>,
) -> Result<Store, StoreError> {
    let mut scaffold = Scaffold { disk: Arc::clone(disk), made: Vec::new() };
    scaffold.folder(&paths.dir)?;
    scaffold.folder(disk::folder_of(&paths.keyring))?;
    scaffold.will_make(&paths.lock(), Made::File)?;
    let lock = opening::take_lock(disk.as_ref(), paths)?;
    refuse_existing(disk.as_ref(), paths)?;
    let keyring = Keyring::fresh(&paths.keyring, unlock, cost, seed)?;
    for folder in [paths.journal(), paths.pages(), paths.index()] {
        disk.remove_folder(&folder)?;
        scaffold.will_make(&folder, Made::Folder)?;
    }
    disk.create_folder(&paths.journal())?;
    disk.create_folder(&paths.pages())?;
    disk.sync_folder(&paths.dir)?;
    Journal::create(disk.as_ref(), &paths.journal(), keyring.start())?;
    scaffold.will_make(&paths.keyring, Made::File)?;
    keyring.save(disk.as_ref())?;
    let keys = Keychain::open(disk.as_ref(), &paths.pages(), keyring)?;
    let (store, _) = opening::assemble(disk, paths, keys, lock, Missing::Refuse)?;
    scaffold.made.clear();
    Ok(store)
}

/// A keyring, or a journal with anything in it, is never overwritten. A journal without a frame and without
/// a keyring is what a `create` left that was killed half-way.
fn refuse_existing(disk: &dyn Disk, paths: &StorePaths) -> Result<(), StoreError> {
    if disk.exists(&paths.keyring)? {
        return Err(StoreError::AlreadyThere { found: paths.keyring.clone() });
    }
    let journal = paths.journal();
    if !disk.exists(&journal)? {
        return Ok(());
    }
    for name in disk.names(&journal)? {
        let bytes = disk.read(&journal.join(name))?.len();
        if u64::try_from(bytes).is_ok_and(|bytes| bytes > SEGMENT_HEADER_BYTES) {
            return Err(StoreError::AlreadyThere { found: journal });
        }
    }
    Ok(())
}

/// What `create` has made so far; undone when dropped before it is complete.
struct Scaffold {
    disk: Arc<dyn Disk>,
    made: Vec<(PathBuf, Made)>,
}

enum Made {
    File,
    Folder,
}

impl Scaffold {
    /// Makes a folder and those above it, and remembers which were not there.
    fn folder(&mut self, path: &Path) -> Result<(), StoreError> {
        if self.disk.exists(path)? {
            return Ok(());
        }
        let above = disk::folder_of(path).to_owned();
        self.folder(&above)?;
        if self.disk.create_folder(path)? {
            self.made.push((path.to_owned(), Made::Folder));
        }
        Ok(self.disk.sync_folder(&above)?)
    }

    /// Remembers what is about to be made, unless it is there already.
    fn will_make(&mut self, path: &Path, made: Made) -> Result<(), StoreError> {
        if !self.disk.exists(path)? {
            self.made.push((path.to_owned(), made));
        }
        Ok(())
    }
}

impl Drop for Scaffold {
    fn drop(&mut self) {
        for (path, made) in self.made.drain(..).rev() {
            // The failure that led here is the one to report; what cannot be removed stays.
            let _left = match made {
                Made::File => self.disk.remove_file(&path),
                Made::Folder => self.disk.remove_folder(&path),
            };
        }
    }
}
