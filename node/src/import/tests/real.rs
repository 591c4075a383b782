//! Three real sets give the counts that independent statistics software found. One of them is part of
//! this project; the terms of the other two keep them out, and `SUMAC_REFERENCE_DATA` names the folder
//! whose `real/` holds them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::{Course, FieldValue};

use crate::import::{Imported, Mapping, SourceFile, Sources, read_records};

const IDS: &str = "[courses]\npatient = \"course_id\"\ncourse = \"course_id\"\n";
const ASSESSMENTS: &str = "[assessments]\npatient = \"course_id\"\ncourse = \"course_id\"\n\
                           instrument = \"instrument\"\nday = \"day\"\nvalue = \"value\"\n";
const TIMES: &str = "[[courses.time_to_event]]\nkind = \"tte_name\"\nday = \"tte_days\"\nhappened = \"tte_event\"\n";

fn instrument(id: &str, max: i64, decimals: u8) -> String {
    format!(
        "[[instrument]]\nid = \"{id}\"\nversion = \"1\"\ncategory = \"outcomes\"\nmin = 0\nmax = {max}\n\
         decimals = {decimals}\nbetter = \"lower\"\nsource = \"s\"\nlicence = \"totals only\"\n"
    )
}

fn category(id: &str, values: &str) -> String {
    format!("[[field]]\nid = \"{id}\"\ntype = \"category\"\ncategory = \"treatment\"\nvalues = [{values}]\n")
}

fn number(id: &str, max: u32) -> String {
    format!("[[field]]\nid = \"{id}\"\ntype = \"number\"\ncategory = \"treatment\"\nmin = 0\nmax = {max}\n")
}

/// The folder of the set, or none where it is not to be had.
fn folder(set: &str) -> Option<PathBuf> {
    if set == "hamd_duloxetine" {
        return Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/real"));
    }
    let named = std::env::var_os("SUMAC_REFERENCE_DATA").map(|folder| Path::new(&folder).join("real"));
    let found = named.filter(|folder| folder.join(format!("{set}.csv")).exists());
    if found.is_none() {
        println!("skipped: {set} is not here; set SUMAC_REFERENCE_DATA to the folder that holds real/{set}.csv");
    }
    found
}

struct Trial {
    imported: Imported,
    expected: Value,
}

/// Imports a set under a dictionary and mapping of these parts.
fn trial(set: &str, dictionary: &[String], mapping: &str) -> Option<Trial> {
    let folder = folder(set)?;
    let open = |file: &str| File::open(folder.join(format!("{set}{file}.csv"))).unwrap();
    let sources = Sources::from([(SourceFile::Courses, open(".courses")), (SourceFile::Assessments, open(""))]);
    let dictionary = format!("name = \"{set}\"\nversion = 1\n{}", dictionary.concat());
    let dictionary = Dictionary::parse(&dictionary).unwrap();
    let imported = read_records(&dictionary, &Mapping::parse(mapping).unwrap(), sources).unwrap();
    assert_eq!(imported.rejects, [], "{set}");
    assert!(imported.unknown.is_empty(), "{set}: {:?}", imported.unknown);
    let courses = imported.patients.values().flat_map(|record| &record.courses);
    courses.for_each(|course| assert_eq!(dictionary.check_course(course), [], "{set}"));
    let expected = std::fs::read(folder.join(format!("{set}.expected.json"))).unwrap();
    Some(Trial { imported, expected: serde_json::from_slice(&expected).unwrap() })
}

impl Trial {
    fn courses(&self) -> impl Iterator<Item = &Course> {
        self.imported.patients.values().flat_map(|record| &record.courses)
    }

    fn answer(&self, id: &str) -> &Value {
        let mut queries = self.expected["queries"].as_array().unwrap().iter();
        &queries.find(|query| query["id"] == id).unwrap_or_else(|| panic!("no query {id}"))["answer"]
    }

    /// How many courses of each arm are such.
    fn by_arm(&self, such: impl Fn(&Course) -> bool) -> BTreeMap<String, u64> {
        let mut arms = BTreeMap::new();
        for course in self.courses() {
            let FieldValue::Category(arm) = &course.fields["arm"] else { panic!("an arm is a category") };
            *arms.entry(arm.clone()).or_default() += u64::from(such(course));
        }
        arms
    }

    fn assessments(&self) -> usize {
        self.courses().map(|course| course.assessments.len()).sum()
    }
}

fn inside(course: &Course, instrument: &str, (from, to): (i32, i32)) -> bool {
    course.assessments.iter().any(|found| found.instrument == instrument && (from..=to).contains(&found.day))
}

