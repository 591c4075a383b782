//! Reading the whole journal in order, at every opening: each frame's header, number, chain and seal.
//!
//! A frame whose key was destroyed is not opened, and where a tombstone stands there is no frame to open; both
//! keep the chain. Either is accepted only if a later sealed entry lists the number, which is settled at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::flaw::Flaw;
use super::frame::{self, HEADER_BYTES, Header};
use super::gap::Gap;
use super::{FIRST_SEGMENT, Location, SEGMENT_HEADER_BYTES, Tail, check_segment, open_frame};
use crate::store::content::Kind;
use crate::store::disk::Disk;
use crate::store::fault::{JournalError, StoreError};
use crate::store::keychain::Keychain;
use crate::store::keyring::{KeyId, Mark};
use crate::store::listing::Listing;
use crate::store::ranges::Ranges;

/// What the scan found.
#[derive(Debug)]
pub(crate) struct Scan {
    /// After the last whole batch.
    pub(crate) tail: Tail,
    /// Frames, whole or in part, that lie behind it and were never acknowledged.
    pub(crate) dropped_frames: u64,
    /// Chain hashes at the sequence numbers that were asked for, where the journal still has them.
    pub(crate) marks: BTreeMap<u64, [u8; 32]>,
    /// Everything that sealed entries list as gone, whether it still stands or not.
    pub(crate) gone: Ranges,
    /// What erasures list, and the erasures, oldest first.
    pub(crate) erased: Ranges,
    pub(crate) erasures: Vec<Erasure>,
    /// What tombstones stand for.
    pub(crate) tombs: Ranges,
    /// How often segments were rewritten so that frames moved, all together.
    pub(crate) layout: u64,
    /// Bytes of all segments but the last.
    pub(crate) closed_bytes: u64,
    /// The first frame that is not there, or has no key, without a sealed entry that accounts for it.
    unlisted: Option<JournalError>,
}

impl Scan {
    /// Whether sealed entries account for every frame that is not there.
    ///
    /// # Errors
    /// [`JournalError::Damaged`], with the first that none accounts for. A journal that lacks its end lacks the
    /// entries that account for what is before it, so look first whether it does.
    pub(crate) fn accounted(&self) -> Result<(), JournalError> {
        self.unlisted.clone().map_or(Ok(()), Err)
    }
}

/// One erasure that the journal tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Erasure {
    pub(crate) row: u32,
    /// The number of the first cohort key made after it was begun: those before are to be destroyed.
    pub(crate) cohort: u32,
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

/// Reads all segments, whose files are given in order; `each` sees every frame that opens, also those that
/// turn out to be dropped or listed as gone.
pub(crate) fn scan(
    disk: &dyn Disk,
    files: &[PathBuf],
    start: Mark,
    keys: &Keychain,
    wanted: &BTreeSet<u64>,
    each: &mut dyn FnMut(&Met<'_>) -> Result<(), StoreError>,
) -> Result<Scan, StoreError> {
    let mut walk = Walk::new(keys, wanted, each, start);
    for (number, file) in (FIRST_SEGMENT..).zip(files) {
        if !disk.exists(file)? {
            return Err(JournalError::SegmentMissing { file: file.clone() }.into());
        }
        let last = usize::try_from(number) == Ok(files.len());
        let bytes = disk.read(file)?;
        match walk.segment(number, &bytes) {
            Ok(()) if last || walk.loose == 0 => {}
            Ok(()) => return Err(damaged(file, walk.flaw(bytes.len(), "a batch is not complete"))),
            Err(Stop::Each(error)) => return Err(error),
            Err(Stop::Flaw(flaw)) if last && flaw.is_torn(&bytes) => {
                walk.loose = walk.loose.saturating_add(1);
            }
            Err(Stop::Flaw(flaw)) => return Err(damaged(file, flaw)),
        }
        if !last {
            walk.found.closed_bytes = walk.found.closed_bytes.saturating_add(length(&bytes));
        }
    }
    Ok(walk.settled(files))
}

/// Reads the last segment alone, which begins at `start`; `None` if it is not whole batches of frames that open, from
/// end to end.
pub(crate) fn scan_last(
    keys: &Keychain,
    wanted: &BTreeSet<u64>,
    start: Mark,
    (number, bytes): (u32, &[u8]),
) -> Option<Scan> {
    let mut each = |_: &Met<'_>| Ok(());
    let mut walk = Walk::new(keys, wanted, &mut each, start);
    let whole = walk.segment(number, bytes).is_ok() && walk.loose == 0 && walk.unopened.is_empty();
    // Whatever is wrong with it is named by a scan of all: here no files are needed.
    whole.then(|| walk.settled(&[]))
}

/// Adds to a flaw the file in which a person will look for it.
fn damaged(file: &std::path::Path, flaw: Flaw) -> StoreError {
    let Flaw { sequence, offset, why, .. } = flaw;
    JournalError::Damaged { file: file.to_owned(), sequence, offset, why }.into()
}

/// What the reading of all segments carries from frame to frame.
struct Walk<'a> {
    /// Decides whether a frame is opened or counted as shut.
    keys: &'a Keychain,
    /// Sequence numbers whose chain hashes are to be noted in `found.marks`.
    wanted: &'a BTreeSet<u64>,
    /// Called in the journal's order, once for each frame that opens; its error ends the walk.
    each: &'a mut dyn FnMut(&Met<'_>) -> Result<(), StoreError>,
    /// The newest whole frame.
    mark: Mark,
    /// Whole frames since the last whole batch.
    loose: u64,
    /// Frames that could not be opened because their key is no more.
    shut: Ranges,
    /// The segment and first number of each tombstone and shut frame, for naming those that nothing lists.
    unopened: Vec<(u32, Flaw)>,
    /// Lists of the batch that is being read: they count once it is whole.
    listing: Vec<(Kind, Ranges)>,
    /// Its tail is always behind a whole batch; loose frames after it are not part of it.
    found: Scan,
}

