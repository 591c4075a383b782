//! The released cells of one group, with the noise each carries.

use crate::answer::form::Count;
use crate::answer::interval::{count_half_width, count_of, whole};
use crate::answer::suppression::{Enough, are_enough, is_shown};
use crate::plan::{BlockKind, Estimate, Mode, Plan, Quantity};
use crate::privacy::SIGMA_UNITS_PER_ONE;

/// One group's part of a release.
pub(crate) struct Cells<'a> {
    pub(crate) plan: &'a Plan,
    /// One cell per block, noised by every aggregator.
    pub(crate) group: &'a [i128],
    /// k: how many aggregators added noise.
    pub(crate) aggregators: u32,
    /// The bins that are counted with one before them, by their positions in the group, rising.
    pub(crate) merged: &'a [u32],
    /// When a noised count is large enough; none where all is shown.
    pub(crate) enough: Option<Enough>,
}

/// A released cell and the standard deviation of all the noise in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(super) value: i128,
    pub(super) sd: f64,
}

impl Cells<'_> {
    pub(super) fn exact(&self) -> bool {
        self.plan.mode == Mode::Exact
    }

    /// Whether a noised estimate rests on enough courses; an exact one always does, where its group is shown.
    pub(super) fn show_estimate(&self, asked: &Estimate) -> bool {
        self.needs().is_none_or(|enough| is_shown(self.plan, asked, enough, |at| self.group.get(at).copied()))
    }

    /// Whether enough courses have a value of this quantity.
    pub(super) fn show_quantity(&self, quantity: u32) -> bool {
        self.needs()
            .is_none_or(|enough| are_enough(self.plan, Some(quantity), enough, |at| self.group.get(at).copied()))
    }

    fn needs(&self) -> Option<Enough> {
        self.enough.filter(|_| !self.exact())
    }

    /// The cell of this kind and quantity; `None` where the plan has none.
    pub(super) fn cell(&self, kind: BlockKind, quantity: Option<u32>) -> Option<Cell> {
        self.at(self.plan.block_position(kind, quantity)?)
    }

    /// The cell at a position.
    pub(super) fn at(&self, position: usize) -> Option<Cell> {
        let (block, value) = (self.plan.blocks.get(position)?, self.group.get(position)?);
        Some(Cell { value: *value, sd: noise_sd(block.sigma, self.aggregators) })
    }

    /// Whether the bin at a position is counted with one before it.
    pub(super) fn is_merged(&self, position: usize) -> bool {
        u32::try_from(position).is_ok_and(|position| self.merged.binary_search(&position).is_ok())
    }

    pub(super) fn quantity(&self, quantity: Option<u32>) -> Option<&Quantity> {
        self.plan.quantities.get(usize::try_from(quantity?).ok()?)
    }

    /// How many courses match; never below 0, neither itself nor its interval.
    pub(super) fn count(&self) -> Option<Count> {
        let Cell { value, sd } = self.cell(BlockKind::Count, None)?;
        let (middle, half) = (whole(value), count_half_width(sd));
        let ci95 = [(middle - half).max(0.0), (middle + half).max(0.0)];
        Some(Count { value: count_of(value), sd_noise: sd, ci95 })
    }
}

/// The standard deviation of k independent draws at this σ, added up: √k·σ.
pub(crate) fn noise_sd(sigma: u64, aggregators: u32) -> f64 {
    f64::from(aggregators).sqrt() * (sigma as f64 / SIGMA_UNITS_PER_ONE as f64)
}
