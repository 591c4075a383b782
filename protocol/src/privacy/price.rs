//! A plan's price: how a cost ρ is split over its blocks, and the noise each part buys.
//!
//! All in integers, so every node finds the same plan and the same hash.

use num_bigint::BigUint;

use crate::cost::RhoMicro;
use crate::plan::{Block, BlockKind, Estimate, EstimateKind, Mode, Plan, Quantity};

/// How many units of `Block::sigma` make a standard deviation of 1: 2^20.
pub const SIGMA_UNITS_PER_ONE: u64 = 1 << 20;

/// Sets the cost and the noise of every block of a plan; what they were before does not matter.
///
/// Every block first gets one millionth; the rest is split in proportion to the weights below,
/// and the few millionths that do not divide go one each to the first blocks. So Σ ρ_b = ρ exactly
/// and none is 0. The noise is the smallest multiple of 2^-20 not below Δ_b/√(2ρ_b): rounding
/// never makes the plan cost more than ρ.
///
/// | block of | count | sum | squares |
/// |---|---|---|---|
/// | all matching courses | 3 | | |
/// | a mean | 3 | 8 | 3 |
/// | a rate | 3 | 6 | |
/// | a variance | 3 | 8 | 8 |
///
/// A histogram gets 8, once for all its bins, because one course is in one of them; a product gets 8.
///
/// The noise of a mean (or rate) has variance k/(8n²) · (M²/ρ_sum + 4d²/ρ_count), where d is its
/// distance from the middle of the range, so the best ρ_count : ρ_sum is 2|d| : M, between 1 : 4
/// and 1 : 2 for what clinics ask. The squares get as much as the count: so the variance of 65
/// changes of HAM-D clipped to −30…15 falls to 0 or below in fewer than 1 of 100 draws at ε 8 and k 3.
///
/// An exact plan has neither cost nor noise, whatever `rho` says.
///
/// # Errors
/// [`PriceError`] where ρ cannot be split or a block's noise cannot be written down.
pub fn price(mut plan: Plan, rho: RhoMicro) -> Result<Plan, PriceError> {
    let parts = match plan.mode {
        Mode::Exact => vec![(RhoMicro(0), 0); plan.blocks.len()],
        Mode::Dp => {
            let mut parts: Vec<(RhoMicro, u64)> = Vec::with_capacity(plan.blocks.len());
            let mut payments = split(&plan, rho)?.into_iter();
            for (position, block) in plan.blocks.iter().enumerate() {
                parts.push(match payer(&plan, position).and_then(|first| parts.get(first)) {
                    Some((_, sigma)) => (RhoMicro(0), *sigma),
                    None => {
                        let part = payments.next().unwrap_or_default();
                        (part, sigma(&plan, block, part)?)
                    }
                });
            }
            parts
        }
    };
    for (block, (rho, sigma)) in plan.blocks.iter_mut().zip(parts) {
        (block.rho, block.sigma) = (rho, sigma);
    }
    Ok(plan)
}

/// Why a plan has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// A plan without blocks measures nothing.
    #[error("the question measures nothing, so there is nothing to price")]
    Nothing,
    /// Fewer millionths than blocks.
    #[error("{rho} is too little: the question measures {blocks} things, and each needs at least a millionth")]
    TooSmall {
        /// What was offered.
        rho: RhoMicro,
        /// What it would be split over.
        blocks: u64,
    },
    /// The range of a quantity is so wide that one patient's effect or its noise overflows 64 bits.
    #[error("a range of {width} units is too wide to price")]
    TooWide {
        /// M: the quantity's largest shifted value, in units of 10^-decimals.
        width: u64,
    },
}

impl PriceError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing-to-price",
            Self::TooSmall { .. } => "rho-too-small",
            Self::TooWide { .. } => "range-too-wide",
        }
    }

    /// What the person who asked can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Nothing => "ask for at least one estimate, as in SELECT count(*)".to_owned(),
            Self::TooSmall { blocks, .. } => format!("ask with at least {}", RhoMicro(*blocks)),
            Self::TooWide { .. } => "clip the measure to a narrower range with clip(x, lo, hi)".to_owned(),
        }
    }
}

