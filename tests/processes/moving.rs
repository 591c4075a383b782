//! Records move from one node to another and back, through files, as a clinic's people would do it:
//! CSV in, everything out, in again elsewhere, with the nodes stopped and running.
//!
//! `SUMAC_FHIR_OUT` names a folder that gets a copy of what was exported as FHIR, for validators of
//! others (`tests/fhir/README.md`).

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use sumac_tests::processes::{Clinics, CsvFiles, text};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");
const PSEUDONYM: &str = "urn:x-sumac:pseudonym";

#[test]
fn records_move_between_nodes_by_csv_and_fhir_and_stay_the_same() {
    let clinics = Clinics::make(SUMAC);
    let made = clinics.generate(40, "made");
    assert_eq!(clinics.import_csv("one", &made), (40, 0));
    let before = clinics.records("one");
    assert_eq!(before.len(), 40);

    let fhir = clinics.export("one", "fhir", "one-fhir");
    if let Some(out) = std::env::var_os("SUMAC_FHIR_OUT") {
        copy(&fhir, Path::new(&out));
    }
    let by_fhir = ["--fhir", text(&fhir), "--identifier", PSEUDONYM];
    assert_eq!(clinics.import("two", &by_fhir), (40, 0));
    assert_eq!(clinics.import("two", &by_fhir), (0, 40), "the same files again change nothing");
    assert_eq!(clinics.records("two"), before);

    let csv = clinics.export("one", "csv", "one-csv");
    let csv = CsvFiles { mapping: csv.join("mapping.toml"), folder: csv };
    assert_eq!(clinics.import_csv("two", &csv), (0, 40), "CSV says the same");

    let node = clinics.run("two");
    assert_eq!(clinics.import("two", &by_fhir), (0, 40), "a running node takes them too");
    assert_eq!(clinics.records("two"), before, "and gives them");
    node.terminate();
    assert_eq!(node.ended().exit, Some(0));
}

#[test]
fn exported_csv_gives_a_second_node_the_same_records() {
    let clinics = Clinics::make(SUMAC);
    assert_eq!(clinics.import_csv("one", &clinics.generate(300, "made")), (300, 0));
    let csv = clinics.export("one", "csv", "csv");
    let csv = CsvFiles { mapping: csv.join("mapping.toml"), folder: csv };
    assert_eq!(clinics.import_csv("two", &csv), (300, 0));
    let records = clinics.records("one");
    assert_eq!((clinics.records("two"), records.len()), (records, 300));
}

#[test]
fn an_import_that_would_take_away_what_its_files_do_not_tell_of_is_refused() {
    let clinics = Clinics::make(SUMAC);
    let made = clinics.generate(40, "made");
    assert_eq!(clinics.import_csv("one", &made), (40, 0));
    let before = clinics.records("one");
    let (dir, courses) = (clinics.path("one"), made.folder.join("courses.csv"));
    let alone = ["import", "--dir", text(&dir), "--mapping", text(&made.mapping), "--courses", text(&courses)];
    for runs in [false, true] {
        let node = runs.then(|| clinics.run("one"));
        let refused = clinics.sumac(&alone);
        assert_eq!(refused.exit, Some(1), "{}", refused.text());
        assert!(refused.text().contains("error[would-lose]: scores of") && refused.text().contains("--replace"));
        assert_eq!(clinics.records("one"), before, "nothing was taken away");
        if let Some(node) = node {
            node.terminate();
            assert_eq!(node.ended().exit, Some(0));
        }
    }
    clinics.done(&[&alone[..], &["--replace"]].concat());
    assert_ne!(clinics.records("one"), before, "who asks for it gets it");
    assert_eq!(clinics.import_csv("one", &made), (40, 0));
    assert_eq!(clinics.records("one"), before, "all files say all of it again");
}

#[test]
fn fhir_files_without_a_kind_of_resource_take_nothing_of_that_kind_away() {
    let clinics = Clinics::make(SUMAC);
    assert_eq!(clinics.import_csv("one", &clinics.generate(40, "made")), (40, 0));
    let fhir = clinics.export("one", "fhir", "fhir");
    let before = clinics.records("one");
    let part = fhir.join("AdverseEvent.ndjson");
    assert!(part.exists(), "the export has a file for adverse events");
    fs::remove_file(part).unwrap();
    let dir = clinics.path("one");
    let import = ["import", "--dir", text(&dir), "--fhir", text(&fhir), "--identifier", PSEUDONYM];
    let refused = clinics.sumac(&import);
    assert_eq!(refused.exit, Some(1), "{}", refused.text());
    assert!(refused.text().contains("error[would-lose]: adverse events of"), "{}", refused.text());
    assert_eq!(clinics.records("one"), before);
    clinics.done(&[&import[..], &["--replace"]].concat());
    assert_ne!(clinics.records("one"), before, "who asks for it gets it");
}

