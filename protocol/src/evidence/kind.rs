//! How two signed statements can contradict each other.

use serde::{Deserialize, Serialize};

/// The contradictions that prove a lie. All but the last two are about one attempt at one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Contradiction {
    /// A member committed itself twice: it is kept before it is sent, and never made again.
    TwoCommitments,
    /// A clinic contributed twice: what is sent again is the same bytes.
    TwoUploads,
    /// A member fixed two batches: it can verify one report twice, and learn from the difference.
    TwoFreezes,
    /// A member signed two verdicts over the clinics.
    TwoManifests,
    /// A member went on with another batch than the one that it fixed.
    TwoBatches,
    /// A member told the researcher two shares.
    TwoShares,
    /// A member told clinics of two releases.
    TwoReleases,
    /// A member signed an attempt void for which it has kept a noised share: clinics give their debits back for an
    /// attempt that can be answered.
    VoidBesideNoised,
    /// One number on two documents: two nodes sign with one key, or one was set back.
    SameCounter,
    /// A clinic signed two different consent ledgers of one size.
    TwoTrees,
    /// The stewards signed two futures of the federation.
    TwoCharters,
}

impl Contradiction {
    /// What was done, in words that follow the name of whoever did it.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::TwoCommitments => "committed itself twice to one attempt",
            Self::TwoUploads => "contributed two different things to one attempt",
            Self::TwoFreezes => "fixed two different batches in one attempt",
            Self::TwoManifests => "signed two different verdicts over the clinics of one attempt",
            Self::TwoBatches => "went on with another batch than the one that it fixed",
            Self::TwoShares => "gave two different shares of one answer",
            Self::TwoReleases => "told of two different releases of one attempt",
            Self::VoidBesideNoised => "signed an attempt void that it had already noised its share for",
            Self::SameCounter => "gave two documents the same number",
            Self::TwoTrees => "signed two different consent ledgers of one size",
            Self::TwoCharters => "signed two different charters of one epoch",
        }
    }

    /// What the people of a federation can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::TwoCommitments
            | Self::TwoFreezes
            | Self::TwoManifests
            | Self::TwoBatches
            | Self::TwoShares
            | Self::TwoReleases
            | Self::VoidBesideNoised => {
                "send this evidence to the stewards: they can sign a charter without this member in any committee. Its \
                 operator should say whether a second copy of the node, or a restored folder, was at work"
            }
            Self::TwoUploads | Self::SameCounter => {
                "ask its operator whether a second copy of the node, or a restored folder, was at work; if nobody can \
                 say, send this evidence to the stewards, who can sign a charter with a new key for it"
            }
            Self::TwoTrees => {
                "give the two heads to every committee member, who then refuse this clinic; tell its patients, and send \
                 this evidence to the stewards"
            }
            Self::TwoCharters => {
                "stop all questions, and call the stewards together: which of the two is in force is theirs to say, in \
                 the open"
            }
        }
    }
}
