//! Erasing a patient so that nobody can read what was kept, with any copy of the folder and today's keyring.
//!
//! 1. Everything so far lies in closed segments; a new cohort key is in the keyring.
//! 2. One batch is appended: the queries' entries without the patient, under the new cohort key, and the sealed
//!    list of all frames that go. From here on the erasure is finished, whatever happens; before, it never was.
//! 3. Segments are rewritten, each in its place: tombstones stand where those frames were.
//! 4. The patient's page is written anew without the key, under a new page key; the keyring is replaced by one with
//!    that page key and without the old cohort keys and the columns' keys; the old page is deleted.
//! 5. The index is made anew under a new key, at most once a day. Until then the old one's key stays: it opens where
//!    in the journal the patient's frames lay, and answers whether a pseudonym was known.
//!
//! What stays of the patient: the row's number, how long the consent ledger was, what others were charged, what the
//! caller wanted kept, and that somebody was erased.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use zeroize::Zeroizing;

use super::batch::Group;
use super::commit::Writer;
use super::content::Kind;
use super::disk::Disk;
use super::entry;
use super::fault::StoreError;
use super::journal::rewriting;
use super::journal::scan::Scan;
use super::journal::walk::{Block, Segment};
use super::keychain::Keychain;
use super::keyring::{KeyClass, KeyId};
use super::limits::PAGE_ROWS;
use super::listing::Listing;
use super::ranges::Ranges;
use super::view::{Front, Shared};
use super::{Row, projection};

/// Changes a query's body so that it no longer names the patient: `None` if it never did, an error with the reason
/// if the body cannot be read.
pub type Clear = Box<dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, String> + Send>;

/// What is to be erased, and what is to be kept.
pub struct Erasure {
    /// The patient's row.
    pub row: Row,
    /// What is kept for good, sealed, and answered by [`Store::erased`]: a salted hash of the patient's key, say.
    ///
    /// [`Store::erased`]: super::Store::erased
    pub remains: Vec<u8>,
    /// Takes the patient out of a query's body.
    pub clear: Clear,
}

impl Erasure {
    /// Of a patient whom no query's body names, keeping nothing.
    #[must_use]
    pub fn of(row: Row) -> Self {
        Self { row, remains: Vec::new(), clear: Box::new(|_| Ok(None)) }
    }
}

impl fmt::Debug for Erasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Erasure({:?}, {} bytes remain)", self.row, self.remains.len())
    }
}

impl Writer {
    /// Erases a patient; see above. A refusal of `clear` changes nothing.
    pub(crate) fn erase(&mut self, erasure: &Erasure) -> Result<(), StoreError> {
        if self.shared.front().erased.contains(&erasure.row.0) {
            return Ok(());
        }
        let cleared = cleared_queries(&self.shared, erasure)?;
        // A tombstone seals what was there: it must be what was written.
        self.check_journal()?;
        self.unless_stopped(|writer| writer.carry_out(erasure, &cleared))
    }

    fn carry_out(&mut self, erasure: &Erasure, cleared: &[Cleared]) -> Result<(), StoreError> {
        self.begin_segment()?;
        let shared = Arc::clone(&self.shared);
        let (disk, Row(row)) = (shared.disk.as_ref(), erasure.row);
        let files: Vec<PathBuf> = shared.closed_segments(self.tail.segment);
        let gone = doomed(disk, &files, row)?;
        let cohort = {
            let mut keys = shared.keys.write().unwrap_or_else(PoisonError::into_inner);
            let cohort = keys.keyring.renew(KeyClass::Cohort)?;
            keys.keyring.save(disk)?;
            cohort
        };
        self.write_down(erasure, cleared, &gone, cohort)?;
        shared.journal.reopen(rewriting::bury(disk, &files, &gone)?)?;
        {
            let mut keys = shared.keys.write().unwrap_or_else(PoisonError::into_inner);
            keys.keyring.watermark = self.tail.mark;
            destroy(disk, &mut keys, &[row], cohort)?;
        }
        self.renew_index_if_due()
    }

