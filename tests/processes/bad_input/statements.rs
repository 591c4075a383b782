//! Enrolments and consents that do not hold.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use sumac_node::control::{self, ControlError, Request, Response, Status};
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Signer;
use sumac_tests::processes::{Federation, Setup};
use zeroize::Zeroizing;

use crate::{SUMAC, assert_refused, differing, flat, kept_files, sumac, text};

fn signer(file: &Path) -> Signer {
    let seed: [u8; 32] = std::fs::read(file).unwrap().try_into().unwrap();
    Signer::from_seed(&Zeroizing::new(seed))
}

fn status(socket: &Path) -> Status {
    match control::ask(socket, &Request::Status).unwrap() {
        Response::Status(status) => status,
        other @ (Response::Kept(_)
        | Response::Enrolled
        | Response::NextStatement { .. }
        | Response::PaperKey { .. }
        | Response::Standings(_)
        | Response::Acknowledged(_)
        | Response::Patients(_)
        | Response::Cohorts(_)
        | Response::AsOf(_)
        | Response::Patient(_)
        | Response::Page(_)
        | Response::Taken(_)
        | Response::Upkept(_)
        | Response::Charters(_)
        | Response::Queries(_)
        | Response::Ledger(_)
        | Response::Confirmed
        | Response::Words(_)
        | Response::Books(_)
        | Response::Refused(_)) => panic!("{other:?}"),
    }
}

/// Somebody of a clinic who consents: the pseudonym, and the key.
fn somebody(federation: &Federation, clinic: char) -> (String, PathBuf) {
    let patients = federation.patients(clinic);
    let name = patients.into_iter().find(|p| p.standing == "granted").unwrap().pseudonym;
    let key = federation.dir().join("patients").join(format!("{name}.key"));
    (name, key)
}

#[test]
fn an_enrolment_or_grant_that_does_not_hold_changes_nothing() {
    let federation = Setup::default().start(SUMAC);
    let home = federation.home('C');
    let (name, key) = somebody(&federation, 'C');
    let stranger = federation.dir().join("keys/researcher.key");
    let (own, other) = (signer(&key).principal().to_string(), signer(&stranger).principal().to_string());
    let before = kept_files(&home);
    let (dir, key, stranger) = (text(&home), text(&key), text(&stranger));
    let cases: [(&[&str], i32, &str, &str); 9] = [
        (&["enrol", "--pseudonym", &name, "--key", &other], 1, "enrolled", "a second key for one patient"),
        (&["enrol", "--pseudonym", "P0", "--key", &own], 1, "key-taken", "a second patient for one key"),
        (&["enrol", "--pseudonym", "", "--key", &other], 1, "enrolment-pseudonym", "no name"),
        (&["grant", "--key", stranger], 1, "not-enrolled", "a key that nobody enrolled"),
        (&["revoke", "--key", stranger], 1, "not-enrolled", "a key that nobody enrolled"),
        (&["grant", "--key", key, "--purpose", "FAME"], 1, "statement-unknown-code", "a purpose that there is not"),
        (&["grant", "--key", key, "--purpose", "DS"], 1, "statement-no-disease", "research on no disease"),
        (&["grant", "--key", key, "--disease", "MONDO:0002009"], 2, "usage", "a disease for all of health research"),
        (&["grant", "--key", SUMAC], 2, "usage", "a program for a key"),
    ];
    for (arguments, exit, code, why) in cases {
        let ended = sumac(&[&["patient"], &arguments[..1], &["--dir", dir], &arguments[1..]].concat());
        assert_refused(&ended, exit, code, why);
        assert!(ended.talk[0].starts_with("error["), "{why}: nothing is promised before: {}", ended.text());
    }
    for (arguments, why) in [
        (["enrol", "--pseudonym", "P0", "--key", "P0"].as_slice(), "no did:key"),
        (&["grant", "--key", key, "--days", "0"], "over before it begins"),
        (&["grant", "--key", key, "--days", "3651"], "longer than ten years"),
        (&["grant", "--key", key, "--rho-year", "0"], "a grant that never counts anybody in"),
        (&["grant", "--key", key, "--purpose", "DS", "--disease", "depression"], "no code of a disease"),
    ] {
        let ended = sumac(&[&["patient"], &arguments[..1], &["--dir", dir], &arguments[1..]].concat());
        assert_eq!(ended.exit, Some(2), "{why}: {}", ended.text());
    }
    assert_eq!(differing(&before, &kept_files(&home)), Vec::<PathBuf>::new());
}

#[test]
fn who_grants_reads_first_everything_that_is_granted() {
    let federation = Setup::default().start(SUMAC);
    let (home, (_, key)) = (federation.home('C'), somebody(&federation, 'C'));
    let grant = ["patient", "grant", "--yes", "--dir", text(&home), "--key", text(&key), "--purpose", "DS"];
    let disease = ["--disease", "MONDO:0002009", "--disease", "MONDO:0005618", "--rho-year", "500000"];
    let cases: [(&[&str], &[&str]); 2] = [
        (&[], &["only in sums with noise. The noise hides you"]),
        (&["--noise", "or-exact"], &["Some studies ask for sums without noise"]),
    ];
    for (more, says) in cases {
        let granted = sumac(&[&grant[..], &disease, more].concat());
        assert_eq!(granted.exit, Some(0), "{}", granted.text());
        let read = flat(&granted);
        let always = [
            "these diseases and their kinds: major depression (MONDO:0002009), anxiety disorder (MONDO:0005618) (DS)",
            "Who may ask: any study",
            "your treatment; how you did; side effects",
            "UTC until ",
            "ρ 0.5 at most",
            "as much as 5 usual answers of ρ 0.1",
            "You can say no at any time",
        ];
        for words in always.iter().chain(says) {
            assert!(read.contains(words), "`{words}`: {read}");
        }
        assert!(granted.talk.iter().all(|row| row.chars().count() <= 80), "{}", granted.text());
    }
}

