//! Dictionaries that are wrong, files that none can be begun from, and what the right ones look like.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{assert_refused, sumac, text};

const KETAMINE: &str = include_str!("../../../protocol/dictionaries/ketamine.toml");

/// A folder with one file in it.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (scratch, path)
}

#[test]
fn the_shipped_dictionary_is_printed_byte_for_byte_and_passes_its_own_check() {
    let shown = sumac(&["dictionary", "show", "--format", "toml"]);
    assert_eq!(shown.exit, Some(0), "{}", shown.text());
    assert_eq!(shown.out.join("\n") + "\n", KETAMINE);
    let (_scratch, path) = file("ketamine.toml", KETAMINE.as_bytes());
    let checked = sumac(&["dictionary", "check", text(&path)]);
    assert_eq!((checked.exit, checked.talk.len()), (Some(0), 0), "{}", checked.text());
    assert!(checked.out[0].contains("ketamine, version 1: 17 instruments"), "{}", checked.text());
}

#[test]
fn everything_that_is_shown_fits_eighty_columns() {
    let names = ["phq9", "C-SSRS", "promis_t", "route", "indication", "age", "session", "events", "sc", "other"];
    let more = ["nausea", "relapse", "benzodiazepine", "racemic", "benzodiazepine_session"];
    let whole = sumac(&["dictionary", "show"]);
    let entries = names.iter().chain(&more).map(|name| sumac(&["dictionary", "show", name]));
    for shown in entries.chain([whole]) {
        assert_eq!(shown.exit, Some(0), "{}", shown.text());
        assert!(shown.out.iter().all(|line| line.chars().count() <= 80), "{}", shown.text());
        assert!(shown.out.iter().all(|line| line.trim_end() == line), "{}", shown.text());
    }
    let disputed = sumac(&["dictionary", "show", "sc"]).text();
    assert!(disputed.contains("24-100 %, disputed"), "{disputed}");
}

#[test]
fn one_entry_is_printed_for_programs_and_as_it_is_written() {
    let phq9: Value = sumac(&["dictionary", "show", "PHQ-9", "--format", "json"]).json();
    assert_eq!((&phq9["max"], &phq9["items"]["count"], &phq9["loinc"]), (&json!(27), &json!(9), &json!("44261-6")));
    let route: Value = sumac(&["dictionary", "show", "iv", "--format", "json"]).json();
    assert_eq!((&route["dose_max"], &route["coding"]["snomed"][0]), (&json!(300_000), &json!("47625008")));
    let all: Value = sumac(&["dictionary", "show", "--format", "json"]).json();
    assert_eq!(all["instruments"].as_array().map(Vec::len), Some(17));
    let written = sumac(&["dictionary", "show", "sex", "--format", "toml"]).out;
    assert_eq!(written.first().map(String::as_str), Some("[[field]]"));
    assert_eq!(written.last().map(String::as_str), Some("values = [\"female\", \"male\", \"other\"]"));
}

#[test]
fn a_name_that_is_nothing_is_refused_with_the_one_that_was_meant() {
    for (name, near) in [("phq99", "`PHQ-9`"), ("cystits", "`cystitis`"), ("nothing_like_it", "lists what there is")] {
        let ended = sumac(&["dictionary", "show", name]);
        assert_refused(&ended, 1, "no-such-entry", name);
        assert!(ended.text().contains(near), "{}", ended.text());
    }
}

#[test]
fn every_flaw_of_a_dictionary_is_told_with_its_line_and_a_remedy() {
    let wrong = KETAMINE
        .replace("loinc = \"44261-6\"", "loinc = \"44261-5\"")
        .replace("max = 24\n", "max = -24\n")
        .replace("id = \"setting\"", "id = \"site\"")
        .replace(
            "dose_mg_max = 300\nbioavailability = { from = 100",
            "dose_mg_max = 0\nbioavailability = { from = 100",
        );
    let (_scratch, path) = file("wrong.toml", wrong.as_bytes());
    let ended = sumac(&["dictionary", "check", text(&path)]);
    assert_refused(&ended, 1, "dictionary-value", "four flaws");
    let line = |piece: &str| wrong.lines().position(|line| line.contains(piece)).unwrap() + 1;
    let told = |code: &str, line: usize| {
        let start = format!("error[{code}]: {}: line {line}: ", path.display());
        ended.talk.iter().any(|said| said.starts_with(&start))
    };
    assert!(told("dictionary-value", line("44261-5")), "{}", ended.text());
    assert!(told("dictionary-range", line("max = -24")), "{}", ended.text());
    assert!(told("dictionary-identifying", line("id = \"site\"")), "{}", ended.text());
    assert!(told("dictionary-value", line("dose_mg_max = 0")), "{}", ended.text());
    assert_eq!(ended.talk.iter().filter(|line| line.starts_with("  to do: ")).count(), 4, "{}", ended.text());
    assert!(ended.talk.last().unwrap().ends_with("4 flaws"), "{}", ended.text());
}

