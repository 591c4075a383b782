use std::fs;
use std::path::Path;

use super::rig::*;
use crate::store::*;

const PSEUDONYM: &str = "PATIENT-1503-HARBOUR";
const BODY: &str = "severe depression, phq9 twenty-one";

/// Whether the bytes occur in any file under the folder, or in any file's name.
fn found_under(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let entry = entry.unwrap();
        let named = contains(entry.file_name().as_encoded_bytes(), needle);
        named
            || if entry.file_type().unwrap().is_dir() {
                found_under(&entry.path(), needle)
            } else {
                contains(&fs::read(entry.path()).unwrap(), needle)
            }
    })
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn needles() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("the pseudonym", PSEUDONYM.as_bytes().to_vec()),
        ("the record", BODY.as_bytes().to_vec()),
        ("the node's seed", SEED.to_vec()),
        ("the key file", vec![3; 32]),
        ("a query's id", vec![0xC4; 32]),
        ("a role state's id", vec![0xC5; 32]),
    ]
}

#[test]
fn no_file_of_the_node_shows_a_pseudonym_a_body_an_id_or_a_key() {
    let rig = Rig::new();
    let store = rig.create();
    for n in 0..200 {
        let batch = vec![
            record(PSEUDONYM, &format!("{BODY} {n}")),
            enrolment(PSEUDONYM, BODY),
            statement(PSEUDONYM, BODY),
            query(0xC4, BODY),
            role(2, 0xC5, Some(BODY)),
            audit(&format!("{PSEUDONYM} {BODY}")),
        ];
        store.append(batch).unwrap();
    }
    store.close().unwrap();
    rig.open().unwrap().0.close().unwrap();
    assert!(rig.index().join("db").metadata().unwrap().len() > 1000, "sled's file is searched too");
    for (what, needle) in needles() {
        assert!(!found_under(rig.root.path(), &needle), "{what}");
    }
}

#[test]
fn the_search_finds_each_of_them_where_they_lie_open() {
    let rig = Rig::new();
    rig.create().close().unwrap();
    let open = sled::open(rig.index().join("open")).unwrap();
    for (what, needle) in needles() {
        open.insert(&needle[..16], needle.clone()).unwrap();
        open.flush().unwrap();
        assert!(found_under(rig.root.path(), &needle), "{what} in an unsealed tree");
    }
}

#[test]
fn a_page_or_keyring_that_was_changed_does_not_open() {
    let rig = Rig::new();
    let store = rig.create();
    store.append(vec![record("P1", "x")]).unwrap();
    store.close().unwrap();
    let page = rig.paths().pages().join("0000000.keys");
    for (file, wanted) in [(page, "keyring-page-damaged"), (rig.paths().keyring, "keyring-wrong-secret")] {
        let good = fs::read(&file).unwrap();
        for at in [70, good.len() - 1] {
            let mut changed = good.clone();
            changed[at] ^= 1;
            fs::write(&file, &changed).unwrap();
            assert_eq!(rig.open().unwrap_err().code(), wanted, "byte {at}");
        }
        fs::write(&file, good).unwrap();
    }
    rig.open().unwrap();
}

#[test]
fn nothing_that_holds_a_secret_prints_it() {
    let rig = Rig::new();
    let store = rig.create();
    store.append(vec![record(PSEUDONYM, BODY)]).unwrap();
    let words = UnlockSecret::Passphrase(Zeroizing::new("correct horse".to_owned()));
    let printed = format!("{store:?} {:?} {words:?} {:?}", store.shared, KEY_FILE);
    for hidden in [PSEUDONYM, "severe", "correct", "167, 167", "3, 3, 3"] {
        assert!(!printed.contains(hidden), "{hidden} in {printed}");
    }
}
