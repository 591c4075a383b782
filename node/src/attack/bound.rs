//! What a price allows an attacker to learn, and what trials show that one learned.

use statrs::distribution::{Beta, ContinuousCDF as _, Normal};
use sumac_protocol::cost::RhoMicro;

/// How often, at most, anybody can rightly tell whether a patient took part who was charged ρ, if both are equally likely
/// beforehand: from 0.5, a coin, to 1.
///
/// A mechanism that costs ρ adds Gaussian noise with μ = √(2ρ), for which the best test is right Φ(μ/2) of the time. On
/// whole numbers a single draw can tell a little more than that where it is small: with noise of variance 1/(2ρ) about
/// neighbouring numbers, the best test is right (1 + P(0))/2 of the time, P(0) = 1/Σ exp(−ρk²). The larger of both is
/// what is allowed. Never above what Bretagnolle and Huber's inequality allows every mechanism of that ρ.
#[must_use]
pub fn most_often_right(rho: RhoMicro) -> f64 {
    let rho = rho.0 as f64 / 1e6;
    let gaussian = Normal::standard().cdf((rho / 2.0).sqrt());
    let steps = (1_u32..).map(|k| (-rho * f64::from(k) * f64::from(k)).exp()).take_while(|p| *p > 1e-12);
    let whole = 1.0 + 2.0 * steps.take(STEPS_MAX).sum::<f64>();
    gaussian.max(f64::midpoint(1.0, 1.0 / whole)).min(1.0)
}

/// What an attacker's share of right answers is at least, after `right` of `trials`, with a confidence of 99.9 %
/// (Clopper & Pearson 1934).
#[must_use]
pub fn at_least(right: u32, trials: u32) -> f64 {
    if right == 0 || right > trials {
        return 0.0;
    }
    let wrong = f64::from(trials.saturating_sub(right)) + 1.0;
    Beta::new(f64::from(right), wrong).map_or(0.0, |beta| beta.inverse_cdf(DOUBT))
}

/// How many trials there must be for an attacker who is always right to be told from one who is right this often.
#[must_use]
pub(super) fn trials_to_tell(allowed: f64) -> u32 {
    let least = (DOUBT.ln() / allowed.ln()).ceil() * 1.2;
    if !least.is_finite() {
        return u32::MAX;
    }
    (0..32).map(|power| 1_u32 << power).find(|trials| f64::from(*trials) >= least).unwrap_or(u32::MAX)
}

/// How often a bound is wrong.
const DOUBT: f64 = 0.001;
/// Steps of a noise so wide that the Gaussian is the larger by then.
const STEPS_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use sumac_protocol::cost::RhoMicro;

    use super::{at_least, most_often_right, trials_to_tell};

    #[test]
    fn what_a_price_allows_is_that_of_gaussian_noise_or_of_one_draw_on_whole_numbers() {
        // Φ(√(ρ/2)): 0.5398 at 0.02, 0.7602 at 1; (1 + 1/θ)/2 at 2: 1 / (1 + 2e^-2 + 2e^-8) = 0.78648.
        for (rho, want) in [(0, 0.5), (20_000, 0.539_83), (2_000_000, 0.893_24), (50_000_000, 1.0)] {
            let got = most_often_right(RhoMicro(rho));
            assert!((got - want).abs() < 6e-4, "{rho}: {got}");
        }
    }

    #[test]
    fn what_is_allowed_grows_with_the_price_and_stays_within_the_bound_of_every_mechanism() {
        let mut before = 0.5;
        for micros in (1..60).map(|step| step * 150_000) {
            let (got, rho) = (most_often_right(RhoMicro(micros)), micros as f64 / 1e6);
            let every = f64::midpoint(1.0, (1.0 - (-rho).exp()).sqrt().min((rho / 2.0).sqrt()));
            assert!(got >= before && got <= every + 1e-9, "{micros}: {got} beside {every}");
            before = got;
        }
    }

    #[test]
    fn what_was_learned_at_least_is_clopper_and_pearsons_bound() {
        // All right: the bound is 0.001^(1/n).
        for trials in [10_u32, 1_000, 20_000] {
            let want = 0.001_f64.powf(1.0 / f64::from(trials));
            assert!((at_least(trials, trials) - want).abs() < 1e-6, "{trials}");
        }
        // 60 of 100, one-sided 99.9 %: 0.4420 by tables of the beta distribution.
        assert!((0.43..0.46).contains(&at_least(60, 100)));
        assert!(at_least(0, 100) <= 0.0 && at_least(5, 4) <= 0.0);
    }

    #[test]
    fn so_many_trials_tell_an_attacker_who_is_always_right() {
        for allowed in [0.5, 0.8, 0.98, 0.9999] {
            let trials = trials_to_tell(allowed);
            assert!(at_least(trials, trials) > allowed, "{allowed}: {trials}");
        }
        assert_eq!(trials_to_tell(1.0), u32::MAX);
    }
}
