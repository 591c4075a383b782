//! The answer to a question, from what a committee released.
//!
//! Everything here is computed from public numbers: the plan and the sum of the aggregators' noised
//! cells. So anyone who holds a release finds the same answer, and nothing here costs privacy.
//!
//! *Invariant:* no number in an answer is NaN or infinite; what cannot be estimated is null, and
//! the field's doc says when.

use std::collections::BTreeMap;

use crate::plan::{Estimate as Asked, EstimateKind, Mode, Plan, WrongLength};
use crate::privacy::epsilon;

use bins::Bins;
use cells::Cells;
use joint::Joint;
use moments::Moments;
use proportion::Proportion;
use survival::Followed;

pub use form::{
    Anova, Answer, Coefficients, Comparison, Correlation, Count, Dispersion, Estimate, EventsPer, Found, Group,
    Histogram, Linear, Logistic, Logrank, Mean, Operators, Paired, Point, Quantile, Rate, Shares, Spread, Step,
    Survival, Test, Total, Trajectory, TwoMeans,
};
#[expect(clippy::module_name_repetitions, reason = "an input or error alone would not say of what")]
pub use input::{AnswerError, AnswerInput};
pub use key::{GroupKey, Pairs};
pub(crate) use suppression::Enough;
pub use suppression::{HeldBack, hold_back, least_shown, suppress};

pub(crate) mod bins;
pub(crate) mod cells;
mod compare;
mod form;
mod input;
pub(crate) mod interval;
mod joint;
mod key;
mod logistic;
pub(crate) mod moments;
pub(crate) mod proportion;
mod suppression;
mod survival;
mod total;

/// The answer to a question.
///
/// # Errors
/// [`AnswerError`] where the release is not of this plan.
pub fn answer(input: AnswerInput<'_>) -> Result<Answer, AnswerError> {
    let AnswerInput { plan, suppressed, released, .. } = input;
    let (want, got) = (plan.group_count(), suppressed.len());
    if want != got {
        return Err(AnswerError::Groups { want, got });
    }
    if released.len() != plan.cell_count() {
        return Err(WrongLength { want: plan.cell_count(), got: released.len() }.into());
    }
    if plan.merged_into(input.merged).is_none() {
        return Err(AnswerError::Merged);
    }
    let mut shown = Shown::default();
    let mut groups = Vec::with_capacity(want);
    let chunks = released.chunks_exact(plan.blocks.len().max(1));
    for ((key, chunk), suppressed) in plan.group_keys().into_iter().zip(chunks).zip(suppressed) {
        let key = Pairs(key);
        let estimates = if *suppressed {
            Vec::new()
        } else {
            let enough = Enough { cohort_min: input.cohort_min, aggregators: input.aggregators };
            let cells = Cells {
                plan,
                group: chunk,
                aggregators: input.aggregators,
                merged: input.merged,
                enough: Some(enough),
            };
            plan.estimates.iter().enumerate().filter_map(|(at, e)| estimate(&cells, at, e, &key, &mut shown)).collect()
        };
        groups.push(Group { key, suppressed: *suppressed, estimates });
    }
    let dp = plan.mode == Mode::Dp;
    Ok(Answer {
        sumac: 1,
        release: input.release,
        study: input.study.to_owned(),
        mode: plan.mode,
        rho_micro: dp.then_some(input.rho),
        epsilon: interval::finite(epsilon(input.rho, input.delta_per_1e12)).filter(|_| dp),
        delta: dp.then_some(input.delta_per_1e12 as f64 / 1e12),
        operators: input.operators,
        cohort_min: input.cohort_min,
        groups,
        comparisons: if want > 1 { compared(plan, &shown) } else { Vec::new() },
    })
}

/// What the groups that are shown say, by estimate: what comparisons are made of.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    means: BTreeMap<usize, Vec<(String, Moments)>>,
    rates: BTreeMap<usize, Vec<(String, Proportion)>>,
    followed: BTreeMap<usize, Vec<(String, Followed)>>,
}

/// What the groups that are shown say about each other.
pub(crate) fn compared(plan: &Plan, shown: &Shown) -> Vec<Comparison> {
    compare::all(plan, shown)
}

/// The cells of an estimate of several quantities.
fn together<'a>(cells: &Cells<'a>, asked: &Asked) -> Option<Joint<'a>> {
    let numbers: Vec<u32> = asked.quantity.iter().chain(&asked.with).copied().collect();
    Joint::of(cells, &numbers)
}

/// One estimate of one group. `None` where the plan lacks a block that the estimate needs, which a
/// checked plan does not.
pub(crate) fn estimate(
    cells: &Cells<'_>,
    at: usize,
    asked: &Asked,
    key: &GroupKey,
    shown: &mut Shown,
) -> Option<Estimate> {
    if !cells.show_estimate(asked) {
        return Some(Estimate { name: asked.name.clone(), found: Found::TooFew });
    }
    let found = match asked.of {
        EstimateKind::Count => Found::Count(cells.count()?),
        EstimateKind::Mean => {
            let moments = Moments::of(cells, asked.quantity)?;
            let mean = moments.estimate();
            shown.means.entry(at).or_default().push((key.to_string(), moments));
            Found::Mean(mean)
        }
        EstimateKind::Rate => {
            let proportion = Proportion::of(cells, asked.quantity)?;
            let rate = proportion.estimate();
            shown.rates.entry(at).or_default().push((key.to_string(), proportion));
            Found::Rate(rate)
        }
        EstimateKind::Sum => Found::Sum(total::total(cells, asked.quantity)?),
        EstimateKind::Variance => Found::Variance(total::dispersion(&Moments::of(cells, asked.quantity)?, false)),
        EstimateKind::Stddev => Found::Stddev(total::dispersion(&Moments::of(cells, asked.quantity)?, true)),
        EstimateKind::Quantile { share } => Found::Quantile(Bins::of(cells, asked.quantity, 1)?.quantile(share)),
        EstimateKind::Histogram { width } => Found::Histogram(Bins::of(cells, asked.quantity, width)?.histogram()),
        EstimateKind::Trajectory => {
            let day = |quantity: &u32| Some(cells.plan.quantity(*quantity)?.measure.day());
            let point = |quantity: &u32| {
                Some(Point { day: day(quantity)?, mean: Moments::of(cells, Some(*quantity))?.estimate() })
            };
            let (shown, few): (Vec<u32>, Vec<u32>) = asked.with.iter().partition(|day| cells.show_quantity(**day));
            let value = shown.iter().map(point).collect::<Option<_>>()?;
            Found::Trajectory(Trajectory { value, too_few: few.iter().map(day).collect::<Option<_>>()? })
        }
        EstimateKind::Correlation => Found::Correlation(together(cells, asked)?.correlation()),
        EstimateKind::Linear => Found::Linear(together(cells, asked)?.linear()),
        EstimateKind::Logistic => Found::Logistic(logistic::logistic(cells, asked)?),
        EstimateKind::EventsPer { per } => Found::EventsPer(together(cells, asked)?.events_per(per)),
        EstimateKind::Survival => {
            let followed = Followed::of(cells, asked.quantity)?;
            let survival = followed.survival();
            shown.followed.entry(at).or_default().push((key.to_string(), followed));
            Found::Survival(survival)
        }
    };
    Some(Estimate { name: asked.name.clone(), found })
}

#[cfg(test)]
mod tests;
