//! Writing a generation: courses come in one after the other, chunks go out sealed.
//!
//! Nothing counts until [`Builder::finish`] has written the manifest, after the messages are on the disk. A
//! folder without one is what a power cut left, and is removed when its number is used again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use roaring::RoaringBitmap;
use sumac_protocol::digest::Digest;
use zeroize::Zeroizing;

use super::chunk::{self, CHUNK_ROWS, Which};
use super::column::{ColumnId, Width};
use super::encode::Cells;
use super::error::ColumnsError;
use super::layout::Layout;
use super::manifest::{ChunkEntry, Manifest};
use crate::store::disk::Disk;
use crate::store::seal::SealKey;

/// A generation in the making.
pub(crate) struct Builder {
    disk: Arc<dyn Disk>,
    /// Emptied at the start, so no message of an earlier attempt lies between those of this one.
    folder: PathBuf,
    /// Bound into every seal, so that a chunk of another generation does not open here.
    generation: u32,
    key: SealKey,
    layout: Arc<Layout>,
    /// How long each column's file is.
    lengths: BTreeMap<ColumnId, u64>,
    /// Holds only columns with a value in this chunk; the others have no message in it.
    filling: BTreeMap<ColumnId, Filling>,
    /// Whose courses are in the chunk that is being filled.
    owners: Vec<u32>,
    /// The owner of the last course before that chunk.
    owner_before: u32,
    /// Less than `CHUNK_ROWS` between calls.
    rows: usize,
    /// In the order of their rows; an index here is the chunk's number.
    chunks: Vec<ChunkEntry>,
    /// Scratch space for one sealed message, kept to save allocations.
    message: Vec<u8>,
}

/// One column of the chunk that is being filled. It may end before the last row; the rest is blank.
struct Filling {
    width: Width,
    /// Plain values, therefore wiped; only their sealed form reaches the disk.
    bytes: Zeroizing<Vec<u8>>,
}

impl Builder {
    /// Begins generation `number` in its folder under `root`; what was there is removed.
    pub(crate) fn begin(
        disk: Arc<dyn Disk>,
        root: &Path,
        number: u32,
        key: SealKey,
        layout: Arc<Layout>,
    ) -> Result<Self, ColumnsError> {
        let folder = folder_of(root, number);
        if disk.create_folder(root)? {
            disk.sync_folder(crate::store::disk::folder_of(root))?;
        }
        disk.remove_folder(&folder)?;
        disk.create_folder(&folder)?;
        disk.sync_folder(root)?;
        Ok(Self {
            disk,
            folder,
            generation: number,
            key,
            layout,
            lengths: BTreeMap::new(),
            filling: BTreeMap::new(),
            owners: Vec::new(),
            owner_before: 0,
            rows: 0,
            chunks: Vec::new(),
            message: Vec::new(),
        })
    }

    /// Adds a course of the patient in row `owner`. Courses of one patient come one after the other.
    pub(crate) fn push(&mut self, owner: u32, cells: &Cells) -> Result<(), ColumnsError> {
        for (column, value) in cells.iter() {
            let rows = self.rows;
            let filling = self.column(column)?;
            filling.width.put(value, filling.at(column, rows));
        }
        self.ended_rows(&[owner])
    }

    /// How many further rows fit the chunk that is being filled.
    pub(crate) fn room(&self) -> usize {
        CHUNK_ROWS - self.rows.min(CHUNK_ROWS)
    }

    /// Adds values of the next rows to one column as they lie in another generation's chunk of the same
    /// layout. At most [`Self::room`] of them; once every column has had its turn, [`Self::ended_rows`].
    pub(crate) fn extend(&mut self, column: ColumnId, values: &[u8]) -> Result<(), ColumnsError> {
        let rows = self.rows;
        self.column(column)?.at(column, rows).extend_from_slice(values);
        Ok(())
    }

    /// Says that the next rows are complete, and whose they are.
    pub(crate) fn ended_rows(&mut self, owners: &[u32]) -> Result<(), ColumnsError> {
        self.owners.extend_from_slice(owners);
        self.rows = self.rows.saturating_add(owners.len());
        if self.rows >= CHUNK_ROWS { self.flush() } else { Ok(()) }
    }

    /// Makes the generation durable: all messages, then the manifest.
    pub(crate) fn finish(
        mut self,
        dictionary: Digest,
        sequence: u64,
        apart: &RoaringBitmap,
    ) -> Result<(), ColumnsError> {
        self.flush()?;
        for column in self.lengths.keys() {
            self.disk.sync_file(&column_path(&self.folder, *column))?;
        }
        let manifest = Manifest::new(dictionary, sequence, apart, std::mem::take(&mut self.chunks));
        manifest.write(self.disk.as_ref(), &self.folder, self.generation, &self.key)
    }

