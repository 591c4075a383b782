//! One session of a course: who was met for what, what was given, and how it went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Grams, Micrograms};

/// One session: preparation, dosing or integration, as the dictionary's kinds say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Counted from 1 over all kinds, in the order in which they took place. Events name it.
    pub number: u16,
    /// Days since the first dose. Before it, sessions are without a dose.
    pub day: i32,
    /// One of the dictionary's kinds of session.
    pub kind: String,
    /// How the dose was given: one of the dictionary's routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What was given: one of the dictionary's molecules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub molecule: Option<String>,
    /// How much was given in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose_ug: Option<Micrograms>,
    /// For how long it was given: of an infusion from start to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
    /// The patient's weight on the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<Grams>,
    /// Totals of instruments that ask about this session, by the instrument's id, in units of
    /// 10^-decimals of the instrument.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub experience: BTreeMap<String, i64>,
    /// What the monitor showed.
    #[serde(default, skip_serializing_if = "Vitals::is_empty")]
    pub vitals: Vitals,
    /// Classes of medicine that were given during the session: yes or no. Of an absent class nothing
    /// is known. What is taken at home is in [`Course::at_home`](super::Course::at_home).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, bool>,
}

/// The vital signs of one session in four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vitals {
    /// Systolic blood pressure before the dose, in mmHg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systolic_before: Option<u16>,
    /// Highest systolic blood pressure of the session, in mmHg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systolic_highest: Option<u16>,
    /// Lowest oxygen saturation of the session, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spo2_lowest: Option<u16>,
    /// Highest heart rate of the session, in beats per minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heart_rate_highest: Option<u16>,
}

impl Session {
    /// The dose by body weight in micrograms per kilogram, so mg/kg to three decimal places; missing
    /// if dose or weight is.
    #[must_use]
    pub fn dose_ug_per_kg(&self) -> Option<u32> {
        self.dose_ug?.per_kilogram(self.weight_g?)
    }
}

impl Vitals {
    /// Whether nothing was recorded.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.systolic_before.is_none()
            && self.systolic_highest.is_none()
            && self.spo2_lowest.is_none()
            && self.heart_rate_highest.is_none()
    }

    /// By how many mmHg the systolic pressure rose above the one before the dose, 0 if it never did;
    /// missing if either is.
    #[must_use]
    pub fn systolic_rise(&self) -> Option<u16> {
        Some(self.systolic_highest?.saturating_sub(self.systolic_before?))
    }
}
