//! Nodes that cannot be made, cannot be opened, or are in use.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use sumac_tests::processes::{Program, Setup};

use crate::{SUMAC, all_files, assert_refused, differing, kept_files, nowhere, sumac, text};

/// A node with a key file, a charter and no company.
struct Lone {
    scratch: TempDir,
    home: PathBuf,
    key: PathBuf,
}

impl Lone {
    fn new() -> Self {
        let scratch = TempDir::new().unwrap();
        let (home, key) = (scratch.path().join("node"), scratch.path().join("unlock"));
        let made = sumac(&["node", "init", "--dir", text(&home), "--key-file", text(&key)]);
        assert_eq!(made.exit, Some(0), "{}", made.text());
        let charter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/documents/chain.json");
        let adopted = sumac(&["node", "adopt", "--dir", text(&home), "--charter", text(&charter)]);
        assert_eq!(adopted.exit, Some(0), "{}", adopted.text());
        Self { scratch, home, key }
    }

    fn settings(&self, more: &str) {
        let settings = format!("keyring = \"keyring.sealed\"\nunlock_key_file = \"{}\"\n{more}\n", self.key.display());
        std::fs::write(self.home.join("node.toml"), settings).unwrap();
    }

    fn assert_stays_shut(&self, code: &str, why: &str) {
        let before = kept_files(&self.home);
        assert_refused(&sumac(&["node", "run", "--dir", text(&self.home)]), 1, code, why);
        assert_eq!(differing(&before, &kept_files(&self.home)), Vec::<PathBuf>::new(), "{why}");
    }
}

#[test]
fn a_node_that_cannot_be_made_leaves_nothing_behind() {
    let scratch = TempDir::new().unwrap();
    let (old, new, key) = (scratch.path().join("old"), scratch.path().join("new"), scratch.path().join("key"));
    assert_eq!(sumac(&["node", "init", "--dir", text(&old), "--key-file", text(&key)]).exit, Some(0));
    let before = all_files(scratch.path());
    let spare = scratch.path().join("spare");
    let (inside, below) = (new.join("key"), nowhere());
    let cases: [(&[&str], i32, &str, &str); 6] = [
        (&["--dir", text(&new)], 2, "usage", "no terminal to ask for a passphrase"),
        (&["--dir", text(&old), "--key-file", text(&spare)], 1, "node-exists", "a folder that holds a node"),
        (&["--dir", text(&below), "--key-file", text(&spare)], 1, "file", "a folder that cannot be made"),
        (&["--dir", text(&new), "--key-file", text(&key)], 1, "file", "a key file that exists"),
        (&["--dir", text(&new), "--key-file", text(&inside)], 2, "usage", "a key under its own doormat"),
        (&["--dir", text(&new), "--key-file", text(&below)], 1, "file", "a key file that cannot be made"),
    ];
    for (arguments, exit, code, why) in cases {
        let arguments = [&["node", "init"], arguments].concat();
        assert_refused(&sumac(&arguments), exit, code, why);
        assert!(differing(&before, &all_files(scratch.path())).is_empty(), "{why}");
        assert!(!new.exists(), "{why}");
    }
}

#[test]
fn a_node_without_the_right_secret_stays_shut() {
    let node = Lone::new();
    let right = std::fs::read(&node.key).unwrap();
    std::fs::write(&node.key, [9; 32]).unwrap();
    node.assert_stays_shut("keyring-wrong-secret", "another key file");
    std::fs::write(&node.key, &right[..31]).unwrap();
    node.assert_stays_shut("key-file", "a byte too few");
    std::fs::remove_file(&node.key).unwrap();
    node.assert_stays_shut("file", "the medium is not there");
    std::fs::write(node.home.join("node.toml"), "keyring = \"keyring.sealed\"\n").unwrap();
    let ended = sumac(&["node", "run", "--dir", text(&node.home)]);
    assert_refused(&ended, 2, "usage", "no terminal to ask for the passphrase");
    std::fs::write(&node.key, &right).unwrap();
    node.settings("");
    let keyring = node.home.join("keyring.sealed");
    let mut bytes = std::fs::read(&keyring).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&keyring, bytes).unwrap();
    node.assert_stays_shut("keyring-wrong-secret", "a keyring with a changed bit");
    std::fs::remove_file(&keyring).unwrap();
    node.assert_stays_shut("keyring-missing", "no keyring");
}

#[test]
fn a_node_that_is_stopped_at_any_moment_ends_well() {
    let node = Lone::new();
    for moment in ["the store is open", "\"pid\":"] {
        for ctrl_c in [false, true] {
            let mut command = Command::new(SUMAC);
            command.args(["node", "run", "--dir", text(&node.home)]);
            let mut running = Program::start("node", command);
            running.until(moment);
            if ctrl_c {
                running.interrupt();
            } else {
                running.terminate();
            }
            let ended = running.ended();
            assert_eq!(ended.exit, Some(0), "at `{moment}`, Ctrl-C {ctrl_c}: {}", ended.text());
        }
    }
}

