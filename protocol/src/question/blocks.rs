//! Which cells a question's estimates need.

use std::collections::BTreeSet;

use crate::cost::RhoMicro;
use crate::limits::BLOCKS_MAX;
use crate::plan::{Block, BlockKind, Estimate, EstimateKind, Plan, Quantity};

/// The blocks that the estimates of a plan need, once each: the count of all first, then those of each quantity in the order
/// of the question.
pub(super) fn needed(plan: &Plan) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    if plan.estimates.iter().any(|estimate| estimate.of == EstimateKind::Count) {
        blocks.push(Block { quantity: None, kind: BlockKind::Count, rho: RhoMicro(0), sigma: 0 });
    }
    let mut known = BTreeSet::new();
    let mut need = |quantity: u32, kind: BlockKind| {
        if known.insert((quantity, kind)) {
            blocks.push(Block { quantity: Some(quantity), kind, rho: RhoMicro(0), sigma: 0 });
        }
    };
    for estimate in &plan.estimates {
        let Estimate { of, quantity, with, .. } = estimate;
        for quantity in quantity.iter().chain(with) {
            kinds(*of, plan.quantity(*quantity)).into_iter().for_each(|kind| need(*quantity, kind));
        }
    }
    blocks
}

fn kinds(of: EstimateKind, quantity: Option<&Quantity>) -> Vec<BlockKind> {
    match of {
        EstimateKind::Count => vec![],
        EstimateKind::Mean | EstimateKind::Variance | EstimateKind::Stddev | EstimateKind::Trajectory => {
            vec![BlockKind::Count, BlockKind::Sum, BlockKind::Squares]
        }
        EstimateKind::Rate | EstimateKind::Sum => vec![BlockKind::Count, BlockKind::Sum],
        EstimateKind::Quantile { .. } => with_count(quantity, 1),
        EstimateKind::Histogram { width } => with_count(quantity, width),
        EstimateKind::Correlation | EstimateKind::Linear | EstimateKind::Survival | EstimateKind::EventsPer { .. } => {
            vec![BlockKind::Count]
        }
    }
}

fn with_count(quantity: Option<&Quantity>, width: u64) -> Vec<BlockKind> {
    let bins = quantity.map(|quantity| bins(quantity, width)).unwrap_or_default();
    [BlockKind::Count].into_iter().chain(bins).collect()
}

/// The bins of a histogram over the whole range of a quantity: they begin at multiples of the width, and an end of the range
/// may cut them.
fn bins(quantity: &Quantity, width: u64) -> Vec<BlockKind> {
    let width = width.max(1);
    let step = i64::try_from(width).unwrap_or(i64::MAX);
    let mut bins = Vec::new();
    let mut from = quantity.min;
    while from <= quantity.max {
        let next = from.div_euclid(step).saturating_add(1).saturating_mul(step);
        let to = next.saturating_sub(1).min(quantity.max);
        bins.push(BlockKind::Bin { width, from: quantity.shifted(from), to: quantity.shifted(to) });
        from = next;
        if bins.len() > BLOCKS_MAX {
            // The question is refused for it.
            break;
        }
    }
    bins
}
