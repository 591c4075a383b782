//! Sealing to one reader: HPKE (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305.

use std::fmt;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::digest::Label;
use crate::octets::Octets;

/// Bytes that sealing adds: an encapsulated X25519 key and a Poly1305 tag.
pub const SEAL_BYTES: usize = 32 + 16;

/// The key that others seal to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Takes the 32 bytes of a public key, as a query carries them.
    ///
    /// # Errors
    /// [`SealError::BadKey`] for any other length.
    pub fn from_bytes(raw: &[u8]) -> Result<Self, SealError> {
        raw.try_into().map(Self).map_err(|_| SealError::BadKey)
    }

    /// The raw X25519 public key.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether anything can be sealed to this key: not to a point of small order, with which every
    /// agreed secret is known to all (RFC 9180 §7.1.4).
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let mut u = self.0;
        if let Some(last) = u.last_mut() {
            // X25519 does not look at the highest bit (RFC 7748 §5).
            *last &= 0x7f;
        }
        !SMALL_ORDER.contains(&u)
    }

    /// Seals `plaintext` so that only the holder of the opening key reads it, and only with the
    /// same label and associated data. The result is the encapsulated key followed by ciphertext.
    ///
    /// # Errors
    /// [`SealError`] if this key is no usable X25519 key.
    pub fn seal<R: CryptoRng>(
        &self,
        label: Label,
        aad: &[u8],
        plaintext: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, SealError> {
        let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&self.0).map_err(|_| SealError::BadKey)?;
        let (encapped, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &key,
            label.bytes(),
            plaintext,
            aad,
            rng,
        )
        .map_err(|_| SealError::BadKey)?;
        Ok([encapped.to_bytes().as_slice(), &ciphertext].concat())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "SealingKey({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

impl Serialize for SealingKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Octets(self.0.to_vec()).serialize(to)
    }
}

impl<'de> Deserialize<'de> for SealingKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Octets::deserialize(from)?.0;
        raw.try_into().map(Self).map_err(|_| serde::de::Error::custom("a sealing key has 32 bytes"))
    }
}

/// The secret half. Not `Clone`, not `Serialize`, never printed, wiped when dropped.
pub struct OpeningKey(Zeroizing<[u8; 32]>);

impl OpeningKey {
    /// A fresh key.
    pub fn generate<R: CryptoRng>(rng: &mut R) -> Self {
        let mut seed = Zeroizing::new([0_u8; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self(seed)
    }

    /// The key kept earlier with [`OpeningKey::expose`].
    #[must_use]
    pub const fn from_bytes(raw: Zeroizing<[u8; 32]>) -> Self {
        Self(raw)
    }

    /// The one way out: the raw key, to be kept under another key.
    #[must_use]
    pub const fn expose(&self) -> &Zeroizing<[u8; 32]> {
        &self.0
    }

    /// The public half.
    ///
    /// # Errors
    /// [`SealError::BadKey`] never happens for generated keys.
    pub fn sealing_key(&self) -> Result<SealingKey, SealError> {
        let raw = X25519HkdfSha256::sk_to_pk(&self.private()?).to_bytes();
        raw.as_slice().try_into().map(SealingKey).map_err(|_| SealError::BadKey)
    }

    /// Opens what [`SealingKey::seal`] made with the same label and associated data.
    ///
    /// # Errors
    /// [`SealError::Short`] or [`SealError::CannotOpen`].
    pub fn open(&self, label: Label, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (encapped, ciphertext) =
            sealed.split_at_checked(ENCAPPED_BYTES).ok_or(SealError::Short { got: sealed.len() })?;
        let encapped =
            <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapped).map_err(|_| SealError::CannotOpen)?;
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private()?,
            &encapped,
            label.bytes(),
            ciphertext,
            aad,
        )
        .map(Zeroizing::new)
        .map_err(|_| SealError::CannotOpen)
    }

    fn private(&self) -> Result<<X25519HkdfSha256 as Kem>::PrivateKey, SealError> {
        <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(self.0.as_slice()).map_err(|_| SealError::BadKey)
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey(secret)")
    }
}

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The key is no usable X25519 key.
    #[error("the sealing key is not a usable X25519 key")]
    BadKey,
    /// Too short to hold an encapsulated key.
    #[error("{got} bytes are too few for a sealed message")]
    Short {
        /// How many bytes came.
        got: usize,
    },
    /// Sealed to another key, for another purpose, or altered.
    #[error("sealed to another key or for another purpose, or altered on the way")]
    CannotOpen,
}

/// Bytes of an X25519 encapsulated key.
const ENCAPPED_BYTES: usize = 32;

/// The points of small order on Curve25519 and its twist, in every spelling that X25519 takes, as libsodium lists them
/// (`has_small_order`): 0, 1, the two of order eight, p - 1, p and p + 1, where p = 2^255 - 19.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    ended(1, 0, 0),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    ended(0xec, 0xff, 0x7f),
    ended(0xed, 0xff, 0x7f),
    ended(0xee, 0xff, 0x7f),
];

/// A number with these bytes at its ends, the lowest first, and the second everywhere between.
const fn ended(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    let [low, .., high] = &mut bytes;
    (*low, *high) = (first, last);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{OpeningKey, SMALL_ORDER, SealError, SealingKey};
    use crate::digest::Label;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    #[test]
    fn only_the_right_key_label_and_context_open_a_sealed_message() {
        let mut rng = StdRng::seed_from_u64(1);
        let (mine, other) = (OpeningKey::generate(&mut rng), OpeningKey::generate(&mut rng));
        let sealed = mine.sealing_key().unwrap().seal(Label::ShareSeal, b"ctx", b"secret", &mut rng).unwrap();
        assert_eq!(mine.open(Label::ShareSeal, b"ctx", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(other.open(Label::ShareSeal, b"ctx", &sealed), Err(SealError::CannotOpen), "another key");
        assert_eq!(mine.open(Label::RelaySeal, b"ctx", &sealed), Err(SealError::CannotOpen), "another purpose");
        assert_eq!(mine.open(Label::ShareSeal, b"ct", &sealed), Err(SealError::CannotOpen), "another context");
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(mine.open(Label::ShareSeal, b"ctx", &altered).is_err(), "byte {at} altered");
            assert!(mine.open(Label::ShareSeal, b"ctx", &sealed[..at]).is_err(), "cut to {at} bytes");
        }
    }

    #[test]
    fn a_key_is_usable_exactly_if_the_library_seals_to_it() {
        let mut rng = StdRng::seed_from_u64(2);
        let good = OpeningKey::generate(&mut rng).sealing_key().unwrap().0;
        let near = |key: [u8; 32]| {
            (0..256).map(move |bit| {
                let mut other = key;
                other[bit / 8] ^= 1 << (bit % 8);
                other
            })
        };
        let keys: Vec<[u8; 32]> =
            SMALL_ORDER.into_iter().flat_map(|key| near(key).chain([key])).chain(near(good)).collect();
        let mut refused = 0;
        for key in keys {
            let key = SealingKey(key);
            let sealed = key.seal(Label::ShareSeal, b"", b"", &mut rng).is_ok();
            assert_eq!(key.is_usable(), sealed, "{:02x?}", key.0);
            refused += usize::from(!sealed);
        }
        assert!(refused >= 2 * SMALL_ORDER.len(), "with and without the highest bit: {refused}");
    }
}
