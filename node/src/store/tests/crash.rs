use std::collections::BTreeSet;
use std::fs;

use super::rig::*;
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
    Written {
        rig,
        keys,
        bytes,
        batch_ends,
        frame_starts,
    }
}

impl Written {
    fn scan(&self, bytes: &[u8]) -> Result<Scan, StoreError> {
        fs::write(self.rig.segment(), bytes).unwrap();
        let start = self.keys.keyring.start();
        scan(
            &OsDisk,
            &self.rig.paths().journal(),
            start,
            &self.keys,
            &BTreeSet::new(),
            &mut |_| Ok(()),
        )
    }

    fn sequence_at(&self, byte: usize) -> u64 {
        let before = self
            .frame_starts
            .iter()
            .filter(|start| **start <= byte)
            .count();
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
            assert_eq!(
                scanned.unwrap_err().code(),
                "journal-damaged",
                "cut to {length}"
            );
            continue;
        }
        let scanned = scanned.unwrap();
        let kept = written
            .batch_ends
            .iter()
            .rev()
            .find(|end| **end <= length)
            .unwrap();
        assert_eq!(
            usize::try_from(scanned.tail.offset).unwrap(),
            *kept,
            "cut to {length}"
        );
        assert_eq!(
            scanned.dropped_frames > 0,
            *kept < length,
            "cut to {length}"
        );
    }
}

#[test]
fn a_store_killed_around_any_frame_answers_as_after_the_last_whole_batch() {
    let written = written();
    let told = answers_after_each_batch();
    let mut cuts: Vec<usize> = written
        .frame_starts
        .iter()
        .flat_map(|at| [at - 1, *at, at + 1, at + 100])
        .collect();
    cuts.push(written.bytes.len());
    for length in cuts.into_iter().filter(|length| *length >= 64) {
        fs::write(written.rig.segment(), &written.bytes[..length]).unwrap();
        let batches = written
            .batch_ends
            .iter()
            .filter(|end| **end <= length)
            .count()
            - 1;
        let (store, report) = written.rig.open().unwrap();
        assert_eq!(answers(&store), told[batches], "cut to {length}");
        assert_eq!(
            report.dropped_frames > 0,
            written.batch_ends[batches] < length,
            "cut to {length}"
        );
        drop(store);
        let left = fs::read(written.rig.segment()).unwrap().len();
        assert_eq!(
            left, written.batch_ends[batches],
            "the rest is cut off for good"
        );
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
        assert_eq!(
            (answers(&after), report.dropped_frames),
            (answers(&store), 0),
            "after batch {n}"
        );
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
            let StoreError::Journal(JournalError::Damaged {
                file,
                sequence: named,
                ..
            }) = &error
            else {
                panic!("byte {at}: {error}");
            };
            assert_eq!(
                (*named, file),
                (sequence, &written.rig.segment()),
                "byte {at}"
            );
            assert!(
                error.to_string().contains(&format!("sequence {sequence}")),
                "{error}"
            );
        }
    }
}

#[test]
fn frames_that_were_moved_doubled_or_taken_out_are_damage() {
    let written = written();
    let frame = |n: usize| {
        let end = written
            .frame_starts
            .get(n + 1)
            .copied()
            .unwrap_or(written.bytes.len());
        written.bytes[written.frame_starts[n]..end].to_vec()
    };
    let frames: Vec<Vec<u8>> = (0..written.frame_starts.len()).map(frame).collect();
    let head = written.bytes[..64].to_vec();
    let with = |order: &[usize]| {
        let mut bytes = head.clone();
        order
            .iter()
            .for_each(|n| bytes.extend_from_slice(&frames[*n]));
        bytes
    };
    for (order, why) in [
        (vec![1, 0, 2, 3], "two exchanged"),
        (vec![0, 0, 1, 2, 3], "one doubled"),
        (vec![0, 2, 3], "one taken out"),
        (vec![1, 2, 3], "the first taken out"),
    ] {
        assert_eq!(
            written.scan(&with(&order)).unwrap_err().code(),
            "journal-damaged",
            "{why}"
        );
    }
}

