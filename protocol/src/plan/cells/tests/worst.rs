//! One patient more or less, under questions put together at random, and at the very worst.

use proptest::prelude::*;
use proptest::sample::select;

use super::{released, trial};
use crate::dictionary::Dictionary;
use crate::plan::{Mode, Plan, RawCells};
use crate::question::compile;
use crate::record::{Assessment, Course, FieldValue};

/// One estimate, with time points, bounds and thresholds of its own.
fn estimate() -> impl Strategy<Value = String> {
    let at = (1..40_i32, 0..20_i32, 0..20_i32).prop_map(|(day, before, after)| {
        format!("day => {day}, from => {}, to => {}", (day - before).max(1), day + after)
    });
    let instrument = || select(vec!["hamd17", "hama"]);
    let measured = (instrument(), at.clone(), 0..4_u8).prop_map(|(instrument, at, kind)| match kind {
        0 => format!("baseline({instrument})"),
        1 => format!("score({instrument}, {at})"),
        _ => format!("change({instrument}, {at})"),
    });
    let clipped = (measured.clone(), 0..9_i32, 1..30_i32)
        .prop_map(|(of, low, width)| format!("mean(clip({of}, {low}, {}))", low + width));
    let response = (instrument(), at.clone(), 1..100_u8, any::<bool>()).prop_map(|(instrument, at, share, itt)| {
        let missing = if itt { ", missing => 'non_responder'" } else { "" };
        format!("rate(response({instrument}, {at}, at_least => 0.{share:02}{missing}))")
    });
    let remission = (instrument(), at, 1..20_u8)
        .prop_map(|(instrument, at, most)| format!("rate(remission({instrument}, {at}, at_most => {most}))"));
    let mean = measured.prop_map(|of| format!("mean({of})"));
    prop_oneof![Just("count(*)".to_owned()), mean, clipped, response, remission]
}

fn filter() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        select(vec!["sex = 'F'", "NOT sex = 'M'", "arm <> 'drug'", "arm IN ('drug', 'placebo')"])
            .prop_map(str::to_owned),
        (select(vec!["hamd17", "hama"]), 0..50_u8).prop_map(|(of, than)| format!("baseline({of}) > {than}")),
    ];
    let two =
        (one.clone(), select(vec!["AND", "OR"]), one.clone()).prop_map(|(a, word, b)| format!("({a} {word} {b})"));
    prop_oneof![
        2 => Just(String::new()),
        1 => one.prop_map(|one| format!(" WHERE {one}")),
        1 => two.prop_map(|two| format!(" WHERE {two}")),
    ]
}

fn question() -> impl Strategy<Value = String> {
    let groups = select(vec!["", " GROUP BY arm", " GROUP BY sex", " GROUP BY arm, sex", " GROUP BY sex, arm"]);
    (proptest::collection::vec(estimate(), 1..5), filter(), groups).prop_map(|(estimates, filter, groups)| {
        let named: Vec<String> = estimates.iter().enumerate().map(|(at, one)| format!("{one} AS e{at}")).collect();
        format!("SELECT {} FROM courses{filter}{groups}", named.join(", "))
    })
}

/// A patient of up to five courses. Some repeat one course with totals at the ends of every range, which is the worst.
fn patient() -> impl Strategy<Value = Vec<Course>> {
    let code = |codes: Vec<&'static str>| select(codes).prop_map(|code| FieldValue::Category(code.to_owned()));
    let value = prop_oneof![Just(-1_000_i64), Just(0), Just(1_000), 0..60_i64];
    let score = (select(vec!["HAMD17", "HAMA"]), -3..60_i32, value)
        .prop_map(|(instrument, day, value)| Assessment::total(instrument, day, value));
    let fields = (code(vec!["drug", "placebo", "unknown"]), code(vec!["F", "M", "unknown"]));
    let course = (fields, proptest::collection::vec(score, 0..8)).prop_map(|((arm, sex), assessments)| Course {
        fields: [("arm".to_owned(), arm), ("sex".to_owned(), sex)].into(),
        assessments,
        ..Course::default()
    });
    let several = proptest::collection::vec(course.clone(), 0..5);
    prop_oneof![several, (course, 1..5_usize).prop_map(|(course, times)| vec![course; times])]
}

