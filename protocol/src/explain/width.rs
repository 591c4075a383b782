//! How wide the intervals of an answer would be: read off answers to assumed cells with a fixed row of draws of noise.

use statrs::distribution::{ContinuousCDF as _, Normal};

use super::assumed;
use crate::answer::cells::{Cells, noise_sd};
use crate::answer::interval::nearest;
use crate::answer::{Estimate, Found, Pairs, Shown, Test, compared, estimate};
use crate::plan::{Block, EstimateKind, Mode, Plan};

/// What is to be expected of one part of an estimate.
#[derive(Debug, Clone)]
pub(super) struct Width {
    /// Which part; empty where the estimate is one number.
    pub(super) part: String,
    /// Half the 95 % interval.
    pub(super) half: f64,
    /// The same in an exact answer.
    pub(super) without_noise: f64,
    /// Standard error of chance alone, where the answer states it.
    pub(super) sampling: Option<f64>,
    /// Standard deviation of noise alone, where the answer states it.
    pub(super) noise: Option<f64>,
}

/// The widths of all parts of the estimate at this place, in groups of so many courses; of differences between two groups too, if
/// the plan has any.
pub(super) fn expected(plan: &Plan, aggregators: u32, at: usize, n: f64) -> Vec<Width> {
    let cells = assumed::cells(plan, n.round().max(1.0));
    let exact = Plan { mode: Mode::Exact, ..plan.clone() };
    let plain = read(&exact, aggregators, at, [&cells, &cells]);
    if plan.mode == Mode::Exact {
        return plain;
    }
    let mut draws = Draws(0);
    let mut noised = || -> Vec<i128> {
        let add = |(cell, block): (&i128, &Block)| {
            cell.saturating_add(nearest(draws.normal() * noise_sd(block.sigma, aggregators)))
        };
        cells.iter().zip(&plan.blocks).map(add).collect()
    };
    let answers: Vec<Vec<Width>> =
        (0..draws_of(plan, at)).map(|_| read(plan, aggregators, at, [&noised(), &noised()])).collect();
    let quantile = plan.estimates.get(at).filter(|estimate| matches!(estimate.of, EstimateKind::Quantile { .. }));
    let known = quantile.and_then(|estimate| plan.quantity(estimate.quantity?));
    let step = known.map(|known| 10_f64.powi(-i32::from(known.decimals)) / 2.0);
    plain.into_iter().filter_map(|part| middle(&part, &answers, step)).collect()
}

/// The middle of a part over all draws, or the mean of what comes in steps, as quantiles of whole points do, and no less
/// than one. `None` where most
/// answers would have no interval.
fn middle(plain: &Width, answers: &[Vec<Width>], step: Option<f64>) -> Option<Width> {
    let found = || answers.iter().filter_map(|widths| widths.iter().find(|width| width.part == plain.part));
    let median = |of: fn(&Width) -> Option<f64>| {
        let mut sorted: Vec<f64> = found().filter_map(of).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    };
    let mean = || found().map(|width| width.half).sum::<f64>() / found().count() as f64;
    if found().count().saturating_mul(2) < answers.len() {
        return None;
    }
    Some(Width {
        part: plain.part.clone(),
        half: if let Some(step) = step { mean().max(step) } else { median(|width| Some(width.half))? },
        without_noise: plain.half,
        sampling: median(|width| width.sampling),
        noise: median(|width| width.noise),
    })
}

/// A regression of many columns moves each of its many cells for the noise of its coefficients; so does a curve.
fn draws_of(plan: &Plan, at: usize) -> usize {
    let of = plan.estimates.get(at).map(|estimate| estimate.of);
    let slow = matches!(of, Some(EstimateKind::Linear | EstimateKind::Survival)) && plan.blocks.len() > 40;
    if slow { 15 } else { 61 }
}

/// What two groups with these cells would be told, and the difference between them.
fn read(plan: &Plan, aggregators: u32, at: usize, groups: [&Vec<i128>; 2]) -> Vec<Width> {
    let Some(asked) = plan.estimates.get(at) else { return Vec::new() };
    let mut shown = Shown::default();
    let mut widths = Vec::new();
    for (place, group) in groups.into_iter().take(plan.group_count().min(2)).enumerate() {
        let cells = Cells { plan, group, aggregators, merged: &[], enough: None };
        let key = Pairs(vec![(String::new(), place.to_string())]);
        let found = estimate(&cells, at, asked, &key, &mut shown);
        if place == 0 {
            widths.extend(found.iter().flat_map(of));
        }
    }
    if let Some(ends) = compared(plan, &shown).iter().find_map(|comparison| difference(&comparison.test)) {
        widths.push(one("difference of two groups", half(ends)));
    }
    widths
}

fn difference(test: &Test) -> Option<[f64; 2]> {
    match test {
        Test::WelchT(two) => two.ci95,
        Test::Chi2(shares) => shares.ci95,
        Test::StudentT(_) | Test::Anova(_) | Test::Logrank(_) => None,
    }
}

fn of(estimate: &Estimate) -> Vec<Width> {
    let plain = |ends: Option<[f64; 2]>| ends.map(|ends| one("", half(ends))).into_iter().collect();
    match &estimate.found {
        Found::Count(count) => vec![known(half(count.ci95), 0.0, count.sd_noise)],
        Found::Sum(total) => vec![known(half(total.ci95), 0.0, total.sd_noise)],
        Found::Histogram(bins) => vec![known(bins.ci95_half, 0.0, bins.sd_noise)],
        Found::Mean(mean) => {
            mean.ci95.zip(mean.se_sampling).map(|(ends, se)| known(half(ends), se, mean.sd_noise)).into_iter().collect()
        }
        Found::Rate(rate) => {
            rate.ci95.zip(rate.se_sampling).map(|(ends, se)| known(half(ends), se, rate.sd_noise)).into_iter().collect()
        }
        Found::Variance(spread) | Found::Stddev(spread) => plain(spread.ci95),
        Found::Quantile(quantile) => plain(quantile.ci95),
        Found::Correlation(correlation) => plain(correlation.ci95),
        Found::EventsPer(ratio) => plain(ratio.ci95),
        Found::Linear(linear) => {
            let rows = linear.value.iter().flat_map(|rows| &rows.ci95.0);
            rows.map(|(column, ends)| one(column, half(*ends))).collect()
        }
        // Exact answers only, whose chances no assumed cell has; and here nothing is held back.
        Found::Logistic(_) | Found::TooFew => Vec::new(),
        Found::Survival(survival) => {
            survival.value.last().map(|step| one(&format!("day {}", step.day), half(step.ci95))).into_iter().collect()
        }
        Found::Trajectory(days) => {
            let last = days.value.last();
            last.and_then(|point| Some(one(&format!("day {}", point.day), half(point.mean.ci95?))))
                .into_iter()
                .collect()
        }
    }
}

fn half([low, high]: [f64; 2]) -> f64 {
    (high - low) / 2.0
}

fn one(part: &str, half: f64) -> Width {
    Width { part: part.to_owned(), half, without_noise: half, sampling: None, noise: None }
}

fn known(half: f64, sampling: f64, noise: f64) -> Width {
    Width { sampling: Some(sampling), noise: Some(noise), ..one("", half) }
}

/// The same normal deviates every time (splitmix64, Steele, Lea & Flood 2014): a typical draw, nothing that hides anybody.
struct Draws(u64);

impl Draws {
    fn normal(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = ((z ^ (z >> 31)) >> 11) as f64 + 0.5;
        Normal::standard().inverse_cdf(share / (1_u64 << 53) as f64)
    }
}
