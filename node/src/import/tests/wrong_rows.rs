//! Wrong rows become rejects with a remedy, and the right rows around them are read.

use super::{ASSESSMENTS_HEADER, COURSES_HEADER, MAPPING, assessments, course, courses, import, phq9};
use crate::import::limits::{ASSESSMENTS_PER_COURSE_MAX, CELL_BYTES_MAX, COURSES_PER_PATIENT_MAX};
use crate::import::{Imported, SourceFile};
use sumac_protocol::limits::PSEUDONYM_BYTES_MAX;

/// Row, column that is named, code, a part of the remedy, and why.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const WRONG_ASSESSMENTS: [Case; 36] = [
    ("P1,C1,PHQ9,7,28", "value", "out-of-range", "check the value", "one above the largest"),
    ("P1,C1,PHQ9,7,-1", "value", "out-of-range", "check the value", "one below the smallest"),
    ("P1,C1,PHQ9,7,99999999999999999999", "value", "out-of-range", "check the value", "past 64 bits"),
    ("P1,C1,PHQ9,7,7.5", "value", "too-precise", "round", "half a point"),
    ("P1,C1,QIDS,7,7.55", "value", "too-precise", "1 decimal", "more places than are kept"),
    ("P1,C1,PHQ9,7,\"7,0\"", "value", "decimal-comma", "decimal_separator", "a decimal comma"),
    ("P1,C1,PHQ9,7,1e1", "value", "not-a-number", "digits", "an exponent"),
    ("P1,C1,PHQ9,7,0x10", "value", "not-a-number", "digits", "hexadecimal"),
    ("P1,C1,PHQ9,7,NaN", "value", "not-a-number", "digits", "not even a number"),
    ("P1,C1,PHQ9,7,inf", "value", "not-a-number", "digits", "nor this"),
    ("P1,C1,PHQ9,7,mild", "value", "not-a-number", "digits", "a band's name"),
    ("P1,C1,PHQ9,7,=1+1", "value", "not-a-number", "digits", "a formula"),
    ("P1,C1,PHQ9,7,٧", "value", "not-a-number", "digits", "digits of another script"),
    ("P1,C1,PHQ9,7,\u{2212}7", "value", "not-a-number", "digits", "a typographic minus"),
    ("P1,C1,PHQ9,7,\"3\n4\"", "value", "not-a-number", "digits", "two lines in one cell"),
    ("P1,C1,PHQ8,7,3", "instrument", "no-such-instrument", "PHQ-9", "another edition is another instrument"),
    ("P1,C1,EQ-5D,7,3", "instrument", "no-such-instrument", "assessments.instruments", "not in the dictionary"),
    (
        "P1,C1,Depression,7,3",
        "instrument",
        "no-such-instrument",
        "assessments.instruments",
        "renames are to the letter",
    ),
    ("P1,C1,sex,7,3", "instrument", "no-such-instrument", "assessments.instruments", "a field is no instrument"),
    ("P1,C1,,7,3", "instrument", "absent", "instrument", "no instrument"),
    ("P1,C1,PHQ9,,3", "day", "absent", "day", "no day"),
    ("P1,C1,PHQ9,NA,3", "day", "absent", "day", "a day that is not known"),
    ("P1,C1,PHQ9,7.5,3", "day", "not-a-day", "whole days", "half a day"),
    ("P1,C1,PHQ9,week 4,3", "day", "not-a-day", "whole days", "weeks"),
    ("P1,C1,PHQ9,baseline,3", "day", "not-a-day", "day 0", "a visit's name"),
    ("P1,C1,PHQ9,2024-02-29,3", "day", "date", "whole days", "a date"),
    ("P1,C1,PHQ9,29/02/24,3", "day", "date", "whole days", "a British date"),
    ("P1,C1,PHQ9,29.02.2024,3", "day", "date", "whole days", "a German date"),
    ("P1,C1,PHQ9,2024-02-29T10:00Z,3", "day", "date", "whole days", "a date with a time"),
    ("P1,C1,PHQ9,45351,3", "day", "day-too-far", "whole days", "a spreadsheet's number of a date"),
    ("P1,C1,PHQ9,-2147483648,3", "day", "day-too-far", "whole days", "the smallest of 32 bits"),
    (",C1,PHQ9,7,3", "patient", "absent", "patient", "no patient"),
    ("P1,NA,PHQ9,7,3", "course", "absent", "course", "no course"),
    ("\"P\n1\",C1,PHQ9,7,3", "patient", "id-unprintable", "line ends", "a line end in an id"),
    ("P1,C1,PHQ9,7", "", "cell-count", "quotes", "a cell short"),
    ("P1,C1,PHQ9,7,3,5", "", "cell-count", "quotes", "an unquoted decimal comma"),
];

