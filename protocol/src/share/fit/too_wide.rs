//! A quantity that is too wide for the field, and the unit or the clip that would fit.

use std::fmt;

use super::{Parties, courses_max};
use crate::plan::{BlockKind, Plan};
use crate::share::layout::{CELL_LIMIT, MODULUS};

/// A quantity of too many steps: how many it has, and how many would fit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooWide {
    /// The field or instrument that is measured.
    pub name: String,
    /// M: the largest shifted value, in units of 10^-decimals.
    pub width: u64,
    /// Decimal places of the unit.
    pub decimals: u8,
    /// Most patients of one clinic.
    pub patients_max: u64,
    /// The largest M that would fit; 0 if none would.
    pub fits: u64,
}

impl TooWide {
    /// The quantity of a block whose spread cannot be proved: (courses · M)² must be below p/4.
    pub(super) fn in_proof(plan: &Plan, parties: &Parties, at: usize) -> Option<Self> {
        Self::of(plan, parties, at, ((MODULUS / 4) - 1).isqrt() / courses_max(plan, parties).max(1))
    }

    /// The quantity of a block whose cell does not fit: courses · M, or courses · M², must stay below 2^60.
    pub(super) fn in_cell(plan: &Plan, parties: &Parties, at: usize) -> Option<Self> {
        let most = (CELL_LIMIT - 1) / courses_max(plan, parties).max(1);
        let fits = match plan.blocks.get(at)?.kind {
            BlockKind::Count | BlockKind::Bin { .. } => return None,
            BlockKind::Sum => most,
            BlockKind::Squares | BlockKind::Product { .. } => most.isqrt(),
        };
        Self::of(plan, parties, at, fits)
    }

    /// The quantity of a block whose sum reaches `total`, at p/2 or above. The noise of the same price
    /// shrinks with the range, so the whole of it does.
    pub(super) fn in_sum(plan: &Plan, parties: &Parties, at: usize, total: u128) -> Option<Self> {
        let width = u128::from(plan.quantity_of(plan.blocks.get(at)?)?.width());
        let half = MODULUS / 2 - 1;
        let fits = match plan.blocks.get(at)?.kind {
            BlockKind::Count | BlockKind::Bin { .. } => return None,
            BlockKind::Sum => half / total.div_ceil(width.max(1)).max(1),
            BlockKind::Squares | BlockKind::Product { .. } => {
                (half / total.div_ceil(width.saturating_mul(width).max(1)).max(1)).isqrt()
            }
        };
        Self::of(plan, parties, at, fits)
    }

    /// Where only a cell's position is known.
    pub(super) fn cell(at: usize) -> Self {
        Self { name: format!("cell {at}"), width: 0, decimals: 0, patients_max: 0, fits: 0 }
    }

    fn of(plan: &Plan, parties: &Parties, at: usize, fits: u128) -> Option<Self> {
        let quantity = plan.quantity_of(plan.blocks.get(at)?)?;
        let measure = &quantity.measure;
        let name = measure.field().or_else(|| measure.instrument()).unwrap_or("the measure").to_owned();
        let fits = u64::try_from(fits).unwrap_or(u64::MAX);
        Some(Self {
            name,
            width: quantity.width(),
            decimals: quantity.decimals,
            patients_max: parties.patients_max,
            fits,
        })
    }

    /// The clip that would fit, and the coarser unit.
    pub(super) fn remedy(&self) -> String {
        if self.fits == 0 {
            return "lower patients_max in the charter; no range of it would fit".to_owned();
        }
        let steps = (0_u32..=18).find_map(|tens| {
            let step = 10_u64.checked_pow(tens)?;
            (self.width.div_ceil(step) <= self.fits).then_some(step)
        });
        let Self { name, decimals, .. } = self;
        let clip = format!("clip {name} to a range of at most {} with clip(x, lo, hi)", decimal(self.fits, *decimals));
        match steps {
            Some(step) => format!(
                "{clip}, or have the dictionary keep it in steps of {} instead of {}",
                decimal(step, *decimals),
                decimal(1, *decimals)
            ),
            None => clip,
        }
    }
}

impl fmt::Display for TooWide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, width, decimals, patients_max, .. } = self;
        write!(f, "{name} spans {} in steps of {}", decimal(*width, *decimals), decimal(1, *decimals))?;
        write!(f, ", at {patients_max} patients a clinic")
    }
}

/// A number of units of 10^-decimals as people write it.
fn decimal(units: u64, decimals: u8) -> String {
    let Some(one) = 10_u64.checked_pow(u32::from(decimals)).filter(|one| *one > 1) else {
        return units.to_string();
    };
    let places = usize::from(decimals);
    let fraction = format!("{:0places$}", units % one);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { (units / one).to_string() } else { format!("{}.{fraction}", units / one) }
}
