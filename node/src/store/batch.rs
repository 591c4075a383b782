//! Turning callers' batches into sealed frames: one commit group, built in memory before it is written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::PoisonError;

use zeroize::Zeroizing;

use super::content::Kind;
use super::entry::Entry;
use super::fault::StoreError;
use super::journal::frame::{self, Place};
use super::journal::{self, Location, Tail};
use super::keyring::{KeyClass, KeyId, Mark};
use super::projection::Draft;
use super::view::Shared;

/// Where a batch came to lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The sequence number of the batch's last frame; the journal's head if all was unchanged.
    pub sequence: u64,
    /// The chain hash of that frame.
    pub hash: [u8; 32],
    /// Records that were not written, because the newest one is the same byte for byte.
    pub unchanged: usize,
    /// The ledger positions of the batch's statements, in their order.
    pub statements: Range<u64>,
}

/// A commit group in the making.
#[derive(Debug)]
pub(crate) struct Group<'s> {
    shared: &'s Shared,
    /// Changes to the index; other readers see none of them before the group is durable.
    pub(crate) draft: Draft,
    /// Where the group's first frame goes; it stays put while frames are added.
    pub(crate) start: Tail,
    /// Where the next frame goes: `start` moved past all frames sealed so far.
    pub(crate) tail: Tail,
    /// The sealed frames, to be written at `start`.
    pub(crate) frames: Vec<u8>,
}

/// One batch, decided but not sealed.
#[derive(Default)]
struct Decided<'e> {
    frames: Vec<(KeyId, Kind, &'e [u8])>,
    /// Patients that this batch brings.
    fresh: BTreeMap<&'e str, u32>,
    /// The newest record of each patient in this batch.
    records: BTreeMap<u32, &'e [u8]>,
    /// How many statements the batch adds, so that each gets a position after the ones before it.
    statements: u64,
    /// Their leaves, 32 bytes each, in the same order.
    leaves: Vec<u8>,
    /// Records left out because the patient's newest is the same byte for byte.
    unchanged: usize,
}

impl<'s> Group<'s> {
    pub(crate) fn new(shared: &'s Shared, start: Tail) -> Self {
        let front = shared.front();
        let draft = Draft::new(front.index, front.head);
        Self { shared, draft, start, tail: start, frames: Vec::new() }
    }

    /// Takes up one batch. Keys that it needs are durable when this returns; its frames are not.
    pub(crate) fn add(&mut self, entries: &[Entry]) -> Result<Position, StoreError> {
        let before = self.draft.head.statements;
        let mut decided = Decided::default();
        for entry in entries {
            self.decide(entry, &mut decided)?;
        }
        self.make_pages(&decided)?;
        let mut frames = Vec::with_capacity(decided.frames.len().saturating_add(1));
        if !decided.leaves.is_empty() {
            // Before their statements: whoever takes up a statement has its leaf.
            let leaves = decided.leaves.as_slice();
            frames.push((self.key(KeyClass::Journal)?, Kind::Leaves { first: before }, leaves));
        }
        frames.extend_from_slice(&decided.frames);
        self.add_frames(&frames)?;
        let Mark { sequence, hash } = self.tail.mark;
        let statements = before..self.draft.head.statements;
        Ok(Position { sequence, hash, unchanged: decided.unchanged, statements })
    }

    /// Takes up frames of the store's own as one batch.
    pub(crate) fn add_frames(&mut self, frames: &[(KeyId, Kind, &[u8])]) -> Result<(), StoreError> {
        let last = frames.len();
        for (nth, (key, kind, body)) in (1..).zip(frames) {
            self.seal(*key, *kind, body, nth == last)?;
        }
        Ok(())
    }

