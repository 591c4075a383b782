//! ρ-zCDP as (ε, δ)-differential privacy, by the tight bound of Canonne, Kamath & Steinke (2020,
//! arXiv 2004.00010, proposition 12 solved for ε).
//!
//! For every α > 1, ρ-zCDP gives (ε, δ) with ε = αρ + ln(1 − 1/α) + (ln 1/δ − ln α)/(α − 1). Every
//! α is a valid bound, so stopping short of the minimum errs towards a larger, safer ε.

use crate::cost::RhoMicro;

/// The ε that a cost of ρ amounts to at δ = `delta_per_1e12` · 10^-12.
///
/// Never below the true bound: the minimum over α is approached from above, and the result is then
/// raised by one part in a million, far more than floats of any machine can be wrong by. 0 where ρ
/// is 0 or δ is at least 1; infinite where δ is 0, as zCDP promises no pure ε.
#[must_use]
pub fn epsilon(rho: RhoMicro, delta_per_1e12: u64) -> f64 {
    if rho.0 == 0 || delta_per_1e12 >= DELTA_ONE {
        return 0.0;
    }
    if delta_per_1e12 == 0 {
        return f64::INFINITY;
    }
    let (rho, delta) = (rho.0 as f64 / 1e6, delta_per_1e12 as f64 / 1e12);
    (least(rho, -delta.ln()) * MARGIN).max(0.0)
}

/// The largest cost whose ε at this δ is at most `epsilon`; 0 where not even one millionth is.
///
/// Rounded down to a whole millionth of ρ, with the margin of [`epsilon`], so the ε promised is
/// never exceeded: at δ 10^-6, ε 8 buys 1,052,356 millionths, where the bare bound allows 1,052,358.
#[must_use]
pub fn largest_rho(epsilon: f64, delta_per_1e12: u64) -> RhoMicro {
    let fits = |micros: u64| self::epsilon(RhoMicro(micros), delta_per_1e12) <= epsilon;
    let (mut within, mut beyond) = (0, RHO_SEARCH_MAX);
    if fits(beyond) {
        return RhoMicro(beyond);
    }
    while beyond - within > 1 {
        let middle = within.midpoint(beyond);
        if fits(middle) { within = middle } else { beyond = middle }
    }
    RhoMicro(within)
}

/// The least bound over α. As a function of α it falls, then rises (its sublevel sets are those of
/// a convex function), so a golden-section search over ln(α − 1) finds it.
fn least(rho: f64, ln_one_over_delta: f64) -> f64 {
    let bound = |x: f64| {
        let beyond_one = x.exp();
        let ln_alpha = beyond_one.ln_1p();
        (1.0 + beyond_one) * rho + (x - ln_alpha) + (ln_one_over_delta - ln_alpha) / beyond_one
    };
    let (mut low, mut high) = SEARCH;
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut at_left, mut at_right) = (bound(left), bound(right));
    for _ in 0..STEPS {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = bound(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = bound(right);
        }
    }
    at_left.min(at_right)
}

/// δ = 1 in units of 10^-12.
const DELTA_ONE: u64 = 1_000_000_000_000;
/// What a bound is raised by: one part in a million.
const MARGIN: f64 = 1.000_001;
/// Largest cost [`largest_rho`] answers: ρ = 10^6, where ε has long lost its meaning.
const RHO_SEARCH_MAX: u64 = 1_000_000_000_000;
/// Where ln(α − 1) is looked for: from the optimum of ρ = 10^9 to beyond that of ρ = 10^-6.
const SEARCH: (f64, f64) = (-14.0, 14.0);
/// 1/φ: each step keeps this part of the interval.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// Enough steps to shrink the interval below the resolution of the floats around the minimum.
const STEPS: u32 = 90;

#[cfg(test)]
mod tests {
    use super::{DELTA_ONE, epsilon, largest_rho};
    use crate::cost::RhoMicro;

    const MILLIONTH: u64 = 1_000_000;

    #[test]
    fn epsilon_is_that_of_the_published_bound() {
        struct Case {
            why: &'static str,
            rho: u64,
            epsilon: f64,
            within: f64,
        }
        let cases = [
            Case { why: "a hundredth", rho: 10_000, epsilon: 0.6217, within: 5e-5 },
            Case { why: "ε 1", rho: 24_360, epsilon: 1.0, within: 5e-4 },
            Case { why: "a tenth", rho: 100_000, epsilon: 2.142, within: 5e-4 },
            Case { why: "a half", rho: 500_000, epsilon: 5.222, within: 5e-4 },
            Case { why: "one", rho: 1_000_000, epsilon: 7.766, within: 5e-4 },
        ];
        for Case { why, rho, epsilon: want, within } in cases {
            let got = epsilon(RhoMicro(rho), MILLIONTH);
            assert!((got - want).abs() <= within, "{why}: {got}");
        }
    }

    #[test]
    fn the_largest_cost_of_an_epsilon_fits_and_the_next_millionth_does_not() {
        assert_eq!(largest_rho(8.0, MILLIONTH), RhoMicro(1_052_356));
        for wanted in [0.05, 0.5, 1.0, 3.3, 8.0, 20.0] {
            for delta in [1, 1_000, MILLIONTH, 10_000_000] {
                let rho = largest_rho(wanted, delta);
                assert!(epsilon(rho, delta) <= wanted, "ε {wanted} at {delta}");
                assert!(epsilon(RhoMicro(rho.0 + 1), delta) > wanted, "ε {wanted} at {delta}");
            }
        }
    }

    #[test]
    fn no_search_over_alpha_finds_a_smaller_epsilon() {
        for rho_micros in [1_u64, 50, 3_000, 24_360, 1_052_356, 40_000_000, 1_000_000_000] {
            let rho = rho_micros as f64 / 1e6;
            let grid = (1..200_000).map(|i| {
                let t = (f64::from(i) * 1.3e-4 - 13.0).exp();
                (1.0 + t) * rho + (t / (1.0 + t)).ln() + (1e6_f64.ln() - t.ln_1p()) / t
            });
            let least = grid.fold(f64::INFINITY, f64::min).max(0.0);
            let got = epsilon(RhoMicro(rho_micros), MILLIONTH);
            assert!(got <= least * 1.000_001_1 && got > least, "{rho_micros}: {got} and {least}");
        }
    }

    #[test]
    fn a_larger_cost_or_a_smaller_delta_never_lowers_epsilon() {
        let mut before = 0.0;
        for rho in (0..60).map(|i| RhoMicro(1_u64 << (i / 2))) {
            let now = epsilon(rho, MILLIONTH);
            assert!(now >= before, "{rho}");
            assert!(epsilon(rho, MILLIONTH / 10) >= now, "{rho}");
            before = now;
        }
    }

    #[test]
    fn the_edges_of_the_ranges_have_plain_answers() {
        assert!(epsilon(RhoMicro(0), MILLIONTH) <= 0.0);
        assert!(epsilon(RhoMicro(1), DELTA_ONE) <= 0.0);
        assert!(epsilon(RhoMicro(1), 0).is_infinite());
        for nonsense in [-1.0, 0.0, f64::NAN] {
            assert_eq!(largest_rho(nonsense, 1), RhoMicro(0), "{nonsense}");
        }
        assert_eq!(largest_rho(8.0, 0), RhoMicro(0));
    }
}