fn numbers(answer: &Value, key: &str) -> BTreeMap<String, u64> {
    answer.as_object().unwrap().iter().map(|(arm, of)| (arm.clone(), of[key].as_u64().unwrap())).collect()
}

fn counts(answer: &Value) -> BTreeMap<String, u64> {
    answer.as_object().unwrap().iter().map(|(arm, n)| (arm.clone(), n.as_u64().unwrap())).collect()
}

#[test]
fn duloxetine_courses_assessments_missing_endpoints_and_drop_outs_are_those_of_the_reference() {
    let dictionary = [
        instrument("HAMD17", 52, 0),
        instrument("HAMA", 56, 0),
        instrument("PGI-I", 7, 0),
        category("arm", "\"drug\", \"placebo\""),
        category("sex", "\"F\", \"M\""),
        "[[time_to_event]]\nid = \"discontinuation\"\n".to_owned(),
    ];
    let mapping = format!("{IDS}[courses.fields]\narm = \"arm\"\nsex = \"sex\"\n{TIMES}{ASSESSMENTS}");
    let trial = trial("hamd_duloxetine", &dictionary, &mapping).unwrap();
    assert_eq!((trial.courses().count(), trial.assessments(), trial.imported.rows_read), (172, 1_993, 172 + 1_993));
    assert_eq!(trial.by_arm(|_| true), counts(trial.answer("courses_by_arm")));
    let missing = trial.by_arm(|course| !inside(course, "HAMD17", (32, 72)));
    assert_eq!(missing, numbers(trial.answer("missing_endpoint_by_arm"), "missing"));
    assert_eq!(trial.courses().map(|course| course.time_to_event.len()).sum::<usize>(), 172);
}

#[test]
fn btheb_courses_assessments_and_missing_endpoints_are_those_of_the_reference() {
    let dictionary = [
        instrument("BDI-II", 63, 0),
        category("arm", "\"btheb\", \"tau\""),
        category("episode_length", "\"short\", \"long\""),
        "[[field]]\nid = \"antidepressant\"\ntype = \"flag\"\ncategory = \"treatment\"\n".to_owned(),
    ];
    let fields = "arm = \"arm\"\nantidepressant = \"antidepressant\"\nepisode_length = \"episode_length\"\n";
    let codes = "[courses.codes.episode_length]\n\"<6m\" = \"short\"\n\">6m\" = \"long\"\n";
    let mapping = format!("{IDS}[courses.fields]\n{fields}{codes}{ASSESSMENTS}");
    let Some(trial) = trial("bdi_btheb", &dictionary, &mapping) else { return };
    assert_eq!((trial.courses().count(), trial.assessments()), (100, 380));
    assert_eq!(trial.by_arm(|_| true), counts(trial.answer("courses_by_arm")));
    let missing = trial.by_arm(|course| !inside(course, "BDI-II", (46, 76)));
    assert_eq!(missing, numbers(trial.answer("missing_endpoint_by_arm"), "missing"));
    for (day, window) in [(91, (77, 121)), (152, (122, 182)), (244, (214, 274))] {
        let found = trial.by_arm(|course| inside(course, "BDI-II", window));
        assert_eq!(found, numbers(trial.answer(&format!("mean_at_day_{day}_by_arm")), "n"), "day {day}");
    }
}

#[test]
fn uis_courses_scores_and_relapses_are_those_of_the_reference() {
    let dictionary = [
        instrument("BDI", 63_000, 3),
        category("arm", "\"long\", \"short\""),
        number("age", 120),
        number("prior_treatments", 100),
        "[[field]]\nid = \"race_other\"\ntype = \"flag\"\ncategory = \"demographics\"\n".to_owned(),
        "[[time_to_event]]\nid = \"return_to_drug_use\"\n".to_owned(),
    ];
    let fields = "arm = \"arm\"\nage = \"age\"\nprior_treatments = \"prior_treatments\"\nrace_other = \"race_other\"\n";
    let mapping = format!("{IDS}[courses.fields]\n{fields}{TIMES}{ASSESSMENTS}");
    let Some(trial) = trial("uis_relapse", &dictionary, &mapping) else { return };
    assert_eq!((trial.courses().count(), trial.assessments()), (575, 575));
    let scored = trial.by_arm(|course| inside(course, "BDI", (0, 0)));
    assert_eq!(scored, numbers(trial.answer("baseline_bdi_by_arm"), "n"));
    let relapsed = trial.by_arm(|course| course.time_to_event[0].happened);
    assert_eq!(relapsed.values().sum::<u64>(), 464);
    let within = trial.by_arm(|course| course.time_to_event[0].happened && course.time_to_event[0].day <= 180);
    assert_eq!(within, numbers(&trial.answer("relapse_within_180_by_arm")["by_arm"], "events"));
}
