//! What can be measured in a course: at most one number each.
//!
//! Definitions: the timepoint and baseline rules are those of the reference answers in
//! `tests/data/real/hamd_duloxetine.expected.json`, block `definitions`.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::dictionary::{BaselineRule, ConsentCategory, Dictionary, EventRules, SessionRules, UNKNOWN};
use crate::limits::{CUMULATIVE_DOSE_MG_MAX, EVENTS_COUNTED_MAX, SESSIONS_COUNTED_MAX};
use crate::record::{Assessment, Course, FieldValue, Session, TimeToEvent};

pub use foretold::{COEFFICIENT_UNITS, Foretold, Part, WEIGHT_UNITS};
pub use gain::Gain;

mod beside;
mod foretold;
mod gain;
mod label;

mod known_with;

/// How a number is found in a course. Names are the dictionary's own spelling; a number is in units
/// of 10^-decimals of its field or instrument, and yes/no is 1 or 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// A numeric field, or a yes/no field as 1 or 0.
    Field(String),
    /// The total before treatment, by the dictionary's baseline rule.
    Baseline {
        /// Which instrument.
        instrument: String,
    },
    /// The total at a timepoint.
    Score {
        /// Which instrument.
        instrument: String,
        /// When.
        at: Timepoint,
    },
    /// The total at a timepoint less the baseline; missing if either is.
    Change {
        /// Which instrument.
        instrument: String,
        /// When.
        at: Timepoint,
    },
    /// Another measure, with values beyond the bounds moved to them.
    Clip {
        /// What is clipped.
        of: Box<Self>,
        /// Lower bound.
        low: i64,
        /// Upper bound.
        high: i64,
    },
    /// Yes if the total improved by at least so much. Missing if either total is missing, or if it is a share that is
    /// asked for and the baseline is 0.
    Response {
        /// Which instrument.
        instrument: String,
        /// When.
        at: Timepoint,
        /// By how much.
        at_least: Gain,
        /// What becomes of courses without a total at the timepoint.
        missing: MissingEndpoint,
    },
    /// Yes if the total at a timepoint is at or beyond the limit on the side of recovery.
    Remission {
        /// Which instrument.
        instrument: String,
        /// When.
        at: Timepoint,
        /// The limit: at most this where lower is better, at least this where higher is.
        limit: i64,
    },
    /// Yes if the total at a timepoint is worse than the baseline, by however little.
    Deteriorated {
        /// Which instrument.
        instrument: String,
        /// When.
        at: Timepoint,
    },
    /// The change to a timepoint in percent of the baseline, in tenths of a percent, half a tenth upwards. Missing if either
    /// total is, or if the baseline is 0 or below.
    PercentChange {
        /// Which instrument.
        instrument: String,
        /// When.
        at: Timepoint,
    },
    /// The same, as the number of the fraction in the rising list of all that can be: see [`ChangeFractions`]. For exact
    /// answers, which nothing rounds.
    ///
    /// [`ChangeFractions`]: crate::dictionary::ChangeFractions
    ChangeFraction {
        /// Which instrument.
        instrument: String,
        /// When.
        at: Timepoint,
        /// The instrument's smallest total, so that whoever holds a plan has the list.
        min: i64,
        /// Its largest total.
        max: i64,
    },
    /// How many sessions of a kind; missing where no session of the course was recorded.
    Sessions {
        /// Which kind; none for all.
        kind: Option<String>,
    },
    /// How many adverse events of a kind; missing where no session of the course was recorded: nobody watched.
    AdverseEvents {
        /// Which kind.
        kind: String,
    },
    /// Yes if a category has this value; missing where it is not known.
    Is {
        /// The field.
        field: String,
        /// The value.
        value: String,
    },
    /// For how long a course was followed until what is waited for happened, as one number: twice the number of the bucket
    /// in which the last day lies, and one more if it happened then. Bucket b holds the days above (b − 1)·`days` up to
    /// b·`days`; who was followed beyond `until` is as if last seen in the first bucket behind it. Missing where it was not
    /// followed at all.
    TimeTo {
        /// Which kind of time to event.
        kind: String,
        /// Days of a bucket.
        days: u32,
        /// Last day of interest: a multiple of `days`.
        until: u32,
    },
    /// A dose by body weight, in micrograms per kilogram, of the sessions for which both are known.
    DosePerKilogram {
        /// Of which of them.
        which: Doses,
    },
    /// What was given over all sessions together, in tenths of a milligram, half a tenth upwards; missing where no dose
    /// was recorded.
    CumulativeDose,
    /// The highest total of an instrument that asks about one session.
    Peak {
        /// Which instrument.
        instrument: String,
    },
    /// Yes if an adverse event of this kind began on or before a day. Missing where no session of the course was recorded:
    /// nobody watched.
    AdverseEvent {
        /// Which kind.
        kind: String,
        /// Days since the first dose, inclusive.
        by: i32,
    },
    /// Yes if what is waited for happened on or before a day. Missing where it was not followed up, or not beyond that day
    /// without having happened.
    Reached {
        /// Which kind of time to event.
        kind: String,
        /// Days since the first dose, inclusive.
        by: i32,
    },
    /// Yes if another measure is missing.
    Missing {
        /// Which.
        of: Box<Self>,
    },
    /// What a logistic function of other quantities says. Missing where one of them is.
    Foretold(Box<Foretold>),
}

