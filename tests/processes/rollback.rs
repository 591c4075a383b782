//! A clinic whose folder is set back to an earlier copy, restored from a backup, or run twice, as an operator may do it
//! with the program.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sumac_node::clinic::ChargeState;
use sumac_tests::processes::{Ended, Federation, Question, Setup};

#[test]
fn a_clinic_that_was_set_back_gives_nothing_until_it_recovered_and_charged() {
    let mut federation = Setup::default().start(PROGRAM);
    let home = federation.home('D');
    let first = federation.ask(&Question::how_many()).answer();
    assert_eq!(first.operators("counted"), 5);
    refuses(&node(&federation, "recover", &home, &[]), "node-running", "stop it, recover");
    federation.stop('D');
    let older = federation.dir().join("older");
    copy(&home, &older);
    federation.restart('D');
    until_it_takes_part(&federation);
    let before = federation.patients_by_name('D');
    let forgotten = federation.ask(&Question::how_many()).answer();
    assert_eq!(forgotten.operators("counted"), 5);
    federation.stop('D');
    std::fs::remove_dir_all(&home).unwrap();
    std::fs::rename(&older, &home).unwrap();

    // It runs, takes withdrawals, says what to do, and gives nothing.
    federation.restart('D');
    let why = until_it_is_shut(&federation);
    assert!(why.contains("it was set back") && why.contains("sumac node recover"), "{why}");
    assert_eq!(federation.patients_by_name('D'), before, "it has forgotten what it charged");
    let withdrawn = before.values().find(|patient| patient.standing == "granted").unwrap().pseudonym.clone();
    federation.revoke('D', &withdrawn);
    assert_eq!(federation.patients_by_name('D')[&withdrawn].standing, "withdrawn");
    let without = federation.ask(&Question::how_many()).answer();
    assert_eq!(without.operators("counted"), 4, "{}", without.talk.join("\n"));
    assert!(federation.cohort('D', &without.query).is_none(), "it selected nobody");
    assert!(federation.status('D').shut.is_some());
    federation.stop('D');
    federation.restart('D');
    until_it_is_shut(&federation);
    federation.stop('D');

    let recovered = node(&federation, "recover", &home, &[]);
    succeeds(&recovered);
    for words in ["charged ", "to all ", "consents stand", "no part in anything that was begun before"] {
        assert!(flat(&recovered.text()).contains(words), "{words}: {}", recovered.text());
    }
    // Again, it charges nothing twice.
    let again = node(&federation, "recover", &home, &[]);
    succeeds(&again);
    assert!(flat(&again.text()).contains("no query that they saw had been forgotten"), "{}", again.text());

    federation.restart('D');
    until_it_takes_part(&federation);
    let charged = federation.cohort('D', &forgotten.query).unwrap();
    assert_eq!(charged.state, ChargeState::Forgotten);
    let now = federation.patients_by_name('D');
    for (pseudonym, patient) in &before {
        let more = now[pseudonym].spent.0 - patient.spent.0;
        assert_eq!(more, Question::how_many().rho_micro(), "{pseudonym} is charged the whole price");
    }
    let next = federation.ask(&Question::how_many()).answer();
    assert_eq!(next.operators("counted"), 5, "it contributes again");
    let line = federation.cohort('D', &next.query).unwrap();
    assert!(!line.pseudonyms.contains(&withdrawn), "and the withdrawal stands");

    // Recovered once more without need, and nobody answers: it is as it was.
    Federation::letters().for_each(|letter| federation.stop(letter));
    let alone = node_with(&federation, "recover", &home, &[], &["--wait", "1"]);
    refuses(&alone, "recovery-too-few", "nothing was changed");
    federation.start_all();
    until_it_takes_part(&federation);
}

