//! How fast files of synthetic courses become sealed, flushed records, in how much memory, and how
//! many times slower that is than only reading them as CSV. `cargo bench -p sumac-node --bench
//! import_rate`; `SUMAC_BENCH_COURSES` says how many courses (260,000 have a million assessments).
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints, and ends at the first fault")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sumac_node::import::{Mapping, Reject, Sink, SourceFile, Sources, Totals, check};
use sumac_node::store::{Entry, Store, StoreError, StorePaths, UnlockSecret};
use sumac_node::synthetic::{Generator, write_clinic};
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::Record;
use sumac_protocol::round::message::encode;
use zeroize::Zeroizing;

const FILES: [(SourceFile, &str); 5] = [
    (SourceFile::Courses, "courses.csv"),
    (SourceFile::Assessments, "assessments.csv"),
    (SourceFile::Sessions, "sessions.csv"),
    (SourceFile::Events, "events.csv"),
    (SourceFile::TimeToEvent, "time_to_event.csv"),
];

/// How many of them: all, or courses and assessments only.
const SETS: [usize; 2] = [FILES.len(), 2];

/// A store, and how many cells and rows were left out on the way to it.
struct Sealed<'s>(&'s Store, u64);

impl Sink for Sealed<'_> {
    type Error = StoreError;

    fn keep(&mut self, batch: BTreeMap<String, Record>) -> Result<(), StoreError> {
        let entry = |(pseudonym, record)| Entry::Record { pseudonym, body: encode(&record) };
        self.0.append(batch.into_iter().map(entry).collect()).map(|_| ())
    }

    fn leave_out(&mut self, reject: Reject) -> Result<(), StoreError> {
        self.1 += 1;
        if self.1 == 1 {
            println!("left out, for one: {} row {} {}: {}", reject.file, reject.row, reject.column, reject.why);
        }
        Ok(())
    }
}

fn main() {
    let courses = std::env::var("SUMAC_BENCH_COURSES").ok().map_or(260_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    write_clinic(&Generator::new("ketamine", 7).unwrap(), 0, courses, &files).unwrap();
    for set in SETS {
        let paths = FILES.iter().take(set).map(|(file, name)| (*file, files.join(name))).collect::<BTreeMap<_, _>>();
        measure(&paths, &folder.path().join(format!("node-{set}")));
    }
}

/// Imports the files into a new store, and again into the same one.
fn measure(files: &BTreeMap<SourceFile, PathBuf>, node: &Path) {
    let bytes: u64 = files.values().map(|path| fs::metadata(path).unwrap().len()).sum();
    let (rows, plain) = timed(|| files.values().map(|path| read_plainly(path)).sum::<u64>());
    let paths = StorePaths { dir: node.join("store"), keyring: node.join("keyring") };
    fs::create_dir_all(node).unwrap();
    let store = Store::create(&paths, &UnlockSecret::KeyFile([7; 32]), Zeroizing::new([9; 32])).unwrap();
    for round in ["first", "again"] {
        forget_peak();
        let worked = cpu_seconds();
        let (totals, took) = timed(|| import(files, &store));
        let worked = cpu_seconds() - worked;
        let Totals { patients, assessments, sessions, events, rejects, .. } = totals;
        let seconds = took.as_secs_f64();
        println!(
            "{round}: {patients} patients, {assessments} assessments, {sessions} sessions, {events} events, {rejects} \
             rejects, {rows} rows, {:.1} MB of CSV in {seconds:.1} s: {:.0} assessments/s, {:.0} rows/s, {:.1} times a \
             plain read of {:.2} s; {worked:.1} s of processor time, {:.1} µs a patient; peak {} MB resident; {} cores, \
             built {}",
            to_f64(bytes) / 1e6,
            to_f64(assessments) / seconds,
            to_f64(rows) / seconds,
            seconds / plain.as_secs_f64(),
            plain.as_secs_f64(),
            worked * 1e6 / to_f64(patients),
            peak_kilobytes() / 1_024,
            std::thread::available_parallelism().unwrap(),
            if cfg!(debug_assertions) { "for debugging" } else { "for release" },
        );
    }
    store.close().unwrap();
}

fn import(files: &BTreeMap<SourceFile, PathBuf>, store: &Store) -> Totals {
    let dictionary = Dictionary::parse(include_str!("../../protocol/dictionaries/ketamine.toml")).unwrap();
    let mapping = Mapping::parse(&Generator::new("ketamine", 7).unwrap().mapping()).unwrap();
    let sources: Sources<File> = files.iter().map(|(file, path)| (*file, File::open(path).unwrap())).collect();
    check(&dictionary, &mapping, sources, &mut |_| ()).unwrap().keep(&mut Sealed(store, 0)).unwrap()
}

/// Reads a file the way the `csv` crate's own users would, and does nothing with it.
fn read_plainly(path: &Path) -> u64 {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let mut record = csv::StringRecord::new();
    let mut rows = 0;
    while reader.read_record(&mut record).unwrap() {
        rows += 1;
    }
    rows
}

fn timed<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = act();
    (result, begun.elapsed())
}

/// Lets the peak of resident memory begin anew, where the system allows it.
fn forget_peak() {
    if fs::write("/proc/self/clear_refs", "5").is_err() {
        println!("the peak of memory covers also what came before");
    }
}

fn peak_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What all threads of this process have worked so far. A machine that is busy with something else makes an
/// import longer, and hardly more of this.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the program's name in brackets: user and system time are the twelfth and thirteenth words.
    let (_, behind) = stat.rsplit_once(')').unwrap();
    behind.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS_A_SECOND
}

/// Of the times that Linux shows to programs, on every machine.
const TICKS_A_SECOND: f64 = 100.0;

/// Exact up to 2^32, and nothing here is larger.
fn to_f64(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
