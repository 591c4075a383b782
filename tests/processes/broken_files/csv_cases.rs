//! Broken CSV files: long, wide, and REDCap exports.

use crate::Breakage::{Bytes, Text};
use crate::Ends::{Error, Read, Reject};
use crate::{Breakage, Case, Ends};

const fn case(file: &'static str, breakage: Breakage, ends: Ends, why: &'static str) -> Case {
    Case { file, breakage, ends, why }
}

/// Text as UTF-16 of either order, behind its mark.
fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
}

fn behind(text: &str, more: &[u8]) -> Vec<u8> {
    [text.as_bytes(), more].concat()
}

pub(crate) const LONG: &[Case] = &[
    // What the file as a whole is.
    case("courses.csv", Bytes(|_| Vec::new()), Error("import-no-header", "courses"), "an empty file"),
    case("events.csv", Bytes(|_| b"\r\n\n\r\n".to_vec()), Error("import-no-header", "events"), "nothing but line ends"),
    case("courses.csv", Bytes(|text| utf16(text, u16::to_le_bytes)), Error("import-nul", "line 1"), "UTF-16"),
    case("courses.csv", Bytes(|text| utf16(text, u16::to_be_bytes)), Error("import-nul", "line 1"), "UTF-16, turned"),
    case("sessions.csv", Bytes(|text| behind(text, b"M\xfcller,C1\n")), Error("import-not-utf8", "line 8"), "Latin-1"),
    case("items.csv", Bytes(|text| behind(text, b"\x81\x40,C1\n")), Error("import-not-utf8", "line 29"), "Shift-JIS"),
    case("courses.csv", Bytes(|text| behind("\u{feff}", text.as_bytes())), Read, "a byte order mark"),
    case("sessions.csv", Bytes(|text| text.replace('\n', "\r\n").into()), Read, "line ends of Windows"),
    case("sessions.csv", Bytes(|text| text.replace('\n', "\r").into()), Read, "line ends of an old Mac"),
    case("events.csv", Bytes(|text| text.trim_end().into()), Read, "no line end behind the last row"),
    case("events.csv", Bytes(|text| behind(text, b"\n,,,,,,,,,\n  \n")), Read, "empty rows of a spreadsheet"),
    case(
        "courses.csv",
        Bytes(|text| behind(text, b"x,\"C1,mdd\n")),
        Error("import-quote-open", "line 5"),
        "a quote left open",
    ),
    case(
        "courses.csv",
        Bytes(|text| behind(text, b"x,\"C\"1\",mdd\n")),
        Error("import-after-quote", "line 5"),
        "nested quotes",
    ),
    case("events.csv", Bytes(|text| behind(text, b"x,\0\n")), Error("import-nul", "line 8"), "a NUL byte"),
    case(
        "courses.csv",
        Bytes(|text| behind(text, &[b'9'; 10 << 20])),
        Error("import-row-too-long", "line 5"),
        "a line of 10 MiB",
    ),
    case(
        "courses.csv",
        Bytes(|text| text.replace("sex,", "sex,sex,").into()),
        Error("import-column-twice", "sex"),
        "a column twice",
    ),
    case(
        "courses.csv",
        Bytes(|text| text.replacen("age", "years", 1).into()),
        Error("import-no-such-column", "`age`"),
        "a column renamed",
    ),
    case(
        "courses.csv",
        Bytes(|text| text.replace(',', ";").into()),
        Error("import-no-such-column", "delimiter"),
        "semicolons",
    ),
    case(
        "courses.csv",
        Bytes(|text| text.replace(',', "\t").into()),
        Error("import-no-such-column", "delimiter"),
        "tabs",
    ),
    case(
        "courses.csv",
        Bytes(|text| text.split_once('\n').unwrap().1.into()),
        Error("import-no-such-column", "first row"),
        "no header",
    ),
    case(
        "courses.csv",
        Bytes(|_| b"PK\x03\x04\x14\x00\x06\x00".to_vec()),
        Error("import-nul", "workbook"),
        "a workbook",
    ),
    case(
        "courses.csv",
        Bytes(|_| b"{\"patient\":\"P1\"}\n".to_vec()),
        Error("import-no-such-column", "courses"),
        "JSON",
    ),
    case(
        "courses.csv",
        Bytes(|_| b"<html><body>Please sign in</body></html>\n".to_vec()),
        Error("import-no-such-column", "courses"),
        "a page",
    ),
    // Rows.
    case("courses.csv", Text("%B,C1,mdd,", "%B,C1,mdd,mdd,"), Reject("cell-count", "", "quotes"), "a cell too many"),
    case(
        "events.csv",
        Text("%B,C1,90,cystitis,,,,,,", "%B,C1,90"),
        Reject("cell-count", "", "quotes"),
        "cut off in a row",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd,infusion,f,44", ",C1,mdd,infusion,f,44"),
        Reject("absent", "patient", "patient"),
        "nobody's",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd", "=cmd|'/C calc'!A0,C1,mdd"),
        Reject("id-formula", "patient", "letter"),
        "a formula for a name",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,phq9", "%B\u{202e},C1,phq9"),
        Reject("id-unprintable", "patient", "marks"),
        "a name turned around",
    ),
    case("assessments.csv", Text("%B,C1,phq9", "\"%B\n\",C1,phq9"), Read, "a line end behind a name"),
    case(
        "assessments.csv",
        Text("%B,C1,phq9", "%B,C7,phq9"),
        Reject("no-such-course", "course", "correct the ids"),
        "a course that is not there",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd,infusion,f,44", "%B,C1,mdd,infusion,f,44,yes,no,1,0\n%B,C1,mdd,infusion,f,45"),
        Reject("other-field", "age", "keep one"),
        "a course twice, of two ages",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,phq9,28,7", "%B,C1,phq9,28,7\n%B,C1,phq9,28,8"),
        Reject("other-score", "value", "keep one"),
        "a score twice",
    ),
    case(
        "sessions.csv",
        Text("%B,C1,1,-7,", "%B,C1,2,-7,"),
        Reject("other-session", "number", "differently"),
        "a session's number twice",
    ),
    case(
        "time_to_event.csv",
        Text("%B,C1,relapse,120,no", "%B,C1,relapse,120,no\n%B,C1,relapse,90,yes"),
        Reject("other-time", "day", "keep one"),
        "two relapses",
    ),
    // Cells.
    case(
        "sessions.csv",
        Text("%B,C1,2,0,", "%B,C1,2,2024-01-31,"),
        Reject("date", "day", "whole days"),
        "a date for a day",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,phq9,28", "%B,C1,phq9,31.01.2024"),
        Reject("date", "day", "whole days"),
        "a German date",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,phq9,28", "%B,C1,phq9,45322"),
        Reject("day-too-far", "day", "day 0"),
        "a spreadsheet's date",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,phq9,28", "%B,C1,phq9,week 4"),
        Reject("not-a-day", "day", "whole days"),
        "a visit for a day",
    ),
    case(
        "sessions.csv",
        Text("%B,C1,2,0,dosing,infusion,racemic,36.5", "%B,C1,2,0,dosing,infusion,racemic,\"36,5\""),
        Reject("decimal-comma", "dose_mg", "36.5"),
        "a decimal comma",
    ),
    case(
        "sessions.csv",
        Text("%B,C1,2,0,dosing,infusion,racemic,36.5", "%B,C1,2,0,dosing,infusion,racemic,9007199254740993"),
        Reject("out-of-range", "dose_mg", "check"),
        "2^53 + 1",
    ),
    case(
        "sessions.csv",
        Text("%B,C1,2,0,dosing,infusion,racemic,36.5", "%B,C1,2,0,dosing,infusion,racemic,99999999999999999999999"),
        Reject("out-of-range", "dose_mg", "check"),
        "past every integer",
    ),
    case(
        "sessions.csv",
        Text("%B,C1,2,0,dosing,infusion,racemic,36.5", "%B,C1,2,0,dosing,infusion,racemic,0.5 mg/kg"),
        Reject("not-a-number", "dose_mg", "one number"),
        "a dose by weight",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,phq9,28,7", "%B,C1,phq9,28,NaN"),
        Reject("not-a-number", "value", "digits"),
        "not a number",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,phq9,28,7", "%B,C1,phq9,28,28"),
        Reject("out-of-range", "value", "check"),
        "above the scale",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,phq9,28,7", "%B,C1,phq10,28,7"),
        Reject("no-such-instrument", "instrument", "PHQ-9"),
        "an instrument misspelt",
    ),
    case(
        "assessments.csv",
        Text("%B,C1,depression,0,13", "%B,C1,depression,0,14"),
        Reject("item-sum", "value", "correct the item"),
        "items that make another sum",
    ),
];

