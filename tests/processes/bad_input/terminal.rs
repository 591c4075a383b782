//! Passphrases, typed at a terminal of their own.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{SUMAC, all_files, differing, sumac, text};

/// What a command at a terminal said, and its exit code.
struct Said {
    text: String,
    exit: Option<i32>,
}

/// Runs the binary at a terminal and answers each prompt as it comes. `None` where this machine has
/// no `script` to make a terminal with.
fn typed(arguments: &[&str], answers: &[(&str, &str)]) -> Option<Said> {
    // `exec`, or a shell that stays (dash does) takes the Ctrl-C as well and ends with its own code.
    let line = [&["exec", SUMAC], arguments].concat().join(" ");
    let spawned = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        println!("skipped: this machine has no `script` to make a terminal with");
        return None;
    };
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (shown, seen) = channel();
    let reader = std::thread::spawn(move || {
        let mut bytes = [0_u8; 4096];
        while let Ok(read @ 1..) = screen.read(&mut bytes) {
            if shown.send(String::from_utf8_lossy(&bytes[..read]).into_owned()).is_err() {
                return;
            }
        }
    });
    let give_up = Instant::now() + Duration::from_secs(45);
    let mut text = String::new();
    let mut read_to = 0;
    for (prompt, answer) in answers {
        while !text[read_to..].contains(prompt) {
            match seen.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
                Ok(more) => text.push_str(&more),
                Err(why) => panic!("no prompt `{prompt}` ({why}): {text}"),
            }
        }
        read_to = text.len();
        keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    while let Ok(more) = seen.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
        text.push_str(&more);
    }
    reader.join().unwrap();
    Some(Said { text, exit: child.wait().unwrap().code() })
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_the_right_one_does() {
    let scratch = TempDir::new().unwrap();
    let home = scratch.path().join("node");
    let (first, again) = ("New passphrase", "Once more");
    let init = ["node", "init", "--dir", text(&home)];
    for (answers, why) in [
        ([(first, "five random words here"), (again, "five random words there")], "two that differ"),
        ([(first, "short"), (again, "short")], "one that is too short"),
    ] {
        let Some(said) = typed(&init, &answers) else { return };
        assert_eq!(said.exit, Some(2), "{why}: {}", said.text);
        assert!(said.text.contains("to do: ") && !home.exists(), "{why}: {}", said.text);
    }
    let secret = "five random words here";
    let Some(made) = typed(&init, &[(first, secret), (again, secret)]) else { return };
    assert_eq!(made.exit, Some(0), "{}", made.text);
    assert!(!made.text.contains(secret), "a passphrase is not shown: {}", made.text);
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/documents");
    let adopted =
        crate::sumac(&["node", "adopt", "--dir", text(&home), "--charter", text(&vectors.join("chain.json"))]);
    assert_eq!(adopted.exit, Some(0), "{}", adopted.text());

    let before = all_files(&home);
    let run = ["node", "run", "--dir", text(&home)];
    let wrong = typed(&run, &[("Passphrase of", "five random words there")]).unwrap();
    assert_eq!(wrong.exit, Some(1), "{}", wrong.text);
    assert!(wrong.text.contains("error[keyring-wrong-secret]") && wrong.text.contains("to do: "), "{}", wrong.text);
    assert!(differing(&before, &all_files(&home)).is_empty(), "nothing has changed");

    let interrupt = "\u{3}";
    let right = typed(&run, &[("Passphrase of", secret), ("\"pid\":", interrupt)]).unwrap();
    assert_eq!(right.exit, Some(0), "the right one opens it, and Ctrl-C stops it: {}", right.text);
}

#[test]
fn a_report_for_programs_is_printed_where_no_terminal_reads_it_or_where_it_is_asked_for() {
    let scratch = TempDir::new().unwrap();
    let (home, key) = (scratch.path().join("node"), scratch.path().join("unlock.key"));
    let made = sumac(&["node", "init", "--dir", text(&home), "--key-file", text(&key)]);
    assert_eq!(made.exit, Some(0), "{}", made.text());
    let charter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/documents/chain.json");
    assert_eq!(sumac(&["node", "adopt", "--dir", text(&home), "--charter", text(&charter)]).exit, Some(0));
    for (name, format, json) in [
        ("words", &[][..], false),
        ("table", &["--format", "table"][..], false),
        ("json", &["--format", "json"][..], true),
    ] {
        let to = scratch.path().join(name);
        let backup = ["node", "backup", "--dir", text(&home), "--to", text(&to)];
        let Some(said) = typed(&[&backup, format].concat(), &[]) else { return };
        assert_eq!(said.exit, Some(0), "{name}: {}", said.text);
        assert!(said.text.contains("the keyring is not in it"), "{name}: {}", said.text);
        assert_eq!(said.text.contains("{\"sequence\""), json, "{name}: {}", said.text);
    }
    let to = scratch.path().join("piped");
    let piped = sumac(&["node", "backup", "--dir", text(&home), "--to", text(&to)]);
    assert!(piped.out[0].starts_with("{\"sequence\""), "{}", piped.text());
}
