//! Telling a write that the power interrupted from damage.
//!
//! Only the last commit group may be incomplete, because a group is synced before the next is begun. So
//! an end that is cut off, or that lacks a sector which never reached the disk (it reads as zeros), was
//! never acknowledged and is dropped; every other flaw is damage and is named. Each header says how far
//! the journal was durable when it was written: a flaw that any later frame knows to have been durable is damage.

use super::SEGMENT_HEADER_BYTES;
use super::frame::{ALIGN, Header};

/// The first thing in a segment that is not as it should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flaw {
    pub(crate) sequence: u64,
    pub(crate) offset: u64,
    pub(crate) why: &'static str,
    /// The file ends before the frame does.
    pub(crate) cut: bool,
}

impl Flaw {
    /// Whether this is the mark of a write that the power interrupted, and not damage.
    pub(crate) fn is_torn(self, bytes: &[u8]) -> bool {
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
