//! Backups, restoring, new keys and erasures, as an operator does them with the program: while the node runs, after it was
//! stopped, and after it died.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sumac_node::clinic::ChargeState;
use sumac_tests::processes::{Ended, Federation, Question, Setup};

#[test]
fn a_node_that_was_stopped_and_moved_goes_on_as_if_nothing_had_happened() {
    let mut federation = Setup::default().start(PROGRAM);
    let first = federation.ask(&Question::how_many()).answer();
    assert_eq!(first.operators("counted"), 5);
    federation.stop('D');
    let (home, backup) = (federation.home('D'), federation.dir().join("backup"));
    succeeds(&node(&federation, "backup", &home, &[("--to", &backup)]));
    let moved = federation.dir().join("moved");
    let keyring = keyring(&home);
    let restored = node(&federation, "restore", &moved, &[("--from", &backup), ("--keyring", &keyring)]);
    succeeds(&restored);
    assert!(flat(&restored.text()).contains("nothing is missing"), "{}", restored.text());
    // The new folder takes the old one's place; the keyring stays on its medium.
    let medium = federation.dir().join("medium");
    std::fs::create_dir(&medium).unwrap();
    std::fs::rename(&keyring, medium.join("keyring")).unwrap();
    std::fs::remove_dir_all(&home).unwrap();
    std::fs::rename(&moved, &home).unwrap();
    let settings = std::fs::read_to_string(home.join("node.toml")).unwrap();
    let settings = settings.replace(&text(&keyring), &text(&medium.join("keyring")));
    std::fs::write(home.join("node.toml"), settings).unwrap();
    federation.restart('D');
    let second = federation.ask(&Question::how_many()).answer();
    assert_eq!(second.operators("counted"), 5, "the moved clinic is in");
    let line = federation.cohort('D', &second.query).expect("it selected for the question");
    assert!(line.ledger_position > 0 && federation.cohort('D', &first.query).is_some(), "its books came along");
}

#[test]
fn a_node_restored_from_before_its_death_stays_shut_and_says_why() {
    let mut federation = Setup::default().start(PROGRAM);
    let (home, backup) = (federation.home('D'), federation.dir().join("backup"));
    let copy = federation.dir().join("copy of the keyring");
    let made = node(&federation, "backup", &home, &[("--to", &backup), ("--keyring-copy", &copy)]);
    succeeds(&made);
    assert!(flat(&made.text()).contains("destroy it when a patient is erased"), "{}", made.text());
    let again = node(&federation, "backup", &home, &[("--to", &backup)]);
    refuses(&again, "backup-already-there", "choose another place");
    let answered = federation.ask(&Question::how_many()).answer();
    assert_eq!(answered.operators("counted"), 5, "the node went on, and charged its patients");
    federation.kill('D');
    let over = node(&federation, "restore", &home, &[("--from", &backup)]);
    refuses(&over, "backup-already-there", &format!("mv {0} {0}.old", home.join("store").display()));
    std::fs::rename(home.join("store"), home.join("store.old")).unwrap();
    let restored = node(&federation, "restore", &home, &[("--from", &backup)]);
    succeeds(&restored);
    for words in ["had been acknowledged, and are missing", "the node stays shut"] {
        assert!(flat(&restored.text()).contains(words), "{}", restored.text());
    }
    refuses(&run(&federation, &home), "store-acknowledged-missing", "put the newest folder back");
    // With the keyring's copy nothing contradicts the backup, and yet it is refused.
    let other = federation.dir().join("other");
    let restored = node(&federation, "restore", &other, &[("--from", &backup), ("--keyring", &copy)]);
    succeeds(&restored);
    refuses(&run(&federation, &other), "store-restored", "must not answer questions");
    // The newest folder, back in its place, opens as it was.
    std::fs::remove_dir_all(home.join("store")).unwrap();
    std::fs::rename(home.join("store.old"), home.join("store")).unwrap();
    federation.restart('D');
    assert_eq!(federation.ask(&Question::how_many()).answer().operators("counted"), 5);
}

