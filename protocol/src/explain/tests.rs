use super::{COHORTS, Explanation, HEADINGS, advise, explain};
use crate::answer::{AnswerInput, Found, Operators, answer};
use crate::cost::RhoMicro;
use crate::dictionary::Dictionary;
use crate::digest::{Digest, Label};
use crate::plan::{EstimateKind, Mode, Plan};
use crate::privacy::trial::{Draws, count, mean_of, noise_of, plan, rate_of, released};
use crate::privacy::{largest_rho, price};
use crate::question::compile;

const DELTA: u64 = 1_000_000;

fn phq9_change(mode: Mode) -> Plan {
    let asked = plan(mode, &[], vec![mean_of("change", -27, 27, Some(6))]);
    price(asked, largest_rho(0.5, DELTA)).unwrap()
}

#[test]
fn a_full_range_phq9_change_at_half_an_epsilon_needs_far_more_than_80_patients() {
    let told = explain(&phq9_change(Mode::Dp), 3, 5, DELTA, &COHORTS);
    let [few, some, many] = told.expected.as_slice() else { panic!("{told:?}") };
    // The noise of n alone is large beside 80, so the middle of what comes lies above the ±13 of expected cells.
    assert!((few.half_width / 15.0 - 1.0).abs() < 0.12, "±{} at 80", few.half_width);
    // ±2.1 if the cells were as expected.
    assert!((some.half_width / 2.3 - 1.0).abs() < 0.12, "±{} at 500", some.half_width);
    assert!(many.half_width < 0.7, "±{} at 2,000", many.half_width);
    assert!(few.share_noise.unwrap() > 0.98 && few.share_noise > many.share_noise);
    assert!(told.epsilon.unwrap() <= 0.5 && told.rho_micro == Some(largest_rho(0.5, DELTA)));
}

#[test]
fn an_exact_question_costs_nothing_and_has_sampling_error_only() {
    let told = explain(&phq9_change(Mode::Exact), 3, 5, DELTA, &[36]);
    assert_eq!((told.rho_micro, told.epsilon, told.delta), (None, None, None));
    let [only] = told.expected.as_slice() else { panic!("{told:?}") };
    assert!((only.se_sampling - 1.0).abs() < 1e-12 && only.share_noise == Some(0.0));
    assert!((only.half_width - 2.030_107_928).abs() < 1e-6, "t with 35 df times 6/√36: {}", only.half_width);
}

#[test]
fn a_cohort_is_divided_evenly_over_the_groups_and_never_below_one() {
    let columns = vec![count(), mean_of("change", -30, 15, None), rate_of("response")];
    let asked = price(plan(Mode::Dp, &["a", "b", "c", "d"], columns), RhoMicro(100_000)).unwrap();
    let told = explain(&asked, 3, 5, DELTA, &[80, 0]);
    let own: Vec<_> = told.expected.iter().filter(|row| !row.name.contains("difference")).collect();
    // Of one value there is no mean with an interval.
    assert_eq!((told.groups, told.cells, own.len()), (4, 24, 5));
    let counts = own.iter().filter(|row| row.of == EstimateKind::Count).map(|row| row.per_group);
    assert_eq!(counts.collect::<Vec<_>>(), [20.0, 1.0]);
    for expected in own {
        assert!(expected.half_width.is_finite() && expected.half_width > 0.0, "{expected:?}");
    }
}

#[test]
fn the_table_has_a_row_for_every_estimate_and_size() {
    let told = explain(&phq9_change(Mode::Dp), 3, 5, DELTA, &COHORTS);
    let rows = told.rows();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0][..3], ["change", "80", "80"]);
    assert!(rows[0][4].ends_with(" %") && HEADINGS.len() == rows[0].len());
    let text = serde_json::to_string(&told).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&text).unwrap(), told);
}

#[test]
fn what_is_expected_is_what_comes() {
    // Two arms of 65 drawn from 32 changes with a standard deviation near 8.
    const CHANGES: [i64; 32] = [
        -26, -21, -19, -18, -17, -16, -15, -15, -14, -13, -12, -11, -10, -9, -8, -8, -7, -6, -6, -5, -4, -4, -3, -3,
        -2, -2, -1, 0, 1, 2, 4, 11,
    ];
    let columns = vec![count(), mean_of("change", -30, 15, Some(8)), rate_of("response")];
    let asked = price(plan(Mode::Dp, &["drug", "placebo"], columns), largest_rho(8.0, DELTA)).unwrap();
    let expected = explain(&asked, 3, 5, DELTA, &[130]);
    let mut draws = Draws(23);
    let (mut widths, runs) = ([0.0; 3], 200_u32);
    for run in 0..u64::from(runs) {
        let course = |change: i64, arm| (arm, vec![Some(change), Some(i64::from(change <= -8))]);
        let courses: Vec<_> = (0..130).map(|at| course(CHANGES[draws.below(32)], at % 2)).collect();
        let cells: Vec<i128> =
            released(&asked, &courses).iter().zip(noise_of(&asked, 3, run)).map(|(cell, noise)| cell + noise).collect();
        let told = answer(AnswerInput {
            plan: &asked,
            study: "pooling",
            release: Digest::of(Label::Release, &[]),
            rho: RhoMicro(0),
            delta_per_1e12: DELTA,
            operators: Operators { asked: 5, counted: 5 },
            cohort_min: 10,
            aggregators: 3,
            suppressed: &[false, false],
            merged: &[],
            released: &cells,
        });
        for (width, estimate) in widths.iter_mut().zip(&told.unwrap().groups[0].estimates) {
            let ci95 = if let Found::Count(count) = &estimate.found {
                count.ci95
            } else if let Found::Mean(mean) = &estimate.found {
                mean.ci95.unwrap()
            } else if let Found::Rate(rate) = &estimate.found {
                rate.ci95.unwrap()
            } else {
                panic!("{estimate:?} was not asked for");
            };
            *width += (ci95[1] - ci95[0]) / 2.0 / f64::from(runs);
        }
    }
    let of_groups = expected.expected.iter().filter(|row| !row.name.contains("difference"));
    for (came, expected) in widths.iter().zip(of_groups) {
        assert!((came / expected.half_width - 1.0).abs() < 0.15, "{came} came where {expected:?}");
    }
}