#[test]
fn a_sector_that_was_never_written_is_dropped_in_the_last_group_and_damage_before_it() {
    let rig = Rig::new();
    let store = rig.create();
    let big = |n: usize| {
        (0..3)
            .map(|k| audit(&format!("{n} {k} {}", "x".repeat(900))))
            .collect::<Vec<_>>()
    };
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
            let (store, report) = rig.open().unwrap();
            assert_eq!(
                (store.head().0, report.dropped_frames > 0),
                (6, true),
                "sector at {from}"
            );
        } else {
            torn[from..end].fill(0);
            fs::write(rig.segment(), &torn).unwrap();
            assert_eq!(
                rig.open().unwrap_err().code(),
                "journal-damaged",
                "sector at {from}"
            );
            assert_eq!(fs::read(rig.segment()).unwrap(), torn, "nothing is cut");
        }
    }
}

#[test]
fn an_older_journal_is_refused_with_a_remedy_and_opens_after_recovery() {
    let rig = Rig::new();
    let store = rig.create();
    store.append(vec![record("P1", "old")]).unwrap();
    let old = fs::read(rig.segment()).unwrap();
    let told = answers(&store);
    store.append(vec![record("P1", "new")]).unwrap();
    store.seal_watermark().unwrap();
    drop(store);
    fs::write(rig.segment(), &old).unwrap();
    let error = rig.open().unwrap_err();
    assert_eq!(error.code(), "store-acknowledged-missing");
    assert!(
        error
            .to_string()
            .contains("ends at sequence 2, and 3 had been acknowledged"),
        "{error}"
    );
    assert!(
        error.remedy().contains("sumac node recover"),
        "{}",
        error.remedy()
    );
    let (store, report) = rig.recover().unwrap();
    assert_eq!(
        (report.acknowledged_missing, answers(&store)),
        (Some(3), told)
    );
    drop(store);
    let (_, report) = rig.open().unwrap();
    assert_eq!(report.acknowledged_missing, None);
}

#[test]
fn a_tail_that_was_acknowledged_is_not_cut_off_as_torn() {
    let rig = Rig::new();
    let store = rig.create();
    for batch in history() {
        store.append(batch).unwrap();
    }
    store.close().unwrap();
    let bytes = fs::read(rig.segment()).unwrap();
    let cut = &bytes[..bytes.len() - 1];
    fs::write(rig.segment(), cut).unwrap();
    assert_eq!(rig.open().unwrap_err().code(), "store-acknowledged-missing");
    assert_eq!(fs::read(rig.segment()).unwrap(), cut, "the evidence stays");
}

#[test]
fn a_keyring_without_its_journal_is_refused() {
    for closed in [false, true] {
        let rig = Rig::new();
        let store = rig.create();
        if closed {
            store.close().unwrap();
        } else {
            drop(store);
        }
        for missing in [rig.segment(), rig.paths().journal(), rig.paths().dir] {
            if missing.is_file() {
                fs::remove_file(&missing).unwrap();
            } else {
                fs::remove_dir_all(&missing).unwrap();
            }
            let error = rig.open().unwrap_err();
            assert_eq!(error.code(), "journal-missing", "{}", missing.display());
            assert!(
                error.to_string().contains("acknowledged data is missing"),
                "{error}"
            );
            assert!(
                error.remedy().contains("restore a backup"),
                "{}",
                error.remedy()
            );
        }
    }
}

#[test]
fn another_history_of_the_same_node_is_refused() {
    let rig = Rig::new();
    rig.create().close().unwrap();
    let fork = rig.copied();
    for (rig, body) in [(&rig, "one"), (&fork, "other")] {
        let (store, _) = rig.open().unwrap();
        store.append(vec![audit(body), audit(body)]).unwrap();
        store.close().unwrap();
    }
    fs::copy(fork.segment(), rig.segment()).unwrap();
    assert_eq!(rig.open().unwrap_err().code(), "store-other-history");
    let stranger = Rig::new();
    stranger
        .create()
        .append(vec![audit("not ours"), audit("at all")])
        .unwrap();
    fs::copy(stranger.segment(), rig.segment()).unwrap();
    assert_eq!(rig.open().unwrap_err().code(), "journal-damaged");
}

