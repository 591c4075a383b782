//! Byte strings: base64url without padding in JSON, raw byte strings in CBOR.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of any length. In JSON only the canonical base64url spelling is read back.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Octets(pub Vec<u8>);

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Octets {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            to.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
        } else {
            to.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            from.deserialize_str(OctetsVisitor)
        } else {
            from.deserialize_byte_buf(OctetsVisitor)
        }
    }
}

struct OctetsVisitor;

impl<'de> Visitor<'de> for OctetsVisitor {
    type Value = Octets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes as base64url without padding")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Octets, E> {
        URL_SAFE_NO_PAD
            .decode(text)
            .map(Octets)
            .map_err(|why| E::custom(format!("not base64url without padding: {why}")))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Octets, E> {
        Ok(Octets(bytes.to_vec()))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Octets, E> {
        Ok(Octets(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Octets, A::Error> {
        Err(A::Error::custom("a list where a byte string belongs"))
    }
}
