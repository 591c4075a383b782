//! Studies: what may be asked, by whom, for what purpose and at which cost.
//!
//! A study binds the genesis charter; the charter in force lists the study in turn. It ends on its
//! day, or by leaving the charter.

use serde::{Deserialize, Serialize};

use crate::cost::RhoMicro;
pub use crate::dictionary::ConsentCategory;
use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::{Claimed, Document, Envelope};
use crate::moment::Moment;
use crate::plan::Mode;
use crate::principal::Principal;

#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub use admission::admit_study;
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub use error::StudyError;

mod admission;
mod check;
mod error;

/// What may be studied, by whom, for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// The name that grants and people use; unique among the studies of a federation.
    pub id: String,
    /// The title, one line.
    pub title: String,
    /// What it is about, in words a patient can read; at most 16 KiB.
    pub lay_summary: String,
    /// The ethics board or other body that approved it.
    pub approving_body: String,
    /// That body's reference.
    pub approval_reference: String,
    /// What the answers are for.
    pub purpose: Purpose,
    /// The keys that may sign queries.
    pub researchers: Vec<Principal>,
    /// The kinds of record that queries may touch.
    pub categories: Vec<ConsentCategory>,
    /// Whether answers carry noise.
    pub mode: Mode,
    /// The analysis plan of an exact study: the only queries it may ask. Empty in a `dp` study.
    pub plans: Vec<PlannedQuery>,
    /// Most that the whole study may cost any one patient; 0 in an exact study.
    pub rho_total: RhoMicro,
    /// Most that it may cost any one patient in any 365 days; 0 in an exact study.
    pub rho_year: RhoMicro,
    /// Most queries over the study's life that are not void.
    pub queries_max: u32,
    /// When it begins.
    pub valid_from: Moment,
    /// When it is over: no query is taken from this moment on.
    pub valid_until: Moment,
    /// The digest of the federation's genesis charter.
    pub genesis: Digest,
}

/// What a study's answers are for. Patients grant by this, so it is compared with every grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// DUO shorthands: at least one permission (`GRU`, `HMB`, `DS`, …), each of which a grant must
    /// allow; and modifiers, which count as met.
    pub duo: Vec<String>,
    /// The diseases studied, as codes such as `MONDO:0002009`. At least one with `DS`.
    pub disease: Vec<String>,
    /// What kind of organisation runs it.
    pub organisation: Organisation,
    /// Whether it serves a commercial use.
    pub commercial: bool,
    /// Shorthands of the DUO modifiers that the study meets, as its approving body found.
    pub modifiers_met: Vec<String>,
}

/// What kind of organisation runs a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete: a new kind is a new version of the study")]
pub enum Organisation {
    /// A university or another place of research and teaching.
    Academic,
    /// A company, or anyone else who works for profit.
    Commercial,
    /// A public body or a not-for-profit organisation that is not academic.
    Public,
}

/// What an exact study says to patients, whatever its lay summary says.
pub const EXACT_IN_LAY_WORDS: &str = "The answers of this study carry no noise. Small groups are left out of them, but \
    nothing bounds by numbers what they say about one person, as the noise of other studies does (there is no ε and no δ). \
    And the members who add the figures up see the numbers of small groups before these are left out: \
    this protects you only if those members are honest.";

/// One query of an analysis plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedQuery {
    /// Its text, letter for letter.
    pub query: String,
    /// How often it may be asked over the study's life; at least once.
    pub times: u32,
}

/// The federation that a draft is for, by the digest of its first charter: what it says, which no signature stands for yet.
#[must_use]
pub const fn named_federation(draft: &Claimed<Study>) -> Digest {
    draft.peek().genesis
}

/// What a draft of a study says, to show it to whoever is about to sign it: nobody's word yet.
///
/// # Errors
/// [`StudyError`] for no study, or for one that contradicts itself.
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub fn drafted_study(draft: &Envelope) -> Result<Study, StudyError> {
    let claimed = draft.claim::<Study>()?;
    claimed.peek().check()?;
    Ok(claimed.peek().clone())
}

impl Document for Study {
    const KIND: Kind = Kind::Study;
}

impl Study {
    /// Whether everything in the study agrees with itself and with the limits of the protocol. Says
    /// nothing about its signatures or whether a charter lists it.
    ///
    /// # Errors
    /// The first [`StudyError`] that is found.
    pub fn check(&self) -> Result<(), StudyError> {
        check::check(self)
    }

    /// Whether queries are taken at this moment: from `valid_from` to just before `valid_until`.
    #[must_use]
    pub fn open_at(&self, now: Moment) -> bool {
        self.valid_from <= now && now < self.valid_until
    }

    /// What a patient is told it is about: the lay summary, and in an exact study what no author may leave out.
    #[must_use]
    pub fn lay_words(&self) -> String {
        match self.mode {
            Mode::Dp => self.lay_summary.clone(),
            Mode::Exact => format!("{}\n\n{EXACT_IN_LAY_WORDS}", self.lay_summary.trim_end()),
        }
    }

    /// The planned query with this text, letter for letter.
    #[must_use]
    pub fn planned(&self, text: &str) -> Option<&PlannedQuery> {
        self.plans.iter().find(|planned| planned.query == text)
    }
}
