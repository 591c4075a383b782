//! The mean and spread of one quantity in one group.
//!
//! With S the Sum cell, Q the Squares cell, M the width and v the shifted value of a course:
//! mean = (S + (min + max)·n) / 2n and variance = (n(Q + M²n) − 2S²) / (8n(n − 1)). The numerators
//! are integers, so an exact answer loses nothing before its one division.

use crate::answer::bins::Bins;
use crate::answer::cells::{Cell, Cells};
use crate::answer::form::{Mean, Paired, Spread};
use crate::answer::interval::{count_of, finite, t_975, t_two_sided, whole};
use crate::limits::INTEGER_MAX;
use crate::plan::{BlockKind, Measure, Quantity};

/// What the cells of one group say about one quantity, in the measure's own unit.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    /// Courses with a value as shown.
    pub(super) shown_n: u64,
    /// What is divided by: at least 1, so that a noised count near 0 gives a wide interval instead
    /// of none.
    pub(super) n: f64,
    pub(super) mean: Option<f64>,
    /// Variance among courses; none for exact n < 2.
    pub(super) variance: Option<Variance>,
    /// Variance of the mean due to noise.
    pub(super) noise: f64,
    /// Where a noised mean is held.
    range: Option<[f64; 2]>,
    sums: Option<(i64, i64)>,
    /// Whether it is of a change, which may be compared with none.
    is_change: bool,
}

/// The variance among courses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variance {
    /// As it is shown.
    pub(super) value: f64,
    pub(super) spread: Spread,
    /// What the cells say, noise and all; may be negative.
    pub(super) estimate: f64,
    /// The variance that noise gives `estimate`.
    pub(super) blur: f64,
    /// What standard errors rest on: `estimate` where that is above 0, also where too little of it stands out of the noise to
    /// be shown. An interval that took the shown spread instead would promise 95 and hold 99 of 100 wherever the true one is
    /// narrower.
    pub(super) sampling: f64,
    /// Degrees of freedom that `sampling` is worth: n − 1, fewer where noise blurs it.
    pub(super) df: f64,
    /// n − 1, at least 1.
    pub(super) freedom: f64,
}

impl Variance {
    fn exact(value: f64, freedom: f64) -> Self {
        let spread = Spread::Measured;
        Self { value, spread, estimate: value, blur: 0.0, sampling: value, df: freedom, freedom }
    }
}

impl Moments {
    /// Reads them off the cells; `None` where the plan lacks a block, which a checked plan does not.
    pub(super) fn of(cells: &Cells<'_>, quantity: Option<u32>) -> Option<Self> {
        let range = cells.quantity(quantity)?;
        if matches!(range.measure, Measure::ChangeFraction { .. }) {
            return Some(Bins::of(cells, quantity, 1)?.moments());
        }
        let raw = Raw {
            n: cells.cell(BlockKind::Count, quantity)?,
            sum: cells.cell(BlockKind::Sum, quantity)?,
            squares: cells.cell(BlockKind::Squares, quantity)?,
            quantity: range,
        };
        Some(if cells.exact() { raw.exact() } else { raw.noised() })
    }

    /// Of a change in percent, from its sums: exact answers only.
    pub(super) fn of_values(values: impl Iterator<Item = (f64, i128)> + Clone, n: i128) -> Self {
        let courses = whole(n);
        let sum: f64 = values.clone().map(|(value, courses)| value * whole(courses)).sum();
        let mean = finite(sum / courses).filter(|_| n > 0);
        let variance = mean.filter(|_| n > 1).and_then(|mean| {
            let squares: f64 = values.map(|(value, courses)| (value - mean).powi(2) * whole(courses)).sum();
            let (value, df) = (finite(squares / (courses - 1.0))?, courses - 1.0);
            (value >= 0.0).then_some(Variance::exact(value, df))
        });
        Self { shown_n: count_of(n), n: courses, mean, variance, noise: 0.0, range: None, sums: None, is_change: true }
    }

    /// One sample's t test that nothing changed, noise included.
    fn paired(&self) -> Option<Paired> {
        let (mean, variance) = (self.mean?, self.variance?);
        let sampling = variance.sampling / self.n;
        let both = sampling + self.noise;
        let statistic = finite(mean / both.sqrt());
        let df = statistic.and_then(|_| finite(variance.df * (both / sampling).powi(2)));
        Some(Paired {
            statistic,
            df,
            p: statistic.zip(df).and_then(|(t, df)| t_two_sided(t, df)),
            dz: finite(mean / variance.value.sqrt()),
        })
    }

