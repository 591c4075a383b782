//! Enrolment: a clinic's note of which key speaks for which patient.
//!
//! Imports know pseudonyms only and statements know keys only; without an enrolment that joins the
//! two, a patient is in no cohort.

use serde::{Deserialize, Serialize};

use crate::document::Kind;
use crate::document::charter::{Charter, Role};
use crate::document::wording::line_flaw;
use crate::envelope::{Document, DocumentError, Envelope, Verified};
use crate::limits::{PSEUDONYM_BYTES_MAX, REPLACEMENT_WAIT};
use crate::moment::Moment;
use crate::principal::Principal;

/// Which key speaks for which patient of a clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The clinic's node key.
    pub clinic: Principal,
    /// The clinic's own name for the patient, as imports use it: 1 to 64 bytes, one line.
    pub pseudonym: String,
    /// The patient's key, made for this clinic alone.
    pub patient: Principal,
    /// When staff signed it.
    pub made_at: Moment,
    /// The lost key that this one replaces. Takes two staff keys.
    pub replaces: Option<Principal>,
}

impl Document for Enrolment {
    const KIND: Kind = Kind::Enrolment;
}

impl Enrolment {
    /// Whether the enrolment agrees with itself.
    ///
    /// # Errors
    /// [`EnrolmentError::Pseudonym`] or [`EnrolmentError::SameKey`].
    pub fn check(&self) -> Result<(), EnrolmentError> {
        if let Some(flaw) = line_flaw(&self.pseudonym, PSEUDONYM_BYTES_MAX) {
            return Err(EnrolmentError::Pseudonym { flaw });
        }
        if self.patient == self.clinic || self.replaces == Some(self.patient) {
            return Err(EnrolmentError::SameKey { key: self.patient });
        }
        Ok(())
    }

    /// From when on the key may grant. At once for a first key; 14 days after for one that replaces
    /// a lost key, so that a patient whose key was "replaced" without asking can object. It may
    /// withdraw at any time.
    #[must_use]
    pub fn grants_from(&self) -> Moment {
        if self.replaces.is_some() { self.made_at + REPLACEMENT_WAIT } else { self.made_at }
    }
}

/// What a draft of an enrolment says, to show it to whoever is about to sign it: nobody's word yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: what a signer has to see")]
pub struct Drafted {
    /// The clinic's own name for the patient.
    pub pseudonym: String,
    /// The key that is to speak for the patient.
    pub patient: Principal,
    /// The lost key that it replaces.
    pub replaces: Option<Principal>,
}

impl Drafted {
    /// Reads it out of a draft that nobody may have signed.
    ///
    /// # Errors
    /// [`DocumentError`] if it is no enrolment.
    pub fn of(envelope: &Envelope) -> Result<Self, DocumentError> {
        let claimed = envelope.claim::<Enrolment>()?;
        let Enrolment { pseudonym, patient, replaces, .. } = claimed.peek();
        Ok(Self { pseudonym: pseudonym.clone(), patient: *patient, replaces: *replaces })
    }
}

/// Takes an enrolment at a clinic: signed by the clinic's node key or one of its staff keys; a
/// replacement of a lost key by two of its staff keys.
///
/// # Errors
/// [`EnrolmentError`].
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub fn admit_enrolment(
    envelope: &Envelope,
    charter: &Charter,
    clinic: &Principal,
) -> Result<Verified<Enrolment>, EnrolmentError> {
    let claimed = envelope.claim::<Enrolment>()?;
    if !charter.member(clinic).is_some_and(|member| member.is(Role::Contributor)) {
        return Err(EnrolmentError::NoClinic { clinic: *clinic });
    }
    let staff = charter.staff_of(clinic).iter().copied();
    let enrolment = if claimed.peek().replaces.is_some() {
        claimed.verify_threshold(&staff.collect(), 2)?
    } else {
        claimed.verify_any(&staff.chain([*clinic]).collect())?
    };
    if enrolment.clinic != *clinic {
        return Err(EnrolmentError::OtherClinic { clinic: enrolment.clinic });
    }
    if charter.staff_of(clinic).contains(&enrolment.patient) {
        return Err(EnrolmentError::SameKey { key: enrolment.patient });
    }
    enrolment.check()?;
    Ok(enrolment)
}

/// Why an enrolment is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of other kinds")]
pub enum EnrolmentError {
    /// No enrolment, or not signed by the clinic's people.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A pseudonym that could mislead.
    #[error("the pseudonym {flaw}")]
    Pseudonym {
        /// The end of the sentence.
        flaw: String,
    },
    /// One key in two parts: a patient's key must be the patient's alone.
    #[error("{key} is named as the patient's key and in another part as well")]
    SameKey {
        /// The key.
        key: Principal,
    },
    /// A key that holds no records under this charter.
    #[error("{clinic} is not a contributor of the charter in force")]
    NoClinic {
        /// The key.
        clinic: Principal,
    },
    /// An enrolment made for another clinic.
    #[error("the enrolment was made at the clinic {clinic}")]
    OtherClinic {
        /// The clinic it names.
        clinic: Principal,
    },
}

impl EnrolmentError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document(why) => why.code(),
            Self::Pseudonym { .. } => "enrolment-pseudonym",
            Self::SameKey { .. } => "enrolment-same-key",
            Self::NoClinic { .. } => "enrolment-no-clinic",
            Self::OtherClinic { .. } => "enrolment-other-clinic",
        }
    }

    /// What the person at the clinic can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Document(why) => why.remedy(),
            Self::Pseudonym { .. } => format!("use 1 to {PSEUDONYM_BYTES_MAX} bytes of plain text on one line"),
            Self::SameKey { .. } => "have the patient make a key of their own for this clinic".into(),
            Self::NoClinic { .. } => "ask the stewards for the role `contributor`".into(),
            Self::OtherClinic { .. } => "enrol the patient here with a key made for this clinic".into(),
        }
    }
}
