//! A clinic that lies: it drops, reorders or rewrites a statement, or shows two histories. Receipt, two members' words,
//! opening and growth catch each of them, with a code that says how.

use sumac_federation::cast::{HARBOUR, RIDGE};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::{LedgerError, Opening, Receipt, TwoTrees, commitment};

use super::harbour::Word::{No, Yes};
use super::harbour::{History, QUESTION, RHO, asked, audited, coast, said};

/// Pia said yes and no, and Quinn yes between.
fn pias(history: &History) -> [Envelope; 3] {
    let harbour = history.key();
    let pia = said(&harbour, "Pia", Yes, None);
    let no = said(&harbour, "Pia", No, Some(&pia));
    [pia, said(&harbour, "Quinn", Yes, None), no]
}

#[test]
fn whatever_a_clinic_does_to_a_ledger_that_it_acknowledged_is_caught_by_its_own_signatures() {
    type Lie = fn(&History, [Envelope; 3]) -> Vec<Envelope>;
    let more = |history: &History| said(&history.key(), "Sara", Yes, None);
    let cases: [(&str, Lie, &str); 7] = [
        ("drops the withdrawal", |_, [yes, other, _]| vec![yes, other], "ledger-shrunk"),
        ("drops everything", |_, _| Vec::new(), "ledger-shrunk"),
        (
            "drops the withdrawal, and has another in its place",
            |history, [yes, other, _]| vec![yes, other, said(&history.key(), "Ravi", Yes, None)],
            "ledger-two-roots",
        ),
        ("lets the withdrawal come first", |_, [yes, other, no]| vec![yes, no, other], "ledger-two-roots"),
        ("takes in the same anew", |_, all| all.to_vec(), "ledger-two-roots"),
        (
            "drops the withdrawal, and goes on",
            |history, [yes, other, _]| {
                let harbour = history.key();
                let more = ["Ravi", "Sara"].map(|patient| said(&harbour, patient, Yes, None));
                [vec![yes, other], more.to_vec()].concat()
            },
            "ledger-rewritten",
        ),
        (
            "writes another withdrawal over it, and goes on",
            |history, [yes, other, _]| {
                let instead = said(&history.key(), "Quinn", No, Some(&other));
                vec![yes, other, instead, said(&history.key(), "Sara", Yes, None)]
            },
            "ledger-rewritten",
        ),
    ];
    for (why, lie, code) in cases {
        let mut coast = coast();
        let shown = History::new(&coast);
        let said = pias(&shown);
        let receipt = shown.hears(&said);
        assert_eq!((receipt.position, receipt.statement), (2, said[2].digest()));
        let hidden = History::new(&coast);
        let told = lie(&hidden, said);
        if !told.is_empty() {
            hidden.hears(&told);
        }
        let seen = asked(&mut coast, &hidden);
        let caught = audited(&coast, &hidden.clinic, &receipt, &seen).unwrap_err();
        assert_eq!(caught.code(), code, "{why}: {caught}");
        assert!(!caught.remedy().is_empty());
        // Where the history goes on, the patient asks for the head at the receipt's size: two roots, signed.
        if hidden.head().size >= 3 {
            let evidence = TwoTrees { first: receipt.head.clone(), second: hidden.clinic.head_at(3).unwrap() };
            assert_eq!(evidence.accused(), Ok(hidden.key()), "{why}");
        }
        let honest = more(&shown);
        shown.hears(&[honest]);
        let seen = asked(&mut coast, &shown);
        audited(&coast, &shown.clinic, &receipt, &seen).unwrap_or_else(|wrong| panic!("{why}: honest again: {wrong}"));
    }
}

#[test]
fn a_clinic_that_answers_patients_from_one_history_and_selects_under_another_cannot_open_its_commitment() {
    let mut coast = coast();
    let (shown, hidden) = (History::new(&coast), History::new(&coast));
    let said = pias(&shown);
    let receipt = shown.hears(&said);
    hidden.hears(&said[..2]);
    let seen = asked(&mut coast, &hidden);
    let caught = audited(&coast, &shown.clinic, &receipt, &seen).unwrap_err();
    assert_eq!(caught.code(), "ledger-other-commitment", "it made an opening up");
    let harbour = shown.key();
    let fresh = shown.clinic.tree_head().unwrap();
    let guessed = Opening { salt: vec![7; 32].into(), head: fresh.clone() };
    let own = commitment(&guessed.salt.0, &fresh.digest());
    assert_eq!(guessed.check(&harbour, &own).unwrap().size, 3, "an opening holds for its own commitment");
}

#[test]
fn a_receipt_for_what_was_never_taken_does_not_hold() {
    let coast = coast();
    let history = History::new(&coast);
    let [yes, other, no] = pias(&history);
    let right = history.hears(&[yes, other.clone()]);
    let harbour = history.key();
    let wrong = Receipt { statement: no.digest(), ..right.clone() };
    let refused = wrong.check(&harbour, &no.digest()).unwrap_err();
    assert_eq!(refused, LedgerError::NotIncluded { position: 1, size: 2 });
    assert_eq!(right.check(&harbour, &no.digest()).unwrap_err().code(), "ledger-other-statement");
    let ahead = Receipt { position: 2, ..wrong };
    assert_eq!(ahead.check(&harbour, &no.digest()).unwrap_err().code(), "ledger-past-the-end");
    right.check(&harbour, &other.digest()).unwrap();
}

#[test]
fn two_trees_shown_to_a_member_shut_the_clinic_out_of_every_query_from_then_on() {
    let mut coast = coast();
    let (shown, hidden) = (History::new(&coast), History::new(&coast));
    let said = pias(&shown);
    let receipt = shown.hears(&said);
    hidden.hears(&[said[0].clone(), said[2].clone(), said[1].clone()]);
    let seen = asked(&mut coast, &hidden);
    assert_eq!(audited(&coast, &hidden.clinic, &receipt, &seen).unwrap_err().code(), "ledger-two-roots");
    assert_eq!(coast.ask(QUESTION, RHO).released().answer.operators.counted, 5, "so far nobody knows");
    let evidence = TwoTrees { first: receipt.head.clone(), second: hidden.clinic.tree_head().unwrap() };
    let now = coast.now;
    coast.nodes[RIDGE].keep_evidence(now, &evidence).unwrap();
    for _ in 0..2 {
        assert_eq!(coast.ask(QUESTION, RHO).released().answer.operators.counted, 4, "Harbour is left out");
    }
    assert_eq!(coast.nodes[HARBOUR].accused(), [shown.key()], "it heard the evidence itself");
}
