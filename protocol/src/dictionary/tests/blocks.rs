//! Wrong sessions, events, items and codings of a dictionary, each found on its line.

use super::super::{Dictionary, DictionaryError, ImportantChange, ResponseRule, Vocabulary};

/// A small dictionary with every block, for the tests of blocks and of values.
pub(super) const BLOCKS: &str = r#"name = "blocks"
version = 1

[[instrument]]
id = "QIDS"
version = "16 items"
category = "outcomes"
min = 0
max = 9
better = "lower"
bands = [{ from = 0, to = 4, name = "none" }, { from = 5, to = 9, name = "some" }]
response = { points = 3 }
mcid = { of_baseline = { num = 2, den = 10 } }
suicide_item = 4
items = { count = 4, min = 0, max = 3, kept = true, domains = [[1, 2]], loinc = ["44250-9", "44255-8", "44259-0", "44254-1"] }
loinc_panel = "44249-1"
source = "a test"
licence = "free"

[[instrument]]
id = "SECRET"
version = "2 items"
category = "outcomes"
min = 0
max = 20
decimals = 1
better = "lower"
items = { count = 2, min = 0, max = 1, kept = false }
source = "a test"
licence = "a publisher's"

[[instrument]]
id = "CADSS"
version = "1998"
category = "outcomes"
per_session = true
min = 0
max = 92
better = "neutral"
source = "a test"
licence = "free"

[[instrument]]
id = "LEVEL"
version = "1"
category = "outcomes"
ordinal = true
min = 0
max = 5
better = "lower"
source = "a test"
licence = "free"

[[field]]
id = "route"
type = "category"
category = "treatment"
values = ["iv", "nasal"]
[field.coding]
iv = { snomed = ["47625008"] }
nasal = { snomed = ["46713006"] }

[[field]]
id = "benzodiazepine_home"
type = "flag"
category = "treatment"
told_by = { at_home = "benzodiazepine" }

[[field]]
id = "benzodiazepine_session"
type = "flag"
category = "treatment"
told_by = { in_session = "benzodiazepine" }

[session]
kinds = ["preparation", "dosing"]
minutes_max = 240
weight = { min = 25, max = 300, loinc = "29463-7" }
systolic = { min = 50, max = 300 }
spo2 = { min = 30, max = 100 }
heart_rate = { min = 20, max = 250 }
[[session.molecule]]
id = "racemic"
coding = { rxnorm = ["6130"] }
[[session.route]]
id = "iv"
dose_mg_max = 300
bioavailability = { from = 100, to = 100, source = "by definition" }
[[session.route]]
id = "nasal"
dose_mg_max = 84

[events]
severities = ["mild", "severe"]
relatedness = ["unlikely", "likely"]
onset_minutes_max = 1440
[[events.kind]]
id = "nausea"
onset = "acute"
coding = { icd10cm = ["R11.0"] }

[[time_to_event]]
id = "relapse"

[[comedication]]
id = "benzodiazepine"
"#;

pub(super) fn blocks() -> Dictionary {
    Dictionary::parse_all(BLOCKS).unwrap_or_else(|flaws| panic!("{flaws:#?}"))
}

fn with(piece: &str, instead: &str) -> String {
    assert_eq!(BLOCKS.matches(piece).count(), 1, "{piece} stands once");
    BLOCKS.replace(piece, instead)
}

fn flaws(text: &str) -> Vec<(usize, &'static str)> {
    let of = |flaw: DictionaryError| {
        assert!(!flaw.remedy().is_empty() && flaw.to_string().starts_with("line "), "{flaw}");
        (flaw.line, flaw.code())
    };
    Dictionary::parse_all(text).expect_err(text).into_iter().map(of).collect()
}

#[test]
fn a_sound_block_is_read_as_it_was_written() {
    let blocks = blocks();
    let qids = blocks.instrument("qids").unwrap();
    assert_eq!(qids.response, Some(ResponseRule::Points(3)));
    assert!(matches!(qids.mcid, Some(ImportantChange::OfBaseline(f)) if (f.num, f.den) == (1, 5)));
    assert_eq!(qids.items.as_ref().map(|items| items.summands()), Some(3));
    assert_eq!(blocks.codes(Vocabulary::Route), ["iv", "nasal"]);
    assert_eq!(blocks.session().unwrap().route("nasal").unwrap().dose_max.0, 84_000);
}

