//! A clinic that goes back to yesterday and forgets a patient's word is caught by its own signatures.

use std::fs;
use std::path::{Path, PathBuf};

use sumac_tests::processes::Federation;

use crate::rig::{done, door, open, refused, text};

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let beside = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &beside);
        } else {
            fs::copy(&path, &beside).unwrap();
        }
    }
}

/// The key files of two patients of Mill who said yes.
fn two_who_consent(federation: &Federation) -> Vec<PathBuf> {
    let consents = federation.patients('D').into_iter().filter(|line| line.standing == "granted");
    let key = |pseudonym: String| federation.dir().join("patients").join(format!("{pseudonym}.key"));
    consents.take(2).map(|line| key(line.pseudonym)).collect()
}

#[test]
fn a_clinic_that_goes_on_with_another_ledger_is_caught_though_its_newest_receipts_hold() {
    let mut federation = open();
    let keys = two_who_consent(&federation);
    let (home, yesterday) = (federation.home('D'), federation.dir().join("yesterday"));
    federation.stop('D');
    copy(&home, &yesterday);
    federation.restart('D');
    done(&federation, &["revoke", "--node", &door(&federation, 'D'), "--key", text(&keys[0]), "--yes"]);
    federation.stop('D');
    fs::remove_dir_all(&home).unwrap();
    copy(&yesterday, &home);
    federation.restart('D');
    let url = door(&federation, 'D');
    done(&federation, &["revoke", "--node", &url, "--key", text(&keys[1]), "--yes"]);
    // Whoever lost the withdrawal withdraws again. Each receipt holds, and the newest head only grows.
    refused(&federation, &["revoke", "--node", &url, "--key", text(&keys[0]), "--yes"], 1, "ledger-two-roots");
    let (harbour, ridge) = (door(&federation, 'A'), door(&federation, 'B'));
    let check =
        ["receipts", "--node", &url, "--key", text(&keys[0]), "--yes", "--member", &harbour, "--member", &ridge];
    let caught = refused(&federation, &check, 1, "ledger-two-roots");
    assert!(caught.contains("Harbour, Ridge"), "handed to both: {caught}");
    assert_eq!(federation.status('B').accused, ["Mill"]);
}

#[test]
fn a_clinic_that_signs_two_ledgers_is_caught_and_the_members_refuse_it() {
    let mut federation = open();
    let keys = two_who_consent(&federation);
    let (home, yesterday) = (federation.home('D'), federation.dir().join("yesterday"));
    federation.stop('D');
    copy(&home, &yesterday);
    federation.restart('D');
    let url = door(&federation, 'D');
    done(&federation, &["revoke", "--node", &url, "--key", text(&keys[0]), "--yes"]);

    // The clinic sets its folder back: the withdrawal is forgotten, and another statement takes its place.
    federation.stop('D');
    fs::remove_dir_all(&home).unwrap();
    copy(&yesterday, &home);
    federation.restart('D');
    let url = door(&federation, 'D');
    let (harbour, ridge) = (door(&federation, 'A'), door(&federation, 'B'));
    let check =
        ["receipts", "--node", &url, "--key", text(&keys[0]), "--yes", "--member", &harbour, "--member", &ridge];
    let short = refused(&federation, &check, 1, "ledger-shrunk");
    assert!(short.contains("statements were dropped"), "{short}");
    done(&federation, &["revoke", "--node", &url, "--key", text(&keys[1]), "--yes"]);
    let caught = refused(&federation, &check, 1, "ledger-two-roots");
    assert!(caught.contains("Harbour, Ridge"), "handed to both: {caught}");
    let kept = fs::read_dir(format!("{}.receipts", text(&keys[0]))).unwrap().map(|entry| entry.unwrap().file_name());
    let kept: Vec<_> = kept.filter(|name| name.to_string_lossy().starts_with("evidence-two-trees")).collect();
    assert_eq!(kept.len(), 1, "and kept: {kept:?}");
    for member in ['A', 'B'] {
        assert_eq!(federation.status(member).accused, ["Mill"], "{member}");
    }
    assert!(federation.status('C').accused.is_empty(), "C was not told");
}
