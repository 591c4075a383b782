//! Ten thousand stories of a federation in trouble. `SUMAC_STORY=N` tells one of them; `SUMAC_STORIES=N` says how many.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use sumac_federation::simulation::{Told, tell};

/// Stories that once broke a promise, and what was wrong: those in which planted bugs were found that take a liar, a
/// death and a moment to show. They are told again whatever else is.
const KEPT: [(u64, &str); 9] = [
    (19, "a part of the key was told before all froze"),
    (25, "what was noised was signed void"),
    (29, "a noised share was lost with the node, and the attempt signed void"),
    (11, "a later attempt took whoever consented by then; a coordinator led an attempt with too few operators"),
    (67, "a member drew on manifests that were not the same"),
    (189, "a member that had noised began another attempt"),
    (271, "a debit was given back on a coordinator's word"),
    (863, "a member began the first attempt behind the second and noised it, while the second was not void"),
    (53, "nothing: a check once took two attempts for one beside the other"),
];

#[test]
fn whatever_goes_wrong_the_promises_of_the_round_are_kept() {
    if let Some(seed) = number("SUMAC_STORY") {
        let told = tell(seed).unwrap_or_else(|broken| panic!("{broken}"));
        println!("story {seed}: {told:?}");
        return;
    }
    let stories = number("SUMAC_STORIES").unwrap_or(STORIES);
    let (next, told, broken) = (AtomicU64::new(0), Mutex::new(Vec::new()), Mutex::new(BTreeMap::new()));
    let began = std::time::Instant::now();
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= stories {
                        return;
                    }
                    match tell(seed) {
                        Ok(story) => told.lock().unwrap_or_else(PoisonError::into_inner).push(story),
                        Err(why) => {
                            let mut broken = broken.lock().unwrap_or_else(PoisonError::into_inner);
                            broken.entry(why.promise).or_insert_with(Vec::new).push(why);
                        }
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (promise, stories) in &broken {
        println!("{} stories broke the promise that {promise}; the first:\n{}", stories.len(), stories[0]);
    }
    assert!(broken.is_empty(), "{} promises were broken", broken.len());
    let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    let sum = |of: fn(&Told) -> usize| told.iter().map(of).sum::<usize>();
    let by_attempt = [sum(|told| told.by_attempt[0]), sum(|told| told.by_attempt[1]), sum(|told| told.by_attempt[2])];
    println!(
        "{stories} stories in {:.0} s: {} queries, {} answered ({:?} by attempt), {} messages",
        began.elapsed().as_secs_f64(),
        sum(|told| told.asked),
        sum(|told| told.answered),
        by_attempt,
        sum(|told| told.messages)
    );
    assert!(by_attempt.iter().all(|answered| *answered > 0), "a committee that never answers is never put to the test");
    assert!(sum(|told| told.answered) * 4 > sum(|told| told.asked), "too few stories get as far as an answer");
}

#[test]
fn stories_that_once_broke_a_promise_keep_it() {
    let broken: BTreeMap<u64, String> =
        KEPT.iter().filter_map(|(seed, what)| Some((*seed, format!("{what}: {}", tell(*seed).err()?)))).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Stories of a run that nobody asked more of: five to six minutes on two cores.
const STORIES: u64 = 10_000;
