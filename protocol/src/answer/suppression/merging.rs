//! Which bins are merged, so that no bin that is shown is small.
//!
//! From the low end, neighbouring bins are merged until each is of nobody or of at least `cohort_min` in every group that
//! could be shown; what is left at the high end goes to the bin before. One merging for all groups, so that they can be compared, and
//! so that the totals that a group is hidden from are those of the same bins.
//!
//! Only where the bins are all that is told of a number: beside its sum, a bin of fifty that was merged with a bin of one
//! tells of the one.

use crate::plan::{Block, BlockKind, Plan};

/// The bins that may be merged with each other, in units that are merged as a whole: positions among the opened blocks.
pub(super) struct Mergeable {
    units: Vec<Vec<usize>>,
}

/// The histograms of a plan whose bins may be merged. `blocks` are the plan's opened blocks.
pub(super) fn mergeable(plan: &Plan, blocks: &[usize]) -> Vec<Mergeable> {
    let mut found = Vec::new();
    for (number, quantity) in (0_u32..).zip(&plan.quantities) {
        let bins = plan.blocks.iter().filter(|block| block.quantity == Some(number));
        let mut widths: Vec<u64> = bins
            .filter_map(|block| if let BlockKind::Bin { width, .. } = block.kind { Some(width) } else { None })
            .collect();
        widths.dedup();
        let [width] = widths[..] else { continue };
        let of_sum = plan.blocks.iter().filter(|block| block.kind == BlockKind::Sum);
        let mut summed = of_sum.filter_map(|block| plan.quantity_of(block));
        if summed.any(|summed| summed.measure.reads_what(&quantity.measure)) {
            continue;
        }
        let place = |(position, _): (usize, &Block)| blocks.binary_search(&position).ok();
        let bins: Vec<usize> = plan.bins(Some(number), width).filter_map(place).collect();
        found.push(Mergeable { units: bins.chunks(plan.kinds_of_bins(Some(number))).map(<[usize]>::to_vec).collect() });
    }
    found
}

impl Mergeable {
    /// All bins as one: what is shown of a group at the most.
    pub(super) fn whole(&self) -> Vec<usize> {
        self.units.iter().skip(1).flatten().copied().collect()
    }

    /// The bins that are merged into one before them, such that each that is left is of nobody or of at least
    /// `cohort_min` in each of these groups.
    pub(super) fn merged(&self, groups: &[&[i128]], cohort_min: u64) -> Vec<usize> {
        let sums = self.sums(groups);
        let fits = |from: usize, to: usize| {
            sums.iter().all(|below| {
                let at = |unit: usize| below.get(unit).copied().unwrap_or(0);
                let people = at(to).saturating_sub(at(from));
                people == 0 || people >= i128::from(cohort_min)
            })
        };
        let (mut starts, mut from, all) = (Vec::new(), 0, self.units.len());
        for to in 1..=all {
            if fits(from, to) {
                starts.push(from);
                from = to;
            }
        }
        if from < all {
            // What is left over goes to the bins before, as far as it takes.
            while let Some(before) = starts.pop() {
                from = before;
                if fits(from, all) {
                    break;
                }
            }
            starts.push(from);
        }
        let units = self.units.iter().enumerate().filter(|(unit, _)| !starts.contains(unit));
        units.flat_map(|(_, bins)| bins.iter().copied()).collect()
    }

    /// For each group and each bin of a unit, how many are in the units below each.
    fn sums(&self, groups: &[&[i128]]) -> Vec<Vec<i128>> {
        let kinds = self.units.iter().map(Vec::len).max().unwrap_or(0);
        let of = |cells: &[i128], kind: usize| {
            let mut sum = 0_i128;
            let bins =
                self.units.iter().map(|unit| unit.get(kind).and_then(|bin| cells.get(*bin)).copied().unwrap_or(0));
            let below = bins.map(|people| {
                sum = sum.saturating_add(people);
                sum
            });
            [0].into_iter().chain(below).collect::<Vec<i128>>()
        };
        groups
            .iter()
            .flat_map(|cells| (0..kinds).map(move |kind| (*cells, kind)))
            .map(|(cells, kind)| of(cells, kind))
            .collect()
    }
}
