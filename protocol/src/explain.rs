//! What a question would cost and how sharp its answer would be, before anyone is asked.
//!
//! *Invariant:* nothing here reads data. Cohort sizes are arguments, and what an answer depends on
//! beyond them is assumed in public: the spread is the dictionary's `reference_sd` (or half the
//! range), a mean lies an eighth of its range from the middle, a rate is one half.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal};

use crate::answer::cells::noise_sd;
use crate::answer::interval::{NORMAL_975, count_half_width, finite, wilson};
use crate::answer::moments::{half_width, noise_variance, reference_sd};
use crate::cost::RhoMicro;
use crate::plan::{BlockKind, Estimate, EstimateKind, Mode, Plan, Quantity};
use crate::privacy::epsilon;

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
}

/// The error to expect of one estimate in one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Expected {
    /// The estimate's name.
    pub name: String,
    /// What it estimates.
    pub of: EstimateKind,
    /// Patients in the whole cohort.
    pub patients: u64,
    /// Courses in each group: the cohort divided evenly, at least 1.
    pub per_group: f64,
    /// Half the 95 % interval, in the estimate's own unit; may exceed the measure's range, which
    /// then says that the answer would be worthless.
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
    for estimate in &plan.estimates {
        for patients in cohorts {
            let per_group = (*patients as f64 / groups.max(1) as f64).max(1.0);
            let Some(error) = error(plan, estimate, aggregators, per_group) else { continue };
            let (sampling, noise) = (error.sampling, error.noise);
            expected.push(Expected {
                name: estimate.name.clone(),
                of: estimate.of,
                patients: *patients,
                per_group,
                half_width: error.half_width,
                se_sampling: sampling.sqrt(),
                sd_noise: noise.sqrt(),
                share_noise: finite(noise / (noise + sampling)),
            });
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
    }
}

/// The two parts of an estimate's error, as variances, and half its interval.
struct Error {
    sampling: f64,
    noise: f64,
    half_width: f64,
}

fn error(plan: &Plan, estimate: &Estimate, aggregators: u32, n: f64) -> Option<Error> {
    let of = |quantity: Option<u32>| {
        let known = quantity.and_then(|at| plan.quantity(at));
        Sized { plan, aggregators, n, number: quantity, quantity: known }
    };
    match estimate.of {
        EstimateKind::Count => of(None).noise_alone(BlockKind::Count),
        EstimateKind::Mean => of(estimate.quantity).mean(),
        EstimateKind::Trajectory => of(estimate.with.first().copied()).mean(),
        EstimateKind::Rate => of(estimate.quantity).rate(),
        EstimateKind::Sum => of(estimate.quantity).total(),
        EstimateKind::Variance => of(estimate.quantity).variance(),
        EstimateKind::Stddev => {
            let sized = of(estimate.quantity);
            let Error { sampling, noise, .. } = sized.variance()?;
            let by_root = 4.0 * sized.spread()?;
            Some(Error::normal(sampling / by_root, noise / by_root))
        }
        EstimateKind::Quantile { share } => of(estimate.quantity).quantile(f64::from(share.num) / f64::from(share.den)),
        EstimateKind::Histogram { width } => {
            let (_, first) = plan.bins(estimate.quantity, width).next()?;
            of(estimate.quantity).noise_alone(first.kind)
        }
        EstimateKind::Correlation
        | EstimateKind::Linear
        | EstimateKind::Logistic
        | EstimateKind::Survival
        | EstimateKind::EventsPer { .. } => None,
    }
}

impl Error {
    fn normal(sampling: f64, noise: f64) -> Self {
        Self { sampling, noise, half_width: NORMAL_975 * (sampling + noise).sqrt() }
    }
}

/// One quantity in a group of n courses.
struct Sized<'a> {
    plan: &'a Plan,
    aggregators: u32,
    n: f64,
    number: Option<u32>,
    quantity: Option<&'a Quantity>,
}