#[test]
fn a_wrong_session_block_is_refused_on_its_line() {
    let cases = [
        ("[\"preparation\", \"dosing\"]", "[]", 76, "dictionary-value", "no kinds"),
        ("\"dosing\"]", "\"Preparation\"]", 76, "dictionary-value", "one kind in two spellings"),
        ("\"dosing\"]", "\"between\"]", 76, "dictionary-unnameable", "a word of the language"),
        ("minutes_max = 240", "minutes_max = 0", 77, "dictionary-value", "no time at all"),
        ("minutes_max = 240", "minutes_max = 99999", 77, "dictionary-shape", "more minutes than can be kept"),
        ("minutes_max = 240\n", "", 75, "dictionary-shape", "a key that is missing"),
        ("min = 25, max = 300", "min = 300, max = 25", 78, "dictionary-value", "weights upside down"),
        ("min = 25, max = 300", "min = 0, max = 300", 78, "dictionary-value", "a weight of nothing"),
        ("min = 25, max = 300", "min = 25, max = 9000", 78, "dictionary-value", "a weight in another unit"),
        ("29463-7", "29463-6", 78, "dictionary-value", "a guessed LOINC code"),
        ("min = 30, max = 100 }", "min = 30, max = 101 }", 80, "dictionary-value", "more than all oxygen"),
        ("rxnorm = [\"6130\"]", "rxnorm = [\"RX6130\"]", 84, "dictionary-value", "no RxNorm code"),
        ("rxnorm = [\"6130\"]", "rxnrom = [\"6130\"]", 84, "dictionary-shape", "no system"),
        ("dose_mg_max = 300", "dose_mg_max = 0", 87, "dictionary-value", "no dose at all"),
        ("dose_mg_max = 300", "dose_mg_max = 3000000", 87, "dictionary-value", "a kilogram"),
        ("dose_mg_max = 300", "dose_mg_max = 0.5", 87, "dictionary-shape", "a dose in fractions"),
        ("from = 100, to = 100", "from = 100, to = 93", 88, "dictionary-value", "a range upside down"),
        ("from = 100, to = 100", "from = 100, to = 101", 88, "dictionary-value", "more than the whole dose"),
        ("\"by definition\"", "\"\"", 88, "dictionary-value", "a figure without a source"),
        ("id = \"nasal\"\ndose", "id = \"IV\"\ndose", 90, "dictionary-code-twice", "one route in two spellings"),
        ("id = \"nasal\"\ndose", "id = \"unknown\"\ndose", 90, "dictionary-value", "the code that all have"),
        ("id = \"nasal\"\ndose", "id = \"by nose\"\ndose", 90, "dictionary-unnameable", "a space in a code"),
    ];
    for (piece, instead, line, code, why) in cases {
        assert_eq!(flaws(&with(piece, instead)), [(line, code)], "{why}");
    }
}

#[test]
fn wrong_events_and_medicines_are_refused_on_their_line() {
    let cases = [
        ("[\"mild\", \"severe\"]", "[\"mild\", \"mild\"]", 94, "dictionary-value", "a severity twice"),
        ("onset_minutes_max = 1440", "onset_minutes_max = -1", 96, "dictionary-shape", "before the dose"),
        ("onset = \"acute\"", "onset = \"sudden\"", 99, "dictionary-shape", "an onset that does not exist"),
        ("onset = \"acute\"\n", "", 97, "dictionary-shape", "an onset that is missing"),
        ("R11.0", "R11.", 100, "dictionary-value", "half a diagnosis"),
        ("[[time_to_event]]", "[time_to_event]", 102, "dictionary-shape", "one table where there is a list"),
        ("id = \"relapse\"", "id = \"null\"", 103, "dictionary-unnameable", "a word of SQL"),
        ("[[comedication]]\nid = \"benzodiazepine\"\n", "", 67, "dictionary-value", "a class that does not exist"),
        ("{ in_session = \"benzodiazepine\" }", "{}", 73, "dictionary-value", "told by nothing"),
        ("{ in_session = ", "{ at_home = \"x\", in_session = ", 73, "dictionary-value", "told by two"),
        (
            "{ snomed = [\"46713006\"] }",
            "{ snomed = [\"47625008\"] }",
            61,
            "dictionary-value",
            "one code for two routes",
        ),
        ("iv = { snomed", "IV = { snomed", 60, "dictionary-value", "a coding of no value"),
        ("[\"46713006\"]", "[\"46713007\"]", 61, "dictionary-value", "a wrong check digit"),
    ];
    for (piece, instead, line, code, why) in cases {
        let found = flaws(&with(piece, instead));
        assert!(found.iter().all(|(_, found)| *found == code), "{why}: {found:?}");
        assert!(found.contains(&(line, code)), "{why}: {found:?}");
    }
}

