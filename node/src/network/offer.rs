//! What is said of a long message before any of it is sent: its length, and a digest of each of its chunks.
//!
//! Each chunk is checked as it comes, so a peer cannot make this node keep bytes that it did not stand for, and what came
//! before a connection broke need not come again.

use sha2::{Digest as _, Sha256};

use super::frame::{CHUNK_BYTES, MESSAGE_BYTES_MAX, PUSHED_BYTES_MAX};

/// Names an offer: the digest of what it says.
pub(super) type OfferId = [u8; DIGEST_BYTES];

/// A message that its recipient may pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    length: usize,
    /// As many as the length takes.
    chunks: Vec<[u8; DIGEST_BYTES]>,
}

impl Offer {
    /// The longest offer's bytes on the wire.
    pub(super) const BYTES_MAX: usize = LENGTH_BYTES + MESSAGE_BYTES_MAX.div_ceil(CHUNK_BYTES) * DIGEST_BYTES;

    /// Of a message that is too long to be pushed.
    pub(super) fn of(message: &[u8]) -> Self {
        let chunks = message.chunks(CHUNK_BYTES).map(|chunk| Sha256::digest(chunk).into()).collect();
        Self { length: message.len(), chunks }
    }

    pub(super) fn id(&self) -> OfferId {
        Sha256::digest(self.to_bytes()).into()
    }

    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// How many chunks there are: at least two.
    pub(super) const fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// Whether these bytes are the chunk of this number.
    pub(super) fn is_chunk(&self, number: usize, bytes: &[u8]) -> bool {
        let whole = self.length.saturating_sub(number.saturating_mul(CHUNK_BYTES)).min(CHUNK_BYTES);
        bytes.len() == whole && self.chunks.get(number).is_some_and(|digest| *digest == Sha256::digest(bytes)[..])
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let length = u64::try_from(self.length).unwrap_or(u64::MAX).to_be_bytes();
        let mut bytes = length.to_vec();
        bytes.extend(self.chunks.iter().flatten());
        bytes
    }

    /// Nothing where the length is none of an offer, or the digests are not as many as it takes.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (length, digests) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
        let (chunks, rest) = digests.as_chunks::<DIGEST_BYTES>();
        let is_whole = rest.is_empty() && chunks.len() == length.div_ceil(CHUNK_BYTES);
        let is_long = length > PUSHED_BYTES_MAX && length <= MESSAGE_BYTES_MAX;
        (is_whole && is_long).then(|| Self { length, chunks: chunks.to_vec() })
    }
}

/// Which chunk of which offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkName {
    pub(super) offer: OfferId,
    /// From 0.
    pub(super) number: u32,
}

impl ChunkName {
    /// Its bytes on the wire.
    pub(super) const BYTES: usize = DIGEST_BYTES + 4;

    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.offer.as_slice(), &self.number.to_be_bytes()].concat()
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (offer, number) = bytes.split_first_chunk::<DIGEST_BYTES>()?;
        Some(Self { offer: *offer, number: u32::from_be_bytes(number.try_into().ok()?) })
    }

    /// The bytes that it names of a message.
    pub(super) fn of(self, message: &[u8]) -> Option<&[u8]> {
        message.chunks(CHUNK_BYTES).nth(usize::try_from(self.number).ok()?)
    }
}

const DIGEST_BYTES: usize = 32;
const LENGTH_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_back_and_holds_for_its_own_chunks_only() {
        let message: Vec<u8> = (0..=255).cycle().take(CHUNK_BYTES * 2 + 10).collect();
        let offer = Offer::of(&message);
        assert_eq!(Offer::parse(&offer.to_bytes()), Some(offer.clone()));
        assert_eq!((offer.chunks(), offer.length()), (3, message.len()));
        let chunk = |number| ChunkName { offer: offer.id(), number }.of(&message);
        for number in 0..3 {
            assert!(offer.is_chunk(usize::try_from(number).unwrap(), chunk(number).unwrap()));
        }
        assert_eq!(chunk(3), None, "there is no fourth");
        let last = chunk(2).unwrap();
        assert!(!offer.is_chunk(1, last), "another chunk's bytes");
        assert!(!offer.is_chunk(2, &last[..9]), "cut short");
        assert!(!offer.is_chunk(3, b""), "a chunk behind the last");
    }

    #[test]
    fn bytes_that_are_no_offer_are_none() {
        let good = Offer::of(&vec![1; PUSHED_BYTES_MAX + 1]).to_bytes();
        let with_length = |length: u64| [&length.to_be_bytes(), &good[8..]].concat();
        let cases = [
            ("nothing", vec![]),
            ("half a length", vec![0; 4]),
            ("a message that would be pushed", with_length(PUSHED_BYTES_MAX as u64)),
            ("more than its chunks hold", with_length(PUSHED_BYTES_MAX as u64 * 2 + 1)),
            ("no machine's length", with_length(u64::MAX)),
            ("a digest too few", good[..good.len() - 32].to_vec()),
            ("half a digest", good[..good.len() - 16].to_vec()),
        ];
        for (why, bytes) in cases {
            assert_eq!(Offer::parse(&bytes), None, "{why}");
        }
        let longest = Offer::of(&vec![0; MESSAGE_BYTES_MAX]).to_bytes();
        assert_eq!(longest.len(), Offer::BYTES_MAX);
        let too_long = Offer { length: MESSAGE_BYTES_MAX + 1, chunks: vec![[0; 32]; 129] };
        assert_eq!(Offer::parse(&too_long.to_bytes()), None, "longer than any message");
    }
}
