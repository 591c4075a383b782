//! Fields of a course: closed categories, yes/no, bounded numbers.

use super::ConsentCategory;

/// A field of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name in records and, without regard to capitals, hyphens and underscores, in questions.
    pub id: String,
    /// What a patient must have consented to for it to be read.
    pub category: ConsentCategory,
    /// What it may hold.
    pub kind: FieldKind,
    /// Where its values come from, in a sentence; may be empty.
    pub source: String,
}

/// What a field may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
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
