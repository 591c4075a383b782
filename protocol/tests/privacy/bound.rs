//! What threshold tests prove about μ of Gaussian differential privacy.
//!
//! A mechanism is μ-GDP if no test that tells two neighbouring inputs apart does better than one that tells N(0, 1) from
//! N(μ, 1): with type I error α its type II error β is at least Φ(Φ⁻¹(1 − α) − μ) (Dong, Roth & Su 2019, arXiv 1905.02383,
//! definition 2.6). So any test with errors (α, β) proves μ ≥ Φ⁻¹(1 − α) − Φ⁻¹(β). With bounds of Clopper & Pearson (1934)
//! in place of the errors that were counted, so it does with confidence (Nasr et al. 2023, arXiv 2302.07956, section 4).

use statrs::distribution::{Beta, ContinuousCDF as _, Normal};

/// How surely a bound holds: 1 − 0.001, over all of its thresholds and both errors together.
pub(crate) const DOUBT: f64 = 0.001;

/// The largest chance that is not refuted, with confidence 1 − `doubt`, by `hits` of `runs`.
pub(crate) fn at_most(hits: u32, runs: u32, doubt: f64) -> f64 {
    if hits >= runs {
        return 1.0;
    }
    let (hits, runs) = (f64::from(hits), f64::from(runs));
    Beta::new(hits + 1.0, runs - hits).unwrap().inverse_cdf(1.0 - doubt)
}

/// The lower bound on μ that scores without and with the patient prove, whichever of the thresholds is best. All
/// thresholds must have been fixed before the runs; the doubt is shared among them.
pub(crate) fn mu_at_least(without: &[f64], with: &[f64], thresholds: &[f64]) -> f64 {
    let normal = Normal::standard();
    let doubt = DOUBT / (2.0 * thresholds.len() as f64);
    let count = |scores: &[f64], wrong: &dyn Fn(f64) -> bool| {
        let hits = scores.iter().filter(|score| wrong(**score)).count();
        at_most(u32::try_from(hits).unwrap(), u32::try_from(scores.len()).unwrap(), doubt)
    };
    let proved = |threshold: f64| {
        let first = count(without, &|score| score >= threshold);
        let second = count(with, &|score| score < threshold);
        normal.inverse_cdf(1.0 - first) - normal.inverse_cdf(second)
    };
    thresholds.iter().map(|threshold| proved(*threshold)).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn an_error_is_bounded_as_the_textbook_says() {
    struct Case {
        why: &'static str,
        hits: u32,
        runs: u32,
        doubt: f64,
        want: f64,
    }
    let cases = [
        Case { why: "none of ten: 1 − 0.05^(1/10)", hits: 0, runs: 10, doubt: 0.05, want: 0.258_865_6 },
        Case { why: "none of 2,000: 1 − 0.001^(1/2000)", hits: 0, runs: 2_000, doubt: 0.001, want: 0.003_447_92 },
        Case { why: "nine of ten: 0.95^(1/10)", hits: 9, runs: 10, doubt: 0.05, want: 0.994_883_8 },
        Case { why: "all: nothing is refuted", hits: 10, runs: 10, doubt: 0.05, want: 1.0 },
    ];
    for Case { why, hits, runs, doubt, want } in cases {
        let got = at_most(hits, runs, doubt);
        assert!((got - want).abs() < 1e-6, "{why}: {got}");
    }
}

#[test]
fn the_bound_lies_below_mu_and_close_to_it() {
    let normal = Normal::standard();
    let quantiles = |mu: f64| -> Vec<f64> {
        (0..2_000).map(|at| mu + normal.inverse_cdf((f64::from(at) + 0.5) / 2_000.0)).collect()
    };
    for mu in [0.0, 0.5, 1.0, 2.0, 3.0] {
        let got = mu_at_least(&quantiles(0.0), &quantiles(mu), &[mu * 0.25, mu * 0.5, mu * 0.75]);
        assert!(got < mu && got > mu - 0.5, "μ {mu}: {got}");
    }
}