#[test]
fn an_example_of_a_mapping_needs_no_node() {
    let clinics = Clinics::make(SUMAC);
    for shape in ["long", "wide", "redcap"] {
        let example = clinics.done(&["import", "--example", shape]);
        assert!(example.out.iter().any(|line| line.contains("patient")), "{shape}: {}", example.text());
    }
}

#[test]
fn an_import_that_is_killed_leaves_whole_patients_and_run_again_gives_the_records_of_an_undisturbed_one() {
    let clinics = Clinics::make(SUMAC);
    let made = clinics.generate(3_000, "made");
    assert_eq!(clinics.import_csv("one", &made), (3_000, 0));
    let (whole, size) = (clinics.records("one"), journal_bytes(&clinics.path("one")));
    let (dir, words) = (clinics.path("two"), made.words());
    let words = [vec!["import", "--dir", text(&dir)], words.iter().map(String::as_str).collect()].concat();
    let mut halves = 0;
    // Where the node does not run, the import writes itself; where it runs, the node writes for it.
    for (percent, runs) in [(5, false), (20, false), (35, true), (50, false), (65, true), (80, false)] {
        let node = runs.then(|| clinics.run("two"));
        let mut import = clinics.begin(&words);
        let give_up = Instant::now() + Duration::from_secs(45);
        while journal_bytes(&dir) < size / 100 * percent {
            assert!(Instant::now() < give_up, "the import writes nothing more");
            std::thread::yield_now();
        }
        import.kill();
        let left = clinics.records("two");
        let others = left.iter().filter(|(pseudonym, record)| whole.get(*pseudonym) != Some(*record));
        assert_eq!(
            others.map(|(pseudonym, _)| pseudonym).collect::<Vec<_>>(),
            [""; 0],
            "at {percent} %: whole or not at all"
        );
        halves += usize::from(!left.is_empty() && left.len() < whole.len());
        if let Some(node) = node {
            node.terminate();
            assert_eq!(node.ended().exit, Some(0));
        }
    }
    assert!(halves > 0, "some import was killed in the middle");
    let (changed, unchanged) = clinics.import_csv("two", &made);
    assert_eq!(changed + unchanged, 3_000);
    assert_eq!(clinics.records("two"), whole);
}

#[test]
fn a_patient_is_given_everything_and_a_stranger_nothing() {
    let clinics = Clinics::make(SUMAC);
    let made = clinics.generate(4, "made");
    clinics.import_csv("one", &made);
    let pseudonym = clinics.records("one").keys().next().unwrap().clone();
    let (dir, key) = (clinics.path("one"), clinics.path("patient.key"));
    let (dir, key) = (text(&dir), text(&key));
    let node = clinics.run("one");
    let words = clinics.path("passphrase");
    fs::write(&words, "a passphrase of some length").unwrap();
    let sealed = ["--passphrase-file", text(&words)];
    let public = clinics.done(&[&["patient", "keygen", "--out", key], &sealed[..]].concat()).out[0].clone();
    clinics.done(&["patient", "enrol", "--dir", dir, "--pseudonym", &pseudonym, "--key", &public]);
    clinics.done(&[&["patient", "grant", "--yes", "--dir", dir, "--key", key], &sealed[..]].concat());
    clinics.done(&[&["patient", "revoke", "--yes", "--dir", dir, "--key", key], &sealed[..]].concat());
    let ask = ["export", "--dir", dir, "--patient", pseudonym.as_str()];
    let running: Value = clinics.done(&ask).json();
    assert_eq!(running["standing"], "withdrawn");
    assert_eq!(running["statements"].as_array().unwrap().len(), 2);
    assert_eq!(running["key"], public.as_str());
    let bundle: Value = clinics.done(&[&ask[..], &["--format", "fhir"]].concat()).json();
    if let Some(out) = std::env::var_os("SUMAC_FHIR_OUT") {
        fs::create_dir_all(&out).unwrap();
        fs::write(Path::new(&out).join("patient.json"), bundle.to_string()).unwrap();
    }
    let resources: Vec<&Value> = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]).collect();
    let consents: Vec<&Value> = resources.iter().filter(|one| one["resourceType"] == "Consent").copied().collect();
    let said: Vec<_> = consents.iter().map(|one| (&one["status"], &one["provision"]["type"])).collect();
    let want = [("inactive", "permit"), ("active", "deny")].map(|(a, b)| (Value::from(a), Value::from(b)));
    assert_eq!(said, want.each_ref().map(|(a, b)| (a, b)));
    node.terminate();
    assert_eq!(node.ended().exit, Some(0));
    let stopped: Value = clinics.done(&ask).json();
    assert_eq!(stopped, running, "stopped and running say the same");

    let file = clinics.path("export.json");
    let inside = clinics.path("one").join("export.json");
    clinics.done(&[&ask[..], &["--out", text(&file)]].concat());
    let all = ["export", "--dir", dir, "--all"];
    let csv = clinics.export("one", "csv", "csv");
    let cases: [(Vec<&str>, i32, &str, &str); 7] = [
        (vec!["export", "--dir", dir, "--patient", "nobody"], 1, "no-such-patient", "a stranger"),
        ([&ask[..], &["--out", text(&file)]].concat(), 1, "file", "a file that is there"),
        ([&ask[..], &["--out", text(&inside)]].concat(), 2, "usage", "inside the node's folder"),
        ([&ask[..], &["--format", "csv"]].concat(), 2, "usage", "one patient as tables"),
        ([&all[..], &["--out", text(&csv), "--format", "json"]].concat(), 2, "usage", "everybody in one document"),
        ([&all[..], &["--out", text(&csv)]].concat(), 1, "file", "tables that are there"),
        ([&all[..], &["--out", text(&inside)]].concat(), 2, "usage", "tables inside the node's folder"),
    ];
    for (words, exit, code, why) in cases {
        let ended = clinics.sumac(&words);
        assert_eq!(ended.exit, Some(exit), "{why}: {}", ended.text());
        assert!(ended.talk.iter().any(|line| line.starts_with(&format!("error[{code}]: "))), "{why}: {}", ended.text());
    }
}

