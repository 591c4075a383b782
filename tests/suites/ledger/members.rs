//! What committee members keep of clinics' ledgers.

use sumac_federation::cast::{HARBOUR, LINDEN, MILL, QUAY, RIDGE};
use sumac_federation::{Federation, federation};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::manifest::{Manifest, Verdict};
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{TwoTrees, admit_last_seen};
use sumac_protocol::moment::Moment;
use sumac_protocol::round::message::Message;

use super::harbour::{QUESTION, RHO};

/// The uploads that went over the wire, by clinic and in order.
fn uploads(federation: &Federation, clinic: usize) -> Vec<Verified<Upload>> {
    let key = federation.nodes[clinic].key();
    let sent = federation.tape().iter().filter_map(|packet| {
        let Message::Upload(parts) = &packet.message else { return None };
        parts.upload.claim::<Upload>().unwrap().verify(&key).ok()
    });
    sent.collect()
}

/// Two heads of one size with different roots.
fn two_trees(federation: &Federation, clinic: usize) -> TwoTrees {
    let signer = &federation.nodes[clinic].signer;
    let head = |root: u8| {
        let head = TreeHead { clinic: signer.principal(), size: 9, root: Digest([root; 32]), made_at: Moment(1) };
        Envelope::sign(&head, signer).unwrap()
    };
    TwoTrees { first: head(1), second: head(2) }
}

#[test]
fn members_say_what_they_saw_last_of_every_clinic_also_after_a_crash_and_others_say_nothing() {
    let mut federation = federation().build();
    federation.wire.tape = Some(Vec::new());
    let quay = federation.nodes[QUAY].key();
    assert_eq!(federation.nodes[RIDGE].last_seen(&quay), None, "nothing was asked yet");
    let mut before = 0;
    for round in 1..=2 {
        federation.ask(QUESTION, RHO).released();
        let newest = uploads(&federation, QUAY).pop().unwrap();
        for member in [HARBOUR, RIDGE, LINDEN] {
            federation.crash(member);
            federation.restart(member);
            let said = federation.nodes[member].last_seen(&quay).unwrap();
            let said = admit_last_seen(&said, &federation.nodes[member].key(), &quay).unwrap();
            assert_eq!((said.query, said.attempt), (newest.query, newest.attempt), "round {round}");
            assert_eq!((said.counter, said.ledger), (newest.counter, newest.ledger), "round {round}");
            assert!(said.counter > before);
        }
        before = newest.counter;
        assert_eq!(federation.nodes[MILL].last_seen(&quay), None, "it sat on no committee");
    }
}

#[test]
fn evidence_that_one_member_has_refuses_the_clinic_for_all_in_the_signed_manifest() {
    let mut federation = federation().build();
    federation.wire.tape = Some(Vec::new());
    let (quay, evidence) = (federation.nodes[QUAY].key(), two_trees(&federation, QUAY));
    let now = federation.now;
    federation.nodes[LINDEN].keep_evidence(now, &evidence).unwrap();
    federation.crash(LINDEN);
    federation.restart(LINDEN);
    assert_eq!(federation.nodes[LINDEN].accused(), [quay], "kept for good");
    assert_eq!(federation.nodes[HARBOUR].accused(), []);
    let file = federation.ask(QUESTION, RHO).released();
    assert_eq!((file.answer.operators.asked, file.answer.operators.counted), (5, 4));
    let signed = federation.tape().iter().filter_map(|packet| {
        let Message::Manifest(manifest) = &packet.message else { return None };
        Some(manifest.claim::<Manifest>().unwrap())
    });
    let members = [HARBOUR, RIDGE, LINDEN].map(|at| federation.nodes[at].key()).into();
    let manifests: Vec<_> = signed.map(|manifest| manifest.verify_any(&members).unwrap()).collect();
    assert!(manifests.len() >= 3);
    for manifest in manifests {
        for one in &manifest.verdicts {
            let want = if one.clinic == quay { Verdict::TwoTrees } else { Verdict::Accepted };
            assert_eq!(one.verdict, want);
        }
    }
    for member in [HARBOUR, RIDGE] {
        assert_eq!(federation.nodes[member].accused(), [quay], "the others took the evidence over");
        federation.crash(member);
        federation.restart(member);
        assert_eq!(federation.nodes[member].accused(), [quay], "and keep it");
        let told = federation.nodes[member].notes.iter().filter(|note| note.contains("two different consent ledgers"));
        assert_eq!(told.count(), 1, "and said so once, aloud");
    }
    assert_eq!(federation.ask(QUESTION, RHO).released().answer.operators.counted, 4);
}

#[test]
fn what_is_no_evidence_is_refused_and_changes_nothing() {
    let mut federation = federation().build();
    let right = two_trees(&federation, QUAY);
    let mills = two_trees(&federation, MILL);
    let now = federation.now;
    for (why, wrong, code) in [
        ("the same twice", TwoTrees { second: right.first.clone(), ..right.clone() }, "ledger-no-contradiction"),
        ("of two clinics", TwoTrees { second: mills.second, ..right.clone() }, "ledger-bad-document"),
    ] {
        let refused = federation.nodes[RIDGE].keep_evidence(now, &wrong).unwrap_err();
        assert_eq!(refused.code(), code, "{why}");
    }
    assert_eq!(federation.nodes[RIDGE].accused(), []);
    assert_eq!(federation.ask(QUESTION, RHO).released().answer.operators.counted, 5);
    federation.nodes[RIDGE].keep_evidence(now, &right).unwrap();
    federation.nodes[RIDGE].keep_evidence(now, &right).unwrap();
    assert_eq!(federation.nodes[RIDGE].accused().len(), 1, "the same again changes nothing");
}
