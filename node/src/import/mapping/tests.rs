use super::{Mapping, MappingError};

const COURSES: &str = "[courses]\npatient = \"p\"\ncourse = \"c\"\n";
const ASSESSMENTS: &str =
    "[assessments]\npatient = \"p\"\ncourse = \"c\"\ninstrument = \"i\"\nday = \"d\"\nvalue = \"v\"\n";

#[test]
fn a_wrong_mapping_is_refused_with_the_key_and_a_remedy() {
    let wide = |rest: &str| format!("{COURSES}[[wide]]\ncolumn = \"w\"\ninstrument = \"A\"\n{rest}");
    let cases: [(String, &str, &str, &str); 21] = [
        (String::new(), "mapping-empty", "[courses]", "nothing is mapped"),
        ("delimiter = \";\"".to_owned(), "mapping-empty", "[courses]", "a delimiter alone reads nothing"),
        ("patient = 'p'".to_owned(), "mapping-shape", "patient", "a key outside of its section"),
        ("[course]\npatient = 'p'".to_owned(), "mapping-shape", "course", "a section that does not exist"),
        ("[courses]\npatient = 'p'".to_owned(), "mapping-shape", "course", "a key is missing"),
        (format!("{COURSES}clinic = 'x'"), "mapping-shape", "clinic", "a key that does not exist"),
        (format!("{COURSES}fields = 'arm'"), "mapping-shape", "string", "fields are a table"),
        (format!("{COURSES}course = 'c'"), "mapping-shape", "duplicate", "a key stands twice"),
        ("courses = [".to_owned(), "mapping-shape", "", "no TOML"),
        ("\u{0}".to_owned(), "mapping-shape", "", "a NUL byte"),
        (format!("delimiter = ''\n{COURSES}"), "mapping-delimiter", "delimiter", "no delimiter at all"),
        (format!("delimiter = ', '\n{COURSES}"), "mapping-delimiter", "delimiter", "two characters"),
        (format!("delimiter = '\"'\n{COURSES}"), "mapping-delimiter", "delimiter", "a quote"),
        (format!("decimal_separator = \"'\"\n{COURSES}"), "mapping-decimal-separator", "decimal_separator", "Swiss"),
        ("[[wide]]\ncolumn='w'\ninstrument='A'\nday=1".to_owned(), "mapping-wide-without-courses", "wide", "no ids"),
        (
            format!("{ASSESSMENTS}[[wide]]\ncolumn='w'\ninstrument='A'\nday=1"),
            "mapping-wide-without-courses",
            "wide",
            "its columns stand in the courses file",
        ),
        (COURSES.replace("\"p\"", "\" \""), "mapping-no-column", "courses.patient", "a blank column"),
        (format!("{ASSESSMENTS}{}", COURSES.replace("\"c\"", "''")), "mapping-no-column", "courses.course", "blank"),
        (
            format!("{COURSES}[courses.codes.sex]\nfemale = 'F'"),
            "mapping-codes-without-field",
            "courses.codes.sex",
            "codes of a field that is not read",
        ),
        (wide("day = 40000"), "mapping-day", "day", "a spreadsheet's number of a date"),
        (wide("day = '28'"), "mapping-shape", "i32", "a day is a number"),
    ];
    for (text, code, says, why) in cases {
        let error = Mapping::parse(&text).expect_err(why);
        assert_eq!(error.code(), code, "{why}: {error}");
        assert!(error.to_string().contains(says), "{why}: {error}");
        assert!(!error.remedy().is_empty(), "{why}");
    }
}

#[test]
fn two_wide_columns_cannot_hold_one_total_and_one_column_cannot_hold_two() {
    let pair = |column: &str, instrument: &str| {
        Mapping::parse(&format!(
            "{COURSES}[[wide]]\ncolumn='w'\ninstrument='A'\nday=1\n\
             [[wide]]\ncolumn='{column}'\ninstrument='{instrument}'\nday=1"
        ))
    };
    assert_eq!(pair("w", "B").map_err(|error| error.code()), Err("mapping-column-twice"));
    assert_eq!(pair("x", "A").map_err(|error| error.code()), Err("mapping-score-twice"));
    assert!(pair("x", "B").is_ok());
}

#[test]
fn a_mapping_longer_than_any_is_refused_before_it_is_read() {
    let long = "#".repeat(super::MAPPING_BYTES_MAX + 1);
    assert_eq!(Mapping::parse(&long), Err(MappingError::TooLong { bytes: long.len() }));
}

#[test]
fn a_flaw_is_found_on_the_line_where_it_stands() {
    let flaw = Mapping::parse(&format!("# notes\n\n{COURSES}clinc = 1\n"));
    assert!(matches!(flaw, Err(MappingError::Shape { line: 6, .. })), "{flaw:?}");
}

#[test]
fn what_is_left_out_is_comma_point_empty_and_na() {
    let mapping = Mapping::parse(COURSES).unwrap();
    assert_eq!((mapping.delimiter, mapping.decimal_comma), (b',', false));
    assert_eq!(mapping.missing, ["", "NA"].map(str::to_owned).into());
}

#[test]
fn the_shipped_mapping_is_read() {
    let mapping = Mapping::parse(include_str!("../../../../cli/demo/duloxetine.mapping.toml")).unwrap();
    assert!(mapping.courses.is_some() && mapping.assessments.is_some());
}
