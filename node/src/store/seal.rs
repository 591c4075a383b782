//! Keys, sealing, and the hashes and names made from keys.
//!
//! Sealing is XChaCha20-Poly1305 with a random 24-byte nonce. Names and derived keys are HMAC-SHA256
//! and chain hashes SHA-256, each begun with a label of one closed list.

use std::fmt;

use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::fault::StoreError;

/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 24;
/// Bytes of an authentication tag.
pub(crate) const TAG_BYTES: usize = 16;

/// A 32-byte symmetric key. Not `Clone`, never printed, wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub(crate) struct SealKey([u8; 32]);

/// The message does not belong to this key and this associated data, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotOurs;

impl SealKey {
    /// A key from the operating system's generator.
    pub(crate) fn fresh() -> Result<Self, StoreError> {
        let mut key = Self([0; 32]);
        fill_random(&mut key.0)?;
        Ok(key)
    }

    /// The caller's copy is not wiped here.
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(*bytes)
    }

    /// The one way out: for writing the key into a sealed file.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one purpose, made from this one.
    pub(crate) fn derive(&self, label: Label, parts: &[&[u8]]) -> Self {
        let mut derived = self.name(label, parts);
        let key = Self(derived);
        derived.zeroize();
        key
    }

    /// HMAC-SHA256 over the label and the parts, each part led by its length.
    pub(crate) fn name(&self, label: Label, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC pads keys shorter than its 64-byte block with zeros: this is the same function.
        let mut block = Zeroizing::new([0_u8; 64]);
        for (to, from) in block.iter_mut().zip(self.0) {
            *to = from;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        mac.update(label.bytes());
        for part in parts {
            mac.update(&length(part));
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Seals `buffer` where it lies.
    pub(crate) fn seal_in_place(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], StoreError> {
        let cipher = XChaCha20Poly1305::new((&self.0).into());
        match cipher.encrypt_inout_detached(nonce.into(), bound, buffer.into()) {
            Ok(tag) => Ok(tag.into()),
            Err(_) => Err(StoreError::TooLarge { what: "a sealed message", got: buffer.len(), max: 1 << 38 }),
        }
    }

    /// Opens `ciphertext ‖ tag` into memory that is wiped.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, NotOurs> {
        let (body, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(NotOurs)?;
        let mut plain = Zeroizing::new(body.to_vec());
        let cipher = XChaCha20Poly1305::new((&self.0).into());
        match cipher.decrypt_inout_detached(nonce.into(), bound, plain.as_mut_slice().into(), tag.into()) {
            Ok(()) => Ok(plain),
            Err(_) => Err(NotOurs),
        }
    }

    /// Opens `buffer` where it lies. If it is refused, what is in the buffer means nothing.
    pub(crate) fn open_in_place(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), NotOurs> {
        let cipher = XChaCha20Poly1305::new((&self.0).into());
        cipher.decrypt_inout_detached(nonce.into(), bound, buffer.into(), tag.into()).map_err(|_| NotOurs)
    }

    /// `nonce ‖ ciphertext ‖ tag` of a short message.
    pub(crate) fn seal(&self, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce = fresh_nonce()?;
        let mut body = plain.to_vec();
        let tag = self.seal_in_place(&nonce, bound, &mut body)?;
        Ok([nonce.as_slice(), &body, &tag].concat())
    }

    /// Undoes [`Self::seal`].
    pub(crate) fn unseal(&self, bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOurs> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(NotOurs)?;
        self.open(nonce, bound, body)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// What a hash, name, derived key or seal is for. Complete: no label is a prefix of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    KeyringSeal,
    UnlockByPassphrase,
    UnlockByKeyFile,
    UnlockChange,
    KeyPage,
    JournalStart,
    SegmentHeader,
    FrameHeader,
    FrameChain,
    FrameSeal,
    IndexNames,
    IndexValues,
    IndexList,
    IndexMember,
    ColumnChunk,
    ColumnManifest,
    Note,
}

impl Label {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 17] = [
        Self::KeyringSeal,
        Self::UnlockByPassphrase,
        Self::UnlockByKeyFile,
        Self::UnlockChange,
        Self::KeyPage,
        Self::JournalStart,
        Self::SegmentHeader,
        Self::FrameHeader,
        Self::FrameChain,
        Self::FrameSeal,
        Self::IndexNames,
        Self::IndexValues,
        Self::IndexList,
        Self::IndexMember,
        Self::ColumnChunk,
        Self::ColumnManifest,
        Self::Note,
    ];

    /// Ends in a NUL, so none is a prefix of another. Never to change: what is sealed would not open.
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::KeyringSeal => b"sumac/store/keyring/1\0",
            Self::UnlockByPassphrase => b"sumac/store/unlock-passphrase/1\0",
            Self::UnlockByKeyFile => b"sumac/store/unlock-key-file/1\0",
            Self::UnlockChange => b"sumac/store/unlock-change/1\0",
            Self::KeyPage => b"sumac/store/key-page/1\0",
            Self::JournalStart => b"sumac/store/journal-start/1\0",
            Self::SegmentHeader => b"sumac/store/segment-header/1\0",
            Self::FrameHeader => b"sumac/store/frame-header/1\0",
            Self::FrameChain => b"sumac/store/frame-chain/1\0",
            Self::FrameSeal => b"sumac/store/frame-seal/1\0",
            Self::IndexNames => b"sumac/store/index-names/1\0",
            Self::IndexValues => b"sumac/store/index-values/1\0",
            Self::IndexList => b"sumac/store/index-list/1\0",
            Self::IndexMember => b"sumac/store/index-member/1\0",
            Self::ColumnChunk => b"sumac/store/column-chunk/1\0",
            Self::ColumnManifest => b"sumac/store/column-manifest/1\0",
            Self::Note => b"sumac/store/note/1\0",
        }
    }
}

