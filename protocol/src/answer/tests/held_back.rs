//! What exact answers hold back, from courses to the answer: bins, values of a category, pairs, sums of a few.

use super::input;
use crate::answer::{Answer, Found, HeldBack, answer, hold_back};
use crate::dictionary::Dictionary;
use crate::plan::{Mode, Plan};
use crate::question::compile;
use crate::record::{Assessment, Course, FieldValue, TimeToEvent};

const DICTIONARY: &str = r#"
name = "d"
version = 1
[[instrument]]
id = "I"
version = "1"
category = "outcomes"
min = 0
max = 27
better = "lower"
source = "s"
licence = "l"
[[field]]
id = "route"
type = "category"
category = "treatment"
values = ["iv", "im", "nasal"]
[[field]]
id = "told"
type = "flag"
category = "treatment"
[[field]]
id = "asked"
type = "flag"
category = "treatment"
[[time_to_event]]
id = "relapse"
source = "s"
"#;

fn dictionary() -> Dictionary {
    Dictionary::parse(DICTIONARY).unwrap()
}

fn plan(rest: &str) -> Plan {
    let text = format!("SELECT {rest}");
    compile(&text, &dictionary(), Mode::Exact).unwrap_or_else(|error| panic!("{}", error.render(&text)))
}

fn released(plan: &Plan, courses: &[[Course; 1]]) -> Vec<i128> {
    let raw = plan.raw_cells(&dictionary(), courses.iter().map(<[Course; 1]>::as_slice));
    let raw: Vec<i128> = raw.expose().iter().map(|cell| i128::from(*cell)).collect();
    plan.recentre(&raw).unwrap()
}

fn held(plan: &Plan, courses: &[[Course; 1]]) -> HeldBack {
    let (cells, blocks) = (released(plan, courses), plan.opened_blocks());
    let groups = cells.chunks_exact(plan.blocks.len());
    let opened: Vec<i128> = groups.flat_map(|group| blocks.iter().map(|block| group[*block])).collect();
    hold_back(plan, &opened, 10, 3)
}

/// The answer as a committee gives it: merged bins added up, held-back groups gone.
fn told(plan: &Plan, courses: &[[Course; 1]]) -> Answer {
    let (mut cells, held) = (released(plan, courses), held(plan, courses));
    let pairs = plan.merged_into(&held.merged).unwrap();
    for (group, held) in cells.chunks_exact_mut(plan.blocks.len()).zip(&held.groups) {
        if *held {
            group.fill(0);
        }
        for (bin, into) in &pairs {
            group[*into] += std::mem::take(&mut group[*bin]);
        }
    }
    answer(crate::answer::AnswerInput { merged: &held.merged, ..input(plan, &cells, &held.groups, 3) }).unwrap()
}

/// So many courses with each of these totals before treatment, on one route.
fn totals(route: &str, counts: &[(usize, i64)]) -> Vec<[Course; 1]> {
    let course = |total: i64| {
        let mut course = Course { assessments: vec![Assessment::total("I", 0, total)], ..Course::default() };
        course.fields.insert("route".into(), FieldValue::Category(route.into()));
        [course]
    };
    counts.iter().flat_map(|(people, total)| (0..*people).map(move |_| course(*total))).collect()
}

fn bins(answer: &Answer, group: usize) -> Vec<(f64, u64)> {
    let Some(estimate) = answer.groups[group].estimates.first() else { return Vec::new() };
    let Found::Histogram(histogram) = &estimate.found else { panic!("{answer:?}") };
    histogram.value.clone()
}

#[test]
fn small_bins_are_merged_from_the_low_end_and_what_is_left_goes_to_the_bin_before() {
    let plan = plan("histogram(baseline(I), 5) FROM courses");
    let said = told(&plan, &totals("iv", &[(3, 2), (12, 7), (10, 17), (4, 21)]));
    assert_eq!(bins(&said, 0), [(0.0, 15), (10.0, 0), (15.0, 14)]);
    let large = told(&plan, &totals("iv", &[(10, 2), (12, 7)]));
    assert_eq!(bins(&large, 0).len(), 6, "nothing is small");
    let few = told(&plan, &totals("iv", &[(4, 2), (5, 7)]));
    assert!(few.groups[0].suppressed, "nine are too few however they are counted");
}

#[test]
fn one_merging_holds_for_all_groups_and_a_small_group_has_no_say_in_it() {
    let plan = plan("histogram(baseline(I), 5) FROM courses GROUP BY route");
    let mut courses = totals("iv", &[(10, 2), (12, 7), (10, 12)]);
    courses.extend(totals("im", &[(2, 2), (12, 7), (20, 12)]));
    let said = told(&plan, &courses);
    assert_eq!(bins(&said, 0), [(0.0, 22), (10.0, 10), (15.0, 0), (20.0, 0), (25.0, 0)]);
    assert_eq!(bins(&said, 1), [(0.0, 14), (10.0, 20), (15.0, 0), (20.0, 0), (25.0, 0)]);
    courses.truncate(32);
    courses.extend(totals("im", &[(2, 2), (3, 7)]));
    courses.extend(totals("nasal", &[(30, 2), (30, 7), (30, 12)]));
    let HeldBack { groups, merged } = held(&plan, &courses);
    assert_eq!((groups, merged), (vec![true, true, false], vec![]), "the five of one route are held back as they are");
}