/// Which doses of a course make its dose by weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: another way is another semantics version")]
pub enum Doses {
    /// The first session's.
    First,
    /// The mean of all, half a microgram upwards.
    Mean,
    /// The highest.
    Max,
}

/// A target day and the days around it that will do. The assessment closest to the target counts; a
/// tie goes to the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete: a target and its window")]
pub struct Timepoint {
    /// Days since the first dose.
    pub day: i32,
    /// First day that will do, at most `day`.
    pub from: i32,
    /// Last day that will do, at least `day`.
    pub to: i32,
}

/// What a missing endpoint means for a yes/no measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: observed cases, or intention to treat")]
pub enum MissingEndpoint {
    /// The course is left out: observed cases.
    LeftOut,
    /// The course counts as no: intention to treat.
    NonResponder,
}

impl Timepoint {
    /// The total that counts for this timepoint. If an instrument stands twice on the chosen day,
    /// the higher total counts, so that the order of records does not matter.
    #[must_use]
    pub fn pick(&self, instrument: &str, assessments: &[Assessment]) -> Option<i64> {
        of(instrument, assessments)
            .filter(|a| (self.from..=self.to).contains(&a.day))
            .min_by_key(|a| (a.day.abs_diff(self.day), Reverse(a.day), Reverse(a.value)))
            .map(|a| a.value)
    }
}

impl BaselineRule {
    /// The total that counts as the baseline. If an instrument stands twice on the chosen day, the
    /// higher total counts.
    #[must_use]
    pub fn pick(self, instrument: &str, assessments: &[Assessment]) -> Option<i64> {
        match self {
            Self::LastOnOrBefore0 => {
                let last = of(instrument, assessments).filter(|a| a.day <= 0).max_by_key(|a| (a.day, a.value));
                last.map(|a| a.value)
            }
            Self::HighestBefore0 => of(instrument, assessments).filter(|a| a.day < 0).map(|a| a.value).max(),
        }
    }
}

