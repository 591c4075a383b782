//! Fields of a course: closed categories, yes/no, bounded numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::written::WrittenToldBy;
use super::{Coding, ConsentCategory, System};

/// A field of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Field {
    /// Its name in records and, without regard to capitals, hyphens and underscores, in questions.
    pub id: String,
    /// What a patient must have consented to for it to be read.
    pub category: ConsentCategory,
    /// What it may hold.
    #[serde(flatten)]
    pub kind: FieldKind,
    /// What other systems call its values, by value; not all have an entry.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub coding: BTreeMap<String, Coding>,
    /// Which other part of a course tells a flag, so that the two never contradict each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_by: Option<ToldBy>,
    /// Where its values come from, in a sentence; may be empty.
    pub source: String,
}

impl Field {
    /// The value that another system's code means.
    #[must_use]
    pub fn value_coded(&self, system: System, code: &str) -> Option<&str> {
        self.coding.iter().find(|(_, coding)| coding.has(system, code)).map(|(value, _)| value.as_str())
    }
}

/// Which other part of a course tells a flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: medicines are taken at home or given in a session")]
pub enum ToldBy {
    /// Whether this class of medicine is taken at home.
    AtHome(String),
    /// Whether this class of medicine was given in any session.
    InSession(String),
}

impl ToldBy {
    /// What an author wrote, if it is one of the two.
    pub(super) fn of(written: &WrittenToldBy) -> Option<Self> {
        match (&written.at_home, &written.in_session) {
            (Some(class), None) => Some(Self::AtHome(class.clone())),
            (None, Some(class)) => Some(Self::InSession(class.clone())),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// The class of medicine.
    #[must_use]
    pub fn class(&self) -> &str {
        match self {
            Self::AtHome(class) | Self::InSession(class) => class,
        }
    }
}

/// What a field may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete: a dictionary field has one of these three types")]
pub enum FieldKind {
    /// One of a closed list of codes, or [`UNKNOWN`], which counts as missing in every question.
    Category {
        /// The codes in the order in which groups are shown. `unknown` is not among them.
        values: Vec<String>,
    },
    /// Yes or no.
    Flag,
    /// A bounded number in units of 10^-decimals.
    Number {
        /// Smallest value.
        min: i64,
        /// Largest value; above `min` by at most 2^27.
        max: i64,
        /// Decimal places, 0 to 6.
        decimals: u8,
        /// Unit of measure, as in `kg`.
        unit: Option<String>,
        /// A spread from the literature, never from the data.
        reference_sd: Option<u32>,
    },
}

/// The code that every closed category has for "not known": kept and counted at import, but in no
/// group and in no condition.
pub const UNKNOWN: &str = "unknown";
