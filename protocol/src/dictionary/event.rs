//! What may go wrong, what is waited for, and which other medicines matter.

use serde::{Deserialize, Serialize};

use super::{Coding, ConsentCategory};

/// One code of a closed vocabulary, with what explains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Code {
    /// The code as records hold it.
    pub id: String,
    /// What other systems call it; may be empty.
    #[serde(skip_serializing_if = "Coding::is_empty")]
    pub coding: Coding,
    /// What it means or where it comes from, in a sentence; may be empty.
    pub source: String,
}

/// What adverse events may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EventRules {
    /// What may go wrong.
    pub kinds: Vec<EventKind>,
    /// How bad it was, mildest first.
    pub severities: Vec<String>,
    /// How it was judged to be related to the treatment, least first.
    pub relatedness: Vec<String>,
    /// Latest beginning after a dose that is still told in minutes.
    pub onset_minutes_max: u16,
}

/// One kind of adverse event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EventKind {
    /// Its code.
    #[serde(flatten)]
    pub code: Code,
    /// When it is expected.
    pub onset: Onset,
}

/// When an adverse event is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete: in a session, or over time")]
pub enum Onset {
    /// In a session or the hours after it.
    Acute,
    /// Over many sessions.
    Chronic,
}

impl EventRules {
    /// What a patient must have consented to for adverse events to be read.
    pub const CATEGORY: ConsentCategory = ConsentCategory::AdverseEvents;
}
