//! What the opened cells of a group tell of numbers of people, where there is no noise.

use crate::plan::{Block, BlockKind, Measure, Plan};

/// A number of people: cells of the group, each so many times, over `by`.
#[derive(Debug)]
pub(super) struct Told {
    terms: Vec<(i128, usize)>,
    by: i128,
}

/// All numbers of people that a group's opened cells tell: its counts, how many have each of two values, and of two counts
/// of which one contains the other, how many are in that one alone. `None` where a sum lacks its count.
///
/// `blocks` are the plan's opened blocks.
pub(super) fn told(plan: &Plan, blocks: &[usize]) -> Option<Vec<Told>> {
    let opened: Vec<&Block> = blocks.iter().filter_map(|position| plan.blocks.get(*position)).collect();
    let counts: Vec<(usize, &Block)> =
        opened.iter().copied().enumerate().filter(|(_, block)| block.kind == BlockKind::Count).collect();
    let mut told: Vec<Told> = counts.iter().map(|(at, _)| Told { terms: vec![(1, *at)], by: 1 }).collect();
    for (sum, block) in opened.iter().enumerate().filter(|(_, block)| block.kind == BlockKind::Sum) {
        let (n, _) = counts.iter().find(|(_, count)| count.quantity == block.quantity)?;
        // The released sum is 2·yes − n.
        told.push(Told { terms: vec![(1, *n), (1, sum)], by: 2 });
        told.push(Told { terms: vec![(1, *n), (-1, sum)], by: 2 });
    }
    for (whole, all) in &counts {
        for (part, _) in counts.iter().filter(|(part, some)| part != whole && contains(plan, all, some)) {
            told.push(Told { terms: vec![(1, *whole), (-1, *part)], by: 1 });
        }
    }
    Some(told)
}

/// The numbers themselves, from one group's opened cells. `None` where one is negative or not whole: nobody's cells.
pub(super) fn numbers(told: &[Told], cells: &[i128]) -> Option<Vec<u64>> {
    let number = |told: &Told| {
        let total = told
            .terms
            .iter()
            .try_fold(0_i128, |total, (times, at)| total.checked_add(cells.get(*at)?.checked_mul(*times)?))?;
        if total % told.by == 0 { u64::try_from(total / told.by).ok() } else { None }
    };
    told.iter().map(number).collect()
}

/// Whether whoever is counted in `some` is counted in `all` too.
fn contains(plan: &Plan, all: &Block, some: &Block) -> bool {
    let measure = |block: &Block| plan.quantity_of(block).map(|quantity| &quantity.measure);
    match (measure(some), measure(all)) {
        (Some(_), None) => true,
        (Some(some), Some(all)) => Measure::known_only_with(some, all),
        (None, _) => false,
    }
}
