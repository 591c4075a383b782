//! Putting a backup in place of a store that is gone, after checking every byte of it.
//!
//! The copy is made in a folder beside the store's, checked there under the keyring, and gets the store's name last.
//! Before that the keyring is told that its folder was restored: whatever came after the backup may be missing, so the
//! store does not open as if nothing were, but only through [`Store::recover`]. There is one exception: a keyring that
//! says the store was closed in good order at the very entry with which the backup ends knows that nothing is missing.
//!
//! [`Store::recover`]: super::Store::recover

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use sumac_protocol::digest::Digest;

use super::backup::{self, BESIDE, Beside, Contents, JOURNAL, LIST, PAGES, VERSION};
use super::disk::{self, Disk, FolderLock};
use super::fault::{KeyringError, StoreError};
use super::journal::Journal;
use super::journal::scan::scan;
use super::keychain::Keychain;
use super::keyring::unlock::UnlockSecret;
use super::keyring::{Keyring, Mark};
use super::opening::StorePaths;
use super::{BackupError, operating_system};

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// The number of the journal's newest entry.
    pub sequence: u64,
    /// When the backup was made, in seconds since 1970 by the clock of the machine that made it.
    pub made_at_s: u64,
    /// Whether the keyring knows that nothing is missing: the store was closed in good order, and the backup holds
    /// all of it.
    pub complete: bool,
    /// The number of the newest entry that the keyring knows to have been acknowledged, if the backup ends before it.
    pub acknowledged: Option<u64>,
}

/// The files that lie in a backup beside the store's, after the whole backup was checked against its list.
///
/// # Errors
/// [`BackupError`] if it is no backup, or not as it was made.
pub fn files_beside(from: &Path) -> Result<Vec<Beside>, BackupError> {
    let disk = operating_system();
    let contents = read_list(disk.as_ref(), from)?;
    let mut beside = Vec::new();
    for listed in &contents.files {
        let bytes = read_listed(disk.as_ref(), from, listed)?;
        if let Some(name) = listed.path.strip_prefix(BESIDE).and_then(|path| path.strip_prefix('/')) {
            beside.push((name.to_owned(), bytes));
        }
    }
    Ok(beside)
}

/// Puts the backup in place at `paths.dir`, where there is nothing yet. The keyring is at its place already.
///
/// # Errors
/// [`BackupError`]; then nothing is at `paths.dir`.
pub fn restore(paths: &StorePaths, from: &Path, unlock: &UnlockSecret) -> Result<RestoreReport, BackupError> {
    restore_on(&operating_system(), paths, from, unlock)
}

pub(crate) fn restore_on(
    disk: &Arc<dyn Disk>,
    paths: &StorePaths,
    from: &Path,
    unlock: &UnlockSecret,
) -> Result<RestoreReport, BackupError> {
    let disk = disk.as_ref();
    if disk.exists(&paths.dir)? {
        return Err(BackupError::AlreadyThere { path: paths.dir.clone() });
    }
    let contents = read_list(disk, from)?;
    let keyring = Keyring::open(disk, &paths.keyring, unlock)?;
    let place = restoring(&paths.dir);
    let lock = clear(disk, &place)?;
    for listed in contents.files.iter().filter(|listed| !listed.path.starts_with(BESIDE)) {
        let bytes = read_listed(disk, from, listed)?;
        backup::put(disk, &place, &listed.path, &bytes)?;
    }
    if disk.create_folder(&place.join(PAGES))? {
        disk.sync_folder(&place)?;
    }
    let mut keys = Keychain::open(disk, &place.join(PAGES), keyring).map_err(|error| other_time(error, from))?;
    check(disk, from, &place, &keys, &contents)?;
    let Mark { sequence: known, hash } = keys.keyring.watermark;
    let complete = keys.keyring.closed && (known, Digest(hash)) == (contents.sequence, contents.chain);
    if !complete {
        keys.keyring.restored = Some(Mark { sequence: contents.sequence, hash: contents.chain.0 });
        keys.keyring.save(disk)?;
    }
    disk.rename(&place, &paths.dir)?;
    disk.sync_folder(disk::folder_of(&paths.dir))?;
    drop(lock);
    let Contents { sequence, made_at_s, .. } = contents;
    Ok(RestoreReport { sequence, made_at_s, complete, acknowledged: (known > sequence).then_some(known) })
}

/// Every frame of the copy is checked, and that it ends where its list says.
fn check(disk: &dyn Disk, from: &Path, place: &Path, keys: &Keychain, contents: &Contents) -> Result<(), BackupError> {
    let files = Journal::files(disk, &place.join(JOURNAL))?;
    let found = scan(disk, &files, keys.keyring.start(), keys, &BTreeSet::new(), &mut |_| Ok(()))?;
    found.accounted()?;
    let mark = found.tail.mark;
    if found.dropped_frames > 0 || (mark.sequence, Digest(mark.hash)) != (contents.sequence, contents.chain) {
        let why =
            format!("its journal ends at entry {}, and it was made at entry {}", mark.sequence, contents.sequence);
        return Err(BackupError::NotABackup { path: from.to_owned(), why });
    }
    Ok(())
}

/// An empty folder to restore into, for this process alone.
fn clear(disk: &dyn Disk, place: &Path) -> Result<FolderLock, BackupError> {
    let above = disk::folder_of(place);
    if disk.create_folder(above)? {
        disk.sync_folder(disk::folder_of(above))?;
    }
    disk.create_folder(place)?;
    let taken = disk.lock(&place.join("lock"))?;
    let lock = taken.ok_or_else(|| StoreError::InUse { dir: place.to_owned() })?;
    for inner in [JOURNAL, PAGES] {
        disk.remove_folder(&place.join(inner))?;
    }
    Ok(lock)
}

fn read_list(disk: &dyn Disk, from: &Path) -> Result<Contents, BackupError> {
    let not = |why: String| BackupError::NotABackup { path: from.to_owned(), why };
    let list = from.join(LIST);
    if !disk.exists(&list)? {
        return Err(not(format!("there is no {LIST} in it")));
    }
    let contents: Contents =
        serde_json::from_slice(&disk.read(&list)?).map_err(|why| not(format!("its {LIST} cannot be read: {why}")))?;
    if contents.sumac_backup != VERSION {
        return Err(not(format!("it is of version {}, and this release reads {VERSION}", contents.sumac_backup)));
    }
    let outside = contents.files.iter().find(|listed| !backup::is_inside(&listed.path));
    match outside {
        Some(listed) => Err(not(format!("it lists `{}`, which is not inside it", listed.path))),
        None => Ok(contents),
    }
}

fn read_listed(disk: &dyn Disk, from: &Path, listed: &backup::Listed) -> Result<Vec<u8>, BackupError> {
    let file = from.join(&listed.path);
    let damaged = |why| BackupError::Damaged { file: file.clone(), why };
    if !disk.exists(&file)? {
        return Err(damaged("it is missing"));
    }
    let bytes = disk.read(&file)?;
    if u64::try_from(bytes.len()) != Ok(listed.bytes) {
        return Err(damaged("it has another length"));
    }
    if Digest::of_bytes(&bytes) != listed.sha256 {
        return Err(damaged("its bytes have changed"));
    }
    Ok(bytes)
}

/// Pages that do not open are of another time: each erasure and each rotation gives them new keys.
fn other_time(error: StoreError, from: &Path) -> BackupError {
    if let StoreError::Keyring(KeyringError::Page { .. }) = error {
        return BackupError::OtherTime { path: from.to_owned() };
    }
    error.into()
}

fn restoring(dir: &Path) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    name.push(".restoring");
    PathBuf::from(name)
}
