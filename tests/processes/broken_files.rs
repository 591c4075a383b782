//! Files that a clinic may really have in hand, broken in one way each: every one ends in rejects with
//! place and remedy, or in one error, never in a crash or a hang; and whatever it was, the node holds
//! whole patients only.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]

#[path = "broken_files/csv_cases.rs"]
mod csv_cases;
#[path = "broken_files/fhir_cases.rs"]
mod fhir_cases;
#[path = "broken_files/shapes.rs"]
mod shapes;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sumac_tests::processes::{Clinics, Ended};

use shapes::Shape;

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// One broken file.
#[derive(Clone, Copy)]
struct Case {
    /// The file of the shape that is broken.
    file: &'static str,
    /// How.
    breakage: Breakage,
    /// What must come of it.
    ends: Ends,
    /// What is wrong with it.
    why: &'static str,
}

/// What is done to a sound file. `%B` stands for the patient whose rows stand between the others'.
#[derive(Clone, Copy)]
enum Breakage {
    /// This text, which stands in it, becomes that.
    Text(&'static str, &'static str),
    /// The whole becomes other bytes.
    Bytes(fn(&str) -> Vec<u8>),
}

/// How an import of it ends.
#[derive(Clone, Copy)]
enum Ends {
    /// In an error of this code that says this; nothing is kept.
    Error(&'static str, &'static str),
    /// In a reject of this code, of this column or element, with this in the remedy.
    Reject(&'static str, &'static str, &'static str),
    /// In the sound records: only the spelling was odd.
    Read,
}

/// A node that everything is brought into.
struct Desk {
    clinics: Clinics,
    /// How many patients it holds.
    held: usize,
}

impl Desk {
    /// Brings files of a shape in, and gives back how that ended and the records that it left, by the
    /// letter of the patient.
    fn import(&mut self, shape: Shape, name: &str, files: &[(&str, Vec<u8>)]) -> (Ended, BTreeMap<String, Value>) {
        let folder = self.clinics.path(name);
        fs::create_dir(&folder).unwrap();
        for (file, bytes) in files {
            fs::write(folder.join(file), bytes).unwrap();
        }
        let words = shape.words(&self.clinics.path("one"), &folder);
        let ended = self.clinics.sumac(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let records = self.clinics.records("one");
        let all = records.len();
        let own = |(pseudonym, record): (String, Value)| {
            let letter = pseudonym.strip_prefix(name)?.strip_prefix('-')?.to_owned();
            // Records are compared between imports under different names.
            Some((letter, serde_json::from_str(&record.to_string().replace(name, "")).unwrap()))
        };
        let own: BTreeMap<String, Value> = records.into_iter().filter_map(own).collect();
        assert_eq!(all, self.held + own.len(), "{name}: nobody else came or went");
        self.held = all;
        (ended, own)
    }
}

/// Runs a table, and lists every case that ends otherwise.
fn each_ends_as_it_should(shape: Shape, cases: &[Case]) {
    let mut desk = Desk { clinics: Clinics::make(SUMAC), held: 0 };
    let (ended, whole) = desk.import(shape, "sound", &sound(shape, "sound"));
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    assert_eq!(whole.keys().map(String::as_str).collect::<Vec<_>>(), ["A", "B", "C"]);
    assert!(!desk.clinics.path("sound/rejects.csv").exists(), "nothing is left out: {}", ended.text());
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let name = format!("n{number}");
        let mut files = sound(shape, &name);
        let (_, bytes) = files.iter_mut().find(|(file, _)| *file == case.file).unwrap();
        let place = breaks(case.breakage, bytes, &name);
        let (ended, left) = desk.import(shape, &name, &files);
        let rejects = fs::read_to_string(desk.clinics.path(&name).join("rejects.csv")).unwrap_or_default();
        let flaws = flaws(shape, case, place, &ended, &rejects).into_iter().chain(halves(case, &left, &whole));
        wrong.extend(flaws.map(|flaw| format!("{shape:?} {number}, {}: {flaw}", case.why)));
    }
    assert!(wrong.is_empty(), "{} flaws\n{}", wrong.len(), wrong.join("\n"));
}

/// The sound files under the names of one import's patients.
fn sound(shape: Shape, name: &str) -> Vec<(&'static str, Vec<u8>)> {
    shape.files().into_iter().map(|(file, text)| (file, named(&text, name).into_bytes())).collect()
}

/// Breaks a file, and gives back the line of the flaw where that is one line: the first that differs.
fn breaks(breakage: Breakage, bytes: &mut Vec<u8>, name: &str) -> Option<usize> {
    let text = String::from_utf8(std::mem::take(bytes)).unwrap();
    match breakage {
        Breakage::Bytes(change) => {
            *bytes = change(&text);
            None
        }
        Breakage::Text(from, to) => {
            let (from, to) = (named(from, name), named(to, name));
            assert!(text.contains(&from), "{from} stands in {text}");
            let broken = text.replacen(&from, &to, 1);
            let same = text.lines().zip(broken.lines()).take_while(|(sound, broken)| sound == broken).count();
            *bytes = broken.into_bytes();
            Some(same + 1)
        }
    }
}

/// What is wrong with how an import ended.
fn flaws(shape: Shape, case: &Case, line: Option<usize>, ended: &Ended, rejects: &str) -> Vec<String> {
    let said = ended.talk.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let mut flaws = Vec::new();
    let mut needs = |holds: bool, what: String| {
        if !holds {
            flaws.push(format!("{what}; it said: {}{rejects}", ended.text()));
        }
    };
    match case.ends {
        Ends::Error(code, words) => {
            needs(ended.exit == Some(1), format!("exit {:?} instead of 1", ended.exit));
            needs(said.starts_with(&format!("error[{code}]: ")), format!("no error {code}"));
            needs(said.contains(words), format!("`{words}` is not said"));
            let remedy =
                |line: &&String| ["  to do: ", "  = "].iter().any(|mark| line.starts_with(mark) && line.len() > 15);
            needs(ended.talk.iter().any(|line| remedy(&line)), "nothing to do".to_owned());
            needs(said.len() < 4_096, "an error is for reading".to_owned());
        }
        Ends::Reject(code, place, remedy) => {
            needs(ended.exit == Some(0), format!("exit {:?} instead of 0", ended.exit));
            let row = rejects.lines().find(|row| row.contains(&format!(",{code},")));
            needs(row.is_some(), format!("no reject {code}"));
            let row = row.unwrap_or_default();
            let at = line.map_or_else(String::new, |line| shape.place(case.file, line));
            needs(row.starts_with(&at), format!("not in `{at}`"));
            needs(row.contains(&format!(",{place},")), format!("not of `{place}`"));
            needs(row.rsplit_once(code).is_some_and(|(_, rest)| rest.contains(remedy)), format!("no `{remedy}` to do"));
        }
        Ends::Read => {
            needs(ended.exit == Some(0), format!("exit {:?} instead of 0", ended.exit));
            needs(rejects.is_empty(), "something was left out".to_owned());
        }
    }
    flaws
}

/// What of the records is not whole: nobody is kept after an error; nobody notices a reject but whom it
/// is about, of whom everything else is kept, or nothing.
fn halves(case: &Case, left: &BTreeMap<String, Value>, whole: &BTreeMap<String, Value>) -> Vec<String> {
    match case.ends {
        Ends::Error(..) if left.is_empty() => Vec::new(),
        Ends::Error(..) => vec![format!("kept: {:?}", left.keys())],
        Ends::Read if left == whole => Vec::new(),
        Ends::Read => vec![format!("read otherwise: {left:?}")],
        Ends::Reject(..) => {
            let changed: Vec<_> = whole.iter().filter(|(letter, record)| left.get(*letter) != Some(*record)).collect();
            let spoilt = changed
                .iter()
                .filter(|(letter, record)| left.get(*letter).is_some_and(|kept| !is_part_of(kept, record)));
            let mut halves: Vec<String> = spoilt.map(|(letter, _)| format!("{letter} is another: {left:?}")).collect();
            if changed.len() > 1 {
                halves.push(format!("more than one patient noticed: {left:?}"));
            }
            halves
        }
    }
}

/// Whether everything in one value stands in the other.
fn is_part_of(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|found| is_part_of(value, found)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.iter().all(|value| whole.iter().any(|found| is_part_of(value, found)))
        }
        (part, whole) => part == whole,
    }
}

