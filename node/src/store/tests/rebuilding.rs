use std::fs;
use std::path::Path;

use super::rig::*;
use crate::store::*;

#[test]
fn an_index_that_is_gone_behind_ahead_or_broken_changes_no_answer() {
    let rig = Rig::new();
    let store = rig.create();
    let mut batches = history();
    let last = batches.split_off(3);
    for batch in batches {
        store.append(batch).unwrap();
    }
    store.close().unwrap();
    let older = rig.copied();
    let (store, _) = rig.open().unwrap();
    for batch in last {
        store.append(batch).unwrap();
    }
    let told = answers(&store);
    store.close().unwrap();
    let stranger = Rig::new();
    stranger.create().close().unwrap();

    let rebuilt = |report: &OpenReport| matches!(report.index, IndexState::Rebuilt { .. });
    type Spoil<'a> = Box<dyn Fn(&Path) + 'a>;
    type Expected<'a> = &'a dyn Fn(&OpenReport) -> bool;
    let swap = |from: &Rig| {
        let from = from.index();
        move |index: &Path| {
            fs::remove_dir_all(index).unwrap();
            copy_folder(&from, index);
        }
    };
    let cases: [(&str, Spoil<'_>, Expected<'_>); 6] = [
        ("deleted", Box::new(|index| fs::remove_dir_all(index).unwrap()), &rebuilt),
        ("an older one", Box::new(swap(&older)), &|report| report.index == IndexState::CaughtUp(9)),
        ("another node's", Box::new(swap(&stranger)), &rebuilt),
        ("its data overwritten", Box::new(|index| fs::write(index.join("db"), [0x5A; 3000]).unwrap()), &rebuilt),
        ("its configuration overwritten", Box::new(|index| fs::write(index.join("conf"), [7; 40]).unwrap()), &rebuilt),
        (
            "a snapshot that was never finished",
            Box::new(|index| {
                fs::write(index.join("snap.7FFFFFFFFFFFFFFF.generating"), [1; 9]).unwrap();
            }),
            &|report| report.index == IndexState::Fresh,
        ),
    ];
    for (why, spoil, expected) in cases {
        let copy = rig.copied();
        spoil(&copy.index());
        let (store, report) = copy.open().unwrap();
        assert!(expected(&report), "{why}: {report:?}");
        assert_eq!(answers(&store), told, "{why}");
        store.close().unwrap();
        let (_, report) = copy.open().unwrap();
        assert_eq!(report.index, IndexState::Fresh, "{why}: mended for good");
    }
}

#[test]
fn an_index_ahead_of_the_journal_tells_that_acknowledged_data_is_missing() {
    let rig = Rig::new();
    let store = rig.create();
    store.append(vec![record("a", "1")]).unwrap();
    let short = fs::read(rig.segment()).unwrap();
    let told = answers(&store);
    store.append(vec![record("a", "2"), record("b", "1")]).unwrap();
    drop(store);
    fs::write(rig.segment(), short).unwrap();
    let error = rig.open().unwrap_err();
    assert_eq!(error.code(), "store-acknowledged-missing");
    assert!(error.to_string().contains("ends at sequence 2, and 5 had been acknowledged"), "{error}");
    let (store, report) = rig.recover().unwrap();
    assert!(matches!(report.index, IndexState::Rebuilt { .. }), "{report:?}");
    assert_eq!((answers(&store), report.acknowledged_missing), (told, Some(5)));
}

#[test]
fn opening_and_closing_many_times_never_rebuilds() {
    let rig = Rig::new();
    rig.create().close().unwrap();
    for n in 0..40 {
        let (store, report) = rig.open().unwrap();
        assert_eq!(report.index, IndexState::Fresh, "opening {n}");
        store.append(vec![record("a", &n.to_string())]).unwrap();
        store.close().unwrap();
    }
}
