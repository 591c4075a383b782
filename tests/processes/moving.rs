//! Records move from one node to another and back, through files, as a clinic's people would do it:
//! CSV in, everything out, in again elsewhere, with the nodes stopped and running.
//!
//! `SUMAC_FHIR_OUT` names a folder that gets a copy of what was exported as FHIR, for validators of
//! others (`tests/fhir/README.md`).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sumac_node::home::Home;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::{Principal, Signer};
use sumac_tests::processes::{Ended, Program, Setup};
use tempfile::TempDir;
use zeroize::Zeroizing;

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");
const KETAMINE: &str = include_str!("../../protocol/dictionaries/ketamine.toml");
const PSEUDONYM: &str = "urn:x-sumac:pseudonym";

/// Two stopped nodes under one charter with the shipped dictionary, and files of synthetic courses.
struct Clinics {
    folder: TempDir,
}

impl Clinics {
    fn make() -> Self {
        let folder = tempfile::Builder::new().prefix("sumac-").tempdir().unwrap();
        let federation = Setup::default().build(SUMAC);
        let clinics = Self { folder };
        let keys: Vec<Principal> = ["one", "two"].map(|name| clinics.init(name)).into();
        let chain = fs::read_to_string(federation.dir().join("charter.json")).unwrap();
        let stewards = ["ethics", "operator"].map(|name| {
            let seed = fs::read(federation.dir().join(format!("keys/steward-{name}.key"))).unwrap();
            Signer::from_seed(&Zeroizing::new(seed.as_slice().try_into().unwrap()))
        });
        let mut charter: Charter = CharterChain::from_json(&chain).unwrap().current().clone();
        (charter.epoch, charter.previous, charter.studies) = (0, None, Vec::new());
        charter.dictionary = KETAMINE.to_owned();
        let old: Vec<Principal> = charter.members.iter().rev().take(2).map(|member| member.key).collect();
        let renamed: BTreeMap<Principal, Principal> = old.into_iter().zip(keys).collect();
        let new = |key: &Principal| renamed.get(key).copied().unwrap_or(*key);
        charter.members.iter_mut().for_each(|member| {
            member.key = new(&member.key);
            member.patients_max = 1_000;
        });
        charter.committees.iter_mut().flatten().for_each(|key| *key = new(key));
        let mut signed = Envelope::sign(&charter, &stewards[0]).unwrap();
        signed.cosign(&stewards[1]);
        let chain = CharterChain::genesis(&signed).unwrap();
        for name in ["one", "two"] {
            Home::at(&clinics.path(name)).put_charter(&chain).unwrap();
        }
        clinics
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a node, and gives back its public name.
    fn init(&self, name: &str) -> Principal {
        let (dir, key) = (self.path(name), self.path(&format!("{name}.key")));
        let ended = sumac(&["node", "init", "--dir", text(&dir), "--key-file", text(&key)]);
        assert_eq!(ended.exit, Some(0), "{}", ended.text());
        ended.out[0].parse().unwrap()
    }

    fn export(&self, of: &str, format: &str, to: &str) -> PathBuf {
        let out = self.path(to);
        let dir = self.path(of);
        done(&["export", "--dir", text(&dir), "--all", "--format", format, "--out", text(&out)]);
        out
    }

    /// Brings files in, and gives back how many patients were new or changed, and how many were not.
    fn import(&self, into: &str, files: &[&str]) -> (u64, u64) {
        let dir = self.path(into);
        let ended = done(&[&["import", "--dir", text(&dir)], files].concat());
        let line = ended.out.iter().find(|line| line.contains("new or changed")).unwrap();
        let counts: Vec<u64> = line.split([' ', ':', ',']).filter_map(|word| word.parse().ok()).collect();
        (counts[2], counts[3])
    }

    fn import_csv(&self, into: &str, folder: &Path, mapping: &Path) -> (u64, u64) {
        let mut words = vec!["--mapping".to_owned(), text(mapping).to_owned()];
        for file in ["courses", "assessments", "items", "sessions", "events", "time_to_event"] {
            let path = folder.join(format!("{file}.csv"));
            if path.exists() {
                words.extend([format!("--{}", file.replace('_', "-")), text(&path).to_owned()]);
            }
        }
        self.import(into, &words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Every record by pseudonym, as a node exports it.
    fn records(&self, of: &str, to: &str) -> BTreeMap<String, Value> {
        let folder = self.export(of, "ndjson", to);
        let lines = fs::read_to_string(folder.join("patients.ndjson")).unwrap();
        let read = |line: &str| {
            let held: Value = serde_json::from_str(line).unwrap();
            (held["pseudonym"].as_str().unwrap().to_owned(), held["record"].clone())
        };
        lines.lines().map(read).collect()
    }

    fn run(&self, name: &str) -> Program {
        let mut command = Command::new(SUMAC);
        command.args(["node", "run", "--dir"]).arg(self.path(name));
        let mut node = Program::start(name, command);
        node.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
        node
    }
}

#[test]
fn records_move_between_nodes_by_csv_and_fhir_and_stay_the_same() {
    let clinics = Clinics::make();
    let made = clinics.path("made");
    done(&["generate", "--courses", "40", "--clinics", "1", "--seed", "3", "--out", text(&made)]);
    assert_eq!(clinics.import_csv("one", &made.join("clinic-1"), &made.join("mapping.toml")), (40, 0));
    let before = clinics.records("one", "one-before");
    assert_eq!(before.len(), 40);

    let fhir = clinics.export("one", "fhir", "one-fhir");
    if let Some(out) = std::env::var_os("SUMAC_FHIR_OUT") {
        copy(&fhir, Path::new(&out));
    }
    let by_fhir = ["--fhir", text(&fhir), "--identifier", PSEUDONYM];
    assert_eq!(clinics.import("two", &by_fhir), (40, 0));
    assert_eq!(clinics.import("two", &by_fhir), (0, 40), "the same files again change nothing");
    assert_eq!(clinics.records("two", "two-after-fhir"), before);

    let csv = clinics.export("one", "csv", "one-csv");
    assert_eq!(clinics.import_csv("two", &csv, &csv.join("mapping.toml")), (0, 40), "CSV says the same");

    let node = clinics.run("two");
    assert_eq!(clinics.import("two", &by_fhir), (0, 40), "a running node takes them too");
    assert_eq!(clinics.records("two", "two-running"), before, "and gives them");
    node.terminate();
    assert_eq!(node.ended().exit, Some(0));
}

#[test]
fn a_patient_is_given_everything_and_a_stranger_nothing() {
    let clinics = Clinics::make();
    let made = clinics.path("made");
    done(&["generate", "--courses", "4", "--clinics", "1", "--out", text(&made)]);
    clinics.import_csv("one", &made.join("clinic-1"), &made.join("mapping.toml"));
    let pseudonym = clinics.records("one", "names").keys().next().unwrap().clone();
    let (dir, key) = (clinics.path("one"), clinics.path("patient.key"));
    let (dir, key) = (text(&dir), text(&key));
    let node = clinics.run("one");
    let public = done(&["patient", "keygen", "--out", key]).out[0].clone();
    done(&["patient", "enrol", "--dir", dir, "--pseudonym", &pseudonym, "--key", &public]);
    done(&["patient", "grant", "--dir", dir, "--key", key]);
    done(&["patient", "revoke", "--dir", dir, "--key", key]);
    let ask = ["export", "--dir", dir, "--patient", pseudonym.as_str()];
    let running: Value = done(&ask).json();
    assert_eq!(running["standing"], "withdrawn");
    assert_eq!(running["statements"].as_array().unwrap().len(), 2);
    assert_eq!(running["key"], public.as_str());
    let bundle: Value = done(&[&ask[..], &["--format", "fhir"]].concat()).json();
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
    let stopped: Value = done(&ask).json();
    assert_eq!(stopped, running, "stopped and running say the same");

    let file = clinics.path("export.json");
    let inside = clinics.path("one").join("export.json");
    done(&[&ask[..], &["--out", text(&file)]].concat());
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
        let ended = sumac(&words);
        assert_eq!(ended.exit, Some(exit), "{why}: {}", ended.text());
        assert!(ended.talk.iter().any(|line| line.starts_with(&format!("error[{code}]: "))), "{why}: {}", ended.text());
    }
}

#[test]
fn fhir_files_that_are_wrong_change_nothing_and_values_that_are_wrong_are_listed() {
    let clinics = Clinics::make();
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
    let ended = sumac(&words);
    assert_eq!(ended.exit, Some(1), "{}", ended.text());
    assert!(ended.text().contains("error[fhir-not-json]") && ended.text().contains("line 3"), "{}", ended.text());
    assert!(clinics.records("one", "nothing-yet").is_empty());

    fs::write(&file, [patient("a"), dose("a", 36), patient("b"), dose("b", 99_999), dose("c", 1)].join("\n")).unwrap();
    let ended = sumac(&words);
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
    assert_eq!(ended.out, ["5 resources and 2 patients read: 2 new or changed, 0 as before"]);
    let rejects = fs::read_to_string(folder.join("rejects.csv")).unwrap();
    let codes: Vec<&str> = rejects.lines().skip(1).filter_map(|line| line.split(',').nth(5)).collect();
    assert_eq!(codes, ["dose-over-limit", "no-such-patient"], "{rejects}");
    let clash = sumac(&[&words[..], &["--rejects", text(&file)]].concat());
    assert_eq!(clash.exit, Some(2), "rejects never take the place of a file: {}", clash.text());
    for (words, why) in [
        (vec!["import", "--dir", text(&dir), "--fhir", text(&folder)], "no identifier system"),
        (vec!["import", "--dir", text(&dir), "--identifier", system], "no files"),
        (vec!["import", "--dir", text(&dir), "--fhir", "x", "--identifier", system, "--courses", "y"], "both kinds"),
    ] {
        assert_eq!(sumac(&words).exit, Some(2), "{why}");
    }
}

fn sumac(words: &[&str]) -> Ended {
    let mut command = Command::new(SUMAC);
    command.args(words);
    Program::start("sumac", command).ended()
}

/// Runs the binary, which must do what it is asked.
fn done(words: &[&str]) -> Ended {
    let ended = sumac(words);
    assert_eq!(ended.exit, Some(0), "{words:?}: {}", ended.text());
    ended
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
