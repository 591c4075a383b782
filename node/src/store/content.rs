//! What a frame says once it is open. The kind lies inside the seal; outside only a key's number shows.

use super::bytes::Reader;
use super::keyring::{KeyClass, KeyId};

/// A frame's meaning without its body. The patient is named by the frame's key. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A patient's first frame; the body is the pseudonym.
    Patient,
    Record,
    Enrolment,
    /// With its position in the consent ledger, counted from 0.
    Statement {
        position: u64,
    },
    Query {
        id: [u8; 32],
    },
    Role {
        role: u8,
        id: [u8; 32],
    },
    /// A role's state that is no longer held; the body is empty.
    Forgotten {
        role: u8,
        id: [u8; 32],
    },
    Audit,
}

impl Kind {
    /// Bytes of the plaintext before the body: code, fields, and the body's length.
    pub(crate) fn encode(self, body: &[u8], plain: &mut Vec<u8>) {
        plain.push(self.code());
        match self {
            Self::Patient | Self::Record | Self::Enrolment | Self::Audit => {}
            Self::Statement { position } => plain.extend_from_slice(&position.to_le_bytes()),
            Self::Query { id } => plain.extend_from_slice(&id),
            Self::Role { role, id } | Self::Forgotten { role, id } => {
                plain.push(role);
                plain.extend_from_slice(&id);
            }
        }
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        plain.extend_from_slice(&length.to_le_bytes());
        plain.extend_from_slice(body);
    }

    /// Reads a plaintext back; what follows the body is padding and must be zero.
    pub(crate) fn decode(plain: &[u8]) -> Option<(Self, &[u8])> {
        let mut reader = Reader::new(plain);
        let kind = match reader.u8()? {
            1 => Self::Patient,
            2 => Self::Record,
            3 => Self::Enrolment,
            4 => Self::Statement { position: reader.u64()? },
            5 => Self::Query { id: reader.array()? },
            6 => Self::Role { role: reader.u8()?, id: reader.array()? },
            7 => Self::Forgotten { role: reader.u8()?, id: reader.array()? },
            8 => Self::Audit,
            _ => return None,
        };
        let length = usize::try_from(reader.u32()?).ok()?;
        let body = reader.take(length)?;
        reader.rest().iter().all(|byte| *byte == 0).then_some((kind, body))
    }

    /// Whether a frame under this key may say this.
    pub(crate) fn suits(self, key: KeyId) -> bool {
        key.class
            == match self {
                Self::Patient | Self::Record | Self::Enrolment | Self::Statement { .. } => KeyClass::Patient,
                Self::Query { .. } => KeyClass::Cohort,
                Self::Role { .. } | Self::Forgotten { .. } => KeyClass::RoundState,
                Self::Audit => KeyClass::Journal,
            }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Patient => 1,
            Self::Record => 2,
            Self::Enrolment => 3,
            Self::Statement { .. } => 4,
            Self::Query { .. } => 5,
            Self::Role { .. } => 6,
            Self::Forgotten { .. } => 7,
            Self::Audit => 8,
        }
    }
}

/// The most that kind, fields and length take before the body, in bytes.
pub(crate) const CONTENT_OVERHEAD_MAX: usize = 1 + 1 + 32 + 4;

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_kind_reads_back_and_nothing_else_does() {
        let id = [9; 32];
        let kinds = [
            Kind::Patient,
            Kind::Record,
            Kind::Enrolment,
            Kind::Statement { position: 3 },
            Kind::Query { id },
            Kind::Role { role: 2, id },
            Kind::Forgotten { role: 2, id },
            Kind::Audit,
        ];
        for kind in kinds {
            let mut plain = Vec::new();
            kind.encode(b"body", &mut plain);
            for short in 0..plain.len() {
                assert_eq!(Kind::decode(&plain[..short]), None, "{kind:?} cut to {short}");
            }
            plain.extend_from_slice(&[0; 5]);
            assert_eq!(Kind::decode(&plain), Some((kind, b"body".as_slice())));
            plain.push(1);
            assert_eq!(Kind::decode(&plain), None, "{kind:?} with padding that is not zero");
        }
        assert_eq!(Kind::decode(&[0, 0, 0, 0, 0]), None);
        assert_eq!(Kind::decode(&[9, 0, 0, 0, 0]), None);
    }
}
