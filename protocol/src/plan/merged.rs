//! Bins that are counted with the bin before, where there is no noise and each alone would be too small.

use std::collections::BTreeMap;

use super::{BlockKind, Measure, Plan};

impl Plan {
    /// Where the courses of merged bins are counted: for each position within a group that `merged` lists, that bin and the
    /// nearest one before it that is not merged. In a histogram of times to event, what happened goes to what happened and
    /// who was last seen to who was last seen, bucket by bucket; who was followed beyond the last bucket is counted with
    /// those last seen.
    ///
    /// `None` where the list does not rise, or names what is no bin or has none before it.
    #[must_use]
    pub fn merged_into(&self, merged: &[u32]) -> Option<Vec<(usize, usize)>> {
        let mut left = merged.iter().map(|at| usize::try_from(*at).unwrap_or(usize::MAX)).peekable();
        let mut histograms: BTreeMap<(Option<u32>, u64), Histogram> = BTreeMap::new();
        let mut pairs = Vec::with_capacity(merged.len());
        for (position, block) in self.blocks.iter().enumerate() {
            let BlockKind::Bin { width, .. } = block.kind else { continue };
            let bins = histograms.entry((block.quantity, width)).or_default();
            let kind = bins.seen % self.kinds_of_bins(block.quantity);
            let is_merged = left.next_if_eq(&position).is_some();
            // The bins of one bucket are merged together.
            if kind > 0 && is_merged != bins.merges {
                return None;
            }
            let before = bins.kept.get_mut(kind)?;
            if is_merged {
                pairs.push((position, (*before)?));
            } else {
                *before = Some(position);
            }
            bins.seen = bins.seen.saturating_add(1);
            bins.merges = is_merged;
        }
        // What is left is out of order, or no bin.
        left.next().is_none().then_some(pairs)
    }

    /// How many bins of a histogram belong together: two of times to event, in which each bucket has those last seen and
    /// those to whom it happened.
    pub(crate) fn kinds_of_bins(&self, quantity: Option<u32>) -> usize {
        let of = quantity.and_then(|number| self.quantity(number));
        if of.is_some_and(|quantity| matches!(quantity.measure, Measure::TimeTo { .. })) { 2 } else { 1 }
    }
}

/// How far one histogram was read.
#[derive(Default)]
struct Histogram {
    seen: usize,
    /// The newest bin of each kind that is not merged.
    kept: [Option<usize>; 2],
    /// Whether the bin before is merged.
    merges: bool,
}