#[test]
fn a_withdrawal_says_nothing_before_it_can_be_made_and_is_made_once() {
    let federation = Setup::default().start(SUMAC);
    let (home, nowhere) = (federation.home('C'), federation.dir().join("nowhere"));
    let (name, key) = somebody(&federation, 'C');
    let stranger = federation.dir().join("keys/researcher.key");
    let revoke =
        |dir: &Path, key: &Path| sumac(&["patient", "revoke", "--yes", "--dir", text(dir), "--key", text(key)]);
    let before = kept_files(&home);
    for (dir, key, code, why) in [
        (&home, &stranger, "not-enrolled", "a key that nobody enrolled"),
        (&federation.home('D'), &key, "not-enrolled", "another clinic's folder"),
        (&nowhere, &key, "no-node", "no folder"),
        (&home, &nowhere, "file", "no key"),
    ] {
        let refused = revoke(dir, key);
        assert_refused(&refused, 1, code, why);
        assert!(refused.talk[0].starts_with("error["), "{why}: nothing is said before: {}", refused.text());
        assert!(code != "not-enrolled" || flat(&refused).contains("check --dir and --key"), "{}", refused.text());
    }
    assert_eq!(differing(&before, &kept_files(&home)), Vec::<PathBuf>::new());
    let first = revoke(&home, &key);
    assert_eq!((first.exit, first.talk.is_empty()), (Some(0), false), "{}", first.text());
    assert!(first.out[0].starts_with("acknowledged at position "), "{}", first.text());
    let (statements, withdrawn) = (status(&home.join("control.sock")).statements, kept_files(&home));
    let second = revoke(&home, &key);
    assert_eq!(second.exit, Some(0), "{}", second.text());
    assert!(second.out[0].starts_with("already withdrawn") && second.talk.is_empty(), "{}", second.text());
    assert_eq!(status(&home.join("control.sock")).statements, statements);
    assert_eq!(differing(&withdrawn, &kept_files(&home)), Vec::<PathBuf>::new());
    assert!(federation.grant('C', &name).starts_with("acknowledged"), "and who changes their mind again may");
    assert!(federation.revoke('C', &name).starts_with("acknowledged"), "and again");
}

#[test]
fn a_statement_that_does_not_hold_never_reaches_the_ledger() {
    let federation = Setup::default().start(SUMAC);
    let (home, elsewhere) = (federation.home('C'), federation.home('D'));
    let socket = home.join("control.sock");
    let (_, key) = somebody(&federation, 'C');
    let (patient, stranger) = (signer(&key), signer(&federation.dir().join("keys/researcher.key")));
    let before = (status(&socket), kept_files(&home));
    let right = Statement {
        clinic: before.0.key,
        patient: patient.principal(),
        sequence: 1,
        previous: None,
        made_at: Moment(1),
        action: Action::Revoke(Revoke { purposes: Some(vec!["HMB".into()]) }),
        witness: None,
    };
    let other_clinic = Statement { clinic: status(&elsewhere.join("control.sock")).key, ..right.clone() };
    let mut tampered = serde_json::to_value(Envelope::sign(&right, &patient).unwrap()).unwrap();
    let others = serde_json::to_value(Envelope::sign(&right, &stranger).unwrap()).unwrap();
    tampered["signatures"][0]["sig"] = others["signatures"][0]["sig"].clone();
    let cases = [
        (Envelope::sign(&right, &stranger).unwrap(), "not-signed-by", "signed by somebody else"),
        (Envelope::sign(&other_clinic, &patient).unwrap(), "statement-other-clinic", "made for another clinic"),
        (serde_json::from_value(tampered).unwrap(), "not-signed-by", "with somebody else's signature"),
    ];
    for (envelope, want, why) in cases {
        match control::ask(&socket, &Request::TakeStatement(envelope)) {
            Err(ControlError::Refused { code, remedy, .. }) => {
                assert_eq!((code.as_str(), remedy.is_empty()), (want, false), "{why}");
            }
            other => panic!("{why}: {other:?}"),
        }
    }
    for line in ["", "hello", "{\"take_statement\":{}}", "{\"status\":1}"] {
        let answer = said_to(&socket, line);
        assert!(answer.contains("\"refused\"") && answer.contains("unreadable-request"), "{line}: {answer}");
    }
    assert_eq!(status(&socket), before.0);
    assert_eq!(differing(&before.1, &kept_files(&home)), Vec::<PathBuf>::new());
}

/// What a node answers to a line on its control socket.
fn said_to(socket: &Path, line: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(format!("{line}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    answer
}
