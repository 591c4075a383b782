//! What a question would cost and how sharp its answer would be, before anyone is asked.
//!
//! *Invariant:* nothing here reads data. Cohort sizes are arguments, and what an answer depends on beyond them is assumed in
//! public (see `assumed`). Cells that such a cohort would have are answered by the very code that answers a release, once for
//! each of a fixed row of draws of the noise, and the middle of the widths is told. So there is no second set of formulas.

use serde::{Deserialize, Serialize};

use crate::answer::interval::{NORMAL_975, finite};
use crate::cost::RhoMicro;
use crate::plan::{EstimateKind, Mode, Plan};
use crate::privacy::epsilon;

pub use advice::advise;

mod advice;
mod assumed;
mod width;

/// The cohort sizes that are shown where none are asked for, in patients over all groups.
pub const COHORTS: [u64; 3] = [80, 500, 2_000];

/// A question's price and the error to expect of its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// Whether noise would be added.
    pub mode: Mode,
    /// What each patient of the cohort would be charged; null for an exact question.
    pub rho_micro: Option<RhoMicro>,
    /// ρ as ε at `delta`; null for an exact question, or where δ is 0 and no ε is promised.
    pub epsilon: Option<f64>,
    /// The δ of `epsilon`; null for an exact question.
    pub delta: Option<f64>,
    /// k: how many aggregators each add full noise.
    pub aggregators: u32,
    /// How many clinics would be asked.
    pub clinics: u64,
    /// How many groups the cohort falls into.
    pub groups: u64,
    /// Cells of one clinic's contribution, over all groups.
    pub cells: u64,
    /// Every estimate at every cohort size.
    pub expected: Vec<Expected>,
    /// What else to know before asking, a sentence each: see [`advise`]. Empty where nobody added it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
}

/// The error to expect of one estimate in one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Expected {
    /// The estimate's name; with the column of a regression, the day of a curve, or what is compared.
    pub name: String,
    /// What it estimates.
    pub of: EstimateKind,
    /// Patients in the whole cohort.
    pub patients: u64,
    /// Courses in each group: the cohort divided evenly, at least 1.
    pub per_group: f64,
    /// Half the 95 % interval, in the estimate's own unit: the middle of many draws of noise. An interval ends where the
    /// measure's range does, so half the range says that the answer would be worthless.
    pub half_width: f64,
    /// Standard error of chance alone; 0 for a count.
    pub se_sampling: f64,
    /// Standard deviation of noise alone; 0 for an exact question.
    pub sd_noise: f64,
    /// Part of the squared error that is noise: 0 to 1. Null for an exact count, which has no error.
    pub share_noise: Option<f64>,
}

/// What the columns of [`Explanation::rows`] are.
pub const HEADINGS: [&str; 5] = ["estimate", "patients", "per group", "95 % within ±", "of it noise"];

impl Explanation {
    /// A table for people: one row per estimate and cohort size, under [`HEADINGS`].
    #[must_use]
    pub fn rows(&self) -> Vec<[String; 5]> {
        let row = |expected: &Expected| {
            [
                expected.name.clone(),
                expected.patients.to_string(),
                format!("{:.0}", expected.per_group),
                three_digits(expected.half_width),
                expected.share_noise.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0)),
            ]
        };
        self.expected.iter().map(row).collect()
    }
}

/// Says what a priced plan costs and how sharp its answer would be for cohorts of these sizes.
///
/// `aggregators` is k; `clinics` is shown only. Estimates that lack a block, which a checked plan
/// has none of, are left out.
#[must_use]
pub fn explain(plan: &Plan, aggregators: u32, clinics: u64, delta_per_1e12: u64, cohorts: &[u64]) -> Explanation {
    let rho: RhoMicro = plan.blocks.iter().map(|block| block.rho).sum();
    let dp = plan.mode == Mode::Dp;
    let groups = plan.group_count();
    let mut expected = Vec::new();
    for at in 0..plan.estimates.len() {
        let sizes: Vec<Vec<Expected>> = cohorts.iter().map(|size| of_size(plan, aggregators, at, *size)).collect();
        let names: Vec<String> = sizes.iter().flatten().fold(Vec::new(), |mut names, row| {
            if !names.contains(&row.name) {
                names.push(row.name.clone());
            }
            names
        });
        let rows = sizes.into_iter().flatten().collect::<Vec<_>>();
        for name in names {
            expected.extend(rows.iter().filter(|row| row.name == name).cloned());
        }
    }
    Explanation {
        mode: plan.mode,
        rho_micro: dp.then_some(rho),
        epsilon: finite(epsilon(rho, delta_per_1e12)).filter(|_| dp),
        delta: dp.then_some(delta_per_1e12 as f64 / 1e12),
        aggregators,
        clinics,
        groups: u64::try_from(groups).unwrap_or(u64::MAX),
        cells: u64::try_from(plan.cell_count()).unwrap_or(u64::MAX),
        expected,
        advice: Vec::new(),
    }
}

/// The rows of the estimate at this place for one size of cohort.
fn of_size(plan: &Plan, aggregators: u32, at: usize, patients: u64) -> Vec<Expected> {
    let Some(estimate) = plan.estimates.get(at) else { return Vec::new() };
    let per_group = (patients as f64 / plan.group_count().max(1) as f64).max(1.0);
    let row = |width: width::Width| {
        let noise = (width.half * width.half - width.without_noise * width.without_noise).max(0.0).sqrt() / NORMAL_975;
        let (sampling, noise) =
            (width.sampling.unwrap_or(width.without_noise / NORMAL_975), width.noise.unwrap_or(noise));
        Expected {
            name: if width.part.is_empty() {
                estimate.name.clone()
            } else {
                format!("{}, {}", estimate.name, width.part)
            },
            of: estimate.of,
            patients,
            per_group,
            half_width: width.half,
            se_sampling: sampling,
            sd_noise: noise,
            share_noise: finite(noise * noise / (noise * noise + sampling * sampling)),
        }
    };
    width::expected(plan, aggregators, at, per_group).into_iter().map(row).collect()
}

/// As many decimals as leave three digits that tell something.
fn three_digits(x: f64) -> String {
    if x >= 100.0 {
        format!("{x:.0}")
    } else if x >= 10.0 {
        format!("{x:.1}")
    } else if x >= 1.0 || x <= 0.0 {
        format!("{x:.2}")
    } else {
        format!("{x:.3}")
    }
}

#[cfg(test)]
mod tests;
