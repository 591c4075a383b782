//! What goes wrong at a node, as its operator is told: in words, with what to do, an exit code, and nothing changed.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use sumac_tests::processes::{Clinics, Ended};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Every file of a folder with its bytes.
fn files(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file() && entry.file_name() != "lock" {
            found.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
}

fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    files(folder, &mut found);
    found
}

fn doctor(clinics: &Clinics, home: &Path) -> (Option<i32>, Vec<String>, Ended) {
    let found = clinics.sumac(&["doctor", "--dir", text(home), "--format", "json"]);
    let listed: Vec<Value> =
        serde_json::from_str(&found.out.join("")).unwrap_or_else(|why| panic!("{why}: {}", found.text()));
    for finding in &listed {
        assert!(
            finding["says"].as_str().unwrap().len() > 5 && finding["remedy"].as_str().unwrap().len() > 5,
            "{finding}"
        );
    }
    let wrong = listed.iter().filter(|finding| finding["weight"] == "wrong");
    (found.exit, wrong.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect(), found.clone())
}

/// One thing that goes wrong.
struct Trouble {
    why: &'static str,
    make: fn(&Path, &Path),
    /// What the doctor calls it.
    found: &'static str,
    /// What keeps the node shut, if it does.
    refused: Option<&'static str>,
}

fn settings(home: &Path, more: &str) {
    let file = home.join("node.toml");
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{more}\n{before}")).unwrap();
}

const TROUBLES: [Trouble; 8] = [
    Trouble {
        why: "a key that no setting has",
        make: |home, _| settings(home, "aproval = \"by_hand\""),
        found: "settings",
        refused: Some("settings"),
    },
    Trouble {
        why: "a decision that there is not",
        make: |home, _| settings(home, "approval = \"sometimes\""),
        found: "settings",
        refused: Some("settings"),
    },
    Trouble {
        why: "the medium with the unlock secret is not there",
        make: |_, key| fs::remove_file(key).unwrap(),
        found: "unlock-secret",
        refused: Some("file"),
    },
    Trouble {
        why: "an unlock secret that was cut",
        make: |_, key| fs::write(key, [7; 31]).unwrap(),
        found: "unlock-secret",
        refused: Some("key-file"),
    },
    Trouble {
        why: "an unlock secret that everybody can read",
        make: |_, key| fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap(),
        found: "key-readable",
        refused: None,
    },
    Trouble {
        why: "a keyring that everybody can read",
        make: |home, _| {
            fs::set_permissions(home.join("keyring.sealed"), fs::Permissions::from_mode(0o664)).unwrap();
        },
        found: "key-readable",
        refused: None,
    },
    Trouble {
        why: "a clock that is off by a day",
        make: |home, _| {
            let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
            fs::File::options().append(true).open(home.join("charter.json")).unwrap().set_modified(tomorrow).unwrap();
        },
        found: "clock-behind",
        refused: None,
    },
    Trouble {
        why: "half a charter",
        make: |home, _| {
            let charter = fs::read(home.join("charter.json")).unwrap();
            fs::write(home.join("charter.json"), charter.split_at(charter.len() / 2).0).unwrap();
        },
        found: "charter",
        refused: Some("charter"),
    },
];

#[test]
fn each_trouble_is_told_in_words_with_what_to_do_and_nothing_is_changed() {
    let clinics = Clinics::make(SUMAC);
    let (home, key) = (clinics.path("one"), clinics.path("one.key"));
    let (_, at_first, said) = doctor(&clinics, &home);
    assert!(at_first.iter().all(|code| code == "no-hub"), "its hubs do not run, and nothing else: {}", said.text());
    let kept = [home.join("node.toml"), home.join("charter.json"), home.join("keyring.sealed"), key.clone()];
    for Trouble { why, make, found, refused } in TROUBLES {
        let right: Vec<_> =
            kept.iter().map(|file| (file, fs::read(file).unwrap(), fs::metadata(file).unwrap())).collect();
        make(&home, &key);
        let before = all(&home);
        let (exit, wrong, said) = doctor(&clinics, &home);
        assert_eq!(exit, Some(1), "{why}: {}", said.text());
        assert!(wrong.iter().any(|code| code == found), "{why}: {}", said.text());
        if let Some(code) = refused {
            let ended = clinics.sumac(&["node", "run", "--dir", text(&home)]);
            assert_eq!(ended.exit, Some(1), "{why}: {}", ended.text());
            assert!(ended.text().contains(&format!("error[{code}]: ")), "{why}: {}", ended.text());
            assert!(ended.text().contains("to do: "), "{why}: {}", ended.text());
        }
        assert!(before == all(&home), "{why}: something was changed");
        for (file, bytes, found) in right {
            fs::write(file, bytes).unwrap();
            fs::set_permissions(file, found.permissions()).unwrap();
            fs::File::options().append(true).open(file).unwrap().set_modified(found.modified().unwrap()).unwrap();
        }
    }
    let (_, after, said) = doctor(&clinics, &home);
    assert_eq!(after, at_first, "all is as it was: {}", said.text());
}

#[test]
fn a_port_that_somebody_has_is_told_before_the_node_is_started_and_a_running_node_is_not_taken_for_somebody() {
    let clinics = Clinics::make(SUMAC);
    let home = clinics.path("one");
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    settings(&home, &format!("patients = \"127.0.0.1:{}\"", other.local_addr().unwrap().port()));
    let (exit, wrong, said) = doctor(&clinics, &home);
    assert!(exit == Some(1) && wrong.iter().any(|code| code == "port-taken"), "{}", said.text());
    let ended = clinics.sumac(&["node", "run", "--dir", text(&home)]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text());
    assert!(ended.text().contains("to do: "), "{}", ended.text());
    drop(other);
    let node = clinics.run("one");
    let (_, wrong, said) = doctor(&clinics, &home);
    assert!(wrong.iter().all(|code| code != "port-taken"), "{}", said.text());
    assert!(!said.text().contains("not-running"), "{}", said.text());
    node.terminate();
    assert_eq!(node.ended().exit, Some(0));
}
