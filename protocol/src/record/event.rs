//! What went wrong in a course, and how long until something happened.

use serde::{Deserialize, Serialize};

/// One adverse event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Days since the first dose on which it began.
    pub day: i32,
    /// One of the dictionary's kinds of adverse event.
    pub kind: String,
    /// One of the dictionary's severities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Whether it was serious in the regulators' sense: death, danger to life, hospital, lasting
    /// disability. Apart from severity: a severe headache is not serious.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serious: Option<bool>,
    /// Whether it was over when it was last asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<bool>,
    /// Minutes from the dose of its session to its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset_minutes: Option<u16>,
    /// How the clinic judged its relation to the treatment: one of the dictionary's words for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relatedness: Option<String>,
    /// The number of the session that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u16>,
}

/// How long until something happened, or for how long it is known not to have happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeToEvent {
    /// One of the dictionary's kinds, such as relapse.
    pub kind: String,
    /// Days since the first dose: of the event if it happened, else of the last look (censored).
    pub day: i32,
    /// Whether it happened; no means censored on `day`.
    pub happened: bool,
}
