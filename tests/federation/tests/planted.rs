//! Whether stories find bugs: each of those that can be planted in a role breaks its promise in one of the first stories.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use sumac_federation::simulation::promise::Promise;
use sumac_federation::simulation::tell;
use sumac_protocol::planted::{Bug, plant};

/// Which promise each bug breaks first.
const BREAKS: [(Bug, &[Promise]); 15] = [
    (Bug::RevealsBeforeAllFroze, &[Promise::KeyAfterFreezes]),
    (Bug::VoidsWhatIsNoised, &[Promise::OneAttempt]),
    (Bug::LosesItsNoisedShare, &[Promise::OneAttempt]),
    (Bug::NoiseOfTheBatch, &[Promise::Totals]),
    (Bug::NoNoise, &[Promise::Totals]),
    (Bug::CountsOneTwice, &[Promise::Totals]),
    (Bug::SendsSuppressedCells, &[Promise::Totals]),
    (Bug::SendsBeforeKeeping, &[Promise::DebitFirst]),
    (Bug::RefundsUnproven, &[Promise::PaidFor]),
    (Bug::IgnoresCaps, &[Promise::ConsentHolds]),
    (Bug::IgnoresWithdrawals, &[Promise::ConsentHolds]),
    (Bug::AddsInLaterAttempts, &[Promise::ConsentHolds]),
    (Bug::DrawsOnUnequalManifests, &[Promise::OneWord]),
    (Bug::TakesAnyNumberOfOperators, &[Promise::EnoughOperators]),
    (Bug::BeginsBesideNoised, &[Promise::OneAttempt]),
];

#[test]
fn every_planted_bug_breaks_its_promise_within_two_thousand_stories() {
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let stories = std::env::var("SUMAC_STORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(STORIES);
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((bug, promises)) = BREAKS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    plant(Some(*bug));
                    let caught = (0..stories).find_map(|seed| tell(seed).err());
                    plant(None);
                    match caught {
                        Some(broken) if promises.contains(&broken.promise) => {
                            println!("{bug:?}: story {} after step {}: {}", broken.seed, broken.step, broken.promise);
                        }
                        other => missed.lock().unwrap().push(format!("{bug:?}: {other:?}")),
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn the_table_has_every_bug_once() {
    let table: Vec<Bug> = BREAKS.iter().map(|(bug, _)| *bug).collect();
    assert_eq!(table, Bug::ALL);
}

/// Stories within which each is found.
const STORIES: u64 = 2_000;
