//! The duloxetine trial under the shipped mapping and dictionary gives the counts that independent
//! statistics software found.

use std::collections::BTreeMap;

use serde_json::Value;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::{Course, FieldValue};

use super::sources;
use crate::import::{Imported, Mapping, read_records};

fn dictionary() -> Dictionary {
    Dictionary::parse(include_str!("../../../../protocol/dictionaries/duloxetine.toml")).unwrap()
}

fn trial() -> Imported {
    let mapping = Mapping::parse(include_str!("../../../../cli/demo/duloxetine.mapping.toml")).unwrap();
    let courses = include_bytes!("../../../../tests/data/real/hamd_duloxetine.courses.csv").as_slice();
    let assessments = include_bytes!("../../../../tests/data/real/hamd_duloxetine.csv").as_slice();
    read_records(&dictionary(), &mapping, sources(Some(courses), Some(assessments))).unwrap()
}

fn answer(id: &str) -> Value {
    let expected = include_str!("../../../../tests/data/real/hamd_duloxetine.expected.json");
    let expected: Value = serde_json::from_str(expected).unwrap();
    let query = expected["queries"].as_array().unwrap().iter().find(|query| query["id"] == id).unwrap();
    query["answer"].clone()
}

fn arm(course: &Course) -> &str {
    match &course.fields["arm"] {
        FieldValue::Category(arm) => arm,
        other @ (FieldValue::Flag(_) | FieldValue::Number(_)) => panic!("{other:?}"),
    }
}

/// Count, sum and sum of squares by arm of the one total of HAMD17 that `pick` finds in a course.
fn moments(imported: &Imported, pick: impl Fn(&Course) -> Option<i64>) -> BTreeMap<String, [i64; 3]> {
    let mut moments: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for course in imported.patients.values().flat_map(|record| &record.courses) {
        if let Some(total) = pick(course) {
            let [n, sum, squares] = moments.entry(arm(course).to_owned()).or_default();
            (*n, *sum, *squares) = (*n + 1, *sum + total, *squares + total * total);
        }
    }
    moments
}

fn expected_moments(id: &str) -> BTreeMap<String, [i64; 3]> {
    let whole = |value: &Value| value.to_string().trim_end_matches(".0").parse().unwrap();
    let arms = answer(id).as_object().unwrap().clone();
    arms.into_iter().map(|(arm, of)| (arm, ["n", "sum", "sum_sq"].map(|key| whole(&of[key])))).collect()
}

#[test]
fn the_trial_is_read_without_a_reject() {
    let imported = trial();
    assert_eq!(imported.patients.len(), 172);
    assert_eq!(imported.rows_read, 172 + 1_993);
    assert_eq!(imported.rejects, []);
    assert!(imported.unknown.is_empty());
    let records = || imported.patients.values().flat_map(|record| &record.courses);
    assert_eq!(records().map(|course| course.assessments.len()).sum::<usize>(), 1_993);
    let dictionary = dictionary();
    assert!(records().all(|course| dictionary.check_course(course).is_empty()));
}

#[test]
fn courses_baseline_and_endpoint_of_each_arm_are_those_of_the_reference() {
    let imported = trial();
    let total = |course: &Course, day: i32| {
        course
            .assessments
            .iter()
            .find(|found| found.instrument == "HAMD17" && found.day == day)
            .map(|found| found.value)
    };
    let arms = moments(&imported, |_| Some(1)).into_iter().map(|(arm, [n, ..])| (arm, n.into())).collect();
    assert_eq!(Value::Object(arms), answer("courses_by_arm"));
    assert_eq!(moments(&imported, |course| total(course, 0)), expected_moments("baseline_by_arm"));
    let endpoint = |course: &Course| {
        let inside = course.assessments.iter().filter(|a| a.instrument == "HAMD17" && (32..=72).contains(&a.day));
        inside.min_by_key(|a| (a.day.abs_diff(42), -a.day)).map(|a| a.value)
    };
    assert_eq!(moments(&imported, endpoint), expected_moments("endpoint_by_arm"));
}

#[test]
fn importing_the_trial_twice_gives_equal_bytes() {
    let bytes = || serde_json::to_vec(&trial().patients).unwrap();
    assert_eq!(bytes(), bytes());
}
