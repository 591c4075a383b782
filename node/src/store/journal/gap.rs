//! A tombstone: what stands in the journal where frames were, so that the chain can still be checked.
//!
//! It keeps the first and the last number of a run of frames and the chain hash of the last, which is what
//! the next frame is bound to. It is valid only if later sealed entries list every one of its numbers, so
//! nobody without the journal's key can make one.
//!
//! | bytes | field (integers little-endian) |
//! |---|---|
//! | 0..4 | length of the whole tombstone; what follows its 64 bytes is zeros |
//! | 4..12 | the first sequence number |
//! | 12..20 | the last |
//! | 20..28 | the front of the chain hash |
//! | 28..29 | flags: 1 = the last frame was the last of its batch |
//! | 29..32 | `SJT` |
//! | 32..56 | the rest of the chain hash |
//! | 56..64 | the first bytes of the labelled SHA-256 of what precedes |

use super::frame::{ALIGN, BATCH_END, check_of};
use crate::store::bytes::Reader;

/// A run of frames that are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// In the file, in bytes; a multiple of [`ALIGN`].
    pub(crate) length: u32,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The chain hash of the last frame.
    pub(crate) hash: [u8; 32],
    /// Whether the last frame was the last of its batch.
    pub(crate) batch_end: bool,
}

impl Gap {
    /// Whether a tombstone stands at the front of `bytes`, by its mark.
    pub(crate) fn is_at(bytes: &[u8]) -> bool {
        bytes.get(29..32) == Some(FORMAT.as_slice())
    }

    /// Reads a tombstone from the front of `bytes`; an error is a short reason.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let (header, _) = bytes.split_first_chunk::<ALIGN>().ok_or("its header is cut short")?;
        let (fields, check) = header.split_at(ALIGN - 8);
        if check_of(fields) != check {
            return Err("its header has changed");
        }
        let gap = Self::fields(&mut Reader::new(fields)).ok_or("it is of a version that is not known here")?;
        let whole = usize::try_from(gap.length).map_err(|_| "its length is too large")?;
        let filling = bytes.get(ALIGN..whole).ok_or("it is cut short")?;
        if filling.iter().all(|byte| *byte == 0) { Ok(gap) } else { Err("something stands where frames were erased") }
    }

    fn fields(reader: &mut Reader<'_>) -> Option<Self> {
        let (length, first, last) = (reader.u32()?, reader.u64()?, reader.u64()?);
        let front: [u8; 8] = reader.array()?;
        let batch_end = match reader.u8()? {
            0 => false,
            BATCH_END => true,
            _ => return None,
        };
        if reader.array()? != *FORMAT {
            return None;
        }
        let rest: [u8; 24] = reader.array()?;
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(front.into_iter().chain(rest)) {
            *to = from;
        }
        let whole = usize::try_from(length).ok()?;
        let sound = whole.is_multiple_of(ALIGN) && whole >= ALIGN && first <= last;
        sound.then_some(Self { length, first, last, hash, batch_end })
    }

    /// Writes it, with its zeros.
    pub(crate) fn encode(&self, into: &mut Vec<u8>) {
        let from = into.len();
        into.extend_from_slice(&self.length.to_le_bytes());
        into.extend_from_slice(&self.first.to_le_bytes());
        into.extend_from_slice(&self.last.to_le_bytes());
        let (front, rest) = self.hash.split_at(8);
        into.extend_from_slice(front);
        into.push(if self.batch_end { BATCH_END } else { 0 });
        into.extend_from_slice(FORMAT);
        into.extend_from_slice(rest);
        let check = check_of(into.get(from..).unwrap_or_default());
        into.extend_from_slice(&check);
        let whole = usize::try_from(self.length).unwrap_or(ALIGN);
        into.resize(from.saturating_add(whole.max(ALIGN)), 0);
    }

    /// Whether it takes more room than it needs.
    pub(crate) fn has_room(&self) -> bool {
        self.length > SHORTEST
    }

    /// The same in as little room as it can take.
    pub(crate) fn without_room(&self) -> Self {
        Self { length: SHORTEST, ..*self }
    }

    /// This and the run right behind it as one.
    pub(crate) fn joined(&self, next: &Self) -> Option<Self> {
        let follows = self.last.checked_add(1) == Some(next.first);
        let length = self.length.checked_add(next.length).filter(|_| follows)?;
        Some(Self { length, first: self.first, ..*next })
    }
}

const FORMAT: &[u8; 3] = b"SJT";
/// Bytes of a tombstone without room behind it.
const SHORTEST: u32 = 64;

#[cfg(test)]
mod tests {
    use super::Gap;

    #[test]
    fn a_tombstone_reads_back_and_a_changed_byte_is_seen() {
        let gap = Gap {
            length: 256,
            first: 5,
            last: 9,
            hash: std::array::from_fn(|n| u8::try_from(n).unwrap()),
            batch_end: true,
        };
        let mut bytes = Vec::new();
        gap.encode(&mut bytes);
        assert_eq!((bytes.len(), Gap::is_at(&bytes), Gap::parse(&bytes)), (256, true, Ok(gap)));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x40;
            assert!(Gap::parse(&changed).is_err(), "byte {at}");
            assert!(Gap::parse(&bytes[..at]).is_err(), "cut to {at}");
        }
    }

    #[test]
    fn only_runs_that_follow_each_other_become_one() {
        let gap = |first, last| Gap { length: 64, first, last, hash: [1; 32], batch_end: false };
        let next = Gap { hash: [2; 32], batch_end: true, ..gap(4, 6) };
        assert_eq!(gap(1, 3).joined(&next), Some(Gap { length: 128, first: 1, ..next }));
        assert_eq!(gap(1, 2).joined(&next), None, "one is missing");
        assert_eq!(next.joined(&gap(1, 3)), None, "the other way round");
    }
}
