//! From an empty folder to a listed node, with what a clinic's and a steward's people type and nothing else. Each step's
//! time is printed: nothing on the way may cost anybody more than their reading.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use sumac_tests::processes::{Ended, Program};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// A folder in which people work, and when they began.
struct Desk {
    folder: tempfile::TempDir,
    began: Instant,
    last: Instant,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("sumac-").tempdir().unwrap();
        Self { folder, began: Instant::now(), last: Instant::now() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn begin(&self, typed: &[&str]) -> Program {
        let mut command = Command::new(SUMAC);
        command.args(typed).current_dir(self.folder.path()).env("SUMAC_HOME", self.folder.path());
        Program::start("sumac", command)
    }

    fn sumac(&self, typed: &[&str]) -> Ended {
        self.begin(typed).ended()
    }

    fn done(&self, typed: &[&str]) -> Ended {
        let ended = self.sumac(typed);
        assert_eq!(ended.exit, Some(0), "{typed:?}: {}", ended.text());
        for row in ended.talk.iter().filter(|row| !row.starts_with(' ')) {
            assert!(row.chars().count() <= 80, "{typed:?}: {row}");
        }
        ended
    }

    fn refused(&self, typed: &[&str], code: &str, exit: i32) -> String {
        let ended = self.sumac(typed);
        let said = ended.talk.join("\n");
        assert_eq!(ended.exit, Some(exit), "{typed:?}: {said}");
        assert!(said.contains(&format!("error[{code}]: ")) && said.contains("to do: "), "{typed:?}: {said}");
        said
    }

    fn step(&mut self, what: &str) {
        let (now, mut out) = (Instant::now(), std::io::stderr());
        writeln!(out, "{:7.2} s  {what}", now.duration_since(self.last).as_secs_f64()).unwrap();
        self.last = now;
    }

    fn node(&self, name: &str, more: &[&str]) -> String {
        let key = format!("{name}.key");
        let ended = self.done(&[&["node", "init", "--dir", name, "--key-file", &key], more].concat());
        ended.out.join("")
    }

    fn run(&self, name: &str) -> Program {
        let mut node = self.begin(&["node", "run", "--dir", name]);
        node.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
        node
    }

    fn epoch(&self, name: &str) -> u64 {
        let status: Value = self.done(&["node", "status", "--dir", name, "--format", "json"]).json();
        status.get("epoch").and_then(Value::as_u64).unwrap()
    }

    /// Two stewards sign, each told in words what changes.
    fn signed(&self, draft: &str) -> String {
        let mut said = String::new();
        for steward in ["anna.key", "ben.key"] {
            let ended = self.done(&["charter", "sign", draft, "--charter", "charter.json", "--key", steward, "--yes"]);
            said = ended.talk.join("\n");
        }
        said
    }
}

/// A port of this machine that nobody listens at.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Three nodes under a first charter that is written from the example.
fn founded(desk: &mut Desk) {
    let mut text = desk.done(&["charter", "new", "--example"]).out.join("\n");
    let stewards = [("anna", "steward-1"), ("ben", "steward-2"), ("cleo", "steward-3")];
    for (steward, open) in stewards {
        let key = desk.done(&["key", "new", "--out", &format!("{steward}.key")]).out.join("");
        text = text.replace(&format!("?{open}"), &key);
    }
    desk.step("three stewards have keys");
    let address = format!("/ip4/127.0.0.1/tcp/{}", free_port());
    let harbour =
        desk.node("harbour", &["--listen", &address, "--address", &address, "--role", "hub", "--role", "contributor"]);
    let (ridge, linden) = (desk.node("ridge", &[]), desk.node("linden", &["--name", "Linden"]));
    for (key, open) in [(harbour, "node-a"), (ridge, "node-b"), (linden, "node-c")] {
        text = text.replace(&format!("?{open}"), &key);
    }
    desk.step("three nodes are made");
    fs::write(desk.path("text.json"), text.replace("/dns4/harbour.example/tcp/4800", &address)).unwrap();
    desk.done(&["charter", "new", "--from", "text.json", "--out", "genesis.json"]);
    let unread = ["charter", "sign", "genesis.json", "--key", "anna.key"];
    desk.refused(&unread, "usage", 2);
    for steward in ["anna.key", "ben.key"] {
        let told = desk.done(&["charter", "sign", "genesis.json", "--key", steward, "--yes"]).talk.join("\n");
        assert!(told.contains("Ridge") && told.contains("clinics_min is 3"), "{told}");
    }
    desk.done(&["charter", "add", "genesis.json", "--chain", "charter.json"]);
    desk.step("the first charter is written and signed");
    for name in ["harbour", "ridge", "linden"] {
        desk.done(&["node", "join", "charter.json", "--dir", name, "--yes"]);
    }
    desk.step("three nodes take it into use");
}

/// The one line of a node's request, as it was printed.
fn pasted(ended: &Ended) -> String {
    ended.talk.iter().find(|row| row.trim().starts_with("SUMAC-JOIN-")).unwrap().clone()
}

#[test]
fn a_clinic_is_listed_from_an_empty_folder_while_the_others_go_on() {
    let mut desk = Desk::new();
    founded(&mut desk);
    let (mut harbour, _ridge) = (desk.run("harbour"), desk.run("ridge"));
    desk.step("two nodes run");
    let begun = Instant::now();
    let init = [
        "node",
        "init",
        "--dir",
        "dune",
        "--key-file",
        "dune.key",
        "--name",
        "Dune",
        "--operator",
        "Dune Clinic",
        "--qr",
    ];
    let made = desk.done(&init);
    assert!(made.talk.iter().any(|row| row.contains('█')), "{}", made.text());
    desk.step("a new clinic has a node and a request to be listed");
    fs::write(desk.path("pasted.txt"), pasted(&made)).unwrap();
    let early = ["node", "join", "charter.json", "--dir", "dune", "--yes"];
    desk.refused(&early, "charter-without-us", 1);
    desk.done(&["charter", "add-member", "pasted.txt", "--charter", "charter.json", "--out", "draft.json"]);
    let told = desk.done(&["charter", "diff", "draft.json", "--charter", "charter.json"]).out.join("\n");
    assert!(told.contains("Dune joins") && told.contains("by themselves"), "{told}");
    let publish =
        ["charter", "publish", "draft.json", "--charter", "charter.json", "--dir", "harbour", "--dir", "ridge"];
    desk.refused(&publish, "too-few-signatures", 1);
    assert!(desk.signed("draft.json").contains("Dune joins"));
    desk.step("a steward drafts the next charter, two sign it");
    desk.done(&publish);
    assert_eq!((desk.epoch("harbour"), desk.epoch("ridge")), (1, 1), "running nodes follow");
    desk.step("it is published to running nodes");
    desk.done(&["node", "join", "charter.json", "--dir", "dune", "--yes"]);
    let _dune = desk.run("dune");
    harbour.until("connected peer=Dune");
    desk.step("the new clinic's node runs, and is linked");
    let minutes = begun.elapsed();
    assert!(minutes < Duration::from_secs(600), "{minutes:?}");
    // What protects patients less waits for a person at each clinic.
    desk.done(&[
        "charter",
        "set-policy",
        "rho_per_query_max=600000",
        "--charter",
        "charter.json",
        "--out",
        "looser.json",
    ]);
    assert!(desk.signed("looser.json").contains("LOOSER"));
    let waits = desk.done(&["charter", "publish", "looser.json", "--charter", "charter.json", "--dir", "harbour"]);
    assert!(waits.text().contains("waits for a person"), "{}", waits.text());
    assert_eq!(desk.epoch("harbour"), 1, "nobody said yes yet");
    desk.refused(&["node", "accept", "--dir", "harbour"], "usage", 2);
    assert_eq!(desk.epoch("harbour"), 1, "nobody was asked");
    let yes = desk.done(&["node", "accept", "--dir", "harbour", "--yes"]);
    assert!(yes.text().contains("rho_per_query_max is"), "{}", yes.text());
    assert_eq!(desk.epoch("harbour"), 2);
    desk.step("a looser charter waits, and is accepted");
    let all = desk.began.elapsed().as_secs_f64();
    writeln!(std::io::stderr(), "{all:7.2} s  in all").unwrap();
}

#[test]
fn papers_that_do_not_hold_list_nobody_and_change_no_file() {
    let mut desk = Desk::new();
    founded(&mut desk);
    desk.node("dune", &["--name", "Dune"]);
    let request = fs::read_to_string(desk.path("dune/join.json")).unwrap();
    let mut forged: Value = serde_json::from_str(&request).unwrap();
    forged["signatures"][0]["keyid"] = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp".into();
    fs::write(desk.path("forged.json"), forged.to_string()).unwrap();
    desk.done(&["charter", "add-member", "dune/join.json", "--charter", "charter.json", "--out", "draft.json"]);
    let before = fs::read(desk.path("charter.json")).unwrap();
    let cases: [(&[&str], &str, i32); 9] = [
        (&["charter", "add-member", "forged.json", "--charter", "charter.json", "--out", "x.json"], "not-signed-by", 1),
        (&["charter", "add-member", "genesis.json", "--charter", "charter.json", "--out", "x.json"], "wrong-kind", 1),
        (&["charter", "remove-member", "Nobody", "--charter", "charter.json", "--out", "x.json"], "no-member", 1),
        (
            &["charter", "remove-member", "Ridge", "--charter", "charter.json", "--out", "x.json"],
            "member-on-committee",
            1,
        ),
        (&["charter", "set-policy", "cohort_min", "--charter", "charter.json", "--out", "x.json"], "usage", 2),
        (
            &["charter", "set-policy", "cohort_min=10", "--charter", "charter.json", "--out", "x.json"],
            "draft-changes-nothing",
            1,
        ),
        (&["charter", "sign", "draft.json", "--key", "anna.key", "--yes"], "draft-follows-another", 1),
        (&["charter", "publish", "draft.json", "--charter", "charter.json"], "too-few-signatures", 1),
        (&["charter", "publish", "genesis.json", "--charter", "charter.json", "--dir", "ridge"], "node-not-running", 3),
    ];
    for (typed, code, exit) in cases {
        desk.refused(typed, code, exit);
        assert!(!desk.path("x.json").exists(), "{typed:?}: no draft is written");
    }
    assert_eq!(fs::read(desk.path("charter.json")).unwrap(), before, "the chain is as it was");
    assert!(!charter_of(&desk.path("dune")).exists(), "the newcomer has no charter yet");
    desk.refused(&["node", "init", "--dir", "hub", "--key-file", "hub.key", "--role", "hub"], "join-hub-address", 1);
    assert!(!desk.path("hub").exists() && !desk.path("hub.key").exists(), "nothing is left behind");
}

fn charter_of(home: &Path) -> PathBuf {
    home.join("charter.json")
}
