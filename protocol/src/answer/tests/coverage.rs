//! Whether the intervals keep their word, by seeded simulation with the product's own noise.

use super::{mean, rate, told};
use crate::answer::Answer;
use crate::plan::{BlockKind, Mode, Plan};
use crate::privacy::trial::{Draws, count, mean_of, noise_of, plan, rate_of, released};
use crate::privacy::{largest_rho, price};

/// Changes of HAM-D as skewed as those of a trial: most a little better, some much, few worse. The
/// second half of each list is the other arm's.
const CHANGES: [&[i64]; 2] = [
    &[
        -26, -21, -19, -18, -17, -16, -15, -15, -14, -13, -12, -11, -10, -9, -8, -8, -7, -6, -6, -5, -4, -4, -3, -3,
        -2, -2, -1, 0, 1, 2, 4, 11,
    ],
    &[-30, -22, -18, -12, -9, -7, -6, -5, -5, -4, -4, -3, -3, -2, -2, -2, -1, -1, -1, 0, 0, 0, 1, 1, 2, 2, 3, 4],
];
const RUNS: u32 = 400;
const AGGREGATORS: u8 = 3;

/// Counts, mean changes and response rates by arm, at this ε.
fn question(epsilon: f64) -> Plan {
    let asked = vec![count(), mean_of("change", -30, 15, Some(7)), rate_of("response")];
    price(plan(Mode::Dp, &["drug", "placebo"], asked), largest_rho(epsilon, 1_000_000)).unwrap()
}

fn responds(change: i64) -> bool {
    change <= -10
}

/// How the first 65 or 66 courses of each arm are drawn.
fn cohort(arm: usize, pick: &mut dyn FnMut(&[i64], usize) -> i64) -> Vec<(usize, Vec<Option<i64>>)> {
    let course = |change: i64| (arm, vec![Some(change), Some(i64::from(responds(change)))]);
    (0..65 + arm).map(|at| course(pick(CHANGES[arm], at))).collect()
}

/// Parts of all runs in which the interval holds the truth: mean and rate of both arms.
fn coverage(truth: [(f64, f64); 2], mut run: impl FnMut(u64) -> Answer) -> [f64; 4] {
    let mut held = [0_u32; 4];
    for number in 0..u64::from(RUNS) {
        let told = run(number);
        for (arm, (true_mean, true_rate)) in truth.iter().enumerate() {
            let estimates = &told.groups[arm].estimates;
            let within = |ci95: [f64; 2], truth: &f64| u32::from(ci95[0] <= *truth && *truth <= ci95[1]);
            held[2 * arm] += within(mean(&estimates[1]).ci95.unwrap(), true_mean);
            held[2 * arm + 1] += within(rate(&estimates[2]).ci95.unwrap(), true_rate);
        }
    }
    held.map(|times| f64::from(times) / f64::from(RUNS))
}

fn population(arm: usize) -> (f64, f64) {
    let changes = CHANGES[arm];
    let size = changes.len() as f64;
    let yes = changes.iter().filter(|change| responds(**change)).count() as f64;
    (changes.iter().sum::<i64>() as f64 / size, yes / size)
}

fn with_noise(plan: &Plan, courses: &[(usize, Vec<Option<i64>>)], run: u64) -> Vec<i128> {
    released(plan, courses).iter().zip(noise_of(plan, AGGREGATORS, run)).map(|(cell, noise)| cell + noise).collect()
}

#[test]
fn intervals_hold_the_truth_of_skewed_samples_with_noise() {
    let plan = question(8.0);
    let mut draws = Draws(11);
    let got = coverage([population(0), population(1)], |run| {
        let mut pick = |changes: &[i64], _| changes[draws.below(changes.len())];
        let courses = [cohort(0, &mut pick), cohort(1, &mut pick)].concat();
        told(&plan, &with_noise(&plan, &courses, run), AGGREGATORS.into())
    });
    assert!(got.iter().all(|part| (0.91..=0.99).contains(part)), "{got:?}");
}

#[test]
fn where_noise_is_most_of_the_error_intervals_and_differences_still_hold() {
    let plan = question(2.0);
    let mut draws = Draws(31);
    let truth = [population(0), population(1)];
    let differences = [truth[0].0 - truth[1].0, truth[0].0 - truth[1].0, truth[0].1 - truth[1].1];
    let mut held = [0_u32; 3];
    let got = coverage(truth, |run| {
        let mut pick = |changes: &[i64], _| changes[draws.below(changes.len())];
        let courses = [cohort(0, &mut pick), cohort(1, &mut pick)].concat();
        let told = told(&plan, &with_noise(&plan, &courses, run), AGGREGATORS.into());
        for ((held, comparison), truth) in held.iter_mut().zip(&told.comparisons).zip(differences) {
            let ci95 = serde_json::to_value(comparison).unwrap()["ci95"].clone();
            *held += u32::from(ci95[0].as_f64().unwrap() <= truth && truth <= ci95[1].as_f64().unwrap());
        }
        told
    });
    assert!(got.iter().all(|part| *part >= 0.91), "means and rates: {got:?}");
    let got = held.map(|times| f64::from(times) / f64::from(RUNS));
    assert!(got.iter().all(|part| *part >= 0.91), "Welch, Student, risk difference: {got:?}");
}