impl Measure {
    /// This measure's number for a course, or `None` where it is missing.
    #[must_use]
    pub fn value(&self, dictionary: &Dictionary, course: &Course) -> Option<i64> {
        let scores = course.assessments.as_slice();
        let baseline = |instrument: &str| dictionary.baseline().pick(instrument, scores);
        match self {
            Self::Field(field) => match course.fields.get(field)? {
                FieldValue::Number(number) => Some(*number),
                FieldValue::Flag(yes) => Some(i64::from(*yes)),
                FieldValue::Category(_) => None,
            },
            Self::Baseline { instrument } => baseline(instrument),
            Self::Score { instrument, at } => at.pick(instrument, scores),
            Self::Change { instrument, at } => at.pick(instrument, scores)?.checked_sub(baseline(instrument)?),
            // Not `clamp`, which panics on bounds that stand the wrong way round.
            Self::Clip { of, low, high } => Some(of.value(dictionary, course)?.max(*low).min(*high)),
            Self::Response { instrument, at, at_least, missing } => {
                let Some(endpoint) = at.pick(instrument, scores) else {
                    return (*missing == MissingEndpoint::NonResponder).then_some(0);
                };
                at_least.reached(dictionary.instrument(instrument)?, baseline(instrument)?, endpoint).map(i64::from)
            }
            Self::Remission { instrument, at, limit } => {
                let total = at.pick(instrument, scores)?;
                dictionary.instrument(instrument)?.better.reached(total, *limit).map(i64::from)
            }
            Self::Deteriorated { instrument, at } => {
                let (endpoint, baseline) = (at.pick(instrument, scores)?, baseline(instrument)?);
                dictionary.instrument(instrument)?.better.reached(endpoint, baseline).map(|kept| i64::from(!kept))
            }
            Self::Sessions { kind } => {
                let of_kind = |session: &&Session| kind.as_ref().is_none_or(|kind| session.kind == *kind);
                watched(course, course.sessions.iter().filter(of_kind).count(), SESSIONS_COUNTED_MAX)
            }
            Self::AdverseEvents { kind } => {
                watched(course, course.events.iter().filter(|event| event.kind == *kind).count(), EVENTS_COUNTED_MAX)
            }
            Self::PercentChange { instrument, at } => {
                let (endpoint, baseline) = (at.pick(instrument, scores)?, baseline(instrument)?);
                half_up(endpoint.checked_sub(baseline)?.checked_mul(1_000)?, baseline).filter(|_| baseline > 0)
            }
            Self::ChangeFraction { instrument, at, .. } => {
                let (endpoint, baseline) = (at.pick(instrument, scores)?, baseline(instrument)?);
                dictionary.instrument(instrument)?.change_fractions().place(baseline, endpoint)
            }
            Self::Is { field, value } => match course.fields.get(field)? {
                FieldValue::Category(code) if code != UNKNOWN => Some(i64::from(code == value)),
                FieldValue::Category(_) | FieldValue::Flag(_) | FieldValue::Number(_) => None,
            },
            Self::TimeTo { kind, days, until } => {
                let followed = course.time_to_event.iter().find(|time| time.kind == *kind)?;
                Some(bucket(followed, *days, *until))
            }
            Self::DosePerKilogram { which } => which.of(&course.sessions),
            Self::CumulativeDose => cumulative_dose(&course.sessions),
            Self::Peak { instrument } => {
                course.sessions.iter().filter_map(|session| session.experience.get(instrument).copied()).max()
            }
            Self::AdverseEvent { kind, by } => {
                let began = course.events.iter().any(|event| event.kind == *kind && event.day <= *by);
                (began || !course.sessions.is_empty()).then(|| i64::from(began))
            }
            Self::Reached { kind, by } => {
                let followed = course.time_to_event.iter().find(|time| time.kind == *kind)?;
                let reached = followed.happened && followed.day <= *by;
                (reached || followed.day > *by).then(|| i64::from(reached))
            }
            Self::Missing { of } => Some(i64::from(of.value(dictionary, course).is_none())),
            Self::Foretold(foretold) => foretold.value(dictionary, course),
        }
    }

    /// The instrument it reads, if it reads one.
    #[must_use]
    pub fn instrument(&self) -> Option<&str> {
        match self {
            Self::Baseline { instrument }
            | Self::Score { instrument, .. }
            | Self::Change { instrument, .. }
            | Self::Response { instrument, .. }
            | Self::Remission { instrument, .. }
            | Self::Deteriorated { instrument, .. }
            | Self::PercentChange { instrument, .. }
            | Self::ChangeFraction { instrument, .. }
            | Self::Peak { instrument } => Some(instrument),
            Self::Clip { of, .. } | Self::Missing { of } => of.instrument(),
            Self::Field(_)
            | Self::Is { .. }
            | Self::Sessions { .. }
            | Self::DosePerKilogram { .. }
            | Self::CumulativeDose
            | Self::AdverseEvent { .. }
            | Self::AdverseEvents { .. }
            | Self::Reached { .. }
            | Self::Foretold(_)
            | Self::TimeTo { .. } => None,
        }
    }