/// The block that pays for this one, where that is another: the first bin of its histogram.
fn payer(plan: &Plan, position: usize) -> Option<usize> {
    let block = plan.blocks.get(position).filter(|_| plan.is_paid_by_another(position))?;
    match block.kind {
        BlockKind::Bin { width, .. } => plan.bins(block.quantity, width).next().map(|(first, _)| first),
        BlockKind::Count | BlockKind::Sum | BlockKind::Squares | BlockKind::Product { .. } => None,
    }
}

/// What each block that pays gets, in order.
fn split(plan: &Plan, rho: RhoMicro) -> Result<Vec<RhoMicro>, PriceError> {
    let pays = |(at, _): &(usize, &Block)| !plan.is_paid_by_another(*at);
    let weights: Vec<u64> = plan.blocks.iter().enumerate().filter(pays).map(|(_, block)| weight(plan, block)).collect();
    let blocks = u64::try_from(weights.len()).unwrap_or(u64::MAX);
    if blocks == 0 {
        return Err(PriceError::Nothing);
    }
    let spare = rho.0.checked_sub(blocks).ok_or(PriceError::TooSmall { rho, blocks })?;
    let whole: u64 = weights.iter().sum();
    let proportion = |w: &u64| {
        let part = u128::from(spare) * u128::from(*w) / u128::from(whole.max(1));
        u64::try_from(part).unwrap_or(u64::MAX)
    };
    let mut parts: Vec<u64> = weights.iter().map(|w| 1 + proportion(w)).collect();
    let mut left = rho.0 - parts.iter().sum::<u64>();
    for part in &mut parts {
        let one = left.min(1);
        *part += one;
        left -= one;
    }
    Ok(parts.into_iter().map(RhoMicro).collect())
}

/// The weight of a block: the largest that any estimate of its quantity gives it.
fn weight(plan: &Plan, block: &Block) -> u64 {
    let reads = |estimate: &&Estimate| {
        estimate.quantity == block.quantity || block.quantity.is_some_and(|own| estimate.with.contains(&own))
    };
    plan.estimates.iter().filter(reads).map(|estimate| weight_in(estimate.of, block.kind)).max().unwrap_or(3)
}

const fn weight_in(of: EstimateKind, kind: BlockKind) -> u64 {
    match (of, kind) {
        (EstimateKind::Rate, BlockKind::Sum) => 6,
        (EstimateKind::Variance | EstimateKind::Stddev, BlockKind::Squares)
        | (_, BlockKind::Sum | BlockKind::Bin { .. } | BlockKind::Product { .. }) => 8,
        (_, BlockKind::Count | BlockKind::Squares) => 3,
    }
}

/// The smallest s with (s/2^20)² ≥ Δ²/(2ρ): s² ≥ Δ² · 2^40 · 10^6 / (2 · micro-units), rounded up.
fn sigma(plan: &Plan, block: &Block, rho: RhoMicro) -> Result<u64, PriceError> {
    let too_wide = PriceError::TooWide { width: plan.quantity_of(block).map_or(1, Quantity::width) };
    let change = plan.sensitivity(block);
    if change == u64::MAX {
        return Err(too_wide);
    }
    let scaled = BigUint::from(change) * SIGMA_UNITS_PER_ONE;
    let (numerator, denominator) = (&scaled * &scaled * MICROS_PER_ONE, BigUint::from(rho.0) * 2_u32);
    let square = (numerator + &denominator - 1_u32) / denominator;
    let root = square.sqrt();
    let up = if &root * &root < square { root + 1_u32 } else { root };
    u64::try_from(up).map_err(|_| too_wide)
}

/// Millionths in a whole ρ.
const MICROS_PER_ONE: u64 = 1_000_000;

#[cfg(test)]
mod tests;
