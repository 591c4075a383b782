//! One thing wrong at a time, and what is said of it.

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::round::budget::Allowance;

use super::{Charter, Running, Seen, Weight, findings};

const NOW: u64 = 1_771_113_600_000;

fn runs() -> Running {
    Running::Yes { epoch: 3, shut: None, accused: Vec::new(), linked: true, budget: None }
}

/// A node that runs and lacks nothing.
fn well() -> Seen {
    Seen {
        now: NOW,
        newest: Some(NOW - 5_000),
        free: Some(9 << 30),
        hubs: vec![("Harbour".into(), true), ("Ridge".into(), true)],
        charter: Some(Ok(Charter { epoch: 3, lists_us: Some(true), waits: false })),
        studies: vec![("tide-1".into(), Moment(NOW) + Millis::BUDGET_YEAR)],
        secrets: vec![("/media/key".into(), 0o100_600)],
        running: runs(),
        ..Seen::default()
    }
}

#[test]
fn a_node_that_lacks_nothing_has_no_finding() {
    assert_eq!(findings(&well()), []);
    let new = Seen { now: NOW, running: runs(), ..Seen::default() };
    assert_eq!(findings(&new), [], "what was not seen is not said");
}

#[test]
fn each_thing_that_is_wrong_is_said_once_with_what_to_do() {
    use Weight::{Note, Wrong};
    type Flaw = fn(&mut Seen);
    let cases: [(&str, Flaw, &str, Weight); 20] = [
        ("a key that is none", |s| s.settings = Some(("line 3".into(), "correct it".into())), "settings", Wrong),
        ("a day behind", |s| s.newest = Some(NOW + Millis::DAY.0), "clock-behind", Wrong),
        ("just past what members bear", |s| s.newest = Some(NOW + 600_001), "clock-behind", Wrong),
        ("no room", |s| s.free = Some(1 << 20), "disk-full", Wrong),
        ("little room", |s| s.free = Some(500 << 20), "disk-low", Note),
        ("no index", |s| s.index_missing = true, "index-missing", Note),
        ("no key file", |s| s.unlock = vec![("/media/key".into(), "is not there".into())], "unlock-secret", Wrong),
        ("a key for all", |s| s.secrets = vec![("/media/key".into(), 0o100_644)], "key-readable", Wrong),
        ("a key for the group", |s| s.secrets = vec![("/media/key".into(), 0o640)], "key-readable", Wrong),
        ("no charter", |s| s.charter = Some(Err(("no charter yet".into(), "join".into()))), "charter", Wrong),
        (
            "not listed",
            |s| s.charter = Some(Ok(Charter { epoch: 3, lists_us: Some(false), waits: false })),
            "charter-without-us",
            Wrong,
        ),
        (
            "a looser charter",
            |s| s.charter = Some(Ok(Charter { epoch: 3, lists_us: None, waits: true })),
            "charter-waits",
            Wrong,
        ),
        (
            "a newer charter in the folder",
            |s| s.charter = Some(Ok(Charter { epoch: 4, lists_us: Some(true), waits: false })),
            "charter-old",
            Wrong,
        ),
        ("a study that is over", |s| s.studies[0].1 = Moment(NOW), "study-over", Note),
        ("a study that ends", |s| s.studies[0].1 = Moment(NOW) + Millis::DAY, "study-ends", Note),
        ("a port that is taken", |s| s.taken = vec!["127.0.0.1:4800".into()], "port-taken", Wrong),
        ("no hub", |s| s.hubs.iter_mut().for_each(|hub| hub.1 = false), "no-hub", Wrong),
        ("one hub of two", |s| s.hubs[1].1 = false, "hub-silent", Note),
        ("not running", |s| s.running = Running::No, "not-running", Note),
        ("not to be asked", |s| s.running = Running::Denied, "node-denied", Note),
    ];
    for (why, flaw, code, weight) in cases {
        let mut seen = well();
        flaw(&mut seen);
        let found = findings(&seen);
        assert_eq!(found.iter().map(|f| (f.code, f.weight)).collect::<Vec<_>>(), [(code, weight)], "{why}");
        assert!(found.iter().all(|f| !f.says.is_empty() && !f.remedy.is_empty()), "{why}");
    }
}

#[test]
fn what_a_running_node_says_of_itself_is_told() {
    let (shut, waits) = (Some(("restored".to_owned(), false)), Some(("asking".to_owned(), true)));
    let spent = |left: u64| Some(Allowance::of(RhoMicro(1_000), RhoMicro(1_000 - left)));
    let cases = [
        ("shut", shut, vec![], true, None, vec!["shut"]),
        ("waits", waits, vec![], true, None, vec!["waits"]),
        ("linked to nobody", None, vec![], false, None, vec!["not-linked"]),
        ("a liar", None, vec!["Mill".to_owned()], true, None, vec!["accused"]),
        ("a tenth left", None, vec![], true, spent(100), vec![]),
        ("less", None, vec![], true, spent(99), vec!["budget-nearly-spent"]),
        ("nothing", None, vec![], true, spent(0), vec!["budget-nearly-spent"]),
    ];
    for (why, shut, accused, linked, budget, codes) in cases {
        let running = Running::Yes { epoch: 3, shut, accused, linked, budget };
        let found = findings(&Seen { running, ..well() });
        assert_eq!(found.iter().map(|f| f.code).collect::<Vec<_>>(), codes, "{why}");
    }
}

#[test]
fn the_worst_is_said_first() {
    let mut seen = well();
    seen.index_missing = true;
    seen.free = Some(0);
    seen.running = Running::No;
    assert_eq!(findings(&seen).first().map(|finding| finding.code), Some("disk-full"));
}
