//! The known attacks, replayed on invented records under a federation's real rules, and what each one learned against what
//! its price allows.
//!
//! Two kinds of evidence. Where noise is what protects, an attacker who knows everybody else's record tells two worlds
//! apart, with and without one patient, thousands of times; how often that is right is held against what ρ allows. These
//! use the product's own way from records to cells, noise and release, and leave out only what does not change it: shares,
//! signatures and the wire. Where a rule is what protects, whole rounds run in a [`Rehearsal`], and what counts is whether
//! the rule held. Everything random comes from the operating system, and nothing of the operator's is touched.

mod averaging;
mod bound;
mod cohort;
mod error;
mod finding;
mod game;
mod grinding;
mod intersection;
mod lost_attempts;
mod membership;
mod one_hot;
mod rollback;
mod rows;
mod suppressed;
mod tracker;
mod words;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::charter::Charter;

pub use bound::{at_least, most_often_right};
pub use error::AttackError;
pub use finding::{Finding, Tally, Verdict};

use crate::clinic::CohortLine;
use crate::rehearsal::{Rehearsal, RehearsalError};
use words::Words;

/// The attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "complete: whoever runs them all goes through all")]
pub enum Attack {
    /// A filter that fits one patient only.
    OneHot,
    /// The same question with and without one patient's row, which stands there three times.
    Rows,
    /// The same question again and again, for the noise to average out.
    Averaging,
    /// An attempt that is lost on purpose after it was noised, for another answer at the same price.
    LostAttempts,
    /// A committee of the attacker's own choice.
    Grinding,
    /// An older folder under the newer keyring.
    Rollback,
    /// The whole folder with its keyring, as they were before a charge.
    WholeRollback,
    /// Filters that overlap everywhere but in one patient.
    Tracker,
    /// The same question before and after one patient's withdrawal, and before and after a late record.
    Intersection,
    /// A group that is held back, from the total and the groups beside it.
    Suppressed,
    /// Whether one patient took part, from as many questions as a year's budget pays for.
    Membership,
}

impl Attack {
    /// Every attack, in the order in which they are told.
    pub const ALL: [Self; 11] = [
        Self::OneHot,
        Self::Rows,
        Self::Averaging,
        Self::LostAttempts,
        Self::Grinding,
        Self::Rollback,
        Self::WholeRollback,
        Self::Tracker,
        Self::Intersection,
        Self::Suppressed,
        Self::Membership,
    ];

    /// What it is called on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneHot => "one-hot",
            Self::Rows => "rows",
            Self::Averaging => "averaging",
            Self::LostAttempts => "lost-attempts",
            Self::Grinding => "grinding",
            Self::Rollback => "rollback",
            Self::WholeRollback => "whole-rollback",
            Self::Tracker => "tracker",
            Self::Intersection => "intersection",
            Self::Suppressed => "suppressed",
            Self::Membership => "membership",
        }
    }

    /// What it tries, in a sentence.
    #[must_use]
    pub const fn tries(self) -> &'static str {
        match self {
            Self::OneHot => "a filter that fits one patient alone, to read that patient's value",
            Self::Rows => "a question with and without one patient, whose row stands there three times",
            Self::Averaging => "one question as often as it is answered, to average the noise away",
            Self::LostAttempts => "an answer lost on purpose, to have another one for the same charge",
            Self::Grinding => "a committee of its own choice, to open what clinics share with it",
            Self::Rollback => "a store's older folder under its newer keyring, to spend a budget twice",
            Self::WholeRollback => "folder and keyring of before a charge, to spend a budget twice",
            Self::Tracker => "overlapping filters, to single one patient out of large groups",
            Self::Intersection => "one question before and after somebody leaves or comes, to take the difference",
            Self::Suppressed => "a held-back group, from the total less the groups beside it",
            Self::Membership => "whether one patient took part, from all that a year's budget pays for",
        }
    }

    /// Who the attacker is.
    #[must_use]
    pub const fn assumes(self) -> &'static str {
        match self {
            Self::OneHot | Self::Rows | Self::Averaging | Self::Membership => {
                "researcher and all members but one; every other record is known"
            }
            Self::LostAttempts => "coordinator, researcher and all members but one",
            Self::Grinding => "coordinator and as many other nodes as a committee has",
            Self::Rollback | Self::WholeRollback => "whoever can write to one clinic's disk, and a researcher",
            Self::Tracker | Self::Intersection | Self::Suppressed => "a researcher; every other record is known",
        }
    }
}

/// What the attacks are tried on: a federation's rules, and a folder that is theirs alone.
pub struct Target<'a> {
    charter: &'a Charter,
    dictionary: Dictionary,
    words: Words,
    scratch: PathBuf,
}

