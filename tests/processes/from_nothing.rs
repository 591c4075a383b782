//! A federation's papers from nothing, with what the program prints for it; and what a shell is given.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// Runs the program in a folder, and gives what it printed.
fn sumac(folder: &Path, typed: &[&str]) -> Output {
    Command::new(SUMAC).args(typed).current_dir(folder).env("SUMAC_HOME", folder).output().unwrap()
}

fn done(folder: &Path, typed: &[&str]) -> String {
    let ended = sumac(folder, typed);
    assert_eq!(ended.status.code(), Some(0), "{typed:?}: {}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

fn refused(folder: &Path, typed: &[&str], code: &str) -> String {
    let ended = sumac(folder, typed);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{typed:?}: {said}");
    assert!(said.starts_with(&format!("error[{code}]: ")), "{code}: {said}");
    said
}

/// A charter of three clinics, begun from the example.
fn chartered() -> (tempfile::TempDir, PathBuf) {
    let made = tempfile::TempDir::new().unwrap();
    let folder = made.path().to_owned();
    let mut text = done(&folder, &["charter", "new", "--example"]);
    fs::write(folder.join("text.json"), &text).unwrap();
    let said = refused(&folder, &["charter", "new", "--from", "text.json", "--out", "d.json"], "left-open");
    assert!(said.contains("steward-1"), "{said}");
    for name in ["steward-1", "steward-2", "steward-3", "node-a", "node-b", "node-c"] {
        let key = done(&folder, &["key", "new", "--out", &format!("{name}.key")]);
        text = text.replace(&format!("?{name}"), key.trim());
    }
    fs::write(folder.join("text.json"), &text).unwrap();
    let _printed = done(&folder, &["charter", "new", "--from", "text.json", "--out", "draft.json"]);
    for steward in ["steward-1.key", "steward-2.key"] {
        let _printed = done(&folder, &["charter", "sign", "draft.json", "--yes", "--key", steward]);
    }
    let _printed = done(&folder, &["charter", "add", "draft.json", "--chain", "charter.json"]);
    (made, folder)
}

#[test]
fn a_charter_and_an_exact_study_begin_from_what_the_program_prints() {
    let (_made, folder) = chartered();
    let researcher = done(&folder, &["key", "new", "--out", "researcher.key"]);
    for mode in ["dp", "exact"] {
        let text = done(&folder, &["study", "new", "--example", mode, "--charter", "charter.json"]);
        assert!(!text.contains("?genesis"), "the charter has one: {text}");
        fs::write(folder.join("study.json"), text.replace("?researcher", researcher.trim())).unwrap();
        let _printed = done(&folder, &["study", "new", "--from", "study.json", "--out", "study-draft.json"]);
    }
    let plan = "-- who is there?\nSELECT count(*)\n  FROM courses\n  WHERE sex = 'female';\n\nSELECT mean(age)\nFROM courses\nWHERE sex = 'male'; -- no more\n";
    fs::write(folder.join("plan.sql"), plan).unwrap();
    let with_plan = [
        "study",
        "new",
        "--from",
        "study.json",
        "--plan",
        "plan.sql",
        "--charter",
        "charter.json",
        "--out",
        "planned.json",
    ];
    let _printed = done(&folder, &with_plan);
    let draft = fs::read_to_string(folder.join("planned.json")).unwrap();
    assert!(draft.len() > 100, "{draft}");
    // The same questions, one of them misspelled: the place is told as the file has it.
    fs::write(folder.join("plan.sql"), plan.replace("mean(age)", "mean(agee)")).unwrap();
    let said = refused(&folder, &with_plan, "unknown-name");
    assert!(said.contains("plan.sql") && said.contains("  6 | SELECT mean(agee)"), "{said}");
    fs::write(folder.join("plan.sql"), "-- nothing yet;\n ; ").unwrap();
    let _said = refused(&folder, &with_plan, "plan-empty");
    let without_charter = ["study", "new", "--from", "study.json", "--plan", "plan.sql", "--out", "planned.json"];
    assert_eq!(sumac(&folder, &without_charter).status.code(), Some(2), "under which dictionary?");
}

#[test]
fn a_shell_is_given_completions_and_a_reader_a_page_for_each_command() {
    let folder = tempfile::TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = done(folder.path(), &["completions", shell]);
        for word in ["patient", "replace-key", "completions"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let script = folder.path().join("sumac.bash");
    fs::write(&script, done(folder.path(), &["completions", "bash"])).unwrap();
    let read = Command::new("bash").arg("-n").arg(&script).output().unwrap();
    assert!(read.status.success(), "bash can read it: {}", String::from_utf8_lossy(&read.stderr));
    assert_eq!(sumac(folder.path(), &["completions", "csh"]).status.code(), Some(2));
    let _printed = done(folder.path(), &["man", "pages/man1"]);
    let _printed = done(folder.path(), &["man", "pages/man1"]);
    for page in ["sumac.1", "sumac-ask.1", "sumac-study-new.1", "sumac-consent-replace-key-sign.1"] {
        let page = fs::read_to_string(folder.path().join("pages/man1").join(page)).unwrap();
        assert!(page.contains(".SH NAME"), "{page}");
    }
    let ask = fs::read_to_string(folder.path().join("pages/man1/sumac-ask.1")).unwrap();
    assert!(ask.contains("Example:"), "{ask}");
    fs::write(folder.path().join("file"), "").unwrap();
    let _said = refused(folder.path(), &["man", "file"], "file");
}
