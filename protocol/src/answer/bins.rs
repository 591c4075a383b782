//! Histograms of one group, and the quantiles that are read off them.
//!
//! With noise, the courses at or below a value are estimated from both ends: those of the bins up to it, and all courses less
//! those of the bins above it, weighted by their precision. So the noise of many bins does not add up on either end.

use crate::answer::cells::Cells;
use crate::answer::form::{Histogram, Quantile};
use crate::answer::interval::{NORMAL_975, count_half_width, count_of, finite, whole};
use crate::answer::moments::Moments;
use crate::dictionary::{ChangeFractions, Fraction};
use crate::plan::{BlockKind, Measure, Quantity};

/// One group's histogram of one quantity.
pub(crate) struct Bins<'a> {
    quantity: &'a Quantity,
    /// Lowest shifted value and courses, from the lowest.
    bins: Vec<(u64, i128)>,
    /// Whether bins were merged, so that some hold more values than their width.
    merged: bool,
    /// Courses with a value.
    n: i128,
    /// The standard deviation of the noise in n.
    n_sd: f64,
    /// The standard deviation of the noise in each bin.
    sd: f64,
    width: u64,
    /// What the values are places in, if they are places.
    fractions: Option<ChangeFractions>,
}

impl<'a> Bins<'a> {
    /// Reads them off the cells; `None` where the plan lacks a block, which a checked plan does not.
    pub(super) fn of(cells: &Cells<'a>, quantity: Option<u32>, width: u64) -> Option<Self> {
        let count = cells.cell(BlockKind::Count, quantity)?;
        let mut sd = 0.0;
        let mut bins = Vec::new();
        let mut merged = false;
        for (position, block) in cells.plan.bins(quantity, width) {
            let BlockKind::Bin { from, .. } = block.kind else { return None };
            if cells.is_merged(position) {
                merged = true;
                continue;
            }
            let cell = cells.at(position)?;
            sd = cell.sd;
            bins.push((from, cell.value));
        }
        let known = cells.plan.quantity(quantity?)?;
        let places = if let Measure::ChangeFraction { min, max, .. } = known.measure { Some((min, max)) } else { None };
        let fractions = places.map(|(min, max)| ChangeFractions::of(min, max));
        (!bins.is_empty()).then_some(Self {
            quantity: known,
            bins,
            merged,
            n: count.value,
            n_sd: count.sd,
            sd,
            width,
            fractions,
        })
    }

    /// The moments of bins of one value each.
    pub(super) fn moments(&self) -> Moments {
        let seen = self.bins.iter().filter(|(_, courses)| *courses != 0);
        Moments::of_values(seen.map(|(from, courses)| (self.value(*from), *courses)), self.n)
    }

    /// Courses with a value.
    pub(super) fn n(&self) -> u64 {
        count_of(self.n)
    }

    /// All values together.
    pub(super) fn sum(&self) -> f64 {
        self.bins.iter().map(|(from, courses)| self.value(*from) * whole(*courses)).sum()
    }

    pub(super) fn histogram(&self) -> Histogram {
        let unit = 10_f64.powi(-i32::from(self.quantity.decimals));
        Histogram {
            value: self.bins.iter().map(|(from, courses)| (self.value(*from), count_of(*courses))).collect(),
            width: self.width as f64 * unit,
            merged: self.merged,
            n: count_of(self.n),
            sd_noise: self.sd,
            ci95_half: count_half_width(self.sd),
        }
    }

    pub(super) fn quantile(&self, share: Fraction) -> Quantile {
        let p = f64::from(share.num) / f64::from(share.den);
        if self.merged {
            return Quantile { share: p, value: None, n: count_of(self.n), merged: true, ci95: None };
        }
        let n = whole(self.n).max(1.0);
        let value = if self.sd > 0.0 { self.noised(p) } else { self.order_statistic(share) };
        // The variance of the share of courses at or below the quantile, of sampling and of noise.
        let at = value.map_or(0, |_| self.place(p));
        let noise = (self.below_variance(at) + (p * self.n_sd).powi(2)) / (n * n);
        let half = NORMAL_975 * (p * (1.0 - p) / n + noise).sqrt();
        let ends = [p - half, p + half].map(|end| self.noised(end.clamp(0.0, 1.0)));
        let ci95 = match (value, ends) {
            (Some(value), [Some(low), Some(high)]) => Some([low.min(value), high.max(value)]),
            _ => None,
        };
        Quantile { share: p, value, n: count_of(self.n), merged: false, ci95 }
    }