pub(crate) const WIDE: &[Case] = &[
    case("courses.csv", Bytes(|text| utf16(text, u16::to_le_bytes)), Error("import-nul", "line 1"), "UTF-16"),
    case(
        "courses.csv",
        Bytes(|text| behind("\u{feff}", text.replace('\n', "\r\n").as_bytes())),
        Read,
        "as a spreadsheet writes it",
    ),
    case(
        "courses.csv",
        Bytes(|text| text.replacen("phq9_day28", "PHQ-9 day 28", 1).into()),
        Error("import-no-such-column", "`phq9_day28`"),
        "a score's column renamed",
    ),
    case(
        "courses.csv",
        Bytes(|text| text.replacen("phq9_0", "phq9_day28", 1).into()),
        Error("import-column-twice", "`phq9_day28`"),
        "a score's column twice",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd,infusion,f,44,0,1,120,no,7", "%B,C1,mdd,infusion,f,44,0,1,120,no,\"7,5\""),
        Reject("decimal-comma", "phq9_day28", "7.5"),
        "a decimal comma",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd,infusion,f,44,0,1,120,no,7", "%B,C1,mdd,infusion,f,44,0,1,120,no,7,5"),
        Reject("cell-count", "", "quotes"),
        "a decimal comma without quotes",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd,infusion,f,44,0,1,120", "%B,C1,mdd,infusion,f,44,0,1,2024-06-01"),
        Reject("date", "relapse_day", "whole days"),
        "a date for a day",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd,infusion,f,44,0,1,120,no,7", "%B,C1,mdd,infusion,f,44,0,1,120,no,-7"),
        Reject("out-of-range", "phq9_day28", "check"),
        "below the scale",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd,infusion,f,44,0", "%B,C1,mdd,infusion,f,44,often"),
        Reject("not-yes-no", "benzodiazepine", "yes or no"),
        "a word for yes or no",
    ),
    case(
        "courses.csv",
        Text("%B,C1,mdd,infusion,f,44", "%B,C1,mdd,infusion,f,1980-05-06"),
        Reject("not-a-number", "age", "one number"),
        "a date of birth for an age",
    ),
];

