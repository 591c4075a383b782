//! Closing in good order: the index is on the disk as it is, and the keyring says so.
//!
//! sled goes on writing until its last thread has let go, and writes a snapshot when it is dropped. A power cut may
//! leave any of its sectors old, and it comes up all the same, with some of its values (seen). So an index is trusted
//! only if everything was synced after sled had let go, and that is written down in the keyring, last.

use std::path::Path;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use super::disk::Disk;
use super::fault::StoreError;
use super::view::Shared;

/// Lets go of the index, makes its files durable, and notes that it can be trusted. Nobody else uses the store.
pub(crate) fn close(shared: Shared) -> Result<(), StoreError> {
    let Shared { disk, keys, front, journal, .. } = shared;
    drop(journal);
    let front = front.into_inner().unwrap_or_else(PoisonError::into_inner);
    let folder = front.index.folder().to_owned();
    drop(front);
    if !is_let_go(disk.as_ref(), &folder)? {
        return Ok(());
    }
    for name in disk.names(&folder)?.iter().filter(|name| *name != SLED_FOLDER) {
        disk.sync_file(&folder.join(name))?;
    }
    disk.sync_folder(&folder)?;
    let mut keys = keys.into_inner().unwrap_or_else(PoisonError::into_inner);
    keys.keyring.closed = true;
    keys.keyring.save(disk.as_ref())
}

/// Waits until no thread of sled's holds its file any more.
fn is_let_go(disk: &dyn Disk, folder: &Path) -> Result<bool, StoreError> {
    for _ in 0..TRIES {
        if disk.lock(&folder.join("db"))?.is_some() {
            return Ok(true);
        }
        thread::park_timeout(PAUSE);
    }
    Ok(false)
}

/// Where sled would keep large values; it has none.
const SLED_FOLDER: &str = "blobs";
/// How often sled's file is tried, and the pause between: a second in all.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(5);
