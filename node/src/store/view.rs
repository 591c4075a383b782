//! What readers and the commit thread share, and how readers look at it: at one moment, as a whole.
//!
//! A reader holds the front for as long as it reads, so the commit thread changes what the front says, and moves
//! frames or destroys keys, only between readers. Locks are taken in the order front, keys.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use sumac_protocol::digest::Digest;
use sumac_protocol::ledger;
use sumac_protocol::ledger::tree::Nodes as _;
use sumac_protocol::octets::Octets;
use zeroize::Zeroizing;

use super::changed::Changed;
use super::content::Kind;
use super::disk::Disk;
use super::fault::StoreError;
use super::index::Index;
use super::journal::{Journal, Location};
use super::keychain::Keychain;
use super::opening::StorePaths;
use super::pointers::{Head, Listed, RowEntry};
use super::{Named, Stated, projection, tree};

/// What readers and the commit thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) paths: StorePaths,
    pub(crate) keys: RwLock<Keychain>,
    pub(crate) journal: Journal,
    pub(crate) front: RwLock<Front>,
    /// Changed while the front is held for writing.
    pub(crate) changed: RwLock<Changed>,
}

/// What readers go by.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    pub(crate) index: Arc<Index>,
    /// How far the index has come.
    pub(crate) head: Head,
    /// Rows of erased patients.
    pub(crate) erased: Arc<BTreeSet<u32>>,
}

impl Front {
    pub(crate) fn over(index: Arc<Index>, head: Head) -> Result<Self, StoreError> {
        let row = |listed: &Listed| u32::try_from(listed.order).ok();
        let erased = Arc::new(projection::erased(&index)?.iter().filter_map(row).collect());
        Ok(Self { index, head, erased })
    }
}

impl Shared {
    /// What readers go by now.
    pub(crate) fn front(&self) -> Front {
        self.front.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at all of it at one moment. To be dropped before another look is taken by the same thread.
    pub(crate) fn look(&self) -> View<'_> {
        let front = self.front.read().unwrap_or_else(PoisonError::into_inner);
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        View { shared: self, front, keys }
    }
}

/// The store at one moment; while it is held, nothing of it changes.
#[derive(Debug)]
pub(crate) struct View<'s> {
    shared: &'s Shared,
    front: RwLockReadGuard<'s, Front>,
    keys: RwLockReadGuard<'s, Keychain>,
}