#[test]
fn keys_are_rotated_while_the_node_runs_and_the_old_secret_opens_nothing_more() {
    let mut federation = Setup::default().start(PROGRAM);
    let home = federation.home('D');
    let new = federation.dir().join("new.unlock");
    let old = setting(&home, "unlock_key_file");
    let rotated = node_with(&federation, "rotate-keys", &home, &[("--new-key-file", &new)], &["--data-keys"]);
    succeeds(&rotated);
    assert!(flat(&rotated.text()).contains("destroy its older copies"), "{}", rotated.text());
    assert_eq!(setting(&home, "unlock_key_file"), new);
    assert_eq!(federation.ask(&Question::how_many()).answer().operators("counted"), 5, "it runs on");
    federation.stop('D');
    federation.restart('D');
    federation.stop('D');
    let offline = federation.dir().join("newest.unlock");
    let wrong = node(&federation, "rotate-keys", &home, &[("--new-key-file", &offline), ("--key-file", &old)]);
    refuses(&wrong, "keyring-wrong-secret", "sumac node rotate-keys");
    // The refused rotation left its key file; given again with the right secret, it is finished.
    succeeds(&node(&federation, "rotate-keys", &home, &[("--new-key-file", &offline)]));
    // As after an interruption before the settings were written: the same command finishes it.
    let settings = std::fs::read_to_string(home.join("node.toml")).unwrap();
    std::fs::write(home.join("node.toml"), settings.replace(&text(&offline), &text(&new))).unwrap();
    refuses(
        &run(&federation, &home),
        "keyring-wrong-secret",
        "if `sumac node rotate-keys` was interrupted, give it again",
    );
    let both = node_with(&federation, "rotate-keys", &home, &[("--new-key-file", &offline)], &["--data-keys"]);
    succeeds(&both);
    federation.restart('D');
    assert_eq!(federation.ask(&Question::how_many()).answer().operators("counted"), 5);
}

#[test]
fn an_erased_patient_is_gone_and_stays_away_and_everybody_else_is_as_before() {
    let mut federation = Setup::default().start(PROGRAM);
    let (home, exported) = (federation.home('D'), federation.dir().join("exported"));
    let asked = federation.ask(&Question::how_many()).answer();
    let settled = |state: &ChargeState| matches!(state, ChargeState::Released { .. });
    let charged = federation.until_cohort('D', &asked.query, |line| settled(&line.state));
    let mut patients = federation.patients_by_name('D');
    let [gone, offline] = [0, 1].map(|n| charged.pseudonyms[n].clone());
    let key = patients[&gone].key.unwrap().to_string();
    succeeds(&sumac(&federation, &["export", "--all"], &[("--dir", &home), ("--out", &exported)]));

    refuses(&erase(&federation, &home, &gone, false), "usage", "give --yes");
    refuses(&erase(&federation, &home, "nobody", true), "no-such-patient", "sumac patient list");
    assert_eq!(federation.patients_by_name('D'), patients, "nothing was erased yet");

    let erased = erase(&federation, &home, &gone, true);
    succeeds(&erased);
    for words in ["the record", "1 statement", "the books of 1 query", "What remains: answers", "destroy them"] {
        assert!(flat(&erased.text()).contains(words), "{words}: {}", erased.text());
    }
    refuses(&erase(&federation, &home, &gone, true), "erased-before", "nothing is left to erase");
    patients.remove(&gone);
    assert_eq!(federation.patients_by_name('D'), patients, "all others, and what they were charged");
    let line = federation.cohort('D', &asked.query).unwrap();
    assert_eq!(line.pseudonyms.len() + 1, charged.pseudonyms.len());
    assert!(!line.pseudonyms.contains(&gone) && settled(&line.state) && line.rho == charged.rho, "{line:?}");
    let patient = sumac(&federation, &["export", "--patient", &gone], &[("--dir", &home)]);
    refuses(&patient, "no-such-patient", "sumac patient list");

    // Neither the pseudonym nor the key comes back, by whatever way.
    let again = import(&federation, &home, &exported);
    succeeds(&again);
    assert!(flat(&again.text()).contains("1 patient left out: erased here before"), "{}", again.text());
    let enrol = |pseudonym: &str, key: &str| {
        sumac(&federation, &["patient", "enrol", "--pseudonym", pseudonym, "--key", key], &[("--dir", &home)])
    };
    let (stranger, words) = (federation.dir().join("stranger.key"), federation.dir().join("passphrase"));
    std::fs::write(&words, "a passphrase of some length").unwrap();
    let made = [("--out", stranger.as_path()), ("--passphrase-file", words.as_path())];
    let fresh = sumac(&federation, &["patient", "keygen"], &made).out.concat();
    refuses(&enrol(&gone, &fresh), "erased-before", "a new pseudonym");
    refuses(&enrol("newcomer", &key), "key-erased", "sumac patient keygen");
    // Somebody new does not inherit the row, and so no charge.
    succeeds(&enrol("newcomer", &fresh));
    let newcomer = federation.patients_by_name('D').remove("newcomer").unwrap();
    assert!(newcomer.spent.0 == 0 && !newcomer.has_record, "{newcomer:?}");

    // The same with the node stopped; and from the journal alone it is the same.
    federation.stop('D');
    succeeds(&erase(&federation, &home, &offline, true));
    refuses(&erase(&federation, &home, &offline, true), "erased-before", "nothing is left to erase");
    federation.delete_index('D');
    federation.restart('D');
    patients.remove(&offline);
    let mut now = federation.patients_by_name('D');
    now.remove("newcomer");
    assert_eq!(now, patients);
    let next = federation.ask(&Question::how_many()).answer();
    assert_eq!(next.operators("counted"), 5, "the node goes on answering");
    let line = federation.until_cohort('D', &next.query, |line| settled(&line.state));
    assert_eq!(line.pseudonyms.len() + 2, charged.pseudonyms.len(), "for all who are left");
}