/// Why a segment was not read to its end.
enum Stop {
    /// The bytes are wrong; at the end of the last segment that may be a torn write and no damage.
    Flaw(Flaw),
    /// The callback failed, which says nothing about the journal and is passed on as it is.
    Each(StoreError),
}

/// One step along a segment.
struct Step {
    /// Bytes of the frame or tombstone, its header counted.
    length: usize,
    /// For a tombstone the last frame that it stands for.
    mark: Mark,
    /// Whether everything up to here is a whole batch, so that the tail may move behind it.
    batch_end: bool,
}

impl<'a> Walk<'a> {
    fn new(
        keys: &'a Keychain,
        wanted: &'a BTreeSet<u64>,
        each: &'a mut dyn FnMut(&Met<'_>) -> Result<(), StoreError>,
        start: Mark,
    ) -> Self {
        let found = Scan {
            tail: Tail { segment: FIRST_SEGMENT, offset: 0, mark: start },
            dropped_frames: 0,
            marks: BTreeMap::new(),
            gone: Ranges::default(),
            erased: Ranges::default(),
            erasures: Vec::new(),
            tombs: Ranges::default(),
            layout: 0,
            closed_bytes: 0,
            unlisted: None,
        };
        let (shut, unopened, listing) = (Ranges::default(), Vec::new(), Vec::new());
        let mut walk = Self { keys, wanted, each, mark: start, loose: 0, shut, unopened, listing, found };
        walk.note(start);
        walk
    }

    /// Reads one segment from header to end. The header must continue the chain at the newest mark.
    /// Lists and the tail move only at the end of a batch.
    fn segment(&mut self, number: u32, bytes: &[u8]) -> Result<(), Stop> {
        let headed = check_segment(bytes, number, &self.mark);
        let revision = headed.map_err(|why| Stop::Flaw(self.flaw(0, why)))?;
        self.found.layout = self.found.layout.saturating_add(u64::from(revision));
        self.found.tail = Tail { segment: number, offset: SEGMENT_HEADER_BYTES, mark: self.mark };
        let mut offset = HEADER_BYTES;
        while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
            let step =
                if Gap::is_at(rest) { self.gap(number, offset, rest)? } else { self.frame(number, offset, rest)? };
            offset = offset.saturating_add(step.length);
            self.mark = step.mark;
            self.loose = self.loose.saturating_add(1);
            if step.batch_end {
                self.loose = 0;
                self.found.tail = Tail { segment: number, offset: position(offset), mark: self.mark };
                self.take_lists();
            }
            self.note(self.mark);
        }
        Ok(())
    }

    /// Checks the tombstone at the front of `rest`.
    fn gap(&mut self, number: u32, offset: usize, rest: &[u8]) -> Result<Step, Stop> {
        let flaw = self.flaw(offset, "");
        let stop = |why| Stop::Flaw(Flaw { why, ..flaw });
        let gap = Gap::parse(rest).map_err(stop)?;
        if gap.first != flaw.sequence {
            return Err(stop("another frame is in its place"));
        }
        self.found.tombs.add(gap.first, gap.last);
        self.unopened.push((number, flaw));
        let length = usize::try_from(gap.length).map_err(|_| stop("its length is too large"))?;
        Ok(Step { length, mark: Mark { sequence: gap.last, hash: gap.hash }, batch_end: gap.batch_end })
    }

    /// Checks the frame at the front of `rest`.
    fn frame(&mut self, number: u32, offset: usize, rest: &[u8]) -> Result<Step, Stop> {
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
        let mark = Mark { sequence: header.sequence, hash: frame::chain_hash(frame) };
        if self.keys.has(header.key) {
            self.open(number, &header, frame, mark, flaw)?;
        } else {
            self.shut.add(header.sequence, header.sequence);
            self.unopened.push((number, flaw));
        }
        Ok(Step { length, mark, batch_end: header.batch_end })
    }

    /// Opens a frame whose key is there. A wrong seal, kind, key's class or list is a flaw.
    /// A list may name only frames before its own, so that no entry can account for itself.
    fn open(&mut self, number: u32, header: &Header, frame: &[u8], mark: Mark, flaw: Flaw) -> Result<(), Stop> {
        let stop = |why| Stop::Flaw(Flaw { why, ..flaw });
        let previous = self.mark.hash;
        let plain = open_frame(header, frame, &previous, self.keys).map_err(stop)?;
        let met = Kind::decode(&plain).filter(|(kind, _)| kind.suits(header.key));
        let (kind, body) = met.ok_or_else(|| stop("its contents make no sense"))?;
        if kind.lists() {
            let listing =
                Listing::decode(kind, body).filter(|list| list.ranges.last().is_none_or(|last| last < mark.sequence));
            let listing = listing.ok_or_else(|| stop("its list makes no sense"))?;
            self.listing.push((kind, listing.ranges));
        }
        let (length, sequence) = (header.length, mark.sequence);
        let at = Location { segment: number, offset: flaw.offset, length, sequence, previous };
        (self.each)(&Met { key: header.key, kind, body, at, hash: mark.hash }).map_err(Stop::Each)
    }

    /// The lists of a whole batch count from now on.
    fn take_lists(&mut self) {
        for (kind, ranges) in self.listing.drain(..) {
            self.found.gone.join(&ranges);
            if let Kind::Erased { row, cohort, .. } = kind {
                self.found.erased.join(&ranges);
                self.found.erasures.push(Erasure { row, cohort });
            }
        }
    }

    /// Every tombstone and every frame without a key must be listed.
    fn settled(mut self, files: &[PathBuf]) -> Scan {
        self.found.dropped_frames = self.loose;
        self.found.unlisted = self.unlisted(files);
        self.found
    }

    fn unlisted(&self, files: &[PathBuf]) -> Option<JournalError> {
        let first = |ranges: &Ranges| {
            let mut uncovered = ranges.iter().filter(|(first, last)| !self.found.gone.covers(*first, *last));
            uncovered.next().and_then(|(first, last)| (first..=last).find(|number| !self.found.gone.contains(*number)))
        };
        let number = [first(&self.found.tombs), first(&self.shut)].into_iter().flatten().min()?;
        let (segment, flaw) = self.unopened.iter().rfind(|(_, flaw)| flaw.sequence <= number).copied()?;
        let file = files.get(usize::try_from(segment.checked_sub(FIRST_SEGMENT)?).ok()?)?.clone();
        let lost = "it was taken out, and no sealed entry accounts for it";
        let why = if self.shut.contains(number) { "its key is missing" } else { lost };
        Some(JournalError::Damaged { file, sequence: number, offset: flaw.offset, why })
    }

    /// Keeps a hash only if it was asked for: keeping all would cost memory for each frame.
    fn note(&mut self, mark: Mark) {
        if self.wanted.contains(&mark.sequence) {
            self.found.marks.insert(mark.sequence, mark.hash);
        }
    }

    /// A flaw of the frame after the newest whole one, not cut short unless the caller says so.
    fn flaw(&self, offset: usize, why: &'static str) -> Flaw {
        Flaw { sequence: self.mark.sequence.saturating_add(1), offset: position(offset), why, cut: false }
    }
}

fn position(offset: usize) -> u64 {
    u64::try_from(offset).unwrap_or(u64::MAX)
}

fn length(bytes: &[u8]) -> u64 {
    position(bytes.len())
}
