//! Odd releases, and the JSON an answer is written as.

use serde_json::{Value, json};

use super::{input, mean, rate, told};
use crate::answer::{Answer, AnswerError, Found, Spread, answer};
use crate::cost::RhoMicro;
use crate::plan::{Mode, Plan, WrongLength};
use crate::privacy::price;
use crate::privacy::trial::{Asked, count, mean_of, plan, rate_of};

fn columns() -> Vec<Asked> {
    vec![count(), mean_of("change", -30, 15, Some(7)), rate_of("response")]
}

fn question(mode: Mode) -> Plan {
    price(plan(mode, &["drug", "placebo"], columns()), RhoMicro(1_052_356)).unwrap()
}

/// Courses; then n, 2Σv − Mn and the squares of the change; then n and 2·yes − n of the response.
const TRIAL: [i128; 12] = [84, 65, -91, -102_887, 65, -7, 88, 66, 304, -112_382, 66, -28];

#[test]
fn an_exact_answer_reads_as_the_form_says() {
    let plan = question(Mode::Exact);
    let got = answer(input(&plan, &TRIAL, &[false, true], 3)).unwrap();
    let want = json!({
        "sumac": 1,
        "release": serde_json::to_value(got.release).unwrap(),
        "study": "antidepressant-pooling",
        "mode": "exact",
        "rho_micro": null,
        "epsilon": null,
        "delta": null,
        "operators": {"asked": 5, "counted": 5},
        "cohort_min": 10,
        "groups": [
            {"key": {"arm": "drug"}, "suppressed": false, "estimates": [
                {"name": "courses", "of": "count", "value": 84, "sd_noise": 0.0, "ci95": [84.0, 84.0]},
                got_estimate(&got, 1),
                got_estimate(&got, 2),
            ]},
            {"key": {"arm": "placebo"}, "suppressed": true},
        ],
        "comparisons": [],
    });
    assert_eq!(serde_json::to_value(&got).unwrap(), want);
    let change = got_estimate(&got, 1);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&change), "ci95 n name of sd sd_noise se_sampling share_noise spread sum sum_sq value");
    assert_eq!((&change["of"], &change["spread"], &change["sum"]), (&json!("mean"), &json!("measured"), &json!(-533)));
    assert_eq!(change["sum_sq"], 7_931);
    assert_eq!(keys(&got_estimate(&got, 2)), "ci95 events n name of sd_noise se_sampling share_noise value");
}

fn got_estimate(got: &Answer, at: usize) -> Value {
    serde_json::to_value(&got.groups[0].estimates[at]).unwrap()
}

#[test]
fn an_answer_survives_being_written_and_read() {
    for mode in [Mode::Exact, Mode::Dp] {
        let told = told(&question(mode), &TRIAL, 3);
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), told);
        assert_eq!(told.comparisons.len(), 3, "Welch, Student and χ²");
    }
}

#[test]
fn groups_of_several_fields_keep_the_order_of_the_question() {
    let mut nested = plan(Mode::Exact, &["drug", "placebo"], vec![count()]);
    nested.group_by.insert(0, crate::plan::Grouping::category("site".into(), vec!["b".into(), "a".into()]));
    let text = serde_json::to_string(&told(&nested, &[1, 2, 3, 4], 3)).unwrap();
    assert!(text.contains(r#"{"key":{"site":"a","arm":"drug"}"#), "{text}");
    assert_eq!(serde_json::from_str::<Answer>(&text).unwrap().groups[1].key.to_string(), "b|placebo");
}

#[test]
fn no_release_however_strange_puts_a_non_number_into_an_answer() {
    let extremes = [0, 1, -1, 2, 1 << 62, -(1 << 62), i128::MAX, i128::MIN];
    for mode in [Mode::Exact, Mode::Dp] {
        for (a, b) in extremes.iter().flat_map(|a| extremes.iter().map(move |b| (*a, *b))) {
            for cells in [[a, b, a, b, a, b, b, a, b, a, b, a], [a, a, b, b, a, b, 0, 1, 0, 0, 1, 1], [a; 12]] {
                let told = told(&question(mode), &cells, 3);
                // serde_json writes NaN and infinity as null, which the required numbers do not read back.
                let text = serde_json::to_string(&told).unwrap();
                assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), told, "{cells:?}");
                assert!(every_number_is_finite(&told), "{told:?}");
            }
        }
    }
}

fn every_number_is_finite(told: &Answer) -> bool {
    let text = format!("{told:?}");
    !text.contains("NaN") && !text.contains("inf")
}

#[test]
fn an_empty_exact_group_has_a_count_and_nothing_else() {
    let told = told(&question(Mode::Exact), &[0; 12], 3);
    let (mean, rate) = (mean(&told.groups[0].estimates[1]), rate(&told.groups[0].estimates[2]));
    assert_eq!((mean.n, mean.value, mean.sd, mean.ci95, mean.sum), (0, None, None, None, Some(0)));
    assert_eq!((rate.n, rate.value, rate.events, rate.ci95), (0, None, 0, None));
    assert_eq!(told.comparisons, []);
}