#[test]
fn what_is_no_dictionary_is_refused_whoever_reads_it() {
    let (_scratch, picture) = file("picture.toml", b"\x89PNG\r\n\x1a\n\xff");
    let (_scratch2, empty) = file("empty.toml", b"");
    let absent = Path::new("/nowhere/at/all.toml");
    for command in [&["dictionary", "check"][..], &["dictionary", "show", "--dictionary"]] {
        let on = |path: &Path| sumac(&[command, &[text(path)]].concat());
        assert_refused(&on(&picture), 1, "file", "a picture");
        assert_refused(&on(&empty), 1, "dictionary-shape", "nothing at all");
        assert_refused(&on(absent), 1, "file", "no file");
    }
    for arguments in [
        &["dictionary"][..],
        &["dictionary", "check"],
        &["dictionary", "show", "--format", "yaml"],
        &["dictionary", "draft"],
        &["dictionary", "show", "--dictionary", "ketamine", "--charter", "c.json"],
    ] {
        assert_eq!(sumac(arguments).exit, Some(2), "{arguments:?}");
    }
}

#[test]
fn a_file_with_a_flaw_on_every_line_is_told_in_one_screen_or_two() {
    let rows: String = (0..2_000).map(|row| format!("P{row},14,oral\n")).collect();
    let (_scratch, path) = file("rows.toml", rows.as_bytes());
    let ended = sumac(&["dictionary", "check", text(&path)]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text());
    assert!(ended.talk.len() <= 100, "{} lines", ended.talk.len());
    let last = ended.talk.last().unwrap();
    assert!(last.contains("flaws, of which the first 20 are told"), "{last}");
}

/// Twelve patients in a wide file: every kind of column that a clinic's table has.
fn table() -> String {
    let mut csv = String::from("patient_id,visit_date,paradigm,kap,age,weight,comment,always,rare,3d,empty\n");
    for n in 0..12 {
        let paradigm = if n % 2 == 0 { "High dose (KAP)" } else { "infusion" };
        let rare = if n == 0 { "the mayor" } else { ["a", "b"][n % 2] };
        let row =
            format!("P{n},2024-01-{:02},{paradigm},{},{},{}.5,told us {n},x,{rare},{n},", n + 1, n % 2, 30 + n, 60 + n);
        writeln!(csv, "{row}").unwrap();
    }
    csv
}

