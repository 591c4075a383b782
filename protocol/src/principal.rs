//! Principals: every person, node and steward is an Ed25519 key, written as a `did:key`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::sealed::{OpeningKey, SealError, SealingKey};

/// A public key that may be named in a document. Only sound keys exist: a weak or malformed one is
/// refused where it is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal([u8; 32]);

impl Principal {
    /// Takes a raw public key, or refuses one that is malformed, weak (of small order) or spelled
    /// in a non-canonical way.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] or [`KeyError::Weak`].
    pub fn from_bytes(raw: [u8; 32]) -> Result<Self, KeyError> {
        if SOUND.with_borrow(|sound| sound.contains(&raw)) {
            return Ok(Self(raw));
        }
        let key = VerifyingKey::from_bytes(&raw).map_err(|_| KeyError::Malformed)?;
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        if key.to_bytes() != raw {
            return Err(KeyError::Malformed);
        }
        SOUND.with_borrow_mut(|sound| {
            if sound.len() >= SOUND_MAX {
                sound.clear();
            }
            sound.insert(raw);
        });
        Ok(Self(raw))
    }

    /// The raw public key.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` over `message` was made with this key; strict, so a signature has one
    /// spelling only.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(&self.0), Signature::from_slice(signature)) else {
            return false;
        };
        key.verify_strict(message, &signature).is_ok()
    }

    /// The key to seal to for whoever signs with this one: the same point of the curve in X25519's form. The signing key
    /// opens it ([`Signer::opening_key`]), so a stranger needs to know no second key.
    ///
    /// # Errors
    /// [`SealError::BadKey`] never happens for a sound key.
    pub fn sealing_key(&self) -> Result<SealingKey, SealError> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| SealError::BadKey)?;
        SealingKey::from_bytes(&key.to_montgomery().0)
    }

    /// A short form for tables: the last eight characters of the `did:key`.
    #[must_use]
    pub fn short(&self) -> String {
        let text = self.to_string();
        let skip = text.len().saturating_sub(8);
        format!("…{}", text.get(skip..).unwrap_or(&text))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = MULTICODEC_ED25519.to_vec();
        bytes.extend_from_slice(&self.0);
        write!(f, "did:key:z{}", bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl FromStr for Principal {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix("did:key:z").ok_or(KeyError::NotDidKey)?;
        if encoded.len() > 64 {
            return Err(KeyError::Malformed);
        }
        let bytes = bs58::decode(encoded).into_vec().map_err(|_| KeyError::Malformed)?;
        let raw = bytes.strip_prefix(MULTICODEC_ED25519.as_slice()).ok_or(KeyError::NotEd25519)?;
        Self::from_bytes(raw.try_into().map_err(|_| KeyError::Malformed)?)
    }
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Principal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|why| serde::de::Error::custom(format!("`{text}`: {why}")))
    }
}

/// Why a text or some bytes are no usable public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not of the form `did:key:z…`.
    #[error("not a did:key (they begin with `did:key:z6Mk`)")]
    NotDidKey,
    /// A `did:key` of another kind of key.
    #[error("a did:key, but not of an Ed25519 key (those begin with `did:key:z6Mk`)")]
    NotEd25519,
    /// Wrong length, wrong alphabet, or no point of the curve.
    #[error("not a well-formed Ed25519 public key")]
    Malformed,
    /// A point of small order: signatures under it prove nothing.
    #[error("a weak Ed25519 key: anybody can sign with it")]
    Weak,
}

/// A signing key. Not `Clone`, not `Serialize`, never printed, wiped when dropped.
pub struct Signer(SigningKey);

impl Signer {
    /// The signing key that grows from 32 secret bytes.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key that others know this signer by.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal(self.0.verifying_key().to_bytes())
    }

    /// Opens what was sealed to [`Principal::sealing_key`] of this signer.
    #[must_use]
    pub fn opening_key(&self) -> OpeningKey {
        OpeningKey::from_bytes(Zeroizing::new(self.0.to_scalar_bytes()))
    }

    /// Signs bytes that already carry their domain separation; only envelopes call this.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?})", self.principal())
    }
}

thread_local! {
    /// Keys that were found sound. Every document of a round names the same few, and to find one sound takes as long as
    /// reading the rest of the document.
    static SOUND: RefCell<BTreeSet<[u8; 32]>> = const { RefCell::new(BTreeSet::new()) };
}

/// Most keys that are remembered as sound: those of the largest federation, in 32 KiB.
const SOUND_MAX: usize = 1_024;

/// The multicodec prefix of an Ed25519 public key (0xed as an unsigned varint).
const MULTICODEC_ED25519: [u8; 2] = [0xed, 0x01];

#[cfg(test)]
mod tests {
    use super::{KeyError, Principal, Signer};
    use zeroize::Zeroizing;

    #[test]
    fn a_did_key_is_read_back_as_written_and_wrong_ones_are_refused() {
        let principal = Signer::from_seed(&Zeroizing::new([7; 32])).principal();
        let text = principal.to_string();
        assert!(text.starts_with("did:key:z6Mk"));
        assert_eq!(text.parse(), Ok(principal));
        let cases = [
            ("", KeyError::NotDidKey),
            ("did:web:example.org", KeyError::NotDidKey),
            ("did:key:z6LS", KeyError::NotEd25519),
            ("did:key:z0OIl", KeyError::Malformed),
        ];
        for (wrong, why) in cases {
            assert_eq!(wrong.parse::<Principal>(), Err(why), "{wrong}");
        }
    }

    #[test]
    fn what_is_sealed_to_a_signer_is_opened_by_that_signer() {
        for seed in 0..=32 {
            let signer = Signer::from_seed(&Zeroizing::new([seed; 32]));
            let sealing = signer.principal().sealing_key().unwrap();
            assert_eq!(signer.opening_key().sealing_key().unwrap(), sealing, "{seed}");
            assert!(sealing.is_usable());
        }
    }

    #[test]
    fn weak_keys_are_no_principals() {
        let mut identity = [0_u8; 32];
        identity[0] = 1;
        assert_eq!(Principal::from_bytes(identity), Err(KeyError::Weak));
        assert_eq!(Principal::from_bytes([0; 32]), Err(KeyError::Weak));
        assert_eq!(Principal::from_bytes(identity), Err(KeyError::Weak), "however often it is asked");
    }

    #[test]
    fn a_signature_holds_for_its_own_key_and_message_only() {
        let signer = Signer::from_seed(&Zeroizing::new([7; 32]));
        let signature = signer.sign(b"yes");
        assert!(signer.principal().signed(b"yes", &signature));
        assert!(!signer.principal().signed(b"no", &signature));
        assert!(!Signer::from_seed(&Zeroizing::new([8; 32])).principal().signed(b"yes", &signature));
        assert!(!signer.principal().signed(b"yes", &signature[..63]));
    }
}
