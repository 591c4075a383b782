//! A committee member that signs something else than the others, and a clinic that seals nonsense.

use std::cell::RefCell;
use std::rc::Rc;

use sumac_federation::Federation;
use sumac_federation::cast::{HARBOUR, LINDEN, QUAY, RIDGE, signer};
use sumac_federation::forger::{Body, is_relay};
use sumac_federation::researcher::Question;
use sumac_federation::wire::Packet;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::count_opening::CountOpening;
use sumac_protocol::document::manifest::{Manifest, Verdict};
use sumac_protocol::document::upload::Upload;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Millis;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::Outcome;
use sumac_protocol::round::message::{Message, UploadParts};
use sumac_protocol::round::progress::Step;

use crate::{SEED, answers, asked, refusal, taped};

/// Linden's manifest with one verdict turned round.
fn turned(envelope: &Envelope) -> Envelope {
    let linden = signer(SEED, "Linden");
    let honest = envelope.claim::<Manifest>().unwrap().verify(&linden.principal()).unwrap();
    let mut other = Manifest::clone(&honest);
    other.verdicts[0].verdict = Verdict::ProofFailed;
    Envelope::sign(&other, &linden).unwrap()
}

#[test]
fn a_manifest_that_differs_voids_the_attempt_and_the_next_committee_answers() {
    let mut federation = taped();
    let linden = federation.nodes[LINDEN].key();
    federation.wire.meddler = Some(Box::new(move |mut packet| {
        if let Message::Manifest(envelope) = &mut packet.message
            && packet.from == linden
        {
            *envelope = turned(envelope);
        }
        vec![packet]
    }));
    let question = asked(&mut federation);
    let file = federation.wait(&question).released();
    assert_eq!(federation.follow(&question).unwrap().attempt, 3, "Linden sits on the first two committees");
    assert_eq!((answers(&federation, 1), answers(&federation, 2)), (0, 0));
    assert_eq!(file.answer.operators.counted, 5);
    federation.advance(Millis(6_000));
    federation.audit(&[question]).unwrap();
}

#[test]
fn a_member_draws_on_its_share_only_after_all_signed_its_own_manifest() {
    let mut federation = taped();
    let ridge = federation.nodes[RIDGE].key();
    federation.lose(move |packet| packet.to == ridge && matches!(packet.message, Message::Manifests { .. }));
    let question = asked(&mut federation);
    let (query, hub) = (question.id(), federation.nodes[HARBOUR].key());
    let told = |packet: &Packet| {
        let Message::Manifests { manifests, .. } = &packet.message else { return None };
        (packet.to == ridge).then(|| manifests.clone())
    };
    let manifests = federation.tape().iter().find_map(told).unwrap();
    let lists = [
        ("one turned round", [&manifests[..2], &[turned(&manifests[2])]].concat(), "signed a different manifest"),
        ("one missing", manifests[..2].to_vec(), "2 manifests, where the committee has 3 members"),
        ("one twice", [&manifests[..2], &manifests[1..2]].concat(), "not signed by"),
    ];
    for (why, manifests, says) in lists {
        let message = Message::Manifests { query, attempt: 1, manifests };
        let refused = refusal(federation.tell(RIDGE, hub, message));
        assert!(refused.says.contains(says), "{why}: {}", refused.says);
    }
    assert_eq!(answers(&federation, 1), 0, "without Ridge's noise nothing is released");
}

/// A round that stands still just before Linden's message of this number reaches Ridge, which never
/// comes: what Ridge hears instead is up to the test.
fn before_ridge_hears(number: u8) -> (Federation, Question) {
    let mut federation = taped();
    let (linden, ridge) = (federation.nodes[LINDEN].key(), federation.nodes[RIDGE].key());
    federation.lose(move |packet| packet.to == ridge && is_relay(packet, linden, ridge, number));
    let question = asked(&mut federation);
    (federation, question)
}

#[test]
fn a_part_of_the_key_that_was_not_committed_to_ends_the_attempt() {
    let (mut federation, question) = before_ridge_hears(1);
    let forged = federation.forge(&question, 1, [LINDEN, RIDGE], &Body::Reveal(Octets(vec![7; 32])));
    let hub = federation.nodes[HARBOUR].key();
    let refused = refusal(federation.tell(RIDGE, hub, forged));
    assert_eq!(refused.code, "wrong-reveal");
    assert!(refused.says.contains("revealed something other than it committed to"), "{}", refused.says);
    let file = federation.wait(&question).released();
    assert_eq!((federation.follow(&question).unwrap().attempt, file.answer.operators.counted), (2, 5));
    assert_eq!(answers(&federation, 1), 0);
    federation.advance(Millis(6_000));
    federation.audit(&[question]).unwrap();
}

