//! How long a store of many courses takes to open after it was closed in good order, and after its index is gone, and
//! how much room it takes beside what was put in. `cargo bench -p sumac-node --bench store_open`.
//!
//! `SUMAC_BENCH_COURSES` says how many courses, each another patient's; `SUMAC_BENCH_FOLDER` where the store is made,
//! and stays, so that opening can be measured again.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints, and ends at the first fault")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sumac_node::store::{Entry, Store, StorePaths, UnlockSecret};
use sumac_node::synthetic::Generator;
use sumac_protocol::record::Record;
use sumac_protocol::round::message::encode;
use zeroize::Zeroizing;

const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([7; 32]);
/// Records in one durable batch.
const BATCH: u64 = 1_000;
/// Says to a process that it is to open the store only, and what for.
const OPEN: &str = "SUMAC_BENCH_OPEN";
/// How often opening is measured.
const OPENINGS: usize = 3;

fn main() {
    let courses = std::env::var("SUMAC_BENCH_COURSES").ok().map_or(1_000_000, |n| n.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("SUMAC_BENCH_FOLDER").map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    fs::create_dir_all(&folder).unwrap();
    let paths = StorePaths { dir: folder.join("store"), keyring: folder.join("keyring") };
    if let Some(what) = std::env::var_os(OPEN) {
        return measure(&what.to_string_lossy(), &paths);
    }
    if !paths.keyring.exists() {
        fill(&paths, courses);
    }
    for _ in 0..OPENINGS {
        measured("opening after closing in good order", &folder);
    }
    fs::remove_dir_all(paths.dir.join("index")).unwrap();
    measured("opening without the index", &folder);
    measured("opening after that", &folder);
}

/// Makes the store, writes every course once and every tenth again, compacts, and says what it all takes.
fn fill(paths: &StorePaths, courses: u64) {
    let generator = Generator::new("ketamine", 7).unwrap();
    let store = Store::create(paths, &UNLOCK, Zeroizing::new([9; 32])).unwrap();
    let (began, mut payload) = (Instant::now(), 0);
    for first in (0..courses).step_by(usize::try_from(BATCH).unwrap()) {
        let entries: Vec<Entry> = (first..courses.min(first + BATCH)).map(|n| entry(&generator, n)).collect();
        payload += entries.iter().map(sealed_bytes).sum::<u64>();
        store.append(entries).unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    println!("{courses} courses written in {took:.1} s, drawing them included; {}", room(paths, payload));
    for first in (0..courses / 10).step_by(usize::try_from(BATCH).unwrap()) {
        let again = (first..first + BATCH).map(|n| again(&generator, courses, n));
        store.append(again.collect()).unwrap();
    }
    println!("every tenth again: {}", room(paths, payload));
    let began = Instant::now();
    store.compact().unwrap();
    println!("compacted in {:.1} s: {}", began.elapsed().as_secs_f64(), room(paths, payload));
    let began = Instant::now();
    store.close().unwrap();
    println!("closed in {:.2} s: {}", began.elapsed().as_secs_f64(), room(paths, payload));
}

/// In a process of its own, as a node starts: what the last store left in memory costs nothing there.
fn measured(what: &str, folder: &Path) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let ended = child.env(OPEN, what).env("SUMAC_BENCH_FOLDER", folder).status().unwrap();
    assert!(ended.success(), "{ended}");
}

fn measure(what: &str, paths: &StorePaths) {
    let began = Instant::now();
    let (store, report) = Store::open(paths, &UNLOCK).unwrap();
    let took = began.elapsed().as_secs_f64();
    let patients = store.rows().len();
    let began = Instant::now();
    store.close().unwrap();
    let closed = began.elapsed().as_secs_f64();
    println!("{what}: {took:.2} s, {patients} patients, index {:?}; closed in {closed:.2} s", report.index);
}

fn pseudonym(number: u64) -> String {
    format!("P{number:07}")
}

fn entry(generator: &Generator, number: u64) -> Entry {
    let course = generator.course(0, number).unwrap().course;
    let record = Record { courses: vec![course] };
    Entry::Record { pseudonym: pseudonym(number), body: encode(&record) }
}

/// Another course of the patient with this number.
fn again(generator: &Generator, courses: u64, number: u64) -> Entry {
    let course = generator.course(0, number + courses).unwrap().course;
    Entry::Record { pseudonym: pseudonym(number), body: encode(&Record { courses: vec![course] }) }
}

/// Bytes of a record and of its patient as they lie sealed: each with its header and tag, in steps of 64.
fn sealed_bytes(entry: &Entry) -> u64 {
    let Entry::Record { pseudonym, body } = entry else { return 0 };
    let frame = |body: usize| u64::try_from((64 + 45 + body + 16).next_multiple_of(64)).unwrap();
    frame(pseudonym.len()) + frame(body.len())
}

fn room(paths: &StorePaths, payload: u64) -> String {
    let [journal, index, pages] = ["journal", "index", "pages"].map(|part| bytes_under(&paths.dir.join(part)) >> 20);
    let all = (journal + index + pages) * 100 / (payload >> 20).max(1);
    let payload = payload >> 20;
    format!(
        "MiB: sealed payload {payload}, journal {journal}, index {index}, pages {pages}: {}.{:02} times",
        all / 100,
        all % 100
    )
}

/// What the files under a folder take on the disk.
fn bytes_under(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let bytes = entries.map(|entry| entry.unwrap()).map(|entry| match entry.metadata() {
        Ok(folder) if folder.is_dir() => bytes_under(&entry.path()),
        Ok(file) => file.blocks() * 512,
        Err(_) => 0,
    });
    bytes.sum()
}
