//! The field's open questions, in `docs/questions`, are asked of five synthetic clinics and answered.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests with figures")]

use std::fs;
use std::path::{Path, PathBuf};

use sumac_federation::federation;
use sumac_federation::trial::Participant;
use sumac_node::synthetic::Generator;
use sumac_protocol::answer::{Answer, Found};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::{Dictionary, KETAMINE};
use sumac_protocol::plan::Mode;
use sumac_protocol::question::{self, several};
use sumac_protocol::record::{Course, Record};

/// Courses of each of the five kinds of clinic.
const COURSES: u64 = 150;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/questions")
}

/// The name and text of every file, by name.
fn files() -> Vec<(String, String)> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, String)> = entries
        .filter(|path| path.extension().is_some_and(|end| end == "sql"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    files
}

fn questions(text: &str) -> Vec<&str> {
    several(text).into_iter().map(|at| text[at].trim()).collect()
}

fn synthetic() -> Vec<Participant> {
    let (generator, dictionary) = (Generator::new("ketamine", 20).unwrap(), Dictionary::ketamine().unwrap());
    let mut participants = Vec::new();
    for clinic in 0..5 {
        for number in 0..COURSES {
            let mut course = Course { id: "1".into(), ..generator.course(clinic, number).unwrap().course };
            // As the importer does.
            dictionary.fill_told(&mut course);
            participants.push(Participant {
                site: clinic.to_string(),
                pseudonym: format!("SYN-{clinic}-{number}"),
                arm: String::new(),
                sex: String::new(),
                record: Record { courses: vec![course] },
            });
        }
    }
    participants
}

/// Whether an estimate says anything.
fn tells(found: &Found) -> bool {
    let json = serde_json::to_value(found).unwrap();
    let value = &json["value"];
    !value.is_null() && value.as_array().is_none_or(|points| !points.is_empty())
}

/// The estimates of an answer that say nothing in any group.
fn silent(answer: &Answer) -> Vec<String> {
    let estimates = || answer.groups.iter().flat_map(|group| &group.estimates);
    let told = |name: &str| estimates().any(|estimate| estimate.name == name && tells(&estimate.found));
    let mut silent: Vec<String> =
        estimates().filter(|estimate| !told(&estimate.name)).map(|estimate| estimate.name.clone()).collect();
    silent.dedup();
    silent
}

#[test]
fn each_of_the_eighteen_open_questions_begins_with_one_line_of_plain_english_and_can_be_asked_in_both_modes() {
    let dictionary = Dictionary::ketamine().unwrap();
    let files = files();
    for (at, (name, text)) in files.iter().enumerate() {
        assert!(name.starts_with(&format!("{:02}-", at + 1)), "{name} is number {}", at + 1);
        let line = text.lines().next().unwrap();
        assert!(line.starts_with("-- ") && line.ends_with('?') && line.len() <= 160, "{name}: {line}");
        for text in questions(text) {
            for mode in [Mode::Dp, Mode::Exact] {
                question::compile(text, &dictionary, mode).unwrap_or_else(|why| panic!("{name}: {why}"));
            }
        }
    }
    assert_eq!(files.len(), 18);
}

#[test]
fn each_open_question_is_answered_by_five_synthetic_clinics() {
    let files = files();
    let asked: Vec<(&str, &'static str)> = files
        .iter()
        .flat_map(|(name, text)| questions(text).into_iter().map(move |one| (name.as_str(), one)))
        .map(|(name, one)| (name, &*Box::leak(one.to_owned().into_boxed_str())))
        .collect();
    let plans: Vec<&'static str> = asked.iter().map(|(_, text)| *text).collect();
    let mut federation = federation()
        .dictionary(KETAMINE)
        .participants(synthetic())
        .exact(&plans)
        .test_data()
        .policy(|policy| (policy.cohort_min, policy.exact_local_min, policy.queries_per_study_day) = (1, 1, 100))
        .build();
    for (name, text) in asked {
        let answer = federation.ask(text, RhoMicro(0)).released().answer;
        let shown = answer.groups.iter().filter(|group| !group.suppressed).count();
        println!("{name}: {} groups, {shown} shown, {} comparisons", answer.groups.len(), answer.comparisons.len());
        assert!(shown > 0, "{name} shows nothing");
        assert_eq!(silent(&answer), Vec::<String>::new(), "{name}");
        assert_eq!(answer.operators.counted, 5, "{name}");
    }
}