    /// R's type 7: between the order statistics around (n − 1)p, in whole numbers until the last step.
    fn order_statistic(&self, share: Fraction) -> Option<f64> {
        let scaled = self.n.checked_sub(1)?.checked_mul(i128::from(share.num))?;
        let (whole_part, rest) =
            (scaled.checked_div_euclid(i128::from(share.den))?, scaled.checked_rem_euclid(i128::from(share.den))?);
        let low = self.nth(whole_part)?;
        let high = if rest == 0 { low } else { self.nth(whole_part.checked_add(1)?)? };
        let (low, high) = (self.value(low), self.value(high));
        finite(low + (high - low) * (whole(rest) / f64::from(share.den)))
    }

    /// The shifted value of a course, counted from the lowest, from 0.
    fn nth(&self, place: i128) -> Option<u64> {
        let mut below = 0_i128;
        self.bins
            .iter()
            .find(|(_, courses)| {
                below = below.saturating_add(*courses);
                below > place
            })
            .map(|(from, _)| *from)
    }

    /// The lowest value that enough courses are estimated to lie at or below.
    fn noised(&self, p: f64) -> Option<f64> {
        let (from, _) = self.bins.get(self.place(p))?;
        (self.n > 0).then(|| self.value(*from))
    }

    /// How many bins lie wholly below the quantile: those up to whose end fewer courses are estimated.
    fn place(&self, p: f64) -> usize {
        let wanted = p * whole(self.n);
        let below = self.below();
        below.iter().filter(|courses| **courses < wanted).count().min(self.bins.len().saturating_sub(1))
    }

    /// The courses at or below the end of each bin.
    fn below(&self) -> Vec<f64> {
        let mut left = 0_i128;
        let all: i128 = self.bins.iter().fold(0, |sum, (_, courses)| sum.saturating_add(*courses));
        let mut below = Vec::with_capacity(self.bins.len());
        for (place, (_, courses)) in self.bins.iter().enumerate() {
            left = left.saturating_add(*courses);
            let from_right = self.n.saturating_sub(all.saturating_sub(left));
            let [by_left, by_right] = self.variances(place);
            // Without noise both are the same.
            let weight = if by_left + by_right > 0.0 { by_right / (by_left + by_right) } else { 1.0 };
            below.push(weight * whole(left) + (1.0 - weight) * whole(from_right));
        }
        below
    }

    /// The variance of noise in the courses at or below the end of a bin, counted from the left and from the right.
    fn variances(&self, place: usize) -> [f64; 2] {
        let (before, after) = (place.saturating_add(1), self.bins.len().saturating_sub(place.saturating_add(1)));
        let of = |bins: usize| bins as f64 * self.sd * self.sd;
        [of(before), of(after) + self.n_sd * self.n_sd]
    }

    fn below_variance(&self, place: usize) -> f64 {
        let [by_left, by_right] = self.variances(place);
        if by_left + by_right > 0.0 { by_left * by_right / (by_left + by_right) } else { 0.0 }
    }

    /// The lowest value of a bin in the measure's own unit. Bins of several values begin at a multiple of their width, also
    /// where the range begins within one.
    fn value(&self, from: u64) -> f64 {
        if let Some(fractions) = &self.fractions {
            let place = usize::try_from(from).unwrap_or(usize::MAX);
            return fractions.fraction(place).map_or(0.0, |(above, below)| 100.0 * above as f64 / below as f64);
        }
        let lowest = i128::from(self.quantity.min).saturating_add(i128::from(from));
        let width = i128::from(self.width.max(1));
        whole(lowest.div_euclid(width).saturating_mul(width)) / 10_f64.powi(i32::from(self.quantity.decimals))
    }
}