    /// Fails where the layout lacks the column, which means that cells of another layout came in.
    fn column(&mut self, column: ColumnId) -> Result<&mut Filling, ColumnsError> {
        let (layout, generation) = (&self.layout, self.generation);
        match self.filling.entry(column) {
            std::collections::btree_map::Entry::Occupied(there) => Ok(there.into_mut()),
            std::collections::btree_map::Entry::Vacant(free) => {
                let why = "a column that the dictionary does not make";
                let width = layout.width(column);
                let width = width.ok_or(ColumnsError::Damaged { generation, chunk: None, why })?;
                let bytes = Zeroizing::new(Vec::with_capacity(CHUNK_ROWS * width.bytes()));
                Ok(free.insert(Filling { width, bytes }))
            }
        }
    }

    /// Does nothing without rows, so that a generation never ends in an empty chunk.
    fn flush(&mut self) -> Result<(), ColumnsError> {
        if self.rows == 0 {
            return Ok(());
        }
        let chunk = u32::try_from(self.chunks.len()).map_err(|_| ColumnsError::Full)?;
        let rows = u32::try_from(self.rows).map_err(|_| ColumnsError::Full)?;
        self.fill_owners()?;
        let mut columns = Vec::with_capacity(self.filling.len());
        for (column, filling) in &mut std::mem::take(&mut self.filling) {
            let which = Which { generation: self.generation, column: *column, chunk, rows, width: filling.width };
            self.message.clear();
            chunk::seal(&self.key, &which, filling.at(*column, self.rows), &mut self.message)?;
            columns.push((column.number_on_disk(), self.append(*column)?));
        }
        self.chunks.push(ChunkEntry { rows, columns });
        self.rows = 0;
        Ok(())
    }

    /// Writes the message at the end of a column's file and answers where it begins.
    fn append(&mut self, column: ColumnId) -> Result<u64, ColumnsError> {
        let path = column_path(&self.folder, column);
        if !self.lengths.contains_key(&column) {
            self.disk.write(&path, &[])?;
        }
        let length = self.lengths.entry(column).or_default();
        let offset = *length;
        self.disk.open(&path)?.write_at(offset, &self.message)?;
        *length = offset.saturating_add(u64::try_from(self.message.len()).unwrap_or(u64::MAX));
        Ok(offset)
    }

    /// Puts the owners of the chunk into a column: nothing while course n is patient n's only one, steps of a
    /// byte where they do, and whole rows elsewhere.
    fn fill_owners(&mut self) -> Result<(), ColumnsError> {
        let owners = std::mem::take(&mut self.owners);
        let first = u32::try_from(self.chunks.len().saturating_mul(CHUNK_ROWS)).map_err(|_| ColumnsError::Full)?;
        let straight = (first..).zip(&owners).all(|(row, owner)| row == *owner);
        let before = std::iter::once(self.owner_before).chain(owners.iter().copied());
        self.owner_before = owners.last().copied().unwrap_or_default();
        let step = |(before, owner): (u32, &u32)| u8::try_from(owner.checked_sub(before)?).ok();
        let steps: Option<Vec<u8>> = before.zip(&owners).map(step).collect();
        match steps {
            Some(_) if straight => Ok(()),
            Some(steps) => self.extend_from(ColumnId::OWNER_STEP, &steps),
            None => {
                let whole: Vec<u8> = owners.iter().flat_map(|owner| owner.to_le_bytes()).collect();
                self.extend_from(ColumnId::OWNER, &whole)
            }
        }
    }

    /// Begins at the chunk's first row, so the column must still be empty.
    fn extend_from(&mut self, column: ColumnId, values: &[u8]) -> Result<(), ColumnsError> {
        self.column(column)?.at(column, 0).extend_from_slice(values);
        Ok(())
    }
}

impl Filling {
    /// The bytes, made as long as `rows` rows.
    fn at(&mut self, column: ColumnId, rows: usize) -> &mut Vec<u8> {
        let length = rows.saturating_mul(self.width.bytes());
        if self.bytes.len() < length {
            self.bytes.resize(length, Layout::blank(column));
        }
        &mut self.bytes
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Builder(generation {}, {} whole chunks)", self.generation, self.chunks.len())
    }
}

/// The folder of a generation.
pub(crate) fn folder_of(root: &Path, number: u32) -> PathBuf {
    root.join(format!("{number:08}"))
}

/// The file with all messages of a column, which its number names.
pub(crate) fn column_path(folder: &Path, column: ColumnId) -> PathBuf {
    folder.join(format!("{:08x}", column.number_on_disk()))
}
