//! Room on the disk: what the store takes in while there is little, and how much of it the journal has.
//!
//! A disk that fills up in the middle of a write stops the store, for nobody can say what it holds then. So what can wait
//! is refused while there still is room: first records, then questions' books, last what patients say, so that a
//! withdrawal is the last thing that is turned away. What keeps a round that has begun consistent is never refused here.

use std::path::Path;

use super::disk::Disk;
use super::entry::Entry;
use super::fault::{DiskError, StoreError};
use super::opening::StorePaths;

/// Bytes that the store has, and could have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: what is there and what is left")]
pub struct Room {
    /// Bytes of the journal's files.
    pub journal_bytes: u64,
    /// Bytes free for this user where the store lies.
    pub free_bytes: u64,
}

impl Room {
    /// Bytes that must be free for records to be taken, and for new questions to be followed.
    pub const NEEDED: u64 = RECORDS;

    /// Whether there is room for records and new questions.
    #[must_use]
    pub const fn suffices(&self) -> bool {
        self.free_bytes >= Self::NEEDED
    }
}

/// Looks at the disk.
pub(super) fn look(disk: &dyn Disk, paths: &StorePaths) -> Result<Room, DiskError> {
    Ok(Room { journal_bytes: journal_bytes(&paths.journal())?, free_bytes: disk.free_bytes(&paths.dir)? })
}

/// Refuses a batch for which there is no room. Nothing was written then, and the store goes on.
pub(super) fn check(disk: &dyn Disk, paths: &StorePaths, entries: &[Entry], bytes: usize) -> Result<(), StoreError> {
    let reserve = entries.iter().map(reserve).max().unwrap_or(0);
    if reserve == 0 {
        return Ok(());
    }
    // The index takes up to as much again as the journal.
    let needed = reserve.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(2));
    let free = disk.free_bytes(&paths.dir)?;
    if free < needed { Err(StoreError::NoRoom { dir: paths.dir.clone(), free, needed }) } else { Ok(()) }
}

/// What must stay free beside an entry.
const fn reserve(entry: &Entry) -> u64 {
    match entry {
        Entry::Record { .. } | Entry::Audit { .. } => RECORDS,
        Entry::Enrolment { .. } | Entry::Query { .. } => BOOKS,
        Entry::Statement { .. } => STATEMENTS,
        Entry::Role { .. } => 0,
    }
}

fn journal_bytes(folder: &Path) -> Result<u64, DiskError> {
    let failed = |why: std::io::Error| DiskError::new("look at", folder, &why);
    let mut bytes = 0_u64;
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        // A file may go meanwhile, as when the journal is compacted.
        let length = entry.map_err(failed)?.metadata().map_or(0, |about| about.len());
        bytes = bytes.saturating_add(length);
    }
    Ok(bytes)
}

/// Free bytes below which no records come in: room for the index to be made anew, and for the rest.
const RECORDS: u64 = 64 << 20;
/// Below which nobody is selected or enrolled.
const BOOKS: u64 = 48 << 20;
/// Below which no statement is taken.
const STATEMENTS: u64 = 32 << 20;

#[cfg(test)]
mod tests {
    use super::{BOOKS, RECORDS, STATEMENTS, reserve};
    use crate::store::Entry;

    #[test]
    fn the_last_thing_that_is_turned_away_is_what_a_patient_says() {
        let pseudonym = || "P".to_owned();
        let kept = [
            Entry::Record { pseudonym: pseudonym(), body: Vec::new() },
            Entry::Query { id: [0; 32], body: Vec::new() },
            Entry::Statement { pseudonym: pseudonym(), body: Vec::new(), leaf: [0; 32] },
            Entry::Role { role: 1, id: [0; 32], body: None },
        ];
        let reserves: Vec<u64> = kept.iter().map(reserve).collect();
        assert_eq!(reserves, [RECORDS, BOOKS, STATEMENTS, 0]);
        assert!(reserves.is_sorted_by(|a, b| a > b));
    }
}