#[test]
fn a_node_with_wrong_settings_or_a_broken_folder_stays_shut() {
    let node = Lone::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("listen = \"/ip4/127.0.0.1/tcp/{}\"", taken.local_addr().unwrap().port());
    let below = format!("frame_log = \"{}\"", nowhere().display());
    let cases = [
        ("listen = \"port 4800\"", "bad-address", "no address"),
        (taken.as_str(), "cannot-listen", "a port in use"),
        (below.as_str(), "frame-log", "a log that cannot be written"),
        ("redial_min_ms = 0", "zero-timing", "no pause at all"),
        ("colour = \"red\"", "settings", "a setting that there is not"),
        ("listen =", "settings", "no TOML"),
    ];
    for (setting, code, why) in cases {
        node.settings(setting);
        node.assert_stays_shut(code, why);
    }
    node.settings("");
    let charter = std::fs::read(node.home.join("charter.json")).unwrap();
    std::fs::write(node.home.join("charter.json"), &charter[..charter.len() / 2]).unwrap();
    node.assert_stays_shut("charter", "half a charter");
    std::fs::remove_file(node.home.join("charter.json")).unwrap();
    node.assert_stays_shut("no-charter", "no charter yet");
    std::fs::write(node.home.join("charter.json"), charter).unwrap();
    std::fs::rename(node.home.join("store/journal"), node.scratch.path().join("journal")).unwrap();
    node.assert_stays_shut("journal-missing", "the journal is gone");
    let empty = TempDir::new().unwrap();
    let absent = empty.path().join("absent");
    for command in [&["node", "run"], &["node", "status"], &["node", "adopt"], &["patient", "list"]] {
        for (dir, says) in [(empty.path(), "it has no node.toml"), (&absent, "there is no such folder")] {
            let ended = sumac(&[command, ["--dir", text(dir)].as_slice()].concat());
            assert_refused(&ended, 1, "no-node", &command.join(" "));
            let (says, remedy) = (format!("{} holds no node: {says}", text(dir)), format!("init --dir {}`", text(dir)));
            assert!(ended.text().contains(&says) && ended.text().contains(&remedy), "{}", ended.text());
        }
    }
    assert!(all_files(empty.path()).is_empty());
}

#[test]
fn a_node_that_is_not_running_cannot_be_asked() {
    let node = Lone::new();
    for command in [&["node", "status"], &["patient", "list"], &["patient", "cohorts"]] {
        let ended = sumac(&[command, ["--dir", text(&node.home)].as_slice()].concat());
        assert_refused(&ended, 3, "node-not-running", &command.join(" "));
        assert!(ended.text().contains(&format!("node run --dir {}`", text(&node.home))), "{}", ended.text());
    }
}

#[test]
fn adopting_a_wrong_file_changes_nothing() {
    let node = Lone::new();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/documents");
    let text_file = node.scratch.path().join("text");
    std::fs::write(&text_file, "to whom it may concern").unwrap();
    let (chain, wrong) = (vectors.join("chain.json"), vectors.join("study.json"));
    let demo = TempDir::new().unwrap();
    assert_eq!(sumac(&["demo", "--out", text(demo.path())]).exit, Some(0));
    let elsewhere = demo.path().join("charter.json");
    let cases: [(&[&str], &str, &str); 4] = [
        (&["--charter", text(&text_file)], "no-chain", "text for a charter"),
        (&["--charter", text(&elsewhere)], "chain-other-genesis", "the charter of another federation"),
        (&["--charter", text(&chain), "--study", text(&text_file)], "no-envelope", "text for a study"),
        (&["--study", text(&wrong)], "no-envelope", "a test vector for a study"),
    ];
    let before = all_files(&node.home);
    for (arguments, code, why) in cases {
        let ended = sumac(&[["node", "adopt", "--dir", text(&node.home)].as_slice(), arguments].concat());
        assert_refused(&ended, 1, code, why);
        assert!(differing(&before, &all_files(&node.home)).is_empty(), "{why}");
    }
}

#[test]
fn a_folder_in_use_is_not_opened_twice() {
    let federation = Setup::default().start(SUMAC);
    let home = federation.home('D');
    let before = kept_files(&home);
    let dir = text(&home);
    assert_refused(&sumac(&["node", "run", "--dir", dir]), 1, "store-in-use", "a second node");
    assert_refused(&sumac(&["node", "adopt", "--dir", dir]), 1, "node-running", "another charter under way");
    let second = sumac(&["demo", "--keep", text(federation.dir())]);
    assert_refused(&second, 2, "usage", "a demo over a federation");
    assert_eq!(differing(&before, &kept_files(&home)), Vec::<PathBuf>::new());
    assert_eq!(federation.status('D').name, "Mill", "and the first one is well");
}