    pub(super) fn estimate(&self) -> Mean {
        let sampling = self.variance.map(|variance| variance.sampling / self.n);
        let ci95 = self.mean.zip(self.variance).and_then(|(mean, variance)| {
            let half = half_width(variance.sampling / self.n, variance.df, self.noise);
            let [low, high] = self.range.unwrap_or([f64::MIN, f64::MAX]);
            Some([finite((mean - half).max(low).min(high))?, finite((mean + half).max(low).min(high))?])
        });
        Mean {
            value: self.mean,
            n: self.shown_n,
            sd: self.variance.map(|variance| variance.value.sqrt()),
            spread: self.variance.map(|variance| variance.spread),
            se_sampling: sampling.map(f64::sqrt),
            sd_noise: self.noise.sqrt(),
            share_noise: sampling.and_then(|sampling| finite(self.noise / (self.noise + sampling))),
            ci95,
            sum: self.sums.map(|(sum, _)| sum),
            sum_sq: self.sums.map(|(_, squares)| squares),
            paired: self.is_change.then(|| self.paired()).flatten(),
        }
    }
}

/// Whether 0 means that nothing changed.
const fn is_change(quantity: &Quantity) -> bool {
    matches!(quantity.measure, Measure::Change { .. } | Measure::PercentChange { .. } | Measure::ChangeFraction { .. })
}

/// Half the 95 % interval of a mean: t·√(sampling + noise), both as variances. t's degrees of
/// freedom are Satterthwaite's: the sampling part was estimated, the noise part is known.
pub(crate) fn half_width(sampling: f64, df: f64, noise: f64) -> f64 {
    let both = sampling + noise;
    t_975(df * (both / sampling).powi(2)) * both.sqrt()
}

/// The spread used where none is measured: the dictionary's, or half the range, which bounds the
/// standard deviation of anything within it (Popoviciu 1935). In units of 10^-decimals.
pub(crate) fn reference_sd(quantity: &Quantity) -> f64 {
    quantity.reference_sd.map_or(quantity.width() as f64 / 2.0, f64::from)
}

/// The variance that noise gives a mean, for noise of these standard deviations in the sum and in
/// the count, and a released sum of `lean` per course: (var S + lean²·var n) / 4n², by the delta
/// method. In units of 10^-decimals, squared.
pub(crate) fn noise_variance(n: f64, sum_sd: f64, count_sd: f64, lean: f64) -> f64 {
    (sum_sd.powi(2) + (lean * count_sd).powi(2)) / (4.0 * n * n)
}

/// The three cells as they were released.
struct Raw<'a> {
    n: Cell,
    sum: Cell,
    squares: Cell,
    quantity: &'a Quantity,
}

