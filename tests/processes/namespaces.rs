//! Ten real nodes in ten networks: two hubs, eight clinics behind routers that translate addresses, a hundred
//! milliseconds from anybody to anybody and back, two packets of a hundred lost.
//!
//! Whatever is cut or killed, a question gets an answer or a refusal in words, no patient is charged twice, and nothing
//! is released twice.
//!
//! Needs root, `ip`, `nft` and `/dev/net/tun`. Where they are missing the test says so and passes, but fails in the gate
//! (`SUMAC_GATE` is set there), unless `SUMAC_NO_NETNS=1` says that this machine is known not to allow them.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic, and says where; what it saw, and what it could not, is printed"
)]

#[path = "namespaces/books.rs"]
mod books;
#[path = "namespaces/federation.rs"]
mod federation;
#[path = "namespaces/papers.rs"]
mod papers;
#[path = "namespaces/world.rs"]
mod world;

use std::time::{Duration, Instant};

use books::Books;
use federation::{CLINICS, Federation};
use sumac_tests::switch::Weather;
use world::World;

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

#[test]
fn ten_nodes_behind_nat_answer_or_say_why_whatever_is_cut() {
    let weather = Weather { one_way: Duration::from_millis(50), lost_per_mille: 20, seed: 7 };
    let Some(mut world) = allowed(weather) else { return };
    let began = Instant::now();
    let mut federation = Federation::start(&mut world, SUMAC);
    println!("ten nodes stand after {:.1} s", began.elapsed().as_secs_f64());
    let mut books = Books::default();
    for (story, tell) in STORIES {
        let began = Instant::now();
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tell(&world, &mut federation, &mut books)));
        if let Err(why) = told {
            println!("{story}: the nodes said last:\n{}", federation.last_words());
            std::panic::resume_unwind(why);
        }
        println!("{story}: {:.1} s", began.elapsed().as_secs_f64());
    }
    books.hold(&federation);
    println!("packets: {:?}", world.switch.tally());
}

type Story = fn(&World, &mut Federation, &mut Books);

const STORIES: [(&str, Story); 5] = [
    ("nothing is cut", nothing_is_cut),
    ("a clinic is cut for the window", a_clinic_is_cut_for_the_window),
    ("an aggregator is cut before the release", an_aggregator_is_cut_before_the_release),
    ("a hub is killed", a_hub_is_killed),
    ("a member is removed in the middle", a_member_is_removed_in_the_middle),
];

fn nothing_is_cut(_: &World, federation: &mut Federation, books: &mut Books) {
    let question = federation.ask(60);
    assert_eq!(books.answered(question), CLINICS, "all are counted");
}

/// The others are answered without it; when it is back it learns how that ended, and is asked again.
fn a_clinic_is_cut_for_the_window(world: &World, federation: &mut Federation, books: &mut Books) {
    let cut = federation.clinics[9].place.public;
    world.switch.cut(cut);
    let question = federation.ask(60);
    assert_eq!(books.answered(question), CLINICS - 1, "the one that was cut is not counted");
    world.switch.heal(cut);
    until_linked(federation, 9);
    let question = federation.ask(60);
    assert_eq!(books.answered(question), CLINICS, "all are counted again");
}

/// Without the word of the one that is away the question is neither answered nor given up: it ends with its life, and
/// says for whom it waited. Back again, that one signs that it gave nothing, and nobody has paid.
fn an_aggregator_is_cut_before_the_release(world: &World, federation: &mut Federation, books: &mut Books) {
    let cut = federation.clinics[3].place.public;
    let mut question = federation.ask(30);
    question.program.until("clinics contribute");
    world.switch.cut(cut);
    let said = books.refused(question);
    assert!(said.contains("waiting for c3"), "it says for whom it waited: {said}");
    world.switch.heal(cut);
    until_linked(federation, 3);
    books.settle(federation);
    let question = federation.ask(60);
    assert_eq!(books.answered(question), CLINICS, "all are counted again");
}

/// The researcher's program names no hub, and finds the one that is left.
fn a_hub_is_killed(_: &World, federation: &mut Federation, books: &mut Books) {
    federation.kill(0);
    let question = federation.ask(60);
    assert_eq!(books.answered(question), CLINICS - 1, "the hub was a clinic too");
    federation.run(0);
    federation.node(0).until_said(" connected peer=", CLINICS - 1);
    books.settle(federation);
    federation.kill(1);
    let question = federation.ask(60);
    assert_eq!(books.answered(question), CLINICS - 1, "and the other way round");
    federation.run(1);
    federation.node(1).until_said(" connected peer=", CLINICS - 1);
}

/// A charter without it is offered to one hub while a question is under way; everybody else follows, over the wire.
fn a_member_is_removed_in_the_middle(_: &World, federation: &mut Federation, books: &mut Books) {
    let mut question = federation.ask(30);
    question.program.until("clinics contribute");
    federation.remove(9, 0);
    println!("the question under way: {}", books.ended(question));
    assert_eq!(federation.clinics[9].epoch(), 1, "it does not follow a charter that leaves it out");
    let question = federation.ask(60);
    assert_eq!(books.answered(question), CLINICS - 1, "under the new charter, without it");
}

/// Waits until a clinic that was cut is back at a hub.
fn until_linked(federation: &mut Federation, number: usize) {
    federation.node(number).until(" connected peer=c0");
}

/// The world, or nothing where this machine allows none and that is no failure.
fn allowed(weather: Weather) -> Option<World> {
    if std::env::var_os("SUMAC_NO_NETNS").is_some_and(|set| set == "1") {
        println!("skipped: SUMAC_NO_NETNS=1 says that network namespaces are not allowed here");
        return None;
    }
    match World::new(weather) {
        Ok(world) => Some(world),
        Err(why) => {
            assert!(
                std::env::var_os("SUMAC_GATE").is_none(),
                "network namespaces cannot be made: {why}; where that is known, set SUMAC_NO_NETNS=1"
            );
            println!("skipped: network namespaces cannot be made: {why}");
            None
        }
    }
}
