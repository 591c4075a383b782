//! Two signed statements of one key that cannot both be honest.
//!
//! Whoever runs a round shows each member one side only, so a lie is often seen by comparing what two members kept. What
//! is evidence here proves itself: it needs no trust in whoever found it, and is checked offline with the charter alone.
//!
//! A contradiction proves a lie *or a second copy of the key at work*, as a folder that was restored behind its owner's
//! back is; both are the key's owner to explain. What an honest node can come to sign by the lies of others, as two
//! openings of counts after a restart, is no contradiction.

mod charters;
mod error;
mod file;
mod kind;
mod notebook;
mod search;
mod word;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::charter_chain::CharterChain;
use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::principal::Principal;
use word::Word;

pub use charters::fork;
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside other errors")]
pub use error::EvidenceError;
pub use file::{FindingsFile, WordsFile};
pub use kind::Contradiction;
pub use notebook::{ATTEMPTS_MAX, BYTES_MAX, KEPT_FOR, Notebook, Noted, StoredWords, VARIANTS_MAX};
pub use search::search;

/// Two statements that contradict each other, and whose they are. Says nothing until [`Finding::check`] has held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// How they contradict each other.
    pub kind: Contradiction,
    /// Who signed both. Empty only for two charters of which no steward signed both.
    pub who: Vec<Principal>,
    /// One of them.
    pub first: Envelope,
    /// The other.
    pub second: Envelope,
}

impl Finding {
    /// Checks, with nothing but the charters, that those named signed both statements and that these contradict each
    /// other in the way it says.
    ///
    /// # Errors
    /// [`EvidenceError`]: then it is no evidence against anybody.
    pub fn check(&self, chain: &CharterChain) -> Result<(), EvidenceError> {
        if self.kind == Contradiction::TwoCharters {
            let who = charters::contradiction(&self.first, &self.second, chain)?;
            return if who == self.who { Ok(()) } else { Err(EvidenceError::OtherSigners) };
        }
        let read = |envelope: &Envelope| Word::read(envelope).ok_or(EvidenceError::NoWord);
        let (first, second) = (read(&self.first)?, read(&self.second)?);
        let [who] = self.who.as_slice() else { return Err(EvidenceError::OtherSigners) };
        if !everybody(chain).contains(who) {
            return Err(EvidenceError::Stranger { who: *who });
        }
        if !first.is_by(who) || !second.is_by(who) {
            return Err(EvidenceError::NotSigned { who: *who });
        }
        match first.contradicts(&second) {
            Some(kind) if kind == self.kind => Ok(()),
            Some(found) => Err(EvidenceError::OtherKind { said: self.kind, found }),
            None => Err(EvidenceError::NoContradiction),
        }
    }

    /// The query and the attempt that both are about, where they are about one.
    #[must_use]
    pub fn attempt(&self) -> Option<(Digest, u8)> {
        let [first, second] = [&self.first, &self.second].map(|envelope| Word::read(envelope)?.attempt());
        first.filter(|_| first == second)
    }

    /// Both statements in a few words each, as far as they differ.
    #[must_use]
    pub fn statements(&self) -> [String; 2] {
        [&self.first, &self.second].map(|envelope| match Word::read(envelope) {
            Some(word) => word.to_string(),
            None => charters::described(envelope),
        })
    }
}

/// Every key that was ever a member's.
fn everybody(chain: &CharterChain) -> BTreeSet<Principal> {
    chain.epochs().flat_map(|charter| charter.members.iter().map(|member| member.key)).collect()
}
