//! Histograms, quantiles, sums, spreads and trajectories, against the same found course by course.

use proptest::prelude::*;

use super::told;
use crate::answer::{Answer, Found, Quantile, suppress};
use crate::cost::RhoMicro;
use crate::dictionary::Dictionary;
use crate::plan::{Mode, Plan, RawCells};
use crate::privacy::{price, trial::noise_of};
use crate::question::compile;
use crate::record::{Assessment, Course};

fn dictionary() -> Dictionary {
    let text = "name = 'd'\nversion = 1\n[[instrument]]\nid = 'I'\nversion = '1'\ncategory = 'outcomes'\nmin = -3\nmax = 24\n\
                better = 'lower'\nreference_sd = 5\nsource = 's'\nlicence = 'l'\n";
    Dictionary::parse(text).unwrap()
}

fn courses(totals: &[i64]) -> Vec<[Course; 1]> {
    let course = |total: &i64| [Course { assessments: vec![Assessment::total("I", 0, *total)], ..Course::default() }];
    totals.iter().map(course).collect()
}

fn plan(select: &str, mode: Mode) -> Plan {
    let text = format!("SELECT {select} FROM courses");
    compile(&text, &dictionary(), mode).unwrap_or_else(|error| panic!("{}", error.render(&text)))
}

fn released(plan: &Plan, courses: &[[Course; 1]]) -> Vec<i128> {
    let mut cells = RawCells::zero(plan);
    for patient in courses {
        cells.add_patient(plan, &dictionary(), patient);
    }
    let raw: Vec<i128> = cells.expose().iter().map(|cell| i128::from(*cell)).collect();
    plan.recentre(&raw).unwrap()
}

fn exact(select: &str, totals: &[i64]) -> Answer {
    let plan = plan(select, Mode::Exact);
    told(&plan, &released(&plan, &courses(totals)), 3)
}

fn only(answer: &Answer) -> &Found {
    &answer.groups[0].estimates[0].found
}

fn quantile(answer: &Answer) -> &Quantile {
    let Found::Quantile(quantile) = only(answer) else { panic!("{answer:?} tells no quantile") };
    quantile
}

/// Hyndman and Fan 1996, type 7, course by course, for a share in millionths.
fn type_7(totals: &[i64], millionths: usize) -> f64 {
    let mut sorted = totals.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() - 1) * millionths;
    let (low, high) = (sorted[at / 1_000_000] as f64, sorted[at.div_ceil(1_000_000)] as f64);
    low + (high - low) * ((at % 1_000_000) as f64 / 1e6)
}

proptest! {
    #[test]
    fn an_exact_quantile_is_that_of_the_courses_one_by_one(
        totals in prop::collection::vec(-3..=24_i64, 1..40),
        share in prop::sample::select(
            vec![50_000, 100_000, 250_000, 500_000, 750_000, 900_000, 950_000, 1, 999_999],
        ),
    ) {
        let answer = exact(&format!("quantile(baseline(i), 0.{share:06})"), &totals);
        let (got, want) = (quantile(&answer), type_7(&totals, share));
        prop_assert!((got.value.unwrap() - want).abs() < 1e-9, "{got:?} where {want}");
        prop_assert_eq!(got.n, totals.len() as u64);
        let [low, high] = got.ci95.unwrap();
        prop_assert!(low <= want + 1e-9 && want - 1e-9 <= high, "{:?}", got);
    }

    #[test]
    fn an_exact_histogram_sum_and_spread_are_those_of_the_courses(
        totals in prop::collection::vec(-3..=24_i64, 2..40),
        width in 1..9_i64,
    ) {
        let select = format!("histogram(baseline(i), {width}), sum(baseline(i)), variance(baseline(i)), stddev(baseline(i))");
        let answer = exact(&select, &totals);
        let [histogram, sum, variance, stddev] = answer.groups[0].estimates.as_slice() else { panic!("{answer:?}") };
        let (Found::Histogram(histogram), Found::Sum(sum)) = (&histogram.found, &sum.found) else { panic!("{answer:?}") };
        for (lower, courses) in &histogram.value {
            let within = |total: &&i64| (**total as f64) >= *lower && (**total as f64) < lower + width as f64;
            prop_assert_eq!(*courses, totals.iter().filter(within).count() as u64, "{} in {:?}", lower, totals);
            prop_assert!((lower / width as f64).fract().abs() <= 0.0, "bins begin at multiples of the width");
        }
        prop_assert_eq!(histogram.value.iter().map(|(_, courses)| courses).sum::<u64>(), totals.len() as u64);
        prop_assert_eq!(sum.sum, Some(totals.iter().sum::<i64>()));
        let mean = totals.iter().sum::<i64>() as f64 / totals.len() as f64;
        let want = totals.iter().map(|total| (*total as f64 - mean).powi(2)).sum::<f64>() / (totals.len() as f64 - 1.0);
        let (Found::Variance(variance), Found::Stddev(stddev)) = (&variance.found, &stddev.found) else { panic!() };
        prop_assert!((variance.value.unwrap() - want).abs() < 1e-9 && (stddev.value.unwrap() - want.sqrt()).abs() < 1e-9);
    }
}

#[test]
fn nobody_has_no_quantile_and_no_spread() {
    let answer = exact("median(baseline(i)), variance(baseline(i)), sum(baseline(i)), histogram(baseline(i), 5)", &[]);
    let [median, variance, sum, histogram] = answer.groups[0].estimates.as_slice() else { panic!("{answer:?}") };
    let Found::Quantile(median) = &median.found else { panic!("{median:?}") };
    assert_eq!((median.value, median.ci95, median.n), (None, None, 0));
    let Found::Variance(variance) = &variance.found else { panic!("{variance:?}") };
    assert_eq!((variance.value, variance.ci95), (None, None));
    let (Found::Sum(sum), Found::Histogram(histogram)) = (&sum.found, &histogram.found) else { panic!("{answer:?}") };
    assert_eq!((sum.sum, histogram.n), (Some(0), 0));
    assert!(!serde_json::to_string(&answer).unwrap().contains("NaN"));
}