#[test]
fn counts_opened_differently_stop_a_member_for_good_and_are_never_void() {
    let (mut federation, question) = before_ridge_hears(4);
    let counts = CountOpening {
        query: question.id(),
        attempt: 1,
        batch: Digest([0; 32]),
        counts: vec![1; 6],
        all: Digest([0; 32]),
    };
    let envelope = Envelope::sign(&counts, &federation.nodes[LINDEN].signer).unwrap();
    let forged = federation.forge(&question, 1, [LINDEN, RIDGE], &Body::Opening(Box::new(envelope)));
    let hub = federation.nodes[HARBOUR].key();
    let refused = refusal(federation.tell(RIDGE, hub, forged));
    assert_eq!(refused.code, "differs");
    assert!(refused.says.contains("signed a different opening of the counts"), "{}", refused.says);
    let ridge = federation.nodes[RIDGE].key();
    federation.tell(RIDGE, hub, question.ask_void(1));
    federation.advance(Millis(10_000));
    let progress = federation.follow(&question).unwrap();
    assert_eq!((progress.step, progress.awaited), (Step::Opening, vec![ridge]));
    assert_eq!(federation.wait(&question).refused().code, "expired");
    let said = |packet: &Packet| {
        matches!(packet.message, Message::Void(_))
            || packet.from == ridge && matches!(packet.message, Message::Answer { .. })
    };
    assert!(!federation.tape().iter().any(said), "neither a share nor a void note of Ridge's");
    federation.audit(&[question]).unwrap();
}

type Spoil = fn(&mut UploadParts);

/// A round in which Quay uploads what `spoil` makes of its honest upload, signed by its own key.
fn with_quays_upload(spoil: Spoil) -> (Federation, Question) {
    let mut federation = taped();
    let quay = federation.nodes[QUAY].key();
    let once: Rc<RefCell<Option<UploadParts>>> = Rc::default();
    federation.wire.meddler = Some(Box::new(move |mut packet| {
        if let Message::Upload(parts) = &mut packet.message
            && packet.from == quay
        {
            let mut spoilt = once.borrow_mut();
            **parts = spoilt.get_or_insert_with(|| respelled(parts, spoil)).clone();
        }
        vec![packet]
    }));
    let question = asked(&mut federation);
    (federation, question)
}

fn respelled(parts: &UploadParts, spoil: Spoil) -> UploadParts {
    let mut parts = parts.clone();
    spoil(&mut parts);
    let quay = signer(SEED, "Quay");
    let mut upload = Upload::clone(&parts.upload.claim::<Upload>().unwrap().verify(&quay.principal()).unwrap());
    upload.sealed_shares = parts.sealed_shares.iter().map(|s| Digest::of(Label::SealedShare, &[&s.0])).collect();
    upload.public_share = Digest::of(Label::PublicShare, &[&parts.public_share.0]);
    parts.upload = Envelope::sign(&upload, &quay).unwrap();
    parts
}

#[test]
fn a_clinic_whose_shares_cannot_be_opened_or_proved_is_left_out_and_pays_nothing() {
    let cases: [(&str, Spoil); 3] = [
        ("of another size", |parts| parts.sealed_shares[1].0.push(0)),
        ("a flipped bit", |parts| parts.sealed_shares[1].0[40] ^= 1),
        ("another public share", |parts| parts.public_share.0[40] ^= 1),
    ];
    for (why, spoil) in cases {
        let (mut federation, question) = with_quays_upload(spoil);
        let file = federation.wait(&question).released();
        assert_eq!((file.answer.operators.asked, file.answer.operators.counted), (5, 4), "{why}");
        federation.advance(Millis(6_000));
        let charge = federation.nodes[QUAY].books.charge(question.id()).unwrap();
        assert_eq!(charge.ended, Some(Outcome::NotCounted), "{why}");
        federation.audit(&[question]).unwrap_or_else(|broken| panic!("{why}: {broken}"));
    }
}

#[test]
fn an_upload_of_another_size_than_its_plan_gives_it_never_gets_into_a_batch() {
    let cases: [(&str, Spoil); 4] = [
        ("a byte more", |parts| parts.sealed_shares[1].0.push(0)),
        ("a megabyte more", |parts| parts.sealed_shares[1].0.resize(1 << 20, 0)),
        ("no public share", |parts| parts.public_share = Octets(Vec::new())),
        ("a public share of a megabyte", |parts| parts.public_share.0.resize(1 << 20, 0)),
    ];
    for (why, spoil) in cases {
        let (federation, _) = with_quays_upload(spoil);
        let quay = federation.nodes[QUAY].key();
        let notes = federation.nodes[HARBOUR].notes.join("\n");
        assert!(notes.contains("not of this plan's size"), "{why}: {notes}");
        let taken = |packet: &Packet| {
            let Message::Batch { uploads, .. } = &packet.message else { return false };
            uploads.iter().any(|part| is_of(&part.upload, &quay))
        };
        assert!(!federation.tape().iter().any(taken), "{why}");
    }
}

/// Whether a clinic signed an upload.
fn is_of(upload: &Envelope, clinic: &Principal) -> bool {
    upload.claim::<Upload>().is_ok_and(|claimed| claimed.verify(clinic).is_ok())
}