#[test]
fn items_that_cannot_make_the_total_are_refused() {
    let cases = [
        ("count = 4, min = 0, max = 3", "count = 4, min = 0, max = 4", 15, "dictionary-value", "totals that are not"),
        ("count = 4,", "count = 0,", 15, "dictionary-value", "no items"),
        ("count = 4, min = 0, max = 3", "count = 4, min = 3, max = 3", 15, "dictionary-value", "one score for all"),
        ("[[1, 2]]", "[[1, 5]]", 15, "dictionary-value", "a domain of an item that does not exist"),
        ("[[1, 2]]", "[[1, 2], [2, 3]]", 15, "dictionary-value", "an item in two domains"),
        ("[[1, 2]]", "[[1]]", 15, "dictionary-value", "a domain of one"),
        (", \"44254-1\"]", "]", 15, "dictionary-value", "a LOINC code too few"),
        ("\"44254-1\"", "\"44254-2\"", 15, "dictionary-value", "a guessed LOINC code"),
        ("suicide_item = 4", "suicide_item = 5", 14, "dictionary-value", "an item that does not exist"),
        ("kept = true, ", "", 15, "dictionary-shape", "nobody said whether items may be kept"),
        ("44249-1", "44249-2", 16, "dictionary-value", "a guessed panel"),
        ("{ points = 3 }", "{ points = 10 }", 12, "dictionary-value", "more points than there are"),
        ("{ points = 3 }", "{ bands = 2 }", 12, "dictionary-value", "more bands than there are"),
        ("{ points = 3 }", "{}", 12, "dictionary-value", "no rule"),
        ("{ points = 3 }", "{ points = 3, bands = 1 }", 12, "dictionary-value", "two rules"),
        ("{ num = 2, den = 10 }", "{ num = 2, den = 0 }", 13, "dictionary-value", "a share of nothing"),
        (
            "per_session = true",
            "per_session = true\nrecall_days = 7",
            37,
            "dictionary-misplaced-key",
            "days of a session",
        ),
        ("ordinal = true", "ordinal = true\nreference_sd = 1", 48, "dictionary-misplaced-key", "a spread of levels"),
        ("ordinal = true", "ordinal = true\nmcid = 1", 48, "dictionary-misplaced-key", "a difference of levels"),
    ];
    for (piece, instead, line, code, why) in cases {
        assert_eq!(flaws(&with(piece, instead)), [(line, code)], "{why}");
    }
}

#[test]
fn every_flaw_is_told_at_once_and_by_line() {
    let text = with("version = 1\n\n", "version = 1\ninstrumnet = 5\n\n")
        .replace("max = 9\n", "max = -9\n")
        .replace("id = \"SECRET\"", "id = \"qids\"")
        .replace("licence = \"a publisher's\"", "licence = \"\"")
        .replace("better = \"neutral\"", "better = \"up\"")
        .replace("dose_mg_max = 84", "dose_mg_max = 0")
        .replace("onset = \"acute\"", "onset = \"soon\"");
    let want = [
        (3, "dictionary-shape"),
        (10, "dictionary-range"),
        (22, "dictionary-name-twice"),
        (31, "dictionary-value"),
        (40, "dictionary-shape"),
        (92, "dictionary-value"),
        (100, "dictionary-shape"),
    ];
    assert_eq!(flaws(&text), want);
    let first = Dictionary::parse(&text).unwrap_err();
    assert_eq!((first.line, first.code()), (3, "dictionary-shape"));
    assert!(first.to_string().contains("did you mean `instrument`?"), "{first}");
}

#[test]
fn a_text_that_is_no_toml_is_told_where_it_breaks_and_nothing_is_guessed_behind() {
    let broken = with("[[comedication]]", "[[comedication]").replace("max = 9\n", "max = -9\n");
    let found = flaws(&broken);
    assert!(found.iter().all(|(_, code)| *code == "dictionary-shape"), "{found:?}");
    assert_eq!(found.first(), Some(&(105, "dictionary-shape")), "{found:?}");
    assert_eq!(flaws("\u{0}").first(), Some(&(1, "dictionary-shape")));
    assert_eq!(flaws(""), [(1, "dictionary-shape")], "nothing at all");
}
