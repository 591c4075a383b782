//! Rewriting a segment with tombstones where frames were. What the frames around them are bound to stays.

use std::path::{Path, PathBuf};

use super::gap::Gap;
use super::segment_header;
use super::walk::{Block, Segment};
use crate::store::disk::{self, Disk};
use crate::store::fault::{JournalError, StoreError};
use crate::store::ranges::Ranges;

/// How much room a tombstone takes. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// As much as what it stands for: no other frame moves.
    Kept,
    /// As little as it can: frames move, and the index must be made again.
    GivenBack,
}

/// The new bytes of a segment in which the frames of `gone` are tombstones; `None` if it stays as it is.
pub(crate) fn rewritten(file: &Path, bytes: &[u8], gone: &Ranges, room: Room) -> Result<Option<Vec<u8>>, StoreError> {
    let damaged = || changed(file);
    let segment = Segment::read(bytes).ok_or_else(damaged)?;
    let revision = match room {
        Room::Kept => segment.revision,
        Room::GivenBack => segment.revision.checked_add(1).ok_or(StoreError::Full { what: "rewritings" })?,
    };
    let header = segment_header(segment.number, revision, segment.start).ok_or_else(damaged)?;
    let mut building = Building { bytes: header, open: None, room };
    for block in segment.blocks() {
        let (_, block) = block.ok_or_else(damaged)?;
        match &block {
            Block::Frame(header, frame) if !gone.contains(header.sequence) => building.keep(frame),
            Block::Frame(..) | Block::Gap(_) => building.bury(block.buried()),
        }
    }
    let bytes_now = building.finished();
    let same = bytes_now.get(HEADER..) == bytes.get(HEADER..);
    Ok(if same { None } else { Some(bytes_now) })
}

/// The error of a segment that does not read as it did when the store was opened.
pub(crate) fn changed(file: &Path) -> StoreError {
    let why = "the segment has changed since it was read";
    JournalError::Damaged { file: file.to_owned(), sequence: 0, offset: 0, why }.into()
}

/// Rewrites those segments that hold any of `gone`, each durably in its place, and answers which.
pub(crate) fn bury(disk: &dyn Disk, files: &[PathBuf], gone: &Ranges) -> Result<Vec<u32>, StoreError> {
    let mut renewed = Vec::new();
    for (number, file) in (super::FIRST_SEGMENT..).zip(files) {
        if let Some(bytes) = rewritten(file, &disk.read(file)?, gone, Room::Kept)? {
            disk::replace(disk, file, &bytes)?;
            renewed.push(number);
        }
    }
    Ok(renewed)
}

/// Writes new, shorter files beside those segments that hold any of `gone`, durably, and answers which. Nothing
/// counts until they take the old ones' names.
pub(crate) fn squeeze(disk: &dyn Disk, files: &[PathBuf], gone: &Ranges) -> Result<Vec<u32>, StoreError> {
    let mut renewed = Vec::new();
    for (number, file) in (super::FIRST_SEGMENT..).zip(files) {
        if let Some(bytes) = rewritten(file, &disk.read(file)?, gone, Room::GivenBack)? {
            let beside = disk::beside(file);
            disk.write(&beside, &bytes)?;
            disk.sync_file(&beside)?;
            renewed.push(number);
        }
    }
    Ok(renewed)
}

struct Building {
    bytes: Vec<u8>,
    /// A tombstone that may still grow.
    open: Option<Gap>,
    room: Room,
}

impl Building {
    fn keep(&mut self, frame: &[u8]) {
        self.close();
        self.bytes.extend_from_slice(frame);
    }

    fn bury(&mut self, gap: Gap) {
        let joined = self.open.as_ref().and_then(|open| open.joined(&gap));
        if joined.is_none() {
            self.close();
        }
        self.open = Some(joined.unwrap_or(gap));
    }

    fn close(&mut self) {
        if let Some(gap) = self.open.take() {
            let gap = match self.room {
                Room::Kept => gap,
                Room::GivenBack => gap.without_room(),
            };
            gap.encode(&mut self.bytes);
        }
    }

    fn finished(mut self) -> Vec<u8> {
        self.close();
        self.bytes
    }
}

/// Bytes of a segment's header.
const HEADER: usize = 64;
