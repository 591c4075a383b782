//! A patient asks for everything to be destroyed.

use sumac_node::clinic::Filed;
use sumac_node::store::Row;
use sumac_protocol::document::consent::{Action, Statement};
use sumac_protocol::envelope::Envelope;

use super::rig::{Desk, code, no, now, person, pia, stella, sven, yes};

#[test]
fn an_erasure_is_acknowledged_and_then_nothing_is_left() {
    let mut desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    let erasure = desk.next(&pia().principal(), Action::Erase);
    let envelope = Envelope::sign(&erasure, &pia()).unwrap();
    let acknowledged = desk.clinic().take_statement(&envelope).unwrap();
    assert_eq!((acknowledged.position, acknowledged.statement), (1, envelope.digest()));
    let left: Vec<String> = desk.clinic().patients().unwrap().into_iter().map(|line| line.pseudonym).collect();
    assert_eq!(left, ["P2"]);
    assert_eq!(desk.clinic().store().ledger_len(), 2, "its place in the ledger stays taken");
    let later = Statement { action: yes(), sequence: 1, previous: Some(envelope.digest()), ..erasure };
    for (why, statement) in [("said again", envelope), ("a grant", Envelope::sign(&later, &pia()).unwrap())] {
        assert_eq!(code(desk.clinic().take_statement(&statement)), Some("key-erased"), "{why}");
    }
    assert_eq!(code(desk.clinic().enrol("P9", pia().principal())), Some("key-erased"));
    desk.reopen(now());
    assert_eq!(desk.clinic().finish_erasures().unwrap(), 0, "nothing is due any more");
    assert_eq!(code(desk.clinic().enrol("P1", person(32).principal())), Some("erased-before"));
}

#[test]
fn an_erasure_needs_neither_number_nor_predecessor_nor_clock_nor_a_grant() {
    for (why, before) in [("after nothing", None), ("after a grant", Some(yes())), ("after a withdrawal", Some(no()))] {
        let desk = Desk::new();
        if let Some(action) = before {
            desk.say(&pia(), action).unwrap();
        }
        let wild = Statement {
            sequence: 1 << 50,
            previous: None,
            made_at: sumac_protocol::moment::Moment(1 << 52),
            ..desk.next(&pia().principal(), Action::Erase)
        };
        desk.clinic().take_statement(&Envelope::sign(&wild, &pia()).unwrap()).expect(why);
        assert_eq!(desk.clinic().store().row("P1").unwrap(), None, "{why}");
    }
}

/// The store as it is when the power goes between the statement and the destruction: both are in one write.
fn interrupted() -> (Desk, Envelope) {
    let desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    let erasure = Envelope::sign(&desk.next(&pia().principal(), Action::Erase), &pia()).unwrap();
    let said = Filed::fresh(erasure.clone()).unwrap().entry("P1".into());
    desk.clinic().store().append(vec![said, sumac_node::clinic::Clinic::erasure_due(Row(0))]).unwrap();
    (desk, erasure)
}

#[test]
fn an_erasure_that_was_interrupted_is_finished_at_the_next_start() {
    let (mut desk, _) = interrupted();
    assert_eq!(desk.standing("P1"), "erased", "already nothing is allowed");
    desk.reopen(now());
    assert_eq!(desk.clinic().finish_erasures().unwrap(), 1);
    assert_eq!(desk.clinic().store().row("P1").unwrap(), None);
    assert_eq!(desk.clinic().finish_erasures().unwrap(), 0);
    assert_eq!(desk.clinic().finish_erasures().unwrap(), 0, "and again nothing is due");
}

#[test]
fn an_erasure_that_was_interrupted_is_finished_by_saying_it_again() {
    let (desk, erasure) = interrupted();
    let acknowledged = desk.clinic().take_statement(&erasure).unwrap();
    assert_eq!((acknowledged.position, acknowledged.statement), (1, erasure.digest()), "it has the place it had");
    assert_eq!(desk.clinic().store().row("P1").unwrap(), None);
    assert_eq!(desk.clinic().finish_erasures().unwrap(), 0);
}

#[test]
fn an_erasure_that_was_done_and_not_yet_crossed_off_is_crossed_off() {
    let (desk, _) = interrupted();
    desk.clinic().erase("P1").unwrap();
    assert_eq!(desk.clinic().finish_erasures().unwrap(), 1);
    assert_eq!(desk.clinic().finish_erasures().unwrap(), 0);
    assert!(desk.clinic().store().row("P2").unwrap().is_some(), "nobody else is touched");
}

#[test]
fn only_the_patients_own_newest_key_destroys_anything() {
    let desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    let paper = desk.paper(&stella(), &pia().principal(), Action::Erase);
    assert_eq!(code(paper), Some("statement-witnessed-erasure"));
    let newer = person(32);
    desk.clinic().replace_key(&desk.replacement(&pia(), &newer, &[&stella(), &sven()])).unwrap();
    desk.say(&pia(), Action::Erase).unwrap();
    assert!(desk.clinic().store().row("P1").unwrap().is_some(), "a key that was reported as lost destroys nothing");
    assert_eq!(desk.standing("P1"), "erased", "and it ends everything all the same");
    desk.say(&newer, Action::Erase).unwrap();
    assert_eq!(desk.clinic().store().row("P1").unwrap(), None);
    for (why, key) in [("the lost one", pia()), ("the newer one", newer)] {
        assert_eq!(code(desk.clinic().enrol("P9", key.principal())), Some("key-erased"), "{why}");
    }
}
