//! A clinic that runs and hears patients, two members of staff, and somebody who works elsewhere.

use std::fs;

use serde_json::Value;
use sumac_node::clinic::StandingLine;
use sumac_tests::processes::{Clinics, Ended, Program, text};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// The clinic `one`, running, with the records of a few patients.
pub(crate) struct Desk {
    pub(crate) clinics: Clinics,
    /// Where patients are heard.
    pub(crate) url: String,
    /// Some patients, in order of arrival.
    pub(crate) patients: Vec<String>,
    _node: Program,
}

impl Desk {
    pub(crate) fn open() -> Self {
        let clinics = Clinics::make(SUMAC);
        let _elsewhere = clinics.key("stranger");
        clinics.import_csv("one", &clinics.generate(6, "made"));
        let (node, url) = clinics.open("one", &[]);
        let mut desk = Self { clinics, url, patients: Vec::new(), _node: node };
        desk.patients = desk.list().into_iter().map(|line| line.pseudonym).collect();
        assert!(desk.patients.len() >= 3, "{:?}", desk.patients);
        desk
    }

    /// A file of this clinic's people, as a word of the command line.
    pub(crate) fn path(&self, name: &str) -> String {
        text(&self.clinics.path(name)).to_owned()
    }

    /// `sumac consent` with these words, at this clinic.
    pub(crate) fn consent(&self, words: &[&str]) -> Ended {
        let dir = self.path("one");
        self.clinics.sumac(&[&["consent"], words, &["--dir", &dir]].concat())
    }

    /// The same, which must do what it is asked; gives back standard output.
    pub(crate) fn done(&self, words: &[&str]) -> String {
        let ended = self.consent(words);
        assert_eq!(ended.exit, Some(0), "{words:?}: {}", ended.text());
        ended.out.join("\n")
    }

    /// The list of who is in and who is out.
    pub(crate) fn list(&self) -> Vec<StandingLine> {
        self.consent(&["list", "--format", "json"]).json()
    }

    /// One patient's line of that list.
    pub(crate) fn line(&self, pseudonym: &str) -> StandingLine {
        self.list().into_iter().find(|line| line.pseudonym == pseudonym).unwrap()
    }

    /// How many statements the ledger holds.
    pub(crate) fn statements(&self) -> u64 {
        let dir = self.path("one");
        let status: Value = self.clinics.sumac(&["node", "status", "--format", "json", "--dir", &dir]).json();
        status["statements"].as_u64().unwrap()
    }

    /// What a patient does at home with a key.
    pub(crate) fn at_home(&self, key: &str, words: &[&str]) -> Ended {
        self.clinics.sumac(&[&["patient"], words, &["--node", &self.url, "--key", key, "--yes"]].concat())
    }

    /// A patient who made a key, has it enrolled, and granted; the key's file.
    pub(crate) fn granted(&self, pseudonym: &str, name: &str) -> String {
        let (key, dir) = (self.clinics.key(name).to_string(), self.path("one"));
        self.clinics.done(&["patient", "enrol", "--dir", &dir, "--pseudonym", pseudonym, "--key", &key]);
        let file = self.path(&format!("{name}.key"));
        let granted = self.at_home(&file, &["grant"]);
        assert_eq!(granted.exit, Some(0), "{}", granted.text());
        file
    }

    /// Writes a file, and gives back its path as a word of the command line.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.clinics.path(name), content).unwrap();
        self.path(name)
    }
}

/// A command must have been refused with this exit and code.
pub(crate) fn refused(ended: &Ended, exit: i32, code: &str, why: &str) {
    assert_eq!(ended.exit, Some(exit), "{why}: {}", ended.text());
    assert!(ended.text().contains(&format!("error[{code}]")), "{why}: {}", ended.text());
}

/// The same text with another letter or digit at one place, for every so manieth place; whatever is neither is left.
pub(crate) fn altered(text: &str, every: usize) -> Vec<(usize, String)> {
    let another = |at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        let old = bytes[at];
        bytes[at] = if old.is_ascii_digit() { b'0' + (old - b'0' + 1) % 10 } else { old ^ b' ' };
        (at, String::from_utf8(bytes).unwrap())
    };
    let places = (0..text.len()).filter(|at| text.as_bytes()[*at].is_ascii_alphanumeric());
    places.step_by(every).map(another).collect()
}