pub(crate) const REDCAP: &[Case] = &[
    case(
        "redcap.csv",
        Bytes(|text| behind(text, b"\xe9,baseline_arm_1\n")),
        Error("import-not-utf8", "line 20"),
        "Latin-1",
    ),
    case(
        "redcap.csv",
        Bytes(|text| behind("\u{feff}", text.replace('\n', "\r\n").as_bytes())),
        Read,
        "as REDCap gives it to a spreadsheet",
    ),
    case(
        "redcap.csv",
        Bytes(|text| text.replacen("record_id", "study_id", 1).into()),
        Error("import-no-such-column", "`record_id`"),
        "another id",
    ),
    case(
        "redcap.csv",
        Bytes(|text| text.replacen("ds_dose_mg", "ds_dose", 1).into()),
        Error("import-no-such-column", "`ds_dose_mg`"),
        "a field renamed",
    ),
    case(
        "redcap.csv",
        Text("%B,week_4_arm_1", "%B,unscheduled_arm_1"),
        Reject("no-event-day", "redcap_event_name", "days"),
        "an event without a day",
    ),
    case(
        "redcap.csv",
        Text("%B,treatment_arm_1,dosing_session,2", "%B,treatment_arm_1,dosing_session,1"),
        Reject("other-session", "redcap_repeat_instance", "differently"),
        "an instance twice",
    ),
    case(
        "redcap.csv",
        Text("%B,treatment_arm_1,dosing_session,2", "%B,treatment_arm_1,dosing_session,two"),
        Reject("not-a-number", "redcap_repeat_instance", "digits"),
        "an instance in words",
    ),
    case(
        "redcap.csv",
        Text(
            "%B,baseline_arm_1,,,1,3,2,1,1,0,2,2,2,2,2,2,2,2,2,2,2",
            "%B,baseline_arm_1,,,1,3,2,1,1,0,2,2,2,2,2,2,2,2,2,2,0",
        ),
        Reject("form-incomplete", "phq9_complete", "complete"),
        "a form that nobody finished",
    ),
    case(
        "redcap.csv",
        Text("%B,baseline_arm_1,,,1,3,2,1,1,0,2,2", "%B,baseline_arm_1,,,1,3,2,1,1,0,2,4"),
        Reject("out-of-range", "phq9_1", "check"),
        "an answer that the form lacks",
    ),
    case(
        "redcap.csv",
        Text("%B,month_3_arm_1", ",month_3_arm_1"),
        Reject("absent", "record_id", "the patient"),
        "a row of nobody",
    ),
];
