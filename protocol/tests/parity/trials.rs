//! The three trials as records, with a dictionary of their own in which the site is a field: `centre`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::{Assessment, Course, FieldValue, TimeToEvent};

/// One trial.
pub(crate) struct Trial {
    pub(crate) dictionary: Dictionary,
    /// Site and course of each participant, in the order of the file.
    pub(crate) courses: Vec<(String, Course)>,
    pub(crate) expected: Value,
    /// The last day on which anybody was seen who was followed until something happened.
    pub(crate) last_day: i32,
    /// How many numbers of it no question tells for a reason of its own: totals to three decimals have more values than
    /// a histogram may have bins.
    pub(crate) cannot: usize,
}

/// Name, largest total, decimals.
type Instruments = &'static [(&'static str, i64, u8)];

impl Trial {
    /// `None` where the files are not.
    pub(crate) fn read(name: &str) -> Option<Self> {
        let (instruments, numbers, cannot): (Instruments, &[&str], usize) = match name {
            "hamd_duloxetine" => (&[("HAMD17", 52, 0), ("HAMA", 56, 0), ("PGI-I", 7, 0)], &[], 0),
            "bdi_btheb" => (&[("BDI-II", 63, 0)], &[], 0),
            _ => (&[("BDI", 63, 3)], &["age", "prior_treatments"], 14),
        };
        let folder = folder(name)?;
        let text = |end: &str| std::fs::read_to_string(folder.join(format!("{name}{end}"))).unwrap();
        let mut scores: BTreeMap<String, Vec<Assessment>> = BTreeMap::new();
        for row in rows(&text(".csv")) {
            let (instrument, day) = (&row["instrument"], row["day"].parse().unwrap());
            let (_, _, decimals) = instruments.iter().find(|(known, ..)| known == instrument).unwrap();
            let value = units(&row["value"], *decimals);
            scores.entry(row["course_id"].clone()).or_default().push(Assessment::total(instrument, day, value));
        }
        let mut courses = Vec::new();
        for row in rows(&text(".courses.csv")) {
            let mut course = course(&row, numbers);
            course.assessments = scores.remove(&course.id).unwrap_or_default();
            course.assessments.sort();
            courses.push((row["site"].clone(), course));
        }
        let dictionary = Dictionary::parse(&dictionary(name, instruments, numbers, &courses)).unwrap();
        let days = courses.iter().flat_map(|(_, course)| &course.time_to_event).map(|time| time.day);
        let last_day = days.max().unwrap_or(0);
        let expected = serde_json::from_str(&text(".expected.json")).unwrap();
        Some(Self { dictionary, courses, expected, last_day, cannot })
    }
}

/// Where the files of a trial are.
fn folder(name: &str) -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/real");
    let named = std::env::var_os("SUMAC_REFERENCE_DATA").map(|folder| Path::new(&folder).join("real"));
    [Some(ours), named].into_iter().flatten().find(|folder| folder.join(format!("{name}.csv")).exists())
}

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let named = |(name, cell): (&&str, &str)| ((*name).to_owned(), cell.to_owned());
    lines.map(|line| head.iter().zip(line.split(',')).map(named).collect()).collect()
}

/// A decimal in units of 10^-decimals.
fn units(text: &str, decimals: u8) -> i64 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    assert!(rest.len() <= usize::from(decimals), "{text}");
    format!("{whole}{rest:0<width$}", width = usize::from(decimals)).parse().unwrap()
}

/// A category as a question may write it.
pub(crate) fn code(value: &str) -> String {
    value.replace('<', "under_").replace('>', "over_")
}

const CATEGORIES: [&str; 4] = ["arm", "sex", "antidepressant", "episode_length"];

fn course(row: &BTreeMap<String, String>, numbers: &[&str]) -> Course {
    let mut course = Course { id: row["course_id"].clone(), ..Course::default() };
    course.fields.insert("centre".to_owned(), FieldValue::Category(row["site"].clone()));
    for name in CATEGORIES {
        if let Some(value) = row.get(name).filter(|value| !value.is_empty()) {
            course.fields.insert(name.to_owned(), FieldValue::Category(code(value)));
        }
    }
    for name in numbers {
        if let Some(value) = row.get(*name).filter(|value| !value.is_empty()) {
            course.fields.insert((*name).to_owned(), FieldValue::Number(value.parse().unwrap()));
        }
    }
    if let Some(kind) = row.get("tte_name").filter(|kind| !kind.is_empty()) {
        let (day, happened) = (row["tte_days"].parse().unwrap(), row["tte_event"] == "1");
        course.time_to_event.push(TimeToEvent { kind: kind.clone(), day, happened });
    }
    course
}

/// The dictionary of a trial: its categories' values in alphabetical order, as the reference answers compare them.
fn dictionary(name: &str, instruments: Instruments, numbers: &[&str], courses: &[(String, Course)]) -> String {
    let mut text = format!("name = \"{}\"\nversion = 1\n", name.replace('_', "-"));
    for (id, max, decimals) in instruments {
        let scale = 10_i64.pow(u32::from(*decimals));
        text += &format!(
            "[[instrument]]\nid = \"{id}\"\nversion = \"1\"\ncategory = \"outcomes\"\nmin = 0\nmax = {}\n\
             decimals = {decimals}\nbetter = \"lower\"\nsource = \"the trial\"\nlicence = \"none needed\"\n",
            max * scale
        );
    }
    for field in CATEGORIES.iter().chain(&["centre"]) {
        let of = |course: &Course| {
            let Some(FieldValue::Category(value)) = course.fields.get(*field) else { return None };
            Some(value.clone())
        };
        let values: BTreeSet<String> = courses.iter().filter_map(|(_, course)| of(course)).collect();
        if !values.is_empty() {
            text += &format!(
                "[[field]]\nid = \"{field}\"\ntype = \"category\"\ncategory = \"treatment\"\nvalues = {values:?}\n\
                 source = \"the trial\"\n"
            )
            .replace('{', "[")
            .replace('}', "]");
        }
    }
    for field in numbers {
        text += &format!(
            "[[field]]\nid = \"{field}\"\ntype = \"number\"\ncategory = \"demographics\"\nmin = 0\nmax = 120\n\
             source = \"the trial\"\n"
        );
    }
    let kinds: BTreeSet<&str> =
        courses.iter().flat_map(|(_, course)| &course.time_to_event).map(|time| time.kind.as_str()).collect();
    for kind in kinds {
        text += &format!("[[time_to_event]]\nid = \"{kind}\"\nsource = \"the trial\"\n");
    }
    text
}
