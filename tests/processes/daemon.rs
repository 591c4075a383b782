//! A node as a service manager and an operator know it: it says when it is ready, that it comes round and that it stops; it
//! shows numbers and health on this machine alone; it reads its settings again; and nothing that it says names a patient or a
//! value.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

#[path = "secrecy/canary.rs"]
mod canary;
#[path = "secrecy/federation.rs"]
mod federation;
#[path = "daemon/logs.rs"]
mod logs;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use sumac_node::control::{self, Request, Response};
use sumac_node::metrics::table::Name;
use sumac_tests::processes::{Clinics, Program, text};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

/// A node of `clinics`, with more words and variables.
fn begin(clinics: &Clinics, words: &[&str], variables: &[(&str, &str)]) -> (Program, Value) {
    let mut command = Command::new(SUMAC);
    command.args(["node", "run", "--dir", text(&clinics.path("one"))]).args(words);
    command.envs(variables.iter().copied());
    let mut node = Program::start("node", command);
    let ready = node.until_line("that it is ready", |line| line.starts_with("{\"key\":"));
    (node, serde_json::from_str(&ready).unwrap())
}

fn heard(ready: &Value, path: &str) -> (u16, String) {
    let url = format!("http://{}{path}", ready["metrics"].as_str().unwrap());
    let agent = ureq::Agent::new_with_config(ureq::config::Config::builder().http_status_as_error(false).build());
    let mut answer = agent.get(&url).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

#[test]
fn a_node_shows_its_numbers_and_its_health_and_no_patient() {
    let clinics = Clinics::make(SUMAC);
    clinics.import_csv("one", &clinics.generate(30, "courses"));
    let (node, ready) = begin(&clinics, &["--metrics", "127.0.0.1:0", "--patients", "127.0.0.1:0"], &[]);
    assert_eq!(heard(&ready, "/healthz"), (200, "well\n".to_owned()));
    assert_eq!(heard(&ready, "/readyz"), (200, "ready\n".to_owned()));
    let (status, numbers) = heard(&ready, "/metrics");
    assert_eq!(status, 200);
    let published: BTreeSet<&str> =
        numbers.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split(['{', ' ']).next()).collect();
    // No exchange of words has begun, and no study of this charter has a budget here.
    let known: BTreeSet<&str> = Name::ALL.iter().map(|name| name.about().name).collect();
    assert!(published.is_subset(&known), "{published:?}");
    assert!(known.len() <= published.len() + 1, "{known:?} {published:?}");
    assert!(numbers.contains("sumac_members_connected 0\n"), "{numbers}");
    let socket = clinics.path("one").join("control.sock");
    let Response::Patients(patients) = control::ask(&socket, &Request::Patients).unwrap() else {
        panic!("no patients")
    };
    assert!(patients.len() > 5);
    for patient in patients {
        assert!(!numbers.contains(&patient.pseudonym), "{} in {numbers}", patient.pseudonym);
    }
    // A refusal at the patients' door is counted, and not told apart.
    let door = ready["patients"].as_str().unwrap();
    assert!(ureq::get(format!("{door}/v1/nothing")).call().is_err());
    assert!(heard(&ready, "/metrics").1.contains("sumac_refusals_total{reason=\"door\"} 1\n"));
    node.terminate();
    assert_eq!(node.ended().exit, Some(0));
}

#[test]
fn metrics_at_an_address_that_others_could_reach_are_refused_before_anything_is_opened() {
    let clinics = Clinics::make(SUMAC);
    let dir = clinics.path("one");
    for address in ["0.0.0.0:9480", "[::]:9480", "192.0.2.7:9480"] {
        let ended = clinics.sumac(&["node", "run", "--dir", text(&dir), "--metrics", address]);
        assert_eq!(ended.exit, Some(1), "{}", ended.text());
        assert!(ended.text().contains("error[metrics-not-loopback]"), "{}", ended.text());
    }
}

#[test]
fn the_service_manager_hears_that_a_node_is_ready_comes_round_and_stops_within_two_seconds() {
    let clinics = Clinics::make(SUMAC);
    let socket = clinics.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let variables = [("NOTIFY_SOCKET", text(&socket)), ("WATCHDOG_USEC", "300000")];
    let (node, _) = begin(&clinics, &[], &variables);
    let mut buffer = [0_u8; 512];
    let mut until = |wanted: &str| {
        loop {
            let length = manager.recv(&mut buffer).unwrap_or_else(|why| panic!("never {wanted}: {why}"));
            if std::str::from_utf8(&buffer[..length]).unwrap().lines().any(|line| line == wanted) {
                return;
            }
        }
    };
    until("READY=1");
    until("WATCHDOG=1");
    until("WATCHDOG=1");
    let began = Instant::now();
    node.terminate();
    until("STOPPING=1");
    assert_eq!(node.ended().exit, Some(0));
    assert!(began.elapsed() < Duration::from_secs(2), "it stopped after {:?}", began.elapsed());
}

#[test]
fn a_credential_of_the_service_manager_opens_the_keyring() {
    let clinics = Clinics::make(SUMAC);
    let (folder, file) = (clinics.path("credentials"), clinics.path("one").join("node.toml"));
    fs::create_dir(&folder).unwrap();
    fs::copy(clinics.path("one.key"), folder.join("unlock")).unwrap();
    let settings = fs::read_to_string(&file).unwrap();
    let changed: Vec<&str> = settings.lines().filter(|line| !line.starts_with("unlock_key_file")).collect();
    fs::write(&file, format!("unlock_credential = \"unlock\"\n{}\n", changed.join("\n"))).unwrap();
    let refused = clinics.sumac(&["node", "run", "--dir", text(&clinics.path("one"))]);
    assert_eq!(refused.exit, Some(1), "{}", refused.text());
    assert!(refused.text().contains("error[credential]"), "{}", refused.text());
    let (node, _) = begin(&clinics, &[], &[("CREDENTIALS_DIRECTORY", text(&folder))]);
    node.terminate();
    assert_eq!(node.ended().exit, Some(0));
}

#[test]
fn a_hang_up_takes_over_what_it_can_and_says_what_waits_for_a_restart() {
    let clinics = Clinics::make(SUMAC);
    let file = clinics.path("one").join("node.toml");
    let (mut node, ready) = begin(&clinics, &["--patients", "127.0.0.1:0"], &[]);
    let settings = fs::read_to_string(&file).unwrap();
    let put = |more: &str| {
        let kept: Vec<&str> = settings.lines().filter(|line| !line.starts_with("patients_per_minute")).collect();
        fs::write(&file, format!("{}\n{more}\n", kept.join("\n"))).unwrap();
    };
    put("patients_per_minute = 2\nlog = \"sumac_node=debug,warn\"\nmetrics = \"127.0.0.1:9480\"");
    node.hang_up();
    let line = node.until("reloaded: ");
    assert!(line.contains("reloaded: log, patients_per_minute; "), "{line}");
    assert!(line.contains("waits for a restart: metrics"), "{line}");
    let door = ready["patients"].as_str().unwrap();
    let about = || ureq::get(format!("{door}/healthz")).call().map(|answer| answer.status().as_u16());
    let answers: Vec<bool> = (0..3).map(|_| about().is_ok()).collect();
    assert_eq!(answers, [true, true, false], "two a minute are heard now");
    put("no_such_key = 1");
    node.hang_up();
    let line = node.until("nothing was reloaded");
    assert!(line.contains("no_such_key"), "{line}");
    put("log = \"sumac_node=not-a-level\"");
    node.hang_up();
    node.until("nothing was reloaded");
    node.terminate();
    assert_eq!(node.ended().exit, Some(0));
}
