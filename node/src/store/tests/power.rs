use std::fs;

use super::rig::*;

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
