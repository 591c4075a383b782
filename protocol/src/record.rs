//! A patient's outcome records as every part of Sumac sees them.
//!
//! Numbers are whole, in the unit that their type or name states; days count from the first dose.
//! Every code is one of the dictionary's, or `unknown`. What was not recorded is absent, never 0 and
//! never no. What follows from something else here (mg/kg, sums, counts) is computed, never kept.
//!
//! *Stored form:* a part that is absent is not written, so a record from before the part existed
//! reads as it was, and is written again with the same bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use amount::{Grams, Micrograms};
pub use assessment::Assessment;
pub use event::{Event, TimeToEvent};
pub use session::{Session, Vitals};

mod amount;
mod assessment;
mod event;
mod session;

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
    /// What happened at the clinic, or under its guidance at home, sorted by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<Session>,
    /// What went wrong, sorted by day and kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// How long until something happened, or for how long it is known not to have; sorted by kind,
    /// at most one of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_to_event: Vec<TimeToEvent>,
    /// Classes of medicine that the patient takes at home during the course: yes or no. An absent
    /// class was not asked about. What is given in a session is in [`Session::given`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at_home: BTreeMap<String, bool>,
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

impl Course {
    /// Sorts every list as the stored form has it, so that the order in which a clinic's files list
    /// things changes nothing.
    pub fn put_in_order(&mut self) {
        self.assessments.sort();
        self.sessions.sort();
        self.events.sort();
        self.time_to_event.sort();
    }
}

#[cfg(test)]
mod tests;
