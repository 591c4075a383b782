//! The journal: the truth of the store. Segments of sealed, chained frames, only ever appended to.
//!
//! A segment is a file `NNNNNNNN.seg`: a 64-byte header (magic, number, how often it was rewritten, first
//! sequence number, the chain hash before it, a check), then frames. A batch's frames follow each other, the
//! last marked `batch_end`, and never span segments. Numbers and chain run on across segments.
//!
//! A segment that nothing is appended to any more may be rewritten with tombstones where frames were, whole or
//! not at all, after the sealed entry that lists those frames is durable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use zeroize::Zeroizing;

use super::bytes::Reader;
use super::disk::{self, Disk, DiskFile};
use super::fault::{JournalError, StoreError};
use super::keychain::Keychain;
use super::keyring::Mark;
use super::seal::{self, Label};
use frame::Header;

pub(crate) mod flaw;
pub(crate) mod frame;
pub(crate) mod gap;
pub(crate) mod glance;
pub(crate) mod rewriting;
pub(crate) mod scan;
pub(crate) mod walk;

/// Where a frame lies, and what is needed to open it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) segment: u32,
    pub(crate) offset: u64,
    pub(crate) length: u32,
    pub(crate) sequence: u64,
    /// The chain hash of the frame before.
    pub(crate) previous: [u8; 32],
}

/// The end of the journal: where the next frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) segment: u32,
    pub(crate) offset: u64,
    pub(crate) mark: Mark,
}

/// The open segments. Reading needs no lock on writing.
#[derive(Debug)]
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    segments: RwLock<BTreeMap<u32, Arc<dyn DiskFile>>>,
}

impl Journal {
    /// Makes the folder's first segment. The folder is there and empty.
    pub(crate) fn create(disk: &dyn Disk, folder: &Path, start: Mark) -> Result<(), StoreError> {
        write_segment(disk, folder, FIRST_SEGMENT, start)
    }

    /// The segments' files in a folder, in order; there is no saying here whether each is there.
    pub(crate) fn files(disk: &dyn Disk, folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let missing = || JournalError::Missing { folder: folder.to_owned() };
        if !disk.exists(folder)? {
            return Err(missing().into());
        }
        let mut last = 0;
        for name in disk.names(folder)? {
            let number = name.strip_suffix(SEGMENT_SUFFIX).and_then(|number| number.parse::<u32>().ok());
            last = number.map_or(last, |number| number.max(last));
        }
        let files: Vec<PathBuf> = (FIRST_SEGMENT..=last).map(|number| segment_path(folder, number)).collect();
        if files.is_empty() { Err(missing().into()) } else { Ok(files) }
    }

    /// Opens the segments for reading and writing.
    pub(crate) fn open(disk: Arc<dyn Disk>, folder: &Path, last: u32) -> Result<Self, StoreError> {
        let mut segments = BTreeMap::new();
        for number in FIRST_SEGMENT..=last {
            segments.insert(number, disk.open(&segment_path(folder, number))?);
        }
        Ok(Self { disk, folder: folder.to_owned(), segments: RwLock::new(segments) })
    }

    /// Writes and syncs whole batches at the tail; durable when this returns.
    pub(crate) fn append(&self, tail: &Tail, frames: &[u8]) -> Result<(), StoreError> {
        let file = self.segment(tail.segment)?;
        file.write_at(tail.offset, frames)?;
        Ok(file.sync()?)
    }

    /// Begins the next segment, durably, and answers the tail in it.
    pub(crate) fn rotate(&self, tail: &Tail) -> Result<Tail, StoreError> {
        let number = tail.segment.checked_add(1).ok_or(StoreError::Full { what: "segments" })?;
        write_segment(self.disk.as_ref(), &self.folder, number, tail.mark)?;
        let file = self.disk.open(&segment_path(&self.folder, number))?;
        self.segments.write().unwrap_or_else(PoisonError::into_inner).insert(number, file);
        Ok(Tail { segment: number, offset: SEGMENT_HEADER_BYTES, mark: tail.mark })
    }

    /// Takes up files that were put in place of segments; who reads the old ones may finish.
    pub(crate) fn reopen(&self, numbers: impl IntoIterator<Item = u32>) -> Result<(), StoreError> {
        for number in numbers {
            let file = self.disk.open(&self.path(number))?;
            self.segments.write().unwrap_or_else(PoisonError::into_inner).insert(number, file);
        }
        Ok(())
    }