const WRONG_COURSES: [Case; 11] = [
    ("P1,C1,F,maybe,70,5,", "lam", "not-yes-no", "yes or no", "neither yes nor no"),
    ("P1,C1,F,2,70,5,", "lam", "not-yes-no", "yes or no", "no flag"),
    ("P1,C1,F,yes,24.9,5,", "kg", "out-of-range", "check the value", "lighter than any patient"),
    ("P1,C1,F,yes,300.1,5,", "kg", "out-of-range", "check the value", "heavier than any patient"),
    ("P1,C1,F,yes,70 kg,5,", "kg", "not-a-number", "without its unit", "the unit belongs to the dictionary"),
    ("P1,C1,F,yes,\"70,5\",5,", "kg", "decimal-comma", "70.5", "a decimal comma"),
    ("P1,C1,F,yes,70,28,", "phq_0", "out-of-range", "check the value", "a wide total out of range"),
    ("P1,C1,F,yes,70,five,", "phq_0", "not-a-number", "digits", "a wide total in words"),
    (",C1,F,yes,70,5,", "patient", "absent", "patient", "no patient"),
    ("P1,,F,yes,70,5,", "course", "absent", "course", "no course"),
    ("P1,C1,F,yes,70,5,a,b", "", "cell-count", "quotes", "an unquoted comment with a comma"),
];

fn assert_one_reject(imported: &Imported, row: u64, (text, column, code, remedy, why): Case) {
    let [reject] = imported.rejects.as_slice() else { panic!("{why}: {:?}", imported.rejects) };
    assert_eq!((reject.column.as_str(), reject.why.code()), (column, code), "{why}: {text}");
    assert_eq!(reject.row, row, "{why}: the line of the row");
    assert!(reject.why.remedy().contains(remedy), "{why}: {}", reject.why.remedy());
    assert!(reject.column.is_empty() || text.contains(&reject.value), "{why}: the value as it stood there");
}

#[test]
fn a_wrong_assessment_is_rejected_with_a_remedy_and_its_neighbours_are_read() {
    for case in WRONG_ASSESSMENTS {
        let (text, _, _, _, why) = case;
        let imported = assessments(&format!("P0,C1,PHQ9,7,3\r\n{text}\r\nP9,C1,PHQ9,7,3\r\n"));
        assert_one_reject(&imported, 3, case);
        assert_eq!(imported.patients.keys().collect::<Vec<_>>(), ["P0", "P9"], "{why}: nothing of it is kept");
        assert_eq!(imported.rows_read, 3, "{why}");
    }
}

#[test]
fn a_wrong_cell_of_a_course_is_rejected_and_the_rest_of_the_row_is_read() {
    for case in WRONG_COURSES {
        let (text, column, _, _, why) = case;
        let imported = courses(&format!("P0,C1,F,yes,70,5,\n{text}\nP9,C1,F,yes,70,5,\n"));
        assert_one_reject(&imported, 3, case);
        let rest = imported.patients.get("P1").map(|record| {
            let course = &record.courses[0];
            course.fields.len() + course.assessments.len()
        });
        let row_is_lost = ["", "patient", "course"].contains(&column);
        assert_eq!(rest, (!row_is_lost).then_some(3), "{why}: three of four values are left");
        assert!(imported.patients.contains_key("P0") && imported.patients.contains_key("P9"), "{why}");
    }
}

