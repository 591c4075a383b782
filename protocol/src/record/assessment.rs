//! One scored instrument on one day.

use serde::{Deserialize, Serialize};

/// One scored instrument on one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The instrument's id in the dictionary.
    pub instrument: String,
    /// Days since the first dose; baseline is 0 or before.
    pub day: i32,
    /// The total in units of 10^-decimals of the instrument.
    pub value: i64,
    /// The score of each item in the order of the instrument, `None` for a blank answer; empty where
    /// only the total is known, and where the instrument's terms do not allow items to be kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Option<u8>>,
}

impl Assessment {
    /// A total whose items are not known.
    #[must_use]
    pub fn total(instrument: impl Into<String>, day: i32, value: i64) -> Self {
        Self { instrument: instrument.into(), day, value, items: Vec::new() }
    }

    /// The score of an item by its number on the form, from 1, if it was answered and kept.
    #[must_use]
    pub fn item(&self, number: u16) -> Option<u8> {
        let at = usize::from(number).checked_sub(1)?;
        self.items.get(at).copied().flatten()
    }
}
