//! One frame: a 64-byte header, then ciphertext and tag, padded to a multiple of 64 bytes.
//!
//! | bytes | header field (integers little-endian) |
//! |---|---|
//! | 0..4 | length of the whole frame |
//! | 4..12 | sequence number, from 1 |
//! | 12..20 | the newest sequence number that was durable when this frame was written |
//! | 20..28 | key id |
//! | 28..29 | flags: 1 = the last frame of its batch; others are of later versions |
//! | 29..32 | `SJ2` |
//! | 32..56 | nonce |
//! | 56..64 | the first bytes of the labelled SHA-256 of what precedes |
//!
//! The check is no protection against a person, which the seal is: it lets a torn write be told from a
//! changed length. The seal binds the header and the labelled SHA-256 of the whole previous frame (a
//! Poly1305 tag would not do: who holds the key can make a second frame with the same tag).

use zeroize::Zeroizing;

use crate::store::bytes::Reader;
use crate::store::content::Kind;
use crate::store::fault::StoreError;
use crate::store::keyring::KeyId;
use crate::store::seal::{self, Label, NONCE_BYTES, SealKey, TAG_BYTES};

/// Frames and segment headers are multiples of this, so a lost disk sector shows as a run of zeros at least as long.
pub(crate) const ALIGN: usize = 64;
/// Bytes of a frame's header.
pub(crate) const HEADER_BYTES: usize = 64;

/// A frame's header, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Of the whole frame, in bytes; a multiple of [`ALIGN`], at least two of it.
    pub(crate) length: u32,
    pub(crate) sequence: u64,
    /// Everything up to here had been synced when this frame was written.
    pub(crate) durable: u64,
    pub(crate) key: KeyId,
    pub(crate) batch_end: bool,
    nonce: [u8; NONCE_BYTES],
}

impl Header {
    /// Reads a header from the front of `bytes`; an error is a short reason.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let (header, _) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or("its header is cut short")?;
        let (fields, check) = header.split_at(HEADER_BYTES - CHECK_BYTES);
        if check_of(fields) != check {
            return Err("its header has changed");
        }
        Self::fields(&mut Reader::new(fields)).ok_or("it is of a version that is not known here")
    }

    fn fields(reader: &mut Reader<'_>) -> Option<Self> {
        let (length, sequence, durable) = (reader.u32()?, reader.u64()?, reader.u64()?);
        let key = KeyId::from_bytes(reader.array()?)?;
        let batch_end = match reader.u8()? {
            0 => false,
            BATCH_END => true,
            _ => return None,
        };
        if reader.array()? != *FORMAT {
            return None;
        }
        let nonce = reader.array()?;
        let whole = usize::try_from(length).ok()?;
        let sound = whole.is_multiple_of(ALIGN) && whole >= 2 * ALIGN && durable < sequence;
        sound.then_some(Self { length, sequence, durable, key, batch_end, nonce })
    }

    fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&self.length.to_le_bytes());
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.durable.to_le_bytes());
        bytes.extend_from_slice(&self.key.to_bytes());
        bytes.push(if self.batch_end { BATCH_END } else { 0 });
        bytes.extend_from_slice(FORMAT);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&check_of(&bytes));
        let mut header = [0; HEADER_BYTES];
        for (to, from) in header.iter_mut().zip(bytes) {
            *to = from;
        }
        header
    }
}

/// Where a frame stands, before it is sealed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) sequence: u64,
    pub(crate) durable: u64,
    pub(crate) batch_end: bool,
    /// The chain hash of the frame before.
    pub(crate) previous: [u8; 32],
}

/// Seals one frame.
pub(crate) fn seal(place: &Place, id: KeyId, key: &SealKey, kind: Kind, body: &[u8]) -> Result<Vec<u8>, StoreError> {
    let whole =
        (HEADER_BYTES + crate::store::content::CONTENT_OVERHEAD_MAX + body.len() + TAG_BYTES).next_multiple_of(ALIGN);
    let too_large = StoreError::TooLarge { what: "a frame", got: whole, max: u32::MAX as usize };
    let header = Header {
        length: u32::try_from(whole).map_err(|_| too_large)?,
        sequence: place.sequence,
        durable: place.durable,
        key: id,
        batch_end: place.batch_end,
        nonce: seal::fresh_nonce()?,
    };
    let front = header.encode();
    let mut frame = Vec::with_capacity(whole);
    frame.extend_from_slice(&front);
    kind.encode(body, &mut frame);
    frame.resize(whole - TAG_BYTES, 0);
    let bound = seal::bound(Label::FrameSeal, &[&front, &place.previous]);
    let tag = match frame.split_at_mut_checked(HEADER_BYTES) {
        Some((_, plain)) => key.seal_in_place(&header.nonce, &bound, plain)?,
        None => return Err(StoreError::Full { what: "frames" }),
    };
    frame.extend_from_slice(&tag);
    Ok(frame)
}

/// Opens a whole frame whose header was parsed; `None` if the seal refuses.
pub(crate) fn open(header: &Header, frame: &[u8], previous: &[u8; 32], key: &SealKey) -> Option<Zeroizing<Vec<u8>>> {
    let (front, sealed) = frame.split_first_chunk::<HEADER_BYTES>()?;
    let bound = seal::bound(Label::FrameSeal, &[front, previous]);
    key.open(&header.nonce, &bound, sealed).ok()
}

/// What the next frame is bound to.
pub(crate) fn chain_hash(frame: &[u8]) -> [u8; 32] {
    seal::hash(Label::FrameChain, frame)
}

/// The check at the end of a header.
pub(crate) fn check_of(fields: &[u8]) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, e, f, g, h, ..] = seal::hash(Label::FrameHeader, fields);
    [a, b, c, d, e, f, g, h]
}

const CHECK_BYTES: usize = 8;
/// The flag of a batch's last frame.
pub(crate) const BATCH_END: u8 = 1;
const FORMAT: &[u8; 3] = b"SJ2";
const _: () = assert!(HEADER_BYTES == ALIGN);

#[cfg(test)]
mod tests {
    use super::{Header, Place, open, seal};
    use crate::store::content::Kind;
    use crate::store::keyring::{KeyClass, KeyId};
    use crate::store::seal::SealKey;

    #[test]
    fn a_frame_opens_only_whole_unchanged_and_after_its_own_predecessor() {
        let key = SealKey::from_bytes(&[1; 32]);
        let id = KeyId::new(KeyClass::Patient, 7);
        let place = Place { sequence: 5, durable: 3, batch_end: true, previous: [2; 32] };
        let frame = seal(&place, id, &key, Kind::Record, b"severe").unwrap();
        let header = Header::parse(&frame).unwrap();
        assert_eq!((header.sequence, header.durable, header.key), (5, 3, id));
        assert!(frame.len().is_multiple_of(64));
        let plain = open(&header, &frame, &[2; 32], &key).unwrap();
        assert_eq!(Kind::decode(&plain), Some((Kind::Record, b"severe".as_slice())));
        assert!(open(&header, &frame, &[3; 32], &key).is_none(), "another predecessor");
        for at in 0..frame.len() {
            let mut changed = frame.clone();
            changed[at] ^= 0x80;
            let opened = Header::parse(&changed).ok().and_then(|h| open(&h, &changed, &[2; 32], &key));
            assert!(opened.is_none(), "byte {at}");
            assert_eq!(Header::parse(&changed).is_err(), at < 64, "byte {at}");
        }
    }
}
