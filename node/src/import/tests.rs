//! What an import promises, on a small dictionary with every type of field, and on the trial.

use std::collections::BTreeMap;
use std::io::Cursor;

use sumac_protocol::dictionary::{Dictionary, UNKNOWN};
use sumac_protocol::record::{Assessment, Course, FieldValue, Record};

use super::{ImportError, Imported, Mapping, SourceFile, Sources, UnknownCode, read_records};

mod any_bytes;
mod broken;
mod passes;
mod real;
mod trial;
mod whole;
mod wrong_files;
mod wrong_rows;

const DICTIONARY: &str = r#"
name = "test"
version = 1
[[instrument]]
id = "PHQ-9"
version = "1"
category = "outcomes"
min = 0
max = 27
better = "lower"
source = "Kroenke 2001"
licence = "free"
[[instrument]]
id = "QIDS"
version = "1"
category = "outcomes"
min = 0
max = 270
decimals = 1
better = "lower"
source = "Rush 2003"
licence = "free"
[[field]]
id = "sex"
type = "category"
category = "demographics"
values = ["F", "M"]
[[field]]
id = "lamotrigine"
type = "flag"
category = "treatment"
[[field]]
id = "weight"
type = "number"
category = "treatment"
min = 250
max = 3000
decimals = 1
unit = "kg"
"#;

const MAPPING: &str = r#"
missing = ["", "NA", "-99"]
[courses]
patient = "patient"
course = "course"
[courses.fields]
sex = "sex"
lamotrigine = "lam"
weight = "kg"
[courses.codes.sex]
female = "F"
[[wide]]
column = "phq_0"
instrument = "phq9"
day = 0
[assessments]
patient = "patient"
course = "course"
instrument = "instrument"
day = "day"
value = "value"
[assessments.instruments]
depression = "PHQ-9"
"#;

const COURSES_HEADER: &str = "patient,course,sex,lam,kg,phq_0,comment";
const ASSESSMENTS_HEADER: &str = "patient,course,instrument,day,value";

fn dictionary() -> Dictionary {
    Dictionary::parse(DICTIONARY).unwrap()
}

/// Reads two files' texts under the small dictionary; `mapping` may be changed from [`MAPPING`].
fn import(mapping: &str, courses: Option<&[u8]>, assessments: Option<&[u8]>) -> Result<Imported, ImportError> {
    read_records(&dictionary(), &Mapping::parse(mapping).unwrap(), sources(courses, assessments))
}

fn sources<'t>(courses: Option<&'t [u8]>, assessments: Option<&'t [u8]>) -> Sources<Cursor<&'t [u8]>> {
    let files = [(SourceFile::Courses, courses), (SourceFile::Assessments, assessments)];
    files.into_iter().filter_map(|(file, text)| Some((file, Cursor::new(text?)))).collect()
}

fn courses(rows: &str) -> Imported {
    import(MAPPING, Some(format!("{COURSES_HEADER}\n{rows}").as_bytes()), None).unwrap()
}

fn assessments(rows: &str) -> Imported {
    import(MAPPING, None, Some(format!("{ASSESSMENTS_HEADER}\n{rows}").as_bytes())).unwrap()
}

fn course<'i>(imported: &'i Imported, patient: &str, id: &str) -> &'i Course {
    imported.patients[patient].courses.iter().find(|course| course.id == id).unwrap()
}

fn phq9(day: i32, value: i64) -> Assessment {
    Assessment::total("PHQ-9", day, value)
}

#[test]
fn a_course_and_its_assessments_become_one_record() {
    let both = import(
        MAPPING,
        Some(format!("{COURSES_HEADER}\nP1,C1,f,yes,70.5,21,none\nP1,C2,female,0,,,\n").as_bytes()),
        Some(format!("{ASSESSMENTS_HEADER}\nP1,C1,PHQ9,28,7\nP1,C1,qids,28,6.5\nP1,C1,depression,-3,22\n").as_bytes()),
    );
    let fields = [
        ("sex", FieldValue::Category("F".to_owned())),
        ("lamotrigine", FieldValue::Flag(true)),
        ("weight", FieldValue::Number(705)),
    ];
    let first = Course {
        id: "C1".to_owned(),
        fields: fields.map(|(id, value)| (id.to_owned(), value)).into(),
        assessments: vec![phq9(-3, 22), phq9(0, 21), phq9(28, 7), Assessment::total("QIDS", 28, 65)],
        ..Course::default()
    };
    let both = both.unwrap();
    assert_eq!(*course(&both, "P1", "C1"), first);
    assert_eq!(course(&both, "P1", "C2").fields.len(), 2, "a missing field is absent");
    assert_eq!((both.patients.len(), both.rows_read), (1, 5));
    assert_eq!(both.rejects, []);
}

#[test]
fn equal_files_give_equal_bytes_in_whatever_order_their_rows_stand() {
    let rows = ["P2,C1,PHQ9,7,3", "P1,C9,PHQ9,0,20", "P1,C1,QIDS,0,9", "P1,C1,PHQ9,14,8", "P1,C1,PHQ9,-1,20"];
    let mut backwards = rows;
    backwards.reverse();
    let bytes = |rows: [&str; 5]| serde_json::to_string(&assessments(&rows.join("\n")).patients).unwrap();
    assert_eq!(bytes(rows), bytes(backwards));
    assert_eq!(bytes(rows), bytes(rows));
}

