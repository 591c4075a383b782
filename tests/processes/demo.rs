//! The demo, as a visitor meets it: five real processes answer one question in a few seconds.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use sumac_tests::processes::{Ended, Program};
use tempfile::TempDir;

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

#[test]
fn five_processes_of_this_very_binary_answer_within_thirty_seconds() {
    let out = TempDir::new().unwrap();
    let began = Instant::now();
    let mut demo = started(&["demo", "--format", "json", "--out", &path(out.path())]);
    let line = demo.until("five nodes started");
    // The demo holds its breath while we look.
    demo.suspend();
    let nodes: BTreeSet<u32> = numbers_after(&line, "as processes ");
    assert_eq!(nodes.len(), 5, "five distinct processes: {line}");
    assert!(!nodes.contains(&demo.pid()), "none of them is the demo itself");
    let binary = Path::new(SUMAC).canonicalize().unwrap();
    for node in &nodes {
        assert_eq!(program_of(*node).as_ref(), Some(&binary), "process {node}");
        assert_eq!(parent_of(*node), Some(demo.pid()), "process {node}");
    }
    demo.resume();
    let ended = demo.ended();
    let took = began.elapsed();
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    assert!(took < Duration::from_secs(30), "a visitor waited {took:?}");
    assert!(nodes.iter().all(|node| program_of(*node) != Some(binary.clone())), "nothing is left running");
    let answer: Value = ended.json();
    assert_eq!(answer["operators"], serde_json::json!({"asked": 5, "counted": 5}));
    assert_eq!(ended.out.len(), 1, "standard output is the answer and nothing else");
    assert_timing(&ended, "jitter 0 ms");
    println!("demo: {:.1} s in all; its own account: {}", took.as_secs_f64(), timing(&ended));
}

