//! Measuring a machine with `sumac bench`.

use std::fs;
use std::process::Command;

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

#[test]
fn a_measurement_says_what_it_found_and_leaves_nothing_behind() {
    let folder = tempfile::TempDir::new().unwrap();
    let dir = folder.path().to_str().unwrap();
    let bench = ["bench", "--courses", "1000", "--rounds", "2", "--dir", dir];
    let told = Command::new(SUMAC).args(bench).arg("--json").output().unwrap();
    assert!(told.status.success(), "{told:?}");
    let figures: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(figures["columns"]["courses"], 1_000);
    for way in figures["ways"].as_array().unwrap() {
        assert!(way["fastest"].as_f64() > Some(0.0) && way["fastest"].as_f64() <= way["median"].as_f64(), "{way}");
    }
    assert!(figures["import"]["assessments_per_second"].as_u64() > Some(0), "{figures}");
    let shown = Command::new(SUMAC).args(bench).output().unwrap();
    assert!(shown.status.success(), "{shown:?}");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "what was made is removed");
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_is_made() {
    let folder = tempfile::TempDir::new().unwrap();
    let dir = folder.path().to_str().unwrap();
    for (arguments, why) in [
        (["bench", "--courses", "10", "--dir", dir], "too few to mean anything"),
        (["bench", "--rounds", "0", "--dir", dir], "no round"),
        (["bench", "--rounds", "1", "--dir", "/nowhere/at/all"], "no such folder"),
    ] {
        let told = Command::new(SUMAC).args(arguments).output().unwrap();
        assert!(!told.status.success() && told.stdout.is_empty() && !told.stderr.is_empty(), "{why}: {told:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
