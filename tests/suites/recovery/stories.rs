//! Seeded stories: two queries while messages are lost, late, doubled and out of order, and nodes die
//! between any two effects. A failing seed tells its story again but for the split of the shares.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_federation::audit::{Fate, shows, spellings};
use sumac_federation::cast::{HARBOUR, RIDGE};
use sumac_federation::node::Death;
use sumac_federation::researcher::Question;
use sumac_federation::wire::Faults;
use sumac_federation::{Federation, federation};
use sumac_protocol::moment::Millis;

use crate::{QUESTION, RHO, submit};

/// How a story's queries ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ends {
    released: u32,
    void: u32,
    unknown: u32,
}

/// Lives through one story and checks what must hold of all.
fn live(seed: u64, ends: &mut Ends) -> Result<(), String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut federation = federation().seed(seed).refusing(0.1).withdrawn(0.05).build();
    federation.wire.tape = Some(Vec::new());
    federation.wire.faults = Faults {
        drop: rng.random_range(0..=150),
        duplicate: rng.random_range(0..=150),
        delay: rng.random_range(0..=400),
        delay_max_ms: rng.random_range(1..=2_500),
    };
    let deaths = rng.random_range(0..=60);
    let mut asked = Vec::new();
    for hub in [HARBOUR, RIDGE] {
        let question = federation.compose_with(QUESTION, RHO, |query| query, None, hub);
        submit(&mut federation, &question);
        asked.push(question);
        trouble(&mut federation, &mut rng, deaths);
    }
    recover(&mut federation, &asked);
    for question in &asked {
        match federation.fate(question.id())? {
            Fate::Released(..) => ends.released += 1,
            Fate::Void => ends.void += 1,
            Fate::Unknown => ends.unknown += 1,
        }
    }
    federation.audit(&asked)
}

/// Ten seconds in which anybody may die at any moment, `deaths` in a thousand at each beat.
fn trouble(federation: &mut Federation, rng: &mut StdRng, deaths: u32) {
    for _ in 0..100 {
        let who = rng.random_range(0..federation.nodes.len());
        if !federation.nodes[who].is_up() {
            if rng.random_range(0..10) == 0 {
                federation.restart(who);
            }
        } else if rng.random_range(0..1_000) < deaths {
            federation.nodes[who].dies = Some(Death::BeforeEffect(rng.random_range(0..8)));
        }
        federation.beat();
    }
    for hub in [HARBOUR, RIDGE] {
        if !federation.nodes[hub].is_up() {
            federation.restart(hub);
        }
    }
}

/// All faults end, all nodes come back, all queries end, and everybody hears of it.
fn recover(federation: &mut Federation, asked: &[Question]) {
    federation.wire.faults = Faults::default();
    for who in 0..federation.nodes.len() {
        federation.nodes[who].dies = None;
        if !federation.nodes[who].is_up() {
            federation.restart(who);
        }
    }
    for question in asked {
        federation.wait(question);
    }
    federation.advance(Millis(6_000));
}

fn live_through(seeds: std::ops::Range<u64>) {
    let mut ends = Ends::default();
    for seed in seeds.clone() {
        if let Err(broken) = live(seed, &mut ends) {
            panic!("SEED={seed}: {broken}");
        }
    }
    println!("stories {seeds:?}: {ends:?}");
    assert!(ends.released > 0 && ends.void + ends.unknown > 0, "the stories are too easy or too hard: {ends:?}");
}

#[test]
fn no_order_of_events_gives_two_answers_for_one_charge() {
    live_through(0..150);
}

#[test]
fn no_order_of_events_charges_for_nothing_or_shows_a_clinics_figures() {
    live_through(150..300);
}

#[test]
fn a_clinics_figures_would_be_found_in_a_message_raw_or_wrapped() {
    use base64::Engine as _;
    let needles = spellings(&[1_234, 0, 98_765, 43_210]).into_iter().collect();
    let plain = serde_json::to_vec(&vec![7, 98_765, 43_210]).unwrap();
    assert!(shows(&plain, &needles, 0));
    let wrapped = base64::engine::general_purpose::STANDARD.encode([b"padding in front".as_slice(), &plain].concat());
    assert!(shows(wrapped.as_bytes(), &needles, 1));
    let again = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{{\"x\":\"{wrapped}\"}}"));
    assert!(shows(format!("a b {again}").as_bytes(), &needles, 2));
    assert!(!shows(b"98765, 43210 and 1234", &needles, 2));
}