#[test]
fn a_backup_that_was_restored_is_recovered_before_anything_and_consents_wait_to_be_shown_again() {
    let mut federation = Setup::default().start(PROGRAM);
    let (home, backup) = (federation.home('D'), federation.dir().join("backup"));
    let patients = federation.patients_by_name('D');
    let mut granting = patients.values().filter(|patient| patient.standing == "granted");
    let [granted, shown, leaves] = [(); 3].map(|()| granting.next().unwrap().pseudonym.clone());
    for _ in 0..2 {
        let said = federation.grant('D', &shown);
        assert!(said.contains("the receipt is kept in"), "{said}");
    }
    assert_eq!(federation.ask(&Question::how_many()).answer().operators("counted"), 5);
    succeeds(&node(&federation, "backup", &home, &[("--to", &backup)]));
    // Far more than a recovery writes itself: the journal stays shorter than what members saw of it.
    for _ in 0..12 {
        federation.grant('D', &leaves);
        federation.revoke('D', &leaves);
    }
    let forgotten = federation.ask(&Question::how_many()).answer();
    restores_and_stays_shut(&mut federation, &backup);

    let recovered = node(&federation, "recover", &home, &[]);
    succeeds(&recovered);
    assert!(flat(&recovered.text()).contains("no consent counts until"), "{}", recovered.text());
    federation.restart('D');
    until_it_takes_part(&federation);
    assert_eq!(federation.cohort('D', &forgotten.query).unwrap().state, ChargeState::Forgotten);
    assert_eq!(federation.patients_by_name('D')[&granted].standing, "suspended");
    let suspended = federation.ask(&Question::how_many()).answer();
    assert_eq!(suspended.operators("counted"), 5, "it takes part, and nobody can tell that it has nothing to say");
    assert_eq!(federation.cohort('D', &suspended.query).unwrap().pseudonyms, Vec::<String>::new());

    // Started again, given again: what waits goes on waiting, and the journal that was given up is no reason to shut.
    federation.stop('D');
    federation.restart('D');
    until_it_takes_part(&federation);
    federation.stop('D');
    let again = node(&federation, "recover", &home, &[]);
    succeeds(&again);
    assert!(flat(&again.text()).contains("no consent counts until"), "{}", again.text());
    federation.restart('D');
    until_it_takes_part(&federation);
    let standings = federation.patients_by_name('D');
    assert_eq!([&granted, &shown, &leaves].map(|name| standings[name].standing.as_str()), ["suspended"; 3]);

    let confirm =
        |receipt: &[(&str, &Path)]| node_with(&federation, "confirm", &home, receipt, &["--patient", &granted]);
    refuses(&confirm(&[]), "receipt-needed", "KEY.receipts");
    let no_receipt = federation.dir().join("charter.json");
    refuses(&confirm(&[("--receipt", &no_receipt)]), "receipt", "KEY.receipts");
    only_the_newest_receipt_confirms(&federation, &shown, &leaves);

    // What the patient signs anew, after the recovery, needs no receipt of what was before.
    federation.revoke('D', &granted);
    federation.grant('D', &granted);
    assert_eq!(federation.patients_by_name('D')[&granted].standing, "granted");
    let next = federation.ask(&Question::how_many()).answer();
    assert_eq!(next.operators("counted"), 5);
    let counted: BTreeSet<String> = federation.cohort('D', &next.query).unwrap().pseudonyms.into_iter().collect();
    assert_eq!(counted, BTreeSet::from([granted, shown]));
}

#[test]
fn a_copy_that_runs_beside_its_original_is_proved_by_their_own_signatures() {
    let mut federation = Setup::default().start(PROGRAM);
    let (home, twin) = (federation.home('D'), federation.dir().join("T"));
    assert_eq!(federation.ask(&Question::how_many()).answer().operators("counted"), 5);
    federation.stop('D');
    copy(&home, &twin);
    // The copy starts while nothing tells the two apart, and then sleeps.
    let mut copied = federation.running(run_of(&twin));
    copied.until(TAKES_PART);
    copied.suspend();
    for hub in ['A', 'B'] {
        federation.kill(hub);
        federation.restart(hub);
    }
    federation.restart('D');
    until_it_takes_part(&federation);
    let original = federation.ask(&Question::how_many()).answer();
    assert_eq!(original.operators("counted"), 5);
    federation.kill('D');
    copied.resume();
    let told = federation.ask(&Question::how_many()).answer();
    assert_eq!(told.operators("counted"), 4, "{}", told.talk.join("\n"));
    let alarm = federation.until_logged('A', "signed two different messages under the number");
    assert!(alarm.contains("contributions are refused"), "{alarm}");
    for member in ['A', 'B', 'C'] {
        assert_eq!(federation.status(member).accused, ["Mill"], "{member}");
    }
    copied.kill();
    // The original is refused as well: nobody can tell which of the two it was.
    federation.restart('D');
    let after = federation.ask(&Question::how_many()).answer();
    assert_eq!(after.operators("counted"), 4, "{}", after.talk.join("\n"));
}

#[test]
fn a_clinic_that_is_killed_again_and_again_uses_no_number_twice() {
    let mut federation = Setup::default().start(PROGRAM);
    for step in 1..=4 {
        let mut asked = federation.ask(&Question::how_many());
        asked.until_step(step);
        // A member of the committee, which numbers more than uploads.
        federation.kill('C');
        federation.kill('D');
        federation.restart('C');
        federation.restart('D');
        let _finished = asked.finish();
    }
    let last = federation.ask(&Question::how_many()).answer();
    assert_eq!(last.operators("counted"), 5);
    for member in Federation::letters() {
        assert_eq!(federation.status(member).accused, Vec::<String>::new(), "{member}");
    }
}

/// Asks Mill until members told it that nothing is newer.
fn until_it_takes_part(federation: &Federation) {
    let give_up = Instant::now() + PATIENCE;
    while let Some(why) = federation.status('D').shut {
        assert!(Instant::now() < give_up, "it never takes part: {why}");
    }
}

/// Asks Mill until a member told it that it was set back; what it says of it.
fn until_it_is_shut(federation: &Federation) -> String {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let why = federation.status('D').shut.unwrap();
        if why.contains("it was set back") {
            return why;
        }
        assert!(Instant::now() < give_up, "nobody tells it: {why}");
    }
}