#[test]
fn the_noise_alone_is_as_large_as_it_is_said_to_be() {
    let plan = question(8.0);
    let mut pick = |changes: &[i64], at: usize| changes[at % changes.len()];
    let courses = [cohort(0, &mut pick), cohort(1, &mut pick)].concat();
    let pooled = told(&Plan { mode: Mode::Exact, ..plan.clone() }, &released(&plan, &courses), AGGREGATORS.into());
    let truth = [0, 1].map(|arm: usize| {
        let estimates = &pooled.groups[arm].estimates;
        (mean(&estimates[1]).value.unwrap(), rate(&estimates[2]).value.unwrap())
    });
    let (mut means, mut rates, mut counts) = (0_u32, 0_u32, 0_u32);
    for run in 0..u64::from(RUNS) {
        let told = told(&plan, &with_noise(&plan, &courses, run), AGGREGATORS.into());
        for (group, (true_mean, true_rate)) in told.groups.iter().zip(truth) {
            let (mean, rate) = (mean(&group.estimates[1]), rate(&group.estimates[2]));
            means += u32::from((mean.value.unwrap() - true_mean).abs() <= 1.96 * mean.sd_noise);
            rates += u32::from((rate.value.unwrap() - true_rate).abs() <= 1.96 * rate.sd_noise);
        }
        let all = serde_json::to_value(&told.groups[0].estimates[0].found).unwrap();
        let end = |at: usize| all["ci95"][at].as_f64().unwrap();
        counts += u32::from(end(0) <= 65.0 && 65.0 <= end(1));
    }
    for (held, runs) in [(means, 2 * RUNS), (rates, 2 * RUNS), (counts, RUNS)] {
        let part = f64::from(held) / f64::from(runs);
        assert!((0.91..=0.99).contains(&part), "{part}");
    }
}

#[test]
fn comparisons_find_no_difference_where_there_is_none() {
    let plan = question(8.0);
    let mut draws = Draws(5);
    let mut false_alarms = [0_u32; 3];
    for run in 0..u64::from(RUNS) {
        let mut pick = |_: &[i64], _| CHANGES[1][draws.below(CHANGES[1].len())];
        let courses = [cohort(0, &mut pick), cohort(1, &mut pick)].concat();
        let told = told(&plan, &with_noise(&plan, &courses, run), AGGREGATORS.into());
        for (alarms, comparison) in false_alarms.iter_mut().zip(&told.comparisons) {
            let p = serde_json::to_value(comparison).unwrap()["p"].as_f64().unwrap();
            *alarms += u32::from(p < 0.05);
        }
    }
    let rates = false_alarms.map(|alarms| f64::from(alarms) / f64::from(RUNS));
    assert!(rates.iter().all(|part| *part <= 0.09), "Welch, Student, χ²: {rates:?}");
}

/// How often the noised variance of a trial arm's change is not above 0, over many draws of noise.
fn negative_variances(min: i64, max: i64, sums: [i128; 3]) -> f64 {
    let plan =
        price(plan(Mode::Dp, &[], vec![mean_of("change", min, max, None)]), largest_rho(8.0, 1_000_000)).unwrap();
    let [n, sum, sum_sq] = sums;
    let low = i128::from(min);
    let cells = plan.recentre(&[n, sum - low * n, sum_sq - 2 * low * sum + low * low * n]).unwrap();
    let width = i128::from(max - min);
    let runs = 10_000_u32;
    let negative = (0..u64::from(runs)).filter(|run| {
        let noise = noise_of(&plan, AGGREGATORS, *run);
        let cell = |kind| {
            let at = plan.block_position(kind, Some(0)).unwrap();
            cells[at] + noise[at]
        };
        let (n, sum) = (cell(BlockKind::Count), cell(BlockKind::Sum));
        n * (cell(BlockKind::Squares) + width * width * n) - 2 * sum * sum <= 0
    });
    f64::from(u32::try_from(negative.count()).unwrap()) / f64::from(runs)
}

#[test]
fn a_clipped_change_almost_never_has_a_negative_variance() {
    // n, Σx and Σx² of change by arm in the trial.
    let (drug, placebo) = ([65, -533, 7_931], [66, -343, 4_091]);
    for arm in [drug, placebo] {
        let part = negative_variances(-30, 15, arm);
        assert!(part < 0.01, "clipped: {part}");
    }
    let full = negative_variances(-52, 52, drug);
    assert!((0.2..0.35).contains(&full), "the full range: {full}");
}