    /// The field it reads, if it reads one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field(field) | Self::Is { field, .. } => Some(field),
            Self::Clip { of, .. } | Self::Missing { of } => of.field(),
            Self::Baseline { .. }
            | Self::Score { .. }
            | Self::Change { .. }
            | Self::Response { .. }
            | Self::Remission { .. }
            | Self::Deteriorated { .. }
            | Self::PercentChange { .. }
            | Self::ChangeFraction { .. }
            | Self::Sessions { .. }
            | Self::DosePerKilogram { .. }
            | Self::CumulativeDose
            | Self::Peak { .. }
            | Self::AdverseEvent { .. }
            | Self::AdverseEvents { .. }
            | Self::Reached { .. }
            | Self::Foretold(_)
            | Self::TimeTo { .. } => None,
        }
    }

    /// Whether both are values of one category, so that no course has both.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Is { field: one, value }, Self::Is { field: other, value: another }) => {
                one == other && value != another
            }
            _ => false,
        }
    }

    /// The day since the first dose that it is of; 0 for what is of the baseline or of no day.
    #[must_use]
    pub fn day(&self) -> i32 {
        match self {
            Self::Score { at, .. }
            | Self::Change { at, .. }
            | Self::Response { at, .. }
            | Self::Remission { at, .. }
            | Self::Deteriorated { at, .. }
            | Self::PercentChange { at, .. }
            | Self::ChangeFraction { at, .. } => at.day,
            Self::AdverseEvent { by, .. } | Self::Reached { by, .. } => *by,
            Self::Clip { of, .. } | Self::Missing { of } => of.day(),
            Self::Field(_)
            | Self::Is { .. }
            | Self::Baseline { .. }
            | Self::Sessions { .. }
            | Self::DosePerKilogram { .. }
            | Self::CumulativeDose
            | Self::Peak { .. }
            | Self::AdverseEvents { .. }
            | Self::Foretold(_)
            | Self::TimeTo { .. } => 0,
        }
    }

    /// What a patient must have consented to for it to be read; `None` for a name that the dictionary does not have.
    #[must_use]
    pub fn category(&self, dictionary: &Dictionary) -> Option<ConsentCategory> {
        match self {
            Self::Field(field) | Self::Is { field, .. } => dictionary.field(field).map(|field| field.category),
            Self::Baseline { instrument }
            | Self::Score { instrument, .. }
            | Self::Change { instrument, .. }
            | Self::Response { instrument, .. }
            | Self::Remission { instrument, .. }
            | Self::Deteriorated { instrument, .. }
            | Self::PercentChange { instrument, .. }
            | Self::ChangeFraction { instrument, .. }
            | Self::Peak { instrument } => dictionary.instrument(instrument).map(|known| known.category),
            Self::Clip { of, .. } | Self::Missing { of } => of.category(dictionary),
            Self::Sessions { .. } | Self::DosePerKilogram { .. } | Self::CumulativeDose => Some(SessionRules::CATEGORY),
            Self::AdverseEvent { .. } | Self::AdverseEvents { .. } => Some(EventRules::CATEGORY),
            Self::Reached { .. } | Self::TimeTo { .. } => Some(ConsentCategory::Outcomes),
            // Its columns stand beside it in the plan.
            Self::Foretold(_) => None,
        }
    }
}

impl Doses {
    fn of(self, sessions: &[Session]) -> Option<i64> {
        let mut doses = sessions.iter().filter_map(Session::dose_ug_per_kg).map(i64::from);
        match self {
            Self::First => doses.next(),
            Self::Max => doses.max(),
            Self::Mean => {
                let (n, sum) = doses.fold((0_i64, 0_i64), |(n, sum), dose| (n + 1, sum.saturating_add(dose)));
                half_up(sum, n)
            }
        }
    }
}

/// How often something was counted, at most `most`; missing where no session was recorded: nobody watched.
fn watched(course: &Course, counted: usize, most: i64) -> Option<i64> {
    (!course.sessions.is_empty()).then(|| i64::try_from(counted).unwrap_or(i64::MAX).min(most))
}

/// The code of a [`Measure::TimeTo`].
fn bucket(followed: &TimeToEvent, days: u32, until: u32) -> i64 {
    let (day, width) = (i64::from(followed.day.max(0)), i64::from(days).max(1));
    let bucket = day.saturating_add(width - 1).div_euclid(width);
    let last = i64::from(until).div_euclid(width);
    if bucket > last { 2 * (last + 1) } else { 2 * bucket + i64::from(followed.happened) }
}

/// All doses in tenths of a milligram.
fn cumulative_dose(sessions: &[Session]) -> Option<i64> {
    let doses: Vec<i64> = sessions.iter().filter_map(|session| session.dose_ug).map(|dose| i64::from(dose.0)).collect();
    let micrograms = doses.iter().fold(0_i64, |sum, dose| sum.saturating_add(*dose));
    half_up(micrograms, 100).filter(|_| !doses.is_empty()).map(|tenths| tenths.min(CUMULATIVE_DOSE_MG_MAX * 10))
}

/// n/d to the nearest whole number, a half upwards, for a positive d; `None` if there is nothing to divide by.
fn half_up(n: i64, d: i64) -> Option<i64> {
    n.checked_mul(2)?.checked_add(d)?.checked_div_euclid(d.checked_mul(2)?)
}

fn of<'a>(instrument: &str, assessments: &'a [Assessment]) -> impl Iterator<Item = &'a Assessment> {
    assessments.iter().filter(move |a| a.instrument == instrument)
}

#[cfg(test)]
mod tests;