#[test]
fn fhir_files_that_are_wrong_change_nothing_and_values_that_are_wrong_are_listed() {
    let clinics = Clinics::make(SUMAC);
    let folder = clinics.path("files");
    fs::create_dir(&folder).unwrap();
    let dir = clinics.path("one");
    let system = "urn:my-clinic:pseudonym";
    let patient = |id: &str| {
        format!(
            "{{\"resourceType\":\"Patient\",\"id\":\"{id}\",\"identifier\":[{{\"system\":\"{system}\",\"value\":\"{id}\"}}]}}"
        )
    };
    let dose = |id: &str, mg: u32| {
        format!(
            "{{\"resourceType\":\"MedicationAdministration\",\"id\":\"d-{id}\",\"status\":\"completed\",\"subject\":{{\"reference\":\
         \"Patient/{id}\"}},\"medicationCodeableConcept\":{{\"text\":\"racemic\"}},\"effectiveDateTime\":\"2026-01-05\",\
         \"dosage\":{{\"dose\":{{\"value\":{mg},\"unit\":\"mg\"}}}}}}"
        )
    };
    let file = folder.join("all.ndjson");
    fs::write(&file, [patient("a"), dose("a", 36), "{\"resourceType\":".to_owned()].join("\n")).unwrap();
    let words = ["import", "--dir", text(&dir), "--fhir", text(&folder), "--identifier", system];
    let ended = clinics.sumac(&words);
    assert_eq!(ended.exit, Some(1), "{}", ended.text());
    assert!(ended.text().contains("error[fhir-not-json]") && ended.text().contains("line 3"), "{}", ended.text());
    assert!(clinics.records("one").is_empty());

    fs::write(&file, [patient("a"), dose("a", 36), patient("b"), dose("b", 99_999), dose("c", 1)].join("\n")).unwrap();
    let ended = clinics.sumac(&words);
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    assert_eq!(ended.out, ["5 resources and 2 patients read: 2 new or changed, 0 as before"]);
    let rejects = fs::read_to_string(folder.join("rejects.csv")).unwrap();
    let codes: Vec<&str> = rejects.lines().skip(1).filter_map(|line| line.split(',').nth(5)).collect();
    assert_eq!(codes, ["dose-over-limit", "no-such-patient"], "{rejects}");
    let clash = clinics.sumac(&[&words[..], &["--rejects", text(&file)]].concat());
    assert_eq!(clash.exit, Some(2), "rejects never take the place of a file: {}", clash.text());
    for (words, why) in [
        (vec!["import", "--dir", text(&dir), "--fhir", text(&folder)], "no identifier system"),
        (vec!["import", "--dir", text(&dir), "--identifier", system], "no files"),
        (vec!["import", "--dir", text(&dir), "--fhir", "x", "--identifier", system, "--courses", "y"], "both kinds"),
    ] {
        assert_eq!(clinics.sumac(&words).exit, Some(2), "{why}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// How much a node has written down, the index not counted: it is made anew from the rest.
fn journal_bytes(node: &Path) -> u64 {
    let mut folders = vec![node.join("store")];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            // A file may go away while it is looked at.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() && entry.file_name() != "index" {
                folders.push(entry.path());
            }
            bytes += if metadata.is_file() { metadata.len() } else { 0 };
        }
    }
    bytes
}
