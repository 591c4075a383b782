//! Notes that a node seals to itself and sends with its messages: where its journal stood then. Other members keep the
//! newest, and give it back to a node that may have been set back.

use std::fmt;

use sumac_protocol::octets::Octets;

use super::seal::{self, Label, SealKey};
use super::{Store, StoreError};

/// Where a store stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// The number of the journal's newest entry.
    pub sequence: u64,
    /// Its chain hash.
    pub hash: [u8; 32],
    /// Statements in the consent ledger.
    pub statements: u64,
}

/// Bytes that are no note of this node's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a note that this node did not seal")]
pub struct NotOurNote;

impl Store {
    /// A note of how far the journal and the ledger have come. Always of the same size. Under a key that grows from the
    /// node's own, so that new keys of the store do not shut older notes.
    pub fn sealed_note(&self) -> Result<Octets, StoreError> {
        let note = {
            let view = self.shared.look();
            let head = view.head();
            Note { sequence: head.mark.sequence, hash: head.mark.hash, statements: head.statements }
        };
        Ok(Octets(self.note_key().seal(&bound(), &note.to_bytes())?))
    }

    /// Opens a note of this node's.
    pub fn read_note(&self, sealed: &[u8]) -> Result<Note, NotOurNote> {
        let plain = self.note_key().unseal(&bound(), sealed).map_err(|_| NotOurNote)?;
        Note::from_bytes(&plain).ok_or(NotOurNote)
    }

    fn note_key(&self) -> SealKey {
        SealKey::from_bytes(&self.seed).derive(Label::Note, &[])
    }
}

impl Note {
    fn to_bytes(self) -> Vec<u8> {
        [&self.sequence.to_le_bytes(), self.hash.as_slice(), &self.statements.to_le_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sequence, rest) = bytes.split_first_chunk::<8>()?;
        let (hash, rest) = rest.split_first_chunk::<32>()?;
        let statements = u64::from_le_bytes(rest.try_into().ok()?);
        Some(Self { sequence: u64::from_le_bytes(*sequence), hash: *hash, statements })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries in its journal and {} statements in its ledger", self.sequence, self.statements)
    }
}

fn bound() -> Vec<u8> {
    seal::bound(Label::Note, &[])
}
