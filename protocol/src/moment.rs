//! Time as the protocol knows it: a number somebody else read off a clock.

use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// A moment in milliseconds since 1970-01-01 UTC, as some node's clock told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub u64);

/// A length of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// One day.
    pub const DAY: Self = Self(86_400_000);
    /// The 365 days over which a patient's privacy cost is counted.
    pub const BUDGET_YEAR: Self = Self(365 * 86_400_000);

    /// So many whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }
}

impl Add<Millis> for Moment {
    type Output = Self;
    fn add(self, length: Millis) -> Self {
        Self(self.0.saturating_add(length.0))
    }
}

impl Moment {
    /// How long ago `earlier` was, or nothing at all if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 10_000 { write!(f, "{} ms", self.0) } else { write!(f, "{} s", self.0 / 1_000) }
    }
}
