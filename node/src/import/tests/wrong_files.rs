//! A wrong file gives no records at all, and an error that says what to do.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::{ASSESSMENTS_HEADER, COURSES_HEADER, MAPPING, dictionary, import, sources};
use crate::import::cell::Lens;
use crate::import::checking::{Bounds, check_within};
use crate::import::limits::{COLUMNS_MAX, ROW_BYTES_MAX};
use crate::import::{ImportError, Mapping, SourceFile, Sources, read_records};

fn refused(assessments: &[u8], why: &str) -> ImportError {
    import(MAPPING, None, Some(assessments)).expect_err(why)
}

#[test]
fn a_file_that_is_no_table_of_text_is_refused_whole() {
    let right = |wrong: &[u8]| [ASSESSMENTS_HEADER.as_bytes(), b"\nP1,C1,PHQ9,7,3\n", wrong].concat();
    let utf16: Vec<u8> = ASSESSMENTS_HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(Vec<u8>, &str, &str, &str); 15] = [
        (Vec::new(), "import-no-header", "first row", "an empty file"),
        (b"\xef\xbb\xbf".to_vec(), "import-no-header", "first row", "a byte order mark alone"),
        (b"\n\r\n\n".to_vec(), "import-no-header", "first row", "empty lines"),
        (b"P1,C1,PHQ9,7,3\n".to_vec(), "import-no-such-column", "first row", "no header"),
        (b"PK\x03\x04\x14\x00\x06\x00".to_vec(), "import-nul", "CSV UTF-8", "a workbook"),
        ([vec![0xff, 0xfe], utf16].concat(), "import-nul", "CSV UTF-8", "UTF-16"),
        (right(b"P2,C1,PHQ9,7,\0\n"), "import-nul", "CSV UTF-8", "a NUL byte in the last row"),
        (right(b"M\xfcller,C1,PHQ9,7,3\n"), "import-not-utf8", "UTF-8", "Latin-1"),
        (right(b"P2,C1,PHQ9,7,\xed\xa0\x80\n"), "import-not-utf8", "UTF-8", "half a surrogate pair"),
        (b"patient,course,instrument,day,\xff\n".to_vec(), "import-not-utf8", "UTF-8", "in the header"),
        (right(&vec![b'x'; 10 << 20]), "import-row-too-long", "quotes", "a row of 10 MiB"),
        (right(&[b"\"", vec![b'\n'; ROW_BYTES_MAX].as_slice()].concat()), "import-row-too-long", "quotes", "in quotes"),
        (right(b"P2,C1,PHQ9,7,\"3\nP3,C1,PHQ9,7,4\n"), "import-quote-open", "close", "it would swallow the next rows"),
        (right(b"P2,C1,PHQ9,7,\"3\nP3,\"C1\",PHQ9,7,4\n"), "import-after-quote", "twice", "two that look like a pair"),
        (b",".repeat(COLUMNS_MAX), "import-too-many-columns", "columns", "a column too many"),
    ];
    for (file, code, remedy, why) in cases {
        let error = refused(&file, why);
        assert_eq!(error.code(), code, "{why}: {error}");
        assert!(error.remedy().contains(remedy), "{why}: {}", error.remedy());
        assert!(error.to_string().len() < 4_096, "{why}: an error is for reading");
    }
}

#[test]
fn the_line_of_a_flaw_is_named_where_a_person_can_find_it() {
    let file = format!("{ASSESSMENTS_HEADER}\r\n\r\nP1,C1,PHQ9,7,3\r\nP2,C1,PHQ9,7,\u{0}\r\n");
    assert!(matches!(refused(file.as_bytes(), "NUL"), ImportError::Nul { line: 4, .. }));
    let file = [ASSESSMENTS_HEADER.as_bytes(), b"\r\n\"P\n1\",C1,PHQ9,7,3\r\nP2,C1,PHQ9,7,\xff\r\n"].concat();
    assert!(matches!(refused(&file, "Latin-1"), ImportError::NotUtf8 { line: 4, .. }));
}

