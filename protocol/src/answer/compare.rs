//! What the shown groups say about each other. Computed from what was released, so it costs nothing.
//!
//! Without noise every test is the textbook one. With it, the known variance of each group's noise
//! is added to its sampling variance before the test is made.

use crate::answer::Shown;
use crate::answer::form::{Anova, Comparison, Shares, Test, TwoMeans};
use crate::answer::interval::{NORMAL_975, chi2_tail, f_tail, finite, t_975, t_two_sided};
use crate::answer::moments::{Moments, Variance};
use crate::answer::proportion::Proportion;
use crate::answer::survival::{Followed, logrank};
use crate::plan::Plan;

/// All comparisons, in the order of the question.
pub(super) fn all(plan: &Plan, shown: &Shown) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for (at, asked) in plan.estimates.iter().enumerate() {
        let mut push =
            |groups: Vec<String>, test| comparisons.push(Comparison { name: asked.name.clone(), groups, test });
        if let Some(means) = shown.means.get(&at) {
            let (names, arms): (Vec<String>, Vec<Arm>) = means.iter().filter_map(|(name, m)| arm(name, m)).unzip();
            match arms.as_slice() {
                [] | [_] => {}
                [first, second] => {
                    push(names.clone(), Test::WelchT(welch(first, second)));
                    push(names, Test::StudentT(student(first, second)));
                }
                several => push(names, Test::Anova(anova(several))),
            }
        }
        if let Some(followed) = shown.followed.get(&at).filter(|followed| followed.len() > 1) {
            let (names, groups): (Vec<String>, Vec<&Followed>) =
                followed.iter().map(|(name, followed)| (name.clone(), followed)).unzip();
            if let Some(test) = logrank(&groups) {
                push(names, Test::Logrank(test));
            }
        }
        if let Some(rates) = shown.rates.get(&at) {
            let (names, sides): (Vec<String>, Vec<Side>) = rates.iter().filter_map(|(name, r)| side(name, r)).unzip();
            if sides.len() > 1 {
                push(names, Test::Chi2(shares(&sides)));
            }
        }
    }
    comparisons
}

/// One group's mean with everything a test needs.
#[derive(Debug, Clone, Copy)]
struct Arm {
    n: f64,
    mean: f64,
    /// As standard errors rest on it. NaN for a single course, which has none: whatever rests on it becomes null.
    variance: f64,
    /// As it is shown, for effect sizes.
    spread: f64,
    /// 0 for a single course.
    df: f64,
    noise: f64,
}

/// A group without a mean takes part in no comparison.
fn arm(name: &str, moments: &Moments) -> Option<(String, Arm)> {
    let of = |variance: Variance| (variance.sampling, variance.value, variance.df);
    let (variance, spread, df) = moments.variance.map_or((f64::NAN, f64::NAN, 0.0), of);
    Some((name.to_owned(), Arm { n: moments.n, mean: moments.mean?, variance, spread, df, noise: moments.noise }))
}

/// Σ(n − 1)s² / Σ(n − 1) over the groups that have a spread, and the degrees of freedom it is worth.
fn pooled(arms: &[Arm], of: impl Fn(&Arm) -> f64) -> (f64, f64) {
    let spread: Vec<(f64, f64)> =
        arms.iter().filter(|arm| arm.df > 0.0).map(|arm| ((arm.n - 1.0).max(1.0), of(arm))).collect();
    let total: f64 = spread.iter().map(|(weight, _)| weight).sum();
    let variance = spread.iter().map(|(weight, variance)| weight * variance).sum::<f64>() / total;
    (variance, arms.iter().map(|arm| arm.df).sum())
}

fn welch(first: &Arm, second: &Arm) -> TwoMeans {
    let parts = [first, second].map(|arm| (arm.variance / arm.n, arm.df));
    two_means(first, second, &parts)
}

fn student(first: &Arm, second: &Arm) -> TwoMeans {
    let (variance, df) = pooled(&[*first, *second], |arm| arm.variance);
    two_means(first, second, &[(variance * (1.0 / first.n + 1.0 / second.n), df)])
}

