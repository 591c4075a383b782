//! Files and rows that cannot become records.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use sumac_tests::processes::{Federation, Setup};

use crate::{SUMAC, assert_refused, differing, kept_files, nowhere, sumac, text};

/// A wrong file: what is in it, the code that refuses it, and what is wrong.
const WRONG_FILES: [(&[u8], &str, &str); 9] = [
    (b"", "import-no-header", "nothing at all"),
    (b"course_id,instrument,day,value\nP1,HAMD17,0,\"20\n", "import-quote-open", "a quote that is never closed"),
    (b"course_id,instrument,day,value\nP1,HAMD17,0,\"2\"0\n", "import-after-quote", "text behind a quote"),
    (b"course_id,instrument,day,value\nP\xe9,HAMD17,0,20\n", "import-not-utf8", "Latin-1"),
    (b"\xff\xfec\0o\0u\0r\0s\0e\0", "import-nul", "UTF-16"),
    (b"course_id,instrument,day\x00,value\n", "import-nul", "a NUL byte"),
    (b"course_id;instrument;day;value\nP1;HAMD17;0;20\n", "import-no-such-column", "another delimiter"),
    (b"patient,instrument,day,value\nP1,HAMD17,0,20\n", "import-no-such-column", "another name of a column"),
    (b"course_id,course_id,instrument,day,value\n", "import-column-twice", "a column twice"),
];

/// A wrong mapping: what of it is changed into what, the code that refuses it, and what is wrong.
const WRONG_MAPPINGS: [(&str, &str, &str, &str); 6] = [
    ("[courses]", "[[courses]]", "mapping-shape", "a list for a table"),
    ("arm = \"arm\"", "arn = \"arm\"", "import-not-in-dictionary", "a field that the dictionary lacks"),
    ("day = \"day\"", "dai = \"day\"", "mapping-shape", "a key that there is not"),
    ("delimiter = \",\"", "delimiter = \"::\"", "mapping-delimiter", "two characters between cells"),
    ("patient = \"course_id\"", "", "mapping-shape", "no column for patients"),
    ("value = \"value\"", "value = \"score\"", "import-no-such-column", "a column that the file lacks"),
];

struct Desk {
    scratch: TempDir,
    home: PathBuf,
    mapping: PathBuf,
}

impl Desk {
    fn of(federation: &Federation, clinic: char) -> Self {
        let (scratch, mapping) = (TempDir::new().unwrap(), federation.dir().join("mapping.toml"));
        Self { scratch, home: federation.home(clinic), mapping }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.scratch.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, mapping: &Path, more: &[&str]) -> sumac_tests::processes::Ended {
        sumac(&[&["import", "--dir", text(&self.home), "--mapping", text(mapping)], more].concat())
    }
}

#[test]
fn a_wrong_file_or_mapping_changes_nothing() {
    let federation = Setup::default().start(SUMAC);
    let desk = Desk::of(&federation, 'C');
    let before = kept_files(&desk.home);
    for (bytes, code, why) in WRONG_FILES {
        let file = desk.file("scores.csv", bytes);
        let ended = desk.import(&desk.mapping, &["--assessments", text(&file)]);
        assert_refused(&ended, 1, code, why);
        assert!(ended.text().contains(text(&file)), "{why}: which file? {}", ended.text());
    }
    let (scores, right) = (desk.file("scores.csv", ONE_ROW), std::fs::read_to_string(&desk.mapping).unwrap());
    let courses = desk.file("courses.csv", b"course_id,arm,sex\nP1,drug,F\n");
    for (from, to, code, why) in WRONG_MAPPINGS {
        assert!(right.contains(from), "{from}");
        let wrong = desk.file("mapping.toml", right.replace(from, to).as_bytes());
        let ended = desk.import(&wrong, &["--assessments", text(&scores), "--courses", text(&courses)]);
        assert_refused(&ended, 1, code, why);
    }
    let scores = text(&scores);
    let cases: [(&Path, &[&str], i32, &str, &str); 6] = [
        (&desk.mapping, &[], 2, "", "no file at all"),
        (&desk.mapping, &["--courses", "/nonexistent"], 1, "file", "a file that is not there"),
        (&desk.mapping, &["--courses", text(desk.scratch.path())], 1, "import-unreadable", "a folder"),
        (&desk.mapping, &["--courses", SUMAC], 1, "import-nul", "a program"),
        (Path::new("/nonexistent"), &["--assessments", scores], 1, "file", "no mapping"),
        (Path::new(SUMAC), &["--assessments", scores], 1, "file", "a program for a mapping"),
    ];
    for (mapping, arguments, exit, code, why) in cases {
        let ended = desk.import(mapping, arguments);
        match code {
            "" => assert_eq!(ended.exit, Some(exit), "{why}: {}", ended.text()),
            code => assert_refused(&ended, exit, code, why),
        }
    }
    assert_eq!(differing(&before, &kept_files(&desk.home)), Vec::<PathBuf>::new(), "nothing was written");
}

