//! All values of one quantity of one group together, and how far they spread.

use crate::answer::bins::Bins;
use crate::answer::cells::Cells;
use crate::answer::form::{Dispersion, Spread, Total};
use crate::answer::interval::{NORMAL_975, chi2_quantile, count_of, finite, whole};
use crate::answer::moments::{Moments, Variance};
use crate::limits::INTEGER_MAX;
use crate::plan::{BlockKind, Measure};

/// The sum of a quantity: with S its cell, Σx = (S + (min + max)·n)/2. `None` where the plan lacks a block, which a checked
/// plan does not.
pub(super) fn total(cells: &Cells<'_>, quantity: Option<u32>) -> Option<Total> {
    let range = cells.plan.quantity(quantity?)?;
    if matches!(range.measure, Measure::ChangeFraction { .. }) {
        let bins = Bins::of(cells, quantity, 1)?;
        let value = finite(bins.sum())?;
        return Some(Total { value, n: bins.n(), sd_noise: 0.0, ci95: [value; 2], sum: None });
    }
    let (n, sum) = (cells.cell(BlockKind::Count, quantity)?, cells.cell(BlockKind::Sum, quantity)?);
    let ends = i128::from(range.min).saturating_add(i128::from(range.max));
    let twice = ends.saturating_mul(n.value).saturating_add(sum.value);
    let one = 10_f64.powi(i32::from(range.decimals));
    // What no number of courses comes to is not said: a sum of what is never below 0 is not, nor one of what is never above.
    let held = |sum: f64| match (range.min >= 0, range.max <= 0) {
        (true, _) => sum.max(0.0),
        (false, true) => sum.min(0.0),
        (false, false) => sum,
    };
    let value = held(finite(whole(twice) / 2.0 / one)?);
    let sd_noise = (sum.sd.powi(2) + (whole(ends) * n.sd).powi(2)).sqrt() / 2.0 / one;
    let half = NORMAL_975 * sd_noise;
    let whole_sum = i64::try_from(twice / 2).ok().filter(|sum| cells.exact() && sum.abs() <= INTEGER_MAX);
    Some(Total {
        value,
        n: count_of(n.value),
        sd_noise,
        ci95: [held(value - half), held(value + half)],
        sum: whole_sum,
    })
}

/// The variance among courses, or its square root.
pub(super) fn dispersion(moments: &Moments, root: bool) -> Dispersion {
    let of = |variance: f64| if root { variance.sqrt() } else { variance };
    let measured = moments.variance.filter(|variance| variance.spread == Spread::Measured);
    let ends = moments.variance.and_then(|variance| ends(&variance)).map(|ends| ends.map(of));
    Dispersion { value: measured.map(|variance| of(variance.value)), n: moments.shown_n, ci95: ends }
}

/// The ends of χ² and of the noise, put together by their distances from the estimate (Zou & Donner 2008, Stat Med 27:1693).
/// They do not rest on whether the estimate stands out: those that do are too large more often than too small.
fn ends(variance: &Variance) -> Option<[f64; 2]> {
    let Variance { estimate, blur, freedom, .. } = *variance;
    let seen = estimate.max(0.0);
    let distance = |share| {
        let end = freedom * seen / chi2_quantile(share, freedom)?;
        Some(((end - seen).powi(2) + NORMAL_975 * NORMAL_975 * blur).sqrt())
    };
    // One standard deviation of the noise is never left out, however far below 0 the noise carried the estimate.
    let high = (estimate + distance(0.025)?).max(blur.sqrt());
    Some([finite((estimate - distance(0.975)?).max(0.0))?, finite(high)?])
}
