//! What staff witness on paper.

use sumac_protocol::document::consent::{Action, Grant, Revoke, Statement, Witness};
use sumac_protocol::envelope::Envelope;

use super::rig::{Desk, code, grant, no, now, person, pia, stella, sven, yes};

#[test]
fn a_patient_without_a_key_says_yes_and_no_on_paper() {
    let mut desk = Desk::new();
    assert_eq!(
        code(desk.clinic().paper_key("P3", &stella().principal())),
        Some("no-such-patient"),
        "a slip of the pen makes no patient"
    );
    let key = desk.clinic().paper_key("P2", &stella().principal()).unwrap();
    assert_eq!(desk.clinic().paper_key("P2", &stella().principal()).unwrap(), key, "asked again it is the same");
    desk.paper(&stella(), &key, yes()).unwrap();
    let line = desk.line("P2");
    assert_eq!((line.standing.as_str(), line.on_paper, line.days_left), ("granted", true, Some(1_093)));
    desk.reopen(now());
    assert_eq!(desk.standing("P2"), "granted", "read again from the store");
    let more = Action::Grant(Grant { purposes: vec!["GRU".into()], ..grant() });
    desk.paper(&sven(), &key, more).unwrap();
    assert_eq!(desk.line("P2").purposes, ["GRU"], "paper may widen paper");
    desk.paper(&sven(), &key, no()).unwrap();
    assert_eq!(desk.standing("P2"), "withdrawn");
}

#[test]
fn paper_narrows_and_ends_what_a_key_allowed_and_never_widens_it() {
    let desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    let key = pia().principal();
    let wider = Action::Grant(Grant { purposes: vec!["GRU".into()], ..grant() });
    assert_eq!(code(desk.paper(&stella(), &key, wider)), Some("statement-out-of-line"));
    assert_eq!(desk.line("P1").purposes, ["HMB"], "a refused grant is not in the ledger");
    let narrower = Grant { rho_year: sumac_protocol::cost::RhoMicro(1), ..held(&desk) };
    desk.paper(&stella(), &key, Action::Grant(narrower)).unwrap();
    assert_eq!(desk.standing("P1"), "granted");
    desk.paper(&stella(), &key, Action::Revoke(Revoke { purposes: Some(vec!["HMB".into()]) })).unwrap();
    assert_eq!(desk.standing("P1"), "withdrawn");
    assert_eq!(code(desk.paper(&stella(), &key, yes())), Some("statement-out-of-line"), "staff do not bring it back");
    desk.say(&pia(), yes()).unwrap();
    assert_eq!(desk.standing("P1"), "granted", "the patient does");
}

/// What Pia's grant says, word for word.
fn held(desk: &Desk) -> Grant {
    let held = desk.clinic().held("P1", now()).unwrap().unwrap();
    let Action::Grant(grant) = held.statements[0].says.action.clone() else { panic!("a grant") };
    grant
}

#[test]
fn paper_is_witnessed_by_staff_whom_the_charter_names_and_through_its_own_door() {
    let mut desk = Desk::new();
    let key = pia().principal();
    assert_eq!(code(desk.paper(&person(9), &key, yes())), Some("statement-no-staff"));
    let of_stella = Statement {
        witness: Some(Witness { by: stella().principal(), form: "paper 8".into() }),
        ..desk.next(&key, yes())
    };
    let by_sven = Envelope::sign(&of_stella, &sven()).unwrap();
    assert_eq!(code(desk.clinic().take_witnessed(&by_sven)), Some("not-signed-by"), "each for themselves");
    let of_stella = Envelope::sign(&of_stella, &stella()).unwrap();
    assert_eq!(code(desk.clinic().take_statement(&of_stella)), Some("not-signed-by"), "the patients' door");
    let by_pia = Envelope::sign(&desk.next(&key, yes()), &pia()).unwrap();
    assert_eq!(code(desk.clinic().take_witnessed(&by_pia)), Some("statement-no-witness"), "the staff's door");
    desk.next_charter(|charter| charter.policy.allow_witnessed = false);
    assert_eq!(code(desk.clinic().take_witnessed(&of_stella)), Some("statement-witnessed-not-allowed"));
}

#[test]
fn staff_who_leave_take_nobodys_word_with_them_and_witness_nothing_more() {
    let mut desk = Desk::new();
    let key = desk.clinic().paper_key("P2", &stella().principal()).unwrap();
    desk.paper(&stella(), &key, yes()).unwrap();
    desk.paper(&stella(), &pia().principal(), no()).unwrap();
    desk.next_charter(|charter| charter.members[0].staff.retain(|staff| *staff != stella().principal()));
    assert_eq!(desk.standing("P2"), "granted");
    assert_eq!(desk.standing("P1"), "withdrawn");
    assert_eq!(code(desk.paper(&stella(), &key, no())), Some("statement-no-staff"));
    desk.paper(&sven(), &key, no()).unwrap();
    assert_eq!(desk.standing("P2"), "withdrawn");
}

#[test]
fn where_the_charter_takes_no_paper_any_more_a_grant_on_paper_counts_for_nothing_and_a_key_still_withdraws() {
    let mut desk = Desk::new();
    desk.paper(&stella(), &pia().principal(), yes()).unwrap();
    desk.next_charter(|charter| charter.policy.allow_witnessed = false);
    let line = desk.line("P1");
    assert_eq!(line.standing, "unreadable");
    assert!(line.why.contains("takes no witnessed statements"), "{}", line.why);
    let listed = desk.clinic().patients().unwrap().into_iter().map(|line| (line.pseudonym, line.standing));
    let listed: Vec<(String, String)> = listed.collect();
    let expected = [("P1", "unreadable"), ("P2", "none")].map(|(name, code)| (name.to_owned(), code.to_owned()));
    assert_eq!(listed, expected, "the list of patients has everybody too");
    let key = pia().principal();
    let clinic = desk.clinic().signer().principal();
    let withdrawal =
        Statement { clinic, patient: key, sequence: 0, previous: None, made_at: now(), action: no(), witness: None };
    desk.clinic().take_statement(&Envelope::sign(&withdrawal, &pia()).unwrap()).unwrap();
}

#[test]
fn a_grant_from_the_future_waits_at_both_doors_and_a_withdrawal_at_none() {
    let desk = Desk::new();
    let late = |action| Statement {
        made_at: now() + sumac_protocol::moment::Millis::seconds(700),
        ..desk.next(&pia().principal(), action)
    };
    let signed = Envelope::sign(&late(yes()), &pia()).unwrap();
    assert_eq!(code(desk.clinic().take_statement(&signed)), Some("statement-future"));
    let witness = Some(Witness { by: stella().principal(), form: "paper 9".into() });
    let witnessed = Envelope::sign(&Statement { witness, ..late(yes()) }, &stella()).unwrap();
    assert_eq!(code(desk.clinic().take_witnessed(&witnessed)), Some("statement-future"));
    desk.clinic().take_statement(&Envelope::sign(&late(no()), &pia()).unwrap()).unwrap();
    assert_eq!(desk.standing("P1"), "withdrawn");
}
