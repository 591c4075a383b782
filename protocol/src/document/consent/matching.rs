//! Whether a grant allows what a study is for: the match rule of the GA4GH Data Use Ontology.

use super::permit::Purposes;
use super::{Disclosure, Grant, Who};
use crate::document::study::{ConsentCategory, Organisation, Purpose, Study};
use crate::plan::Mode;

/// Whether a grant, nothing of which was revoked, covers a study. Says nothing about time.
///
/// * Each permission of the study's purpose must be allowed: NRES ≥ GRU ≥ HMB ≥ DS, where each of the
///   study's diseases must be one of the grant's or a kind of it ([`crate::document::disease`]).
/// * Each modifier of the grant must be met. NCU, NPU and NPUNCU are judged by the organisation and
///   commercial use that the study declares; every other one must stand in the study's
///   `modifiers_met` (or `duo`).
/// * Every category that the study touches, its organisation or id, and its mode must be allowed.
///
/// # Errors
/// The first [`NoReason`] that is found.
pub fn grant_covers(grant: &Grant, study: &Study) -> Result<(), NoReason> {
    covers(grant, &Purposes::all_of(grant), study)
}

pub(super) fn covers(grant: &Grant, purposes: &Purposes, study: &Study) -> Result<(), NoReason> {
    let declared = &study.purpose;
    purposes.allow(&grant.diseases, declared)?;
    if let Some(code) = grant.modifiers.iter().find(|code| !meets(declared, code)) {
        return Err(NoReason::Modifier { code: code.clone() });
    }
    if let Some(category) = study.categories.iter().find(|category| !grant.categories.contains(category)) {
        return Err(NoReason::Category { category: *category });
    }
    let may_ask = match &grant.who {
        Who::AnyStudy => true,
        Who::AcademicOnly => declared.organisation == Organisation::Academic,
        Who::Studies(ids) => ids.contains(&study.id),
    };
    if !may_ask {
        return Err(NoReason::Who { study: study.id.clone() });
    }
    match (study.mode, grant.disclosure) {
        (Mode::Exact, Disclosure::DpOnly) => Err(NoReason::Disclosure),
        (Mode::Dp, Disclosure::DpOnly | Disclosure::ExactAlso) | (Mode::Exact, Disclosure::ExactAlso) => Ok(()),
    }
}

fn meets(purpose: &Purpose, code: &str) -> bool {
    let for_profit = purpose.organisation == Organisation::Commercial;
    match code {
        "NCU" => !purpose.commercial,
        "NPU" => !for_profit,
        "NPUNCU" => !purpose.commercial && !for_profit,
        _ => purpose.modifiers_met.iter().chain(&purpose.duo).any(|met| met == code),
    }
}

/// Why a grant does not cover a study. Known to the clinic alone: it is never told to anybody else
/// than the patient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoReason {
    /// A purpose that the grant does not allow, or no purpose that is known.
    #[error("the grant does not allow the purpose `{code}`")]
    Purpose {
        /// The study's code.
        code: String,
    },
    /// Research on a disease that the grant does not name.
    #[error("the grant does not name the disease `{code}`")]
    Disease {
        /// The study's code; empty if it names none.
        code: String,
    },
    /// A condition that the study does not meet.
    #[error("the study does not meet the condition `{code}` of the grant")]
    Modifier {
        /// The grant's code.
        code: String,
    },
    /// A kind of record that the grant does not allow.
    #[error("the grant does not allow records of the category {category:?}")]
    Category {
        /// The study's category.
        category: ConsentCategory,
    },
    /// A study that may not ask.
    #[error("the grant does not let the study `{study}` ask")]
    Who {
        /// The study's id.
        study: String,
    },
    /// An exact study under a grant for noised answers.
    #[error("the grant allows noised answers only")]
    Disclosure,
}

impl NoReason {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Purpose { .. } => "no-purpose",
            Self::Disease { .. } => "no-disease",
            Self::Modifier { .. } => "no-modifier",
            Self::Category { .. } => "no-category",
            Self::Who { .. } => "no-who",
            Self::Disclosure => "no-disclosure",
        }
    }

    /// What the patient could do who wants to take part.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Purpose { code } => format!("sign a grant that allows {code}"),
            Self::Disease { code } => format!("sign a grant that names {code}"),
            Self::Modifier { code } => format!("sign a grant without the condition {code}"),
            Self::Category { category } => format!("sign a grant that allows {category:?}"),
            Self::Who { study } => format!("sign a grant that lets {study} ask"),
            Self::Disclosure => "sign a grant that allows exact answers also".into(),
        }
    }
}
