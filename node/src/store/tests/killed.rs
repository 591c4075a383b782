//! A process that writes, and is killed (SIGKILL) at moments that nobody chose.
//!
//! The writer is this test program itself, started again with a folder in its environment. After each acknowledgement
//! it says so; the test kills it after a random line, while the next write is under way.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::luck::Luck;
use super::rig::*;
use crate::store::*;

/// What the writer has said of each patient: how often the record was written, or that it was erased.
#[derive(Debug, Default)]
struct Said {
    written: BTreeMap<String, u64>,
    erased: Vec<String>,
    lines: usize,
}

#[test]
fn killed_at_any_moment_every_acknowledged_patient_is_there_and_every_erased_one_is_not() {
    if let Some(folder) = std::env::var_os(WRITE_INTO) {
        return write_until_killed(Path::new(&folder));
    }
    let seed = 20_260_401;
    let mut luck = Luck(seed);
    let (mut finished, mut caught_up) = (0, 0);
    for round in 0..10 {
        let rig = Rig::new();
        rig.create().close().unwrap();
        let mut said = Said::default();
        for death in 0..10 {
            let story = format!("seed {seed}, round {round}, death {death}");
            live(rig.root.path(), 1 + luck.below(30), luck.below(400), &mut said);
            let (store, report) = rig.open().unwrap_or_else(|error| panic!("{story}: {error}"));
            finished += usize::from(report.erasure_finished);
            caught_up += usize::from(report.index != IndexState::Fresh);
            for (patient, times) in &said.written {
                let row = store.row(patient).unwrap();
                let row = row.unwrap_or_else(|| panic!("{story}: {patient} is gone"));
                let record = store.record(row).unwrap().unwrap();
                let found: u64 = str::from_utf8(&record).unwrap().trim_end_matches('.').parse().unwrap();
                assert!(found >= *times, "{story}: {patient} has record {found}, and {times} was acknowledged");
                assert!(!store.statements(row).unwrap().is_empty(), "{story}: {patient} has no statement");
            }
            for patient in &said.erased {
                assert_eq!(store.row(patient).unwrap(), None, "{story}: {patient} was erased");
            }
            for row in store.rows() {
                assert!(store.pseudonym(row).unwrap().is_some(), "{story}: {row:?}");
            }
            drop(store);
        }
        assert!(said.lines > 50, "{said:?}");
    }
    assert!(caught_up > 0, "some deaths must leave the index behind: {finished} {caught_up}");
}

/// Starts a writer, reads what it says, kills it after `lines` lines and a short while, and reads what it had still said.
fn live(root: &Path, lines: usize, spins: usize, said: &mut Said) {
    let this = std::env::current_exe().unwrap();
    let mut child = Command::new(this)
        .args([
            "--exact",
            concat!(
                module_path!(),
                "::",
                "killed_at_any_moment_every_acknowledged_patient_is_there_and_every_erased_one_is_not"
            )
            .split_once("::")
            .unwrap()
            .1,
        ])
        .args(["--nocapture", "--test-threads", "1"])
        .env(WRITE_INTO, root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut heard = 0;
    while heard < lines {
        let Some(line) = out.next() else { break };
        heard += usize::from(said.hear(&line.unwrap()));
    }
    // A moment somewhere within the next write.
    (0..spins * 100).for_each(|spin| assert!(std::hint::black_box(spin) < usize::MAX));
    child.kill().unwrap();
    child.wait().unwrap();
    for line in out.map_while(Result::ok) {
        said.hear(&line);
    }
}

impl Said {
    /// Takes in one line; false for what the test harness says.
    fn hear(&mut self, line: &str) -> bool {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("wrote"), Some(patient), Some(times)) => {
                self.written.insert(patient.to_owned(), times.parse().unwrap());
            }
            (Some("erasing"), Some(patient), None) => {
                self.written.remove(patient);
            }
            (Some("erased"), Some(patient), None) => self.erased.push(patient.to_owned()),
            _ => return false,
        }
        self.lines += 1;
        true
    }
}

/// Writes, updates, erases and tidies up, and says after each step what was acknowledged.
fn write_until_killed(folder: &Path) {
    let paths = paths_in(folder);
    let (store, _) = Store::open(&paths, &KEY_FILE).unwrap();
    let say = |words: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{words}").and_then(|()| out.flush()).unwrap();
    };
    // The test harness has begun a line that it will never end.
    say(String::new());
    let mut luck = Luck(store.head().0);
    for turn in store.head().0.. {
        let patient = format!("P{}", luck.below(40));
        match luck.below(50) {
            0 => {
                if let Some(row) = store.row(&patient).unwrap() {
                    // A patient of this name may come back, as another one.
                    let gone = format!("{patient}/{}", row.0);
                    say(format!("erasing {patient}"));
                    store.erase(Erasure::of(row)).unwrap();
                    say(format!("erased {gone}"));
                }
            }
            1 => drop(store.compact().unwrap()),
            2 => store.renew_keys().unwrap(),
            3 => store.seal_watermark().unwrap(),
            _ => {
                let body = format!("{turn}{}", ".".repeat(luck.below(600)));
                store.append(vec![record(&patient, &body), statement(&patient, "grant")]).unwrap();
                say(format!("wrote {patient} {turn}"));
            }
        }
    }
}

const WRITE_INTO: &str = "SUMAC_TEST_WRITE_INTO";