impl Sized<'_> {
    /// The standard deviation of all noise in a block.
    fn sd(&self, kind: BlockKind) -> Option<f64> {
        let block = self.plan.blocks.get(self.plan.block_position(kind, self.number)?)?;
        Some(noise_sd(block.sigma, self.aggregators))
    }

    fn unit(&self) -> f64 {
        10_f64.powi(-i32::from(self.quantity.map_or(0, |quantity| quantity.decimals)))
    }

    /// The variance among courses that is assumed, in the measure's own unit.
    fn spread(&self) -> Option<f64> {
        Some((reference_sd(self.quantity?) * self.unit()).powi(2))
    }

    /// A mean an eighth of the range from the middle leans the released sum by a quarter of M.
    fn lean(&self) -> Option<f64> {
        Some(self.quantity?.width() as f64 / 4.0)
    }

    fn noise_alone(&self, kind: BlockKind) -> Option<Error> {
        let noise = self.sd(kind)?;
        Some(Error { sampling: 0.0, noise: noise * noise, half_width: count_half_width(noise) })
    }

    fn mean(&self) -> Option<Error> {
        let (sum, count) = (self.sd(BlockKind::Sum)?, self.sd(BlockKind::Count)?);
        let noise = noise_variance(self.n, sum, count, self.lean()?) * self.unit().powi(2);
        let sampling = self.spread()? / self.n;
        Some(Error { sampling, noise, half_width: half_width(sampling, (self.n - 1.0).max(1.0), noise) })
    }

    fn rate(&self) -> Option<Error> {
        let noise = noise_variance(self.n, self.sd(BlockKind::Sum)?, self.sd(BlockKind::Count)?, 0.0);
        let (_, half_width) = wilson(0.5, self.n, noise);
        Some(Error { sampling: 0.25 / self.n, noise, half_width })
    }

    fn total(&self) -> Option<Error> {
        let quantity = self.quantity?;
        let ends = quantity.min as f64 + quantity.max as f64;
        let twice = self.sd(BlockKind::Sum)?.powi(2) + (ends * self.sd(BlockKind::Count)?).powi(2);
        Some(Error::normal(0.0, twice / 4.0 * self.unit().powi(2)))
    }

    /// As for values that are normally distributed; the noise by the delta method, as in the answer.
    fn variance(&self) -> Option<Error> {
        let (width, lean, n) = (self.quantity?.width() as f64, self.lean()?, self.n);
        let spread = reference_sd(self.quantity?).powi(2);
        let squares_per = 8.0 * (spread - width * width / 8.0 + lean * lean / 4.0);
        let by_squares = self.sd(BlockKind::Squares)? / (8.0 * n);
        let by_sum = self.sd(BlockKind::Sum)? * lean / (2.0 * n);
        let by_count = self.sd(BlockKind::Count)? * (lean * lean / 2.0 - squares_per / 8.0) / n;
        let noise = by_squares.powi(2) + by_sum.powi(2) + by_count.powi(2);
        let sampling = 2.0 * spread * spread / (n - 1.0).max(1.0);
        let unit = self.unit().powi(4);
        Some(Error::normal(sampling * unit, noise * unit))
    }

    /// As for values that are normally distributed.
    fn quantile(&self, share: f64) -> Option<Error> {
        let (bins, (_, first)) =
            (self.plan.bins(self.number, 1).count() as f64, self.plan.bins(self.number, 1).next()?);
        let (bin, count) = (noise_sd(first.sigma, self.aggregators).powi(2), self.sd(BlockKind::Count)?.powi(2));
        let (left, right) = (bins * share * bin, bins * (1.0 - share) * bin + count);
        let below = if left + right > 0.0 { left * right / (left + right) } else { 0.0 };
        let density = Normal::standard().pdf(Normal::standard().inverse_cdf(share)) / self.spread()?.sqrt();
        let by_density = (self.n * density).powi(2);
        let noise = (below + share * share * count) / by_density;
        Some(Error::normal(share * (1.0 - share) * self.n / by_density, noise))
    }
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
