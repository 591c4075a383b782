//! What can be measured in a course: at most one number each.

use serde::{Deserialize, Serialize};

/// How a number is found in a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// A field of the dictionary.
    Field(String),
}
