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

impl fmt::Display for Moment {
    /// Date and minute in UTC, as people read them: `2026-11-22 08:45 UTC`. A moment after the year
    /// 9999 is shown as milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0 / 1_000).ok();
        match seconds.and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok()) {
            Some(at) => {
                let (date, hour, minute) = (at.date(), at.hour(), at.minute());
                let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
                write!(f, "{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
            }
            None => write!(f, "{} ms after 1970", self.0),
        }
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 10_000 { write!(f, "{} ms", self.0) } else { write!(f, "{} s", self.0 / 1_000) }
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn a_moment_is_shown_as_a_date() {
        let cases = [
            (0, "1970-01-01 00:00 UTC", "the beginning"),
            (951_826_799_999, "2000-02-29 12:19 UTC", "a leap day"),
            (253_402_300_799_999, "9999-12-31 23:59 UTC", "the last that has four digits"),
            (253_402_300_800_000, "253402300800000 ms after 1970", "one later"),
            (u64::MAX, "18446744073709551615 ms after 1970", "the last there is"),
        ];
        for (ms, shown, why) in cases {
            assert_eq!(Moment(ms).to_string(), shown, "{why}");
        }
    }
}
