//! Why something is no evidence.

use crate::charter_chain::ChainError;
use crate::evidence::Contradiction;
use crate::principal::Principal;

/// Why something that is shown as evidence proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// No file of this kind.
    #[error("not a file of evidence: {why}")]
    NoFile {
        /// What the reader stumbled over.
        why: String,
    },
    /// A document that says nothing about which one could lie in this way.
    #[error("one of the two documents is not a word of a round, nor a ledger's head, nor a charter")]
    NoWord,
    /// Somebody whom no charter names.
    #[error("{who} was never a member of this federation")]
    Stranger {
        /// Whom the evidence names.
        who: Principal,
    },
    /// A document that those accused did not sign.
    #[error("one of the two documents is not signed by {who}")]
    NotSigned {
        /// Whom the evidence names.
        who: Principal,
    },
    /// It names others than those who signed both.
    #[error("it does not name those who signed both documents")]
    OtherSigners,
    /// Both can be true.
    #[error("the two documents do not contradict each other")]
    NoContradiction,
    /// They contradict each other in another way than it says.
    #[error("it speaks of {said:?}, and the two documents are {found:?}")]
    OtherKind {
        /// What it says.
        said: Contradiction,
        /// What they are.
        found: Contradiction,
    },
    /// A charter that is none of this federation's.
    #[error("one of the two charters does not follow on this federation's own: {0}")]
    Charter(#[from] ChainError),
}

impl EvidenceError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoFile { .. } => "evidence-no-file",
            Self::NoWord => "evidence-no-word",
            Self::Stranger { .. } => "evidence-stranger",
            Self::NotSigned { .. } => "evidence-not-signed",
            Self::OtherSigners => "evidence-other-signers",
            Self::NoContradiction => "evidence-no-contradiction",
            Self::OtherKind { .. } => "evidence-other-kind",
            Self::Charter(_) => "evidence-charter",
        }
    }

    /// What whoever was shown it can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoFile { .. } => {
                "give a file that `sumac audit` wrote: with --export to compare, with --out to check".into()
            }
            Self::Stranger { .. } | Self::Charter(_) => {
                "check it with the charter file of the federation that it is about, with all its epochs".into()
            }
            Self::NoWord
            | Self::NotSigned { .. }
            | Self::OtherSigners
            | Self::NoContradiction
            | Self::OtherKind { .. } => "it accuses nobody; ask whoever sent it for the file as it was written".into(),
        }
    }
}
