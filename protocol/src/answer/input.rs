//! What an answer is made of, and why there may be none.

use crate::answer::form::Operators;
use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::plan::{Plan, WrongLength};

/// What an answer is made of.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "complete: callers build it from a release")]
pub struct AnswerInput<'a> {
    /// The priced plan that was answered; its mode is the answer's.
    pub plan: &'a Plan,
    /// The study's id.
    pub study: &'a str,
    /// The release's id.
    pub release: Digest,
    /// What the question cost each patient of its cohort; not shown for an exact plan.
    pub rho: RhoMicro,
    /// δ at which ε is quoted, in units of 10^-12.
    pub delta_per_1e12: u64,
    /// How many operators were asked and how many count.
    pub operators: Operators,
    /// Smallest group that may be shown.
    pub cohort_min: u64,
    /// k: how many aggregators each added full noise.
    pub aggregators: u32,
    /// Which groups are held back, in group order, as [`suppress`](crate::answer::suppress) found.
    pub suppressed: &'a [bool],
    /// The bins that are counted with one before them, by their positions within a group, as
    /// [`hold_back`](crate::answer::hold_back) found; none with noise.
    pub merged: &'a [u32],
    /// The sum of all aggregators' noised released cells, group by group; zero for suppressed ones.
    pub released: &'a [i128],
}

/// Why there is no answer: the release is not of this plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// A vector of cells of another plan.
    #[error(transparent)]
    Cells(#[from] WrongLength),
    /// A list of groups of another plan.
    #[error("{got} groups marked as shown or suppressed, where this plan has {want}")]
    Groups {
        /// Groups of the plan.
        want: usize,
        /// Groups that came.
        got: usize,
    },
    /// Merged bins of another plan.
    #[error("bins are said to be merged that this plan does not have, or cannot merge")]
    Merged,
}

impl AnswerError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cells(_) => "cells-of-another-plan",
            Self::Groups { .. } => "groups-of-another-plan",
            Self::Merged => "bins-of-another-plan",
        }
    }

    /// What the person who asked can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        "check the release with `sumac verify`: it does not belong to this question".to_owned()
    }
}
