//! What a sealed entry that takes frames out of the journal says: which, and what is kept of them.

use super::bytes::Reader;
use super::content::Kind;
use super::ranges::Ranges;

/// The body of an erasure or a compaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listing<'b> {
    /// What the caller keeps of an erased patient; empty in a compaction.
    pub(crate) remains: &'b [u8],
    pub(crate) ranges: Ranges,
}

impl<'b> Listing<'b> {
    /// The bodies that list `ranges`, each short enough for a frame. There is at least one.
    pub(crate) fn encode(remains: &[u8], ranges: &Ranges) -> Vec<Vec<u8>> {
        let mut parts = ranges.encode_in_parts(LIST_BYTES_MAX);
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        let length = u32::try_from(remains.len()).unwrap_or(u32::MAX).to_le_bytes();
        parts.into_iter().map(|part| [length.as_slice(), remains, &part].concat()).collect()
    }

    /// Reads a body back; `None` for kinds that list nothing and for bodies that make no sense.
    pub(crate) fn decode(kind: Kind, body: &'b [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let length = usize::try_from(reader.u32()?).ok().filter(|_| kind.lists())?;
        let remains = reader.take(length)?;
        Some(Self { remains, ranges: Ranges::decode(reader.rest())? })
    }
}

/// Bytes after which a list goes on in another frame.
const LIST_BYTES_MAX: usize = 1024 * 1024;
const _: () = assert!(2 * LIST_BYTES_MAX < super::limits::BODY_BYTES_MAX);

#[cfg(test)]
mod tests {
    use super::Listing;
    use crate::store::content::Kind;
    use crate::store::ranges::Ranges;

    #[test]
    fn a_list_reads_back_with_what_remains() {
        let mut ranges = Ranges::default();
        ranges.add(3, 9);
        let erased = Kind::Erased { row: 1, rows: 2, statements: 3, cohort: 4 };
        let bodies = Listing::encode(b"salted hash", &ranges);
        let wanted = Listing { remains: b"salted hash", ranges: ranges.clone() };
        assert_eq!(Listing::decode(erased, &bodies[0]), Some(wanted));
        assert_eq!(Listing::decode(Kind::Record, &bodies[0]), None, "a kind that lists nothing");
        for short in 0..bodies[0].len() - 1 {
            let cut = Listing::decode(Kind::Compacted, &bodies[0][..short]);
            assert!(cut.is_none_or(|cut| cut.ranges != ranges), "cut to {short}");
        }
        let none = Listing::encode(b"", &Ranges::default());
        assert_eq!(Listing::decode(Kind::Compacted, &none[0]).unwrap().ranges, Ranges::default());
    }
}
