//! Cells of a real trial against reference answers, and what one patient can change.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;

use super::{Measured, RawCells};
use crate::dictionary::{ConsentCategory, Dictionary};
use crate::plan::{BlockKind, Mode, Plan};
use crate::question::compile;
use crate::record::{Assessment, Course, FieldValue};

mod worst;

const TRIAL: &str = include_str!("../../../dictionaries/duloxetine.toml");
const SCORES: &str = include_str!("../../../../tests/data/real/hamd_duloxetine.csv");
const COURSES: &str = include_str!("../../../../tests/data/real/hamd_duloxetine.courses.csv");
const EXPECTED: &str = include_str!("../../../../tests/data/real/hamd_duloxetine.expected.json");

fn trial() -> Dictionary {
    Dictionary::parse(TRIAL).unwrap()
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

/// Every course of the trial, through the checks that an importer uses.
fn courses(dictionary: &Dictionary) -> Vec<Course> {
    let mut courses: BTreeMap<&str, Course> = BTreeMap::new();
    for row in rows(COURSES) {
        let [_, _, id, arm, sex] = row[..5] else { panic!("{row:?}") };
        let field = |name: &str, text| (name.to_owned(), dictionary.check_field(name, text).unwrap());
        let fields = [field("arm", arm), field("sex", sex)].into();
        courses.insert(id, Course { id: id.to_owned(), fields, ..Course::default() });
    }
    for row in rows(SCORES) {
        let [_, _, id, _, instrument, day, value] = row[..] else { panic!("{row:?}") };
        let value = dictionary.check_score(instrument, value).unwrap();
        let assessment = Assessment::total(instrument, day.parse().unwrap(), value);
        courses.get_mut(id).unwrap().assessments.push(assessment);
    }
    let courses: Vec<Course> = courses.into_values().collect();
    for course in &courses {
        assert_eq!(dictionary.check_course(course), [], "{}", course.id);
    }
    courses
}

fn answer(id: &str) -> Value {
    let expected: Value = serde_json::from_str(EXPECTED).unwrap();
    let queries = expected["queries"].as_array().unwrap();
    queries.iter().find(|query| query["id"] == id).unwrap()["answer"].clone()
}

fn whole(value: &Value) -> i128 {
    let number = value.as_f64().unwrap();
    assert!(number.fract().abs() < 1e-12, "{number} is a sum of whole numbers");
    format!("{number:.0}").parse().unwrap()
}

/// The pooled totals of one quantity, shifted back to the instrument's own scale, by group.
struct Pooled {
    n: i128,
    sum: i128,
    squares: i128,
}

fn pooled(question: &str, mode: Mode) -> BTreeMap<String, Pooled> {
    let dictionary = trial();
    let plan = compile(question, &dictionary, mode).unwrap();
    let courses = courses(&dictionary);
    let raw = plan.raw_cells(&dictionary, courses.iter().map(std::slice::from_ref));
    let keys = plan.group_keys();
    let min = i128::from(plan.quantities[0].min);
    let cell =
        |group: &[u64], kind| plan.block_position(kind, Some(0)).map_or(0, |position| i128::from(group[position]));
    let unshifted = |group: &[u64]| {
        let [n, sum, squares] = [BlockKind::Count, BlockKind::Sum, BlockKind::Squares].map(|kind| cell(group, kind));
        Pooled { n, sum: sum + min * n, squares: squares + 2 * min * sum + min * min * n }
    };
    let groups = raw.expose().chunks_exact(plan.blocks.len());
    keys.iter().zip(groups).map(|(key, group)| (key[0].1.clone(), unshifted(group))).collect()
}

#[test]
fn courses_of_the_real_trial_are_counted_by_arm() {
    let dictionary = trial();
    let plan = compile("SELECT count(*) FROM courses GROUP BY arm", &dictionary, Mode::Exact).unwrap();
    let courses = courses(&dictionary);
    let raw = plan.raw_cells(&dictionary, courses.iter().map(std::slice::from_ref));
    let want = answer("courses_by_arm");
    assert_eq!(
        raw.expose().iter().map(|n| i128::from(*n)).collect::<Vec<_>>(),
        [&want["drug"], &want["placebo"]].map(whole)
    );
    assert_eq!(raw.expose_patients_per_group(), raw.expose(), "one course each");
}

#[test]
fn sums_of_the_real_trial_equal_the_pooled_calculation_bit_for_bit() {
    let cases = [
        ("baseline_by_arm", "baseline(hamd17)"),
        ("endpoint_by_arm", "score(hamd17, day => 42, from => 32, to => 72)"),
        ("change_by_arm", "change(hamd17, day => 42, from => 32, to => 72)"),
    ];
    for (id, measure) in cases {
        let question = format!("SELECT mean({measure}) FROM courses GROUP BY arm");
        // The public clip of −30…15 loses nothing in this trial, so both modes agree.
        for mode in [Mode::Exact, Mode::Dp] {
            for (arm, got) in pooled(&question, mode) {
                let want = &answer(id)[&arm];
                let want = (whole(&want["n"]), whole(&want["sum"]), whole(&want["sum_sq"]));
                assert_eq!((got.n, got.sum, got.squares), want, "{id}, {arm}, {mode:?}");
            }
        }
    }
}

#[test]
fn rates_of_the_real_trial_equal_the_pooled_calculation() {
    let cases = [
        ("response_by_arm", "response(hamd17, day => 42, from => 32, to => 72)"),
        ("response_by_arm", "response(HAMD17, day => 42, from => 32, to => 72, at_least => 0.50)"),
        ("response_itt_by_arm", "response(hamd17, day => 42, from => 32, to => 72, missing => 'non_responder')"),
        ("remission_by_arm", "remission(hamd17, day => 42, from => 32, to => 72)"),
        ("remission_by_arm", "remission(hamd_17, day => 42, from => 32, to => 72, at_most => 7)"),
    ];
    for (id, measure) in cases {
        for (arm, got) in pooled(&format!("SELECT rate({measure}) FROM courses GROUP BY arm"), Mode::Exact) {
            let want = &answer(id)["by_arm"][&arm];
            assert_eq!((got.n, got.sum), (whole(&want["n"]), whole(&want["events"])), "{id}, {arm}, {measure}");
        }
    }
}

#[test]
fn means_along_the_real_trial_equal_the_reference() {
    for (day, from, to) in [(7, 4, 10), (14, 11, 21), (28, 22, 42)] {
        let measure = format!("score(hamd17, day => {day}, from => {from}, to => {to})");
        for (arm, got) in pooled(&format!("SELECT mean({measure}) FROM courses GROUP BY arm"), Mode::Exact) {
            let want = &answer(&format!("mean_at_day_{day}_by_arm"))[&arm];
            assert_eq!(got.n, whole(&want["n"]), "day {day}, {arm}");
            let [n, sum, squares] =
                [got.n, got.sum, got.squares].map(|number| f64::from(i32::try_from(number).unwrap()));
            let mean = sum / n;
            let sd = ((squares - sum * sum / n) / (n - 1.0)).sqrt();
            assert!((mean - want["mean"].as_f64().unwrap()).abs() < 1e-9, "day {day}, {arm}: {mean}");
            assert!((sd - want["sd"].as_f64().unwrap()).abs() < 1e-9, "day {day}, {arm}: {sd}");
        }
    }
}

#[test]
fn clinics_that_add_up_give_the_cells_of_the_whole() {
    let dictionary = trial();
    let text = "SELECT count(*), mean(change(hamd17, day => 42, from => 32, to => 72)) FROM courses GROUP BY arm, sex";
    let plan = compile(text, &dictionary, Mode::Exact).unwrap();
    let courses = courses(&dictionary);
    let whole = plan.raw_cells(&dictionary, courses.iter().map(std::slice::from_ref));
    let mut summed = vec![0; plan.cell_count()];
    for clinic in courses.chunks(11) {
        let part = plan.raw_cells(&dictionary, clinic.iter().map(std::slice::from_ref));
        summed.iter_mut().zip(part.expose()).for_each(|(sum, cell)| *sum += cell);
    }
    assert_eq!(summed, whole.expose());
}

#[test]
fn a_group_with_too_few_patients_is_sent_as_zeroes_and_only_that_group() {
    let dictionary = trial();
    let text = "SELECT count(*), mean(baseline(hamd17)) FROM courses GROUP BY arm";
    let plan = compile(text, &dictionary, Mode::Exact).unwrap();
    let courses = courses(&dictionary);
    let mut raw = plan.raw_cells(&dictionary, courses.iter().map(std::slice::from_ref));
    let before = raw.expose().to_vec();
    raw.zero_small_groups(&plan, 84);
    assert_eq!(raw.expose(), before, "84 patients are not fewer than 84");
    raw.zero_small_groups(&plan, 85);
    let (drug, placebo) = raw.expose().split_at(4);
    assert_eq!(drug, [0; 4]);
    assert_eq!(placebo, &before[4..]);
    assert_eq!(raw.expose_patients_per_group(), [0, 88]);
}

#[test]
fn a_patient_counts_with_the_first_courses_that_match_and_no_more() {
    let dictionary = trial();
    let mut plan = compile("SELECT count(*) FROM courses WHERE sex = 'F' GROUP BY arm", &dictionary, Mode::Dp).unwrap();
    let course = |arm: &str, sex: &str| {
        let code = |text: &str| FieldValue::Category(text.to_owned());
        Course { fields: [("arm".to_owned(), code(arm)), ("sex".to_owned(), code(sex))].into(), ..Course::default() }
    };
    let patient = [
        course("placebo", "M"),
        course("unknown", "F"),
        course("drug", "F"),
        course("drug", "F"),
        course("placebo", "F"),
    ];
    let cases = [
        (1, [1, 0], [1, 0], "the first that matches"),
        (2, [2, 0], [1, 0], "two courses, one patient"),
        (3, [2, 1], [1, 1], "a patient in two groups"),
        (9, [2, 1], [1, 1], "no more than there are"),
    ];
    for (most, cells, patients, why) in cases {
        plan.courses_per_patient = most;
        let raw = plan.raw_cells(&dictionary, [patient.as_slice()]);
        assert_eq!((raw.expose(), raw.expose_patients_per_group()), (&cells[..], &patients[..]), "{why}");
    }
}

#[test]
fn a_course_whose_filter_is_open_does_not_count_either_way() {
    let dictionary = trial();
    let code = |code: &str| [("sex".to_owned(), FieldValue::Category(code.to_owned()))].into();
    let courses = [
        Course::default(),
        Course { fields: code("unknown"), ..Course::default() },
        Course { fields: code("F"), ..Course::default() },
    ];
    for (filter, counted) in [("sex = 'F'", 1), ("NOT sex = 'F'", 0), ("sex <> 'M'", 1), ("baseline(hamd17) <= 52", 0)]
    {
        let text = format!("SELECT count(*) FROM courses WHERE {filter}");
        let plan = compile(&text, &dictionary, Mode::Dp).unwrap();
        let raw = plan.raw_cells(&dictionary, courses.iter().map(std::slice::from_ref));
        assert_eq!(raw.expose(), [counted], "{filter}");
    }
}

#[test]
fn cells_and_measured_values_cannot_be_copied_or_written_and_are_wiped() {
    // Compiles only while neither type has the trait: with it, there are two candidates for `_`.
    trait Without<Which> {
        fn holds() {}
    }
    impl<T> Without<()> for T {}
    struct Copied;
    impl<T: Clone> Without<Copied> for T {}
    struct Written;
    impl<T: serde::Serialize> Without<Written> for T {}
    const fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    <RawCells as Without<_>>::holds();
    <Measured as Without<_>>::holds();
    wiped::<RawCells>();
    wiped::<Measured>();
}

#[test]
fn cells_and_measured_values_are_never_printed() {
    let dictionary = trial();
    let plan = compile("SELECT mean(baseline(hamd17)) FROM courses", &dictionary, Mode::Exact).unwrap();
    let courses = courses(&dictionary);
    let measured = plan.measure(&dictionary, &courses[0]).unwrap();
    assert_eq!(format!("{measured:?}"), "Measured(1 values)");
    let raw = plan.raw_cells(&dictionary, [&courses[..]]);
    assert_eq!(format!("{raw:?}"), "RawCells(3 cells)");
}

#[test]
fn a_plan_names_every_kind_of_record_it_reads() {
    use ConsentCategory::{Demographics, Outcomes, Treatment};
    let cases: [(&str, &[ConsentCategory]); 5] = [
        ("SELECT count(*) FROM courses", &[]),
        ("SELECT count(*) FROM courses GROUP BY arm", &[Treatment]),
        ("SELECT count(*) FROM courses WHERE NOT (sex = 'F' AND arm = 'drug')", &[Demographics, Treatment]),
        ("SELECT mean(clip(baseline(hama), 3, 20)) FROM courses", &[Outcomes]),
        ("SELECT count(*) FROM courses WHERE sex = 'M' OR clip(baseline(hama), 3, 20) > 7", &[Demographics, Outcomes]),
    ];
    for (text, want) in cases {
        let dictionary = trial();
        let plan = compile(text, &dictionary, Mode::Dp).unwrap();
        assert_eq!(plan.categories(&dictionary), want.iter().copied().collect::<BTreeSet<_>>(), "{text}");
    }
}

/// A patient with up to three courses, with scores that may be missing, tied or out of range.
fn any_patient() -> impl Strategy<Value = Vec<Course>> {
    let code = |codes: [&'static str; 3]| {
        proptest::sample::select(codes.to_vec()).prop_map(|code| FieldValue::Category(code.to_owned()))
    };
    let score = (proptest::sample::select(vec!["HAMD17", "HAMA"]), -3..60_i32, -20..80_i64)
        .prop_map(|(instrument, day, value)| Assessment::total(instrument, day, value));
    let fields = (proptest::option::of(code(["drug", "placebo", "unknown"])), code(["F", "M", "unknown"]));
    let course = (fields, proptest::collection::vec(score, 0..8)).prop_map(|((arm, sex), assessments)| {
        let arm = arm.map(|arm| ("arm".to_owned(), arm));
        let fields = arm.into_iter().chain([("sex".to_owned(), sex)]).collect();
        Course { fields, assessments, ..Course::default() }
    });
    proptest::collection::vec(course, 0..4)
}

const ASKED: [&str; 6] = [
    "SELECT count(*), mean(baseline(hamd17)) FROM courses GROUP BY arm, sex",
    "SELECT mean(change(hamd17, day => 28, from => 1, to => 50)), count(*) FROM courses GROUP BY arm",
    "SELECT mean(clip(score(hama, day => 7, from => 0, to => 21), 5, 9)) FROM courses GROUP BY sex",
    "SELECT rate(response(hamd17, day => 28, from => 1, to => 50, missing => 'non_responder')) FROM courses",
    "SELECT rate(remission(hamd17, day => 28, from => 1, to => 50)), mean(baseline(hama)) FROM courses GROUP BY sex",
    "SELECT mean(baseline(hamd17)), mean(baseline(hama)) FROM courses WHERE NOT sex = 'F' OR baseline(hama) > 9",
];

fn released(plan: &Plan, raw: &RawCells) -> Vec<i128> {
    plan.recentre(&raw.expose().iter().map(|cell| i128::from(*cell)).collect::<Vec<_>>()).unwrap()
}

proptest! {
    /// The privacy of every answer rests on this: one patient more or less changes each released
    /// block, over all groups together, by at most its sensitivity.
    #[test]
    fn one_patient_changes_no_block_by_more_than_its_sensitivity(
        others in proptest::collection::vec(any_patient(), 0..5),
        patient in any_patient(),
        asked in 0..ASKED.len(),
        courses_per_patient in 1..4_u32,
    ) {
        let dictionary = trial();
        for mode in [Mode::Dp, Mode::Exact] {
            let mut plan = compile(ASKED[asked], &dictionary, mode).unwrap();
            plan.courses_per_patient = courses_per_patient;
            let mut cells = plan.raw_cells(&dictionary, others.iter().map(Vec::as_slice));
            let without = released(&plan, &cells);
            cells.add_patient(&plan, &dictionary, &patient);
            let with = released(&plan, &cells);
            for (position, block) in plan.blocks.iter().enumerate() {
                let changes = with.iter().zip(&without).map(|(a, b)| a - b).skip(position).step_by(plan.blocks.len());
                let squared: i128 = changes.map(|change| change * change).sum();
                let most = i128::from(plan.sensitivity(block));
                prop_assert!(squared <= most * most, "{}: {:?} changed by √{squared}", ASKED[asked], block.kind);
            }
        }
    }
}
