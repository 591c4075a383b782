//! A clinic that keeps its word.

use std::collections::BTreeSet;

use sumac_node::store::Row;
use sumac_protocol::digest::Digest;
use sumac_protocol::ledger::admit_head;
use sumac_protocol::round::Order;

use super::harbour::Word::{No, Yes};
use super::harbour::{History, QUESTION, RHO, asked, audited, coast, key_of, said};

#[test]
fn whatever_is_taken_is_acknowledged_with_a_receipt_that_holds_for_good() {
    let history = History::new(&coast());
    let harbour = history.key();
    let pia = said(&harbour, "Pia", Yes, None);
    let first = history.hears(std::slice::from_ref(&pia));
    assert_eq!((first.position, first.statement), (0, pia.digest()));
    let head = first.check(&harbour, &pia.digest()).unwrap();
    assert_eq!(head.size, 1);
    let others = ["Quinn", "Ravi", "Sara"].map(|patient| said(&harbour, patient, Yes, None));
    history.hears(&others);
    let no = said(&harbour, "Pia", No, Some(&pia));
    let second = history.hears(std::slice::from_ref(&no));
    assert_eq!(second.check(&harbour, &no.digest()).unwrap().size, 5);
    assert_ne!(first.salt, second.salt, "every leaf has a salt of its own");
    assert!(first.check(&harbour, &no.digest()).is_err() && second.check(&harbour, &pia.digest()).is_err());
    let grown = history.clinic.growth(&head).unwrap();
    assert_eq!(grown.check(&harbour, &head).unwrap().size, 5, "the first receipt's tree is the beginning of today's");
    let again = history.clinic.take_statement(&no).unwrap();
    assert_eq!((again.position, &again.salt), (second.position, &second.salt), "said again, it has the place it had");
    let receipts = history.clinic.receipts_of(&key_of("Pia").principal()).unwrap();
    let places: Vec<(u64, Digest)> = receipts.iter().map(|receipt| (receipt.position, receipt.statement)).collect();
    assert_eq!(places, [(0, pia.digest()), (4, no.digest())]);
    for receipt in &receipts {
        assert_eq!(receipt.check(&harbour, &receipt.statement).unwrap().size, 5);
    }
    assert_eq!(history.clinic.receipt(Row(0), 1).unwrap_err().code(), "no-such-statement", "that is Quinn's");
    assert_eq!(history.clinic.head_at(6).unwrap_err().code(), "ledger-too-short");
    let then = admit_head(&history.clinic.head_at(1).unwrap(), &harbour).unwrap();
    assert_eq!(then.root, head.root, "the head of long ago is what it was");
}

#[test]
fn an_erasure_leaves_every_root_and_everybody_elses_proofs_as_they_were() {
    let history = History::new(&coast());
    let harbour = history.key();
    let everybody = ["Pia", "Quinn", "Ravi", "Sara"].map(|patient| said(&harbour, patient, Yes, None));
    let receipt = history.hears(&everybody);
    let before = history.head();
    let roots: Vec<Digest> = (0..=4).map(|size| history.clinic.store().ledger_root(size).unwrap().unwrap()).collect();
    history.clinic.erase("Quinn").unwrap();
    let after = history.head();
    assert_eq!((after.size, after.root), (before.size, before.root));
    let now: Vec<Digest> = (0..=4).map(|size| history.clinic.store().ledger_root(size).unwrap().unwrap()).collect();
    assert_eq!(now, roots);
    receipt.check(&harbour, &everybody[3].digest()).unwrap();
    for patient in ["Pia", "Ravi", "Sara"] {
        let receipts = history.clinic.receipts_of(&key_of(patient).principal()).unwrap();
        receipts.iter().for_each(|receipt| drop(receipt.check(&harbour, &receipt.statement).unwrap()));
    }
    history.clinic.growth(&before).unwrap().check(&harbour, &before).unwrap();
}

#[test]
fn two_members_word_an_opening_and_a_growth_show_that_a_selection_knew_a_withdrawal() {
    let mut coast = coast();
    let history = History::new(&coast);
    let harbour = history.key();
    let pia = said(&harbour, "Pia", Yes, None);
    let yes = history.hears(std::slice::from_ref(&pia));
    let early = asked(&mut coast, &history);
    assert_eq!(audited(&coast, &history.clinic, &yes, &early).unwrap().size, 1);
    let no = history.hears(&[said(&harbour, "Pia", No, Some(&pia))]);
    assert_eq!(
        audited(&coast, &history.clinic, &no, &early).unwrap().size,
        1,
        "who was selected before the withdrawal was selected in good faith"
    );
    history.hears(&[said(&harbour, "Quinn", Yes, None)]);
    let late = asked(&mut coast, &history);
    for receipt in [&yes, &no] {
        assert_eq!(audited(&coast, &history.clinic, receipt, &late).unwrap().size, 3);
    }
}

#[test]
fn every_commitment_has_its_opening_also_of_selections_that_were_made_again() {
    let mut coast = coast();
    let history = History::new(&coast);
    let harbour = history.key();
    history.hears(&[said(&harbour, "Pia", Yes, None)]);
    let question = coast.compose(QUESTION, RHO);
    let order = |attempt| Order { inquiry: coast.inquiry(&question), attempt };
    let mut commitments: BTreeSet<Digest> = (1..=3).map(|attempt| history.selects(&order(attempt))).collect();
    commitments.insert(history.clinic.commitment_without_cohort().unwrap());
    assert_eq!(commitments.len(), 4, "no two uploads commit alike, even to the same ledger");
    for commitment in commitments {
        let opening = history.clinic.opening(&commitment).unwrap().unwrap();
        assert_eq!(opening.check(&harbour, &commitment).unwrap().size, 1);
    }
    assert_eq!(history.clinic.opening(&Digest([7; 32])).unwrap(), None);
}

#[test]
fn a_patient_whose_statement_is_not_what_the_ledger_has_allows_nothing_and_holds_up_nobody() {
    use sumac_node::clinic::Filed;
    use sumac_node::store::Entry;
    use sumac_protocol::round::message::encode;
    let mut coast = coast();
    let history = History::new(&coast);
    let harbour = history.key();
    let trial = coast.patients[0].participant.record.clone();
    let records = ["Pia", "Quinn"].map(|patient| (patient.to_owned(), trial.clone()));
    history.clinic.keep_records(&records.into()).unwrap();
    history.hears(&[said(&harbour, "Quinn", Yes, None)]);
    let question = coast.compose(QUESTION, RHO);
    let order = Order { inquiry: coast.inquiry(&question), attempt: 1 };
    // A grant that is stored under a leaf which is that of something else: no receipt of it can hold.
    let filed = Filed::fresh(said(&harbour, "Pia", Yes, None)).unwrap();
    let another = Filed::fresh(filed.statement.clone()).unwrap();
    assert_ne!(filed.leaf(), another.leaf());
    let forged = Entry::Statement { pseudonym: "Pia".into(), body: encode(&filed), leaf: another.leaf().0 };
    history.clinic.store().append(vec![forged]).unwrap();
    history.selects(&order);
    let charge = history.clinic.charges().unwrap().pop().unwrap();
    assert_eq!(charge.rows, [1], "Quinn alone");
    let refused = history.clinic.receipts_of(&key_of("Pia").principal()).unwrap_err();
    assert_eq!(refused.code(), "ledger-broken-tree");
    // The same with its own leaf takes part: it was the leaf, and nothing else.
    let mended = said(&harbour, "Pia", No, None);
    history.clinic.take_statement(&mended).unwrap();
}