    /// The open files of all segments, in order. They stay as they are whatever takes their names.
    pub(crate) fn open_files(&self) -> Vec<(u32, Arc<dyn DiskFile>)> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.iter().map(|(number, file)| (*number, Arc::clone(file))).collect()
    }

    /// The file of a segment.
    pub(crate) fn path(&self, number: u32) -> PathBuf {
        segment_path(&self.folder, number)
    }

    /// The folder of all segments.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Cuts what was never acknowledged off the end, durably.
    pub(crate) fn truncate(&self, tail: &Tail) -> Result<(), StoreError> {
        Ok(self.segment(tail.segment)?.truncate(tail.offset)?)
    }

    /// Reads and opens one frame.
    pub(crate) fn read(&self, at: &Location, keys: &Keychain) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let damaged = |why| self.damaged(at, why);
        let length = usize::try_from(at.length).map_err(|_| damaged("its length is too large"))?;
        let frame = self.segment(at.segment)?.read_at(at.offset, length)?;
        open_at(&frame, at, keys).map_err(|why| damaged(why).into())
    }

    /// The error that names a frame's place.
    pub(crate) fn damaged(&self, at: &Location, why: &'static str) -> JournalError {
        let file = segment_path(&self.folder, at.segment);
        JournalError::Damaged { file, sequence: at.sequence, offset: at.offset, why }
    }

    fn segment(&self, number: u32) -> Result<Arc<dyn DiskFile>, JournalError> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let found = segments.get(&number).map(Arc::clone);
        found.ok_or_else(|| JournalError::SegmentMissing { file: segment_path(&self.folder, number) })
    }
}

/// Opens a frame that must be the one at `at`; an error is a short reason.
pub(crate) fn open_at(frame: &[u8], at: &Location, keys: &Keychain) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let header = Header::parse(frame)?;
    if header.sequence != at.sequence || header.length != at.length {
        return Err("another frame is in its place");
    }
    open_frame(&header, frame, &at.previous, keys)
}

/// Opens a frame whose header was read; an error is a short reason.
pub(crate) fn open_frame(
    header: &Header,
    frame: &[u8],
    previous: &[u8; 32],
    keys: &Keychain,
) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let opened = keys.with_key(header.key, |key| frame::open(header, frame, previous, key));
    opened.ok_or("its key is missing")?.ok_or("its seal does not open")
}

/// The name of a segment's file.
pub(crate) fn segment_name(number: u32) -> String {
    format!("{number:08}{SEGMENT_SUFFIX}")
}

fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(segment_name(number))
}

/// A new segment is durable, header and name, before any frame goes into it.
fn write_segment(disk: &dyn Disk, folder: &Path, number: u32, start: Mark) -> Result<(), StoreError> {
    let header = segment_header(number, 0, start).ok_or(StoreError::Full { what: "frames" })?;
    Ok(disk::replace(disk, &segment_path(folder, number), &header)?)
}

fn segment_header(number: u32, revision: u32, start: Mark) -> Option<Vec<u8>> {
    let mut header = SEGMENT_MAGIC.to_vec();
    header.extend_from_slice(&number.to_le_bytes());
    header.extend_from_slice(&revision.to_le_bytes());
    header.extend_from_slice(&start.sequence.checked_add(1)?.to_le_bytes());
    header.extend_from_slice(&start.hash);
    header.extend_from_slice(&segment_check(&header));
    Some(header)
}

/// Checks a segment's header against the chain so far and answers its revision; an error is a short reason.
fn check_segment(bytes: &[u8], number: u32, before: &Mark) -> Result<u32, &'static str> {
    let (fields, check) = bytes.split_at_checked(SEGMENT_FIELDS).ok_or("the segment is cut short")?;
    if !check.starts_with(&segment_check(fields)) {
        return Err("the segment's header has changed");
    }
    let mut reader = Reader::new(fields);
    if reader.array() != Some(*SEGMENT_MAGIC) {
        return Err("the segment is of a version that is not known here");
    }
    let found = reader.u32();
    let revision = reader.u32().ok_or("the segment is cut short")?;
    if found != Some(number) || reader.u64() != before.sequence.checked_add(1) {
        return Err("another segment is in its place");
    }
    if reader.array() == Some(before.hash) { Ok(revision) } else { Err("it does not follow from what is before it") }
}

fn segment_check(fields: &[u8]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = seal::hash(Label::SegmentHeader, fields);
    [a, b, c, d, e, f, g, h]
}

/// The number of the first segment.
pub(crate) const FIRST_SEGMENT: u32 = 1;
/// Bytes of a segment's header.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 64;
const SEGMENT_FIELDS: usize = 56;
const SEGMENT_MAGIC: &[u8; 8] = b"SUMACJ3\n";
const SEGMENT_SUFFIX: &str = ".seg";
