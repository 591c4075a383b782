//! Cohorts and cells that break statistics: every answer to them is defined, and none holds a number that is none.

use proptest::prelude::*;
use serde_json::Value;
use sumac_protocol::answer::{Answer, Found};
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::plan::{Mode, Plan};
use sumac_protocol::question::compile;
use sumac_protocol::record::{Assessment, Course, FieldValue, TimeToEvent};

use crate::pooling::told;

fn dictionary() -> Dictionary {
    let text = "name = 'traps'\nversion = 1\n\
        [[instrument]]\nid = 'I'\nversion = '1'\ncategory = 'outcomes'\nmin = 0\nmax = 20\nbetter = 'lower'\n\
        source = 's'\nlicence = 'l'\n\
        [[field]]\nid = 'arm'\ntype = 'category'\ncategory = 'treatment'\nvalues = ['a', 'b', 'c']\nsource = 's'\n\
        [[time_to_event]]\nid = 'relapse'\nsource = 's'\n";
    Dictionary::parse(text).unwrap()
}

/// Every kind of estimate.
const ESTIMATES: [&str; 15] = [
    "count(*)",
    "mean(change(I, day => 7, from => 1, to => 9))",
    "mean(pct_change(I, day => 7, from => 1, to => 9)), sum(pct_change(I, day => 7, from => 1, to => 9))",
    "median(pct_change(I, day => 7, from => 1, to => 9))",
    "sum(baseline(I)), variance(baseline(I)), stddev(baseline(I))",
    "median(baseline(I)), quantile(baseline(I), 0.95)",
    "histogram(baseline(I), 5)",
    "rate(response(I, day => 7, from => 1, to => 9, at_least => 0.5))",
    "trajectory(I, days => (0, 7))",
    "correlation(baseline(I), score(I, day => 7, from => 1, to => 9))",
    "linear(score(I, day => 7, from => 1, to => 9), baseline(I), arm)",
    "logistic(remission(I, day => 7, from => 1, to => 9, at_most => 5), baseline(I), arm)",
    "logistic(event(relapse, by => 5), baseline(I), at => (-1073741824, 268435456))",
    "survival(relapse, bucket => 1, until => 12)",
    "rate(event(relapse, by => 5)), rate(missing(baseline(I)))",
];

fn plan(selected: &str, grouped: bool) -> Plan {
    let text = format!("SELECT {selected} FROM courses{}", if grouped { " GROUP BY arm" } else { "" });
    compile(&text, &dictionary(), Mode::Exact).unwrap_or_else(|why| panic!("{}", why.render(&text)))
}

fn course(arm: &str, totals: &[(i32, i64)], relapse: Option<(i32, bool)>) -> Course {
    let mut course = Course::default();
    course.fields.insert("arm".into(), FieldValue::Category(arm.into()));
    course.assessments = totals.iter().map(|(day, total)| Assessment::total("I", *day, *total)).collect();
    let time = relapse.map(|(day, happened)| TimeToEvent { kind: "relapse".into(), day, happened });
    course.time_to_event.extend(time);
    course
}

fn asked(plan: &Plan, courses: &[Course]) -> Answer {
    let raw = plan.raw_cells(&dictionary(), courses.iter().map(std::slice::from_ref));
    let raw: Vec<i128> = raw.expose().iter().map(|cell| i128::from(*cell)).collect();
    told(plan, plan.recentre(&raw).unwrap(), 1)
}

/// That no number is NaN or infinite: those are written as null, which no number that must be there reads back, and shown
/// in words that no answer has. `told` has read the answer back.
fn holds_numbers_only(answer: &Answer) {
    let text = format!("{answer:?}");
    assert!(
        !text.contains("NaN") && !text.contains("inf,") && !text.contains("inf)") && !text.contains("inf]"),
        "{text}"
    );
    let json = serde_json::to_value(answer).unwrap();
    for group in json["groups"].as_array().unwrap() {
        for estimate in group["estimates"].as_array().into_iter().flatten() {
            assert!(estimate["name"].is_string() && estimate["of"].is_string(), "{estimate}");
            assert_ne!(estimate.get("n"), Some(&Value::Null), "{estimate}");
        }
    }
}

