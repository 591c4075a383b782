//! Opening a store: lock, keyring, journal, watermark, what was interrupted, index, commit thread, in this order.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, RwLock};
use std::thread;

use zeroize::Zeroizing;

use super::catch_up::CatchUp;
use super::changed::Changed;
use super::commit::Writer;
use super::disk::{self, Disk, FolderLock};
use super::erasure;
use super::fault::{JournalError, StoreError};
use super::index::{Index, Opened};
use super::journal::Journal;
use super::journal::glance::glance;
use super::journal::scan::{Scan, scan};
use super::keychain::Keychain;
use super::keyring::unlock::UnlockSecret;
use super::keyring::{KeyClass, Keyring, Mark};
use super::limits::QUEUE_JOBS_MAX;
use super::pointers::Head;
use super::view::{Front, Shared};
use super::{Line, Store, projection};

/// Where a store lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePaths {
    /// The folder of the journal, the pages of patient keys and the index. Made if it is not there.
    pub dir: PathBuf,
    /// The keyring file. Best on a medium of its own, outside images and backups of `dir`: an erased patient
    /// stays erased only for those who have no older copy of it.
    pub keyring: PathBuf,
}

impl StorePaths {
    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.join("journal")
    }

    pub(crate) fn pages(&self) -> PathBuf {
        self.dir.join("pages")
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.dir.join("index")
    }

    pub(crate) fn columns(&self) -> PathBuf {
        self.dir.join("columns")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }
}

/// What opening found and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReport {
    /// Frames, whole or in part, that were written and never acknowledged, and are gone now.
    pub dropped_frames: u64,
    /// How the index came up.
    pub index: IndexState,
    /// The sequence number that was known to be acknowledged, where the journal ends before it or is another
    /// history. Only `Store::recover` opens such a store.
    pub acknowledged_missing: Option<u64>,
    /// Whether the folder was restored from a backup and is in use for the first time since. Only
    /// `Store::recover` opens such a store.
    pub restored: bool,
    /// Whether an erasure that had been interrupted was finished.
    pub erasure_finished: bool,
}

/// How the index came up. Complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexState {
    /// It was up to date.
    Fresh,
    /// This many frames of the journal were added to it.
    CaughtUp(u64),
    /// It was made anew from the journal, for the reason given.
    Rebuilt { why: String },
}

/// What to do about a journal that ends before the watermark, or was restored. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Refuse,
    Accept,
}

/// Opens a store.
pub(crate) fn open(
    disk: &Arc<dyn Disk>,
    paths: &StorePaths,
    unlock: &UnlockSecret,
    missing: Missing,
) -> Result<(Store, OpenReport), StoreError> {
    if disk.exists(&paths.keyring)? && !disk.exists(&paths.dir)? {
        return Err(JournalError::Missing { folder: paths.journal() }.into());
    }
    let lock = take_lock(disk.as_ref(), paths)?;
    let mut keyring = Keyring::open(disk.as_ref(), &paths.keyring, unlock)?;
    if missing == Missing::Accept {
        Keychain::forget_missing_pages(disk.as_ref(), &paths.pages(), &mut keyring)?;
    }
    let keys = Keychain::open(disk.as_ref(), &paths.pages(), keyring)?;
    assemble(disk, paths, keys, lock, missing)
}

