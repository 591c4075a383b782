//! Dictionaries that are wrong, and values that are.

use super::{BaselineRule, Better, ConsentCategory, Dictionary, FieldKind, RANGE_MAX, ValueError};
use crate::limits::DICTIONARY_BYTES_MAX;
use crate::record::{Assessment, Course, FieldValue};

mod blocks;
mod drafts;
mod ketamine;
mod sessions;

const TRIAL: &str = include_str!("../../dictionaries/duloxetine.toml");

/// A small dictionary with every kind of thing in it.
const CLINIC: &str = r#"
name = "clinic"
version = 3
baseline = "highest_before_0"

[[instrument]]
id = "PHQ-9"
version = "1999"
category = "outcomes"
min = 0
max = 27
better = "lower"
change_clip = [-20, 10]
bands = [{ from = 0, to = 9, name = "mild" }, { from = 10, to = 27, name = "severe" }]
response = { at_least = { num = 50, den = 100 } }
remission = { at_most = 4 }
mcid = 5
recall_days = 14
loinc = "44261-6"
source = "Kroenke 2001"
licence = "free"

[[instrument]]
id = "WHO-5"
version = "1998"
category = "outcomes"
min = 0
max = 250
decimals = 1
better = "higher"
remission = { at_least = 130 }
source = "WHO"
licence = "free"

[[field]]
id = "route"
type = "category"
category = "treatment"
values = ["iv", "im", "nasal"]

[[field]]
id = "treatment_resistant"
type = "flag"
category = "treatment"

[[field]]
id = "weight"
type = "number"
category = "demographics"
min = 250
max = 3000
decimals = 1
unit = "kg"
reference_sd = 200
"#;

pub(super) fn clinic() -> Dictionary {
    Dictionary::parse(CLINIC).unwrap()
}

#[test]
fn the_shipped_dictionary_says_what_the_trial_needs() {
    let trial = Dictionary::parse(TRIAL).unwrap();
    assert_eq!((trial.name(), trial.version(), trial.baseline()), ("duloxetine", 1, BaselineRule::LastOnOrBefore0));
    let hamd = trial.instrument("hamd_17").unwrap();
    assert_eq!((hamd.min, hamd.max, hamd.change_clip, hamd.remission), (0, 52, Some((-30, 15)), Some(7)));
    assert_eq!((trial.instrument("hama").unwrap().max, trial.instrument("pgi-i").unwrap().min), (56, 1));
    assert_eq!(trial.field("ARM").unwrap().category, ConsentCategory::Treatment);
    assert!(matches!(&trial.field("sex").unwrap().kind, FieldKind::Category { values } if values == &["F", "M"]));
}

#[test]
fn names_are_found_in_every_spelling_and_only_as_what_they_are() {
    let clinic = clinic();
    for spelling in ["PHQ-9", "phq9", "Phq_9"] {
        assert_eq!(clinic.instrument(spelling).unwrap().id, "PHQ-9", "{spelling}");
        assert_eq!(clinic.field(spelling), None, "{spelling}");
    }
    assert_eq!(clinic.field("TreatmentResistant").unwrap().id, "treatment_resistant");
    assert_eq!(clinic.instrument("WHO-5").unwrap().better, Better::Higher);
    assert_eq!(clinic.instrument("PHQ-8"), None);
}

/// Replaces one piece of the sound dictionary, so that a test shows only what is wrong.
fn with(piece: &str, instead: &str) -> String {
    assert_eq!(CLINIC.matches(piece).count(), 1, "{piece} stands once");
    CLINIC.replace(piece, instead)
}

