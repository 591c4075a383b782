//! The sections of a mapping: one for each shape of file.
//!
//! `patient` and `course` belong to sections of a file of their own, `form` to those inside `[redcap]`;
//! [`checks`](super::checks) holds each section to that.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Of which column or field → code in the file → the dictionary's code.
pub(in crate::import) type Codes = BTreeMap<String, BTreeMap<String, String>>;

/// Where a courses file, with a row for each course, holds what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct CourseColumns {
    pub(in crate::import) patient: Option<String>,
    pub(in crate::import) course: Option<String>,
    pub(in crate::import) form: Option<String>,
    /// Dictionary field → column.
    #[serde(default)]
    pub(in crate::import) fields: BTreeMap<String, String>,
    /// Class of medicine that is taken at home → column with yes or no.
    #[serde(default)]
    pub(in crate::import) at_home: BTreeMap<String, String>,
    #[serde(default)]
    pub(in crate::import) time_to_event: Vec<TimeColumns>,
    #[serde(default)]
    pub(in crate::import) codes: Codes,
}

/// Columns of the courses file that hold one instrument on one day: its total, its items, or both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct WideColumn {
    pub(in crate::import) instrument: String,
    pub(in crate::import) day: i32,
    pub(in crate::import) column: Option<String>,
    /// One column for each item, in the order of the form.
    #[serde(default)]
    pub(in crate::import) items: Vec<String>,
}

/// Where an assessments file, with a row for each total, holds what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct AssessmentColumns {
    pub(in crate::import) patient: String,
    pub(in crate::import) course: String,
    pub(in crate::import) instrument: String,
    pub(in crate::import) day: String,
    pub(in crate::import) value: String,
    /// Instrument in the file → the dictionary's instrument.
    #[serde(default)]
    pub(in crate::import) instruments: BTreeMap<String, String>,
}

/// Where an items file, with a row for each answer, holds what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct ItemColumns {
    pub(in crate::import) patient: String,
    pub(in crate::import) course: String,
    pub(in crate::import) instrument: String,
    pub(in crate::import) day: String,
    /// The number of the item on the form, from 1.
    pub(in crate::import) item: String,
    pub(in crate::import) score: String,
    /// Instrument in the file → the dictionary's instrument.
    #[serde(default)]
    pub(in crate::import) instruments: BTreeMap<String, String>,
}

/// Where rows of sessions hold what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct SessionColumns {
    pub(in crate::import) patient: Option<String>,
    pub(in crate::import) course: Option<String>,
    pub(in crate::import) form: Option<String>,
    /// Counted from 1; left out, sessions are counted in the order of their days.
    pub(in crate::import) number: Option<String>,
    pub(in crate::import) day: Option<String>,
    pub(in crate::import) kind: Option<String>,
    pub(in crate::import) route: Option<String>,
    pub(in crate::import) molecule: Option<String>,
    pub(in crate::import) dose_mg: Option<String>,
    pub(in crate::import) minutes: Option<String>,
    pub(in crate::import) weight_kg: Option<String>,
    pub(in crate::import) systolic_before: Option<String>,
    pub(in crate::import) systolic_highest: Option<String>,
    pub(in crate::import) spo2_lowest: Option<String>,
    pub(in crate::import) heart_rate_highest: Option<String>,
    /// Instrument of the session → column with its total.
    #[serde(default)]
    pub(in crate::import) experience: BTreeMap<String, String>,
    /// Class of medicine that was given → column with yes or no.
    #[serde(default)]
    pub(in crate::import) given: BTreeMap<String, String>,
    /// What is the same in all rows: `kind`, `route` or `molecule` → the dictionary's code.
    #[serde(default)]
    pub(in crate::import) fixed: BTreeMap<String, String>,
    #[serde(default)]
    pub(in crate::import) codes: Codes,
}

/// Where rows of adverse events hold what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct EventColumns {
    pub(in crate::import) patient: Option<String>,
    pub(in crate::import) course: Option<String>,
    pub(in crate::import) form: Option<String>,
    pub(in crate::import) day: Option<String>,
    pub(in crate::import) kind: Option<String>,
    pub(in crate::import) severity: Option<String>,
    pub(in crate::import) serious: Option<String>,
    pub(in crate::import) resolved: Option<String>,
    pub(in crate::import) onset_minutes: Option<String>,
    pub(in crate::import) relatedness: Option<String>,
    /// The number of the session that it belongs to.
    pub(in crate::import) session: Option<String>,
    /// What is the same in all rows: `kind`, `severity` or `relatedness` → the dictionary's code.
    #[serde(default)]
    pub(in crate::import) fixed: BTreeMap<String, String>,
    #[serde(default)]
    pub(in crate::import) codes: Codes,
}

/// Where rows hold how long until something happened.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct TimeColumns {
    pub(in crate::import) patient: Option<String>,
    pub(in crate::import) course: Option<String>,
    pub(in crate::import) form: Option<String>,
    pub(in crate::import) kind: Option<String>,
    pub(in crate::import) day: String,
    /// Yes if it happened, no if it had not on that day.
    pub(in crate::import) happened: String,
    /// What is the same in all rows: `kind` → the dictionary's code.
    #[serde(default)]
    pub(in crate::import) fixed: BTreeMap<String, String>,
    #[serde(default)]
    pub(in crate::import) codes: Codes,
}