#[test]
fn one_course_has_a_mean_but_no_spread() {
    // One course at −30 + 20 = −10: v = 20, M = 45.
    let told = told(&plan(Mode::Exact, &[], vec![mean_of("change", -30, 15, None)]), &[1, -5, 50 - 2_025], 3);
    let mean = mean(&told.groups[0].estimates[0]);
    assert_eq!((mean.value, mean.sum, mean.sum_sq), (Some(-10.0), Some(-10), Some(100)));
    assert_eq!((mean.sd, mean.spread, mean.se_sampling, mean.ci95), (None, None, None, None));
}

#[test]
fn decimals_change_the_unit_of_means_and_not_of_sums() {
    let mut tenths = plan(Mode::Exact, &[], vec![mean_of("weight", -300, 150, None)]);
    tenths.quantities[0].decimals = 1;
    // −10.0 and +2.0 in tenths: v = 200 and 320, M = 450.
    let raw = [2, 520, 200 * 200 + 320 * 320];
    let told = told(&tenths, &tenths.recentre(&raw).unwrap(), 3);
    let mean = mean(&told.groups[0].estimates[0]);
    assert_eq!((mean.value, mean.sum, mean.sum_sq), (Some(-4.0), Some(-80), Some(10_400)));
    assert!((mean.sd.unwrap() - 72_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn a_spread_that_drowns_in_noise_is_replaced_by_the_public_one() {
    struct Case {
        why: &'static str,
        reference_sd: Option<u32>,
        squares: i128,
        want: (Spread, f64),
    }
    // n = 65 and a mean in the middle: variance = (Q + M²·65) / (8 · 64), with M = 45.
    let squares = |variance: i128| variance * 8 * 64 - 2_025 * 65;
    let cases = [
        Case { why: "55 stands out", reference_sd: Some(6), squares: squares(55), want: (Spread::Measured, 55.0) },
        Case {
            why: "42 is over 3 · 13.1",
            reference_sd: Some(6),
            squares: squares(42),
            want: (Spread::Measured, 42.0),
        },
        Case { why: "37 is not", reference_sd: Some(6), squares: squares(37), want: (Spread::Reference, 36.0) },
        Case { why: "less than nothing", reference_sd: Some(6), squares: squares(-9), want: (Spread::Reference, 36.0) },
        Case {
            why: "half the range where the dictionary has none",
            reference_sd: None,
            squares: squares(9),
            want: (Spread::Reference, 22.5 * 22.5),
        },
        Case {
            why: "never more than the range allows",
            reference_sd: Some(6),
            squares: squares(2_000),
            want: (Spread::Measured, 2_025.0 / 4.0 * 65.0 / 64.0),
        },
    ];
    for Case { why, reference_sd, squares, want: (spread, variance) } in cases {
        let asked = plan(Mode::Dp, &[], vec![mean_of("change", -30, 15, reference_sd)]);
        let told = told(&price(asked, RhoMicro(1_052_356)).unwrap(), &[65, 0, squares], 3);
        let mean = mean(&told.groups[0].estimates[0]);
        assert_eq!(mean.spread, Some(spread), "{why}");
        assert!((mean.sd.unwrap().powi(2) - variance).abs() < 1e-9, "{why}: {:?}", mean.sd);
    }
}

#[test]
fn noise_never_carries_a_value_out_of_its_range() {
    let told = told(&question(Mode::Dp), &[-3, 60, 9_999, 0, 60, 500, 90, 60, -9_999, 0, 60, -140], 3);
    let [first, second] = told.groups.as_slice() else { panic!() };
    assert_eq!(first.estimates[0].found, Found::TooFew, "fewer than nobody are not clearly ten");
    assert_eq!((mean(&first.estimates[1]).value, mean(&second.estimates[1]).value), (Some(15.0), Some(-30.0)));
    assert_eq!((rate(&first.estimates[2]).value, rate(&first.estimates[2]).events), (Some(1.0), 60));
    assert_eq!((rate(&second.estimates[2]).value, rate(&second.estimates[2]).events), (Some(0.0), 0));
    for group in &told.groups {
        let (mean, rate) = (mean(&group.estimates[1]).ci95.unwrap(), rate(&group.estimates[2]).ci95.unwrap());
        assert!(mean[0] >= -30.0 && mean[1] <= 15.0 && rate[0] >= 0.0 && rate[1] <= 1.0);
    }
}

#[test]
fn more_aggregators_mean_more_noise_and_wider_intervals() {
    let width = |k| {
        let told = told(&question(Mode::Dp), &TRIAL, k);
        let [low, high] = mean(&told.groups[0].estimates[1]).ci95.unwrap();
        (mean(&told.groups[0].estimates[1]).share_noise.unwrap(), high - low)
    };
    let (three, five) = (width(3), width(5));
    assert!(five.0 > three.0 && five.1 > three.1);
}

#[test]
fn a_release_of_another_plan_is_refused() {
    let plan = question(Mode::Dp);
    let wrong = answer(input(&plan, &TRIAL[..11], &[false, false], 3)).unwrap_err();
    assert_eq!(wrong, AnswerError::Cells(WrongLength { want: 12, got: 11 }));
    let wrong = answer(input(&plan, &TRIAL, &[false], 3)).unwrap_err();
    assert_eq!(wrong, AnswerError::Groups { want: 2, got: 1 });
    assert!(!wrong.remedy().is_empty() && wrong.code() != AnswerError::Cells(WrongLength { want: 1, got: 2 }).code());
}
