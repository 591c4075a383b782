//! The rate of a yes/no quantity in one group.

use crate::answer::cells::Cells;
use crate::answer::form::Rate;
use crate::answer::interval::{count_of, finite, whole, wilson};
use crate::answer::moments::noise_variance;
use crate::plan::BlockKind;

/// What the cells of one group say about a yes/no quantity. With S the Sum cell, yes = (S + n)/2.
#[derive(Debug, Clone)]
pub(crate) struct Proportion {
    shown_n: u64,
    events: u64,
    /// What is divided by: at least 1 where noise could carry it below.
    pub(super) n: f64,
    /// From 0 to 1; none for exact n = 0.
    pub(super) p: Option<f64>,
    /// Variance of the rate due to noise.
    pub(super) noise: f64,
}

impl Proportion {
    /// Reads it off the cells; `None` where the plan lacks a block, which a checked plan does not.
    pub(super) fn of(cells: &Cells<'_>, quantity: Option<u32>) -> Option<Self> {
        let (n, sum) = (cells.cell(BlockKind::Count, quantity)?, cells.cell(BlockKind::Sum, quantity)?);
        let divisor = if cells.exact() { n.value } else { n.value.max(1) };
        let lean = (whole(sum.value) / whole(divisor)).clamp(-1.0, 1.0);
        // Half a course rounds up.
        let events = sum.value.saturating_add(n.value).saturating_add(1).div_euclid(2);
        Some(Self {
            shown_n: count_of(n.value),
            events: count_of(events.min(n.value)),
            n: whole(divisor),
            p: rate(sum.value, divisor).filter(|_| divisor > 0),
            noise: if cells.exact() { 0.0 } else { noise_variance(whole(divisor), sum.sd, n.sd, lean) },
        })
    }

    pub(super) fn estimate(&self) -> Rate {
        let sampling = self.p.map(|p| p * (1.0 - p) / self.n);
        let ci95 = self.p.map(|p| {
            let (middle, half) = wilson(p, self.n, self.noise);
            [(middle - half).clamp(0.0, 1.0), (middle + half).clamp(0.0, 1.0)]
        });
        Rate {
            value: self.p,
            n: self.shown_n,
            events: self.events,
            se_sampling: sampling.map(f64::sqrt),
            sd_noise: self.noise.sqrt(),
            share_noise: sampling.and_then(|sampling| finite(self.noise / (self.noise + sampling))),
            ci95,
        }
    }
}

/// (S + n)/2n with one division, held within 0 and 1.
fn rate(sum: i128, n: i128) -> Option<f64> {
    let yes_twice = sum.checked_add(n)?;
    finite(whole(yes_twice) / (2.0 * whole(n))).map(|p| p.clamp(0.0, 1.0))
}
