//! Wrong input, as people will give it: each is refused with a clear text, a remedy and the right
//! exit code, and nothing has changed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]
#![expect(clippy::print_stdout, reason = "a test that cannot run here says so")]

#[path = "bad_input/dictionaries.rs"]
mod dictionaries;
#[path = "bad_input/documents.rs"]
mod documents;
#[path = "bad_input/files.rs"]
mod files;
#[path = "bad_input/nodes.rs"]
mod nodes;
#[path = "bad_input/questions.rs"]
mod questions;
#[path = "bad_input/records.rs"]
mod records;
#[path = "bad_input/statements.rs"]
mod statements;
#[path = "bad_input/strangers.rs"]
mod strangers;
#[path = "bad_input/terminal.rs"]
mod terminal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use sumac_tests::processes::{Ended, Program};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// A path that nobody can write, not even root: below a file.
fn nowhere() -> PathBuf {
    Path::new(SUMAC).join("below")
}

/// Runs the binary to its end. What it keeps for researchers goes to `home`.
fn sumac_at(home: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(SUMAC);
    command.args(arguments).env("SUMAC_HOME", home);
    Program::start("sumac", command).ended()
}

/// Runs the binary to its end; it has no place to keep anything.
fn sumac(arguments: &[&str]) -> Ended {
    sumac_at(&nowhere(), arguments)
}

/// Holds a refusal to what people need of it.
fn assert_refused(ended: &Ended, exit: i32, code: &str, why: &str) {
    let text = ended.text();
    assert_eq!(ended.exit, Some(exit), "{why}: {text}");
    assert!(ended.out.is_empty(), "{why}: nothing of it is data: {text}");
    let first = format!("error[{code}]: ");
    let said = ended.talk.iter().find(|line| line.starts_with("error")).unwrap_or_else(|| panic!("{why}: {text}"));
    assert!(said.starts_with(&first) && said.len() > first.len() + 5, "{why}: `{first}` was expected: {text}");
    let remedy = |line: &&String| ["  to do: ", "  = "].iter().any(|mark| line.starts_with(mark) && line.len() > 15);
    assert!(ended.talk.iter().any(|line| remedy(&line)), "{why}: what to do? {text}");
    let begins = ended.talk.iter().position(|line| line == said).unwrap_or_default();
    for noise in ["os error", "panicked", "Some(", "Err(", "{ ", "error[error"] {
        let quiet = ended.talk[begins..].iter().all(|line| !line.contains(noise));
        assert!(quiet, "{why}: `{noise}` is for programmers: {text}");
    }
}

/// What was said on standard error, as if it had never been broken into rows.
fn flat(ended: &Ended) -> String {
    ended.talk.iter().map(|row| row.trim()).collect::<Vec<_>>().join(" ")
}

/// Every file under a folder with its bytes; sockets are left out.
fn all_files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(all_files(&entry.path()));
        } else if kind.is_file() {
            files.insert(entry.path(), std::fs::read(entry.path()).unwrap());
        }
    }
    files
}

/// What a node must not lose or gain by an error: everything but the index, which is made anew from
/// the rest whenever it is opened, and the log.
fn kept_files(home: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = all_files(home);
    files.retain(|path, _| !path.starts_with(home.join("store/index")) && !path.ends_with("node.log"));
    files
}

/// The names of files that differ between two looks.
fn differing(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    let names = before.keys().chain(after.keys());
    let mut names: Vec<PathBuf> = names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    names.dedup();
    names
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