#[test]
fn a_wrong_dictionary_is_refused_with_the_line_and_a_code() {
    let field = |id: &str| format!("{CLINIC}[[field]]\nid = \"{id}\"\ntype = \"flag\"\ncategory = \"treatment\"\n");
    let last = CLINIC.lines().count() + 2;
    let cases: Vec<(String, usize, &str, &str)> = vec![
        (with("version = 3", "version = 3\nversion = 4"), 4, "dictionary-shape", "a key twice"),
        (with("version = 3", "version = 3.5"), 3, "dictionary-shape", "a fraction"),
        (with("mcid = 5", "mcdi = 5"), 17, "dictionary-shape", "a key that does not exist"),
        (with("\"highest_before_0\"", "\"best\""), 4, "dictionary-shape", "a rule that does not exist"),
        (with("max = 27\n", ""), 6, "dictionary-shape", "a key that is missing"),
        (with("[[instrument]]\nid = \"WHO-5\"", "[[instrument\nid = \"WHO-5\""), 23, "dictionary-shape", "no TOML"),
        (with("name = \"clinic\"", "name = \"our clinic\""), 2, "dictionary-unnameable", "a space in the name"),
        (with("\"WHO-5\"", "\"5-WHO\""), 24, "dictionary-unnameable", "a digit first"),
        (with("\"WHO-5\"", "\"WHO.5\""), 24, "dictionary-unnameable", "a point"),
        (with("\"route\"", "\"\""), 36, "dictionary-unnameable", "no name"),
        (field("group"), last, "dictionary-unnameable", "a word of the language"),
        (field("between"), last, "dictionary-unnameable", "a word of the language"),
        (field("case"), last, "dictionary-unnameable", "a word of SQL"),
        (field("current_date"), last, "dictionary-unnameable", "a word that SQL computes"),
        (field("nul-l"), last, "dictionary-unnameable", "a word of SQL once the hyphen is left out"),
        (field(&"x".repeat(65)), last, "dictionary-unnameable", "too long"),
        (field("patient_id"), last, "dictionary-identifying", "a person"),
        (field("Site"), last, "dictionary-identifying", "a place"),
        (field("date_of_birth"), last, "dictionary-identifying", "a day"),
        (field("phq_9"), last, "dictionary-name-twice", "an instrument has it"),
        (field("ROUTE"), last, "dictionary-name-twice", "a field has it"),
        (with("max = 27", "max = 0"), 11, "dictionary-range", "an empty range"),
        (with("min = 250", "min = 9999"), 51, "dictionary-range", "upside down"),
        (with("max = 27", &format!("max = {}", RANGE_MAX + 1)), 11, "dictionary-range-too-wide", "too wide"),
        (with("max = 27", "max = 9223372036854775807"), 11, "dictionary-range-too-wide", "as wide as can be"),
        (with("decimals = 1\nbetter", "decimals = 7\nbetter"), 29, "dictionary-value", "too many decimals"),
        (with("[-20, 10]", "[10, -20]"), 13, "dictionary-value", "a clip upside down"),
        (with("[-20, 10]", "[-28, 10]"), 13, "dictionary-value", "a clip beyond every change"),
        (with("{ from = 10, to = 27", "{ from = 11, to = 27"), 14, "dictionary-value", "a gap between bands"),
        (with("{ from = 10, to = 27", "{ from = 10, to = 26"), 14, "dictionary-value", "no band for the top"),
        (with("num = 50", "num = 0"), 15, "dictionary-value", "a response to nothing"),
        (with("num = 50", "num = 101"), 15, "dictionary-value", "more than all of the baseline"),
        (with("at_most = 4", "at_least = 4"), 16, "dictionary-value", "remission the wrong way"),
        (with("at_most = 4", "at_most = 28"), 16, "dictionary-value", "a total that does not exist"),
        (with("mcid = 5", "mcid = 0"), 17, "dictionary-value", "no difference at all"),
        (with("recall_days = 14", "recall_days = 99999"), 18, "dictionary-value", "a lifetime"),
        (with("44261-6", "44261-5"), 19, "dictionary-value", "a guessed LOINC code"),
        (with("\"Kroenke 2001\"", "\" \""), 20, "dictionary-value", "no source"),
        (with("\"Kroenke 2001\"", "\"a\\u001b[2J\""), 20, "dictionary-value", "a source that takes over the screen"),
        (with("better = \"lower\"", "better = \"neutral\""), 15, "dictionary-value", "a response without direction"),
        (with("min = 0\nmax = 27", "min = -5\nmax = 27"), 14, "dictionary-value", "bands that begin too late"),
        (with("mcid = 5", "mcid = 5\nrates_change = true"), 15, "dictionary-value", "a response without baseline"),
        (with("[\"iv\", \"im\", \"nasal\"]", "[]"), 39, "dictionary-value", "a category of nothing"),
        (with("\"im\"", "\"IV\""), 39, "dictionary-value", "one code in two spellings"),
        (with("\"im\"", "\"Unknown\""), 39, "dictionary-value", "the code that all have"),
        (with("\"im\"", "\"i m\""), 39, "dictionary-value", "a space in a code"),
        (with("\"im\"", "\"i'm\""), 39, "dictionary-value", "a quote in a code"),
        (with("values = [\"iv\", \"im\", \"nasal\"]\n", ""), 36, "dictionary-missing-key", "a category without values"),
        (with("min = 250\n", ""), 47, "dictionary-missing-key", "a number without a lower bound"),
        (with("type = \"flag\"", "type = \"flag\"\nmin = 1"), 44, "dictionary-misplaced-key", "a flag with a bound"),
        (with("unit = \"kg\"", "values = [\"a\"]"), 53, "dictionary-misplaced-key", "a number with codes"),
        (with("unit = \"kg\"", "unit = \"k\\ng\""), 53, "dictionary-value", "a unit of two lines"),
        (" ".repeat(DICTIONARY_BYTES_MAX + 1), 1, "dictionary-too-long", "longer than a charter holds"),
    ];
    for (text, line, code, why) in cases {
        let error = Dictionary::parse(&text).expect_err(why);
        assert_eq!((error.line, error.code()), (line, code), "{why}: {error}");
        assert!(!error.remedy().is_empty() && error.to_string().starts_with("line "), "{why}");
    }
}