/// SHA-256 over the label and the bytes.
pub(crate) fn hash(label: Label, bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(label.bytes());
    hash.update(bytes);
    hash.finalize().into()
}

/// The label, then the parts: what a seal binds. The parts of one label have fixed lengths.
pub(crate) fn bound(label: Label, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = label.bytes().to_vec();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// 24 random bytes: so many that they never repeat under one key.
pub(crate) fn fresh_nonce() -> Result<[u8; NONCE_BYTES], StoreError> {
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce)?;
    Ok(nonce)
}

/// Random bytes from the operating system.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), StoreError> {
    let filled = getrandom::fill(bytes);
    filled.map_err(|error| StoreError::System { what: "random bytes", why: error.to_string() })
}

/// Eight bytes, little-endian: with it in front no two lists of parts run together.
fn length(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Label, NotOurs, SealKey};

    #[test]
    fn labels_never_prefix_each_other() {
        for (a, one) in Label::ALL.iter().enumerate() {
            for (b, other) in Label::ALL.iter().enumerate() {
                assert!(a == b || !other.bytes().starts_with(one.bytes()), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_seal_opens_only_under_its_own_key_and_binding() {
        let key = SealKey::from_bytes(&[7; 32]);
        let sealed = key.seal(b"row 1", b"body").unwrap();
        assert_eq!(key.unseal(b"row 1", &sealed).unwrap().as_slice(), b"body");
        assert_eq!(key.unseal(b"row 2", &sealed).err(), Some(NotOurs));
        assert_eq!(SealKey::from_bytes(&[8; 32]).unseal(b"row 1", &sealed).err(), Some(NotOurs));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.unseal(b"row 1", &changed).err(), Some(NotOurs), "byte {at}");
        }
    }

    #[test]
    fn parts_of_a_name_do_not_run_together() {
        let key = SealKey::from_bytes(&[7; 32]);
        let name = |parts: &[&[u8]]| key.name(Label::IndexMember, parts);
        assert_ne!(name(&[b"ab", b"c"]), name(&[b"a", b"bc"]));
        assert_ne!(name(&[b"ab"]), key.name(Label::IndexList, &[b"ab"]));
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", SealKey::from_bytes(&[7; 32])), "SealKey(…)");
    }
}
