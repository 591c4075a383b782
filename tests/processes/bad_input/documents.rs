//! Documents that do not hold, by the files of flawed ones that anybody can test against.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::{all_files, assert_refused, differing, flat, nowhere, sumac, text};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/documents")
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The flawed documents of a kind: name, code, document.
fn flawed(kind: &str) -> Vec<(String, String, Value)> {
    let paths = std::fs::read_dir(vectors().join("refused")).unwrap().map(|entry| entry.unwrap().path());
    let mut flawed: Vec<_> = paths
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), json(&path)))
        .filter(|(_, file)| file["kind"] == kind)
        .map(|(name, file)| (name, file["code"].as_str().unwrap().to_owned(), file["document"].clone()))
        .collect();
    flawed.sort_by(|a, b| a.0.cmp(&b.0));
    flawed
}

#[test]
fn a_flawed_study_is_refused_by_its_code() {
    let scratch = TempDir::new().unwrap();
    let (study, charter) = (scratch.path().join("study.json"), vectors().join("chain.json"));
    let flawed = flawed("study");
    assert!(flawed.len() > 10, "the files are where they were");
    for (name, code, document) in flawed {
        std::fs::write(&study, document.to_string()).unwrap();
        let ended = sumac(&["study", "show", text(&study), "--charter", text(&charter)]);
        assert_refused(&ended, 1, &code, &name);
    }
    std::fs::write(&study, json(&vectors().join("study.json"))["document"].to_string()).unwrap();
    let shown = sumac(&["study", "show", text(&study), "--charter", text(&charter)]);
    assert_eq!(shown.exit, Some(0), "the one without a flaw is shown: {}", shown.text());
}

#[test]
fn a_flawed_charter_never_gets_into_a_chain() {
    let scratch = TempDir::new().unwrap();
    let (charter, chain) = (scratch.path().join("charter.json"), scratch.path().join("chain.json"));
    let flawed = flawed("charter");
    assert!(flawed.len() > 8, "the files are where they were");
    for (name, code, document) in flawed {
        std::fs::copy(vectors().join("chain.json"), &chain).unwrap();
        std::fs::write(&charter, document.to_string()).unwrap();
        let before = all_files(scratch.path());
        let ended = sumac(&["charter", "add", text(&charter), "--chain", text(&chain)]);
        assert_refused(&ended, 1, &code, &name);
        assert!(differing(&before, &all_files(scratch.path())).is_empty(), "{name}");
    }
}

