//! Reading the whole journal in order, at every opening: each frame's header, number, chain and seal.
//!
//! Only the last commit group may be incomplete, because a group is synced before the next is begun. So
//! an end that is cut off, or that lacks a sector which never reached the disk (it reads as zeros), was
//! never acknowledged and is dropped; every other flaw is damage and is named. Each header says how far
//! the journal was durable when it was written: a flaw that any later frame knows to have been durable is damage.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::frame::{self, ALIGN, HEADER_BYTES, Header};
use super::{FIRST_SEGMENT, Location, SEGMENT_HEADER_BYTES, Tail, check_segment, open_frame};
use super::{segment_numbers, segment_path};
use crate::store::content::Kind;
use crate::store::disk::Disk;
use crate::store::fault::{JournalError, StoreError};
use crate::store::keychain::Keychain;
use crate::store::keyring::{KeyId, Mark};

/// What the scan found.
#[derive(Debug)]
pub(crate) struct Scan {
    /// After the last whole batch.
    pub(crate) tail: Tail,
    /// Frames, whole or in part, that lie behind it and were never acknowledged.
    pub(crate) dropped_frames: u64,
    /// Chain hashes at the sequence numbers that were asked for, where the journal reaches them.
    pub(crate) marks: BTreeMap<u64, [u8; 32]>,
}

/// An opened frame, as a scan meets it.
#[derive(Debug)]
pub(crate) struct Met<'a> {
    pub(crate) key: KeyId,
    pub(crate) kind: Kind,
    pub(crate) body: &'a [u8],
    pub(crate) at: Location,
    /// The chain hash of this frame.
    pub(crate) hash: [u8; 32],
}

/// Reads all segments; `each` sees every frame, also those that turn out to be dropped.
pub(crate) fn scan(
    disk: &dyn Disk,
    folder: &Path,
    start: Mark,
    keys: &Keychain,
    wanted: &BTreeSet<u64>,
    each: &mut dyn FnMut(&Met<'_>) -> Result<(), StoreError>,
) -> Result<Scan, StoreError> {
    let last = segment_numbers(disk, folder)?;
    let tail = Tail { segment: FIRST_SEGMENT, offset: 0, mark: start };
    let mut walk = Walk { keys, wanted, each, mark: start, tail, loose: 0, marks: BTreeMap::new() };
    walk.note(start);
    for number in FIRST_SEGMENT..=last {
        let file = segment_path(folder, number);
        if !disk.exists(&file)? {
            return Err(JournalError::SegmentMissing { file }.into());
        }
        let bytes = disk.read(&file)?;
        let damaged = |flaw: Flaw| JournalError::Damaged {
            file: file.clone(),
            sequence: flaw.sequence,
            offset: flaw.offset,
            why: flaw.why,
        };
        match walk.segment(number, &bytes) {
            Ok(()) if number == last || walk.loose == 0 => {}
            Ok(()) => return Err(damaged(walk.flaw(bytes.len(), "a batch is not complete")).into()),
            Err(Stop::Each(error)) => return Err(error),
            Err(Stop::Flaw(flaw)) if number == last && flaw.is_torn(&bytes) => {
                walk.loose = walk.loose.saturating_add(1);
            }
            Err(Stop::Flaw(flaw)) => return Err(damaged(flaw).into()),
        }
    }
    Ok(Scan { tail: walk.tail, dropped_frames: walk.loose, marks: walk.marks })
}

struct Walk<'a> {
    keys: &'a Keychain,
    wanted: &'a BTreeSet<u64>,
    each: &'a mut dyn FnMut(&Met<'_>) -> Result<(), StoreError>,
    /// The newest whole frame.
    mark: Mark,
    /// After the last whole batch.
    tail: Tail,
    /// Whole frames since then.
    loose: u64,
    marks: BTreeMap<u64, [u8; 32]>,
}

/// The first thing in a segment that is not as it should be.
#[derive(Debug, Clone, Copy)]
struct Flaw {
    sequence: u64,
    offset: u64,
    why: &'static str,
    /// The file ends before the frame does.
    cut: bool,
}

enum Stop {
    Flaw(Flaw),
    Each(StoreError),
}

