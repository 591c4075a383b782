//! What a grant allows, apart from whose it is and when: the same for all who signed the same form.

use super::matching::covers;
use super::permit::Purposes;
use super::{Grant, LayText, NoReason};
use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::document::study::Study;
use crate::moment::Moment;

/// What is left of a grant, without patient, time and wording. Whoever keeps the consents of a million patients
/// keeps a few of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Terms {
    /// Its times and its wording are blank.
    grant: Grant,
    purposes: Purposes,
}

/// One patient's terms, and from when to when they hold: from `from` to just before `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: terms and their time")]
pub struct Held {
    /// What is allowed.
    pub terms: Terms,
    /// The later of the grant's `not_before` and the moment it was signed.
    pub from: Moment,
    /// The grant's `not_after`.
    pub until: Moment,
}

impl Terms {
    pub(super) fn of(grant: &Grant, purposes: Purposes) -> Self {
        let (not_before, not_after) = (Moment(0), Moment(0));
        let lay_text = LayText { version: String::new(), language: String::new(), digest: Digest([0; 32]) };
        Self { grant: Grant { not_before, not_after, lay_text, ..grant.clone() }, purposes }
    }

    /// The patient's own cap on privacy cost in any 365 days.
    #[must_use]
    pub const fn rho_year(&self) -> RhoMicro {
        self.grant.rho_year
    }

    /// Whether a study may use records under these terms, while they hold: the rule of [`super::Permit::covers`].
    ///
    /// # Errors
    /// The first [`NoReason`] that is found.
    pub fn covers(&self, study: &Study) -> Result<(), NoReason> {
        covers(&self.grant, &self.purposes, study)
    }
}