fn ketamine() -> Dictionary {
    Dictionary::parse(include_str!("../../dictionaries/ketamine.toml")).unwrap()
}

fn asked(question: &str, rho: u64) -> Plan {
    let plan = compile(question, &ketamine(), Mode::Dp).unwrap_or_else(|error| panic!("{}", error.render(question)));
    price(plan, RhoMicro(rho)).unwrap()
}

fn advised(plan: &Plan) -> Vec<String> {
    advise(plan, &ketamine(), 3, 10, &COHORTS)
}

#[test]
fn a_clip_is_proposed_where_the_range_makes_noise_most_of_the_error_and_nowhere_else() {
    struct Case {
        why: &'static str,
        question: &'static str,
        clip: Option<&'static str>,
    }
    let cases = [
        Case {
            why: "sessions may be 200 and are 6",
            question: "SELECT mean(sessions(dosing)) AS x FROM courses",
            clip: Some("clip(…, 0, 20)"),
        },
        Case {
            why: "clipped already",
            question: "SELECT mean(clip(sessions(dosing), 0, 20)) AS x FROM courses",
            clip: None,
        },
        Case {
            why: "a change is clipped by the dictionary",
            question: "SELECT mean(change(phq9, day => 28, from => 14, to => 31)) AS x FROM courses",
            clip: None,
        },
        Case { why: "a rate has no range", question: "SELECT rate(treatment_resistant) AS x FROM courses", clip: None },
    ];
    for Case { why, question, clip } in cases {
        let told = advised(&asked(question, 300_000)).join("\n");
        assert_eq!(told.contains("clip("), clip.is_some(), "{why}: {told}");
        assert!(clip.is_none_or(|clip| told.contains(clip)), "{why}: {told}");
    }
}

#[test]
fn the_patients_that_make_an_answer_useful_are_as_many_as_explaining_it_for_them_says() {
    let plan = asked("SELECT mean(change(hamd17, day => 28, from => 14, to => 31)) AS x FROM courses", 100_000);
    let told = advised(&plan);
    let useful = told.iter().find(|sentence| sentence.contains("useful")).unwrap();
    assert!(useful.contains("±3.00") && useful.contains("HAMD17"), "{useful}");
    let number = |word: &str| word.parse::<u64>().ok();
    let patients = useful.split_whitespace().find_map(number).unwrap();
    let half = |patients| explain(&plan, 3, 5, DELTA, &[patients]).expected[0].half_width;
    assert!(half(patients) <= 3.0 && half(patients * 9 / 10) > 2.9, "{useful}: ±{}", half(patients));
}

#[test]
fn groups_that_would_be_held_back_are_told_for_every_size_of_cohort() {
    let plan = asked("SELECT count(*) AS x FROM courses GROUP BY indication", 20_000);
    let told = advised(&plan).remove(0);
    assert!(told.starts_with("Groups of fewer than about 25 courses are held back: at 80 patients all 19"), "{told}");
    assert!(told.ends_with("at 2000 patients those with less than 2 % of them would be."), "{told}");
}

#[test]
fn every_kind_of_estimate_is_explained_and_so_are_differences_between_groups() {
    let kinds = [
        "count(*)",
        "sum(sessions(dosing))",
        "mean(baseline(phq9))",
        "variance(baseline(phq9))",
        "stddev(baseline(phq9))",
        "rate(treatment_resistant)",
        "missing(baseline(phq9))",
        "median(baseline(phq9))",
        "histogram(baseline(phq9), 5)",
        "correlation(age, baseline(phq9))",
        "linear(baseline(phq9), age, sex)",
        "survival(relapse, bucket => 28, until => 168)",
        "events_per(nausea, 100, sessions)",
        "trajectory(phq9, days => (0, 7, 28))",
    ];
    for kind in kinds {
        let plan = asked(&format!("SELECT {kind} AS x FROM courses GROUP BY band(age, 18, 44, 91)"), 1_000_000);
        let told = explain(&plan, 3, 5, DELTA, &COHORTS).expected;
        assert!(told.iter().any(|row| row.patients == 2_000), "{kind}: {told:?}");
        assert!(told.iter().all(|row| row.half_width.is_finite() && row.half_width > 0.0), "{kind}: {told:?}");
        let compared = told.iter().any(|row| row.name == "x, difference of two groups");
        assert_eq!(compared, ["mean", "rate", "missing"].iter().any(|known| kind.starts_with(known)), "{kind}");
    }
}