#[test]
fn bins_beside_a_sum_or_another_histogram_of_their_number_are_never_merged() {
    let (few, many) = (totals("iv", &[(3, 2), (12, 7), (14, 17)]), totals("iv", &[(13, 2), (12, 7), (14, 17)]));
    for select in
        ["histogram(baseline(I), 5) AS a, mean(baseline(I)) AS b", "median(baseline(I)), sum(baseline(I)) AS b"]
    {
        let plan = plan(&format!("{select} FROM courses"));
        assert_eq!(held(&plan, &few), HeldBack { groups: vec![true], merged: vec![] }, "{select}");
        assert_eq!(held(&plan, &many), HeldBack { groups: vec![false], merged: vec![] }, "{select}");
    }
    let two = plan("histogram(baseline(I), 2) AS a, histogram(baseline(I), 3) AS b FROM courses");
    let apart = totals("iv", &[(20, 0), (20, 6), (20, 12)]);
    assert_eq!(held(&two, &apart).groups, [false]);
    // 2 … 3 less 3 … 5: edges at 2, 3 and 4 tell of who has 2 and who has 3.
    let between = totals("iv", &[(20, 0), (9, 2), (11, 3), (20, 12)]);
    assert_eq!(held(&two, &between).groups, [true]);
}

#[test]
fn of_merged_values_no_quantile_is_told_and_the_answer_says_so() {
    let plan = plan("median(baseline(I)) FROM courses");
    let said = told(&plan, &totals("iv", &[(3, 2), (12, 7), (14, 17)]));
    let Found::Quantile(median) = &said.groups[0].estimates[0].found else { panic!("{said:?}") };
    assert_eq!((median.value, median.merged, median.n), (None, true, 29));
    let said = told(&plan, &totals("iv", &[(13, 2), (12, 7), (14, 17)]));
    let Found::Quantile(median) = &said.groups[0].estimates[0].found else { panic!("{said:?}") };
    assert_eq!((median.value, median.merged), (Some(7.0), false));
}

#[test]
fn survival_is_told_at_the_ends_of_merged_buckets() {
    let plan = plan("survival(relapse, bucket => 10, until => 40) FROM courses");
    let followed = |people: usize, day: u32, happened: bool| {
        let time = TimeToEvent { kind: "relapse".into(), day: day.try_into().unwrap(), happened };
        vec![[Course { time_to_event: vec![time], ..Course::default() }]; people]
    };
    let courses =
        [followed(4, 5, true), followed(8, 15, true), followed(12, 25, true), followed(16, 90, false)].concat();
    let said = told(&plan, &courses);
    let Found::Survival(survival) = &said.groups[0].estimates[0].found else { panic!("{said:?}") };
    let steps: Vec<_> =
        survival.value.iter().map(|step| (step.day, step.at_risk, step.events, step.censored)).collect();
    assert!(survival.merged);
    assert_eq!(steps, [(20, 40, 12, 0), (30, 28, 12, 0)]);
    assert_eq!((survival.n, survival.events, survival.median), (40, 24, Some(30)));
    let one = [followed(1, 5, true), followed(39, 90, false)].concat();
    assert!(told(&plan, &one).groups[0].suppressed, "one to whom it happened shows in any bucket");
}

#[test]
fn the_rest_of_a_category_and_every_pair_of_two_answers_are_numbers_of_people_too() {
    let regression = plan("linear(baseline(I), route) FROM courses");
    let routes = |counts: [usize; 3]| -> Vec<[Course; 1]> {
        ["iv", "im", "nasal"].iter().zip(counts).flat_map(|(route, people)| totals(route, &[(people, 9)])).collect()
    };
    assert_eq!(held(&regression, &routes([15, 15, 10])).groups, [false]);
    assert_eq!(held(&regression, &routes([15, 15, 1])).groups, [true], "the one of neither route");
    let pairs = plan("linear(baseline(I), told, asked) FROM courses");
    let flags = |counts: [usize; 4]| -> Vec<[Course; 1]> {
        let course = |at: usize| {
            let mut course = Course { assessments: vec![Assessment::total("I", 0, 9)], ..Course::default() };
            course.fields.insert("told".into(), FieldValue::Flag(at & 1 != 0));
            course.fields.insert("asked".into(), FieldValue::Flag(at & 2 != 0));
            [course]
        };
        counts.iter().enumerate().flat_map(|(at, people)| (0..*people).map(move |_| course(at))).collect()
    };
    assert_eq!(held(&pairs, &flags([10, 12, 11, 10])).groups, [false]);
    assert_eq!(held(&pairs, &flags([20, 20, 20, 1])).groups, [true], "the one who says yes to both");
}

#[test]
fn a_mean_that_two_people_make_is_held_back() {
    let plan = plan("mean(baseline(I)) FROM courses");
    assert_eq!(held(&plan, &totals("iv", &[(38, 0), (1, 21), (1, 22)])).groups, [true]);
    assert_eq!(held(&plan, &totals("iv", &[(13, 12), (14, 16), (13, 22)])).groups, [false]);
}
