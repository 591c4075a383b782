//! What was asked and answered, listed, shown and written out again; and what can be asked, of a charter and of a node.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::fs;
use std::path::Path;

use serde_json::Value;
use sumac_tests::processes::{Ended, Question, Setup};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn done(ended: Ended) -> Ended {
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    for line in ended.out.iter().chain(&ended.talk) {
        if line.starts_with(['{', '[']) {
            continue;
        }
        let copied = line.trim_start().starts_with("SELECT") || line.trim_start().starts_with("sumac ");
        assert!(line.chars().count() <= 80 || copied || !line.trim().contains(' '), "too wide: {line}");
    }
    ended
}

fn refused(ended: &Ended, exit: i32, code: &str) {
    assert_eq!(ended.exit, Some(exit), "{}", ended.text());
    assert!(ended.talk.iter().any(|line| line.starts_with(&format!("error[{code}]: "))), "{code}: {}", ended.text());
}

#[test]
fn what_was_asked_is_listed_shown_and_written_out_again_without_asking_anybody() {
    let mut federation = Setup::default().start(SUMAC);
    let none = done(federation.sumac(["answers", "list"]));
    assert_eq!(none.out, ["nothing was asked from this account"]);
    let answered = federation.ask(&Question::how_many()).answer();
    // Nobody is there any more.
    for node in ['A', 'B', 'C', 'D', 'E'] {
        federation.kill(node);
    }
    let [charter, again] = ["charter.json", "again.json"].map(|file| federation.dir().join(file));
    let listed: Value = done(federation.sumac(["answers", "list", "--format", "json"])).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed[0]["id"], answered.query.as_str());
    assert_eq!((&listed[0]["answered"], &listed[0]["question"]), (&true.into(), &Question::how_many().text.into()));
    let table = done(federation.sumac(["answers", "list"]));
    assert!(table.out[0].starts_with(&answered.query[..16]) && table.out[0].contains("answered"), "{}", table.text());
    let other = done(federation.sumac(["answers", "list", "--study", "another"]));
    assert_eq!(other.out, none.out, "of another study there is none");
    let id = &answered.query[..8];
    let shown: Value = done(federation.sumac(["answers", "show", id, "--format", "json"])).json();
    assert_eq!(shown["groups"], answered.answer.as_ref().unwrap()["groups"]);
    let checked = done(federation.sumac(["answers", "show", id, "--charter", text(&charter)]));
    assert!(checked.talk.iter().any(|line| line.starts_with("checked: ")), "{}", checked.text());
    let _written = done(federation.sumac(["answers", "export", id, "--out", text(&again)]));
    assert_eq!(fs::read_to_string(&again).unwrap(), fs::read_to_string(&answered.release).unwrap(), "the same file");
    let _holds = done(federation.sumac(["verify", text(&again), "--charter", text(&charter)]));
    refused(&federation.sumac(["answers", "export", id, "--out", text(&again)]), 1, "file");
    refused(&federation.sumac(["answers", "show", "0000ffff"]), 1, "no-answer");
    refused(&federation.sumac(["answers", "show", ""]), 1, "no-answer");
}

#[test]
fn a_query_whose_answer_was_not_fetched_is_listed_as_such() {
    let federation = Setup::default().build(SUMAC);
    // No hub runs, so nothing can come back.
    let lost = federation.ask(&Question::how_many().living(5)).finish();
    assert_eq!(lost.exit, Some(3), "{:?}", lost.talk);
    let listed: Value = done(federation.sumac(["answers", "list", "--format", "json"])).json();
    assert_eq!((&listed[0]["answered"], &listed[0]["release"]), (&false.into(), &Value::Null));
    let unfetched = federation.sumac(["answers", "show", listed[0]["id"].as_str().unwrap()]);
    refused(&unfetched, 1, "answer-not-fetched");
    assert!(unfetched.text().contains("--resume"), "{}", unfetched.text());
    let answers = federation.researcher().join("answers");
    fs::create_dir_all(&answers).unwrap();
    fs::write(answers.join("torn.json"), "{").unwrap();
    let torn = done(federation.sumac(["answers", "list"]));
    assert_eq!(torn.out.len(), 2, "the others are listed all the same: {}", torn.text());
    assert!(torn.text().contains("warning[kept-unreadable]: "), "{}", torn.text());
}

#[test]
fn what_can_be_asked_and_in_which_studies_is_told_of_a_charter_and_of_a_node_alike() {
    let federation = Setup::exact(Setup::default()).build(SUMAC);
    let [charter, study] = ["charter.json", "study.json"].map(|file| federation.dir().join(file));
    let home = federation.home('C');
    let of_charter: Value =
        done(federation.sumac(["studies", "--charter", text(&charter), text(&study), "--format", "json"])).json();
    let of_node: Value = done(federation.sumac(["studies", "--dir", text(&home), "--format", "json"])).json();
    assert_eq!(of_charter, of_node);
    assert_eq!((&of_node[0]["id"], &of_node[0]["mode"]), (&"demo-hamd-week6".into(), &"exact".into()));
    assert_eq!((&of_node[0]["open"], &of_node[0]["planned"]), (&true.into(), &1.into()));
    let unknown: Value = done(federation.sumac(["studies", "--charter", text(&charter), "--format", "json"])).json();
    assert_eq!((&unknown[0]["digest"], &unknown[0]["id"]), (&of_node[0]["digest"], &Value::Null), "a digest alone");
    let _table = done(federation.sumac(["studies", "--dir", text(&home)]));

    let columns = |more: &[&str]| {
        let typed = ["columns", "--charter", text(&charter), "--format", "json"];
        done(federation.sumac(typed.iter().chain(more))).json::<Value>()
    };
    let all = columns(&[]);
    let names: Vec<&str> = all["columns"].as_array().unwrap().iter().filter_map(|c| c["name"].as_str()).collect();
    assert!(names.contains(&"HAMD17") || names.contains(&"hamd17"), "{names:?}");
    let of_study = columns(&["--study", text(&study)]);
    let readable = ["demographics", "treatment", "outcomes"];
    let categories = of_study["columns"].as_array().unwrap().iter().filter_map(|column| column["category"].as_str());
    assert!(categories.into_iter().all(|category| readable.contains(&category)), "{of_study}");
    let _table = done(federation.sumac(["columns", "--dir", text(&home)]));
    assert_eq!(federation.sumac(["columns"]).exit, Some(2));

    let shown = done(federation.sumac(["study", "show", text(&study), "--charter", text(&charter)]));
    let end = shown.out.iter().position(|row| row == "its patients are told besides:").unwrap();
    assert!(!shown.out[..end].iter().any(|row| row.contains("protects you")), "{}", shown.text());
}

