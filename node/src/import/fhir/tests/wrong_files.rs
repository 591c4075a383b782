//! Files that are wrong as a whole, and files that only look so. None crashes, none hangs, and none
//! changes anything.

use serde_json::json;

use super::super::limits::LINE_BYTES_MAX;
use super::{SYSTEM, TODAY, bundle, dose, episode, import, import_text, patient, phq9};

fn whole() -> String {
    bundle(&[patient("p", "P1"), episode("e", "p"), dose("d", "p", "2026-01-05", 36.0)]).to_string()
}

#[test]
fn a_wrong_file_is_an_error_that_says_where_and_changes_nothing() {
    let good = whole();
    let half = &good[..good.len() / 2];
    let deep = format!("{{\"resourceType\":\"Patient\",\"x\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let deep_entry =
        format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{{\"resource\":{deep}}}]}}");
    let wide = format!("{{\"resourceType\":\"Patient\",\"x\":[{}0]}}", "0,".repeat(600_000));
    let line = format!("{}\n", patient("p", "P1"));
    let cases: [(&str, Vec<u8>, &str, &str); 25] = [
        ("a.json", half.into(), "fhir-not-json", "half a Bundle"),
        ("a.json", good[..good.len() - 1].into(), "fhir-not-json", "a Bundle without its last bracket"),
        ("a.json", format!("{good}{good}").into(), "fhir-not-json", "two in one"),
        ("a.json", b"".to_vec(), "fhir-not-json", "nothing"),
        ("a.json", b"\xef\xbb\xbf".to_vec(), "fhir-not-json", "nothing behind a mark"),
        ("a.json", b"null".to_vec(), "fhir-no-resource", "no object"),
        ("a.json", b"[1,2]".to_vec(), "fhir-no-resource", "a list"),
        ("a.json", b"\"Patient\"".to_vec(), "fhir-no-resource", "a text"),
        ("a.json", b"{}".to_vec(), "fhir-no-resource", "no type"),
        ("a.json", br#"{"resourceType":7}"#.to_vec(), "fhir-no-resource", "a type that is no text"),
        ("a.json", br#"{"resourceType":"Patient","resourceType":"Patient"}"#.to_vec(), "fhir-no-resource", "two types"),
        ("a.json", br#"{"resourceType":"Patient","id":"a","id":"b"}"#.to_vec(), "fhir-not-json", "two ids"),
        ("a.json", br#"{"resourceType":"Bundle","entry":[]}"#.to_vec(), "fhir-bundle-type", "a Bundle of no type"),
        ("a.json", br#"{"resourceType":"Bundle","type":"history"}"#.to_vec(), "fhir-bundle-type", "old versions"),
        ("a.json", br#"{"resourceType":"Bundle","type":"collection","entry":{}}"#.to_vec(), "fhir-not-json", "no list"),
        (
            "a.json",
            br#"{"resourceType":"Bundle","type":"collection","entry":[7]}"#.to_vec(),
            "fhir-not-json",
            "no entry",
        ),
        (
            "a.json",
            br#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"id":"x"}}]}"#.to_vec(),
            "fhir-no-resource",
            "an entry of no type",
        ),
        ("a.json", deep.clone().into(), "fhir-not-json", "deeper than the stack"),
        ("a.json", deep_entry.into(), "fhir-not-json", "deeper than the stack, in a Bundle"),
        ("a.ndjson", deep.into(), "fhir-not-json", "deeper than the stack, on a line"),
        ("a.json", wide.into(), "fhir-not-json", "more values than a resource has"),
        ("a.json", br#"{"resourceType":"Patient","x":1e400}"#.to_vec(), "fhir-not-json", "a number that is none"),
        ("a.json", b"{\"resourceType\":\"Pati\xffent\"}".to_vec(), "fhir-not-json", "no UTF-8"),
        ("a.ndjson", format!("{line}{}", &line[..40]).into(), "fhir-not-json", "the last line is cut off"),
        ("a.ndjson", format!("{line}PK\u{3}\u{4}").into(), "fhir-not-json", "something else on a line"),
    ];
    for (name, text, code, why) in cases {
        assert_eq!(import_text(name, &text).map(|_| ()), Err(code.to_owned()), "{why}");
    }
}

#[test]
fn a_line_or_a_document_beyond_its_limit_is_refused_before_it_is_kept() {
    let long = format!("{{\"resourceType\":\"Patient\",\"x\":\"{}\"}}\n", "x".repeat(LINE_BYTES_MAX));
    assert_eq!(import_text("a.ndjson", long.as_bytes()).map(|_| ()), Err("fhir-line-too-long".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.json");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    assert_eq!(import(&[path], SYSTEM, TODAY).map(|_| ()), Err("fhir-too-large".to_owned()));
}

#[test]
fn what_only_looks_wrong_is_read() {
    let marked = format!("\u{feff}{}", whole());
    let spaced = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&whole()).unwrap()).unwrap();
    let lines = |end: &str| {
        let all = [patient("p", "P1"), episode("e", "p"), dose("d", "p", "2026-01-05", 36.0)];
        all.map(|one| one.to_string()).join(end) + end
    };
    let reordered = format!("{{\"entry\":{},\"type\":\"transaction\",\"resourceType\":\"Bundle\"}}", {
        let parsed: serde_json::Value = serde_json::from_str(&whole()).unwrap();
        parsed["entry"].to_string()
    });
    let cases = [
        ("a.json", marked.clone(), "a byte order mark"),
        ("a.json", spaced.replace('\n', "\r\n"), "many lines"),
        ("a.json", reordered, "entries before the type"),
        ("a.NDJSON", lines("\n"), "lines"),
        ("a.jsonl", format!("\u{feff}{}", lines("\r\n\r\n")), "lines of Windows, blank ones between"),
    ];
    for (name, text, why) in cases {
        let (told, basket) = import_text(name, text.as_bytes()).unwrap();
        assert_eq!((told.resources, told.patients, basket.rejects.len()), (3, 1, 0), "{why}");
    }
}

#[test]
fn a_path_that_holds_nothing_to_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(import(&[folder.path().to_owned()], SYSTEM, TODAY).map(|_| ()), Err("fhir-no-files".to_owned()));
    let gone = folder.path().join("gone.json");
    assert_eq!(import(&[gone], SYSTEM, TODAY).map(|_| ()), Err("fhir-unreadable".to_owned()));
}

#[test]
fn many_passes_give_the_same_records_as_one() {
    let padding = "x".repeat(1 << 20);
    let mut lines = String::new();
    for n in 0..40 {
        let id = format!("p{n}");
        let padded = json!({ "resourceType": "DocumentReference", "id": id, "description": padding });
        let date = "2026-01-05";
        let score = phq9(&format!("o{n}"), &id, "2026-01-04", n % 28);
        // Patients stand behind what refers to them.
        for resource in [padded, score, dose(&format!("d{n}"), &id, date, 36.0), patient(&id, &format!("P{n}"))] {
            lines += &format!("{resource}\n");
        }
    }
    let (told, basket) = import_text("a.ndjson", lines.as_bytes()).unwrap();
    assert_eq!((told.passes, told.resources, told.patients), (2, 160, 40));
    assert_eq!(basket.rejects, []);
    for (pseudonym, record) in &basket.records {
        let course = &record.courses[0];
        let total: i64 = pseudonym[1..].parse().unwrap();
        assert_eq!((course.assessments[0].value, course.assessments[0].day), (total % 28, -1), "{pseudonym}");
        assert_eq!(course.sessions.len(), 1);
    }
}
