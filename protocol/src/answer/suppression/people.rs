//! What the opened cells of a group tell of numbers of people, where there is no noise.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Block, BlockKind, Measure, Plan, Quantity};

/// A number of people: cells of the group, each so many times, over `by`.
#[derive(Debug)]
pub(super) struct Told {
    terms: Vec<(i128, usize)>,
    by: i128,
}

/// All numbers of people that a group's opened cells tell: its counts, how many are between any two neighbouring edges of
/// its histograms, how many have each of two values and each pair of them, how many have none of the values of a category that are
/// asked for, and of two counts of which one contains the other, how
/// many are in that one alone. `None` where a sum or a product lacks what it is counted with.
///
/// `blocks` are the plan's opened blocks.
pub(super) fn told(plan: &Plan, blocks: &[usize]) -> Option<Vec<Told>> {
    let opened: Vec<&Block> = blocks.iter().filter_map(|position| plan.blocks.get(*position)).collect();
    let place = |kind, quantity| {
        let position = plan.block_position(kind, quantity)?;
        blocks.iter().position(|block| *block == position)
    };
    let mut told = Vec::new();
    let mut counts = Vec::new();
    for (at, block) in opened.iter().copied().enumerate() {
        match block.kind {
            BlockKind::Count => {
                told.push(Told { terms: vec![(1, at)], by: 1 });
                counts.push((at, block));
            }
            // The released sum is 2·yes − n.
            BlockKind::Sum if plan.has_two_values(block) => {
                let n = place(BlockKind::Count, block.quantity)?;
                told.extend([1, -1].map(|side| Told { terms: vec![(1, n), (side, at)], by: 2 }));
            }
            // The released product is n − 2·(yes of one alone) − 2·(yes of the other alone).
            BlockKind::Product { with } => {
                let n = place(BlockKind::Count, block.quantity)?;
                let [x, y] = [place(BlockKind::Sum, block.quantity)?, place(BlockKind::Sum, Some(with))?];
                let pairs = [(1, 1), (1, -1), (-1, 1), (-1, -1)];
                told.extend(pairs.map(|(a, b)| Told { terms: vec![(1, n), (a, x), (b, y), (a * b, at)], by: 4 }));
            }
            BlockKind::Sum | BlockKind::Squares | BlockKind::Bin { .. } => {}
        }
    }
    told.extend(between_edges(&opened));
    told.extend(other_values(plan, place)?);
    for (whole, all) in &counts {
        for (part, _) in counts.iter().filter(|(part, some)| part != whole && contains(plan, all, some)) {
            told.push(Told { terms: vec![(1, *whole), (-1, *part)], by: 1 });
        }
    }
    Some(told)
}

/// How many have none of the values of a category that are asked for, where that is more than one.
fn other_values(plan: &Plan, place: impl Fn(BlockKind, Option<u32>) -> Option<usize>) -> Option<Vec<Told>> {
    let mut values: BTreeMap<(&str, Option<u32>), Vec<u32>> = BTreeMap::new();
    for (number, quantity) in (0_u32..).zip(&plan.quantities) {
        if let Measure::Is { field, .. } = &quantity.measure {
            values.entry((field, quantity.joint)).or_default().push(number);
        }
    }
    let several = values.values().filter(|numbers| numbers.len() > 1);
    let others = several.map(|numbers| {
        // n less every yes, each of which is (n + the released sum) / 2.
        let mut terms = vec![(2, place(BlockKind::Count, numbers.first().copied())?)];
        for number in numbers {
            terms.push((-1, place(BlockKind::Count, Some(*number))?));
            terms.push((-1, place(BlockKind::Sum, Some(*number))?));
        }
        Some(Told { terms, by: 2 })
    });
    others.collect()
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

/// How many lie between neighbouring edges of all histograms of a quantity: with one histogram its bins, with several
/// also what one tells of a part of another's bin.
fn between_edges(opened: &[&Block]) -> Vec<Told> {
    // Of each quantity, to each edge, the bins of one histogram below it.
    let mut below: BTreeMap<u32, BTreeMap<u64, BTreeSet<usize>>> = BTreeMap::new();
    let mut so_far: BTreeMap<(u32, u64), BTreeSet<usize>> = BTreeMap::new();
    for (at, block) in opened.iter().enumerate() {
        if let (BlockKind::Bin { width, to, .. }, Some(quantity)) = (block.kind, block.quantity) {
            let bins = so_far.entry((quantity, width)).or_default();
            bins.insert(at);
            below.entry(quantity).or_default().entry(to).or_insert_with(|| bins.clone());
        }
    }
    let mut told = Vec::new();
    for edges in below.values() {
        let nothing = BTreeSet::new();
        let mut before = &nothing;
        for bins in edges.values() {
            let mine = bins.difference(before).map(|bin| (1, *bin));
            let less = before.difference(bins).map(|bin| (-1, *bin));
            told.push(Told { terms: mine.chain(less).collect(), by: 1 });
            before = bins;
        }
    }
    told
}

/// Whether whoever is counted in `some` is counted in `all` too. Those counted for a set of quantities have all of them.
fn contains(plan: &Plan, all: &Block, some: &Block) -> bool {
    let measures = |block: &Block| -> Vec<&Measure> {
        let Some(own) = plan.quantity_of(block) else { return Vec::new() };
        let counted = |other: &&Quantity| *other == own || other.joint.is_some() && other.joint == own.joint;
        plan.quantities.iter().filter(counted).map(|quantity| &quantity.measure).collect()
    };
    if some.quantity.is_none() {
        return false;
    }
    let (all, some) = (measures(all), measures(some));
    all.iter().all(|all| some.iter().any(|some| Measure::known_only_with(some, all)))
}