#[test]
fn questions_of_a_file_are_priced_together_and_none_is_asked_where_one_cannot_be() {
    let mut federation = Setup::default().start(SUMAC);
    let path = |name: &str| federation.dir().join(name);
    let [file, out, charter] = ["questions.sql", "releases", "charter.json"].map(path);
    let ask = |more: &[&str]| {
        let [study, key] = ["study.json", "keys/researcher.key"].map(path);
        let given = ["ask", "--charter", text(&charter), "--study", text(&study), "--key", text(&key)];
        federation.sumac(given.iter().chain(more).copied())
    };
    let listed = || -> Value { done(federation.sumac(["answers", "list", "--format", "json"])).json() };
    fs::write(&file, "SELECT count(*) FROM courses; -- a typo:\nSELECT mean(agee) FROM courses;").unwrap();
    refused(&ask(&["--file", text(&file), "--rho", "1"]), 1, "unknown-name");
    fs::write(&file, "-- nothing; here\n").unwrap();
    refused(&ask(&["--file", text(&file), "--rho", "1"]), 1, "plan-empty");
    fs::write(
        &file,
        "-- Everybody.\nSELECT count(*) AS n\nFROM courses;\nSELECT count(*) AS n FROM courses GROUP BY arm",
    )
    .unwrap();
    refused(&ask(&["--file", text(&file), "--rho", "1000"]), 1, "query-too-dear");
    refused(&ask(&["--file", text(&file), "--rho", "1", "--format", "csv"]), 1, "answer-needs-a-file");
    assert_eq!(listed().as_array().map(Vec::len), Some(0), "nothing was sent");

    let answer = path("answer.json");
    let asked = done(ask(&["--file", text(&file), "--rho", "1", "--out", text(&out), "--answer", text(&answer)]));
    assert!(asked.talk.iter().any(|line| line.contains("ρ 0.5 each: ρ 1 together")), "{}", asked.text());
    let answers = ["answer-1.json", "answer-2.json"]
        .map(|name| -> Value { serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap() });
    assert_eq!(answers.each_ref().map(|answer| answer["rho_micro"].clone()), [500_000, 500_000].map(Value::from));
    assert_eq!(answers.each_ref().map(|answer| answer["groups"].as_array().unwrap().len()), [1, 2]);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2, "a release for each");
    let listed = listed();
    assert_eq!(listed[0]["question"], "SELECT count(*) AS n FROM courses", "in one form");
    let [id, key] = [listed[1]["id"].as_str().unwrap(), text(&path("keys/researcher.key")).to_owned().leak()];
    let watch = |more: &str| federation.sumac(["watch", id, "--charter", text(&charter), "--key", key, more]);
    assert_eq!(done(watch("--once")).out, ["answered"]);
    let seen: Value = done(watch("--format=json")).json();
    assert_eq!((&seen["step"], &seen["asked"], &seen["contributed"]), (&"answered".into(), &5.into(), &Value::Null));
    refused(&federation.sumac(["watch", "ffff", "--charter", text(&charter), "--key", key]), 1, "no-pending");
    federation.kill('A');
}

#[test]
fn a_rehearsal_answers_under_the_charters_rules_and_sends_nothing() {
    let federation = Setup::default().build(SUMAC);
    let charter = federation.dir().join("charter.json");
    let rehearse = |more: &[&str]| {
        federation.sumac(["ask", "--charter", text(&charter), "--rehearse=40"].iter().chain(more).copied())
    };
    let question = "SELECT count(*) AS n FROM courses";
    let told = done(rehearse(&[question, "--epsilon", "8", "--format", "json"]));
    let answer: Value = told.json();
    let courses = answer["groups"][0]["estimates"][0]["value"].as_u64().unwrap();
    let each: u64 =
        told.talk.iter().find_map(|line| line.strip_prefix("a rehearsal: ")?.split(' ').next()?.parse().ok()).unwrap();
    assert!(courses.abs_diff(5 * each) <= 40, "{courses} of {each} at each of five");
    assert_eq!(answer["study"], "rehearsal");
    let none = done(federation.sumac(["answers", "list"]));
    assert_eq!(none.out, ["nothing was asked from this account"]);
    refused(&rehearse(&[question, "--epsilon", "1000000"]), 1, "query-too-dear");
    refused(&rehearse(&["SELECT count(*) FROM cources", "--epsilon", "1"]), 1, "no-such-table");
}