/// Mill's store is lost and restored from a backup, and nobody is there to tell it what it forgot.
fn restores_and_stays_shut(federation: &mut Federation, backup: &Path) {
    let home = federation.home('D');
    federation.kill('D');
    std::fs::rename(home.join("store"), home.join("store.old")).unwrap();
    let restored = node(federation, "restore", &home, &[("--from", backup)]);
    succeeds(&restored);
    assert!(flat(&restored.text()).contains("sumac node recover"), "{}", restored.text());
    refuses(&node(federation, "run", &home, &[]), "store-acknowledged-missing", "sumac node recover");

    // Nobody is there to tell it what it forgot: it stays shut, although its store opens now.
    for other in ['A', 'B', 'C', 'E'] {
        federation.stop(other);
    }
    let alone = node_with(federation, "recover", &home, &[], &["--wait", "1"]);
    refuses(&alone, "recovery-too-few", "ask their operators");
    federation.start_all();
    let status = federation.status('D');
    assert!(status.shut.as_ref().is_some_and(|why| why.contains("is not finished")), "{status:?}");
    assert!(!status.waits, "somebody has to do something");
    federation.stop('D');
}

/// Shows receipts for a patient whose consent waits: forged, foreign and older ones change nothing.
fn only_the_newest_receipt_confirms(federation: &Federation, shown: &str, other: &str) {
    let home = federation.home('D');
    let confirm =
        |receipt: &Path| node_with(federation, "confirm", &home, &[("--receipt", receipt)], &["--patient", shown]);
    let standing = || federation.patients_by_name('D')[shown].standing.clone();
    let (other, [older, newest]) = (receipts(federation, other), two(receipts(federation, shown)));
    let forged = |name: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&newest).unwrap()).unwrap();
        change(&mut kept["receipt"]);
        let file = federation.dir().join(name);
        std::fs::write(&file, kept.to_string()).unwrap();
        file
    };
    let head: serde_json::Value = serde_json::from_slice(&std::fs::read(&other[0]).unwrap()).unwrap();
    let mut of_c = federation.patients('C').into_iter().filter(|patient| patient.standing == "granted");
    let elsewhere = of_c.next().unwrap().pseudonym;
    federation.grant('C', &elsewhere);
    let of_another = receipts(federation, &elsewhere).remove(0);
    let foreign: serde_json::Value = serde_json::from_slice(&std::fs::read(&of_another).unwrap()).unwrap();
    for (why, file, code) in [
        ("the patient's older one", older, "receipt-of-another"),
        ("another patient's", other[0].clone(), "receipt-of-another"),
        ("another clinic's", of_another, "receipt-of-another"),
        ("at another position", forged("forged-1.json", &|it| it["position"] = 0.into()), "ledger-not-included"),
        (
            "under another head",
            forged("forged-2.json", &|it| it["head"] = head["receipt"]["head"].clone()),
            "ledger-not-included",
        ),
        (
            "under another clinic's head",
            forged("forged-3.json", &|it| it["head"] = foreign["receipt"]["head"].clone()),
            "ledger-bad-document",
        ),
    ] {
        let refused = confirm(&file);
        assert!(refused.text().contains(&format!("error[{code}]")), "{why}: {}", refused.text());
        assert_eq!(standing(), "suspended", "{why}");
    }
    succeeds(&confirm(&newest));
    assert_eq!(standing(), "granted");
    refuses(&confirm(&newest), "nothing-to-confirm", "nothing to confirm");
}

/// The receipts that a patient's program kept, oldest first.
fn receipts(federation: &Federation, pseudonym: &str) -> Vec<PathBuf> {
    let folder = federation.dir().join("patients").join(format!("{pseudonym}.key.receipts"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn two(files: Vec<PathBuf>) -> [PathBuf; 2] {
    files.try_into().unwrap()
}

/// Everything in a folder but sockets, which a copy of a running node's may have.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn run_of(home: &Path) -> [OsString; 4] {
    ["node".into(), "run".into(), "--dir".into(), PathBuf::from(home).into()]
}

fn node(federation: &Federation, verb: &str, home: &Path, options: &[(&str, &Path)]) -> Ended {
    node_with(federation, verb, home, options, &[])
}

fn node_with(federation: &Federation, verb: &str, home: &Path, options: &[(&str, &Path)], flags: &[&str]) -> Ended {
    let mut args: Vec<OsString> = vec!["node".into(), verb.into(), "--dir".into(), home.into()];
    for (option, path) in options {
        args.extend([option.into(), path.into()]);
    }
    args.extend(flags.iter().map(Into::into));
    federation.sumac(args)
}

fn succeeds(ended: &Ended) {
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
}

fn refuses(ended: &Ended, code: &str, remedy: &str) {
    let said = flat(&ended.text());
    assert!(ended.exit.is_some_and(|exit| exit == 1 || exit == 2), "{said}");
    assert!(said.contains(&format!("error[{code}]")) && said.contains("to do: ") && said.contains(remedy), "{said}");
}

/// Lines are broken between words, wherever the width of a terminal asks for it.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a node logs once members said that they saw nothing newer of it.
const TAKES_PART: &str = "nobody saw anything newer of this node";
/// How long a node is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const PROGRAM: &str = env!("CARGO_BIN_EXE_sumac");
