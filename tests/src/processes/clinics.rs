//! Nodes that do not run, for what a clinic does with files: bringing records in and writing them out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sumac_node::control::{self, Request, Response};
use sumac_node::home::Home;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::{Principal, Signer};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::{Ended, Program, Setup};

/// Two stopped nodes, `one` and `two`, under one charter with the shipped dictionary of the field. The charter lies in
/// `charter.json`; it allows statements on paper, and names the keys in `anna.key` and `ben.key` as staff of `one`.
#[derive(Debug)]
pub struct Clinics {
    program: PathBuf,
    folder: TempDir,
}

impl Clinics {
    /// Makes them: the demo's stewards sign a charter in which these two take the place of two members.
    #[must_use]
    pub fn make(program: &str) -> Self {
        let federation = Setup::default().build(program);
        let folder = tempfile::Builder::new().prefix("sumac-").tempdir().unwrap();
        let clinics = Self { program: program.into(), folder };
        let keys: Vec<Principal> = NAMES.map(|name| clinics.init(name)).into();
        let chain = fs::read_to_string(federation.dir().join("charter.json")).unwrap();
        let stewards = ["ethics", "operator"].map(|name| {
            let seed = fs::read(federation.dir().join(format!("keys/steward-{name}.key"))).unwrap();
            Signer::from_seed(&Zeroizing::new(seed.as_slice().try_into().unwrap()))
        });
        let mut charter = Charter::clone(CharterChain::from_json(&chain).unwrap().current());
        (charter.epoch, charter.previous, charter.studies) = (0, None, Vec::new());
        charter.dictionary = KETAMINE.to_owned();
        let old: Vec<Principal> = charter.members.iter().rev().take(NAMES.len()).map(|member| member.key).collect();
        let of_staff = keys.first().copied();
        let renamed: BTreeMap<Principal, Principal> = old.into_iter().zip(keys).collect();
        let new = |key: &Principal| renamed.get(key).copied().unwrap_or(*key);
        charter.members.iter_mut().for_each(|member| {
            member.key = new(&member.key);
            member.patients_max = PATIENTS_MAX;
            if Some(member.key) == of_staff {
                member.staff = STAFF.map(|name| clinics.key(name)).into();
            }
        });
        charter.committees.iter_mut().flatten().for_each(|key| *key = new(key));
        charter.policy.allow_witnessed = true;
        let mut signed = Envelope::sign(&charter, &stewards[0]).unwrap();
        signed.cosign(&stewards[1]);
        let chain = CharterChain::genesis(&signed).unwrap();
        fs::write(clinics.path("charter.json"), chain.to_json()).unwrap();
        for name in NAMES {
            Home::at(&clinics.path(name)).put_charter(&chain).unwrap();
        }
        clinics
    }

    /// A place in a folder that goes with the clinics; a node's own is called as it is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program to its end.
    #[must_use]
    pub fn sumac(&self, words: &[&str]) -> Ended {
        self.begin(words).ended()
    }

    /// Starts the program.
    #[must_use]
    pub fn begin(&self, words: &[&str]) -> Program {
        let mut command = Command::new(&self.program);
        command.args(words);
        Program::start("sumac", command)
    }

    /// Runs the program, which must do what it is asked.
    pub fn done(&self, words: &[&str]) -> Ended {
        let ended = self.sumac(words);
        assert_eq!(ended.exit, Some(0), "{words:?}: {}", ended.text());
        ended
    }

    /// Writes files of so many synthetic courses of one clinic.
    #[must_use]
    pub fn generate(&self, courses: u32, to: &str) -> CsvFiles {
        let out = self.path(to);
        let courses = courses.to_string();
        self.done(&["generate", "--courses", &courses, "--clinics", "1", "--seed", "3", "--out", text(&out)]);
        CsvFiles { folder: out.join("clinic-1"), mapping: out.join("mapping.toml") }
    }

    /// Writes out everybody's records in one of the formats, into a new folder.
    #[must_use]
    pub fn export(&self, of: &str, format: &str, to: &str) -> PathBuf {
        let (out, dir) = (self.path(to), self.path(of));
        self.done(&["export", "--dir", text(&dir), "--all", "--format", format, "--out", text(&out)]);
        out
    }