    /// Chooses key and kind of an entry's frame, or counts it as unchanged; nothing is sealed yet.
    /// Fails with [`StoreError::Full`] if rows or ledger positions have run out.
    fn decide<'e>(&self, entry: &'e Entry, decided: &mut Decided<'e>) -> Result<(), StoreError> {
        match entry {
            Entry::Record { pseudonym, body } => {
                let row = self.row(pseudonym, decided)?;
                if self.is_newest(row, body, decided)? {
                    decided.unchanged = decided.unchanged.saturating_add(1);
                } else {
                    decided.records.insert(row, body);
                    decided.push(KeyId::new(KeyClass::Patient, row), Kind::Record, body);
                }
            }
            Entry::Enrolment { pseudonym, body } => {
                let row = self.row(pseudonym, decided)?;
                decided.push(KeyId::new(KeyClass::Patient, row), Kind::Enrolment, body);
            }
            Entry::Statement { pseudonym, body, leaf } => {
                let row = self.row(pseudonym, decided)?;
                let position = self.draft.head.statements.checked_add(decided.statements);
                let position = position.ok_or(StoreError::Full { what: "statements" })?;
                decided.statements = decided.statements.saturating_add(1);
                decided.leaves.extend_from_slice(leaf);
                decided.push(KeyId::new(KeyClass::Patient, row), Kind::Statement { position }, body);
            }
            Entry::Query { id, body } => {
                decided.push(self.key(KeyClass::Cohort)?, Kind::Query { id: *id, first: 0 }, body);
            }
            Entry::Role { role, id, body } => {
                let (role, id) = (*role, *id);
                let kind = match body {
                    Some(_) => Kind::Role { role, id },
                    None => Kind::Forgotten { role, id },
                };
                decided.push(self.key(KeyClass::RoundState)?, kind, body.as_deref().unwrap_or_default());
            }
            Entry::Audit { body } => decided.push(self.key(KeyClass::Journal)?, Kind::Audit, body),
        }
        Ok(())
    }

    /// The patient's row; a new one, with its first frame, if the pseudonym is new.
    fn row<'e>(&self, pseudonym: &'e str, decided: &mut Decided<'e>) -> Result<u32, StoreError> {
        if let Some(row) = decided.fresh.get(pseudonym) {
            return Ok(*row);
        }
        if let Some(row) = self.draft.row(pseudonym)? {
            return Ok(row);
        }
        let full = StoreError::Full { what: "patients" };
        let beside = u32::try_from(decided.fresh.len()).map_err(|_| full.clone())?;
        let row = self.draft.head.rows.checked_add(beside).filter(|row| *row < u32::MAX).ok_or(full)?;
        decided.fresh.insert(pseudonym, row);
        decided.push(KeyId::new(KeyClass::Patient, row), Kind::Patient, pseudonym.as_bytes());
        Ok(row)
    }

    /// Looks in this batch first, then at what the draft points to: only the newest record counts.
    fn is_newest(&self, row: u32, body: &[u8], decided: &Decided<'_>) -> Result<bool, StoreError> {
        if let Some(newest) = decided.records.get(&row) {
            return Ok(*newest == body);
        }
        // A patient whom this batch brings has no other record.
        if row >= self.draft.head.rows {
            return Ok(false);
        }
        let Some(at) = self.draft.row_entry(row)?.and_then(|entry| entry.record) else {
            return Ok(false);
        };
        let plain = self.read(&at)?;
        let newest = Kind::decode(&plain).map(|(_, newest)| newest);
        Ok(newest == Some(body))
    }

    /// Reads a frame back, from this group if it is not written yet.
    fn read(&self, at: &Location) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let keys = self.shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        let inside = at.offset.checked_sub(self.start.offset).filter(|_| at.segment == self.start.segment);
        let Some(from) = inside.and_then(|from| usize::try_from(from).ok()) else {
            return self.shared.journal.read(at, &keys);
        };
        let rest = self.frames.get(from..).unwrap_or_default();
        let frame = usize::try_from(at.length).ok().and_then(|length| rest.get(..length));
        let opened = journal::open_at(frame.unwrap_or_default(), at, &keys);
        opened.map_err(|why| self.shared.journal.damaged(at, why).into())
    }

    /// The key of a class that seals from now on.
    pub(crate) fn key(&self, class: KeyClass) -> Result<KeyId, StoreError> {
        let keys = self.shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.keyring.current(class)
    }

    /// Makes the pages that new patients need; the keyring is replaced only if there is one.
    fn make_pages(&self, decided: &Decided<'_>) -> Result<(), StoreError> {
        if decided.fresh.is_empty() {
            return Ok(());
        }
        let mut keys = self.shared.keys.write().unwrap_or_else(PoisonError::into_inner);
        let mut made = false;
        for row in decided.fresh.values() {
            if let Some(page) = keys.page_wanted(*row) {
                keys.add_page(self.shared.disk.as_ref(), page)?;
                made = true;
            }
        }
        if made { keys.keyring.save(self.shared.disk.as_ref()) } else { Ok(()) }
    }

    fn seal(&mut self, id: KeyId, kind: Kind, body: &[u8], batch_end: bool) -> Result<(), StoreError> {
        let Mark { sequence, hash: previous } = self.tail.mark;
        let sequence = sequence.checked_add(1).ok_or(StoreError::Full { what: "frames" })?;
        let durable = self.start.mark.sequence;
        let kind = if let Kind::Query { id, .. } = kind {
            Kind::Query { id, first: self.draft.first_of_query(&id)?.unwrap_or(sequence) }
        } else {
            kind
        };
        let place = Place { sequence, durable, batch_end, previous };
        let keys = self.shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        let sealed = keys.with_key(id, |key| frame::seal(&place, id, key, kind, body));
        let frame = sealed.unwrap_or_else(|| Err(keys.keyring.lacks_a_key()))?;
        let length = u32::try_from(frame.len()).map_err(|_| StoreError::Full { what: "frames" })?;
        let Tail { segment, offset, .. } = self.tail;
        let hash = frame::chain_hash(&frame);
        let at = Location { segment, offset, length, sequence, previous };
        self.draft.take_up(id, kind, body, at, hash)?;
        self.frames.extend_from_slice(&frame);
        let offset = offset.saturating_add(u64::from(length));
        self.tail = Tail { segment, offset, mark: Mark { sequence, hash } };
        Ok(())
    }
}

impl<'e> Decided<'e> {
    fn push(&mut self, key: KeyId, kind: Kind, body: &'e [u8]) {
        self.frames.push((key, kind, body));
    }
}
