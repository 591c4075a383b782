//! A whole generation, open for reading.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use roaring::RoaringBitmap;
use sumac_protocol::digest::Digest;

use super::build::{column_path, folder_of};
use super::chunk::{CHUNK_ROWS, Opened, Which};
use super::column::{ColumnId, Width};
use super::error::ColumnsError;
use super::layout::Layout;
use super::manifest::{ChunkEntry, Manifest};
use super::rows::RowBits;
use crate::store::disk::{Disk, DiskFile};
use crate::store::seal::SealKey;

/// The sealed columns of all courses, as of one frame of the journal. Never changed: what comes later is laid
/// over it, or makes another generation.
pub(crate) struct Generation {
    number: u32,
    key: SealKey,
    layout: Arc<Layout>,
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    dictionary: Digest,
    sequence: u64,
    apart: RoaringBitmap,
    chunks: Vec<Chunk>,
    /// Columns that hold anything anywhere.
    present: BTreeSet<ColumnId>,
    /// The patient's row of each course; empty if course n is patient n's only one, for every n.
    owners: Vec<u32>,
    courses: usize,
    /// Whether any patient has more than one course.
    repeated: bool,
}

/// One chunk: how many rows, and where its columns are.
#[derive(Debug)]
struct Chunk {
    rows: u32,
    offsets: BTreeMap<ColumnId, u64>,
}

