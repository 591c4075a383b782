//! The section for a REDCap export: which form holds what, and on which day an event is.
//!
//! REDCap's columns (`record_id`, `redcap_event_name`, `redcap_repeat_instrument`, `<form>_complete`)
//! follow its CSV export of raw values; a project without events or repeating instruments lacks some.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{CourseColumns, EventColumns, SessionColumns, TimeColumns};

/// Where a REDCap export holds what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct RedcapColumns {
    #[serde(default = "record_id")]
    pub(in crate::import) patient: String,
    /// Left out, each record is one course, with the record's id.
    pub(in crate::import) course: Option<String>,
    pub(in crate::import) event: Option<String>,
    pub(in crate::import) repeat_instrument: Option<String>,
    /// What `<form>_complete` must say for the form to be read. An empty list reads every form.
    #[serde(default = "complete")]
    pub(in crate::import) complete: Vec<String>,
    /// Event → its day, for forms without a column of their own for it.
    #[serde(default)]
    pub(in crate::import) days: BTreeMap<String, i32>,
    #[serde(default)]
    pub(in crate::import) courses: Vec<CourseColumns>,
    #[serde(default)]
    pub(in crate::import) assessments: Vec<RedcapForm>,
    #[serde(default)]
    pub(in crate::import) sessions: Vec<SessionColumns>,
    #[serde(default)]
    pub(in crate::import) events: Vec<EventColumns>,
    #[serde(default)]
    pub(in crate::import) time_to_event: Vec<TimeColumns>,
}

/// A form that is one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct RedcapForm {
    pub(in crate::import) form: String,
    pub(in crate::import) instrument: String,
    pub(in crate::import) total: Option<String>,
    /// One column for each item, in the order of the form.
    #[serde(default)]
    pub(in crate::import) items: Vec<String>,
    /// Left out, the day is the event's.
    pub(in crate::import) day: Option<String>,
}

impl RedcapColumns {
    /// REDCap's own name for the column of the event.
    pub(in crate::import) const EVENT: &str = "redcap_event_name";
    /// REDCap's own name for the column of the repeating instrument.
    pub(in crate::import) const REPEAT_INSTRUMENT: &str = "redcap_repeat_instrument";
}

fn record_id() -> String {
    "record_id".to_owned()
}

fn complete() -> Vec<String> {
    vec!["2".to_owned(), "Complete".to_owned()]
}
