//! Names of things that are no files, files that others can read, and output that goes nowhere.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::{SUMAC, assert_refused, flat, sumac, text};

fn charter() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/documents/chain.json")
}

#[test]
fn what_is_no_file_is_refused_and_never_waited_for() {
    let scratch = TempDir::new().unwrap();
    let (pipe, large, chain) = (scratch.path().join("pipe"), scratch.path().join("large"), charter());
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    File::create(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    let chain = text(&chain);
    for (file, says) in [(text(&pipe), "a pipe"), ("/dev/zero", "a device"), (text(&large), "at most 64 MiB")] {
        let cases: [&[&str]; 6] = [
            &["verify", file, "--charter", chain],
            &["charter", "show", file],
            &["charter", "new", "--from", file, "--out", "/nonexistent/out"],
            &["study", "show", file, "--charter", chain],
            &["study", "digest", file],
            &["study", "new", "--from", file, "--out", "/nonexistent/out"],
        ];
        for arguments in cases {
            let ended = sumac(arguments);
            assert_refused(&ended, 1, "file", file);
            assert!(flat(&ended).contains(says), "{says}: {}", ended.text());
        }
    }
    assert_refused(&sumac(&["key", "show", text(&pipe)]), 1, "file", "a pipe for a key");
    assert_refused(&sumac(&["key", "show", "/dev/zero"]), 1, "file", "a device for a key");
    assert_refused(&sumac(&["key", "show", text(&large)]), 2, "usage", "a large file for a key");
}

#[test]
fn output_that_goes_nowhere_is_a_failure_and_a_closed_pipe_is_none() {
    let chain = charter();
    for arguments in [&["charter", "show", text(&chain)][..], &["--help"], &["explain", "--help"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = Command::new(SUMAC).args(arguments).stdout(full).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("error[file]: standard output: the disk is full"), "{said}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let quiet = Command::new(SUMAC).args(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(quiet.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&quiet.stderr));
    }
    let full = File::options().write(true).open("/dev/full").unwrap();
    let unheard = Command::new(SUMAC).args(["charter", "show", "/nonexistent"]).stderr(full).output().unwrap();
    assert_eq!(unheard.status.code(), Some(1), "what nobody hears is still refused");
}

#[test]
fn a_key_that_others_can_read_is_warned_of() {
    let scratch = TempDir::new().unwrap();
    let key = scratch.path().join("key");
    assert_eq!(sumac(&["key", "new", "--out", text(&key)]).exit, Some(0));
    for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let shown = sumac(&["key", "show", text(&key)]);
        assert_eq!((shown.exit, shown.out.len()), (Some(0), 1), "{}", shown.text());
        assert_eq!(flat(&shown).contains("warning[key-readable]"), warned, "{mode:o}: {}", shown.text());
    }
}

#[test]
fn a_demo_that_must_fail_in_the_end_is_not_begun() {
    let cases: [(&[&str], i32, &str, &str); 3] = [
        (&["demo", "--epsilon", "0"], 2, "usage", "no price at all"),
        (&["demo", "--refusing", "100"], 2, "usage", "nobody to ask about"),
        (&["demo", "--out", "/proc/x"], 1, "file", "a place that cannot be written"),
    ];
    for (arguments, exit, code, why) in cases {
        let ended = sumac(arguments);
        assert_refused(&ended, exit, code, why);
        assert!(ended.talk[0].starts_with("error["), "{why}: nothing was built: {}", ended.text());
    }
}
