//! The sealed store of a node: a journal that is the truth, an index that can be rebuilt, and their keys.
//!
//! Everything a node must remember goes through [`Store::append`] as one atomic batch, which is durable when
//! the call returns. Everything on disk is sealed. What a thief of the folder sees is sizes, order, and
//! which frames lie under the same key; not who, not what. The store does not know what bodies mean.
//!
//! All calls block; share a store by `Arc` and call it from threads that may block.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use sumac_protocol::digest::Digest;
use sumac_protocol::octets::Octets;
use zeroize::Zeroizing;

use commit::{Job, Reply, Request};
use content::Kind;
use disk::{Disk, FolderLock, OsDisk};
use keyring::unlock::Cost;
use listing::Listing;
use opening::Missing;
use pointers::Listed;
use view::Shared;

mod backup;
mod backup_fault;
mod batch;
mod bytes;
mod catch_up;
mod changed;
mod closing;
mod columns;
mod commit;
mod compaction;
mod content;
mod creation;
pub(crate) mod disk;
mod entry;
mod erasure;
mod fault;
mod index;
mod journal;
mod keychain;
mod keyring;
pub mod limits;
mod listing;
mod note;
mod opening;
mod pointers;
mod projection;
mod ranges;
mod rearranging;
mod restoring;
mod room;
mod rotation;
pub(crate) mod seal;
mod tree;
mod view;

pub(crate) use columns::ColumnGeneration;
pub(crate) use view::View;

pub use backup::{BackupReport, Beside};
pub use backup_fault::BackupError;
pub use batch::Position;
pub use compaction::Compacted;
pub use entry::Entry;
pub use erasure::{Clear, Erasure};
#[expect(clippy::module_name_repetitions, reason = "imported alone, `Error` would not say whose")]
pub use fault::StoreError;
pub use fault::{DiskError, IndexError, JournalError, KeyringError};
pub use keyring::UnlockSecret;
pub use note::{NotOurNote, Note};
#[expect(clippy::module_name_repetitions, reason = "imported alone, `Paths` would not say whose")]
pub use opening::StorePaths;
pub use opening::{IndexState, OpenReport};
pub use restoring::{RestoreReport, files_beside, restore};
pub use room::Room;
pub use rotation::{UnlockChange, keyring_opens};

/// A patient's number in this store: counted from 0 in the order of arrival, never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub u32);

/// A body under the 32-byte id it was stored with.
pub type Named = ([u8; 32], Zeroizing<Vec<u8>>);

/// A consent statement's position in the ledger, counted from 0, and its body.
pub type Stated = (u64, Zeroizing<Vec<u8>>);

/// The row of an erased patient, and what was kept.
pub type Remains = (Row, Zeroizing<Vec<u8>>);

/// An open store. Dropping it without [`Store::close`] loses nothing.
pub struct Store {
    shared: Arc<Shared>,
    seed: Zeroizing<[u8; 32]>,
    line: Line,
    /// Dropped last, when no file is open any more.
    lock: FolderLock,
}

/// What is held of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "complete: what an erasure is asked about")]
pub struct Holds {
    /// Whether there is a record.
    pub record: bool,
    /// Statements of consent and withdrawal.
    pub statements: u64,
}

impl Store {
    /// Makes a store with fresh keys, sealed under `unlock`, for the node with this Ed25519 seed.
    ///
    /// Refuses to overwrite a store. On any error nothing is left behind.
    pub fn create(
        paths: &StorePaths,
        unlock: &UnlockSecret,
        identity_seed: Zeroizing<[u8; 32]>,
    ) -> Result<Self, StoreError> {
        creation::create(&operating_system(), paths, unlock, Cost::STANDARD, identity_seed)
    }

    /// Opens a store and checks every frame of its journal. If it was closed in good order, only those of the last
    /// segment: then the others are checked when they are read.
    ///
    /// Refuses a second opening, a damaged journal, and a journal that ends before what the keyring knows
    /// to have been acknowledged.
    pub fn open(paths: &StorePaths, unlock: &UnlockSecret) -> Result<(Self, OpenReport), StoreError> {
        opening::open(&operating_system(), paths, unlock, Missing::Refuse)
    }

    /// Opens a store that was restored from a backup, although acknowledged data is missing, and takes its
    /// head as the new watermark. The caller must then do what the protocol asks of a node that has forgotten.
    pub fn recover(paths: &StorePaths, unlock: &UnlockSecret) -> Result<(Self, OpenReport), StoreError> {
        opening::open(&operating_system(), paths, unlock, Missing::Accept)
    }

