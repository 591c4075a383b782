//! `sumac attack`, as an operator runs it on a node's folder.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::SystemTime;

use serde_json::Value;
use sumac_tests::processes::Program;

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

fn attack(arguments: &[&str]) -> Output {
    Command::new(SUMAC).arg("attack").args(arguments).output().unwrap()
}

/// The folder of a clinic of an ordinary demo, whose nodes have stopped again.
fn demo(folder: &Path) -> String {
    let mut command = Command::new(SUMAC);
    command.args(["demo", "--no-ask", "--keep"]).arg(folder);
    let mut demo = Program::start("demo", command);
    demo.until("the federation is up");
    demo.interrupt();
    let ended = demo.ended();
    assert!(ended.exit.is_some(), "{}", ended.text());
    folder.join("A").to_str().unwrap().to_owned()
}

/// Every file below a folder, with its length and when it was last written to.
fn files(folder: &Path) -> Vec<(String, u64, SystemTime)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kept = entry.metadata().unwrap();
        if kept.is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push((entry.path().display().to_string(), kept.len(), kept.modified().unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn no_attack_on_an_ordinary_demo_learns_too_much_and_nothing_of_the_node_is_touched() {
    let folder = tempfile::TempDir::new().unwrap();
    let dir = demo(&folder.path().join("demo"));
    let before = files(Path::new(&dir));
    let told = attack(&["--dir", &dir, "--format", "json"]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let names: Vec<&str> = findings.iter().filter_map(|finding| finding["attack"].as_str()).collect();
    let all = [
        "one-hot",
        "rows",
        "averaging",
        "lost-attempts",
        "grinding",
        "rollback",
        "whole-rollback",
        "tracker",
        "intersection",
        "suppressed",
        "membership",
    ];
    assert_eq!(names, all);
    for finding in findings {
        let words = ["tries", "assumes", "learned", "allowed"].map(|word| finding[word].as_str().unwrap_or_default());
        assert!(words.iter().all(|word| !word.is_empty()), "{finding}");
        if let Some(tally) = finding.get("tally") {
            assert!(tally["trials"].as_u64() >= Some(1_000) && tally["at_least"].as_f64() <= tally["at_most"].as_f64());
        }
    }
    assert_eq!(files(Path::new(&dir)), before, "only the charter is read");
}

#[test]
fn a_table_of_some_attacks_fits_eighty_columns() {
    let folder = tempfile::TempDir::new().unwrap();
    let _node = demo(&folder.path().join("demo"));
    let charter = folder.path().join("demo/charter.json");
    let told = attack(&["--charter", charter.to_str().unwrap(), "--only", "one-hot", "--only", "rollback"]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let table = String::from_utf8(told.stdout).unwrap();
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    for word in ["one-hot: held", "rollback: held", "50 % of guesses", "ε ", "at the least", "shut"] {
        let flat = table.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(word), "no {word}: {table}");
    }
    assert!(!table.contains("tracker"), "it was not asked for: {table}");
    assert!(table.lines().all(|line| !line.ends_with(['ρ', 'ε'])), "a sign without its number: {table}");
    let talk = String::from_utf8(told.stderr).unwrap();
    assert!(talk.contains("as researcher and all members but one"), "who the attacker is: {talk}");
}

#[test]
fn what_cannot_be_attacked_is_no_leak() {
    let folder = tempfile::TempDir::new().unwrap();
    let dir = folder.path().to_str().unwrap();
    for (arguments, why) in [
        (vec!["--dir", dir], "no node"),
        (vec!["--dir", "/nowhere"], "no folder"),
        (vec!["--charter", dir], "no file"),
        (vec!["--dir", dir, "--only", "magic"], "no such attack"),
        (vec!["--dir", dir, "--seed", "7"], "nobody sets a seed"),
        (vec![], "no folder"),
    ] {
        let told = attack(&arguments);
        assert_eq!(told.status.code(), Some(2), "{why}: {told:?}");
        assert!(told.stdout.is_empty() && !told.stderr.is_empty(), "{why}: {told:?}");
        let said = String::from_utf8(told.stderr).unwrap();
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{why}: {said}");
        if why == "no node" {
            assert!(said.starts_with("error[no-node]: ") && said.contains("--charter"), "{said}");
        }
    }
}