/// The squared L2 change of each block over all groups, and its sensitivity.
fn changes(plan: &Plan, with: &[i128], without: &[i128]) -> Vec<(i128, i128)> {
    let change = |position: usize| {
        let cells = with.iter().zip(without).map(|(a, b)| a - b).skip(position).step_by(plan.blocks.len());
        cells.map(|change| change * change).sum()
    };
    plan.blocks.iter().enumerate().map(|(at, block)| (change(at), i128::from(plan.sensitivity(block)))).collect()
}

fn cells_of(plan: &Plan, dictionary: &Dictionary, patients: &[&Vec<Course>]) -> Vec<i128> {
    let mut cells = RawCells::zero(plan);
    for patient in patients {
        cells.add_patient(plan, dictionary, patient);
    }
    released(plan, &cells)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_asked_of_whomever_one_patient_changes_no_block_by_more_than_its_sensitivity(
        text in question(),
        patients in proptest::collection::vec(patient(), 1..6),
        removed in any::<proptest::sample::Index>(),
        courses_per_patient in 1..5_u32,
    ) {
        let dictionary = trial();
        for mode in [Mode::Dp, Mode::Exact] {
            let mut plan = compile(&text, &dictionary, mode).unwrap();
            plan.courses_per_patient = courses_per_patient;
            let removed = removed.index(patients.len());
            let everybody: Vec<&Vec<Course>> = patients.iter().collect();
            let mut others = everybody.clone();
            others.remove(removed);
            let [with, without] = [&everybody, &others].map(|who| cells_of(&plan, &dictionary, who));
            for ((squared, most), block) in changes(&plan, &with, &without).into_iter().zip(&plan.blocks) {
                prop_assert!(squared <= most * most, "{text}: {block:?} changed by √{squared}, not at most {most}");
            }
        }
    }
}

#[test]
fn the_worst_patient_changes_every_block_by_exactly_its_sensitivity() {
    const AT: &str = "day => 28, from => 20, to => 40";
    let dictionary = trial();
    let estimates = [
        "count(*)".to_owned(),
        "mean(baseline(hamd17))".to_owned(),
        format!("mean(score(hamd17, {AT}))"),
        format!("mean(change(hamd17, {AT}))"),
        format!("mean(clip(change(hamd17, {AT}), -7, 9))"),
        format!("rate(response(hamd17, {AT}))"),
        format!("rate(remission(hamd17, {AT}))"),
    ];
    for (estimate, groups) in estimates.iter().flat_map(|one| ["", " GROUP BY arm"].map(|groups| (one, groups))) {
        for courses_per_patient in 1..=4 {
            let mut plan = compile(&format!("SELECT {estimate} FROM courses{groups}"), &dictionary, Mode::Dp).unwrap();
            plan.courses_per_patient = courses_per_patient;
            let mut worst = vec![0; plan.blocks.len()];
            for (baseline, endpoint) in [(0, 0), (0, 52), (52, 0), (52, 52)] {
                let course = Course {
                    fields: [("arm".to_owned(), FieldValue::Category("drug".into()))].into(),
                    assessments: vec![
                        Assessment::total("HAMD17", 0, baseline),
                        Assessment::total("HAMD17", 28, endpoint),
                    ],
                    ..Course::default()
                };
                let patient = vec![course; 5];
                let with = cells_of(&plan, &dictionary, &[&patient]);
                let none = vec![0; with.len()];
                for (worst, (squared, _)) in worst.iter_mut().zip(changes(&plan, &with, &none)) {
                    *worst = (*worst).max(squared);
                }
            }
            for (worst, block) in worst.into_iter().zip(&plan.blocks) {
                let most = i128::from(plan.sensitivity(block));
                assert_eq!(worst, most * most, "{estimate}{groups}, {courses_per_patient} courses: {block:?}");
            }
        }
    }
}