#[test]
fn a_draft_asks_for_every_bound_and_tells_nobody_apart() {
    let (scratch, csv) = file("clinic.csv", table().as_bytes());
    let ended = sumac(&["dictionary", "draft", "--from", text(&csv), "--name", "our_clinic"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    let draft = ended.out.join("\n") + "\n";
    assert!(draft.contains("values = [\"High_dose_KAP\", \"infusion\"]"), "{draft}");
    assert!(draft.contains("id = \"kap\"\ntype = \"flag\""), "{draft}");
    assert!(draft.contains("# seen, not to be used as bound: 30 to 41\nmin = \"?\"\nmax = \"?\""), "{draft}");
    assert!(draft.contains("decimals = 1"), "{draft}");
    for out in ["patient_id", "visit_date", "comment", "always", "empty"] {
        assert!(draft.contains(&format!("# Left out: \"{out}\"")), "{out}: {draft}");
    }
    for kept_secret in ["mayor", "P0", "2024", "told us", "min = 3", "max = 4"] {
        assert!(!draft.contains(kept_secret), "{kept_secret}: {draft}");
    }
    let path = scratch.path().join("draft.toml");
    std::fs::write(&path, &draft).unwrap();
    let refused = sumac(&["dictionary", "check", text(&path)]);
    assert_refused(&refused, 1, "dictionary-unfilled", "a draft as it stands");
    assert!(refused.text().contains("error[dictionary-seen]"), "{}", refused.text());
    let decided: String = draft
        .lines()
        .filter(|line| !line.starts_with("# seen") && !line.starts_with("unit"))
        .map(|line| {
            let line = line.replace("category = \"?\"", "category = \"treatment\"");
            line.replace("min = \"?\"", "min = 0").replace("max = \"?\"", "max = 3000") + "\n"
        })
        .collect();
    std::fs::write(&path, decided).unwrap();
    let checked = sumac(&["dictionary", "check", text(&path)]);
    assert_eq!(checked.exit, Some(0), "{}", checked.text());
}

#[test]
fn a_long_file_begins_instruments_without_their_ranges() {
    let rows: String = (0..9).map(|n| format!("C{n},PHQ-9,{n},{n}\nC{n},QIDS,{n},{n}.5\n")).collect();
    let (_scratch, csv) =
        file("long.csv", format!("course_id,instrument,day,value\n{rows}C1,X of Mr Y,0,3\n").as_bytes());
    let draft = sumac(&["dictionary", "draft", "--from", text(&csv)]).out.join("\n");
    assert_eq!(draft.matches("[[instrument]]").count(), 2, "one seen once is no instrument yet: {draft}");
    assert_eq!(draft.matches("[[field]]").count(), 0, "{draft}");
    assert!(draft.contains("# seen, not to be used as bound: 0.5 to 8.5\nmin = \"?\""), "{draft}");
    assert!(!draft.contains("Mr Y"), "{draft}");
}

#[test]
fn a_file_that_no_dictionary_can_be_begun_from_is_refused() {
    type Case = (&'static [u8], &'static [&'static str], i32, &'static str, &'static str);
    let cases: [Case; 8] = [
        (b"a;b\n1;2\n", &[], 1, "draft-one-column", "another delimiter"),
        (b"", &[], 1, "draft-one-column", "nothing at all"),
        (b"a,b\n1,2,3\n", &[], 1, "draft-unreadable", "a cell too many"),
        (b"a,b\n\xe9,2\n", &[], 1, "draft-unreadable", "Latin-1"),
        (b"a,b\n1,2\n", &["--delimiter", "·"], 2, "usage", "a delimiter of two bytes"),
        (b"a,b\n1,2\n", &["--delimiter", "1"], 2, "usage", "a delimiter that cells need"),
        (b"a,b\n1,2\n", &["--delimiter", "\""], 2, "usage", "a quote"),
        (b"a\xff,b\n1,2\n", &[], 1, "draft-unreadable", "a header in Latin-1"),
    ];
    for (bytes, more, exit, code, why) in cases {
        let (_scratch, csv) = file("wrong.csv", bytes);
        let arguments = [&["dictionary", "draft", "--from", text(&csv)], more].concat();
        assert_refused(&sumac(&arguments), exit, code, why);
    }
    assert_refused(&sumac(&["dictionary", "draft", "--from", "/nowhere.csv"]), 1, "file", "no file");
}

#[test]
fn a_charter_takes_any_sound_dictionary_whole_and_no_other() {
    let chain = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/documents/chain.json");
    let mut charter: Value = sumac(&["charter", "show", text(&chain)]).json();
    let scratch = TempDir::new().unwrap();
    let (from, out) = (scratch.path().join("charter.json"), scratch.path().join("draft.json"));
    let mut new = |dictionary: Value| {
        charter["dictionary"] = dictionary;
        std::fs::write(&from, charter.to_string()).unwrap();
        sumac(&["charter", "new", "--from", text(&from), "--out", text(&out)])
    };
    std::fs::write(scratch.path().join("own.toml"), KETAMINE.replace("version = 1\n", "version = 2\n")).unwrap();
    std::fs::write(scratch.path().join("open.toml"), KETAMINE.replace("max = 27", "max = \"?\"")).unwrap();
    for sound in [json!({"shipped": "ketamine"}), json!({"file": "own.toml"}), json!(KETAMINE)] {
        let ended = new(sound.clone());
        assert_eq!(ended.exit, Some(0), "{}", ended.text());
    }
    let drafted = std::fs::read_to_string(&out).unwrap();
    assert_refused(&new(json!({"file": "open.toml"})), 1, "dictionary-unfilled", "a bound left open");
    assert_refused(&new(json!("name = \"x\"")), 1, "dictionary-shape", "no version");
    assert_refused(&new(json!({"shipped": "aspirin"})), 1, "malformed", "a dictionary that does not ship");
    assert_refused(&new(json!({"file": "absent.toml"})), 1, "file", "no file");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), drafted, "a refused one writes nothing");
}