/// A text under the names of one import's patients.
fn named(text: &str, name: &str) -> String {
    ["A", "B", "C"]
        .iter()
        .fold(text.to_owned(), |text, letter| text.replace(&format!("%{letter}"), &format!("{name}-{letter}")))
}

#[test]
fn long_csv_files_end_in_rejects_or_an_error_and_whole_patients() {
    each_ends_as_it_should(Shape::Long, csv_cases::LONG);
}

#[test]
fn wide_csv_files_end_in_rejects_or_an_error_and_whole_patients() {
    each_ends_as_it_should(Shape::Wide, csv_cases::WIDE);
}

#[test]
fn redcap_exports_end_in_rejects_or_an_error_and_whole_patients() {
    each_ends_as_it_should(Shape::Redcap, csv_cases::REDCAP);
}

#[test]
fn fhir_bundles_end_in_rejects_or_an_error_and_whole_patients() {
    each_ends_as_it_should(Shape::Bundle, fhir_cases::BUNDLE);
}

#[test]
fn fhir_lines_end_in_rejects_or_an_error_and_whole_patients() {
    each_ends_as_it_should(Shape::Lines, fhir_cases::LINES);
}

#[test]
fn a_part_of_a_record_is_told_from_another_record() {
    let whole: Value = serde_json::from_str(r#"{"a":[{"b":1},{"b":2,"c":3}]}"#).unwrap();
    for (part, is, why) in [
        (r#"{"a":[{"b":2}]}"#, true, "less"),
        (r#"{}"#, true, "nothing"),
        (r#"{"a":[{"b":3}]}"#, false, "another value"),
        (r#"{"d":1}"#, false, "something made up"),
    ] {
        assert_eq!(is_part_of(&serde_json::from_str(part).unwrap(), &whole), is, "{why}");
    }
}

/// The path of a shipped mapping.
fn mapping(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("mappings/{name}.toml")).to_str().unwrap().to_owned()
}
