use std::collections::BTreeMap;

use super::{ClockDoubt, RecoveryError, Seen, admit_recovery, clock_doubt};
use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::document::recovery::{Recovery, SeenQuery};
use crate::document::void::Void;
use crate::envelope::Envelope;
use crate::limits::{CLOCK_DOUBT, QUERIES_SEEN_MAX};
use crate::moment::{Millis, Moment};
use crate::octets::Octets;
use crate::principal::Signer;
use zeroize::Zeroizing;

const CHALLENGE: Digest = Digest([5; 32]);
const SINCE: u64 = 10;
const NOW: Moment = Moment(1_000_000_000);

fn ridge() -> Signer {
    Signer::from_seed(&Zeroizing::new([2; 32]))
}

fn mill() -> Signer {
    Signer::from_seed(&Zeroizing::new([4; 32]))
}

fn message(counter: u64, by: &Signer) -> Envelope {
    let void = Void { query: Digest([7; 32]), attempt: 1, counter, note: Octets(vec![3; 88]) };
    Envelope::sign(&void, by).unwrap()
}

fn query(counter: u64) -> SeenQuery {
    let (query, study) = (Digest([7; 32]), Digest([8; 32]));
    SeenQuery { counter, query, study, rho: RhoMicro(100), expires: NOW }
}

/// What Ridge says of Mill.
fn word() -> Recovery {
    Recovery {
        member: ridge().principal(),
        about: mill().principal(),
        challenge: CHALLENGE,
        since: SINCE,
        newest: Some(message(15, &mill())),
        queries: vec![query(11), query(15)],
        whole_above: 0,
        said_at: NOW,
    }
}

fn admitted(word: &Recovery, by: &Signer) -> Result<Seen, RecoveryError> {
    let said = Envelope::sign(word, by).unwrap();
    admit_recovery(&said, &ridge().principal(), &mill().principal(), (&CHALLENGE, SINCE))
}

#[test]
fn a_members_word_tells_the_newest_message_and_the_queries_since() {
    let seen = admitted(&word(), &ridge()).unwrap();
    assert_eq!(seen.newest().map(|newest| (newest.counter, newest.note.0.len())), Some((15, 88)));
    assert_eq!((seen.queries().len(), seen.lacks_queries()), (2, false));
    let lacking = admitted(&Recovery { whole_above: 11, ..word() }, &ridge()).unwrap();
    assert!(lacking.lacks_queries(), "what was left out is after what the node knows");
    let nothing = Recovery { newest: None, queries: Vec::new(), ..word() };
    assert_eq!(admitted(&nothing, &ridge()).unwrap().newest(), None);
}

#[test]
fn a_word_that_is_forged_stale_of_another_or_cannot_be_is_refused() {
    let (ridge, mill, quay) = (ridge(), mill(), Signer::from_seed(&Zeroizing::new([6; 32])));
    let many = (0..=QUERIES_SEEN_MAX).map(|n| query(u64::try_from(n).unwrap() + 11)).collect();
    let high = message(9_000, &mill);
    let cases = [
        ("signed by the node itself", word(), &mill, "not-signed-by"),
        ("signed by a third", word(), &quay, "not-signed-by"),
        ("in a third's name", Recovery { member: quay.principal(), ..word() }, &ridge, "recovery-other-member"),
        ("about a third", Recovery { about: quay.principal(), ..word() }, &ridge, "recovery-other-node"),
        ("to another challenge", Recovery { challenge: Digest([6; 32]), ..word() }, &ridge, "recovery-other-challenge"),
        ("since another number", Recovery { since: 9, ..word() }, &ridge, "recovery-other-challenge"),
        ("a message of another", Recovery { newest: Some(message(15, &quay)), ..word() }, &ridge, "not-signed-by"),
        ("no message at all", Recovery { newest: None, ..word() }, &ridge, "recovery-out-of-order"),
        ("a query before", Recovery { queries: vec![query(10)], ..word() }, &ridge, "recovery-out-of-order"),
        ("a query twice", Recovery { queries: vec![query(11), query(11)], ..word() }, &ridge, "recovery-out-of-order"),
        ("a query after the newest", Recovery { queries: vec![query(16)], ..word() }, &ridge, "recovery-out-of-order"),
        ("left out after the newest", Recovery { whole_above: 16, ..word() }, &ridge, "recovery-out-of-order"),
        ("too many", Recovery { newest: Some(high), queries: many, ..word() }, &ridge, "recovery-too-many"),
    ];
    for (why, word, by, code) in cases {
        assert_eq!(admitted(&word, by).map_err(|refused| refused.code()).err(), Some(code), "{why}");
    }
}

#[test]
fn a_clock_is_doubted_only_where_all_who_answered_differ_on_the_same_side() {
    let said = |off: i64| {
        let said_at = Moment(NOW.0.saturating_add_signed(off));
        admitted(&Recovery { said_at, ..word() }, &ridge()).unwrap()
    };
    let limit = i64::try_from(CLOCK_DOUBT.0).unwrap();
    let cases = [
        ("the same time", vec![0, 5], None),
        ("at the limit", vec![limit, limit + 9], None),
        ("all later", vec![limit + 1, limit + 9], Some(ClockDoubt::Slow(Millis(CLOCK_DOUBT.0 + 1)))),
        ("all earlier", vec![-limit - 9, -limit - 2], Some(ClockDoubt::Fast(Millis(CLOCK_DOUBT.0 + 2)))),
        ("one on each side", vec![limit + 1, -limit - 1], None),
        ("one agrees", vec![limit + 1, 0], None),
        ("nobody answered", vec![], None),
    ];
    for (why, offs, want) in cases {
        let answers: BTreeMap<usize, Seen> = offs.into_iter().map(said).enumerate().collect();
        assert_eq!(clock_doubt(answers.values().map(|seen| (seen, NOW))), want, "{why}");
    }
}
