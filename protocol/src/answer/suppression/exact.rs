//! What is held back where there is no noise: bins are merged, then groups hidden.

use std::collections::BTreeMap;

use super::merging::{Mergeable, mergeable};
use super::people::Told;
use super::{HeldBack, complement, moments, people};
use crate::plan::Plan;

/// `None` where the cells are not those of any patients. `blocks` are the plan's opened blocks.
pub(super) fn held_back(plan: &Plan, blocks: &[usize], opened: &[i128], cohort_min: u64) -> Option<HeldBack> {
    if plan.courses_per_patient != 1 {
        return None;
    }
    let table = Table { plan, blocks, told: people::told(plan, blocks)?, cohort_min };
    let mut groups: Vec<Vec<i128>> = opened.chunks_exact(blocks.len()).map(<[i128]>::to_vec).collect();
    let few: Vec<bool> = groups.iter().map(|cells| table.rests_on_few(cells)).collect::<Option<_>>()?;
    // Negative bins would be lost in a sum.
    table.numbers(&groups)?;
    let merged = table.merged(&groups, &few)?;
    let pairs = table.places(&merged)?;
    groups.iter_mut().try_for_each(|cells| merge(cells, &pairs))?;
    let values: Vec<usize> = plan.group_by.iter().map(|grouping| grouping.values.len()).collect();
    let groups = complement::held_back(&values, &table.numbers(&groups)?, &few, cohort_min);
    Some(HeldBack { groups, merged })
}

struct Table<'p> {
    plan: &'p Plan,
    blocks: &'p [usize],
    told: Vec<Told>,
    cohort_min: u64,
}

impl Table<'_> {
    fn rests_on_few(&self, cells: &[i128]) -> Option<bool> {
        moments::rest_on_few(self.plan, self.blocks, cells, self.cohort_min)
    }

    fn numbers(&self, groups: &[Vec<i128>]) -> Option<Vec<Vec<u64>>> {
        groups.iter().map(|cells| people::numbers(&self.told, cells)).collect()
    }

    /// The bins to be merged, by their positions in the plan. Groups that are small even with all bins as one have no say: they are
    /// held back anyhow.
    fn merged(&self, groups: &[Vec<i128>], few: &[bool]) -> Option<Vec<u32>> {
        let histograms = mergeable(self.plan, self.blocks);
        let whole = self.positions(histograms.iter().flat_map(Mergeable::whole))?;
        let pairs = self.places(&whole)?;
        let mut may_be_shown: Vec<&[i128]> = Vec::new();
        for (cells, few) in groups.iter().zip(few) {
            let mut merged = cells.clone();
            merge(&mut merged, &pairs)?;
            let numbers = people::numbers(&self.told, &merged)?;
            if !few && !numbers.iter().any(|number| complement::is_small(*number, self.cohort_min)) {
                may_be_shown.push(cells);
            }
        }
        self.positions(histograms.iter().flat_map(|bins| bins.merged(&may_be_shown, self.cohort_min)))
    }

    /// Positions in the plan, rising, of positions among the opened blocks.
    fn positions(&self, opened: impl Iterator<Item = usize>) -> Option<Vec<u32>> {
        let position = |place: usize| u32::try_from(*self.blocks.get(place)?).ok();
        let mut positions: Vec<u32> = opened.map(position).collect::<Option<_>>()?;
        positions.sort_unstable();
        Some(positions)
    }

    /// Each merged bin and the one it is counted with, by their places among the opened blocks.
    fn places(&self, merged: &[u32]) -> Option<Vec<(usize, usize)>> {
        let place: BTreeMap<usize, usize> =
            self.blocks.iter().enumerate().map(|(place, block)| (*block, place)).collect();
        let pairs = self.plan.merged_into(merged)?;
        pairs.iter().map(|(bin, into)| Some((*place.get(bin)?, *place.get(into)?))).collect()
    }
}

/// Counts each merged bin with the one it is merged into.
fn merge(cells: &mut [i128], pairs: &[(usize, usize)]) -> Option<()> {
    for (bin, into) in pairs {
        let moved = std::mem::take(cells.get_mut(*bin)?);
        let cell = cells.get_mut(*into)?;
        *cell = cell.checked_add(moved)?;
    }
    Some(())
}
