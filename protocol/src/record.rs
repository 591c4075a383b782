//! A patient's outcome records as every part of Sumac sees them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything one clinic holds about one patient. Deterministic: equal records have equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The courses of treatment, in the order of their ids.
    pub courses: Vec<Course>,
}

/// One course of treatment: the unit of analysis.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// The clinic's own name for the course.
    pub id: String,
    /// Dictionary fields that are known for this course. An absent field is missing.
    pub fields: BTreeMap<String, FieldValue>,
    /// Scored instruments, sorted by instrument and day.
    pub assessments: Vec<Assessment>,
}

/// The value of one dictionary field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: a dictionary field has one of these three types")]
pub enum FieldValue {
    /// One of a closed category's values.
    Category(String),
    /// Yes or no.
    Flag(bool),
    /// A number in units of 10^-decimals of the field.
    Number(i64),
}

/// One scored instrument on one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The instrument's id in the dictionary.
    pub instrument: String,
    /// Days since the first dose; baseline is 0 or before.
    pub day: i32,
    /// The total in units of 10^-decimals of the instrument.
    pub value: i64,
}
