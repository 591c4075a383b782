use std::fs;

use super::rig::*;
use crate::store::IndexState;

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
        for luck in [None, Some(1), Some(2), Some(3), Some(4), Some(5)] {
            let story = format!("dark after {dark} of {operations}, luck {luck:?}");
            let after = Rig::new();
            let luck = luck.map(|luck| luck * 1000 + u64::try_from(dark).unwrap());
            rig.disk.platter(after.root.path(), luck);
            let Some(acknowledged) = acknowledged else {
                // Never made: whatever is left must not be in the way of making it.
                if after.open().is_err() {
                    fs::remove_file(after.paths().keyring).ok();
                    after.try_create().unwrap_or_else(|error| panic!("{story}: {error}"));
                }
                continue;
            };
            let (store, report) = after.open().unwrap_or_else(|error| panic!("{story}: {error}"));
            let found = told.iter().position(|told| *told == answers(&store));
            let found = found.unwrap_or_else(|| panic!("{story}: not after a whole batch"));
            // One batch more may have reached the platter without its acknowledgement.
            assert!((acknowledged..=acknowledged + 1).contains(&found), "{story}: {found} of {acknowledged}");
            torn += usize::from(report.dropped_frames > 0);
            assert!(matches!(report.index, IndexState::Rebuilt { .. }), "{story}: {report:?}");
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

#[test]
fn an_index_of_which_any_sector_was_lost_changes_no_answer() {
    let rig = Rig::new();
    let store = rig.create();
    let write = |from: usize, until: usize| {
        for n in from..until {
            let pseudonym = format!("P{}", n % 300);
            store.append(vec![record(&pseudonym, &format!("{n}")), statement(&pseudonym, "s")]).unwrap();
        }
    };
    write(0, 400);
    store.shared.front().index.flush().unwrap();
    write(400, 700);
    store.seal_watermark().unwrap();
    let told = answers(&store);
    let mut there = 0;
    for seed in 0..12 {
        let after = Rig::new();
        rig.disk.platter(after.root.path(), Some(seed));
        let db = after.paths().index().join("00000001").join("db");
        there += usize::from(db.metadata().is_ok_and(|db| db.len() > 4096));
        let (store, report) = after.open().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(answers(&store) == told, "seed {seed}: {report:?}");
    }
    assert!(there > 0, "parts of an index must be there");
    store.close().unwrap();
    for luck in [None, Some(1), Some(2)] {
        let after = Rig::new();
        rig.disk.platter(after.root.path(), luck);
        let (store, report) = after.open().unwrap();
        assert_eq!(report.index, IndexState::Fresh, "closed in good order, luck {luck:?}");
        assert!(answers(&store) == told, "closed in good order, luck {luck:?}");
    }
}
