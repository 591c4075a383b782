//! The projection of one store: which generation is in use, and when another is made.
//!
//! A generation knows the journal up to one frame. Patients whose records changed since are the *delta*: their
//! records are read whole, in place of what the columns say of them. The delta is only a list of rows, and nobody's
//! values wait in memory. When it has grown past [`delta_max`], the next question first makes another generation.
//! The journal is the truth: a generation that is missing, damaged, of another dictionary or not in the keyring
//! any more (somebody was erased) is made again, from the open one where there is one, else from every record.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use roaring::RoaringBitmap;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::Digest;
use sumac_protocol::plan::{Plan, RawCells};
use sumac_protocol::record::Record;
use sumac_protocol::round::message::decode_stored;

use super::build::{Builder, folder_of};
use super::compile::compile;
use super::error::ColumnsError;
use super::generation::Generation;
use super::layout::Layout;
use super::renew::Renewal;
use super::rows::RowBits;
use super::scan;
use crate::store::disk::Disk;
use crate::store::seal::SealKey;
use crate::store::{ColumnGeneration, Row, Store, StoreError, View};

/// Rows whose records are read whole beside the columns, before another generation is made: so many, or one in
/// 64 if that is more. Few in unit tests, so that a handful of patients has columns.
pub(crate) const DELTA_ROWS_MIN: u64 = if cfg!(test) { 4 } else { 2_048 };

/// The projection of one store.
pub(crate) struct Projection {
    store: Arc<Store>,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    generation: Option<Arc<Generation>>,
    /// Whether the disk was looked at since this process began.
    looked: bool,
}

/// What the columns say for a question, and whose records must be read besides.
pub(crate) struct Answered {
    pub(crate) cells: RawCells,
    /// Rows of patients in the columns who have a course that the question asks about, ascending.
    pub(crate) asked_about: Vec<u32>,
}

impl Projection {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, current: Mutex::default() }
    }

    /// The generation to ask under this dictionary, made anew if need be; `None` while there are so few patients that
    /// their records are read as quickly.
    pub(crate) fn generation(
        &self,
        dictionary: &Dictionary,
        digest: Digest,
    ) -> Result<Option<Arc<Generation>>, ColumnsError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = self.store.columns_key();
        if !current.looked {
            current.looked = true;
            current.generation = self.found(dictionary, digest, in_use.as_ref());
        }
        let number = in_use.map(|(number, _)| number);
        let known = current.generation.as_ref().filter(|generation| generation.dictionary() == digest);
        let since = known.map_or(0, |generation| generation.sequence());
        let delta = u64::try_from(self.store.look().records_since(since)?.len()).unwrap_or(u64::MAX);
        let stale = known.is_none_or(|generation| number != Some(generation.number()));
        let courses = known.map_or(0, |generation| generation.courses());
        if delta <= delta_max(courses) && (!stale || known.is_none()) {
            return Ok(known.cloned());
        }
        let made = self.make(dictionary, digest, known)?;
        current.generation = Some(Arc::clone(&made));
        Ok(Some(made))
    }

    /// Lets go of a generation that turned out to be damaged; the next question makes another from every record.
    pub(crate) fn discard(&self) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.generation = None;
    }

    /// The generation on the disk, if it may be used.
    fn found(
        &self,
        dictionary: &Dictionary,
        digest: Digest,
        in_use: Option<&(u32, SealKey)>,
    ) -> Option<Arc<Generation>> {
        let (number, key) = in_use?;
        let (disk, root) = self.store.columns_place();
        let layout = Arc::new(Layout::of(dictionary));
        match Generation::open(disk, &root, *number, SealKey::from_bytes(key.expose()), layout) {
            Ok(generation) => Some(Arc::new(generation)).filter(|generation| generation.dictionary() == digest),
            Err(why) => {
                tracing::warn!(code = why.code(), %why, "the columns are made again from the journal");
                None
            }
        }
    }

    /// Makes another generation, puts it in use and removes all others.
    fn make(
        &self,
        dictionary: &Dictionary,
        digest: Digest,
        old: Option<&Arc<Generation>>,
    ) -> Result<Arc<Generation>, ColumnsError> {
        loop {
            let (sequence, changed) = {
                let view = self.store.look();
                (view.head().mark.sequence, view.records_since(old.map_or(0, |old| old.sequence()))?)
            };
            let (disk, root) = self.store.columns_place();
            let in_use = self.store.columns_key().map(|(number, _)| number);
            let number = next_number(disk.as_ref(), &root, in_use.max(old.map(|old| old.number())))?;
            let key = SealKey::fresh()?;
            let copy = || SealKey::from_bytes(key.expose());
            let layout = Arc::new(Layout::of(dictionary));
            let make = || {
                let mut builder = Builder::begin(Arc::clone(&disk), &root, number, copy(), Arc::clone(&layout))?;
                // What is read may be newer than `sequence`: then the row is in the next delta, too, and read again.
                let record = |row: u32| self.store.record(Row(row))?.map(|body| read(&body)).transpose();
                let renewal = Renewal::new(&mut builder, Arc::clone(&layout), record);
                let apart = renewal.run(old.map(AsRef::as_ref), &changed)?;
                builder.finish(digest, sequence, &apart)?;
                Generation::open(Arc::clone(&disk), &root, number, copy(), Arc::clone(&layout))
            };
            let made = make().inspect_err(|_| {
                // Half a generation is of no use, and would fill the disk that may be full.
                let _left = disk.remove_folder(&folder_of(&root, number));
            })?;
            if self.store.put_columns(ColumnGeneration { number, key: copy(), sequence })? {
                remove_all_but(disk.as_ref(), &root, number);
                return Ok(Arc::new(made));
            }
            // Somebody was erased while it was made: it must not stay, and is made without them.
            disk.remove_folder(&folder_of(&root, number))?;
        }
    }
}

