use std::collections::BTreeSet;
use std::fs;

use super::rig::*;
use crate::store::journal::Journal;
use crate::store::journal::scan::{Scan, scan};
use crate::store::keychain::Keychain;
use crate::store::keyring::Keyring;
use crate::store::*;

/// A closed journal with the history in it, its keys, and where each batch ends.
struct Written {
    rig: Rig,
    keys: Keychain,
    bytes: Vec<u8>,
    batch_ends: Vec<usize>,
    frame_starts: Vec<usize>,
}

fn written() -> Written {
    let rig = Rig::new();
    let store = rig.create();
    let mut batch_ends = vec![64];
    for batch in history() {
        store.append(batch).unwrap();
        batch_ends.push(fs::read(rig.segment()).unwrap().len());
    }
    drop(store);
    let keyring = Keyring::open(&OsDisk, &rig.paths().keyring, &KEY_FILE).unwrap();
    let keys = Keychain::open(&OsDisk, &rig.paths().pages(), keyring).unwrap();
    let bytes = fs::read(rig.segment()).unwrap();
    let mut frame_starts = vec![];
    let mut at = 64;
    while at < bytes.len() {
        frame_starts.push(at);
        at += usize::try_from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap();
    }
    Written { rig, keys, bytes, batch_ends, frame_starts }
}

impl Written {
    fn scan(&self, bytes: &[u8]) -> Result<Scan, StoreError> {
        fs::write(self.rig.segment(), bytes).unwrap();
        let start = self.keys.keyring.start();
        let files = Journal::files(&OsDisk, &self.rig.paths().journal()).unwrap();
        scan(&OsDisk, &files, start, &self.keys, &BTreeSet::new(), &mut |_| Ok(()))
    }

    fn sequence_at(&self, byte: usize) -> u64 {
        let before = self.frame_starts.iter().filter(|start| **start <= byte).count();
        u64::try_from(before.max(1)).unwrap()
    }
}

#[test]
fn a_journal_cut_at_any_byte_keeps_exactly_the_whole_batches_before_it() {
    let written = written();
    for length in 0..=written.bytes.len() {
        let scanned = written.scan(&written.bytes[..length]);
        if length < 64 {
            // A segment is renamed into place whole, so a short one is damage.
            assert_eq!(scanned.unwrap_err().code(), "journal-damaged", "cut to {length}");
            continue;
        }
        let scanned = scanned.unwrap();
        let kept = written.batch_ends.iter().rev().find(|end| **end <= length).unwrap();
        assert_eq!(usize::try_from(scanned.tail.offset).unwrap(), *kept, "cut to {length}");
        assert_eq!(scanned.dropped_frames > 0, *kept < length, "cut to {length}");
    }
}

#[test]
fn a_store_killed_around_any_frame_answers_as_after_the_last_whole_batch() {
    let written = written();
    let told = answers_after_each_batch();
    let mut cuts: Vec<usize> = written.frame_starts.iter().flat_map(|at| [at - 1, *at, at + 1, at + 100]).collect();
    cuts.push(written.bytes.len());
    for length in cuts.into_iter().filter(|length| *length >= 64) {
        fs::write(written.rig.segment(), &written.bytes[..length]).unwrap();
        written.rig.forget_index();
        let batches = written.batch_ends.iter().filter(|end| **end <= length).count() - 1;
        let (store, report) = written.rig.open().unwrap();
        assert_eq!(answers(&store), told[batches], "cut to {length}");
        assert_eq!(report.dropped_frames > 0, written.batch_ends[batches] < length, "cut to {length}");
        drop(store);
        let left = fs::read(written.rig.segment()).unwrap().len();
        assert_eq!(left, written.batch_ends[batches], "the rest is cut off for good");
        let (store, report) = written.rig.open().unwrap();
        assert_eq!(report.dropped_frames, 0);
        store.append(vec![audit("goes on")]).unwrap();
    }
}

#[test]
fn a_node_killed_without_warning_answers_the_same() {
    let rig = Rig::new();
    let store = rig.create();
    for (batch, n) in history().into_iter().zip(1..) {
        store.append(batch).unwrap();
        // What the kernel holds outlives the process: a copy while the store is open is what a kill leaves.
        let killed = rig.copied();
        let (after, report) = killed.open().unwrap();
        assert_eq!((answers(&after), report.dropped_frames), (answers(&store), 0), "after batch {n}");
    }
}

#[test]
fn a_byte_changed_anywhere_is_named_and_never_skipped() {
    let written = written();
    for at in 0..written.bytes.len() {
        for change in [0x01, 0x80, 0xFF] {
            let mut bytes = written.bytes.clone();
            bytes[at] ^= change;
            let error = written.scan(&bytes).unwrap_err();
            let sequence = written.sequence_at(at);
            let StoreError::Journal(JournalError::Damaged { file, sequence: named, .. }) = &error else {
                panic!("byte {at}: {error}");
            };
            assert_eq!((*named, file), (sequence, &written.rig.segment()), "byte {at}");
            assert!(error.to_string().contains(&format!("sequence {sequence}")), "{error}");
        }
    }
}

#[test]
fn frames_that_were_moved_doubled_or_taken_out_are_damage() {
    let written = written();
    let frame = |n: usize| {
        let end = written.frame_starts.get(n + 1).copied().unwrap_or(written.bytes.len());
        written.bytes[written.frame_starts[n]..end].to_vec()
    };
    let frames: Vec<Vec<u8>> = (0..written.frame_starts.len()).map(frame).collect();
    let head = written.bytes[..64].to_vec();
    let with = |order: &[usize]| {
        let mut bytes = head.clone();
        order.iter().for_each(|n| bytes.extend_from_slice(&frames[*n]));
        bytes
    };
    for (order, why) in [
        (vec![1, 0, 2, 3], "two exchanged"),
        (vec![0, 0, 1, 2, 3], "one doubled"),
        (vec![0, 2, 3], "one taken out"),
        (vec![1, 2, 3], "the first taken out"),
    ] {
        assert_eq!(written.scan(&with(&order)).unwrap_err().code(), "journal-damaged", "{why}");
    }
}

#[test]
fn a_sector_that_was_never_written_is_dropped_in_the_last_group_and_damage_before_it() {
    let rig = Rig::new();
    let store = rig.create();
    let big = |n: usize| (0..3).map(|k| audit(&format!("{n} {k} {}", "x".repeat(900)))).collect::<Vec<_>>();
    let mut ends = vec![64];
    for n in 0..3 {
        store.append(big(n)).unwrap();
        ends.push(fs::read(rig.segment()).unwrap().len());
    }
    drop(store);
    let bytes = fs::read(rig.segment()).unwrap();
    for from in (0..bytes.len()).step_by(512) {
        let mut torn = bytes.clone();
        let end = bytes.len().min(from + 512);
        // What was there before the last group stays; of the group, this sector is missing.
        let from = from.max(64);
        let last = from.max(ends[2]);
        if end > ends[2] {
            torn[last..end].fill(0);
            fs::write(rig.segment(), &torn).unwrap();
            rig.forget_index();
            let (store, report) = rig.open().unwrap();
            assert_eq!((store.head().0, report.dropped_frames > 0), (6, true), "sector at {from}");
        } else {
            torn[from..end].fill(0);
            fs::write(rig.segment(), &torn).unwrap();
            assert_eq!(rig.open().unwrap_err().code(), "journal-damaged", "sector at {from}");
            assert_eq!(fs::read(rig.segment()).unwrap(), torn, "nothing is cut");
        }
    }
}
