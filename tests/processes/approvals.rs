//! A clinic whose lead decides: nothing is read, charged or sent before a yes, and never after a no.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::fs;
use std::path::Path;

use serde_json::Value;
use sumac_tests::processes::{Ended, Federation, Question, Setup};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A federation in which this node's lead decides.
fn deciding(node: char, policy: &str) -> Federation {
    let mut federation = Setup::default().build(SUMAC);
    let file = federation.home(node).join("node.toml");
    let settings = format!("approval = \"{policy}\"\n{}", fs::read_to_string(&file).unwrap());
    fs::write(&file, settings).unwrap();
    federation.start_all();
    federation
}

fn queries(federation: &Federation, typed: &[&str]) -> Ended {
    let home = federation.home('C');
    federation.sumac([&["queries"], typed, &["--dir", text(&home)]].concat())
}

fn done(federation: &Federation, typed: &[&str]) -> Ended {
    let ended = queries(federation, typed);
    assert_eq!(ended.exit, Some(0), "{typed:?}: {}", ended.text());
    for line in ended.out.iter().chain(&ended.talk).filter(|line| !line.starts_with('[')) {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
    ended
}

fn pending(federation: &Federation) -> Vec<String> {
    let listed: Value = done(federation, &["pending", "--format", "json"]).json();
    let listed = listed.as_array().unwrap().iter().map(|query| query["study_id"].to_string());
    listed.collect()
}

/// Whether the clinic ever selected a cohort for a query.
fn was_selected(federation: &Federation, query: &str) -> bool {
    let home = federation.home('C');
    let cohorts = federation.sumac(["patient", "cohorts", "--dir", text(&home)]);
    assert_eq!(cohorts.exit, Some(0), "{}", cohorts.text());
    cohorts.out.iter().any(|line| line.contains(&query[..8]))
}

#[test]
fn a_query_is_contributed_to_after_a_yes_and_a_no_or_silence_reads_charges_and_says_nothing() {
    let mut federation = deciding('C', "by_hand");
    assert!(pending(&federation).is_empty());
    let refused = queries(&federation, &["approve", "4f8a1c22"]);
    assert_eq!(refused.exit, Some(1), "{}", refused.text());
    assert!(refused.text().contains("error[query-not-waiting]"), "{}", refused.text());

    let asked = federation.ask(&Question::how_many());
    federation.until_logged('C', "a query waits for a person");
    assert!(!was_selected(&federation, asked.query()), "nothing is read before a yes");
    let shown = done(&federation, &["show", &asked.query()[..8]]).out.join("\n");
    done(&federation, &["approve", &asked.query()[..8]]);
    for words in ["count(*)", "over all courses", "ρ 0.02", "rests on 4", "of all clinics"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let answered = asked.answer();
    assert_eq!(answered.operators("counted"), 5, "{:?}", answered.answer);
    assert!(was_selected(&federation, &answered.query));
    assert!(pending(&federation).is_empty(), "what was decided waits no more");

    let asked = federation.ask(&Question::how_many());
    federation.until_logged('C', "a query waits for a person");
    done(&federation, &["refuse", &asked.query()[..8], "--why", "too few of us"]);
    let answered = asked.answer();
    assert_eq!(answered.operators("counted"), 4, "the clinic is as if it had not been there");
    assert!(!answered.said("too few of us"), "nobody is told why");
    assert!(!was_selected(&federation, &answered.query), "nothing was read or charged");

    // A restart while it waits: the coordinator calls again, and it waits again. Then nobody decides.
    let asked = federation.ask(&Question::how_many());
    federation.until_logged('C', "a query waits for a person");
    federation.stop('C');
    federation.restart('C');
    let answered = asked.answer();
    assert_eq!(answered.operators("counted"), 4);
    assert!(!was_selected(&federation, &answered.query));
    assert!(pending(&federation).is_empty(), "what nobody decided of lapsed with its window");
    let late = queries(&federation, &["approve", &answered.query[..8]]);
    assert_eq!(late.exit, Some(1), "{}", late.text());
}

#[test]
fn a_study_is_decided_of_once_and_the_decision_outlives_the_node() {
    let mut federation = deciding('C', "by_study");
    let asked = federation.ask(&Question::how_many());
    federation.until_logged('C', "a query waits for a person");
    let said = done(&federation, &["approve", &asked.query()[..8]]);
    assert!(said.text().contains("every query of the study"), "{}", said.text());
    assert_eq!(asked.answer().operators("counted"), 5);
    federation.kill('C');
    federation.restart('C');
    let answered = federation.ask(&Question::how_many()).answer();
    assert_eq!(answered.operators("counted"), 5, "nobody is asked again");
}