    /// The node's Ed25519 seed.
    #[must_use]
    pub fn identity_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.seed)
    }

    /// Appends one batch, all of it or nothing, and returns once it is durable.
    ///
    /// A record of a pseudonym that is new makes the patient's row and key, and so do an enrolment and a
    /// statement. A record that equals the newest one is left out and counted in [`Position::unchanged`].
    /// After [`StoreError::Stopped`], or any error but a refusal of the batch itself, it is unknown whether
    /// the batch was kept: opening again finds out.
    pub fn append(&self, entries: Vec<Entry>) -> Result<Position, StoreError> {
        let bytes = entry::weigh(&entries)?;
        room::check(self.shared.disk.as_ref(), &self.shared.paths, &entries, bytes)?;
        self.ask(|reply| Job::Append(Request { entries, bytes, reply }))
    }

    /// The row of a pseudonym, if it is known.
    pub fn row(&self, pseudonym: &str) -> Result<Option<Row>, StoreError> {
        Ok(projection::row(self.shared.look().index(), pseudonym)?.map(Row))
    }

    /// All rows, in the order of arrival, without those of erased patients.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let front = self.shared.front();
        (0..front.head.rows).filter(|row| !front.erased.contains(row)).map(Row).collect()
    }

    /// The rows of erased patients, with what was kept of each.
    pub fn erased(&self) -> Result<Vec<Remains>, StoreError> {
        let view = self.shared.look();
        let mut erased = Vec::new();
        for Listed { order, at, .. } in projection::erased(view.index())? {
            let (kind, body) = view.entry(&at)?;
            let listing = Listing::decode(kind, &body);
            let remains = listing.ok_or_else(|| view.damaged(&at, "its list makes no sense"))?.remains.to_vec();
            erased.push((Row(u32::try_from(order).unwrap_or(u32::MAX)), Zeroizing::new(remains)));
        }
        Ok(erased)
    }

    /// How many rows were ever given to patients: those who were erased count, because a row is never given again.
    #[must_use]
    pub fn rows_given(&self) -> u64 {
        self.shared.front().head.rows.into()
    }

    /// What is held of the patient in a row, without reading it.
    pub fn holds(&self, row: Row) -> Result<Holds, StoreError> {
        let entry = self.shared.look().row_entry(row.0)?;
        Ok(entry.map_or(Holds::default(), |entry| Holds {
            record: entry.record.is_some(),
            statements: entry.statements.into(),
        }))
    }

    /// The pseudonym of a row.
    pub fn pseudonym(&self, row: Row) -> Result<Option<Zeroizing<String>>, StoreError> {
        let view = self.shared.look();
        let Some(entry) = view.row_entry(row.0)? else {
            return Ok(None);
        };
        let body = view.body(&entry.patient, |kind| kind == Kind::Patient)?;
        match str::from_utf8(&body) {
            Ok(pseudonym) => Ok(Some(Zeroizing::new(pseudonym.to_owned()))),
            Err(_) => Err(view.damaged(&entry.patient, "a pseudonym is no text")),
        }
    }

    /// The body of a row's newest record.
    pub fn record(&self, row: Row) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.shared.look().record(row.0)
    }

    /// The body of a row's newest enrolment.
    pub fn enrolment(&self, row: Row) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.shared.look().enrolment(row.0)
    }

    /// All statements of a row with their ledger positions, in the ledger's order.
    pub fn statements(&self, row: Row) -> Result<Vec<Stated>, StoreError> {
        self.shared.look().statements(row.0)
    }

    /// The store at one moment. Writing waits while it is held, and its holder asks the store for nothing else.
    pub(crate) fn look(&self) -> View<'_> {
        self.shared.look()
    }

    /// The number of statements in the consent ledger: the position that the next one gets. An erased patient's
    /// positions are not given again.
    #[must_use]
    pub fn ledger_len(&self) -> u64 {
        self.shared.look().head().statements
    }

    /// The number of leaves of the ledger's Merkle tree (RFC 6962) and its root, at one moment. Leaves outlive the
    /// statements of erased patients.
    #[must_use]
    pub fn ledger_head(&self) -> (u64, Digest) {
        self.shared.look().ledger_head()
    }

    /// The root over the first `size` leaves, or `None` if there are not so many.
    pub fn ledger_root(&self, size: u64) -> Result<Option<Digest>, StoreError> {
        self.shared.look().ledger_root(size)
    }

    /// The audit path of a leaf in the tree over the first `size` leaves, or `None` if it is not in that tree.
    pub fn ledger_path(&self, position: u64, size: u64) -> Result<Option<Octets>, StoreError> {
        self.shared.look().ledger_path(position, size)
    }

    /// The proof that the tree over the first `new` leaves begins with the one over the first `old`, or `None` if
    /// there are not so many, or `old` is more than `new`.
    pub fn ledger_growth(&self, old: u64, new: u64) -> Result<Option<Octets>, StoreError> {
        self.shared.look().ledger_growth(old, new)
    }

    /// The newest entry of every query, in the order in which the queries first came.
    pub fn queries(&self) -> Result<Vec<Named>, StoreError> {
        let view = self.shared.look();
        view.named(projection::queries(view.index())?, Kind::is_query)
    }

    /// The newest entry of one query.
    pub fn query(&self, id: &[u8; 32]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let view = self.shared.look();
        let found = projection::query(view.index(), id)?;
        found.map(|listed| view.body(&listed.at, |kind| kind.is_query(*id))).transpose()
    }

    /// The states that a role holds, the longest unchanged first.
    pub fn role_states(&self, role: u8) -> Result<Vec<Named>, StoreError> {
        let view = self.shared.look();
        view.named(projection::roles(view.index(), role)?, |kind, id| kind == Kind::Role { role, id })
    }

    /// One state of a role, unless it was forgotten.
    pub fn role_state(&self, role: u8, id: &[u8; 32]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let view = self.shared.look();
        let found = projection::role(view.index(), role, id)?;
        let kind = Kind::Role { role, id: *id };
        found.map(|listed| view.body(&listed.at, |found| found == kind)).transpose()
    }

    /// Erases a patient: what the store knows of the row can be read by nobody any more, when this returns.
    ///
    /// The patient's key is destroyed, tombstones take the place of the frames under it, and queries' entries are
    /// sealed anew, changed by [`Erasure::clear`]. The row and the ledger's positions are never given again.
    /// Interrupted, it is undone or finished at the next opening. Whoever kept an older keyring and its unlock
    /// secret can still open an older copy of the folder. A row that was erased before is no error.
    pub fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        let front = self.shared.front();
        let Row(row) = erasure.row;
        if row >= front.head.rows {
            return Err(StoreError::NoSuchRow { row, rows: front.head.rows });
        }
        entry::weigh_remains(&erasure.remains)?;
        self.ask(|reply| Job::Erase(erasure, reply))
    }

    /// Rewrites the journal without what nothing points to any more, and makes the index anew. It happens by itself
    /// when more than half of the journal is such; writing waits meanwhile.
    pub fn compact(&self) -> Result<Compacted, StoreError> {
        self.ask(Job::Compact)
    }

    /// Seals the keyring under another unlock secret. From the return on, the old one opens no newer keyring.
    pub fn change_unlock(&self, change: UnlockChange) -> Result<(), StoreError> {
        self.ask(|reply| Job::ChangeUnlock(change, reply))
    }

    /// Replaces the keys of the pages of patient keys and of the index, and the keys under which queries, roles'
    /// states and the audit log are sealed from now on. Each patient's own key stays.
    pub fn renew_keys(&self) -> Result<(), StoreError> {
        self.ask(Job::RenewKeys)
    }

    /// Writes into the keyring how far the journal has come, durably: from now on nothing older opens.
    pub fn seal_watermark(&self) -> Result<(), StoreError> {
        self.ask(Job::Seal)
    }

    /// How much room the journal has and could have. It lists the journal's folder, which has a file for each 64 MiB.
    pub fn room(&self) -> Result<Room, StoreError> {
        Ok(room::look(self.shared.disk.as_ref(), &self.shared.paths)?)
    }

    /// The newest acknowledged frame: sequence number (0 if there is none) and chain hash.
    #[must_use]
    pub fn head(&self) -> (u64, [u8; 32]) {
        let mark = self.shared.look().head().mark;
        (mark.sequence, mark.hash)
    }

    /// Finishes what is queued, flushes the index, seals the watermark and lets go of the folder. Only after this
    /// is the index trusted at the next opening; otherwise it is made anew.
    pub fn close(self) -> Result<(), StoreError> {
        self.ask(Job::Settle)?;
        let Self { shared, line, lock, .. } = self;
        drop(line);
        let closed = Arc::into_inner(shared).map_or(Ok(()), closing::close);
        drop(lock);
        closed
    }

    fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        let ended = || StoreError::Stopped { why: "its commit thread has ended".to_owned() };
        let (reply, answer) = sync_channel(1);
        let queue = self.line.queue.as_ref().ok_or_else(ended)?;
        queue.send(job(reply)).map_err(|_| ended())?;
        answer.recv().map_err(|_| ended())?
    }
}

/// The way to the commit thread.
struct Line {
    queue: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Line {
    fn drop(&mut self) {
        // Without a sender the commit thread finishes what is queued and ends.
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            let _panicked = writer.join().is_err();
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.shared.front().head;
        write!(f, "Store({} frames, {} patients)", head.mark.sequence, head.rows)
    }
}

fn operating_system() -> Arc<dyn Disk> {
    Arc::new(OsDisk)
}

#[cfg(test)]
mod tests;
