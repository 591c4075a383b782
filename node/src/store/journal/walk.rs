//! Going along the bytes of a segment that was scanned before, from block to block.

use super::frame::{self, Header};
use super::gap::Gap;
use super::{SEGMENT_HEADER_BYTES, segment_header};
use crate::store::bytes::Reader;
use crate::store::keyring::Mark;

/// What stands at one place of a segment.
#[derive(Debug)]
pub(crate) enum Block<'s> {
    /// A frame, with its header and its bytes.
    Frame(Header, &'s [u8]),
    Gap(Gap),
}

impl Block<'_> {
    /// The tombstone that takes this block's place, as long as the block.
    pub(crate) fn buried(&self) -> Gap {
        match self {
            Self::Gap(gap) => *gap,
            Self::Frame(header, frame) => Gap {
                length: header.length,
                first: header.sequence,
                last: header.sequence,
                hash: frame::chain_hash(frame),
                batch_end: header.batch_end,
            },
        }
    }
}

/// A segment's bytes: its header's fields, and its blocks.
#[derive(Debug)]
pub(crate) struct Segment<'s> {
    pub(crate) number: u32,
    pub(crate) revision: u32,
    /// The chain before it.
    pub(crate) start: Mark,
    blocks: &'s [u8],
}

impl<'s> Segment<'s> {
    /// Reads the header; `None` if this is no segment.
    pub(crate) fn read(bytes: &'s [u8]) -> Option<Self> {
        let header = usize::try_from(SEGMENT_HEADER_BYTES).ok()?;
        let (fields, blocks) = bytes.split_at_checked(header)?;
        let mut reader = Reader::new(fields);
        let _magic: [u8; 8] = reader.array()?;
        let (number, revision) = (reader.u32()?, reader.u32()?);
        let start = Mark { sequence: reader.u64()?.checked_sub(1)?, hash: reader.array()? };
        (segment_header(number, revision, start)? == fields).then_some(Self { number, revision, start, blocks })
    }

    /// All blocks in order with their offsets in the file; `None` in place of the first that makes no sense.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Option<(u64, Block<'s>)>> + use<'s> {
        let mut rest = self.blocks;
        let mut offset = SEGMENT_HEADER_BYTES;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let found = block(rest);
            let (length, block) = match found {
                Some((length, block)) => (length, Some((offset, block))),
                None => (rest.len(), None),
            };
            rest = rest.get(length..).unwrap_or_default();
            offset = offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            Some(block)
        })
    }
}

fn block(rest: &[u8]) -> Option<(usize, Block<'_>)> {
    if Gap::is_at(rest) {
        let gap = Gap::parse(rest).ok()?;
        return Some((usize::try_from(gap.length).ok()?, Block::Gap(gap)));
    }
    let header = Header::parse(rest).ok()?;
    let length = usize::try_from(header.length).ok()?;
    Some((length, Block::Frame(header, rest.get(..length)?)))
}
