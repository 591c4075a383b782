//! Consent: a patient's statements, what they allow, and where a patient stands.
//!
//! A statement is signed with the key that the patient made for one clinic, or, on paper, witnessed
//! by that clinic's staff. Default is no: what is unknown, over, or contradictory allows nothing.
//! Withdrawing never needs more than granting: a withdrawal is taken whatever its sequence,
//! predecessor or codes.

use serde::{Deserialize, Serialize};

use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::document::Kind;
use crate::document::study::ConsentCategory;
use crate::envelope::Document;
use crate::limits::CLOCK_DOUBT;
use crate::moment::Moment;
use crate::principal::Principal;

pub use admission::{Named, admit_statement, admit_witnessed};
pub use error::StatementError;
pub use history::{Contradiction, History, standing};
pub use matching::{NoReason, grant_covers};
pub use permit::{Permit, Standing};
pub use terms::{Held, Terms};

mod admission;
mod check;
mod error;
mod history;
mod matching;
mod permit;
mod terms;

/// One statement of one patient at one clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The clinic's node key.
    pub clinic: Principal,
    /// The patient's key for that clinic.
    pub patient: Principal,
    /// For a grant: higher than every grant before it; the first has 0. A withdrawal may carry any.
    pub sequence: u64,
    /// For a grant: the digest of the patient's last statement in the ledger, of either kind; none
    /// for the first. A withdrawal may leave it out.
    pub previous: Option<Digest>,
    /// When it was signed, by the signer's clock. A grant counts from then on at the earliest.
    pub made_at: Moment,
    /// What it says.
    pub action: Action,
    /// Who witnessed it on paper; none where the patient's own key signed.
    pub witness: Option<Witness>,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: a new action is a new version of the statement")]
#[expect(clippy::large_enum_variant, reason = "most statements are grants")]
pub enum Action {
    /// This may be done with my records. Replaces every grant before it.
    Grant(Grant),
    /// This may not be done any more. Ends everything up to the highest sequence known.
    Revoke(Revoke),
    /// Nothing may be done any more, and what is held is to be destroyed. A key that said this never grants again.
    /// Only the patient's own key says it: on paper there are a withdrawal and the clinic's desk.
    Erase,
}

/// What a patient allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// DUO shorthands of permissions: `GRU`, `HMB`, `DS`, …
    pub purposes: Vec<String>,
    /// DUO shorthands of modifiers, each of which a study must meet: `NCU`, `IRB`, …
    pub modifiers: Vec<String>,
    /// The diseases that `DS` is about, as codes such as `MONDO:0002009`.
    pub diseases: Vec<String>,
    /// The kinds of record that may be touched.
    pub categories: Vec<ConsentCategory>,
    /// Who may ask.
    pub who: Who,
    /// How answers may show it.
    pub disclosure: Disclosure,
    /// Before this moment it allows nothing.
    pub not_before: Moment,
    /// From this moment on it allows nothing.
    pub not_after: Moment,
    /// The patient's own cap on privacy cost in any 365 days; the charter's may be lower.
    pub rho_year: RhoMicro,
    /// The explanation that was shown before signing.
    pub lay_text: LayText,
}

/// What a patient ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// DUO shorthands of the permissions that end. None, an empty list, or any code that is unknown:
    /// all of them.
    pub purposes: Option<Vec<String>>,
}

/// Who may ask, under a grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: a new choice is a new version of the statement")]
pub enum Who {
    /// Any study whose purpose the grant allows.
    AnyStudy,
    /// Only studies that an academic organisation runs.
    AcademicOnly,
    /// Only the studies with these ids.
    Studies(Vec<String>),
}

/// How answers may show a patient's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: the two modes of a study")]
pub enum Disclosure {
    /// Only under noise.
    DpOnly,
    /// Also in exact studies, which have none.
    ExactAlso,
}

/// The explanation that a patient was shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayText {
    /// Its version, as its authors count.
    pub version: String,
    /// Its language, as in `en` or `de-AT`.
    pub language: String,
    /// The hash of its text under [`crate::digest::Label::LayText`].
    pub digest: Digest,
}

/// Who witnessed a statement on paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The staff key that signs in the patient's place.
    pub by: Principal,
    /// The reference of the paper form.
    pub form: String,
}

impl Action {
    /// Whether it only ever ends something. What ends is never held to sequence, predecessor, clock or wording.
    #[must_use]
    pub const fn ends(&self) -> bool {
        match self {
            Self::Grant(_) => false,
            Self::Revoke(_) | Self::Erase => true,
        }
    }
}

impl Document for Statement {
    const KIND: Kind = Kind::Consent;
}

impl Statement {
    /// Whether the statement agrees with itself. Only grants are held to it: a withdrawal is never
    /// refused for its wording.
    ///
    /// # Errors
    /// The first [`StatementError`] that is found.
    pub fn check(&self) -> Result<(), StatementError> {
        check::check(self)
    }

    /// As [`Statement::check`], and for what ends something too: what a program asks before it signs. A misspelt purpose
    /// would end everything, which is right where it is read and wrong where it is written.
    ///
    /// # Errors
    /// The first [`StatementError`] that is found.
    pub fn check_made(&self) -> Result<(), StatementError> {
        check::check_made(self)
    }

    /// Whether the statement may come in at this moment, by the clinic's clock. A grant that was signed further ahead
    /// than [`CLOCK_DOUBT`] was signed under a clock that nobody can trust; whatever ends something always may.
    ///
    /// # Errors
    /// [`StatementError::Future`].
    pub fn not_ahead(&self, now: Moment) -> Result<(), StatementError> {
        if self.action.ends() || self.made_at <= now + CLOCK_DOUBT {
            return Ok(());
        }
        Err(StatementError::Future { made_at: self.made_at, now })
    }
}

impl Grant {
    /// Whether it allows anything at this moment: from `not_before` to just before `not_after`.
    #[must_use]
    pub fn in_force_at(&self, now: Moment) -> bool {
        self.not_before <= now && now < self.not_after
    }
}
