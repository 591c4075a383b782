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
use crate::columns::sample::SampleBuilder;
use crate::columns::{ColumnsError, RowBits, Sample};

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

/// The files of a projection: the manifest, and one for each column.
fn files(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join("00000001")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_changed_byte_gives_the_right_answer_or_none() {
    let (root, sample, dictionary, plan) = story();
    let want = answer(&sample, &dictionary, &plan).unwrap();
    assert!(want.iter().any(|cell| *cell > 0));
    let mut noticed = 0;
    for path in files(root.path()) {
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 10 + 1) {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            fs::write(&path, &changed).unwrap();
            match sample.reopen().and_then(|again| answer(&again, &dictionary, &plan)) {
                Ok(got) => assert_eq!(got, want, "byte {at} of {}", path.display()),
                Err(why) => {
                    assert_eq!(why.code(), "columns-damaged", "byte {at} of {}", path.display());
                    noticed += 1;
                }
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(noticed > 30, "{noticed} of the changes were in what the answer reads");
    assert_eq!(answer(&sample.reopen().unwrap(), &dictionary, &plan).unwrap(), want);
}

#[test]
fn files_that_are_cut_gone_or_of_another_projection_give_no_answer() {
    let (root, sample, dictionary, plan) = story();
    let want = answer(&sample, &dictionary, &plan).unwrap();
    let (other, _, _, _) = story();
    let mut refused = 0;
    for (path, foreign) in files(root.path()).into_iter().zip(files(other.path())) {
        let whole = fs::read(&path).unwrap();
        let cases = [
            (Some(Vec::new()), "empty"),
            (Some(whole[..40].to_vec()), "cut to the front"),
            (Some(fs::read(foreign).unwrap()), "sealed under another key"),
            (None, "gone"),
        ];
        for (bytes, why) in cases {
            match bytes {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            match sample.reopen().and_then(|again| answer(&again, &dictionary, &plan)) {
                Ok(got) => assert_eq!(got, want, "{} {why}", path.display()),
                Err(_) => refused += 1,
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(refused >= 4 * 6, "{refused}: the manifest, whose courses they are, and four columns at least");
}

#[test]
fn no_message_passes_for_another() {
    let (root, sample, dictionary, plan) = story();
    let want = answer(&sample, &dictionary, &plan).unwrap();
    let files = files(root.path());
    let mut refused = 0;
    for (one, other) in files.iter().zip(files.iter().skip(1)) {
        let (first, second) = (fs::read(one).unwrap(), fs::read(other).unwrap());
        fs::write(one, &second).unwrap();
        fs::write(other, &first).unwrap();
        match sample.reopen().and_then(|again| answer(&again, &dictionary, &plan)) {
            Ok(got) => assert_eq!(got, want),
            Err(_) => refused += 1,
        }
        fs::write(one, &first).unwrap();
        fs::write(other, &second).unwrap();
    }
    assert!(refused > 0);
    assert_eq!(answer(&sample.reopen().unwrap(), &dictionary, &plan).unwrap(), want);
}