impl Generation {
    /// Whose records must be read beside it: they changed since, or fit no column.
    pub(crate) fn beside(&self, view: &View<'_>) -> Result<RoaringBitmap, StoreError> {
        let changed: RoaringBitmap = view.records_since(self.sequence())?.into_iter().collect();
        Ok(changed | self.apart())
    }

    /// What the columns say of these patients; `None` if a part of the plan reads what is in no column.
    pub(crate) fn answer(
        &self,
        plan: &Plan,
        dictionary: &Dictionary,
        patients: &RowBits,
    ) -> Result<Option<Answered>, ColumnsError> {
        let Some(program) = compile(plan, dictionary, self) else { return Ok(None) };
        let found = scan::run(self, &program, plan, &self.courses_of(patients), None)?;
        let asked_about = self.patients_of(found.courses).iter().collect();
        Ok(Some(Answered { cells: found.cells, asked_about }))
    }

    /// Whether every part of a plan can be answered from columns.
    pub(crate) fn serves(&self, plan: &Plan, dictionary: &Dictionary) -> bool {
        compile(plan, dictionary, self).is_some()
    }
}

/// How many rows may be read beside the columns of so many courses.
pub(crate) fn delta_max(courses: usize) -> u64 {
    u64::try_from(courses / 64).unwrap_or(u64::MAX).max(DELTA_ROWS_MIN)
}

fn read(body: &[u8]) -> Result<Record, ColumnsError> {
    decode_stored(body).map_err(|_| ColumnsError::Record)
}

/// A number that no folder has, nor any generation that is `known` of.
fn next_number(disk: &dyn Disk, root: &Path, known: Option<u32>) -> Result<u32, ColumnsError> {
    let names = if disk.exists(root)? { disk.names(root)? } else { Vec::new() };
    let last = names.iter().filter_map(|name| name.parse().ok()).chain(known).max();
    last.unwrap_or(0).checked_add(1).ok_or(ColumnsError::Full)
}

/// Removes the folders of other generations. What stays is taken away the next time; nothing opens it.
fn remove_all_but(disk: &dyn Disk, root: &Path, number: u32) {
    let names = disk.names(root).unwrap_or_default();
    for other in names.iter().filter_map(|name| name.parse().ok()).filter(|other: &u32| *other != number) {
        if let Err(why) = disk.remove_folder(&folder_of(root, other)) {
            tracing::warn!(%why, "columns that are out of use stay on the disk");
        }
    }
}

impl std::fmt::Debug for Projection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Projection")
    }
}
