//! A federation whose nodes hear patients, and what a patient's program is asked there.

use std::fs;
use std::path::{Path, PathBuf};

use sumac_protocol::principal::{Principal, Signer};
use sumac_tests::processes::{Ended, Federation, Setup};
use zeroize::Zeroizing;

pub(crate) const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// Five clinics; each hears patients at a port of its own.
pub(crate) fn open() -> Federation {
    Setup::default().doors().start(SUMAC)
}

/// Where a clinic hears patients.
pub(crate) fn door(federation: &Federation, clinic: char) -> String {
    federation.door(clinic)
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

/// The clinic's node key.
pub(crate) fn clinic(federation: &Federation, letter: char) -> Principal {
    federation.status(letter).key
}
