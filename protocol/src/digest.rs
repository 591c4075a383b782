//! Labelled SHA-256: every hash begins with a label from one closed, prefix-free list, so bytes
//! hashed for one purpose never pass for another.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::octets::Octets;

/// A SHA-256 digest. Shown as its first eight bytes in hex where people read it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// H(label ‖ for each part: its length as u64 little-endian ‖ its bytes).
    #[must_use]
    pub fn of(label: Label, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        hash.update(label.bytes());
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Plain SHA-256 of bytes that carry their own domain separation, as DSSE's
    /// pre-authentication encoding does.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// All 64 hex digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads 64 hex digits, or `None`.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut out = [0_u8; 32];
        for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(out))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Octets(self.0.to_vec()).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Octets(bytes) = Octets::deserialize(from)?;
        let got = bytes.len();
        bytes.try_into().map(Self).map_err(|_| serde::de::Error::custom(format!("a digest has 32 bytes, not {got}")))
    }
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a hash or a derived key is for. Closed: a new purpose is a new label here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Label { $($(#[$doc])* $name,)* }

        impl Label {
            /// Every label, for the test that none is a prefix of another.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The bytes a hash begins with.
            #[must_use]
            pub const fn bytes(self) -> &'static [u8] {
                match self { $(Self::$name => concat!("sumac/1/", $text, "\0").as_bytes(),)* }
            }
        }
    };
}

labels! {
    /// A plan, over its deterministic CBOR.
    Plan = "plan",
    /// The context string of the secret sharing.
    SharingContext = "sharing-context",
    /// What the cells of a contribution are.
    Shape = "shape",
    /// What the sharing of a contribution depends on.
    Circuit = "circuit",
    /// A member's commitment to its part of the verification key.
    VerifyKeyCommitment = "verify-key-commitment",
    /// A member's commitment to its noise seed.
    NoiseSeedCommitment = "noise-seed-commitment",
    /// The verification key made of all members' parts.
    VerifyKey = "verify-key",
    /// A manifest: the fixed batch of one attempt.
    Manifest = "manifest",
    /// One attempt as a member keeps it.
    Sitting = "sitting",
    /// The noise stream of one cell.
    Noise = "noise",
    /// The opened counts of one attempt.
    CountOpening = "count-opening",
    /// What the members of one attempt bind each other to its opened cells with, from the verification key.
    CountKey = "count-key",
    /// All opened cells of one attempt, under its count key.
    OpenedCells = "opened-cells",
    /// A release's id.
    Release = "release",
    /// A public share inside an upload.
    PublicShare = "public-share",
    /// A sealed share inside an upload.
    SealedShare = "sealed-share",
    /// The body of a relayed message.
    RelayBody = "relay-body",
    /// The context a share is sealed under.
    ShareSeal = "share-seal",
    /// The context a relayed message is sealed under.
    RelaySeal = "relay-seal",
    /// The context a released share is sealed under, to the researcher.
    AnswerSeal = "answer-seal",
    /// A salted commitment to a ledger's tree head.
    LedgerCommitment = "ledger-commitment",
    /// A leaf of the consent ledger.
    LedgerLeaf = "ledger-leaf",
    /// What a committee member keeps of one clinic's ledger.
    WatchedClinic = "watched-clinic",
    /// Something sealed that a member took in for a clinic.
    HandedOver = "handed-over",
    /// Words of others that a node keeps of one attempt.
    KeptWords = "kept-words",
    /// Which aggregator plays the leader for one clinic's shares.
    Leader = "leader",
    /// What a researcher keeps a query under until it is answered.
    Pending = "pending",
    /// A dictionary's text.
    Dictionary = "dictionary",
    /// Lay text that was shown before signing.
    LayText = "lay-text",
    /// A pseudonym or key of a patient whom a clinic erased.
    Erased = "erased",
    /// The context that a clinic's answer to a patient is sealed under.
    PatientSeal = "patient-seal",
    /// The context that a statement is sealed under, to a clinic that gave no receipt for it.
    StatementSeal = "statement-seal",
}

#[cfg(test)]
mod tests {
    use super::{Digest, Label};

    #[test]
    fn labels_never_prefix_each_other() {
        for (i, a) in Label::ALL.iter().enumerate() {
            for b in Label::ALL.iter().skip(i + 1) {
                assert!(!a.bytes().starts_with(b.bytes()) && !b.bytes().starts_with(a.bytes()), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn moving_a_byte_from_one_part_to_the_next_changes_the_hash() {
        assert_ne!(Digest::of(Label::Plan, &[b"ab", b"c"]), Digest::of(Label::Plan, &[b"a", b"bc"]));
        assert_ne!(Digest::of(Label::Plan, &[b"ab"]), Digest::of(Label::Manifest, &[b"ab"]));
    }

    #[test]
    fn hex_is_read_back_and_anything_else_is_refused() {
        let digest = Digest::of(Label::Plan, &[]);
        assert_eq!(Digest::from_hex(&digest.hex()), Some(digest));
        for wrong in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Digest::from_hex(wrong), None, "{wrong}");
        }
    }
}