    /// Brings files in, and gives back how many patients were new or changed, and how many were not.
    pub fn import(&self, into: &str, files: &[&str]) -> (u64, u64) {
        let dir = self.path(into);
        let ended = self.done(&[&["import", "--dir", text(&dir)], files].concat());
        let line = ended.out.iter().find(|line| line.contains("new or changed")).unwrap();
        let counts: Vec<u64> = line.split([' ', ':', ',']).filter_map(|word| word.parse().ok()).collect();
        (counts[2], counts[3])
    }

    /// Brings a folder of CSV files in, as [`Self::import`] does.
    pub fn import_csv(&self, into: &str, files: &CsvFiles) -> (u64, u64) {
        let words = files.words();
        self.import(into, &words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Every record by pseudonym, as a node exports it. The folder `to` is removed again.
    #[must_use]
    pub fn records(&self, of: &str) -> BTreeMap<String, Value> {
        let folder = self.export(of, "ndjson", "records");
        let lines = fs::read_to_string(folder.join("patients.ndjson")).unwrap_or_default();
        fs::remove_dir_all(folder).unwrap();
        let read = |line: &str| {
            let held: Value = serde_json::from_str(line).unwrap();
            (held["pseudonym"].as_str().unwrap().to_owned(), held["record"].clone())
        };
        lines.lines().map(read).collect()
    }

    /// The pseudonyms that a running node holds.
    #[must_use]
    pub fn patients(&self, of: &str) -> BTreeSet<String> {
        let socket = self.path(of).join("control.sock");
        let answer = control::ask(&socket, &Request::Patients).unwrap();
        let Response::Patients(patients) = answer else { panic!("another answer than was asked for") };
        patients.into_iter().map(|patient| patient.pseudonym).collect()
    }

    /// Runs a node until it is ready.
    #[must_use]
    pub fn run(&self, name: &str) -> Program {
        let dir = self.path(name);
        let mut node = self.begin(&["node", "run", "--dir", text(&dir)]);
        node.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
        node
    }

    /// Runs a node that hears patients at a free port, with more words for how; gives back where.
    #[must_use]
    pub fn open(&self, name: &str, how: &[&str]) -> (Program, String) {
        let dir = self.path(name);
        let run = ["node", "run", "--dir", text(&dir), "--patients", "127.0.0.1:0"];
        let mut node = self.begin(&[&run[..], how].concat());
        let ready = node.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
        let said: Value = serde_json::from_str(&ready).unwrap();
        (node, said["patients"].as_str().unwrap().to_owned())
    }

    /// Makes somebody's key, in a file `NAME.key`, and gives back its public name.
    #[must_use]
    pub fn key(&self, name: &str) -> Principal {
        let file = self.path(&format!("{name}.key"));
        self.done(&["key", "new", "--out", text(&file)]).out[0].parse().unwrap()
    }

    /// Makes a node, and gives back its public name.
    fn init(&self, name: &str) -> Principal {
        let (dir, key) = (self.path(name), self.path(&format!("{name}.key")));
        self.done(&["node", "init", "--dir", text(&dir), "--key-file", text(&key)]).out[0].parse().unwrap()
    }
}

/// CSV files under the names that generating and exporting give them.
#[derive(Debug, Clone)]
pub struct CsvFiles {
    /// Where they lie.
    pub folder: PathBuf,
    /// What their columns mean.
    pub mapping: PathBuf,
}

impl CsvFiles {
    /// What an import of all of them is told.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["--mapping".to_owned(), text(&self.mapping).to_owned()];
        for file in ["courses", "assessments", "items", "sessions", "events", "time_to_event"] {
            let path = self.folder.join(format!("{file}.csv"));
            if path.exists() {
                words.extend([format!("--{}", file.replace('_', "-")), text(&path).to_owned()]);
            }
        }
        words
    }
}

/// A path as a word of the command line.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Who works at `one`.
const STAFF: [&str; 2] = ["anna", "ben"];
const NAMES: [&str; 2] = ["one", "two"];
/// Room for every test.
const PATIENTS_MAX: u64 = 100_000;
const KETAMINE: &str = include_str!("../../../protocol/dictionaries/ketamine.toml");