#[test]
fn a_file_of_another_kind_is_refused_where_a_document_belongs() {
    let scratch = TempDir::new().unwrap();
    let at = |name: &str| scratch.path().join(name);
    std::fs::write(at("text"), "to whom it may concern").unwrap();
    std::fs::write(at("binary"), [0xff, 0xfe, 0x00]).unwrap();
    std::fs::write(at("study"), json(&vectors().join("study.json"))["document"].to_string()).unwrap();
    std::fs::write(at("consent"), json(&vectors().join("consent.json"))["document"].to_string()).unwrap();
    let paths = [at("text"), at("binary"), at("study"), at("consent"), at("out"), vectors().join("chain.json")];
    let [document, binary, study, consent, out, chain] = paths.each_ref().map(|path| text(path));
    let (here, below) = (scratch.path(), nowhere());
    let cases: [(&[&str], &str, &str); 22] = [
        (&["charter", "show", document], "no-chain", "text for a charter"),
        (&["charter", "show", binary], "file", "no text at all"),
        (&["charter", "show", study], "no-chain", "a study for a charter"),
        (&["charter", "show", text(here)], "file", "a folder for a charter"),
        (&["charter", "show", text(&below)], "file", "below a file"),
        (&["charter", "show", "/nonexistent"], "file", "no file"),
        (&["charter", "new", "--from", document, "--out", out], "malformed", "text for a charter's JSON"),
        (&["charter", "new", "--from", study, "--out", out], "malformed", "a study for a charter's JSON"),
        (&["charter", "add", study, "--chain", out], "wrong-kind", "a study to begin a chain with"),
        (&["charter", "add", document, "--chain", chain], "no-envelope", "text for a signed charter"),
        (&["charter", "sign", document, "--key", document], "no-envelope", "text for a draft"),
        (&["study", "new", "--from", document, "--out", out], "malformed", "text for a study's JSON"),
        (&["study", "show", document, "--charter", chain], "no-envelope", "text for a study"),
        (&["study", "show", consent, "--charter", chain], "wrong-kind", "a consent for a study"),
        (&["study", "show", chain, "--charter", chain], "no-envelope", "a charter for a study"),
        (&["study", "show", study, "--charter", study], "no-chain", "a study for a charter"),
        (&["study", "digest", document], "no-envelope", "text to take the digest of"),
        (&["verify", document, "--charter", chain], "no-release", "text for a release"),
        (&["verify", binary, "--charter", chain], "file", "no text for a release"),
        (&["verify", study, "--charter", chain], "no-release", "a study for a release"),
        (&["verify", "/nonexistent", "--charter", chain], "file", "no release"),
        (&["verify", study, "--charter", "/nonexistent"], "file", "no charter"),
    ];
    let before = all_files(here);
    for (arguments, code, why) in cases {
        assert_refused(&sumac(arguments), 1, code, why);
    }
    assert!(differing(&before, &all_files(here)).is_empty(), "nothing was written");
}

#[test]
fn a_file_that_is_no_release_is_told_in_plain_words() {
    let scratch = TempDir::new().unwrap();
    let (file, charter) = (scratch.path().join("file"), vectors().join("chain.json"));
    let study = json(&vectors().join("study.json"))["document"].to_string();
    for (written, says) in [
        ("to whom it may concern", "it is no JSON (line 1, column 2)"),
        ("", "it is empty"),
        (study.as_str(), "it does not say `sumac_release`"),
        ("{\"sumac_release\": 1, \"answer\": {}}", "its `proof` is not whole"),
        ("{\"a\": 1, \"a\": 2}", "`a` stands twice"),
    ] {
        std::fs::write(&file, written).unwrap();
        let ended = sumac(&["verify", text(&file), "--charter", text(&charter)]);
        assert_refused(&ended, 1, "no-release", says);
        let begins = format!("error[no-release]: {} is not a Sumac release: {says}", file.display());
        assert!(flat(&ended).starts_with(&begins), "{begins}: {}", ended.text());
        assert!(flat(&ended).contains("to do: name the file that `sumac ask` wrote"), "{}", ended.text());
        for parser in ["expected", "EOF", "missing field", "trailing"] {
            assert!(!ended.text().contains(parser), "{}", ended.text());
        }
    }
}

#[test]
fn a_key_file_is_never_overwritten_and_never_guessed() {
    let scratch = TempDir::new().unwrap();
    let (key, short) = (scratch.path().join("key"), scratch.path().join("short"));
    std::fs::write(&short, [7; 31]).unwrap();
    assert_eq!(sumac(&["key", "new", "--out", text(&key)]).exit, Some(0));
    let before = all_files(scratch.path());
    assert_refused(&sumac(&["key", "new", "--out", text(&key)]), 1, "file", "a key that exists");
    assert_refused(&sumac(&["patient", "keygen", "--out", text(&key)]), 1, "file", "a key that exists");
    assert_refused(&sumac(&["key", "new", "--out", text(&nowhere())]), 1, "file", "a place nobody can write");
    assert_refused(&sumac(&["key", "show", text(&short)]), 2, "usage", "a byte too few");
    assert_refused(&sumac(&["key", "show", "/nonexistent"]), 1, "file", "no file");
    assert!(differing(&before, &all_files(scratch.path())).is_empty());
}
