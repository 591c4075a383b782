//! Deliberately broken files and cells: each ends in rejects or a clear error, and the patient beside
//! them is read whole.

use std::io::Cursor;

use super::whole::{ASSESSMENTS, COURSES, EVENTS, LONG, SESSIONS, TIMES, ketamine};
use crate::import::{ImportError, Imported, Mapping, SourceFile, read_records};

use SourceFile::{Assessments, Courses, Events, Sessions, TimeToEvent};

/// How a broken file ends.
#[derive(Clone, Copy)]
enum Ends {
    /// In an error of this code; nothing is kept.
    Error(&'static str),
    /// In a reject of this code, of this column, with this in the remedy.
    Reject(&'static str, &'static str, &'static str),
    /// In records without a reject: only the spelling was odd.
    Read,
}

use Ends::{Error, Read, Reject};

/// A file, what of it is changed into what, how that ends, and why.
type Case = (SourceFile, &'static str, &'static str, Ends, &'static str);

fn sound() -> [(SourceFile, Vec<u8>); 5] {
    let files =
        [(Courses, COURSES), (Assessments, ASSESSMENTS), (Sessions, SESSIONS), (Events, EVENTS), (TimeToEvent, TIMES)];
    files.map(|(file, text)| (file, text.as_bytes().to_vec()))
}

fn import(files: [(SourceFile, Vec<u8>); 5]) -> Result<Imported, ImportError> {
    let sources = files.into_iter().map(|(file, bytes)| (file, Cursor::new(bytes))).collect();
    read_records(&ketamine(), &Mapping::parse(LONG).unwrap(), sources)
}

/// The sound files with a second patient before and behind, of whom one file is changed.
fn import_changed(file: SourceFile, change: impl Fn(&[u8]) -> Vec<u8>) -> Result<Imported, ImportError> {
    let files = sound().map(|(of, bytes)| {
        let text = String::from_utf8(bytes).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let changed = if of == file { change(rows.as_bytes()) } else { rows.as_bytes().to_vec() };
        let beside = |name: &str| rows.replace("P1,", &format!("{name},")).into_bytes();
        (of, [header.as_bytes(), b"\n", &beside("P0"), &changed, &beside("P9")].concat())
    });
    import(files)
}

fn replaced(rows: &[u8], from: &str, to: &str) -> Vec<u8> {
    let rows = std::str::from_utf8(rows).unwrap();
    assert!(rows.contains(from), "{from} stands in {rows}");
    rows.replacen(from, to, 1).into_bytes()
}

fn assert_ends(result: Result<Imported, ImportError>, ends: Ends, why: &str) {
    let whole = import(sound()).unwrap().patients["P1"].clone();
    match (result, ends) {
        (Err(error), Error(code)) => {
            assert_eq!(error.code(), code, "{why}: {error}");
            assert!(!error.remedy().is_empty() && error.to_string().len() < 4_096, "{why}");
        }
        (Ok(imported), Reject(code, column, remedy)) => {
            let [reject, follow @ ..] = &imported.rejects[..] else { panic!("{why}: nothing was left out") };
            // An event loses its session where that was left out.
            assert!(follow.iter().all(|more| more.why.code() == "no-such-session"), "{why}: {:?}", imported.rejects);
            assert_eq!((reject.why.code(), reject.column.as_str()), (code, column), "{why}: {}", reject.why);
            assert!(reject.why.remedy().contains(remedy), "{why}: {}", reject.why.remedy());
            for beside in ["P0", "P9"] {
                assert_eq!(imported.patients[beside], whole, "{why}: the patient beside is read whole");
            }
            let courses = imported.patients.values().flat_map(|record| &record.courses);
            courses.for_each(|course| assert_eq!(ketamine().check_course(course), [], "{why}"));
        }
        (Ok(imported), Read) => {
            assert_eq!(imported.rejects, [], "{why}");
            assert_eq!(imported.patients["P1"], whole, "{why}");
        }
        (Ok(imported), Error(code)) => panic!("{why}: {code} expected, read {imported:?}"),
        (Err(error), Reject(code, ..)) => panic!("{why}: {code} expected, refused with {error}"),
        (Err(error), Read) => panic!("{why}: refused with {error}"),
    }
}

const DOSE: &str = "36.5,40,72.5";

const CELLS: [Case; 62] = [
    (Sessions, DOSE, "-36.5,40,72.5", Reject("out-of-range", "dose_mg", "check"), "a negative dose"),
    (Sessions, DOSE, "3650,40,72.5", Reject("dose-over-limit", "dose_mg", "mg"), "a dose in another unit"),
    (Sessions, DOSE, "36.5mg,40,72.5", Reject("not-a-number", "dose_mg", "without its unit"), "a unit"),
    (Sessions, DOSE, "36 mg = 0.5mg/kg,40,72.5", Reject("not-a-number", "dose_mg", "one number"), "two doses"),
    (Sessions, DOSE, "0.5-0.75,40,72.5", Reject("not-a-number", "dose_mg", "not a range"), "a range"),
    (Sessions, DOSE, "\"36,5\",40,72.5", Reject("decimal-comma", "dose_mg", "36.5"), "a decimal comma"),
    (Sessions, DOSE, "3.65e1,40,72.5", Reject("not-a-number", "dose_mg", "digits"), "an exponent"),
    (Sessions, DOSE, "NaN,40,72.5", Reject("not-a-number", "dose_mg", "digits"), "not a number"),
    (Sessions, DOSE, "Inf,40,72.5", Reject("not-a-number", "dose_mg", "digits"), "without end"),
    (Sessions, DOSE, "-inf,40,72.5", Reject("not-a-number", "dose_mg", "digits"), "the other way"),
    (Sessions, DOSE, "9007199254740993,40,72.5", Reject("out-of-range", "dose_mg", "check"), "2^53 + 1"),
    (Sessions, DOSE, "18446744073709551616,40,72.5", Reject("out-of-range", "dose_mg", "check"), "2^64"),
    (Sessions, DOSE, "36.5001,40,72.5", Reject("too-precise", "dose_mg", "round"), "a tenth of a microgram"),
    (Sessions, DOSE, "３６,40,72.5", Reject("not-a-number", "dose_mg", "digits"), "full-width digits"),
    (Sessions, DOSE, "36.5,0:40,72.5", Reject("not-a-number", "minutes", "minutes"), "a time for minutes"),
    (Sessions, DOSE, "36.5,40 min,72.5", Reject("not-a-number", "minutes", "without its unit"), "a unit"),
    (Sessions, DOSE, "36.5,99999,72.5", Reject("out-of-range", "minutes", "check"), "two months"),
    (Sessions, DOSE, "36.5,40.5,72.5", Reject("too-precise", "minutes", "round"), "half a minute"),
    (Sessions, DOSE, "36.5,40,70kg", Reject("not-a-number", "weight_kg", "without its unit"), "a unit"),
    (Sessions, DOSE, "36.5,40,60-70", Reject("not-a-number", "weight_kg", "not a range"), "a range of weights"),
    (Sessions, DOSE, "36.5,40,0", Reject("weight-out-of-range", "weight_kg", "kilograms"), "no weight"),
    (Sessions, DOSE, "36.5,40,24.9", Reject("weight-out-of-range", "weight_kg", "kilograms"), "too light"),
    (Sessions, DOSE, "36.5,40,300.1", Reject("weight-out-of-range", "weight_kg", "kilograms"), "too heavy"),
    (Sessions, "128,151", "128/80,151", Reject("not-a-number", "systolic_before", "fraction"), "both pressures"),
    (Sessions, "151,96", "151,0.96", Reject("too-precise", "spo2_lowest", "round"), "a share for percent"),
    (Sessions, "151,96", "151,960", Reject("out-of-range", "spo2_lowest", "check"), "more than all"),
    (Sessions, ",12,,no", ",93,,no", Reject("out-of-range", "cadss", "check"), "above the scale"),
    (Sessions, ",12,,no", ",12,,maybe", Reject("not-yes-no", "benzodiazepine_given", "yes or no"), "neither"),
    (Sessions, "C1,2,0,", "C1,0,0,", Reject("out-of-range", "number", "check"), "sessions are counted from 1"),
    (Sessions, "C1,2,0,", "C1,70000,0,", Reject("out-of-range", "number", "check"), "past 16 bits"),
    (Sessions, "C1,2,0,", "C1,,0,", Reject("absent", "number", "number"), "a session without its number"),
    (Sessions, "C1,2,0,", "C1,2,2024-01-31,", Reject("date", "day", "whole days"), "a date for a day"),
    (Sessions, "C1,2,0,", "C1,2,45000,", Reject("day-too-far", "day", "day 0"), "a spreadsheet's date"),
    (Sessions, "C1,2,0,", "C1,2,-1,", Reject("dose-before-first", "number", "day is 0"), "a dose before the first"),
    (Sessions, "C1,2,0,", "C1,2,,", Reject("absent", "number", "day"), "no day in any row of the session"),
    (Sessions, "C1,1,-7,", "C1,1,3,", Reject("session-order", "number", "number sessions"), "out of order"),
    (Sessions, "C1,1,-7,", "C1,2,-7,", Reject("other-session", "number", "differently"), "one number twice"),
    (Sessions, "P1,C1,1,", "P1,C7,1,", Reject("no-such-course", "course", "correct the ids"), "another course"),
    (Assessments, "phq9,28,7", "phq9,28,7;8", Reject("not-a-number", "value", "digits"), "two scores"),
    (Assessments, "phq9,28,7", "\"phq9\",+28,7.0", Read, "other spellings of the same"),
    (Assessments, "phq9,28,7", "CADSS,28,7", Reject("belongs-to-session", "instrument", "session"), "of a session"),
    (Assessments, "phq9,28,7", "phq9,week 4,7", Reject("not-a-day", "day", "whole days"), "a visit for a day"),
    (Assessments, "P1,C1,phq9", "=cmd|'/C calc'!A0,C1,phq9", Reject("id-formula", "patient", "letter"), "a formula"),
    (Assessments, "P1,C1,phq9", "@SUM(1),C1,phq9", Reject("id-formula", "patient", "letter"), "another"),
    (Assessments, "P1,C1,phq9", "-P1,C1,phq9", Reject("id-formula", "patient", "letter"), "a minus begins one too"),
    (Assessments, "P1,C1,phq9", "P\u{202e}1,C1,phq9", Reject("id-unprintable", "patient", "marks"), "turned around"),
    (Assessments, "P1,C1,phq9", "P\u{200f}1,C1,phq9", Reject("id-unprintable", "patient", "marks"), "right to left"),
    (Assessments, "P1,C1,phq9", "P\u{200b}1,C1,phq9", Reject("id-unprintable", "patient", "marks"), "no width"),
    (Assessments, "P1,C1,phq9", "P\u{7}1,C1,phq9", Reject("id-unprintable", "patient", "tabs"), "a bell"),
    (Assessments, "P1,C1,phq9", "P1,\"C\t1\",phq9", Reject("id-unprintable", "course", "tabs"), "a tab in an id"),
    (Assessments, "P1,C1,phq9", ",C1,phq9", Reject("absent", "patient", "patient"), "nobody"),
    (Assessments, "P1,C1,phq9,28,7", "P1,C1,phq9,28,7,8", Reject("cell-count", "", "quotes"), "a cell too many"),
    (Assessments, "P1,C1,phq9,28,7", "P1,C1,phq9", Reject("cell-count", "", "quotes"), "cells too few"),
    (
        Assessments,
        "P1,C1,phq9,28,7",
        "P1,C1,phq9,28,7\nP1,C1,phq9,28,8",
        Reject("other-score", "value", "keep one"),
        "twice",
    ),
    (Events, "mild,no,yes,25", "mild,no,yes,-25", Reject("out-of-range", "onset_minutes", "check"), "before the dose"),
    (Events, "probable,2", "probable,9", Reject("no-such-session", "session", "session of this course"), "no session"),
    (Events, "C1,0,nausea", "C1,0,", Reject("absent", "kind", "kind"), "nothing that happened"),
    (TimeToEvent, "120,no", "-120,no", Reject("before-first-dose", "day", "day is 0"), "over before it began"),
    (TimeToEvent, "120,no", "120,", Reject("absent", "happened", "ending"), "neither happened nor not"),
    (
        Courses,
        "f,44,yes",
        "f,44,maybe",
        Reject("not-yes-no", "treatment_resistant", "yes or no"),
        "a flag that is none",
    ),
    (Courses, "f,44,yes", "f,forty,yes", Reject("not-a-number", "age", "digits"), "a number in words"),
    (Courses, "P1,C1,mdd", "\"P1\",\" C1 \",mdd", Read, "quotes and spaces"),
];

#[test]
fn a_broken_cell_or_row_is_left_out_with_a_remedy_and_nobody_else_notices() {
    for (file, from, to, ends, why) in CELLS {
        let result = import_changed(file, |rows| replaced(rows, from, to));
        assert_ends(result, ends, &format!("{why}: {to}"));
    }
    let long = "P".repeat(300);
    let result = import_changed(Assessments, |rows| replaced(rows, "P1,C1,phq9", &format!("{long},C1,phq9")));
    assert_ends(result, Reject("id-too-long", "patient", "shorter"), "a pseudonym of 300 characters");
}

/// A file as a whole, made from the sound assessments.
type Breakage = (fn(&str) -> Vec<u8>, Ends, &'static str);

const FILES: [Breakage; 22] = [
    (|_| Vec::new(), Error("import-no-header"), "an empty file"),
    (|_| b"\n\n\r\n".to_vec(), Error("import-no-header"), "empty lines"),
    (|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect(), Error("import-nul"), "UTF-16"),
    (
        |text| [vec![0xfe, 0xff], text.encode_utf16().flat_map(u16::to_be_bytes).collect()].concat(),
        Error("import-nul"),
        "UTF-16, the other way, with a mark",
    ),
    (|text| [text.as_bytes(), b"P2,M\xfcller,phq9,0,3\n"].concat(), Error("import-not-utf8"), "Latin-1"),
    (|text| ["\u{feff}".as_bytes(), text.as_bytes()].concat(), Read, "a byte order mark"),
    (|text| text.replace('\n', "\r\n").into_bytes(), Read, "Windows line ends"),
    (|text| text.replace('\n', "\r").into_bytes(), Read, "CR alone"),
    (|text| text.trim_end().as_bytes().to_vec(), Read, "no last line end"),
    (|text| [text.as_bytes(), b"P2,C1,\"phq9,0,3\n"].concat(), Error("import-quote-open"), "a quote left open"),
    (|text| [text.as_bytes(), b"P2,C1,\"ph\"q9\",0,3\n"].concat(), Error("import-after-quote"), "nested quotes"),
    (|text| [text.as_bytes(), b"P2,C1,phq9,0,3\0\n"].concat(), Error("import-nul"), "a NUL byte"),
    (|text| [text.as_bytes(), &vec![b'9'; 10 << 20]].concat(), Error("import-row-too-long"), "a line of 10 MiB"),
    (|text| text.replace("day,", "day,day,").into_bytes(), Error("import-column-twice"), "a header twice"),
    (|text| text.replacen("value", "score", 1).into_bytes(), Error("import-no-such-column"), "no such column"),
    (|text| text.replace(',', ";").into_bytes(), Error("import-no-such-column"), "another delimiter"),
    (|text| text.replace(',', "\t").into_bytes(), Error("import-no-such-column"), "tabs"),
    (|text| text.split_once('\n').unwrap().1.into(), Error("import-no-such-column"), "no header"),
    (|_| b"PK\x03\x04\x14\x00\x06\x00".to_vec(), Error("import-nul"), "a workbook"),
    (|_| b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), Error("import-no-such-column"), "a PDF"),
    (|_| b"{\"patient\": \"P1\"}\n".to_vec(), Error("import-no-such-column"), "JSON"),
    (|text| [text.as_bytes(), b"\n,,,,\n  , ,,,\n"].concat(), Read, "empty rows at the end"),
];

#[test]
fn a_broken_file_is_refused_whole_or_read_as_it_was_meant() {
    for (index, (breakage, ends, why)) in FILES.into_iter().enumerate() {
        let files = sound().map(|(file, bytes)| {
            let text = std::str::from_utf8(&bytes).unwrap();
            (file, if file == Assessments { breakage(text) } else { text.into() })
        });
        assert_ends(import(files), ends, &format!("{index}: {why}"));
    }
}

#[test]
fn only_headers_are_files_without_patients() {
    let headers = sound().map(|(file, bytes)| {
        let text = String::from_utf8(bytes).unwrap();
        (file, text.split_inclusive('\n').next().unwrap().as_bytes().to_vec())
    });
    assert_eq!(import(headers).unwrap(), Imported::default());
}

#[test]
fn codes_that_nobody_knows_are_kept_as_unknown_and_counted() {
    let changes = [
        (Sessions, "infusion", "drip", "route"),
        (Sessions, "racemic", "mixed", "molecule"),
        (Sessions, "preparation", "intake", "kind of session"),
        (Events, "nausea", "hiccups", "kind of event"),
        (Events, "mild", "so-so", "severity"),
        (Events, "probable", "who knows", "relatedness"),
        (TimeToEvent, "relapse", "moved away", "kind of time to event"),
        (Courses, "mdd", "melancholy", "indication"),
    ];
    for (file, from, to, field) in changes {
        let imported = import_changed(file, |rows| replaced(rows, from, to)).unwrap();
        assert_eq!(imported.rejects, [], "{to}");
        let counted: Vec<_> = imported.unknown.iter().map(|(code, n)| (&*code.field, &*code.code, *n)).collect();
        assert_eq!(counted, [(field, to, 1)]);
        assert!(format!("{:?}", imported.patients["P1"]).contains("\"unknown\""), "{to}");
    }
}