#[test]
fn a_field_without_a_name_of_its_own_in_questions_is_refused_and_others_are_not() {
    for id in ["age", "indication", "day", "kap_low", "payer", "phase", "count", "change", "x", "state", "key", "year"]
    {
        let text = format!("{CLINIC}[[field]]\nid = \"{id}\"\ntype = \"flag\"\ncategory = \"treatment\"\n");
        assert!(Dictionary::parse(&text).is_ok(), "{id}: {:?}", Dictionary::parse(&text));
    }
}

#[test]
fn scores_are_whole_numbers_of_their_unit_inside_the_range() {
    let clinic = clinic();
    let cases = [
        ("PHQ-9", "0", Ok(0)),
        ("phq9", " 27 ", Ok(27)),
        ("PHQ-9", "27.0", Ok(27)),
        ("WHO-5", "12.5", Ok(125)),
        ("WHO-5", "25", Ok(250)),
        ("PHQ-9", "28", Err("out-of-range")),
        ("PHQ-9", "-1", Err("out-of-range")),
        ("PHQ-9", "99999999999999999999", Err("out-of-range")),
        ("PHQ-9", "7,5", Err("decimal-comma")),
        ("WHO-5", "1,000", Err("decimal-comma")),
        ("PHQ-9", "7.5", Err("too-precise")),
        ("PHQ-9", "seven", Err("not-a-number")),
        ("PHQ-9", "1e1", Err("not-a-number")),
        ("PHQ-9", "NA", Err("not-a-number")),
        ("PHQ-9", "", Err("empty")),
        ("PHQ-8", "5", Err("no-such-instrument")),
        ("route", "5", Err("no-such-instrument")),
    ];
    for (instrument, text, want) in cases {
        let got = clinic.check_score(instrument, text);
        assert_eq!(
            got.as_ref().map_err(ValueError::code),
            want.as_ref().map_err(|code| *code),
            "{instrument} {text:?}"
        );
        assert!(got.err().is_none_or(|error| !error.remedy().is_empty()));
    }
    assert_eq!(clinic.check_score("PHQ-9", "7,5").unwrap_err().remedy(), "write decimals with a point: `7.5`");
    assert_eq!(clinic.check_score("PHQ-8", "5").unwrap_err().remedy(), "did you mean `PHQ-9`?");
}