#[test]
fn a_column_that_is_not_there_is_named_with_those_that_are_and_a_guess() {
    let error = refused(b"patient,course,instrument,days,value\n", "no column `day`");
    let text = error.to_string();
    for part in ["assessments.day", "`day`", "assessments file", "`patient`, `course`, `instrument`, `days`, `value`"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(error.remedy(), "did you mean `days`?");

    let error = refused(ASSESSMENTS_HEADER.replace(',', ";").as_bytes(), "another delimiter");
    assert_eq!(error.remedy(), "set `delimiter = \";\"` in the mapping");
    let error = refused(b"patient,course,instrument,day,value,day\n", "two columns `day`");
    assert_eq!(error.code(), "import-column-twice");
    assert!(import(MAPPING, None, Some(b"patient,course,instrument,day,value,x,x\n")).is_ok(), "nobody asks for `x`");
}

#[test]
fn every_column_of_the_mapping_must_be_there() {
    for (header, in_courses) in [(COURSES_HEADER, true), (ASSESSMENTS_HEADER, false)] {
        for column in header.split(',').filter(|column| *column != "comment") {
            let file = header.replacen(column, "zzzzzzzz", 1);
            let file = Some(file.as_bytes());
            let read = if in_courses { import(MAPPING, file, None) } else { import(MAPPING, None, file) };
            let error = read.expect_err(column);
            assert!(error.to_string().contains(&format!("names the column `{column}`")), "{error}");
        }
    }
}

#[test]
fn a_mapping_that_does_not_fit_the_dictionary_is_refused_before_any_row() {
    let cases = [
        ("sex = \"sex\"", "six = \"sex\"", "courses.fields.six", "did you mean `sex`?"),
        (
            "weight = \"kg\"",
            "dose = \"kg\"",
            "courses.fields.dose",
            "take `courses.fields.dose` out, or use one of the dictionary's fields: ",
        ),
        ("female = \"F\"", "female = \"W\"", "courses.codes.sex.female", "use F, M or unknown"),
        ("instrument = \"phq9\"", "instrument = \"phq8\"", "wide.instrument of phq_0", "did you mean `PHQ-9`?"),
        ("depression = \"PHQ-9\"", "depression = \"BDI\"", "assessments.instruments.depression", "instruments: PHQ-9"),
    ];
    let (courses, assessments) = (Some(COURSES_HEADER.as_bytes()), Some(ASSESSMENTS_HEADER.as_bytes()));
    for (right, wrong, key, remedy) in cases {
        let wrong = MAPPING.replace(right, wrong).replace("[courses.codes.six]", "[courses.codes.sex]");
        let wrong = if key == "courses.fields.six" {
            wrong.replace("[courses.codes.sex]", "[courses.codes.six]")
        } else {
            wrong
        };
        let error = import(&wrong, courses, assessments).expect_err(key);
        assert_eq!(error.code(), "import-not-in-dictionary", "{error}");
        assert!(error.to_string().contains(key), "{error}");
        assert!(error.remedy().contains(remedy), "{}", error.remedy());
    }
}

#[test]
fn a_file_without_a_mapping_and_an_import_without_a_file_are_refused() {
    let header = Some(COURSES_HEADER.as_bytes());
    assert_eq!(import(MAPPING, None, None).map_err(|error| error.code()), Err("import-no-source"));
    let only_courses = "[courses]\npatient = 'patient'\ncourse = 'course'";
    assert_eq!(import(only_courses, None, header).map_err(|error| error.code()), Err("import-not-mapped"));
    let (_, only_assessments) = MAPPING.split_once("[assessments]").unwrap();
    let only_assessments = format!("[assessments]{only_assessments}");
    assert_eq!(import(&only_assessments, header, None).map_err(|error| error.code()), Err("import-not-mapped"));
}

#[test]
fn a_file_may_have_so_many_rows_and_patients_and_not_one_more() {
    let read = |rows_max: u64, patients_max: u64| {
        let file = format!("{ASSESSMENTS_HEADER}\nP1,C1,PHQ9,7,3\nP2,C1,PHQ9,7,3\n\nP2,C1,PHQ9,8,3\n");
        let bounds = Bounds { rows_max, patients_max, ..Bounds::USUAL };
        let (dictionary, mapping) = (dictionary(), Mapping::parse(MAPPING).unwrap());
        let lens = Lens { dictionary: &dictionary, mapping: &mapping };
        let checked = check_within(bounds, lens, sources(None, Some(file.as_bytes())), &mut |_| ());
        checked.map(|checked| checked.patients()).map_err(|error| error.code())
    };
    assert_eq!(read(3, 2), Ok(2));
    assert_eq!(read(2, 2), Err("import-too-many-rows"));
    assert_eq!(read(3, 1), Err("import-too-many-patients"));
}

/// Gives its text a byte at a time, interrupted before each, and then fails or ends.
struct Halting<'t> {
    text: Cursor<&'t [u8]>,
    interrupted: bool,
    fails: bool,
}

impl Seek for Halting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.text.seek(to)
    }
}

impl Read for Halting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        match self.text.read(&mut buffer[..1])? {
            0 if self.fails => Err(io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_disk_that_fails_halfway_gives_no_records_and_a_slow_one_gives_all() {
    let file = format!("\u{feff}{ASSESSMENTS_HEADER}\nP1,C1,PHQ9,7,3\nP2,C1,PHQ9,7,3\n");
    let read = |fails: bool| {
        let halting = Halting { text: Cursor::new(file.as_bytes()), interrupted: false, fails };
        let sources = Sources::from([(SourceFile::Assessments, halting)]);
        read_records(&dictionary(), &Mapping::parse(MAPPING).unwrap(), sources)
    };
    assert_eq!(read(false).unwrap().patients.len(), 2);
    let error = read(true).unwrap_err();
    assert_eq!(error.code(), "import-unreadable");
    assert!(error.to_string().contains("the disk is gone"), "{error}");
}
