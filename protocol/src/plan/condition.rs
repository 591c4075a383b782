//! Which courses count: the `WHERE` of a question.

use serde::{Deserialize, Serialize};

/// A condition that a course meets or not; a missing value meets none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// A yes/no field that is yes.
    Flag(String),
}
