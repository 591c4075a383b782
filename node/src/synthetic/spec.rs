//! What synthetic courses are drawn from: published rates and stated assumptions, in one TOML text.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The parameters of one field of treatment. Its text says which numbers are published.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    /// Counted up whenever equal seeds would give other courses.
    pub(super) version: u32,
    /// As a fraction of the baseline, drawn once for each clinic.
    pub(super) site_sd: f64,
    /// A fraction of the baseline; negative where the medicine weakens the treatment.
    pub(super) benzodiazepine_effect: f64,
    /// Log-odds: half is added for non-responders, half taken from responders.
    pub(super) nonresponder_logit: f64,
    /// A probability from 0 to 1; a course without any event has no serious one either.
    pub(super) serious_per_course: f64,
    /// In points of 0 to 27; a paradigm may set its own.
    pub(super) phq9_min: u8,
    /// Share of the improvement that is there, by day.
    pub(super) trajectory: BTreeMap<String, f64>,
    pub(super) relapse: Relapse,
    /// Probabilities from 0 to 1 by class of medicine, drawn independently of each other.
    pub(super) at_home: BTreeMap<String, f64>,
    pub(super) consent: Consent,
    /// Kilograms; what is drawn is kept from 40 to 200.
    pub(super) weight: Normal,
    pub(super) systolic: Systolic,
    /// By route.
    pub(super) dose: BTreeMap<String, Dose>,
    pub(super) sites: Vec<Site>,
    pub(super) paradigm: BTreeMap<String, Paradigm>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Relapse {
    /// Has no unit; above 1 the hazard grows with time. Must be positive.
    pub(super) weibull_shape: f64,
    /// Days without maintenance; divided by a power of the hazard ratio with it.
    pub(super) scale_days: f64,
    /// Below 1 where maintenance protects; 1 means that it does nothing.
    pub(super) maintenance_hazard_ratio: f64,
    /// Probability from 0 to 1 that a course has monthly maintenance.
    pub(super) maintenance_share: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Consent {
    /// Probability from 0 to 1 that a patient says nothing about research.
    pub(super) none: f64,
    /// A weight beside the other two permissions; the three need not add up to 1.
    pub(super) gru: f64,
    pub(super) hmb: f64,
    pub(super) ds: f64,
    /// Probability from 0 to 1, of those who said anything at all.
    pub(super) with_ncu: f64,
    /// Doubled for the two years that are looked at, and kept at 1 or below.
    pub(super) withdraw_per_year: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Normal {
    pub(super) mean: f64,
    pub(super) sd: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Systolic {
    /// mmHg before the dose.
    pub(super) mean: f64,
    pub(super) sd: f64,
    /// mmHg on average in sessions with the event `bp_rise`.
    pub(super) rise: f64,
    /// mmHg on average in all other sessions.
    pub(super) no_rise: f64,
}

/// A dose by weight, or one of a list of milligrams.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dose {
    pub(super) mg_per_kg: Option<f64>,
    #[serde(default)]
    pub(super) sd: f64,
    #[serde(default)]
    pub(super) mg: Vec<u32>,
    pub(super) minutes: Option<u16>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    pub(super) kind: String,
    pub(super) paradigms: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paradigm {
    pub(super) route: BTreeMap<String, f64>,
    /// Fewest and most dosing sessions.
    pub(super) sessions: [u16; 2],
    pub(super) indication: BTreeMap<String, f64>,
    /// The true fractional improvement of a course.
    pub(super) improvement: Normal,
    pub(super) phq9: Normal,
    pub(super) phq9_min: Option<u8>,
    /// Share of sessions with each kind of adverse event.
    pub(super) events: BTreeMap<String, f64>,
    /// Share of scores that are missing, by day.
    pub(super) missing: BTreeMap<String, f64>,
}

impl Spec {
    /// The parameters that Sumac ships for ketamine treatment.
    pub(super) fn ketamine() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("ketamine.toml"))
    }
}

/// Draws one of the names by its share of all; the shares need not add up to 1. `at` is from 0 to 1.
pub(super) fn pick(shares: &BTreeMap<String, f64>, at: f64) -> Option<&str> {
    let total: f64 = shares.values().sum();
    let mut left = at * total;
    for (name, share) in shares {
        left -= share;
        if left < 0.0 {
            return Some(name);
        }
    }
    shares.keys().next_back().map(String::as_str)
}
