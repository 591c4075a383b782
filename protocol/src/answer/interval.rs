//! Quantiles, tail probabilities and the interval of a proportion.

use num_traits::ToPrimitive as _;
use statrs::distribution::{ChiSquared, ContinuousCDF as _};
use statrs::function::{beta, gamma};

/// The 97.5 % point of the normal distribution.
pub(crate) const NORMAL_975: f64 = 1.959_963_984_540_054;

/// A number fit for an answer: neither NaN nor infinite.
pub(crate) fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// A sum of cells as a float; exact up to 2^53, rounded to the nearest beyond.
pub(super) fn whole(n: i128) -> f64 {
    n as f64
}

/// Half the 95 % interval of a noised count. Counts and their noise are whole, so ±h holds every
/// deviation below h + ½: the smallest whole h with h + ½ ≥ 1.96·sd. Without rounding up, the
/// interval would hold the truth in fewer than 95 of 100 draws wherever the noise is small.
pub(crate) fn count_half_width(sd: f64) -> f64 {
    (NORMAL_975 * sd - 0.5).ceil().max(0.0)
}

/// A noised count as a count: below 0 is 0.
pub(super) fn count_of(n: i128) -> u64 {
    u64::try_from(n.max(0)).unwrap_or(u64::MAX)
}

/// The nearest whole number; 0 for what no whole number is near.
pub(crate) fn nearest(n: f64) -> i128 {
    n.round().to_i128().unwrap_or(0)
}

/// The 97.5 % point of Student's t, by bisection: to the last bits of the float. At least one
/// degree of freedom; beyond a million, and where nothing was estimated, the normal point.
pub(crate) fn t_975(df: f64) -> f64 {
    if !df.is_finite() || df > 1e6 {
        return NORMAL_975;
    }
    let df = df.max(1.0);
    let (mut low, mut high) = (NORMAL_975, 12.8);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if t_two_sided(middle, df).is_some_and(|p| p > 0.05) { low = middle } else { high = middle }
    }
    high
}

/// The probability that |t| is at least this: I_x(df/2, 1/2) at x = df/(df + t²).
pub(crate) fn t_two_sided(t: f64, df: f64) -> Option<f64> {
    if df > 1e10 {
        return chi2_tail(t * t, 1.0);
    }
    beta::checked_beta_reg(df / 2.0, 0.5, df / (df + t * t)).ok().and_then(finite)
}

/// The probability that a normal deviate is at least this far from 0.
pub(super) fn normal_two_sided(z: f64) -> Option<f64> {
    chi2_tail(z * z, 1.0)
}

/// The probability that F is at least this: I_x(d2/2, d1/2) at x = d2/(d2 + d1·F).
pub(super) fn f_tail(f: f64, between: f64, within: f64) -> Option<f64> {
    beta::checked_beta_reg(within / 2.0, between / 2.0, within / (within + between * f)).ok().and_then(finite)
}

/// The probability that χ² is at least this.
pub(super) fn chi2_tail(chi2: f64, df: f64) -> Option<f64> {
    if chi2 <= 0.0 {
        return finite(chi2).map(|_| 1.0);
    }
    gamma::checked_gamma_ur(df / 2.0, chi2 / 2.0).ok().and_then(finite)
}

/// The value that χ² stays below with this probability; `None` without degrees of freedom.
pub(super) fn chi2_quantile(share: f64, df: f64) -> Option<f64> {
    ChiSquared::new(df).ok().and_then(|chi2| finite(chi2.inverse_cdf(share)))
}

/// Wilson's 95 % interval of a proportion p among n, widened by noise of variance v, as its middle
/// and half its width: all π with (p − π)² ≤ z²·(π(1 − π)/n + v). Without noise it is Wilson's own
/// (1927, J Am Stat Assoc 22:209). May reach beyond 0 and 1 when widened.
pub(crate) fn wilson(p: f64, n: f64, v: f64) -> (f64, f64) {
    let z2 = NORMAL_975 * NORMAL_975;
    let shrink = 1.0 + z2 / n;
    let middle = (p + z2 / (2.0 * n)) / shrink;
    let root = z2 * p * (1.0 - p) / n + z2 * z2 / (4.0 * n * n) + z2 * v * shrink;
    (middle, root.max(0.0).sqrt() / shrink)
}

#[cfg(test)]
mod tests {
    use super::{NORMAL_975, chi2_tail, f_tail, t_975, t_two_sided, wilson};

    fn near(got: f64, want: f64, why: &str) {
        assert!((got / want - 1.0).abs() < 1e-9, "{why}: {got} where {want}");
    }

    #[test]
    fn quantiles_and_tails_are_those_of_the_tables() {
        near(t_975(1.0), 12.706_204_736_432_1, "t, 1 df: tan(0.475 π)");
        near(t_975(2.0), 4.302_652_729_911_275, "t, 2 df");
        near(t_975(10.0), 2.228_138_851_964_939, "t, 10 df");
        near(t_975(120.0), 1.979_930_405_052_777, "t, 120 df");
        near(t_975(f64::INFINITY), NORMAL_975, "the normal distribution");
        near(t_975(0.2), t_975(1.0), "never fewer than one degree of freedom");
        near(t_two_sided(1.0, 1.0).unwrap(), 0.5, "t, 1 df");
        near(t_two_sided(NORMAL_975, f64::MAX).unwrap(), 0.05, "the normal distribution");
        near(chi2_tail(3.841_458_820_694_124, 1.0).unwrap(), 0.05, "χ², 1 df");
        near(chi2_tail(0.0, 3.0).unwrap(), 1.0, "χ² of nothing");
        near(f_tail(4.0, 1.0, 10.0).unwrap(), t_two_sided(2.0, 10.0).unwrap(), "F is t² with one df between");
    }

    #[test]
    fn the_interval_of_a_rate_is_wilsons_and_grows_with_noise() {
        // 1 of 10: the interval printed in Newcombe 1998, Stat Med 17:857, method 3.
        let (middle, half) = wilson(0.1, 10.0, 0.0);
        assert!((middle - half - 0.0179).abs() < 5e-5 && (middle + half - 0.4042).abs() < 5e-5);
        let mut before = half;
        for v in [0.001, 0.01, 0.1] {
            let (_, half) = wilson(0.1, 10.0, v);
            assert!(half > before);
            before = half;
        }
        let (_, half) = wilson(0.5, 1e12, 0.01);
        near(half, NORMAL_975 * 0.1, "noise alone");
    }
}