#[test]
fn a_demo_with_upload_jitter_says_so_beside_its_timing() {
    let ended = sumac(&["demo", "--jitter", "100"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    assert_timing(&ended, "jitter 100 ms");
    println!("{}", timing(&ended));
}

#[test]
fn the_table_holds_data_only_and_everything_fits_eighty_columns() {
    let ended = sumac(&["demo"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    let (first, headings) = (&ended.out[0], &ended.out[1]);
    assert!(first.contains("courses"), "{first}");
    assert!(headings.contains("group") && headings.contains("95 % interval"), "{headings}");
    assert!(ended.out.last().unwrap().contains("ε 8.000 at δ 1e-6"), "{}", ended.text());
    for line in ended.out.iter().chain(&ended.talk) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    for line in &ended.out {
        assert!(!line.contains(" s  ") && !line.contains('\u{1b}'), "talk or colour in the data: {line}");
    }
}

#[test]
fn the_exact_answer_is_that_of_the_pooled_records() {
    let out = TempDir::new().unwrap();
    let ended = sumac(&["demo", "--exact", "--refusing", "0", "--format", "json", "--out", &path(out.path())]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    assert!(ended.talk.concat().contains("every figure equals that of the pooled records"), "{}", ended.text());
    let answer: Value = ended.json();
    let pooled = pooled();
    assert_eq!(answer["groups"].as_array().unwrap().len(), pooled.len());
    for group in answer["groups"].as_array().unwrap() {
        let arm = group["key"]["arm"].as_str().unwrap();
        let (want, estimates) = (&pooled[arm], group["estimates"].as_array().unwrap());
        let [courses, change, response] = estimates.as_slice() else { panic!("three estimates: {group}") };
        assert_eq!(courses["value"], want.courses, "{arm}");
        assert_eq!(change["n"], want.changes.len(), "{arm}");
        let sum: i64 = want.changes.iter().sum();
        let mean = f64::from(i32::try_from(sum).unwrap()) / f64::from(u32::try_from(want.changes.len()).unwrap());
        assert!((change["value"].as_f64().unwrap() - mean).abs() < 1e-9, "{arm}: {change} against {mean}");
        assert_eq!(
            (&response["events"], &response["n"]),
            (&want.responses.into(), &want.changes.len().into()),
            "{arm}"
        );
    }
}

#[test]
fn a_release_verifies_and_one_digit_changed_is_named() {
    let out = TempDir::new().unwrap();
    assert_eq!(sumac(&["demo", "--out", &path(out.path())]).exit, Some(0));
    let (file, charter) = (out.path().join("release.json"), path(&out.path().join("charter.json")));
    let verified = sumac(&["verify", &path(&file), "--charter", &charter]);
    assert_eq!(verified.exit, Some(0), "{}", verified.text());
    assert!(verified.out.concat().contains("every figure recomputed") && verified.talk.is_empty());
    let shown = [("answer.csv", "courses"), ("answer.html", "<!DOCTYPE html>"), ("plot.svg", "<svg")];
    for (name, holds) in shown {
        let (option, to) = (if name == "plot.svg" { "--plot" } else { "--answer" }, out.path().join(name));
        let shown = sumac(&["verify", &path(&file), "--charter", &charter, option, &path(&to)]);
        assert_eq!(shown.exit, Some(0), "{}", shown.text());
        assert!(std::fs::read_to_string(&to).unwrap().contains(holds), "{name}");
    }
    let again = sumac(&["verify", &path(&file), "--charter", &charter, "--plot", &path(&out.path().join("plot.svg"))]);
    assert_eq!(again.exit, Some(1), "never overwritten: {}", again.text());
    let csv = sumac(&["verify", &path(&file), "--charter", &charter, "--format", "csv"]);
    assert_eq!(csv.out.len(), 1 + 2 * 3, "a heading, and a row for each group and estimate: {}", csv.text());
    let whole: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let fields = [
        ("answer.groups[0].estimates[0].value", "a count"),
        ("answer.groups[1].estimates[1].value", "a mean"),
        ("answer.groups[1].estimates[1].ci95[0]", "an end of an interval"),
        ("answer.groups[0].estimates[2].n", "the n of a rate"),
        ("answer.comparisons[0].p", "a p value"),
        ("answer.epsilon", "the price"),
        ("answer.operators.counted", "how many took part"),
    ];
    for (field, why) in fields {
        let mut forged = whole.clone();
        let at = forged.pointer_mut(&pointer(field)).unwrap_or_else(|| panic!("no {field}"));
        *at = one_digit_changed(at);
        let forged_file = out.path().join("forged.json");
        std::fs::write(&forged_file, serde_json::to_string_pretty(&forged).unwrap()).unwrap();
        let refused = sumac(&["verify", &path(&forged_file), "--charter", &charter]);
        assert_eq!(refused.exit, Some(1), "{why}: {}", refused.text());
        assert!(refused.talk.concat().contains(&format!("`{field}`")), "{why}: {}", refused.text());
        assert!(refused.out.is_empty(), "{why}");
    }
    let mut forged = whole;
    forged["proof"]["shares"].as_array_mut().unwrap().swap(0, 1);
    std::fs::write(&file, forged.to_string()).unwrap();
    assert_eq!(sumac(&["verify", &path(&file), "--charter", &charter]).exit, Some(1), "shares in another order");
}

#[test]
fn the_exit_code_says_whose_move_it_is() {
    let kept = TempDir::new().unwrap();
    std::fs::write(kept.path().join("charter.json"), "{}").unwrap();
    let kept = path(kept.path());
    let below_a_file = format!("{SUMAC}/demo");
    let cases: [(&[&str], i32, &str); 8] = [
        (&["demo", "--refusing", "100"], 2, "nobody consents, so every group would be held back"),
        (&["demo", "--refusing", "101"], 2, "more than all"),
        (&["demo", "--jitter", "4001"], 2, "longer than the window leaves room for"),
        (&["demo", "--exact", "--epsilon", "1"], 2, "an exact study has no ε"),
        (&["demo", "--no-ask"], 2, "nothing would be seen of it"),
        (&["demo", "--epsilon", "0"], 2, "no price at all"),
        (&["demo", "--keep", &kept], 2, "a folder that holds a federation"),
        (&["demo", "--keep", &below_a_file], 1, "a folder that cannot be made"),
    ];
    for (arguments, code, why) in cases {
        let ended = sumac(arguments);
        assert_eq!(ended.exit, Some(code), "{why}: {}", ended.text());
        assert!(code == 4 || ended.out.is_empty(), "{why}: {}", ended.text());
    }
}

#[test]
fn a_kept_federation_answers_the_commands_it_prints_and_stops_when_told() {
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("federation");
    let mut demo = started(&["demo", "--exact", "--keep", &path(&kept)]);
    demo.until("Ctrl-C stops it");
    let mut ask = vec![demo.until("sumac ask")];
    while ask.last().is_some_and(|line| line.ends_with('\\')) {
        ask.push(demo.until(""));
    }
    let ask = ask.join("\n");
    let revoke = demo.until("sumac patient revoke");
    let cohorts = demo.until("sumac patient cohorts");
    let before = typed(&(ask.clone() + " --format json"), folder.path());
    assert_eq!(typed(&revoke, folder.path()).exit, Some(2), "nobody is there to be asked");
    assert_eq!(typed(&(revoke + " --yes"), folder.path()).exit, Some(0));
    let after = typed(&(ask + " --format json"), folder.path());
    assert_eq!(courses(&before), courses(&after) + 1, "whoever withdrew is not counted again");
    let cohorts = typed(&cohorts, folder.path());
    assert_eq!((cohorts.exit, cohorts.out.is_empty()), (Some(0), false), "{}", cohorts.text());
    demo.terminate();
    let ended = demo.ended();
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    assert!(kept.join("release.json").exists(), "the folder stays");
    assert!(!kept.join("A/control.sock").exists(), "its nodes stopped in good order");
}

/// What one arm of the trial looks like when all its records lie in one place.
#[derive(Default)]
struct Arm {
    courses: usize,
    changes: Vec<i64>,
    responses: usize,
}

/// The demo's question, answered from the trial's own file: HAM-D17 closest to day 42 within 32 to
/// 72 (the later of two as close), less the baseline on or before day 0, clipped to -30 to 15.
fn pooled() -> BTreeMap<String, Arm> {
    let mut scores: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for row in SCORES.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        if cells[4] == "HAMD17" {
            scores.entry(cells[2]).or_default().push((cells[5].parse().unwrap(), cells[6].parse().unwrap()));
        }
    }
    let mut arms: BTreeMap<String, Arm> = BTreeMap::new();
    for row in COURSES.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let arm = arms.entry(cells[3].to_owned()).or_default();
        arm.courses += 1;
        let scores = scores.get(cells[2]).map(Vec::as_slice).unwrap_or_default();
        let baseline = scores.iter().filter(|(day, _)| *day <= 0).max_by_key(|(day, _)| *day);
        let late = scores.iter().filter(|(day, _)| (32..=72).contains(day));
        let late = late.min_by_key(|(day, _)| ((day - 42).abs(), -day));
        let (Some((_, baseline)), Some((_, late))) = (baseline, late) else { continue };
        arm.changes.push((late - baseline).clamp(-30, 15));
        arm.responses += usize::from(late * 2 <= *baseline);
    }
    arms
}

/// The process's program, while it lives.
fn program_of(process: u32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{process}/exe")).ok()
}

fn started(arguments: &[&str]) -> Program {
    let mut command = Command::new(SUMAC);
    command.args(arguments);
    Program::start("sumac", command)
}

fn sumac(arguments: &[&str]) -> Ended {
    started(arguments).ended()
}

/// Runs a command line as somebody would who types it.
fn typed(line: &str, home: &Path) -> Ended {
    let mut shell = Command::new("sh");
    let bin = Path::new(SUMAC).parent().unwrap();
    let search = std::env::join_paths([PathBuf::from(bin), "/usr/bin".into(), "/bin".into()]).unwrap();
    shell.args(["-c", line]).env("PATH", search).env("SUMAC_HOME", home).current_dir(home);
    Program::start("sh", shell).ended()
}

fn courses(ended: &Ended) -> u64 {
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    let answer: Value = ended.json();
    answer["groups"].as_array().unwrap().iter().map(|group| group["estimates"][0]["value"].as_u64().unwrap()).sum()
}

/// The demo's own account of the time from question to answer.
fn timing(ended: &Ended) -> String {
    let at = ended.talk.iter().position(|line| line.contains("to verified release"));
    let lines = ended.talk.iter().skip(at.unwrap_or(usize::MAX)).take(2);
    lines.map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn assert_timing(ended: &Ended, jitter: &str) {
    let line = timing(ended);
    for part in [" ms (", "172 courses", "5 clinics", "k 3", "window", jitter, " build"] {
        assert!(line.contains(part), "`{part}` is missing from: {line}");
    }
}

fn numbers_after(line: &str, mark: &str) -> BTreeSet<u32> {
    let numbers = line.split(mark).nth(1).unwrap_or_default();
    numbers.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn parent_of(process: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// `answer.groups[0].n` as a JSON pointer.
fn pointer(field: &str) -> String {
    format!("/{}", field.replace('[', "/").replace(']', "").replace('.', "/"))
}

/// The number with one digit changed, far enough in front to matter.
fn one_digit_changed(number: &Value) -> Value {
    let mut text = number.to_string().into_bytes();
    let at = (0..text.len().min(6)).rev().find(|at| text[*at].is_ascii_digit()).unwrap();
    text[at] = if text[at] == b'9' { b'8' } else { text[at] + 1 };
    serde_json::from_slice(&text).unwrap()
}

fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

const SCORES: &str = include_str!("../data/real/hamd_duloxetine.csv");
const COURSES: &str = include_str!("../data/real/hamd_duloxetine.courses.csv");
