//! What the round promises, in the words of a story that broke it.

use std::fmt;

use super::operation::Operation;

/// A promise of the round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Nothing is drawn on that every counted patient has not paid for.
    PaidFor,
    /// No share leaves before its debit, and its own bytes, are on the disk.
    DebitFirst,
    /// No two different noised values for one cell of one query.
    OneNoise,
    /// An answer is the truth of the clinics it names, each once, and the noise that was drawn.
    Totals,
    /// A withdrawal recorded before the selection keeps the patient out; so do no word at all and a cap.
    ConsentHolds,
    /// Fewer operators than the charter's floor: nobody sees anything but a refusal.
    EnoughOperators,
    /// No attempt is taken part in beside or after one that may be answered.
    OneAttempt,
    /// No part of a verification key is told before all members froze the same batch.
    KeyAfterFreezes,
    /// A member signs one batch and one manifest of an attempt, and draws only on what all signed.
    OneWord,
    /// A message that is said again changes nothing.
    ReplaysChangeNothing,
    /// When all is well again every query ends.
    QueriesEnd,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PaidFor => "whatever is drawn on was paid for by every counted patient",
            Self::DebitFirst => "no share leaves before its debit is on the disk",
            Self::OneNoise => "one cell of one query has one noised value",
            Self::Totals => "an answer is the truth of its clinics and the noise that was drawn",
            Self::ConsentHolds => "only those take part who say yes when the cohort is selected, within their cap",
            Self::EnoughOperators => "with too few operators there is only a refusal",
            Self::OneAttempt => "no attempt is taken part in beside one that may be answered",
            Self::KeyAfterFreezes => "no part of a key is told before all froze the same batch",
            Self::OneWord => "a member signs one batch and one manifest, and draws on what all signed",
            Self::ReplaysChangeNothing => "a message that is said again changes nothing",
            Self::QueriesEnd => "when all is well again every query ends",
        })
    }
}

/// A promise that did not hold.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The story.
    pub seed: u64,
    /// After which step.
    pub step: u32,
    /// What was promised.
    pub promise: Promise,
    /// What was seen instead.
    pub why: String,
    /// What had happened by then.
    pub happened: Vec<Operation>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "story {} broke the promise that {}, after step {}:", self.seed, self.promise, self.step)?;
        writeln!(f, "  {}", self.why)?;
        writeln!(
            f,
            "tell it again: SUMAC_STORY={} cargo test --release -p sumac-federation --test simulation",
            self.seed
        )?;
        let mut told = self.happened.iter().enumerate().filter(|(_, what)| **what != Operation::Nothing);
        told.try_for_each(|(at, what)| writeln!(f, "  {at}: {what:?}"))
    }
}
