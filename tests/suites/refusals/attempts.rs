//! A coordinator that runs two attempts side by side, and a researcher who asks through two hubs.

use sumac_federation::cast::{HARBOUR, LINDEN, MILL, QUAY, RIDGE};
use sumac_federation::{Federation, federation};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::Policy;
use sumac_protocol::moment::Millis;
use sumac_protocol::round::message::{Announcement, Message};
use sumac_protocol::round::progress::Step;

use crate::{QUESTION, RHO, SEED, answers, asked, refusal, taped};

/// A federation in which two of five clinics are enough for an answer, so that two attempts could
/// both be answered, by different clinics.
fn two_are_enough() -> Federation {
    let floor = |policy: &mut Policy| (policy.clinics_min, policy.allow_exact) = (2, false);
    let mut federation = federation().seed(SEED).policy(floor).build();
    federation.wire.tape = Some(Vec::new());
    federation
}

#[test]
fn no_member_and_no_clinic_begins_an_attempt_beside_one_that_is_not_void() {
    let mut federation = two_are_enough();
    let (hub, quay) = (federation.nodes[HARBOUR].key(), federation.nodes[QUAY].key());
    let unheard = move |message: &Message| matches!(message, Message::Announce(_) | Message::AskVoid { .. });
    federation.lose(move |packet| {
        matches!(packet.message, Message::Batch { .. }) || packet.to == quay && unheard(&packet.message)
    });
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    let (query, study, voids) = (question.envelope.clone(), question.study.clone(), Vec::new());
    let call = Announcement {
        query: query.clone(),
        study: study.clone(),
        attempt: 2,
        commitments: Vec::new(),
        voids: voids.clone(),
        closes: federation.now + Millis(5_000),
    };
    let begin = |attempt| Message::Begin { query: query.clone(), study: study.clone(), attempt, voids: voids.clone() };
    for (who, message, why) in [
        (LINDEN, begin(2), "a member of both committees"),
        (MILL, begin(2), "a member of the second and third only"),
        (MILL, begin(3), "neither of the first two is void"),
        (QUAY, Message::Announce(Box::new(call)), "a clinic that was not asked in the first"),
    ] {
        let refused = refusal(federation.tell(who, hub, message));
        assert!(refused.says.contains("0 void notes, where the committee has 3 members"), "{why}: {}", refused.says);
    }
    assert_eq!((answers(&federation, 2), answers(&federation, 3)), (0, 0));
}

#[test]
fn where_two_attempts_could_both_be_answered_a_silent_member_is_waited_for() {
    let mut federation = two_are_enough();
    federation.crash(RIDGE);
    let waiting = federation.compose(QUESTION, RHO);
    federation.submit(&waiting);
    federation.advance(Millis(10_000));
    let ridge = federation.nodes[RIDGE].key();
    let progress = federation.follow(&waiting).unwrap();
    assert_eq!((progress.attempt, progress.step, progress.awaited), (1, Step::Voiding, vec![ridge]));
    federation.restart(RIDGE);
    federation.wait(&waiting).released();
    assert_eq!(federation.follow(&waiting).unwrap().attempt, 2, "with Ridge's void note the next committee answers");
    federation.advance(Millis(6_000));
    federation.audit(&[waiting]).unwrap();
}

#[test]
fn a_question_of_an_analysis_plan_is_answered_once_whichever_hub_it_is_put_to() {
    let mut federation = federation().seed(SEED).exact(&[QUESTION]).test_data().build();
    let first = federation.compose_with(QUESTION, RhoMicro(0), |query| query, None, HARBOUR);
    federation.submit(&first);
    federation.wait(&first).released();
    let again = federation.compose_with(QUESTION, RhoMicro(0), |query| query, None, RIDGE);
    federation.submit(&again);
    let refused = federation.wait(&again).refused();
    assert!(refused.says.contains("was asked 1 time(s), as often as the study allows"), "{}", refused.says);
}

#[test]
fn a_coordinator_that_is_a_lying_clinic_too_gets_no_second_attempt_where_only_it_would_be_in_both() {
    // Three of five: two sets of three share one clinic, which may be the coordinator's own.
    let floor = |policy: &mut Policy| (policy.clinics_min, policy.allow_exact) = (3, false);
    let mut federation = federation().seed(SEED).policy(floor).build();
    federation.lose(|packet| matches!(packet.message, Message::Batch { .. }));
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    let (query, study, hub) = (question.envelope.clone(), question.study.clone(), federation.nodes[HARBOUR].key());
    let begin = Message::Begin { query, study, attempt: 2, voids: Vec::new() };
    assert_eq!(refusal(federation.tell(MILL, hub, begin)).code, "not-everybodys-word");
}

#[test]
fn a_member_that_begins_a_later_attempt_has_voided_its_earlier_one() {
    let mut federation = taped();
    federation.lose(|packet| matches!(packet.message, Message::Batch { .. }));
    let question = asked(&mut federation);
    let (query, study, hub) = (question.envelope.clone(), question.study.clone(), federation.nodes[HARBOUR].key());
    let begin = Message::Begin { query, study, attempt: 2, voids: Vec::new() };
    // Four of five must be in an answer, so nobody needs to have seen void notes; Linden sits twice.
    federation.tell(LINDEN, hub, begin);
    let linden = federation.nodes[LINDEN].key();
    let voided =
        |packet: &sumac_federation::wire::Packet| packet.from == linden && matches!(packet.message, Message::Void(_));
    assert!(federation.tape().iter().any(voided));
}

#[test]
fn a_commitment_to_a_key_that_everybody_knows_is_refused_before_any_clinic_is_asked() {
    use sumac_protocol::document::commitment::Commitment;
    use sumac_protocol::envelope::Envelope;
    use sumac_protocol::sealed::SealingKey;
    let mut federation = taped();
    let (linden, signer) = (federation.nodes[LINDEN].key(), sumac_federation::cast::signer(SEED, "Linden"));
    federation.wire.meddler = Some(Box::new(move |mut packet| {
        if let Message::Commitment(envelope) = &mut packet.message
            && packet.from == linden
        {
            let mut weak = Commitment::clone(&envelope.claim::<Commitment>().unwrap().verify(&linden).unwrap());
            weak.share_key = SealingKey::from_bytes(&[0; 32]).unwrap();
            *envelope = Envelope::sign(&weak, &signer).unwrap();
        }
        vec![packet]
    }));
    let question = asked(&mut federation);
    let notes = federation.nodes[HARBOUR].notes.join("\n");
    assert!(notes.contains("names a key that nothing can be sealed to"), "{notes}");
    assert!(federation.nodes.iter().all(|node| node.books.charge(question.id()).is_none()), "nobody was charged");
}
