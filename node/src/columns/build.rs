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
use crate::store::StoreError;
use crate::store::disk::{Disk, DiskFile};
use crate::store::seal::SealKey;

/// A generation in the making.
pub(crate) struct Builder {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    generation: u32,
    key: SealKey,
    layout: Arc<Layout>,
    file: Arc<dyn DiskFile>,
    offset: u64,
    filling: BTreeMap<ColumnId, Filling>,
    rows: usize,
    chunks: Vec<ChunkEntry>,
    message: Vec<u8>,
}

/// One column of the chunk that is being filled. It may end before the last row; the rest is blank.
struct Filling {
    width: Width,
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
        let path = chunks_path(&folder);
        disk.write(&path, &[])?;
        let file = disk.open(&path)?;
        Ok(Self {
            disk,
            folder,
            generation: number,
            key,
            layout,
            file,
            offset: 0,
            filling: BTreeMap::new(),
            rows: 0,
            chunks: Vec::new(),
            message: Vec::new(),
        })
    }

    /// Adds a course of the patient in row `owner`. Courses of one patient come one after the other.
    pub(crate) fn push(&mut self, owner: u32, cells: &Cells) -> Result<(), ColumnsError> {
        self.put(ColumnId::OWNER, owner)?;
        for (column, value) in cells.iter() {
            self.put(column, value)?;
        }
        self.ended_rows(1)
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

    /// Says that the next `rows` rows are complete.
    pub(crate) fn ended_rows(&mut self, rows: usize) -> Result<(), ColumnsError> {
        self.rows = self.rows.saturating_add(rows);
        if self.rows >= CHUNK_ROWS { self.flush() } else { Ok(()) }
    }

    /// Makes the generation durable: all messages, then the manifest.
    pub(crate) fn finish(
        mut self,
        dictionary: Digest,
        journal: (u64, Digest),
        apart: &RoaringBitmap,
    ) -> Result<(), ColumnsError> {
        self.flush()?;
        self.file.sync()?;
        let manifest = Manifest::new(dictionary, journal, apart, std::mem::take(&mut self.chunks));
        manifest.write(self.disk.as_ref(), &self.folder, self.generation, &self.key)
    }

    fn put(&mut self, column: ColumnId, value: u32) -> Result<(), ColumnsError> {
        let rows = self.rows;
        let filling = self.column(column)?;
        filling.width.put(value, filling.at(column, rows));
        Ok(())
    }

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

    fn flush(&mut self) -> Result<(), ColumnsError> {
        if self.rows == 0 {
            return Ok(());
        }
        let full = StoreError::Full { what: "courses" };
        let chunk = u32::try_from(self.chunks.len()).map_err(|_| full.clone())?;
        let rows = u32::try_from(self.rows).map_err(|_| full)?;
        let mut entry = ChunkEntry { rows, columns: Vec::with_capacity(self.filling.len()) };
        for (column, filling) in &mut self.filling {
            let width = filling.width;
            let which = Which { generation: self.generation, column: *column, chunk, rows, width };
            self.message.clear();
            chunk::seal(&self.key, &which, filling.at(*column, self.rows), &mut self.message)?;
            self.file.write_at(self.offset, &self.message)?;
            entry.columns.push((column.number_on_disk(), self.offset));
            self.offset = self.offset.saturating_add(u64::try_from(self.message.len()).unwrap_or(u64::MAX));
        }
        self.filling.clear();
        self.chunks.push(entry);
        self.rows = 0;
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

/// The file with all messages of a generation.
pub(crate) fn chunks_path(folder: &Path) -> PathBuf {
    folder.join("chunks")
}
