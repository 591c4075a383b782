//! A coordinator that lies about who contributed, or hands out what belongs elsewhere.

use sumac_federation::Federation;
use sumac_federation::cast::{HARBOUR, LINDEN, MILL, RIDGE};
use sumac_federation::forger::{Batch, is_relay};
use sumac_federation::researcher::Question;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::round::message::{Message, Reply};

use crate::{QUESTION, RHO, answers, asked, refusal, taped};

/// A round in which Linden is never shown the honest batch, only what a test shows it.
fn without_a_batch_for(member: usize) -> (Federation, Question) {
    let mut federation = taped();
    let key = federation.nodes[member].key();
    federation.lose(move |packet| packet.to == key && matches!(packet.message, Message::Batch { .. }));
    let question = asked(&mut federation);
    (federation, question)
}

/// What a member answers to a batch that Harbour shows it.
fn show(federation: &mut Federation, question: &Question, member: usize, batch: Batch) -> Option<Reply> {
    let hub = federation.nodes[HARBOUR].key();
    federation.tell(member, hub, batch.message(question))
}

/// An honest earlier round, to take things from.
fn earlier(federation: &mut Federation) -> Question {
    let question = asked(federation);
    federation.wait(&question).released();
    question
}

/// A flawed batch, made of the honest one and the batch of an earlier query.
type Spoil = fn(&mut Batch, &Batch, &Federation, &Question);

const SPOILT: [(&str, Spoil, &str); 9] = [
    ("an upload twice", |batch, _, _, _| batch.uploads.insert(1, batch.uploads[0].clone()), "names a clinic twice"),
    ("out of order", |batch, _, _, _| batch.uploads.swap(0, 1), "names a clinic twice, or out of order"),
    ("too few", |batch, _, _, _| batch.uploads.truncate(3), "too few operators"),
    ("an upload of another query", |batch, before, _, _| batch.uploads[2] = before.uploads[2].clone(), "another query"),
    (
        "a share for another query",
        |batch, before, _, _| batch.uploads[2].sealed_share = before.uploads[2].sealed_share.clone(),
        "are not those it signed",
    ),
    (
        "a share of another clinic",
        |batch, _, _, _| batch.uploads[2].sealed_share = batch.uploads[3].sealed_share.clone(),
        "are not those it signed",
    ),
    (
        "a share that is sealed to another member",
        |batch, _, federation, question| {
            let ridges = federation.batch_of(question, RIDGE);
            batch.uploads[2].sealed_share = ridges.uploads[2].sealed_share.clone();
        },
        "are not those it signed",
    ),
    (
        "another public share",
        |batch, before, _, _| batch.uploads[2].public_share = before.uploads[2].public_share.clone(),
        "are not those it signed",
    ),
    (
        "a commitment of another query",
        |batch, before, _, _| batch.commitments[2] = before.commitments[2].clone(),
        "is for another query or attempt",
    ),
];

#[test]
fn a_batch_that_is_not_what_the_clinics_signed_is_not_frozen() {
    let mut federation = taped();
    let before = earlier(&mut federation);
    let key = federation.nodes[LINDEN].key();
    federation.lose(move |packet| packet.to == key && matches!(packet.message, Message::Batch { .. }));
    let question = asked(&mut federation);
    let (honest, before) = (federation.batch_of(&question, LINDEN), federation.batch_of(&before, LINDEN));
    let frozen = federation.signed_by::<Freeze>(LINDEN).count();
    for (why, spoil, says) in SPOILT {
        let mut batch = honest.clone();
        spoil(&mut batch, &before, &federation, &question);
        let refused = refusal(show(&mut federation, &question, LINDEN, batch));
        assert!(refused.says.contains(says), "{why}: {}", refused.says);
    }
    assert_eq!(federation.signed_by::<Freeze>(LINDEN).count(), frozen, "it froze none of them");
    let answered = answers(&federation, 1);
    show(&mut federation, &question, LINDEN, honest);
    federation.wait(&question).released();
    assert_eq!(answers(&federation, 1), answered + 3, "the honest batch was still taken, and every member answered");
}

