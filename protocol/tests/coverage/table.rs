//! The table of all kinds and sizes, and what it must show.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sumac_protocol::explain::explain;
use sumac_protocol::plan::EstimateKind;

use crate::kinds::KINDS;
use crate::population::{courses, dictionary};
use crate::trial::{AGGREGATORS, Tally, Trial};

const SIZES: [u32; 3] = [80, 800, 8_000];
/// Tells 93 from 95.5 of 100, and 98 from 96.5, in all but few of many thousand tries; seeds are fixed.
const RUNS: u32 = 1_000;
/// How far what `explain` expects may be from what came.
const EXPECTED_WITHIN: f64 = 0.15;

fn runs() -> u32 {
    std::env::var("SUMAC_COVERAGE_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

/// One kind at one size.
struct Shown {
    kind: usize,
    size: u32,
    tally: Tally,
    /// What `explain` expects and what came, by the name of its row.
    widths: Vec<(String, f64, f64)>,
}

/// Every kind at every size.
fn shown(runs: u32) -> Vec<Shown> {
    let (dictionary, courses) = (dictionary(), courses());
    let (next, all) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            let Some(kind) = KINDS.get(at) else { break };
            let trial = Trial::new(kind, &dictionary, &courses);
            for size in SIZES {
                let tally = trial.run(size, runs);
                let widths = widths(&trial, size, &tally);
                all.lock().unwrap().push(Shown { kind: at, size, tally, widths });
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let mut all = all.into_inner().unwrap();
    all.sort_by_key(|shown| (shown.kind, shown.size));
    all
}

fn widths(trial: &Trial<'_>, size: u32, tally: &Tally) -> Vec<(String, f64, f64)> {
    // Below and above the bands there is nobody.
    let patients =
        if trial.plan.group_by.is_empty() { 1 } else { u64::try_from(trial.plan.group_count() / 2).unwrap() };
    let explained = explain(&trial.plan, AGGREGATORS.into(), 5, 1_000_000, &[patients * u64::from(size)]);
    let rows = explained.expected.iter();
    rows.filter_map(|row| {
        let steps = matches!(row.of, EstimateKind::Quantile { .. });
        let came = if steps { tally.mean_of(&row.name)? } else { tally.middle_of(&row.name)? };
        Some((row.name.clone(), row.half_width, came))
    })
    .collect()
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say_and_are_as_wide_as_explained_for_every_kind_of_estimate() {
    let runs = runs();
    println!("{runs} runs each, ρ 1, k 3, 95 % intervals; ± is half the width");
    println!("kind                 cohort  held %  least %     mean ±  middle ±  explained ±  without %  held back %");
    let mut flaws = Vec::new();
    for Shown { kind, size, tally, widths } in shown(runs) {
        let kind = &KINDS[kind];
        let (held, least) = tally.covered();
        let parts = tally.held.len().max(1) as f64;
        let share = |of: u32, parts: f64| 100.0 * f64::from(of) / f64::from(runs) / parts;
        let (without, held_back) = (share(tally.without, parts), share(tally.suppressed, 1.0));
        let Some((_, explained, middle)) = widths.last() else {
            flaws.push(format!("{} of {size} is not explained", kind.name));
            continue;
        };
        let (name, mean) = (kind.name, tally.mean_of(&widths[widths.len() - 1].0).unwrap_or(0.0));
        let (held, least) = (100.0 * held, 100.0 * least);
        println!(
            "{name:20} {size:6} {held:7.1} {least:8.1} {mean:10.4} {middle:9.4} {explained:12.4} {without:10.1} {held_back:12.1}",
        );
        if !(kind.bounds[0]..=kind.bounds[1]).contains(&(held / 100.0)) {
            flaws.push(format!("{name} of {size}: {held:.1} % hold the truth"));
        }
        for (row, explained, came) in widths {
            // A quantile is a whole point, so half its interval comes in steps of half a point.
            let step = if ["median", "quantile"].contains(&name) { 0.5 } else { 0.0 };
            if (explained - came).abs() > f64::max(EXPECTED_WITHIN * came, step) {
                flaws.push(format!("{name} of {size}: {row} is explained as ±{explained:.4}, and came as ±{came:.4}"));
            }
        }
    }
    assert!(flaws.is_empty(), "{flaws:#?}");
}
