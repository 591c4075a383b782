//! What a caller puts into the store, and the limits it is held to before anything is written.

use std::fmt;

use zeroize::ZeroizeOnDrop;

use super::fault::StoreError;
use super::limits::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, BODY_BYTES_MAX, PSEUDONYM_BYTES_MAX, REMAINS_BYTES_MAX};

/// One thing to keep. The store seals bodies and never reads them. Wiped when dropped.
///
/// Complete: a new kind needs a new code inside the frames.
#[derive(ZeroizeOnDrop)]
pub enum Entry {
    /// A patient's record, whole; replaces the one before. Sealed under the patient's key.
    Record { pseudonym: String, body: Vec<u8> },
    /// A patient's enrolment; replaces the one before. Sealed under the patient's key.
    Enrolment { pseudonym: String, body: Vec<u8> },
    /// A consent statement, kept with all others at the next position of the ledger. Sealed under the patient's key;
    /// its leaf, which must tell nobody anything who cannot read the body, under the journal's, for good.
    Statement { pseudonym: String, body: Vec<u8>, leaf: [u8; 32] },
    /// A query's selection, debit and uses; replaces the one before. Sealed under the cohort key.
    Query { id: [u8; 32], body: Vec<u8> },
    /// The state of a protocol role; replaces the one before, `None` forgets it. Sealed under the round-state key.
    Role { role: u8, id: [u8; 32], body: Option<Vec<u8>> },
    /// A line of the audit log. Sealed under the journal's key.
    Audit { body: Vec<u8> },
}

impl Entry {
    fn pseudonym(&self) -> Option<&str> {
        match self {
            Self::Record { pseudonym, .. } | Self::Enrolment { pseudonym, .. } | Self::Statement { pseudonym, .. } => {
                Some(pseudonym)
            }
            Self::Query { .. } | Self::Role { .. } | Self::Audit { .. } => None,
        }
    }

    fn body(&self) -> &[u8] {
        match self {
            Self::Record { body, .. }
            | Self::Enrolment { body, .. }
            | Self::Statement { body, .. }
            | Self::Query { body, .. }
            | Self::Audit { body } => body,
            Self::Role { body, .. } => body.as_deref().unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Record { .. } => "Record",
            Self::Enrolment { .. } => "Enrolment",
            Self::Statement { .. } => "Statement",
            Self::Query { .. } => "Query",
            Self::Role { .. } => "Role",
            Self::Audit { .. } => "Audit",
        };
        write!(f, "Entry::{kind}({} bytes)", self.body().len())
    }
}

/// The batch's weight in bytes, if it keeps to every limit.
pub(crate) fn weigh(entries: &[Entry]) -> Result<usize, StoreError> {
    within("the number of entries in a batch", entries.len(), BATCH_ENTRIES_MAX)?;
    let mut weight = 0_usize;
    for entry in entries {
        let pseudonym = entry.pseudonym();
        if pseudonym == Some("") {
            return Err(StoreError::NoPseudonym);
        }
        let (name, body) = (pseudonym.map_or(0, str::len), entry.body().len());
        within("the bytes of a pseudonym", name, PSEUDONYM_BYTES_MAX)?;
        within("the bytes of a body", body, BODY_BYTES_MAX)?;
        weight = weight.saturating_add(name).saturating_add(body);
        if let Entry::Statement { leaf, .. } = entry {
            weight = weight.saturating_add(leaf.len());
        }
    }
    within("the bytes of a batch", weight, BATCH_BYTES_MAX)?;
    Ok(weight)
}

/// Holds what is kept of an erased patient to its limit.
pub(crate) fn weigh_remains(remains: &[u8]) -> Result<(), StoreError> {
    within("the bytes kept of an erased patient", remains.len(), REMAINS_BYTES_MAX)
}

/// Holds a query's body without an erased patient to its limit.
pub(crate) fn weigh_cleared(body: &[u8]) -> Result<(), StoreError> {
    within("the bytes of a body", body.len(), BODY_BYTES_MAX)
}

fn within(what: &'static str, got: usize, max: usize) -> Result<(), StoreError> {
    if got > max { Err(StoreError::TooLarge { what, got, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{BATCH_BYTES_MAX, BODY_BYTES_MAX, Entry, PSEUDONYM_BYTES_MAX, weigh};

    fn record(pseudonym: usize, body: usize) -> Entry {
        Entry::Record { pseudonym: "p".repeat(pseudonym), body: vec![0; body] }
    }

    #[test]
    fn a_batch_over_any_limit_is_refused_before_it_is_written() {
        let most = BATCH_BYTES_MAX / BODY_BYTES_MAX;
        let cases = [
            (vec![record(PSEUDONYM_BYTES_MAX, BODY_BYTES_MAX)], None, "at the limits"),
            (vec![record(0, 1)], Some("store-no-pseudonym"), "no pseudonym"),
            (vec![record(PSEUDONYM_BYTES_MAX + 1, 1)], Some("store-too-large"), "a long pseudonym"),
            (vec![record(1, BODY_BYTES_MAX + 1)], Some("store-too-large"), "a large body"),
            ((0..=most).map(|_| record(1, BODY_BYTES_MAX)).collect(), Some("store-too-large"), "a heavy batch"),
            ((0..65_537).map(|_| record(1, 0)).collect(), Some("store-too-large"), "a long batch"),
        ];
        for (entries, refused, why) in cases {
            assert_eq!(weigh(&entries).err().map(|error| error.code()), refused, "{why}");
        }
    }

    #[test]
    fn an_entry_never_prints_what_it_holds() {
        let entry = Entry::Record { pseudonym: "P1503".to_owned(), body: b"severe".to_vec() };
        assert_eq!(format!("{entry:?}"), "Entry::Record(6 bytes)");
    }
}