#[test]
fn wrong_words_are_refused_before_anything_is_done() {
    let federation = Setup::default().build(PROGRAM);
    let home = federation.home('D');
    let before = std::fs::read(keyring(&home)).unwrap();
    let inside = home.join("new.unlock");
    let no_backup = federation.dir().join("nothing");
    std::fs::create_dir(&no_backup).unwrap();
    let used = setting(&home, "unlock_key_file");
    let cases = [
        (node(&federation, "rotate-keys", &home, &[]), "usage", "--new-key-file"),
        (node(&federation, "rotate-keys", &home, &[("--new-key-file", &inside)]), "usage", "another medium"),
        (node(&federation, "rotate-keys", &home, &[("--new-key-file", &used)]), "usage", "not there yet"),
        (node(&federation, "restore", &home, &[("--from", &no_backup)]), "backup-none", "sumac node backup"),
        (node(&federation, "backup", &no_backup, &[("--to", &home.join("b"))]), "no-node", "sumac node init"),
        (node(&federation, "backup", &home, &[("--to", &home.join("store/b"))]), "backup-inside-store", "another disk"),
        (node(&federation, "backup", &home, &[("--to", &home.join("b"))]), "backup-inside-store", "another disk"),
    ];
    for (ended, code, remedy) in &cases {
        refuses(ended, code, remedy);
    }
    let opened = std::fs::read(keyring(&home)).unwrap();
    assert_eq!(opened.len(), before.len(), "nothing but opening and closing happened to the keyring");
    assert!(!inside.exists());
}

fn run(federation: &Federation, home: &Path) -> Ended {
    node(federation, "run", home, &[])
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

fn erase(federation: &Federation, home: &Path, patient: &str, yes: bool) -> Ended {
    let flags = ["--patient", patient, "--yes"];
    node_with(federation, "erase", home, &[], if yes { &flags } else { &flags[..2] })
}

/// Imports what was exported as CSV.
fn import(federation: &Federation, home: &Path, exported: &Path) -> Ended {
    let [mapping, courses, assessments] =
        ["mapping.toml", "courses.csv", "assessments.csv"].map(|name| exported.join(name));
    let options: [(&str, &Path); 4] =
        [("--dir", home), ("--mapping", &mapping), ("--courses", &courses), ("--assessments", &assessments)];
    sumac(federation, &["import"], &options)
}

fn sumac(federation: &Federation, words: &[&str], options: &[(&str, &Path)]) -> Ended {
    let mut args: Vec<OsString> = words.iter().map(Into::into).collect();
    for (option, path) in options {
        args.extend([option.into(), path.into()]);
    }
    federation.sumac(args)
}

fn succeeds(ended: &Ended) {
    assert_eq!(ended.exit, Some(0), "{}", ended.text());
}

fn refuses(ended: &Ended, code: &str, remedy: &str) {
    // Lines are broken between words, wherever the width of a terminal asks for it.
    let said = flat(&ended.text());
    assert!(ended.exit.is_some_and(|exit| exit == 1 || exit == 2), "{said}");
    assert!(said.contains(&format!("error[{code}]")) && said.contains("to do: ") && said.contains(remedy), "{said}");
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn keyring(home: &Path) -> PathBuf {
    home.join(setting(home, "keyring"))
}

/// A path from a node's settings.
fn setting(home: &Path, name: &str) -> PathBuf {
    let settings = std::fs::read_to_string(home.join("node.toml")).unwrap();
    let line = settings.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")));
    PathBuf::from(line.unwrap().trim_end_matches('"'))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_sumac");