impl Generation {
    /// Opens generation `number` under `root`.
    ///
    /// # Errors
    /// [`ColumnsError::Damaged`] for whatever is not as it was written; each message is checked when it is
    /// opened, so damage that this does not see is found by whoever reads it.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        root: &Path,
        number: u32,
        key: SealKey,
        layout: Arc<Layout>,
    ) -> Result<Self, ColumnsError> {
        let damaged = |why| ColumnsError::Damaged { generation: number, chunk: None, why };
        let folder = folder_of(root, number);
        let manifest = Manifest::read(disk.as_ref(), &folder, number, &key)?;
        let apart = manifest.apart().ok_or_else(|| damaged("its manifest makes no sense"))?;
        let chunks: Vec<Chunk> = manifest.chunks.iter().map(Chunk::of).collect();
        let last = chunks.len().saturating_sub(1);
        let whole = |chunk: &Chunk| usize::try_from(chunk.rows).is_ok_and(|rows| rows == CHUNK_ROWS);
        if chunks.iter().take(last).any(|chunk| !whole(chunk)) {
            return Err(damaged("a chunk before the last is not whole"));
        }
        let present = chunks.iter().flat_map(|chunk| chunk.offsets.keys().copied()).collect();
        let mut generation = Self {
            number,
            key,
            layout,
            disk,
            folder,
            dictionary: manifest.dictionary,
            sequence: manifest.sequence,
            apart,
            chunks,
            present,
            owners: Vec::new(),
            courses: 0,
            repeated: false,
        };
        generation.courses = generation.chunk_rows().sum();
        generation.read_owners()?;
        Ok(generation)
    }

    /// Opens it once more from its files.
    pub(crate) fn reopen(&self, root: &Path) -> Result<Self, ColumnsError> {
        let (disk, layout) = (Arc::clone(&self.disk), Arc::clone(&self.layout));
        Self::open(disk, root, self.number, SealKey::from_bytes(self.key.expose()), layout)
    }

    /// The courses of these patients.
    pub(crate) fn courses_of<'a>(&self, patients: &'a RowBits) -> Cow<'a, RowBits> {
        if self.owners.is_empty() {
            return Cow::Borrowed(patients);
        }
        let mut courses = RowBits::default();
        for (course, owner) in (0_u32..).zip(&self.owners) {
            if patients.contains(*owner) {
                courses.insert(course);
            }
        }
        Cow::Owned(courses)
    }

    /// The patients who own any of these courses.
    pub(crate) fn patients_of(&self, courses: RowBits) -> RowBits {
        if self.owners.is_empty() {
            return courses;
        }
        let owner = |course: u32| self.owners.get(usize::try_from(course).ok()?).copied();
        courses.iter().filter_map(owner).collect()
    }

    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    /// The digest of the dictionary under which it was cut.
    pub(crate) const fn dictionary(&self) -> Digest {
        self.dictionary
    }

    pub(crate) const fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The last frame of the journal that it knows.
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Whose course is in a row.
    pub(crate) fn owner(&self, course: usize) -> Option<u32> {
        if self.owners.is_empty() { u32::try_from(course).ok() } else { self.owners.get(course).copied() }
    }

    /// Patients whose records are in no column: theirs must be read.
    pub(crate) const fn apart(&self) -> &RoaringBitmap {
        &self.apart
    }

    /// How many courses it holds.
    pub(crate) const fn courses(&self) -> usize {
        self.courses
    }

    /// The patient's row of each course; empty if course n is patient n's only one, for every n.
    pub(crate) fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// Whether any patient has more than one course.
    pub(crate) const fn repeated(&self) -> bool {
        self.repeated
    }

    /// Whether a column holds anything.
    pub(crate) fn has(&self, column: ColumnId) -> bool {
        self.present.contains(&column)
    }

    /// How many rows each chunk has, in order.
    pub(crate) fn chunk_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.chunks.iter().map(|chunk| usize::try_from(chunk.rows).unwrap_or_default())
    }

    /// The columns of a chunk that say anything of its courses, but whose they are, with their widths.
    pub(crate) fn columns_of(&self, chunk: usize) -> impl Iterator<Item = (ColumnId, Width)> + '_ {
        let columns = self.chunks.get(chunk).into_iter().flat_map(|chunk| chunk.offsets.keys());
        columns.filter(|column| !column.is_owner()).filter_map(|column| Some((*column, self.layout.width(*column)?)))
    }

    /// The file of a column; `None` if the column says nothing of any course.
    pub(crate) fn file(&self, column: ColumnId) -> Result<Option<Arc<dyn DiskFile>>, ColumnsError> {
        if !self.has(column) {
            return Ok(None);
        }
        let path = column_path(&self.folder, column);
        if !self.disk.exists(&path)? {
            return Err(ColumnsError::Damaged { generation: self.number, chunk: None, why: "a column is missing" });
        }
        Ok(Some(self.disk.open(&path)?))
    }

    /// Opens one column of a chunk from its file; false if it says nothing of any row there.
    pub(crate) fn read(
        &self,
        chunk: usize,
        column: ColumnId,
        file: Option<&dyn DiskFile>,
        into: &mut Opened,
    ) -> Result<bool, ColumnsError> {
        let (Some(there), Some(file)) = (self.chunks.get(chunk), file) else { return Ok(false) };
        let Some(offset) = there.offsets.get(&column) else { return Ok(false) };
        let Some(width) = self.layout.width(column) else { return Ok(false) };
        let number = u32::try_from(chunk).map_err(|_| ColumnsError::Full)?;
        let which = Which { generation: self.number, column, chunk: number, rows: there.rows, width };
        into.open(&self.key, &which, file, *offset)?;
        Ok(true)
    }

    fn read_owners(&mut self) -> Result<(), ColumnsError> {
        let (whole, steps) = (self.file(ColumnId::OWNER)?, self.file(ColumnId::OWNER_STEP)?);
        if whole.is_none() && steps.is_none() {
            return Ok(());
        }
        let mut opened = Opened::default();
        let mut owners: Vec<u32> = Vec::with_capacity(self.courses);
        for (chunk, rows) in self.chunk_rows().enumerate() {
            let mut last = owners.last().copied().unwrap_or_default();
            if self.read(chunk, ColumnId::OWNER, whole.as_deref(), &mut opened)? {
                let (values, _) = opened.values().as_chunks::<4>();
                owners.extend(values.iter().take(rows).map(|value| u32::from_le_bytes(*value)));
            } else if self.read(chunk, ColumnId::OWNER_STEP, steps.as_deref(), &mut opened)? {
                owners.extend(opened.values().iter().take(rows).map(|step| {
                    last = last.saturating_add(u32::from(*step));
                    last
                }));
            } else {
                let first = u32::try_from(owners.len()).map_err(|_| ColumnsError::Full)?;
                owners.extend((first..).take(rows));
            }
        }
        self.repeated = owners.iter().zip(owners.iter().skip(1)).any(|(one, next)| one == next);
        self.owners = owners;
        Ok(())
    }
}

impl Chunk {
    fn of(entry: &ChunkEntry) -> Self {
        let offsets = entry.columns.iter().map(|(number, offset)| (ColumnId::from_disk(*number), *offset));
        Self { rows: entry.rows, offsets: offsets.collect() }
    }
}

impl std::fmt::Debug for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Generation({}, {} courses)", self.number, self.courses)
    }
}
