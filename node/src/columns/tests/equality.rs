//! Cell for cell, the columns say what the records say.

use proptest::collection::vec;
use proptest::prelude::*;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::plan::{Plan, RawCells};
use sumac_protocol::record::Course;
use tempfile::TempDir;

use super::strategies::{dictionary, patient, plan};
use crate::columns::sample::SampleBuilder;
use crate::columns::{RowBits, Sample};

/// A projection of these patients, and who fitted no column.
fn sample(dictionary: &Dictionary, patients: &[Vec<Course>]) -> (TempDir, Sample, Vec<u32>) {
    let root = TempDir::new().unwrap();
    let mut builder = SampleBuilder::begin(root.path(), dictionary).unwrap();
    let mut apart = Vec::new();
    for (row, courses) in (0..).zip(patients) {
        if !builder.push(row, courses).unwrap() {
            apart.push(row);
        }
    }
    (root, builder.finish().unwrap(), apart)
}

fn says_the_same(dictionary: &Dictionary, patients: &[Vec<Course>], plans: &[Plan], eligible: &[bool]) {
    let (_root, sample, apart) = sample(dictionary, patients);
    let rows = || (0_u32..).zip(patients).zip(eligible).filter(|(_, yes)| **yes).map(|(patient, _)| patient);
    for plan in plans {
        let bits: RowBits = rows().map(|(row, _)| row).collect();
        let answer = sample.answer(plan, dictionary, &bits).unwrap().expect("every part of the plan is in columns");
        let mut cells = answer.cells;
        for (row, courses) in rows().filter(|(row, _)| apart.contains(row)) {
            cells.add_patient(plan, dictionary, courses);
            assert!(row < u32::MAX);
        }
        let want = plan.raw_cells(dictionary, rows().map(|(_, courses)| courses.as_slice()));
        assert_eq!(cells.expose(), want.expose(), "{plan:#?}");
        assert_eq!(cells.expose_patients_per_group(), want.expose_patients_per_group(), "{plan:#?}");
        let kept = rows().filter(|(row, _)| !apart.contains(row));
        let courses = kept.flat_map(|(_, courses)| courses).filter(|c| plan.measure(dictionary, c).is_some());
        assert_eq!(answer.courses, courses.count() as u64, "{plan:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn columns_and_records_agree_on_every_cell(
        patients in vec(patient(), 0..60),
        plans in vec(plan(), 24),
        eligible in vec(prop::bool::weighted(0.8), 60),
        highest in any::<bool>(),
    ) {
        let rule = if highest { "highest_before_0" } else { "last_on_or_before_0" };
        says_the_same(&dictionary(rule), &patients, &plans, &eligible);
    }
}

#[test]
fn columns_and_records_agree_over_the_borders_of_chunks() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut draw = |count: usize| {
        let tree = vec(patient(), count).new_tree(&mut runner).unwrap();
        proptest::strategy::ValueTree::current(&tree)
    };
    let few = draw(300);
    let patients: Vec<Vec<Course>> = few.iter().cycle().take(70_000).cloned().collect();
    let eligible: Vec<bool> = (0..patients.len()).map(|row| row % 7 != 0).collect();
    let tree = vec(plan(), 4).new_tree(&mut runner).unwrap();
    let plans = proptest::strategy::ValueTree::current(&tree);
    says_the_same(&dictionary("last_on_or_before_0"), &patients, &plans, &eligible);
}

#[test]
fn nobody_counts_twice_in_a_cell_of_nobody() {
    let dictionary = dictionary("last_on_or_before_0");
    let (_root, sample, _) = sample(&dictionary, &[]);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let tree = plan().new_tree(&mut runner).unwrap();
    let plan = proptest::strategy::ValueTree::current(&tree);
    let answer = sample.answer(&plan, &dictionary, &RowBits::all(64)).unwrap().unwrap();
    assert_eq!(answer.cells.expose(), RawCells::zero(&plan).expose());
}