impl Raw<'_> {
    fn exact(&self) -> Moments {
        let n = self.n.value;
        let variance = self.variance(n).filter(|value| n > 1 && *value >= 0.0);
        let variance = variance.map(|value| Variance::exact(value * self.unit().powi(2), whole(n - 1)));
        Moments {
            shown_n: count_of(n),
            n: whole(n),
            mean: self.mean(n).filter(|_| n > 0),
            variance,
            noise: 0.0,
            range: None,
            sums: self.sums(),
            is_change: is_change(self.quantity),
        }
    }

    fn noised(&self) -> Moments {
        let n = self.n.value.max(1);
        let (width, unit) = (self.quantity.width() as f64, self.unit());
        let lean = (whole(self.sum.value) / whole(n)).clamp(-width, width);
        let range = [self.quantity.min as f64 * unit, self.quantity.max as f64 * unit];
        let [low, high] = range;
        Moments {
            shown_n: count_of(self.n.value),
            n: whole(n),
            mean: self.mean(n).map(|mean| mean.max(low).min(high)),
            variance: Some(self.noised_variance(n, lean)),
            noise: noise_variance(whole(n), self.sum.sd, self.n.sd, lean) * unit.powi(2),
            range: Some(range),
            sums: None,
            is_change: is_change(self.quantity),
        }
    }

    /// Shown where it stands out of its own noise by at least three standard deviations, else the reference is. Never
    /// above M²/4 · n/(n − 1), the most that values in the range can have.
    ///
    /// Standard errors rest on what the cells say in either case. The degrees of freedom count the blur; only, what is
    /// far below its blur cannot be too small by all of it, since no variance is below 0: so the blur counts up to the estimate
    /// and a fifth of itself. Intervals of means then hold the truth in 95 to 98 of 100 for spreads from nothing up.
    fn noised_variance(&self, n: i128, lean: f64) -> Variance {
        let (float_n, width, unit2) = (whole(n), self.quantity.width() as f64, self.unit().powi(2));
        let freedom = (float_n - 1.0).max(1.0);
        // Partial derivatives of Q/8n + M²/8 − (S/2n)² by Q, S and n.
        let squares_per = whole(self.squares.value) / float_n;
        let by_squares = self.squares.sd / (8.0 * float_n);
        let by_sum = self.sum.sd * lean / (2.0 * float_n);
        let by_count = self.n.sd * (lean * lean / 2.0 - squares_per / 8.0) / float_n;
        let blur = by_squares.powi(2) + by_sum.powi(2) + by_count.powi(2);
        let most = width * width / 4.0 * float_n / freedom;
        let estimate = self.variance(n).filter(|_| n > 1).unwrap_or(reference_sd(self.quantity).powi(2)).min(most);
        let (value, spread) = if n > 1 && estimate > 0.0 && estimate >= 3.0 * blur.sqrt() {
            (estimate, Spread::Measured)
        } else {
            (reference_sd(self.quantity).powi(2), Spread::Reference)
        };
        // Never quite 0, so that it can be worth a part of a degree of freedom.
        let sampling = estimate.max(blur.sqrt() / 100.0);
        let too_small_by = blur.sqrt().min(sampling + 0.2 * blur.sqrt());
        // Relative variances add: 2/(n − 1) from sampling, what the noise does to it, 2/df in all.
        let df = if sampling > 0.0 { 1.0 / (1.0 / freedom + (too_small_by / sampling).powi(2) / 2.0) } else { freedom };
        Variance {
            value: value * unit2,
            spread,
            estimate: estimate * unit2,
            blur: blur * unit2 * unit2,
            sampling: sampling * unit2,
            df,
            freedom,
        }
    }

    /// What one unit is worth in the measure's own unit: 10^-decimals.
    fn unit(&self) -> f64 {
        10_f64.powi(-i32::from(self.quantity.decimals))
    }

    fn mean(&self, n: i128) -> Option<f64> {
        let ends = i128::from(self.quantity.min) + i128::from(self.quantity.max);
        let numerator = ends.checked_mul(n)?.checked_add(self.sum.value)?;
        finite(whole(numerator) / (2.0 * whole(n)) / 10_f64.powi(i32::from(self.quantity.decimals)))
    }

    /// In units of 10^-decimals, squared. `None` for n < 2 or where 128 bits do not hold it.
    fn variance(&self, n: i128) -> Option<f64> {
        let width = i128::from(self.quantity.width());
        let both = width.checked_mul(width)?.checked_mul(n)?.checked_add(self.squares.value)?.checked_mul(n)?;
        let numerator = both.checked_sub(self.sum.value.checked_mul(self.sum.value)?.checked_mul(2)?)?;
        finite(whole(numerator) / (8.0 * whole(n) * whole(n.checked_sub(1)?)))
    }

    /// Σx and Σx² as integers, x being the value itself, min added back.
    fn sums(&self) -> Option<(i64, i64)> {
        let (n, min, width) = (self.n.value, i128::from(self.quantity.min), i128::from(self.quantity.width()));
        let shifted = self.sum.value.checked_add(width.checked_mul(n)?)? / 2;
        let centred = self.squares.value.checked_sub(width.checked_mul(width)?.checked_mul(n)?)?;
        let squares = centred.checked_add(width.checked_mul(shifted)?.checked_mul(8)?)? / 8;
        let sum = shifted.checked_add(min.checked_mul(n)?)?;
        let cross = min.checked_mul(2)?.checked_mul(shifted)?;
        let sum_sq = squares.checked_add(cross)?.checked_add(min.checked_mul(min)?.checked_mul(n)?)?;
        let shown = |x: i128| i64::try_from(x).ok().filter(|x| x.abs() <= INTEGER_MAX);
        Some((shown(sum)?, shown(sum_sq)?))
    }
}