#[test]
fn spellings_of_one_table_are_one_table() {
    let plain = assessments("P1,C1,PHQ9,7,3\nP2,C1,PHQ9,7,4\n");
    let cases: [(&str, &str); 9] = [
        ("\u{feff}patient,course,instrument,day,value\nP1,C1,PHQ9,7,3\nP2,C1,PHQ9,7,4", "a byte order mark"),
        ("\u{feff}\"patient\",course,instrument,day,value\nP1,C1,PHQ9,7,3\nP2,C1,PHQ9,7,4", "and a quote behind it"),
        ("\u{feff}\u{feff}patient,course,instrument,day,value\nP1,C1,PHQ9,7,3\nP2,C1,PHQ9,7,4", "two marks"),
        ("patient,course,instrument,day,value\r\nP1,C1,PHQ9,7,3\r\nP2,C1,PHQ9,7,4\r\n", "Windows line ends"),
        ("patient,course,instrument,day,value\rP1,C1,PHQ9,7,3\rP2,C1,PHQ9,7,4\r", "old Mac line ends"),
        (
            "\"patient\",\"course\",\"instrument\",\"day\",\"value\"\n\"P1\",\"C1\",\"PHQ9\",\"7\",\"3\"\nP2,C1,PHQ9,7,4",
            "quotes",
        ),
        (
            " patient , course,instrument,day,value \n P1 ,C1, PHQ-9,\t7,3\u{a0}\nP2,C1,phq_9,+7,4.0",
            "spaces around cells",
        ),
        ("patient,course,instrument,day,value\n\n,,,,\nP1,C1,PHQ9,7,3\n\n  \nP2,C1,PHQ9,7,4\n,,,,\n", "empty rows"),
        (
            "value,day,x,instrument,course,patient\n3,7,\"a,\n\"\"b\",PHQ9,C1,P1\n4,7,,PHQ9,C1,P2\n",
            "another order of columns",
        ),
    ];
    for (text, why) in cases {
        assert_eq!(import(MAPPING, None, Some(text.as_bytes())).unwrap(), plain, "{why}");
    }
}

#[test]
fn semicolons_and_decimal_commas_are_read_if_the_mapping_says_so() {
    let mapping = format!("delimiter = ';'\ndecimal_separator = ','\n{MAPPING}");
    let file = COURSES_HEADER.replace(',', ";") + "\nP1;C1;F;1;70,5;21;\nP2;C1;M;0;70.5;21;\n";
    let imported = import(&mapping, Some(file.as_bytes()), None).unwrap();
    assert_eq!(course(&imported, "P1", "C1").fields["weight"], FieldValue::Number(705));
    assert_eq!(imported.rejects[0].why.code(), "decimal-point", "a point could part thousands");
    assert!(!course(&imported, "P2", "C1").fields.contains_key("weight"));
}

#[test]
fn an_unknown_code_is_kept_as_unknown_and_counted() {
    let imported = courses("P1,C1,diverse,yes,,,\nP2,C1,diverse,,,,\nP3,C1,x,,,,\nP4,C1,unknown,,,,\nP5,C1,NA,,,,\n");
    let unknown = FieldValue::Category(UNKNOWN.to_owned());
    for patient in ["P1", "P2", "P3", "P4"] {
        assert_eq!(course(&imported, patient, "C1").fields["sex"], unknown, "{patient}");
    }
    assert!(course(&imported, "P5", "C1").fields.is_empty(), "a marker for missing is not a code");
    let counted = |code: &str| UnknownCode { field: "sex".to_owned(), code: code.to_owned() };
    assert_eq!(imported.unknown, BTreeMap::from([(counted("diverse"), 2), (counted("x"), 1)]));
    assert_eq!(imported.rejects, []);
}

#[test]
fn a_missing_total_adds_nothing_but_its_course() {
    let imported = assessments("P1,C1,PHQ9,7,\nP1,C1,PHQ9,14,NA\nP1,C1,PHQ9,28,-99\n");
    let empty = Course { id: "C1".to_owned(), ..Course::default() };
    assert_eq!(imported.patients, BTreeMap::from([("P1".to_owned(), Record { courses: vec![empty] })]));
    assert_eq!(imported.rejects, []);
}

#[test]
fn rows_of_one_course_add_up_as_in_a_redcap_export() {
    let imported = courses("P1,C1,F,,,21,\nP1,C1,,yes,,,\nP1,C1,F,yes,80,21,\n");
    assert_eq!(course(&imported, "P1", "C1").fields.len(), 3);
    assert_eq!(imported.rejects, []);
}

#[test]
fn the_same_row_twice_is_one_assessment_and_no_reject() {
    let imported = assessments("P1,C1,PHQ9,7,3\nP1,C1,PHQ-9,7,3.0\n");
    assert_eq!(course(&imported, "P1", "C1").assessments, [phq9(7, 3)]);
    assert_eq!((imported.rejects.len(), imported.rows_read), (0, 2));
}

#[test]
fn only_a_header_is_a_file_without_rows() {
    assert_eq!(courses(""), Imported::default());
}

#[test]
fn nothing_personal_is_shown_where_an_import_is_printed() {
    let imported = courses("Mrs-Smith,C1,secret,,9999,,\n");
    let shown = format!("{imported:?}");
    assert_eq!(shown, "Imported { patients: 1, rejects: 1, unknown: 1, rows_read: 1 }");
}