#[test]
fn a_backup_from_before_a_page_of_keys_recovers() {
    let rig = Rig::new();
    rig.create().close().unwrap();
    let backup = rig.copied();
    let (store, _) = rig.open().unwrap();
    store
        .append(vec![record("P1", "made the first page")])
        .unwrap();
    store.close().unwrap();
    // The keyring lies on its own medium: only the folder comes back.
    fs::copy(rig.paths().keyring, backup.paths().keyring).unwrap();
    assert!(backup.open().is_err());
    let (store, report) = backup.recover().unwrap();
    assert_eq!(
        (report.acknowledged_missing, store.rows().len()),
        (Some(2), 0)
    );
    store.append(vec![record("P1", "imported again")]).unwrap();
    store.close().unwrap();
    let (store, _) = backup.open().unwrap();
    assert_eq!(
        store.record(Row(0)).unwrap().unwrap().as_slice(),
        b"imported again"
    );
}

/// Creates a store and appends the history, until the power goes; how many batches were acknowledged, if it was made.
fn live_until_dark(rig: &Rig) -> Option<usize> {
    let store = rig.try_create().ok()?;
    let mut acknowledged = 0;
    for batch in history() {
        if store.append(batch).is_err() || store.seal_watermark().is_err() {
            break;
        }
        acknowledged += 1;
    }
    Some(acknowledged)
}

#[test]
fn whenever_the_power_goes_what_was_acknowledged_is_on_the_platter() {
    let told = answers_after_each_batch();
    let rehearsal = Rig::new();
    assert_eq!(live_until_dark(&rehearsal), Some(history().len()));
    let operations = rehearsal.disk.log().len();
    assert!(operations > 40, "{operations}");
    let mut torn = 0;
    for dark in 0..=operations {
        let rig = Rig::new();
        rig.disk.cut_power_after(dark);
        let acknowledged = live_until_dark(&rig);
        for luck in [None, Some(1), Some(2), Some(3)] {
            let story = format!("dark after {dark} of {operations}, luck {luck:?}");
            let after = Rig::new();
            let luck = luck.map(|luck| luck * 1000 + u64::try_from(dark).unwrap());
            rig.disk.platter(after.root.path(), luck);
            let Some(acknowledged) = acknowledged else {
                // Never made: whatever is left must not be in the way of making it.
                if after.open().is_err() {
                    fs::remove_file(after.paths().keyring).ok();
                    after
                        .try_create()
                        .unwrap_or_else(|error| panic!("{story}: {error}"));
                }
                continue;
            };
            let (store, report) = after
                .open()
                .unwrap_or_else(|error| panic!("{story}: {error}"));
            let found = told.iter().position(|told| *told == answers(&store));
            let found = found.unwrap_or_else(|| panic!("{story}: not after a whole batch"));
            // One batch more may have reached the platter without its acknowledgement.
            assert!(
                (acknowledged..=acknowledged + 1).contains(&found),
                "{story}: {found} of {acknowledged}"
            );
            torn += usize::from(report.dropped_frames > 0);
            store.append(vec![audit("goes on")]).unwrap();
        }
    }
    assert!(torn > 0, "the stories must contain torn writes");
}

#[test]
fn the_power_model_notices_a_journal_that_is_not_synced() {
    let rig = Rig::new();
    let store = rig.create();
    store.append(vec![audit("synced")]).unwrap();
    rig.disk.close_gate();
    let reply = queue(&store, vec![audit("written only")]);
    rig.disk.wait_at_gate();
    let after = Rig::new();
    rig.disk.platter(after.root.path(), None);
    rig.disk.open_gate();
    reply.recv().unwrap().unwrap();
    let (store, _) = after.open().unwrap();
    assert_eq!(store.head().0, 1);
}