#[test]
fn of_two_rows_that_contradict_each_other_the_first_is_kept_and_the_second_rejected() {
    let imported = assessments("P1,C1,PHQ9,7,3\nP1,C1,phq-9,7,4\nP1,C1,PHQ9,7,3\n");
    assert_one_reject(&imported, 3, ("P1,C1,phq-9,7,4", "value", "other-score", "keep one", "two totals on one day"));
    assert_eq!(course(&imported, "P1", "C1").assessments, [phq9(7, 3)]);

    let imported = courses("P1,C1,F,,,,\nP1,C1,M,yes,,,\n");
    assert_one_reject(&imported, 3, ("P1,C1,M,yes,,,", "sex", "other-field", "keep one", "two sexes of one course"));
    assert_eq!(course(&imported, "P1", "C1").fields.len(), 2, "what does not contradict is added");
}

#[test]
fn an_assessment_of_a_course_that_the_courses_file_does_not_have_is_rejected() {
    let both = |row: &str| {
        let courses = format!("{COURSES_HEADER}\nP1,C1,F,,,21,\nP2,C2,M,,,,\n");
        let assessments = format!("{ASSESSMENTS_HEADER}\n{row}\n");
        import(MAPPING, Some(courses.as_bytes()), Some(assessments.as_bytes())).unwrap()
    };
    let cases = [
        ("P1,C3,PHQ9,7,3", "course", "no-such-course", "correct the ids", "no such course"),
        ("P1,C2,PHQ9,7,3", "course", "no-such-course", "correct the ids", "another patient's course"),
        ("p1,C1,PHQ9,7,3", "course", "no-such-course", "correct the ids", "ids are to the letter"),
        ("P1,C1,PHQ9,0,20", "value", "other-score", "keep one", "the wide column says otherwise"),
    ];
    for case in cases {
        let imported = both(case.0);
        assert_one_reject(&imported, 2, case);
        assert_eq!(imported.rejects[0].file, SourceFile::Assessments);
        assert_eq!(imported.patients.len(), 2, "{}", case.4);
    }
}

#[test]
fn what_is_longer_than_an_id_or_a_cell_is_rejected_and_shown_cut() {
    let (id, longer) = ("é".repeat(PSEUDONYM_BYTES_MAX / 2), "é".repeat(PSEUDONYM_BYTES_MAX / 2 + 1));
    let imported = assessments(&format!("{id},C1,PHQ9,7,3\n{longer},C1,PHQ9,7,3\n"));
    assert_eq!((imported.patients.len(), imported.rejects[0].why.code()), (1, "id-too-long"));

    let text = "é".repeat(CELL_BYTES_MAX);
    let imported = courses(&format!("P1,C1,{text},,,,{text}\n"));
    assert_eq!(imported.rejects.len(), 1, "a comment that nobody maps may be long");
    assert_eq!((imported.rejects[0].why.code(), imported.rejects[0].value.len()), ("cell-too-long", CELL_BYTES_MAX));
    assert!(imported.unknown.is_empty(), "free text is no code");
}

#[test]
fn a_patient_has_so_many_courses_and_not_one_more() {
    let rows: Vec<_> = (0..=COURSES_PER_PATIENT_MAX).map(|course| format!("P1,C{course},F,,,,")).collect();
    let imported = courses(&format!("{}\nP1,C0,F,,,,\nP2,C1,F,,,,\n", rows.join("\n")));
    assert_eq!(imported.patients["P1"].courses.len(), COURSES_PER_PATIENT_MAX);
    assert_eq!(imported.rejects.iter().map(|reject| reject.why.code()).collect::<Vec<_>>(), ["too-many-courses"]);
    assert_eq!(imported.patients.len(), 2);
}

#[test]
fn a_course_has_so_many_assessments_and_not_one_more() {
    let rows: Vec<_> = (0..=ASSESSMENTS_PER_COURSE_MAX).map(|day| format!("P1,C1,PHQ9,{day},3")).collect();
    let imported = assessments(&format!("{}\nP1,C1,PHQ9,0,3\nP1,C2,PHQ9,0,3\n", rows.join("\n")));
    assert_eq!(course(&imported, "P1", "C1").assessments.len(), ASSESSMENTS_PER_COURSE_MAX);
    assert_eq!(imported.rejects.iter().map(|reject| reject.why.code()).collect::<Vec<_>>(), ["too-many-assessments"]);
}
