//! Who knows everything but one member's noise and whether one patient is there.

use sumac_protocol::plan::Plan;
use sumac_protocol::privacy::SIGMA_UNITS_PER_ONE;

/// Knows the records of everybody else, what the patient would add, and σ.
pub(crate) struct Adversary {
    /// The released cells without the patient and without noise.
    without: Vec<i128>,
    /// What the patient changes in each cell, over its variance.
    weights: Vec<f64>,
    /// √Σ d²/σ²: μ of the one member's noise, if it is as wide as said.
    pub(crate) mu: f64,
}

impl Adversary {
    /// Of raw cells without and with the patient; `drawn` says how wide the noise is.
    pub(crate) fn new(plan: &Plan, drawn: &Plan, without: &[u64], with: &[u64]) -> Self {
        let recentred = |raw: &[u64]| {
            let raw: Vec<i128> = raw.iter().copied().map(i128::from).collect();
            plan.recentre(&raw).unwrap()
        };
        let (without, with) = (recentred(without), recentred(with));
        let blocks = drawn.blocks.iter().cycle();
        let sigmas = blocks.map(|block| block.sigma as f64 / SIGMA_UNITS_PER_ONE as f64);
        let changes: Vec<(f64, f64)> =
            without.iter().zip(&with).zip(sigmas).map(|((a, b), sigma)| ((b - a) as f64, sigma)).collect();
        let mu = changes.iter().map(|(change, sigma)| (change / sigma).powi(2)).sum::<f64>().sqrt();
        let weights = changes.iter().map(|(change, sigma)| change / sigma.powi(2)).collect();
        Self { without, weights, mu }
    }

    /// The logarithm of how much likelier a release is with the patient than without, when the noise of the other members
    /// is known and only that of one is not: Σ (2rd − d²)/2σ², where r is what is left once all that is known is taken off.
    /// A discrete Gaussian that is moved by an integer keeps its normalising sum, so that is exact.
    pub(crate) fn score(&self, released: &[i128], known: &[Vec<i128>]) -> f64 {
        let mut sum = 0.0;
        for (at, weight) in self.weights.iter().enumerate() {
            let others: i128 = known.iter().map(|noise| noise[at]).sum();
            sum += (released[at] - self.without[at] - others) as f64 * weight;
        }
        sum - self.mu.powi(2) / 2.0
    }
}
