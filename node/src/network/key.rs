//! Who a node is: its Ed25519 public key, and the libp2p PeerId that is derived from it.

use std::fmt;

use ed25519_dalek::{SigningKey, VerifyingKey};
use libp2p::PeerId;
use libp2p::multihash::Multihash;
use zeroize::Zeroizing;

/// Raw Ed25519 public key of a node; the PeerId is derived from it (inline identity multihash).
///
/// Only [`NodeKey::from_bytes`] makes one from foreign bytes, so a value is always a point on the
/// curve and never a weak key. Weak keys must stay out of every set: libp2p's signature check
/// accepts forgeries under them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey([u8; 32]);

/// Bytes that cannot be a node's key. A complete list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The 32 bytes are no compressed Edwards point.
    #[error("the 32 bytes are not an Ed25519 public key")]
    NotAPoint,
    /// The point has low order: almost any signature verifies under it.
    #[error("the key is weak: it has low order")]
    Weak,
}

impl BadKey {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAPoint => "not-a-key",
            Self::Weak => "weak-key",
        }
    }

    /// What whoever entered the key can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NotAPoint => "ask the key's owner for it again; it was damaged".to_owned(),
            Self::Weak => "refuse it: no honest key generation makes such a key".to_owned(),
        }
    }
}

impl NodeKey {
    /// Takes 32 raw bytes for a key after checking them.
    ///
    /// # Errors
    /// When they are not a point on the curve, or a point of low order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, BadKey> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| BadKey::NotAPoint)?;
        if key.is_weak() {
            return Err(BadKey::Weak);
        }
        Ok(Self(bytes))
    }

    /// The public key of a 32-byte Ed25519 seed.
    #[must_use]
    pub fn of_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed).verifying_key().to_bytes())
    }

    /// The 32 raw bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    pub(super) fn peer_id(self) -> PeerId {
        let public = [PUBLIC_KEY_PREFIX.as_slice(), &self.0].concat();
        Multihash::wrap(INLINE, &public)
            .ok()
            .and_then(|hash| PeerId::from_multihash(hash).ok())
            .expect("36 bytes are short enough for an inline multihash")
    }

    /// The key inside a PeerId, or `None` if it holds no sound Ed25519 key.
    pub(super) fn of_peer_id(peer: &PeerId) -> Option<Self> {
        let hash: &Multihash<64> = peer.as_ref();
        let key = hash.digest().strip_prefix(&PUBLIC_KEY_PREFIX)?;
        Self::from_bytes(key.try_into().ok()?).ok()
    }
}

/// The multihash code that means "not hashed": the PeerId contains the key itself.
const INLINE: u64 = 0;
/// libp2p's protobuf of an Ed25519 public key, up to the key: type 1, then 32 bytes.
const PUBLIC_KEY_PREFIX: [u8; 4] = [0x08, 0x01, 0x12, 0x20];

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…")
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_or_broken_key_never_becomes_a_node_key() {
        let mut off_curve = [0_u8; 32];
        off_curve[0] = 2;
        let mut identity = [0_u8; 32];
        identity[0] = 1;
        let cases = [
            ("all zeros has order four", [0; 32], BadKey::Weak),
            ("the identity has order one", identity, BadKey::Weak),
            ("y = 2 is not on the curve", off_curve, BadKey::NotAPoint),
        ];
        for (why, bytes, expected) in cases {
            assert_eq!(NodeKey::from_bytes(bytes), Err(expected), "{why}");
        }
    }

    #[test]
    fn the_peer_id_is_the_one_libp2p_makes_and_gives_the_key_back() {
        let key = NodeKey::of_seed(&Zeroizing::new([7; 32]));
        let theirs = libp2p::identity::Keypair::ed25519_from_bytes([7; 32]).unwrap();
        assert_eq!(key.peer_id(), theirs.public().to_peer_id());
        assert_eq!(NodeKey::of_peer_id(&key.peer_id()), Some(key));
        assert_eq!(NodeKey::from_bytes(key.to_bytes()), Ok(key));
    }

    #[test]
    fn a_key_prints_as_four_bytes_of_hex() {
        let key = NodeKey::of_seed(&Zeroizing::new([7; 32]));
        assert_eq!(format!("{key:?}").chars().count(), 9);
    }
}
