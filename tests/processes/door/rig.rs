//! A federation whose nodes hear patients, and what a patient's program is asked there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::{Principal, Signer};
use sumac_tests::processes::{Ended, Federation, Setup};
use zeroize::Zeroizing;

pub(crate) const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// Five clinics; each hears patients at a port of its own.
pub(crate) fn open() -> Federation {
    let mut federation = Setup::default().build(SUMAC);
    for node in Federation::letters() {
        let settings = federation.home(node).join("node.toml");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, text + "patients = \"127.0.0.1:0\"\n").unwrap();
        let text =
            fs::read_to_string(&settings).unwrap().replace("patients_per_minute = 240", "patients_per_minute = 90000");
        fs::write(&settings, text).unwrap();
    }
    federation.start_all();
    federation
}

/// Where a clinic hears patients.
pub(crate) fn door(federation: &Federation, clinic: char) -> String {
    federation.status(clinic).patients_at.expect("the door is open")
}

/// A patient's program, run to its end.
pub(crate) fn patient(federation: &Federation, words: &[&str]) -> Ended {
    federation.sumac([&["patient"], words].concat())
}

/// The same, which must do what it is asked; gives back standard output.
pub(crate) fn done(federation: &Federation, words: &[&str]) -> String {
    let ended = patient(federation, words);
    assert_eq!(ended.exit, Some(0), "{words:?}: {}", ended.text());
    ended.out.join("\n")
}

/// The same, which must be refused with this exit and code.
pub(crate) fn refused(federation: &Federation, words: &[&str], exit: i32, code: &str) -> String {
    let ended = patient(federation, words);
    assert_eq!(ended.exit, Some(exit), "{words:?}: {}", ended.text());
    assert!(ended.text().contains(&format!("error[{code}]")), "{words:?}: {}", ended.text());
    // On one line: where the words are wrapped depends on what they are.
    ended.text().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A patient of a clinic who consents, and the key.
pub(crate) fn somebody(federation: &Federation, clinic: char) -> (String, PathBuf) {
    let consents = federation.patients(clinic).into_iter().find(|line| line.standing == "granted");
    let name = consents.expect("somebody consents").pseudonym;
    let key = federation.dir().join("patients").join(format!("{name}.key"));
    (name, key)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A bare key file's signer.
pub(crate) fn signer(key: &Path) -> Signer {
    let seed: [u8; 32] = fs::read(key).unwrap().try_into().unwrap();
    Signer::from_seed(&Zeroizing::new(seed))
}

/// Somebody whom no clinic knows.
pub(crate) fn stranger() -> Signer {
    Signer::from_seed(&Zeroizing::new([91; 32]))
}

/// What comes back over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Posts a body as it stands.
pub(crate) fn post(url: &str, path: &str, kind: &str, body: &[u8]) -> Heard {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(45)))
        .build()
        .new_agent();
    let mut response = agent.post(format!("{url}{path}")).header("content-type", kind).send(body).unwrap();
    let status = response.status().as_u16();
    Heard { status, body: response.body_mut().with_config().limit(8 << 20).read_to_string().unwrap() }
}

pub(crate) fn post_json(url: &str, path: &str, body: &Value) -> Heard {
    post(url, path, "application/json", body.to_string().as_bytes())
}

pub(crate) fn hand_in(url: &str, path: &str, signed: &Envelope) -> Heard {
    post(url, path, "application/json", signed.to_json().as_bytes())
}

/// The clinic's node key.
pub(crate) fn clinic(federation: &Federation, letter: char) -> Principal {
    federation.status(letter).key
}