#[test]
fn wrong_rows_are_listed_beside_the_file_and_the_right_ones_are_kept() {
    let federation = Setup::default().start(SUMAC);
    let desk = Desk::of(&federation, 'C');
    let before = federation.patients('C').len();
    let scores = desk.file(
        "scores.csv",
        b"course_id,instrument,day,value\nP1,HAMD17,0,53\nP2,HAMD18,0,20\nP3,HAMD17,x,20\nP4,HAMD17,2001-01-01,20\n\
          P5,HAMD17,0,20\nP6,HAMD17,0,minus one\n",
    );
    let ended = desk.import(&desk.mapping, &["--assessments", text(&scores)]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    let listed = std::fs::read_to_string(desk.scratch.path().join("rejects.csv")).unwrap();
    for (value, code, remedy) in [
        (",53,", "out-of-range", "check the value"),
        (",HAMD18,", "no-such-instrument", "did you mean `HAMD17`?"),
        (",x,", "not-a-day", "whole days"),
        (",2001-01-01,", "date", "whole days"),
        (",minus one,", "not-a-number", "write"),
    ] {
        let row = listed.lines().find(|row| row.contains(value)).unwrap_or_else(|| panic!("no {value} in {listed}"));
        assert!(row.contains(&format!(",{code},")) && row.contains(remedy), "{value}: {row}");
    }
    assert_eq!(listed.lines().count(), 1 + 5, "the right row is not listed: {listed}");
    assert!(!desk.home.join("rejects.csv").exists(), "nothing in the clear comes into the node's folder");
    let names = federation.patients_by_name('C');
    assert_eq!((names.len(), names.contains_key("P5")), (before + 1, true));

    let again = desk.import(&desk.mapping, &["--assessments", text(&scores), "--rejects", text(&nowhere())]);
    assert_refused(&again, 1, "file", "rejects that cannot be written");
    assert_eq!(federation.patients('C').len(), names.len());
}

#[test]
fn rejects_never_take_the_place_of_something_else_and_nothing_but_rejects_is_a_failure() {
    let federation = Setup::default().start(SUMAC);
    let desk = Desk::of(&federation, 'C');
    let scores = desk.file("scores.csv", b"course_id,instrument,day,value\nP1,HAMD17,0,53\n");
    let (notes, inside) = (desk.file("notes.txt", b"to whom it may concern"), desk.home.join("rejects.csv"));
    let before = (kept_files(&desk.home), crate::all_files(desk.scratch.path()));
    for (path, why) in [(&scores, "what is read"), (&notes, "somebody's notes"), (&inside, "the node's folder")] {
        let ended = desk.import(&desk.mapping, &["--assessments", text(&scores), "--rejects", text(path)]);
        assert_refused(&ended, 1, "rejects-path", why);
    }
    let ended = desk.import(&desk.mapping, &["--assessments", text(&scores), "--rejects", text(&desk.mapping)]);
    assert_refused(&ended, 1, "rejects-path", "the mapping");
    assert_eq!(differing(&before.0, &kept_files(&desk.home)), Vec::<PathBuf>::new());
    assert_eq!(differing(&before.1, &crate::all_files(desk.scratch.path())), Vec::<PathBuf>::new());
    for _ in 0..2 {
        let ended = desk.import(&desk.mapping, &["--assessments", text(&scores)]);
        assert_eq!(ended.exit, Some(1), "every row was left out: {}", ended.text());
        assert!(ended.text().contains("error[nothing-imported]"), "{}", ended.text());
    }
}

#[test]
fn more_patients_than_the_charter_allows_are_refused_together() {
    let federation = Setup::default().start(SUMAC);
    let desk = Desk::of(&federation, 'C');
    let before = kept_files(&desk.home);
    let rows: String = (0..60).map(|n| format!("Q{n},HAMD17,0,20\n")).collect();
    let scores = desk.file("scores.csv", format!("course_id,instrument,day,value\n{rows}").as_bytes());
    let ended = desk.import(&desk.mapping, &["--assessments", text(&scores)]);
    assert_refused(&ended, 1, "too-many-patients", "sixty more, where 64 fit in all");
    assert_eq!(differing(&before, &kept_files(&desk.home)), Vec::<PathBuf>::new());
}

const ONE_ROW: &[u8] = b"course_id,instrument,day,value\nP1,HAMD17,0,20\n";
