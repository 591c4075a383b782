//! Why a charter does not fit a chain.

use crate::digest::Digest;
use crate::document::charter::CharterError;
use crate::envelope::DocumentError;

/// Why a charter, or a file of charters, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No charter, or not signed by enough stewards.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A charter that does not agree with itself.
    #[error("the charter does not hold together: {0}")]
    Charter(#[from] CharterError),
    /// No file of charters.
    #[error("not a file of charters: {why}")]
    NoChain {
        /// What the reader stumbled over.
        why: String,
    },
    /// A file without any charter.
    #[error("the file of charters is empty")]
    Empty,
    /// A chain that begins in the middle.
    #[error("a chain of charters begins with epoch 0, not {epoch}")]
    NotGenesis {
        /// The epoch it begins with.
        epoch: u64,
    },
    /// The genesis charter of another federation.
    #[error("the charter belongs to another federation: its genesis is {theirs}, ours is {ours}")]
    OtherGenesis {
        /// Our genesis charter.
        ours: Digest,
        /// The other one.
        theirs: Digest,
    },
    /// Charters between are missing.
    #[error("the charter has epoch {got}, but the newest known has {have}")]
    Gap {
        /// The newest epoch of the chain.
        have: u64,
        /// The epoch that came.
        got: u64,
    },
    /// An earlier charter, offered as the newest.
    #[error("the charter goes back to epoch {got}, where {have} is in force")]
    Rollback {
        /// The newest epoch of the chain.
        have: u64,
        /// The epoch that came.
        got: u64,
    },
    /// The stewards signed two charters of one epoch.
    #[error("there are two charters of epoch {epoch}: {ours} and {theirs}")]
    Fork {
        /// The epoch.
        epoch: u64,
        /// The one in this chain.
        ours: Digest,
        /// The other one.
        theirs: Digest,
    },
    /// More charters than any federation has.
    #[error("the chain has {max} charters, which is the most")]
    TooMany {
        /// The most there are.
        max: usize,
    },
}

impl ChainError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document(why) => why.code(),
            Self::Charter(why) => why.code(),
            Self::NoChain { .. } => "no-chain",
            Self::Empty => "chain-empty",
            Self::NotGenesis { .. } => "chain-not-genesis",
            Self::OtherGenesis { .. } => "chain-other-genesis",
            Self::Gap { .. } => "chain-gap",
            Self::Rollback { .. } => "chain-rollback",
            Self::Fork { .. } => "chain-fork",
            Self::TooMany { .. } => "chain-too-many",
        }
    }

    /// What the person who brought the charter can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Document(why) => why.remedy(),
            Self::Charter(why) => why.remedy(),
            Self::NoChain { .. } | Self::Empty => {
                "ask a steward for the file of charters again; it begins with {\"sumac_charter\": 1".into()
            }
            Self::NotGenesis { .. } => "give the whole file of charters, genesis first".into(),
            Self::OtherGenesis { .. } => "ask a steward which federation this is; compare the genesis digest".into(),
            Self::Gap { have, .. } => format!("fetch the charters after epoch {have} first, from any hub"),
            Self::Rollback { .. } => "nothing is to be done: the newer charter stays in force".into(),
            Self::Fork { ours, theirs, .. } => format!(
                "stop all questions and call the stewards: they signed both {} and {}",
                ours.hex(),
                theirs.hex()
            ),
            Self::TooMany { .. } => "found a new federation under a new genesis charter".into(),
        }
    }
}
