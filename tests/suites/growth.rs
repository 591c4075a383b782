//! How a store grows while the same patients are imported again and again, and what a compaction gives back.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]
#![expect(clippy::print_stdout, reason = "what was measured is for people to read")]

use std::path::Path;
use std::time::Instant;

use sumac_node::store::{Entry, Erasure, Row, Store, StorePaths, UnlockSecret};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Patients of the clinic, and imports of all of them, each time with something changed.
const PATIENTS: usize = 10_000;
const ROUNDS: usize = 10;
/// Bytes of a record.
const RECORD: usize = 500;

#[test]
fn after_ten_imports_a_compacted_store_takes_at_most_three_times_its_sealed_payload() {
    let folder = TempDir::new().unwrap();
    let paths = StorePaths { dir: folder.path().join("store"), keyring: folder.path().join("keyring") };
    let unlock = UnlockSecret::KeyFile([3; 32]);
    let store = Store::create(&paths, &unlock, Zeroizing::new([7; 32])).unwrap();
    println!("{PATIENTS} patients, a record of {RECORD} bytes each; sizes in KiB");
    println!("{:>6} {:>9} {:>9} {:>7}", "import", "journal", "index", "pages");
    for round in 0..ROUNDS {
        for first in (0..PATIENTS).step_by(500) {
            let record = |n: usize| {
                let body = format!("{round} {n} ").into_bytes().into_iter().cycle().take(RECORD).collect();
                Entry::Record { pseudonym: format!("P{n:06}"), body }
            };
            store.append((first..first + 500).map(record).collect()).unwrap();
        }
        line(&(round + 1).to_string(), &paths);
    }
    let began = Instant::now();
    let done = store.compact().unwrap();
    println!("compacting took {} ms", began.elapsed().as_millis());
    line("after", &paths);
    let payload = (PATIENTS * (frame(RECORD) + frame("P000000".len()))) as u64;
    let disk = bytes_under(&paths.dir);
    println!(
        "compacted: {} frames gave {} KiB back; sealed payload {} KiB, disk {} KiB: {:.2} times",
        done.frames,
        (done.bytes_before - done.bytes_after) / 1024,
        payload / 1024,
        disk / 1024,
        disk as f64 / payload as f64
    );
    assert_eq!(done.frames, ((ROUNDS - 1) * PATIENTS) as u64, "all but the newest records");
    assert!(disk <= 3 * payload, "{disk} bytes on the disk for {payload} of sealed payload");
    let newest = store.record(Row(9_999)).unwrap().unwrap();
    assert!(newest.starts_with(b"9 9999 "), "the newest record stays");
    for (row, why) in [(0, "with a new key for the index"), (1, "the same day")] {
        let began = Instant::now();
        store.erase(Erasure::of(Row(row))).unwrap();
        println!("erasing a patient {why} took {} ms", began.elapsed().as_millis());
    }
    store.close().unwrap();
    let began = Instant::now();
    let (store, _) = Store::open(&paths, &unlock).unwrap();
    println!("opening took {} ms", began.elapsed().as_millis());
    assert_eq!(store.rows().len(), PATIENTS - 2);
}

fn line(what: &str, paths: &StorePaths) {
    let [journal, index, pages] = ["journal", "index", "pages"].map(|part| bytes_under(&paths.dir.join(part)) / 1024);
    println!("{what:>6} {journal:>9} {index:>9} {pages:>7}");
}

/// Bytes of a frame with a body of so many: header, kind and length, tag, in steps of 64.
fn frame(body: usize) -> usize {
    (64 + 45 + body + 16).next_multiple_of(64)
}

/// What the files under a folder take on the disk.
fn bytes_under(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let bytes = entries.map(|entry| match entry.metadata().unwrap() {
        folder if folder.is_dir() => bytes_under(&entry.path()),
        file => file.blocks() * 512,
    });
    bytes.sum()
}