/// From keys to a running store.
pub(crate) fn assemble(
    disk: &Arc<dyn Disk>,
    paths: &StorePaths,
    mut keys: Keychain,
    lock: FolderLock,
    missing: Missing,
) -> Result<(Store, OpenReport), StoreError> {
    let files = Journal::files(disk.as_ref(), &paths.journal())?;
    disk::remove_unfinished(disk.as_ref(), &paths.journal())?;
    let (index, opened) = Index::open(Arc::clone(disk), &paths.index(), keys.keyring.index_key()?)?;
    let applied = projection::applied(&index);
    let wanted = [Some(keys.keyring.watermark), applied.map(|head| head.mark)];
    let wanted: BTreeSet<u64> = wanted.into_iter().flatten().map(|mark| mark.sequence).collect();
    let trusted = missing == Missing::Refuse && opened == Opened::AsItWas;
    let glanced = if trusted { glanced(disk.as_ref(), &files, &keys, applied)? } else { None };
    let mut changed = Changed::default();
    let found = match (glanced, applied) {
        (Some(found), Some(head)) => {
            changed = Changed::before(head);
            found
        }
        (None | Some(_), _) => scan(disk.as_ref(), &files, keys.keyring.start(), &keys, &wanted, &mut |met| {
            changed.note(met.key, met.kind, met.at.sequence);
            Ok(())
        })?,
    };
    let acknowledged_missing = match hold_to(&keys.keyring, applied, &found, paths) {
        Err(error) if missing == Missing::Refuse => return Err(error),
        Err(StoreError::AcknowledgedMissing { watermark, .. }) => Some(watermark),
        Err(StoreError::OtherHistory { sequence, .. }) => Some(sequence),
        Ok(()) | Err(_) => None,
    };
    found.accounted()?;
    let erasure_finished = erasure::finish(disk.as_ref(), &files, &mut keys, &found)?;
    let journal = Journal::open(Arc::clone(disk), &paths.journal(), found.tail.segment)?;
    if found.dropped_frames > 0 {
        journal.truncate(&found.tail)?;
    }
    // Before the index is written to: an index that is cut off while it is made was never closed.
    let closed = std::mem::take(&mut keys.keyring.closed);
    if closed {
        keys.keyring.save(disk.as_ref())?;
    }
    let catching = CatchUp { disk: disk.as_ref(), files: &files, keys: &keys, found: &found };
    let (index, head, index_state) = catching.run(index, opened, applied, closed)?;
    let restored = keys.keyring.restored == Some(found.tail.mark);
    if missing == Missing::Accept {
        keys.keyring.watermark = found.tail.mark;
        // They may know frames that this journal does not.
        keys.keyring.strike(|id| id.class == KeyClass::Column);
    }
    if missing == Missing::Accept || keys.keyring.restored.is_some() {
        keys.keyring.restored = None;
        keys.keyring.save(disk.as_ref())?;
    }
    let seed = keys.keyring.seed();
    let front = Front::over(index, head)?;
    let (disk, paths) = (Arc::clone(disk), paths.clone());
    let changed = RwLock::new(changed);
    let shared = Shared { disk, paths, keys: RwLock::new(keys), journal, front: RwLock::new(front), changed };
    let store = begin(shared, &found, seed, lock)?;
    let dropped_frames = found.dropped_frames;
    let report = OpenReport { dropped_frames, index: index_state, acknowledged_missing, restored, erasure_finished };
    Ok((store, report))
}

/// What a glance finds, if the store was closed in good order and the index stands where it was then.
fn glanced(
    disk: &dyn Disk,
    files: &[PathBuf],
    keys: &Keychain,
    applied: Option<Head>,
) -> Result<Option<Scan>, StoreError> {
    let keyring = &keys.keyring;
    let Some(head) = applied.filter(|head| head.mark == keyring.watermark) else { return Ok(None) };
    if !keyring.closed || keyring.restored.is_some() {
        return Ok(None);
    }
    Ok(glance(disk, files, keys)?.filter(|found| found.layout == head.layout))
}

/// Starts the commit thread.
fn begin(shared: Shared, found: &Scan, seed: Zeroizing<[u8; 32]>, lock: FolderLock) -> Result<Store, StoreError> {
    let shared = Arc::new(shared);
    let (queue, jobs) = sync_channel(QUEUE_JOBS_MAX);
    let writer = Writer::new(Arc::clone(&shared), found.tail, found.closed_bytes);
    let named = thread::Builder::new().name("sumac-journal".to_owned());
    let started = named.spawn(move || writer.run(&jobs));
    let writer = started.map_err(|error| StoreError::System { what: "thread", why: error.to_string() })?;
    let line = Line { queue: Some(queue), writer: Some(writer) };
    Ok(Store { shared, seed, line, lock })
}

/// The journal must reach everything that is known to have been acknowledged, and be the history that the
/// keyring knows. A frame that a compaction took out says no more which history it was of.
fn hold_to(keyring: &Keyring, applied: Option<Head>, found: &Scan, paths: &StorePaths) -> Result<(), StoreError> {
    let (dir, head) = (paths.dir.clone(), found.tail.mark.sequence);
    let Mark { sequence, hash } = keyring.watermark;
    // The index learns of a frame only after it is durable in the journal.
    let known = applied.map_or(sequence, |applied| applied.mark.sequence.max(sequence));
    #[cfg(feature = "planted-bugs")]
    if sumac_protocol::planted::is(sumac_protocol::planted::Bug::OpensOldJournals) {
        return Ok(());
    }
    if head < known {
        return Err(StoreError::AcknowledgedMissing { dir, head, watermark: known });
    }
    if found.marks.get(&sequence) != Some(&hash) && !found.tombs.contains(sequence) {
        return Err(StoreError::OtherHistory { dir, sequence });
    }
    // A journal that goes on behind the backup's end is not the restored one.
    if keyring.restored == Some(found.tail.mark) {
        return Err(StoreError::Restored { dir, head });
    }
    Ok(())
}

/// The folder, for this process alone.
pub(crate) fn take_lock(disk: &dyn Disk, paths: &StorePaths) -> Result<FolderLock, StoreError> {
    let taken = disk.lock(&paths.lock())?;
    taken.ok_or_else(|| StoreError::InUse { dir: paths.dir.clone() })
}