impl std::fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Target({})", self.charter.name)
    }
}

impl<'a> Target<'a> {
    /// The rules of this charter, to be attacked in a folder that is empty.
    ///
    /// # Errors
    /// [`AttackError`] if nothing can be asked in the words of its dictionary.
    pub fn under(charter: &'a Charter, scratch: &Path) -> Result<Self, AttackError> {
        let dictionary = Dictionary::parse(&charter.dictionary)?;
        let words = Words::of(&dictionary)?;
        Ok(Self { charter, dictionary, words, scratch: scratch.to_owned() })
    }

    /// Tries one attack. What looks like a leak by chance, once in a thousand times, is tried a second time with other
    /// randomness before it is told.
    ///
    /// # Errors
    /// [`AttackError`] if it could not be tried.
    pub fn attacked_by(&self, attack: Attack) -> Result<Finding, AttackError> {
        let first = self.once(attack)?;
        if first.tally.is_some() && first.verdict == Verdict::Leak { self.once(attack) } else { Ok(first) }
    }

    fn once(&self, attack: Attack) -> Result<Finding, AttackError> {
        match attack {
            Attack::OneHot => one_hot::attack(self),
            Attack::Rows => rows::attack(self),
            Attack::Averaging => averaging::attack(self),
            Attack::LostAttempts => lost_attempts::attack(self),
            Attack::Grinding => grinding::attack(self),
            Attack::Rollback => rollback::older_folder(self),
            Attack::WholeRollback => rollback::whole_folder(self),
            Attack::Tracker => tracker::attack(self),
            Attack::Intersection => intersection::attack(self),
            Attack::Suppressed => suppressed::attack(self),
            Attack::Membership => membership::attack(self),
        }
    }

    /// How many members each committee has; of several sizes the first one's, which answers first.
    fn members(&self) -> usize {
        self.charter.committees.first().map_or(0, Vec::len)
    }

    /// The price of one question: the highest that the charter allows, but none at which anybody could be told with
    /// certainty anyway.
    fn price(&self) -> RhoMicro {
        self.charter.policy.rho_per_query_max.min(self.year()).min(PRICE_MAX)
    }

    /// What one patient may be charged in a year.
    const fn year(&self) -> RhoMicro {
        self.charter.policy.rho_per_patient_year
    }

    /// The price of each of so many questions that a year's budget pays for together.
    fn shared(&self, questions: usize) -> RhoMicro {
        let each = self.year().min(TOLD_MAX).0 / u64::try_from(questions.max(1)).unwrap_or(u64::MAX);
        RhoMicro(each).min(self.price())
    }

    /// In how many cohorts whose charge stands the attacked patient is, by the clinic's own books.
    fn charges_of_the_attacked(&self, rehearsal: &Rehearsal) -> Result<usize, AttackError> {
        let Some(patient) = rehearsal.patient(0) else { return Ok(0) };
        let cohorts = rehearsal.clinic(patient.clinic())?.cohorts().map_err(RehearsalError::from)?;
        let in_it = |cohort: &CohortLine| {
            cohort.state.stands() && cohort.pseudonyms.iter().any(|name| name == patient.pseudonym())
        };
        Ok(cohorts.iter().filter(|cohort| in_it(cohort)).count())
    }

    /// A federation under the charter's rules, with some patients at each clinic. The first of the last clinic, which is
    /// the least likely to have other roles, is the one who is attacked.
    fn rehearsal(&self, attack: Attack, cap: RhoMicro) -> Result<(Rehearsal, tempfile::TempDir), AttackError> {
        let made = tempfile::Builder::new().prefix(attack.name()).tempdir_in(&self.scratch);
        let folder = made.map_err(|why| AttackError::Folder { folder: self.scratch.clone(), why })?;
        let mut rehearsal = Rehearsal::under(self.charter, folder.path())?;
        for (at, clinic) in rehearsal.clinics().into_iter().rev().enumerate() {
            let records = cohort::records(self, PATIENTS, at == 0)?;
            rehearsal.admit(clinic, records, cap)?;
        }
        Ok((rehearsal, folder))
    }
}

/// Above this no accuracy that is short of certain says anything: ρ 2 allows 89 in 100.
const PRICE_MAX: RhoMicro = RhoMicro(2_000_000);
/// Above this an attacker may be right so often, 998 times in 1,000, that few trials would tell one who always is.
const TOLD_MAX: RhoMicro = RhoMicro(6_000_000);
/// Patients of each clinic in whole rounds.
const PATIENTS: usize = 6;