impl Walk<'_> {
    fn segment(&mut self, number: u32, bytes: &[u8]) -> Result<(), Stop> {
        let headed = check_segment(bytes, number, &self.mark);
        headed.map_err(|why| Stop::Flaw(self.flaw(0, why)))?;
        self.tail = Tail { segment: number, offset: SEGMENT_HEADER_BYTES, mark: self.mark };
        let mut offset = HEADER_BYTES;
        while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
            offset = offset.saturating_add(self.frame(number, offset, rest)?);
        }
        Ok(())
    }

    /// Checks the frame at the front of `rest` and answers its length.
    fn frame(&mut self, number: u32, offset: usize, rest: &[u8]) -> Result<usize, Stop> {
        let flaw = self.flaw(offset, "");
        let stop = |why, cut| Stop::Flaw(Flaw { why, cut, ..flaw });
        if rest.len() < HEADER_BYTES {
            return Err(stop("its header is cut short", true));
        }
        let header = Header::parse(rest).map_err(|why| stop(why, false))?;
        if header.sequence != flaw.sequence {
            return Err(stop("another frame is in its place", false));
        }
        let length = usize::try_from(header.length).map_err(|_| stop("its length is too large", false))?;
        let frame = rest.get(..length).ok_or_else(|| stop("it is cut short", true))?;
        let previous = self.mark.hash;
        let opened = open_frame(&header, frame, &previous, self.keys);
        let plain = opened.map_err(|why| stop(why, false))?;
        let met = Kind::decode(&plain).filter(|(kind, _)| kind.suits(header.key));
        let (kind, body) = met.ok_or_else(|| stop("its contents make no sense", false))?;
        let (sequence, hash) = (header.sequence, frame::chain_hash(frame));
        let at = Location { segment: number, offset: flaw.offset, length: header.length, sequence, previous };
        (self.each)(&Met { key: header.key, kind, body, at, hash }).map_err(Stop::Each)?;
        self.mark = Mark { sequence, hash };
        self.loose = self.loose.saturating_add(1);
        if header.batch_end {
            self.loose = 0;
            let end = flaw.offset.saturating_add(u64::from(header.length));
            self.tail = Tail { segment: number, offset: end, mark: self.mark };
        }
        self.note(self.mark);
        Ok(length)
    }

    fn note(&mut self, mark: Mark) {
        if self.wanted.contains(&mark.sequence) {
            self.marks.insert(mark.sequence, mark.hash);
        }
    }

    /// A flaw in the frame that would come next.
    fn flaw(&self, offset: usize, why: &'static str) -> Flaw {
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        Flaw { sequence: self.mark.sequence.saturating_add(1), offset, why, cut: false }
    }
}

impl Flaw {
    /// Whether this is the mark of a write that the power interrupted, and not damage.
    fn is_torn(self, bytes: &[u8]) -> bool {
        let from = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let Some(rest) = bytes.get(from..).filter(|_| self.offset >= SEGMENT_HEADER_BYTES) else {
            return false;
        };
        self.cut || (has_lost_sector(from, rest) && !self.was_durable(rest))
    }

    /// Whether a later frame says that this one had been synced.
    fn was_durable(self, rest: &[u8]) -> bool {
        let later = rest.chunks(ALIGN).filter_map(|chunk| Header::parse(chunk).ok());
        later.into_iter().any(|header| header.durable >= self.sequence)
    }
}

/// Whether any sector of the file, as far as it lies behind `from`, is all zeros.
fn has_lost_sector(from: usize, rest: &[u8]) -> bool {
    let first = SECTOR_BYTES - from % SECTOR_BYTES;
    let (head, sectors) = rest.split_at_checked(first).unwrap_or((rest, &[]));
    let zeros = |part: &[u8]| !part.is_empty() && part.iter().all(|byte| *byte == 0);
    zeros(head) || sectors.chunks(SECTOR_BYTES).any(zeros)
}

/// The smallest unit that a disk writes or does not.
const SECTOR_BYTES: usize = 512;
const _: () = assert!(SECTOR_BYTES.is_multiple_of(ALIGN));

#[cfg(test)]
mod tests {
    use super::has_lost_sector;

    #[test]
    fn a_lost_sector_is_a_whole_one_as_far_as_the_tail_reaches_into_it() {
        let cases = [
            (0, 512, 0..512, true, "a whole sector"),
            (0, 1024, 512..1024, true, "the second of two"),
            (448, 600, 0..64, true, "the end of a sector whose front is older"),
            (448, 600, 0..63, false, "not all of it"),
            (0, 576, 512..576, true, "the last, cut by the file's end"),
            (0, 1024, 256..768, false, "as long, but across two sectors"),
        ];
        for (from, length, zeros, torn, why) in cases {
            let mut rest = vec![1_u8; length];
            rest[zeros].fill(0);
            assert_eq!(has_lost_sector(from, &rest), torn, "{why}");
        }
    }
}