/// A t test whose squared error is the sum of estimated parts, each with its degrees of freedom,
/// and of both groups' noise, which is known.
fn two_means(first: &Arm, second: &Arm, parts: &[(f64, f64)]) -> TwoMeans {
    let difference = first.mean - second.mean;
    let square = parts.iter().map(|(part, _)| part).sum::<f64>() + first.noise + second.noise;
    let error = square.sqrt();
    let df = square * square / parts.iter().map(|(part, df)| part * part / df).sum::<f64>();
    let statistic = finite(difference / error);
    let half = t_975(df) * error;
    let (variance, _) = pooled(&[*first, *second], |arm| arm.spread);
    let cohens_d = finite(difference / variance.sqrt());
    let shrink = 1.0 - 3.0 / (4.0 * (first.n + second.n) - 9.0);
    TwoMeans {
        statistic,
        df: finite(df),
        p: statistic.and_then(|t| t_two_sided(t, df)),
        difference,
        ci95: statistic.and(finite(half)).map(|half| [difference - half, difference + half]),
        cohens_d,
        hedges_g: cohens_d.and_then(|d| finite(d * shrink)),
    }
}

/// F = Σ w(m − m̄)² / (G − 1) with w = 1/(s²/n + noise), s² pooled and m̄ weighted by w. Without noise
/// w is n/s² and this is the textbook's ratio of mean squares.
fn anova(arms: &[Arm]) -> Anova {
    let (variance, df) = pooled(arms, |arm| arm.variance);
    // The noise's own size is known, so the less of an error was estimated, the more that is worth.
    let estimated = |arm: &Arm| (variance / arm.n / (variance / arm.n + arm.noise)).powi(2);
    let df_within = finite(df * arms.len() as f64 / arms.iter().map(estimated).sum::<f64>()).unwrap_or(df);
    let weighted = arms.iter().map(|arm| (arm.mean, 1.0 / (variance / arm.n + arm.noise)));
    let df = arms.len() as f64 - 1.0;
    let statistic = scatter(weighted).and_then(|scatter| finite(scatter / df));
    Anova { statistic, df, df_within, p: statistic.and_then(|f| f_tail(f, df, df_within)) }
}

/// One group's rate with everything a test needs.
#[derive(Debug, Clone, Copy)]
struct Side {
    n: f64,
    p: f64,
    noise: f64,
}

/// An empty group takes part in no comparison.
fn side(name: &str, rate: &Proportion) -> Option<(String, Side)> {
    Some((name.to_owned(), Side { n: rate.n, p: rate.p?, noise: rate.noise }))
}

/// χ² = Σ w(p − p̄)² with w = 1/(q/n + noise), q = p̄(1 − p̄) of all groups together. Without noise this
/// is Pearson's.
fn shares(sides: &[Side]) -> Shares {
    let yes = sides.iter().map(|side| side.p * side.n).sum::<f64>();
    let pooled = yes / sides.iter().map(|side| side.n).sum::<f64>();
    let spread = pooled * (1.0 - pooled);
    let chi2 = scatter(sides.iter().map(|side| (side.p, 1.0 / (spread / side.n + side.noise))));
    let df = sides.len() as f64 - 1.0;
    let two = match sides {
        [first, second] => Some((first, second)),
        _ => None,
    };
    let difference = two.map(|(first, second)| first.p - second.p);
    let error = two.map(|(first, second)| (wald(first) + wald(second)).sqrt());
    let odds = |side: &Side| side.p / (1.0 - side.p);
    let odds_ratio = two.and_then(|(first, second)| finite(odds(first) / odds(second))).filter(|ratio| *ratio > 0.0);
    // By the delta method the variance of a logit is that of its rate over (p(1 − p))².
    let logit = |side: &Side| wald(side) / (side.p * (1.0 - side.p)).powi(2);
    Shares {
        risk_difference: difference,
        ci95: difference.zip(error).map(|(difference, error)| {
            [difference - NORMAL_975 * error, difference + NORMAL_975 * error].map(|end| end.clamp(-1.0, 1.0))
        }),
        odds_ratio,
        se_log_odds_ratio: two
            .filter(|_| odds_ratio.is_some())
            .and_then(|(first, second)| finite((logit(first) + logit(second)).sqrt())),
        chi2,
        df,
        p: chi2.and_then(|chi2| chi2_tail(chi2, df)),
    }
}

/// The variance of one group's rate, sampling and noise.
fn wald(side: &Side) -> f64 {
    side.p * (1.0 - side.p) / side.n + side.noise
}

/// Σ w(x − x̄)² with x̄ weighted by w; `None` where a weight is infinite.
fn scatter(weighted: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let total: f64 = weighted.clone().map(|(_, w)| w).sum();
    let centre = weighted.clone().map(|(x, w)| x * w).sum::<f64>() / total;
    finite(weighted.map(|(x, w)| w * (x - centre).powi(2)).sum())
}
