//! What a frame says once it is open. The kind lies inside the seal; outside only a key's number shows.

use super::bytes::Reader;
use super::keyring::{KeyClass, KeyId};

/// A frame's meaning without its body. The patient is named by the frame's key. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A patient's first frame; the body is the pseudonym.
    Patient,
    /// One state of a patient's record; only the newest is pointed to. Under the patient's own key.
    Record,
    /// Replaces the row's earlier enrolment, which nothing points to any more. Under the patient's own key.
    Enrolment,
    /// With its position in the consent ledger, counted from 0.
    Statement {
        position: u64,
    },
    /// Leaves of the consent ledger, 32 bytes each, one for each statement of the batch: the first at this position.
    /// Kept for good, whoever is erased. Under the journal's key.
    Leaves {
        first: u64,
    },
    /// With the sequence number of the query's first entry, by which queries are ordered.
    Query {
        id: [u8; 32],
        first: u64,
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
    /// Kept for good: no compaction takes it out. Under the journal's key.
    Audit,
    /// A patient was erased. The body lists the frames that are gone and says what is kept. With the row, which
    /// is never given again; how many rows and statements there had been; and the number of the cohort key
    /// that was made for the queries' entries without the patient.
    Erased {
        row: u32,
        rows: u32,
        statements: u64,
        cohort: u32,
    },
    /// The body lists all frames that nothing points to any more, those of earlier lists too.
    Compacted,
}

impl Kind {
    /// Bytes of the plaintext before the body: code, fields, and the body's length.
    pub(crate) fn encode(self, body: &[u8], plain: &mut Vec<u8>) {
        plain.push(self.code());
        match self {
            Self::Patient | Self::Record | Self::Enrolment | Self::Audit | Self::Compacted => {}
            Self::Statement { position } | Self::Leaves { first: position } => {
                plain.extend_from_slice(&position.to_le_bytes());
            }
            Self::Query { id, first } => {
                plain.extend_from_slice(&id);
                plain.extend_from_slice(&first.to_le_bytes());
            }
            Self::Erased { row, rows, statements, cohort } => {
                plain.extend_from_slice(&row.to_le_bytes());
                plain.extend_from_slice(&rows.to_le_bytes());
                plain.extend_from_slice(&statements.to_le_bytes());
                plain.extend_from_slice(&cohort.to_le_bytes());
            }
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
            5 => Self::Query { id: reader.array()?, first: reader.u64()? },
            6 => Self::Role { role: reader.u8()?, id: reader.array()? },
            7 => Self::Forgotten { role: reader.u8()?, id: reader.array()? },
            8 => Self::Audit,
            9 => Self::Erased {
                row: reader.u32()?,
                rows: reader.u32()?,
                statements: reader.u64()?,
                cohort: reader.u32()?,
            },
            10 => Self::Compacted,
            11 => Self::Leaves { first: reader.u64()? },
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
                Self::Leaves { .. } | Self::Audit | Self::Erased { .. } | Self::Compacted => KeyClass::Journal,
            }
    }

    /// Whether this is an entry of that query.
    pub(crate) fn is_query(self, of: [u8; 32]) -> bool {
        matches!(self, Self::Query { id, .. } if id == of)
    }

    /// Whether the body lists frames that are gone.
    pub(crate) fn lists(self) -> bool {
        match self {
            Self::Erased { .. } | Self::Compacted => true,
            Self::Patient
            | Self::Record
            | Self::Enrolment
            | Self::Statement { .. }
            | Self::Query { .. }
            | Self::Role { .. }
            | Self::Forgotten { .. }
            | Self::Leaves { .. }
            | Self::Audit => false,
        }
    }

    /// The first byte of the plaintext. Codes are on disk, so none may change or be given again.
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
            Self::Erased { .. } => 9,
            Self::Compacted => 10,
            Self::Leaves { .. } => 11,
        }
    }
}

/// The most that kind, fields and length take before the body, in bytes.
pub(crate) const CONTENT_OVERHEAD_MAX: usize = 1 + 32 + 8 + 4;

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
            Kind::Query { id, first: 7 },
            Kind::Role { role: 2, id },
            Kind::Forgotten { role: 2, id },
            Kind::Audit,
            Kind::Erased { row: 1, rows: 2, statements: 3, cohort: 4 },
            Kind::Compacted,
            Kind::Leaves { first: 3 },
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
        assert_eq!(Kind::decode(&[12, 0, 0, 0, 0]), None);
    }
}
