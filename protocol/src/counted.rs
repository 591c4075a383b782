//! The number that a node gives every message of a round that it signs, and what two messages of one number prove.
//!
//! A node counts one further with each message, and keeps how far it came before a message leaves. So a message with a
//! number that was used for another was signed by somebody who does not know of the first: a second node with the same
//! key, or one whose folder was set back. Its own two signatures prove it to everybody.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::document::commitment::Commitment;
use crate::document::freeze::Freeze;
use crate::document::upload::Upload;
use crate::document::void::Void;
use crate::envelope::{Document, DocumentError, Envelope, Verified};
use crate::octets::Octets;
use crate::principal::Principal;

/// A signed message of a round, as far as its number goes. Only [`Counted::read`] makes one, of a signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counted {
    /// Its number: the signer uses none twice, and may leave some out.
    pub counter: u64,
    /// The digest of the document. Said again, it is the same.
    pub digest: Digest,
    /// The note that the signer sealed to itself. Empty where it knows of none.
    pub note: Octets,
}

impl Counted {
    /// Reads a message that `signer` signed.
    ///
    /// # Errors
    /// [`CountedError::BadDocument`] if it is not signed so, or [`CountedError::NoNumber`] if it is of a kind that carries
    /// no number.
    pub fn read(message: &Envelope, signer: &Principal) -> Result<Self, CountedError> {
        match message.kind() {
            Some(Kind::Commitment) => of::<Commitment>(message, signer, |said| (said.counter, &said.note)),
            Some(Kind::Upload) => of::<Upload>(message, signer, |said| (said.counter, &said.note)),
            Some(Kind::Freeze) => of::<Freeze>(message, signer, |said| (said.counter, &said.note)),
            Some(Kind::Void) => of::<Void>(message, signer, |said| (said.counter, &said.note)),
            Some(_) | None => Err(CountedError::NoNumber),
        }
    }
}

fn of<T: Document>(
    message: &Envelope,
    signer: &Principal,
    numbered: impl FnOnce(&T) -> (u64, &Octets),
) -> Result<Counted, CountedError> {
    let said: Verified<T> = message.claim::<T>()?.verify(signer)?;
    let (counter, note) = numbered(&said);
    Ok(Counted { counter, digest: said.digest(), note: note.clone() })
}

/// Two different messages of one signer with the same number: evidence by themselves, for whoever has the signer's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoMessages {
    /// One of them.
    pub first: Envelope,
    /// The other.
    pub second: Envelope,
}

impl TwoMessages {
    /// Checks that `signer` signed both, and that they carry the same number; which one, is returned.
    ///
    /// # Errors
    /// [`CountedError`] if either is not the signer's, or has no number, or both may come from one honest node.
    pub fn check(&self, signer: &Principal) -> Result<u64, CountedError> {
        let (first, second) = (Counted::read(&self.first, signer)?, Counted::read(&self.second, signer)?);
        if first.counter != second.counter || first.digest == second.digest {
            return Err(CountedError::NoContradiction { first: first.counter, second: second.counter });
        }
        Ok(first.counter)
    }
}

/// Why something is no numbered message, or no evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CountedError {
    /// A document does not hold.
    #[error(transparent)]
    BadDocument(#[from] DocumentError),
    /// A kind of document that nobody numbers.
    #[error("the document is of a kind that carries no number of its signer's")]
    NoNumber,
    /// One honest node may have signed both.
    #[error("the messages numbered {first} and {second} do not contradict each other")]
    NoContradiction {
        /// The number of one.
        first: u64,
        /// The number of the other.
        second: u64,
    },
}

impl CountedError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadDocument(why) => why.code(),
            Self::NoNumber => "counted-no-number",
            Self::NoContradiction { .. } => "counted-no-contradiction",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::BadDocument(why) => why.remedy(),
            Self::NoNumber => "show commitments, uploads, freezes or void notes".into(),
            Self::NoContradiction { .. } => {
                "nothing is wrong: a node signs many messages, each with its own number".into()
            }
        }
    }
}

#[cfg(test)]
mod tests;
