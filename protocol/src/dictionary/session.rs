//! What a session of a course may hold: kinds, molecules, routes with their limits, bounds of vitals.

use serde::Serialize;

use crate::record::Micrograms;

use super::{Code, ConsentCategory};

/// What sessions may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionRules {
    /// Kinds of session, such as `dosing`.
    pub kinds: Vec<String>,
    /// What may be given.
    pub molecules: Vec<Code>,
    /// How it may be given.
    pub routes: Vec<Route>,
    /// Longest that something may be given, in minutes.
    pub minutes_max: u16,
    /// Weights that can be, in kilograms.
    pub weight: Bounds,
    /// Systolic pressures that can be, in mmHg.
    pub systolic: Bounds,
    /// Oxygen saturations that can be, in percent.
    pub spo2: Bounds,
    /// Heart rates that can be, in beats per minute.
    pub heart_rate: Bounds,
}

/// How something may be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Route {
    /// Its code.
    #[serde(flatten)]
    pub code: Code,
    /// Largest dose of one session that is believed. It finds slips of units, not bad practice.
    pub dose_max: Micrograms,
    /// How much of a dose reaches the blood. For reading beside an answer: no record holds it.
    pub bioavailability: Option<Bioavailability>,
}

/// How much of a dose reaches the blood, as published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Bioavailability {
    /// Lowest published figure in percent.
    pub from: u8,
    /// Highest published figure in percent.
    pub to: u8,
    /// Whether sources contradict each other, so that neither end may be computed with.
    pub disputed: bool,
    /// Where the figures were published.
    pub source: String,
}

/// Values that can be, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Bounds {
    /// Smallest.
    pub min: u16,
    /// Largest.
    pub max: u16,
    /// The LOINC code of what is measured.
    pub loinc: Option<String>,
}

impl SessionRules {
    /// What a patient must have consented to for sessions to be read: kind, day, dose, weight, vitals
    /// and what was given. Scores of experience have their instrument's category.
    pub const CATEGORY: ConsentCategory = ConsentCategory::Treatment;

    /// The route of this code.
    #[must_use]
    pub fn route(&self, id: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.code.id == id)
    }
}