#[test]
fn an_upload_replayed_from_a_void_attempt_is_refused_in_the_next() {
    let (mut federation, question) = without_a_batch_for(LINDEN);
    let first = federation.batch_of(&question, LINDEN);
    let key = federation.nodes[MILL].key();
    federation.lose(move |packet| packet.to == key && matches!(packet.message, Message::Batch { .. }));
    federation.restart(RIDGE);
    let second = federation.batch_of(&question, MILL);
    assert_eq!((first.attempt, second.attempt), (1, 2));
    let mut batch = second.clone();
    batch.uploads[2] = first.uploads[2].clone();
    let refused = refusal(show(&mut federation, &question, MILL, batch));
    assert!(refused.says.contains("another attempt"), "{}", refused.says);
    assert_eq!((answers(&federation, 1), answers(&federation, 2)), (0, 0));
}

/// Linden's freeze of a batch without one clinic, while the others froze the whole one.
fn two_batches() -> (Federation, Question, Vec<Envelope>) {
    let (mut federation, question) = without_a_batch_for(LINDEN);
    let mut other = federation.batch_of(&question, LINDEN);
    other.uploads.remove(4);
    show(&mut federation, &question, LINDEN, other);
    let freeze = |who: usize, federation: &Federation| federation.signed_by::<Freeze>(who).next();
    // What Harbour's own member freezes never leaves its node, so it is read off a message to Ridge.
    let ridge = freeze(RIDGE, &federation).unwrap();
    let linden = freeze(LINDEN, &federation).unwrap();
    assert_ne!(ridge.digest(), linden.digest());
    (federation, question, vec![ridge, linden])
}

/// Whether a member gave out its part of the verification key.
fn revealed(federation: &Federation, member: usize) -> bool {
    let (from, keys): (_, Vec<_>) =
        (federation.nodes[member].key(), federation.nodes.iter().map(sumac_federation::node::Node::key).collect());
    federation.tape().iter().any(|packet| keys.iter().any(|to| is_relay(packet, from, *to, 1)))
}

#[test]
fn a_coordinator_that_shows_two_members_two_batches_gets_no_key_and_no_answer() {
    let (mut federation, question, freezes) = two_batches();
    let (query, hub) = (question.id(), federation.nodes[HARBOUR].key());
    let [ridge, linden] = [0, 1].map(|at| freezes[at].clone());
    let lists = [
        ("without one", vec![ridge.clone(), ridge.clone()], "2 freezes, where the committee has 3 members"),
        ("one member's in place of another's", vec![ridge.clone(), ridge.clone(), linden.clone()], "not signed by"),
        ("none", Vec::new(), "0 freezes"),
    ];
    for (why, freezes, says) in lists {
        for member in [RIDGE, LINDEN] {
            let message = Message::Frozen { query, attempt: 1, freezes: freezes.clone() };
            let refused = refusal(federation.tell(member, hub, message));
            assert!(refused.says.contains(says), "{why}: {}", refused.says);
        }
    }
    assert!(
        !revealed(&federation, RIDGE) && !revealed(&federation, LINDEN),
        "nobody reveals before all have frozen one batch"
    );
    assert_eq!(answers(&federation, 1), 0);
    let again = federation.batch_of(&question, LINDEN);
    let refused = refusal(show(&mut federation, &question, LINDEN, again));
    assert!(refused.says.contains("differs from the one this node froze"), "{}", refused.says);
}

#[test]
fn the_honest_coordinator_does_not_take_the_freeze_of_another_batch() {
    let (mut federation, question, _) = two_batches();
    let notes = federation.nodes[HARBOUR].notes.join("\n");
    assert!(notes.contains("signed a different batch than the others"), "{notes}");
    federation.wire.meddler = None;
    let file = federation.wait(&question).released();
    assert_eq!(federation.follow(&question).unwrap().attempt, 2, "the first attempt was given up");
    assert_eq!((answers(&federation, 1), file.answer.operators.counted), (0, 5));
    federation.audit(&[question]).unwrap();
}

#[test]
fn only_the_coordinator_that_the_query_names_leads_its_committee() {
    let (mut federation, question) = without_a_batch_for(LINDEN);
    let batch = federation.batch_of(&question, LINDEN);
    for other in [RIDGE, MILL] {
        let from = federation.nodes[other].key();
        let refused = refusal(federation.tell(LINDEN, from, batch.clone().message(&question)));
        assert_eq!(refused.code, "out-of-place");
    }
    let elsewhere = federation.compose(QUESTION, RHO);
    let hub = federation.nodes[HARBOUR].key();
    assert_eq!(refusal(federation.tell(LINDEN, hub, batch.message(&elsewhere))).code, "out-of-place");
}