#[test]
fn cohorts_of_every_odd_kind_have_defined_answers() {
    let whole = |at: i64| course("a", &[(0, 20), (7, at)], Some((3, true)));
    let cohorts: [(&str, Vec<Course>); 9] = [
        ("nobody", vec![]),
        ("one patient", vec![whole(3)]),
        ("nothing recorded", vec![course("a", &[], None), course("b", &[], None)]),
        ("nothing varies", vec![whole(5); 7]),
        ("baselines of 0", vec![course("a", &[(0, 0), (7, 4)], None), course("b", &[(0, 0), (7, 0)], None)]),
        ("every total at a bound", vec![course("a", &[(0, 20), (7, 0)], None), course("b", &[(0, 0), (7, 20)], None)]),
        ("an arm of one patient and an empty one", vec![whole(5), whole(9), course("b", &[(0, 7), (7, 9)], None)]),
        (
            "the arms tell every yes from every no",
            (0..12).map(|at| course(if at < 6 { "a" } else { "b" }, &[(0, 10 + at % 5), (7, at)], None)).collect(),
        ),
        ("ties on every day", (0..8).map(|at| course("a", &[], Some((at / 4, at % 2 == 0)))).collect()),
    ];
    for (why, cohort) in &cohorts {
        for (selected, grouped) in ESTIMATES.iter().flat_map(|selected| [(selected, false), (selected, true)]) {
            println!("{why}: {selected}");
            holds_numbers_only(&asked(&plan(selected, grouped), cohort));
        }
    }
}

#[test]
fn a_share_of_exactly_one_half_is_the_median() {
    for n in [2, 6, 14, 286] {
        // One a day, so that the product has a rounding in every factor.
        let cohort: Vec<Course> = (1..=n).map(|day| course("a", &[], Some((day.min(1_000), true)))).collect();
        let plan = plan(&format!("survival(relapse, bucket => 1, until => {n})"), false);
        let answer = asked(&plan, &cohort);
        let Found::Survival(survival) = &answer.groups[0].estimates[0].found else { panic!() };
        assert_eq!(survival.median, u32::try_from(n / 2).ok(), "{n} courses");
        assert_eq!(survival.person_days, u64::try_from(n * (n + 1) / 2).ok(), "{n} courses");
    }
}

#[test]
fn columns_that_tell_every_yes_from_every_no_have_no_largest_likelihood_and_no_false_one_is_told() {
    let cohort: Vec<Course> = (0..20).map(|at| course("a", &[(0, at), (7, 20 - at)], None)).collect();
    let y = "remission(I, day => 7, from => 1, to => 9, at_most => 10)";
    let mut at = String::new();
    for _ in 0..40 {
        let text = format!("SELECT logistic({y}, baseline(I){at}) AS fit FROM courses");
        // Beyond the steepest coefficient the next round is refused, in words.
        let Ok(plan) = compile(&text, &dictionary(), Mode::Exact) else { return };
        let answer = asked(&plan, &cohort);
        holds_numbers_only(&answer);
        let Found::Logistic(fit) = &answer.groups[0].estimates[0].found else { panic!() };
        assert!(fit.step.is_none_or(|step| step > 1e-6), "it never settles: {fit:?}");
        let Some(next) = &fit.next else { return };
        at = format!(", at => ({}, {})", next[0], next[1]);
    }
    panic!("separation was never noticed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_cells_are_released_no_answer_holds_a_number_that_is_none(
        which in 0..ESTIMATES.len(),
        grouped: bool,
        large: bool,
        seed in proptest::collection::vec(-1_000_000_000_000_i64..1_000_000_000_000, 64),
    ) {
        let plan = plan(ESTIMATES[which], grouped);
        let scale = |cell: i64| if large { i128::from(cell) } else { i128::from(cell % 12) };
        let cells: Vec<i128> = (0..plan.cell_count()).map(|at| scale(seed[at % 64]) ^ scale(seed[at / 64 % 64])).collect();
        holds_numbers_only(&crate::pooling::shown(&plan, &cells));
    }

    #[test]
    fn whatever_the_cohort_every_kind_of_answer_is_defined(
        which in 0..ESTIMATES.len(),
        grouped: bool,
        totals in proptest::collection::vec((0..3_usize, 0..=20_i64, 0..=20_i64, 0..15_i32, any::<bool>()), 0..12),
    ) {
        let cohort: Vec<Course> = totals
            .iter()
            .map(|(arm, before, after, day, happened)| {
                course(["a", "b", "c"][*arm], &[(0, *before), (7, *after)], Some((*day, *happened)))
            })
            .collect();
        holds_numbers_only(&asked(&plan(ESTIMATES[which], grouped), &cohort));
    }
}