    /// The batch that decides.
    fn write_down(
        &mut self,
        erasure: &Erasure,
        cleared: &[Cleared],
        gone: &Ranges,
        cohort: u32,
    ) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let head = shared.front().head;
        let mut group = Group::new(&shared, self.tail);
        let kind = Kind::Erased { row: erasure.row.0, rows: head.rows, statements: head.statements, cohort };
        let lists = Listing::encode(&erasure.remains, gone);
        let (cohort, journal) = (group.key(KeyClass::Cohort)?, group.key(KeyClass::Journal)?);
        let queries = cleared.iter().map(|(id, body)| (cohort, Kind::Query { id: *id, first: 0 }, body.as_slice()));
        let lists = lists.iter().map(|list| (journal, kind, list.as_slice()));
        group.add_frames(&queries.chain(lists).collect::<Vec<_>>())?;
        self.take_over(group)?;
        let mut front = shared.front.write().unwrap_or_else(PoisonError::into_inner);
        *front = Front::over(Arc::clone(&front.index), front.head)?;
        Ok(())
    }
}

/// Finishes what an interruption left of erasures that were written down; whether there was anything to do.
pub(crate) fn finish(
    disk: &dyn Disk,
    files: &[PathBuf],
    keys: &mut Keychain,
    found: &Scan,
) -> Result<bool, StoreError> {
    let standing = found.erased.iter().any(|(first, last)| !found.tombs.covers(first, last));
    if standing {
        let closed = files.split_last().map_or(files, |(_, closed)| closed);
        rewriting::bury(disk, closed, &found.erased)?;
    }
    let rows: Vec<u32> =
        found.erasures.iter().map(|erasure| erasure.row).filter(|row| keys.has(patient(*row))).collect();
    let cohort = found.erasures.iter().map(|erasure| erasure.cohort).max().unwrap_or_default();
    let old_cohorts = keys.keyring.of(KeyClass::Cohort).any(|(id, _)| id.number < cohort);
    if !rows.is_empty() || old_cohorts {
        destroy(disk, keys, &rows, cohort)?;
    }
    Ok(standing || !rows.is_empty() || old_cohorts)
}

/// Destroys the patients' keys, the cohort keys before `cohort`, and the columns' keys, in one replacement of the
/// keyring.
fn destroy(disk: &dyn Disk, keys: &mut Keychain, rows: &[u32], cohort: u32) -> Result<(), StoreError> {
    let mut pages: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in rows {
        pages.entry(row / PAGE_ROWS).or_default().push(*row);
    }
    let successors = pages.iter().map(|(page, rows)| keys.prepare(disk, *page, rows));
    let successors = successors.collect::<Result<Vec<_>, _>>()?;
    keys.keyring.strike(|id| id.class == KeyClass::Column || (id.class == KeyClass::Cohort && id.number < cohort));
    keys.keyring.index_key.due = true;
    keys.replace(disk, successors)
}

/// The numbers of all frames that go with a patient: under the patient's key, and under any cohort key.
fn doomed(disk: &dyn Disk, files: &[PathBuf], row: u32) -> Result<Ranges, StoreError> {
    let mut gone = Ranges::default();
    for file in files {
        let bytes = disk.read(file)?;
        let segment = Segment::read(&bytes).ok_or_else(|| rewriting::changed(file))?;
        for block in segment.blocks() {
            if let (_, Block::Frame(header, _)) = block.ok_or_else(|| rewriting::changed(file))?
                && (header.key == patient(row) || header.key.class == KeyClass::Cohort)
            {
                gone.add(header.sequence, header.sequence);
            }
        }
    }
    Ok(gone)
}

/// A query's id, and its body without the patient.
type Cleared = ([u8; 32], Zeroizing<Vec<u8>>);

fn cleared_queries(shared: &Shared, erasure: &Erasure) -> Result<Vec<Cleared>, StoreError> {
    let view = shared.look();
    let queries = view.named(projection::queries(view.index())?, Kind::is_query)?;
    let clear = |(id, body): Cleared| {
        let cleared = (erasure.clear)(&body).map_err(|why| StoreError::NotCleared { why })?;
        let body = cleared.map_or(body, Zeroizing::new);
        entry::weigh_cleared(&body)?;
        Ok((id, body))
    };
    queries.into_iter().map(clear).collect()
}

fn patient(row: u32) -> KeyId {
    KeyId::new(KeyClass::Patient, row)
}