#[test]
fn field_values_are_codes_yes_or_no_or_numbers_of_the_dictionary() {
    let clinic = clinic();
    let code = |code: &str| Ok(FieldValue::Category(code.to_owned()));
    let cases = [
        ("route", "iv", code("iv")),
        ("Route", " NASAL ", code("nasal")),
        ("route", "Unknown", code("unknown")),
        ("route", "ivv", Err("no-such-value")),
        ("route", "", Err("empty")),
        ("treatment-resistant", "Yes", Ok(FieldValue::Flag(true))),
        ("treatment_resistant", "0", Ok(FieldValue::Flag(false))),
        ("treatment_resistant", "2", Err("not-yes-no")),
        ("weight", "81.5", Ok(FieldValue::Number(815))),
        ("weight", "24.9", Err("out-of-range")),
        ("weight", "81,5", Err("decimal-comma")),
        ("weight", "81.55", Err("too-precise")),
        ("wieght", "81", Err("no-such-field")),
        ("PHQ-9", "8", Err("no-such-field")),
    ];
    for (field, text, want) in cases {
        assert_eq!(clinic.check_field(field, text).map_err(|error| error.code()), want, "{field} {text:?}");
    }
    assert_eq!(clinic.check_field("route", "nasel").unwrap_err().remedy(), "did you mean `nasal`?");
    assert_eq!(clinic.check_field("route", "pill").unwrap_err().remedy(), "use iv, im, nasal or unknown");
    assert_eq!(clinic.check_field("wieght", "81").unwrap_err().remedy(), "did you mean `weight`?");
}

#[test]
fn a_course_is_checked_as_it_is_stored() {
    let clinic = clinic();
    let score = |instrument: &str, day, value| Assessment::total(instrument, day, value);
    let sound = Course {
        id: "C1".into(),
        fields: [
            ("route".into(), FieldValue::Category("unknown".into())),
            ("treatment_resistant".into(), FieldValue::Flag(true)),
            ("weight".into(), FieldValue::Number(815)),
        ]
        .into(),
        assessments: vec![score("PHQ-9", 0, 20), score("PHQ-9", 28, 27), score("WHO-5", 28, 250)],
        ..Course::default()
    };
    assert_eq!(clinic.check_course(&sound), []);
    let wrong: [(&str, FieldValue, &str); 6] = [
        ("Route", FieldValue::Category("iv".into()), "no-such-field"),
        ("route", FieldValue::Category("IV".into()), "no-such-value"),
        ("route", FieldValue::Flag(true), "wrong-type"),
        ("weight", FieldValue::Number(3001), "out-of-range"),
        ("weight", FieldValue::Flag(false), "wrong-type"),
        ("height", FieldValue::Number(180), "no-such-field"),
    ];
    for (name, value, code) in wrong {
        let course = Course { fields: [(name.to_owned(), value)].into(), ..Course::default() };
        let flaws = clinic.check_course(&course);
        assert_eq!(flaws.iter().map(ValueError::code).collect::<Vec<_>>(), [code], "{name}");
    }
    let scores: [(Vec<Assessment>, &[&str]); 5] = [
        (vec![score("phq9", 0, 20)], &["no-such-instrument"]),
        (vec![score("PHQ-9", 0, 28)], &["out-of-range"]),
        (vec![score("PHQ-9", 0, 2), score("PHQ-9", 0, 2)], &["twice-on-one-day"]),
        (vec![score("PHQ-9", i32::MIN, 2)], &["day-out-of-range"]),
        (vec![score("PHQ-9", 40_000, -2)], &["out-of-range", "day-out-of-range"]),
    ];
    for (assessments, codes) in scores {
        let flaws = clinic.check_course(&Course { assessments, ..Course::default() });
        assert_eq!(flaws.iter().map(ValueError::code).collect::<Vec<_>>(), codes);
    }
}