#[test]
fn the_bins_of_a_histogram_are_paid_for_once() {
    let priced = price(plan("histogram(baseline(i), 4), median(baseline(i))", Mode::Dp), RhoMicro(1_000_000)).unwrap();
    let parts: Vec<u64> = priced.blocks.iter().map(|block| block.rho.0).collect();
    assert_eq!(parts.iter().sum::<u64>(), 1_000_000);
    assert_eq!(parts.iter().filter(|part| **part > 0).count(), 3, "the count and two histograms: {parts:?}");
    for (position, block) in priced.blocks.iter().enumerate() {
        // √(1/2ρ): one course is in one bin.
        let first = priced.blocks[..=position].iter().rev().find(|block| block.rho.0 > 0).unwrap();
        let sigma = (1e6 / (2.0 * first.rho.0 as f64)).sqrt();
        assert!((block.sigma as f64 / f64::from(1 << 20) / sigma - 1.0).abs() < 1e-5, "{block:?}");
    }
}

#[test]
fn noised_quantiles_hold_the_truth_as_often_as_they_say() {
    let totals: Vec<i64> = (0..800).map(|n| (n * 7919 % 28) - 3).map(|n| (n + 10) / 2).collect();
    for (select, share) in [("median(baseline(i))", 500_000), ("quantile(baseline(i), 0.9)", 900_000)] {
        let priced = price(plan(select, Mode::Dp), RhoMicro(1_000_000)).unwrap();
        let (cells, truth) = (released(&priced, &courses(&totals)), type_7(&totals, share));
        let runs = 400_u64;
        let held = (0..runs)
            .filter(|run| {
                let noised: Vec<i128> =
                    cells.iter().zip(noise_of(&priced, 3, *run)).map(|(cell, noise)| cell + noise).collect();
                let answer = told(&priced, &noised, 3);
                let [low, high] = quantile(&answer).ci95.unwrap();
                low <= truth && truth <= high
            })
            .count();
        println!("{select}: {held} of {runs}");
        assert!(held as u64 * 100 >= 92 * runs, "{select}: {held} of {runs}");
    }
}

#[test]
fn a_trajectory_is_the_mean_of_each_day_among_those_who_have_a_value() {
    let day = |day, total| Assessment::total("I", day, total);
    let course = |assessments| [Course { assessments, ..Course::default() }];
    let courses = [
        course(vec![day(0, 20), day(7, 10), day(29, 4)]),
        course(vec![day(-3, 10), day(8, 20)]),
        course(vec![day(13, 24), day(42, 6)]),
    ];
    let plan = plan("trajectory(i, days => (0, 7, 28))", Mode::Exact);
    let answer = told(&plan, &released(&plan, &courses), 3);
    let Found::Trajectory(trajectory) = only(&answer) else { panic!("{answer:?}") };
    let points: Vec<_> = trajectory.value.iter().map(|point| (point.day, point.mean.n, point.mean.value)).collect();
    assert_eq!(points, [(0, 2, Some(15.0)), (7, 3, Some(18.0)), (28, 1, Some(4.0))], "day 42 is too late for day 28");
}

#[test]
fn with_noise_each_estimate_and_each_day_is_shown_by_its_own_number_of_courses() {
    let day = |day, total| Assessment::total("I", day, total);
    let select = "count(*), trajectory(i, days => (0, 7, 28)), mean(score(i, day => 28, from => 26, to => 30)), correlation(baseline(i), score(i, day => 7, from => 5, to => 9))";
    let plan = plan(select, Mode::Dp);
    for (of_7, of_28, days, few, why) in [
        (12, 12, vec![0, 7, 28], vec![], "all days have ten and more"),
        (12, 9, vec![0, 7], vec![28], "nine came on day 28"),
        (9, 0, vec![0], vec![7, 28], "nine came on day 7, nobody on day 28"),
    ] {
        let course = |at: usize| {
            let day_7 = (at < of_7).then(|| day(7, 10));
            let day_28 = (at < of_28).then(|| day(28, 5));
            [Course { assessments: [day(0, 20)].into_iter().chain(day_7).chain(day_28).collect(), ..Course::default() }]
        };
        let cells = released(&plan, &(0..15).map(course).collect::<Vec<_>>());
        let opened: Vec<i128> = plan.opened_blocks().into_iter().map(|block| cells[block]).collect();
        assert_eq!(suppress(&plan, &opened, 10, 3), [false], "{why}: fifteen are enough to count");
        let answer = told(&plan, &cells, 3);
        let found: Vec<&Found> = answer.groups[0].estimates.iter().map(|estimate| &estimate.found).collect();
        let Found::Trajectory(course) = found[1] else { panic!("{why}: {found:?}") };
        let shown: Vec<i32> = course.value.iter().map(|point| point.day).collect();
        assert_eq!((shown, course.too_few.clone()), (days, few), "{why}");
        assert!(course.value.iter().all(|point| point.mean.n >= 10), "{why}");
        assert_eq!(*found[2] == Found::TooFew, of_28 < 10, "{why}: the mean of day 28");
        assert_eq!(*found[3] == Found::TooFew, of_7 < 10, "{why}: those with both");
        assert_eq!(answer.groups[0].shown(2).is_none(), of_28 < 10, "{why}");
    }
}