impl View<'_> {
    pub(crate) fn index(&self) -> &Index {
        &self.front.index
    }

    pub(crate) fn head(&self) -> &Head {
        &self.front.head
    }

    pub(crate) fn row_entry(&self, row: u32) -> Result<Option<RowEntry>, StoreError> {
        projection::row_entry(self.index(), row)
    }

    /// Rows whose record changed after the frame with that number, ascending.
    pub(crate) fn records_since(&self, sequence: u64) -> Result<Vec<u32>, StoreError> {
        Ok(self.changed(sequence)?.records_since(sequence).collect())
    }

    /// Rows whose enrolment or statements changed after the frame with that number, ascending.
    pub(crate) fn consents_since(&self, sequence: u64) -> Result<Vec<u32>, StoreError> {
        Ok(self.changed(sequence)?.consents_since(sequence).collect())
    }

    /// What changed after a frame; looked up in the index first, where opening the store did not tell.
    pub(crate) fn changed(&self, sequence: u64) -> Result<RwLockReadGuard<'_, Changed>, StoreError> {
        let read = || self.shared.changed.read().unwrap_or_else(PoisonError::into_inner);
        let unknown = read().unknown(sequence);
        if let Some(rows) = unknown {
            let entries = projection::row_entries(self.index(), rows)?;
            self.shared.changed.write().unwrap_or_else(PoisonError::into_inner).look_up(entries);
        }
        Ok(read())
    }

    /// The body of a row's newest record.
    pub(crate) fn record(&self, row: u32) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let at = self.row_entry(row)?.and_then(|entry| entry.record);
        at.map(|at| self.body(&at, |kind| kind == Kind::Record)).transpose()
    }

    /// The body of a row's newest enrolment.
    pub(crate) fn enrolment(&self, row: u32) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let at = self.row_entry(row)?.and_then(|entry| entry.enrolment);
        at.map(|at| self.body(&at, |kind| kind == Kind::Enrolment)).transpose()
    }

    /// All statements of a row with their ledger positions, in the ledger's order.
    pub(crate) fn statements(&self, row: u32) -> Result<Vec<Stated>, StoreError> {
        let listed = projection::statements(self.index(), row)?;
        let promised = self.row_entry(row)?.map_or(0, |entry| entry.statements);
        if u32::try_from(listed.len()) != Ok(promised) {
            let why = "a statement is missing from a list".to_owned();
            return Err(self.index().failed(why).into());
        }
        let body = |listed: Listed| {
            let position = listed.order;
            let body = self.body(&listed.at, |kind| kind == Kind::Statement { position })?;
            Ok((position, body))
        };
        listed.into_iter().map(body).collect()
    }

    /// The number of leaves of the ledger and the root over them.
    pub(crate) fn ledger_head(&self) -> (u64, Digest) {
        (self.head().statements, self.head().root)
    }

    /// The root over the first `size` leaves, or `None` if there are not so many.
    pub(crate) fn ledger_root(&self, size: u64) -> Result<Option<Digest>, StoreError> {
        match size.cmp(&self.head().statements) {
            Ordering::Greater => Ok(None),
            Ordering::Equal => Ok(Some(self.head().root)),
            Ordering::Less => tree::root(self.index(), size).map(Some),
        }
    }

    /// The audit path of a leaf in the tree over the first `size` leaves.
    pub(crate) fn ledger_path(&self, position: u64, size: u64) -> Result<Option<Octets>, StoreError> {
        if size > self.head().statements {
            return Ok(None);
        }
        ledger::tree::inclusion(&mut tree::tiles(self.index()), position, size)
    }

    /// The proof that the tree over the first `new` leaves begins with the one over the first `old`.
    pub(crate) fn ledger_growth(&self, old: u64, new: u64) -> Result<Option<Octets>, StoreError> {
        if new > self.head().statements {
            return Ok(None);
        }
        ledger::tree::consistency(&mut tree::tiles(self.index()), old, new)
    }

    /// The hash of the leaf at a position, or `None` if there are not so many.
    pub(crate) fn ledger_leaf(&self, position: u64) -> Result<Option<Digest>, StoreError> {
        if position >= self.head().statements {
            return Ok(None);
        }
        tree::tiles(self.index()).node(0, position).map(Some)
    }

    /// What the frame at that place says.
    pub(crate) fn entry(&self, at: &Location) -> Result<(Kind, Zeroizing<Vec<u8>>), StoreError> {
        let plain = self.shared.journal.read(at, &self.keys)?;
        let entry = Kind::decode(&plain).map(|(kind, body)| (kind, Zeroizing::new(body.to_vec())));
        entry.ok_or_else(|| self.damaged(at, "its contents make no sense"))
    }

    /// The body of the frame at that place, which must be of a kind that is wanted there.
    pub(crate) fn body(&self, at: &Location, wanted: impl Fn(Kind) -> bool) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let (kind, body) = self.entry(at)?;
        if wanted(kind) { Ok(body) } else { Err(self.damaged(at, "another entry is in its place")) }
    }

    /// The bodies of a list's members, with their ids.
    pub(crate) fn named(
        &self,
        listed: Vec<Listed>,
        wanted: impl Fn(Kind, [u8; 32]) -> bool,
    ) -> Result<Vec<Named>, StoreError> {
        let body = |listed: Listed| Ok((listed.id, self.body(&listed.at, |kind| wanted(kind, listed.id))?));
        listed.into_iter().map(body).collect()
    }

    /// The error that names a frame's place.
    pub(crate) fn damaged(&self, at: &Location, why: &'static str) -> StoreError {
        self.shared.journal.damaged(at, why).into()
    }
}
