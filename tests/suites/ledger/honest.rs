//! A clinic that keeps its word.

use std::collections::BTreeSet;

use sumac_node::clinic::UNCHARGED_MAX;
use sumac_node::clock::Clock;
use sumac_node::store::Row;
use sumac_protocol::digest::Digest;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::admit_head;
use sumac_protocol::moment::{Millis, Moment};
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
    commitments.insert(history.selects_nobody());
    assert_eq!(commitments.len(), 4, "no two uploads commit alike, even to the same ledger");
    for commitment in commitments {
        let opening = history.clinic.opening(&commitment).unwrap().unwrap();
        assert_eq!(opening.check(&harbour, &commitment).unwrap().size, 1);
    }
    assert_eq!(history.clinic.opening(&Digest([7; 32])).unwrap(), None);
}

#[test]
fn an_upload_that_nobody_was_selected_for_is_opened_after_a_restart_too_and_the_newest_few_are_kept() {
    let history = History::new(&coast());
    let harbour = history.key();
    history.hears(&[said(&harbour, "Pia", Yes, None)]);
    let some: Vec<Digest> = (0..UNCHARGED_MAX).map(|_| history.selects_nobody()).collect();
    let history = history.restarted(Clock::default());
    let opened = |history: &History, commitment: &Digest| {
        let opening = history.clinic.opening(commitment).unwrap()?;
        Some(opening.check(&harbour, commitment).unwrap().size)
    };
    for commitment in &some {
        assert_eq!(opened(&history, commitment), Some(1));
    }
    history.hears(&[said(&harbour, "Quinn", Yes, None)]);
    let more = [history.selects_nobody(), history.selects_nobody()];
    let bounded = |history: &History| {
        assert_eq!(more.map(|commitment| opened(history, &commitment)), [Some(2), Some(2)]);
        assert_eq!(opened(history, &some[0]), None, "the oldest went for the newest");
        assert_eq!(opened(history, &some[1]), None);
        assert_eq!(opened(history, &some[2]), Some(1), "and no other");
        assert_eq!(history.clinic.opening(&Digest([7; 32])).unwrap(), None);
    };
    bounded(&history);
    bounded(&history.restarted(Clock::default()));
}

/// Every way to have a head signed, by its name.
type Way<'w> = (&'static str, &'w dyn Fn(&History) -> Moment);

#[test]
fn no_head_is_signed_earlier_than_one_before_though_the_clock_was_set_back_and_the_node_died() {
    let mut coast = coast();
    let question = coast.compose(QUESTION, RHO);
    let order = Order { inquiry: coast.inquiry(&question), attempt: 1 };
    let at = |history: &History, head: &Envelope| admit_head(head, &history.key()).unwrap().made_at;
    let behind = |history: &History, commitment: Digest| {
        at(history, &history.clinic.opening(&commitment).unwrap().unwrap().head)
    };
    let ways: [Way<'_>; 6] = [
        ("asked for", &|history| history.head().made_at),
        ("of a receipt", &|history| {
            let receipts = history.clinic.receipts_of(&key_of("Pia").principal()).unwrap();
            at(history, &receipts[0].head)
        }),
        ("of a growth", &|history| {
            let old = admit_head(&history.clinic.head_at(1).unwrap(), &history.key()).unwrap();
            at(history, &history.clinic.growth(&old).unwrap().head)
        }),
        ("of an older size", &|history| at(history, &history.clinic.head_at(0).unwrap())),
        ("of a selection", &|history| behind(history, history.selects(&order))),
        ("of an upload for nobody", &|history| behind(history, history.selects_nobody())),
    ];
    for (before, signed_before) in ways {
        let tomorrow = Clock::default().now() + Millis::DAY;
        let history = History::by(&coast, Clock::not_before(tomorrow));
        history.clinic.take_statement(&said(&history.key(), "Pia", Yes, None)).unwrap();
        let mut newest = signed_before(&history);
        assert!(newest >= tomorrow, "{before}");
        let history = history.restarted(Clock::default());
        for (after, signed_after) in ways {
            let later = signed_after(&history);
            assert!(newest < later, "{after} after {before}: {later} is not later than {newest}");
            newest = later;
        }
        assert!(newest < tomorrow + Millis::seconds(60), "and they do not run away: {newest}");
    }
}

#[test]
fn an_honest_clinic_whose_clock_was_set_back_is_not_accused_of_having_selected_without_a_statement() {
    let mut coast = coast();
    let tomorrow = Clock::default().now() + Millis::DAY;
    let history = History::by(&coast, Clock::not_before(tomorrow));
    let harbour = history.key();
    let pia = said(&harbour, "Pia", Yes, None);
    history.clinic.take_statement(&pia).unwrap();
    let seen = asked(&mut coast, &history);
    let history = history.restarted(Clock::default());
    let receipt = history.clinic.take_statement(&said(&harbour, "Pia", No, Some(&pia))).unwrap();
    assert_eq!(audited(&coast, &history.clinic, &receipt, &seen).map(|head| head.size), Ok(1));
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
