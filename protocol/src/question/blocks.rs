//! Which cells a question's estimates need.

use std::collections::BTreeSet;

use crate::cost::RhoMicro;
use crate::limits::BLOCKS_MAX;
use crate::plan::{Block, BlockKind, Estimate, EstimateKind, Measure, Plan, Quantity};

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
        let all: Vec<u32> = quantity.iter().chain(with).copied().collect();
        if matches!(of, EstimateKind::Correlation | EstimateKind::Linear | EstimateKind::EventsPer { .. }) {
            together(plan, &all).into_iter().for_each(|(quantity, kind)| need(quantity, kind));
            continue;
        }
        if *of == EstimateKind::Logistic {
            foretold(&all).into_iter().for_each(|(quantity, kind)| need(quantity, kind));
            continue;
        }
        for quantity in all {
            kinds(*of, plan.quantity(quantity)).into_iter().for_each(|kind| need(quantity, kind));
        }
    }
    blocks
}

/// One count for all, a sum and squares for each, and a product for each two. A yes/no is its own square, and two values of
/// one category are never both yes.
fn together(plan: &Plan, quantities: &[u32]) -> Vec<(u32, BlockKind)> {
    // The first of the set in the plan carries the count, whichever estimate asks first.
    let first = quantities.iter().min();
    let mut needed: Vec<(u32, BlockKind)> = first.map(|first| (*first, BlockKind::Count)).into_iter().collect();
    needed.extend(quantities.iter().map(|quantity| (*quantity, BlockKind::Sum)));
    let yes_no = |quantity: &u32| plan.quantity(*quantity).is_some_and(|known| known.width() == 1);
    needed
        .extend(quantities.iter().filter(|quantity| !yes_no(quantity)).map(|quantity| (*quantity, BlockKind::Squares)));
    for (place, one) in quantities.iter().enumerate() {
        for other in quantities.iter().skip(place.saturating_add(1)) {
            let (first, with) = (*one.min(other), *one.max(other));
            if !never_both(plan, first, with) {
                needed.push((first, BlockKind::Product { with }));
            }
        }
    }
    needed
}

/// Of a yes/no, its columns, chance, surprise and weight, and the weight times each column: a sum of each; of what was seen and
/// of the chance a product with each column; and of each weighted column with itself and all behind it.
fn foretold(quantities: &[u32]) -> Vec<(u32, BlockKind)> {
    let first = quantities.iter().min();
    let mut needed: Vec<(u32, BlockKind)> = first.map(|first| (*first, BlockKind::Count)).into_iter().collect();
    needed.extend(quantities.iter().map(|quantity| (*quantity, BlockKind::Sum)));
    let [y, rest @ ..] = quantities else { return needed };
    let Some((columns, parts)) = rest.split_at_checked(rest.len().saturating_sub(3) / 2) else { return needed };
    let [chance, _, _, weighted @ ..] = parts else { return needed };
    let mut product = |one: u32, other: u32| {
        needed.push((one.min(other), BlockKind::Product { with: one.max(other) }));
    };
    for (place, column) in columns.iter().enumerate() {
        product(*y, *column);
        product(*chance, *column);
        weighted.iter().take(place.saturating_add(1)).for_each(|weighted| product(*weighted, *column));
    }
    needed
}

/// Whether two quantities are values of one category.
fn never_both(plan: &Plan, one: u32, other: u32) -> bool {
    plan.quantity(one).zip(plan.quantity(other)).is_some_and(|(one, other)| one.measure.excludes(&other.measure))
}

fn kinds(of: EstimateKind, quantity: Option<&Quantity>) -> Vec<BlockKind> {
    let in_places = quantity.is_some_and(|known| matches!(known.measure, Measure::ChangeFraction { .. }));
    match of {
        EstimateKind::Count => vec![],
        // Places in a list do not add up to anything.
        EstimateKind::Mean | EstimateKind::Variance | EstimateKind::Stddev | EstimateKind::Sum if in_places => {
            with_count(quantity, 1)
        }
        EstimateKind::Mean | EstimateKind::Variance | EstimateKind::Stddev | EstimateKind::Trajectory => {
            vec![BlockKind::Count, BlockKind::Sum, BlockKind::Squares]
        }
        EstimateKind::Rate | EstimateKind::Sum => vec![BlockKind::Count, BlockKind::Sum],
        EstimateKind::Quantile { .. } => with_count(quantity, 1),
        EstimateKind::Histogram { width } => with_count(quantity, width),
        EstimateKind::Survival => with_count(quantity, 1),
        // Their cells are of several quantities: see `together` and `foretold`.
        EstimateKind::Correlation | EstimateKind::Linear | EstimateKind::Logistic | EstimateKind::EventsPer { .. } => {
            vec![]
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
