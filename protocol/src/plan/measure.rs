//! What can be measured in a course: at most one number each.
//!
//! Definitions: the timepoint and baseline rules are those of the reference answers in
//! `tests/data/real/hamd_duloxetine.expected.json`, block `definitions`.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::dictionary::{BaselineRule, Better, Dictionary, Fraction};
use crate::record::{Assessment, Course, FieldValue};

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
    /// Yes if the total improved by at least a share of the baseline. Missing if the baseline is 0
    /// or either total is missing.
    Response {
        /// Which instrument.
        instrument: String,
        /// When.
        at: Timepoint,
        /// The share of the baseline.
        at_least: Fraction,
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
                let better = dictionary.instrument(instrument)?.better;
                improved(better, baseline(instrument)?, endpoint, *at_least).map(i64::from)
            }
            Self::Remission { instrument, at, limit } => {
                let total = at.pick(instrument, scores)?;
                match dictionary.instrument(instrument)?.better {
                    Better::Lower => Some(i64::from(total <= *limit)),
                    Better::Higher => Some(i64::from(total >= *limit)),
                    Better::Neutral => None,
                }
            }
        }
    }

    /// The instrument it reads, if it reads one.
    #[must_use]
    pub fn instrument(&self) -> Option<&str> {
        match self {
            Self::Field(_) => None,
            Self::Baseline { instrument }
            | Self::Score { instrument, .. }
            | Self::Change { instrument, .. }
            | Self::Response { instrument, .. }
            | Self::Remission { instrument, .. } => Some(instrument),
            Self::Clip { of, .. } => of.instrument(),
        }
    }

    /// The field it reads, if it reads one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field(field) => Some(field),
            Self::Clip { of, .. } => of.field(),
            Self::Baseline { .. }
            | Self::Score { .. }
            | Self::Change { .. }
            | Self::Response { .. }
            | Self::Remission { .. } => None,
        }
    }
}

fn of<'a>(instrument: &str, assessments: &'a [Assessment]) -> impl Iterator<Item = &'a Assessment> {
    assessments.iter().filter(move |a| a.instrument == instrument)
}

/// Whether (baseline − endpoint)/baseline, or its mirror image where higher is better, is at least
/// num/den; multiplied out, so in whole numbers.
fn improved(better: Better, baseline: i64, endpoint: i64, at_least: Fraction) -> Option<bool> {
    if baseline <= 0 {
        return None;
    }
    let (baseline, endpoint) = (i128::from(baseline), i128::from(endpoint));
    let gain = match better {
        Better::Lower => baseline - endpoint,
        Better::Higher => endpoint - baseline,
        Better::Neutral => return None,
    };
    Some(gain * i128::from(at_least.den) >= i128::from(at_least.num) * baseline)
}

#[cfg(test)]
mod tests;
