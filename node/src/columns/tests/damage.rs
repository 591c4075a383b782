//! Whatever happens to the files, there is the right answer or none.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::plan::{BlockKind, Plan};
use tempfile::TempDir;

use super::strategies::{dictionary, patient, plan};
use crate::columns::{ColumnsError, RowBits, Sample, SampleBuilder};

fn drawn<T>(strategy: impl Strategy<Value = T>) -> T {
    let mut runner = TestRunner::deterministic();
    strategy.new_tree(&mut runner).unwrap().current()
}

/// A projection of the same 300 patients each time, and a plan that reads several columns of it.
fn story() -> (TempDir, Sample, Dictionary, Plan) {
    let dictionary = dictionary("last_on_or_before_0");
    let root = TempDir::new().unwrap();
    let mut builder = SampleBuilder::begin(root.path(), &dictionary).unwrap();
    for (row, courses) in (0..).zip(&drawn(vec(patient(), 300))) {
        builder.push(row, courses).unwrap();
    }
    let reads = |plan: &Plan| plan.quantities.len() == 2 && plan.group_by.len() == 2 && plan.filter.is_none();
    let plan = drawn(plan().prop_filter("reads much", reads));
    assert!(plan.blocks.iter().any(|block| block.kind == BlockKind::Squares));
    (root, builder.finish().unwrap(), dictionary, plan)
}

fn answer(sample: &Sample, dictionary: &Dictionary, plan: &Plan) -> Result<Vec<u64>, ColumnsError> {
    let found = sample.answer(plan, dictionary, &RowBits::all(300))?;
    Ok(found.expect("in columns").cells.expose().to_vec())
}

fn file(root: &Path, name: &str) -> PathBuf {
    root.join("00000001").join(name)
}

#[test]
fn a_changed_byte_gives_the_right_answer_or_none() {
    let (root, sample, dictionary, plan) = story();
    let want = answer(&sample, &dictionary, &plan).unwrap();
    assert!(want.iter().any(|cell| *cell > 0));
    for name in ["manifest", "chunks"] {
        let path = file(root.path(), name);
        let whole = fs::read(&path).unwrap();
        let mut noticed = 0;
        for at in (0..whole.len()).step_by(whole.len() / 150 + 1) {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            fs::write(&path, &changed).unwrap();
            match sample.reopen().and_then(|again| answer(&again, &dictionary, &plan)) {
                Ok(got) => assert_eq!(got, want, "byte {at} of {name}"),
                Err(why) => {
                    assert_eq!(why.code(), "columns-damaged", "byte {at} of {name}");
                    noticed += 1;
                }
            }
        }
        assert!(noticed > 5, "{noticed} of the changes to {name} were in what the answer reads");
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(answer(&sample.reopen().unwrap(), &dictionary, &plan).unwrap(), want);
}

#[test]
fn files_that_are_cut_gone_or_of_another_projection_give_no_answer() {
    let (root, sample, dictionary, plan) = story();
    let (other, _, _, _) = story();
    for name in ["manifest", "chunks"] {
        let path = file(root.path(), name);
        let whole = fs::read(&path).unwrap();
        let foreign = fs::read(file(other.path(), name)).unwrap();
        let cases = [
            (Some(Vec::new()), "empty"),
            (Some(whole[..40].to_vec()), "cut to the front"),
            (Some(foreign), "sealed under another key"),
            (None, "gone"),
        ];
        for (bytes, why) in cases {
            match bytes {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let got = sample.reopen().and_then(|again| answer(&again, &dictionary, &plan));
            assert!(got.is_err(), "{name} {why}");
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn no_message_passes_for_another() {
    let (root, sample, dictionary, plan) = story();
    let want = answer(&sample, &dictionary, &plan).unwrap();
    let path = file(root.path(), "chunks");
    let whole = fs::read(&path).unwrap();
    // Messages of one byte a row are as long as each other: swap neighbours, wherever they begin.
    let length = 24 + sample.courses() + 16;
    let mut refused = 0;
    for at in (0..whole.len().saturating_sub(2 * length)).step_by(length / 2) {
        let mut swapped = whole.clone();
        let (one, other) = swapped[at..at + 2 * length].split_at_mut(length);
        one.swap_with_slice(other);
        fs::write(&path, &swapped).unwrap();
        match sample.reopen().and_then(|again| answer(&again, &dictionary, &plan)) {
            Ok(got) => assert_eq!(got, want),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0);
}
