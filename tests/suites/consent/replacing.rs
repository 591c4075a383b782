//! A lost key is replaced by another.

use sumac_protocol::document::consent::Statement;
use sumac_protocol::document::enrolment::Enrolment;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::limits::REPLACEMENT_WAIT;
use sumac_protocol::moment::{Millis, Moment};

use super::rig::{Desk, code, no, now, person, pia, stella, sven, yes};

#[test]
fn a_replacement_grants_nothing_for_14_days_and_then_the_history_goes_on() {
    let mut desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    let newer = person(32);
    let replaced = desk.replacement(&pia(), &newer, &[&stella(), &sven()]);
    desk.clinic().replace_key(&replaced).unwrap();
    desk.clinic().replace_key(&replaced).unwrap();
    let line = desk.line("P1");
    assert_eq!(line.standing, "not_yet");
    assert!(line.why.contains("a key was replaced; nothing counts before"), "{}", line.why);
    let next = desk.next(&newer.principal(), yes());
    assert_eq!((next.sequence, next.previous.is_some()), (1, true), "the next number, after the lost key's");
    desk.say(&newer, yes()).unwrap();
    assert_eq!(desk.standing("P1"), "not_yet", "it may be said and waits");
    desk.reopen(now() + REPLACEMENT_WAIT);
    assert_eq!(desk.standing("P1"), "granted");
}

#[test]
fn a_withdrawal_stands_across_the_two_keys_and_either_may_say_it() {
    let mut desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    desk.say(&pia(), no()).unwrap();
    let newer = person(32);
    desk.clinic().replace_key(&desk.replacement(&pia(), &newer, &[&stella(), &sven()])).unwrap();
    desk.reopen(now() + REPLACEMENT_WAIT);
    assert_eq!(desk.standing("P1"), "withdrawn");
    desk.say(&newer, yes()).unwrap();
    assert_eq!(desk.standing("P1"), "granted");
    let objection = Statement { sequence: 0, previous: None, ..desk.next(&pia().principal(), no()) };
    desk.clinic().take_statement(&Envelope::sign(&objection, &pia()).unwrap()).unwrap();
    assert_eq!(desk.standing("P1"), "withdrawn", "the patient who was not asked objects with the old key");
    assert_eq!(code(desk.say(&pia(), yes())), Some("statement-key-replaced"));
    desk.reopen(now() + REPLACEMENT_WAIT);
    assert_eq!(desk.standing("P1"), "withdrawn", "read again from the store");
    assert_eq!(code(desk.paper(&stella(), &pia().principal(), yes())), Some("statement-key-replaced"), "nor on paper");
}

#[test]
fn a_key_is_replaced_by_two_of_staff_and_by_nothing_less() {
    let desk = Desk::new();
    let (newer, taken) = (person(32), person(33));
    desk.clinic().enrol("P2", taken.principal()).unwrap();
    let both = [&stella(), &sven()];
    let elsewhere = desk.replacement(&person(34), &newer, &both);
    let plain = Enrolment { replaces: None, ..enrolment(&desk, &newer) };
    let plain = Envelope::sign(&plain, &stella()).unwrap();
    let cases = [
        ("one of staff", desk.replacement(&pia(), &newer, &[&stella()]), "too-few-signatures"),
        ("one of staff and a stranger", desk.replacement(&pia(), &newer, &[&sven(), &person(8)]), "too-few-signatures"),
        ("the patient's own keys", desk.replacement(&pia(), &newer, &[&pia(), &newer]), "too-few-signatures"),
        ("another lost key", elsewhere, "replaces-other-key"),
        ("a key of somebody else", desk.replacement(&pia(), &taken, &both), "key-taken"),
        ("nothing is replaced", plain, "no-replacement"),
    ];
    for (why, envelope, want) in cases {
        assert_eq!(code(desk.clinic().replace_key(&envelope)), Some(want), "{why}");
    }
    assert_eq!(desk.clinic().next_statement(&pia().principal()).unwrap().0, 0, "the key is what it was");
}

fn enrolment(desk: &Desk, key: &sumac_protocol::principal::Signer) -> Enrolment {
    Enrolment {
        clinic: desk.clinic().signer().principal(),
        pseudonym: "P1".into(),
        patient: key.principal(),
        made_at: now(),
        replaces: Some(pia().principal()),
    }
}

#[test]
fn a_replacement_that_was_signed_long_ago_waits_from_the_day_it_comes() {
    let desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    let newer = person(32);
    let old = Enrolment { made_at: Moment(now().0 - 20 * Millis::DAY.0), ..enrolment(&desk, &newer) };
    let mut envelope = Envelope::draft(&old).unwrap();
    [stella(), sven()].iter().for_each(|staff| envelope.cosign(staff));
    desk.clinic().replace_key(&envelope).unwrap();
    assert_eq!(desk.standing("P1"), "not_yet");
}

#[test]
fn keys_are_replaced_one_after_the_other_and_all_of_them_may_withdraw() {
    let mut desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    let mut last = pia();
    for number in 50..55 {
        let next = person(number);
        desk.clinic().replace_key(&desk.replacement(&last, &next, &[&stella(), &sven()])).unwrap();
        last = next;
    }
    desk.reopen(now() + REPLACEMENT_WAIT);
    assert_eq!(desk.standing("P1"), "granted", "what the first key granted");
    desk.say(&person(52), no()).unwrap();
    assert_eq!(desk.standing("P1"), "withdrawn");
    let held = desk.clinic().held("P1", now()).unwrap().unwrap();
    assert_eq!((held.key, held.statements.len()), (Some(last.principal()), 2));
}

#[test]
fn a_patient_on_paper_gets_a_key_as_if_it_had_been_lost() {
    let mut desk = Desk::new();
    let paper = desk.clinic().paper_key("P2", &stella().principal()).unwrap();
    desk.paper(&stella(), &paper, yes()).unwrap();
    let own = person(35);
    let enrolment =
        Enrolment { pseudonym: "P2".into(), replaces: Some(paper), patient: own.principal(), ..enrolment(&desk, &own) };
    let mut envelope = Envelope::draft(&enrolment).unwrap();
    [stella(), sven()].iter().for_each(|staff| envelope.cosign(staff));
    desk.clinic().replace_key(&envelope).unwrap();
    desk.reopen(now() + REPLACEMENT_WAIT);
    assert_eq!(desk.standing("P2"), "granted");
    desk.say(&own, no()).unwrap();
    assert_eq!(desk.standing("P2"), "withdrawn");
}

#[test]
fn an_objection_within_14_days_keeps_the_new_key_from_granting_until_staff_replace_it_again() {
    let mut desk = Desk::new();
    desk.say(&pia(), yes()).unwrap();
    let (thief, newest) = (person(32), person(33));
    desk.clinic().replace_key(&desk.replacement(&pia(), &thief, &[&stella(), &sven()])).unwrap();
    let lists = |desk: &Desk| {
        let listed = desk.clinic().patients().unwrap().into_iter().find(|line| line.pseudonym == "P1").unwrap();
        let held = desk.clinic().held("P1", now()).unwrap().unwrap();
        (listed.standing, held.standing)
    };
    assert_eq!(lists(&desk), ("not_yet".into(), "not_yet".into()), "every list says the same");
    desk.say(&thief, yes()).unwrap();
    desk.say(&pia(), no()).unwrap();
    assert_eq!(desk.standing("P1"), "withdrawn");
    assert_eq!(code(desk.say(&thief, yes())), Some("statement-out-of-line"));
    desk.reopen(now() + REPLACEMENT_WAIT);
    assert_eq!(desk.standing("P1"), "withdrawn");
    assert!(desk.line("P1").why.contains("objected"), "{}", desk.line("P1").why);
    assert_eq!(code(desk.say(&thief, yes())), Some("statement-out-of-line"), "nor after 14 days");
    desk.clinic().replace_key(&desk.replacement(&thief, &newest, &[&stella(), &sven()])).unwrap();
    desk.say(&newest, yes()).unwrap();
    assert_eq!(desk.standing("P1"), "not_yet", "the next key waits as the first did");
}

#[test]
fn who_only_ever_spoke_on_paper_enrols_a_key_of_their_own() {
    let mut desk = Desk::new();
    assert_eq!(code(desk.clinic().paper_key("P2", &person(9).principal())), Some("statement-no-staff"));
    assert_eq!(desk.line("P2").key, None, "no key is made where nothing can be witnessed");
    let blank = desk.clinic().paper_key("P2", &stella().principal()).unwrap();
    let own = person(35);
    desk.clinic().enrol("P2", own.principal()).unwrap();
    desk.say(&own, yes()).unwrap();
    assert_eq!(desk.standing("P2"), "granted", "nothing was witnessed, so nothing waits");
    assert_eq!(code(desk.clinic().enrol("P2", person(36).principal())), Some("enrolled"), "a key that is held");
    assert_ne!(desk.line("P2").key, Some(blank));

    let records = [("P3".to_owned(), sumac_protocol::record::Record { courses: Vec::new() })];
    desk.clinic().keep_records(&records.into()).unwrap();
    let paper = desk.clinic().paper_key("P3", &stella().principal()).unwrap();
    desk.paper(&stella(), &paper, yes()).unwrap();
    desk.paper(&stella(), &paper, no()).unwrap();
    let own = person(37);
    desk.clinic().enrol("P3", own.principal()).unwrap();
    assert_eq!(desk.standing("P3"), "withdrawn", "what was withdrawn stays withdrawn");
    desk.say(&own, yes()).unwrap();
    assert_eq!(desk.standing("P3"), "not_yet", "and a yes waits as after any replacement");
    desk.reopen(now() + REPLACEMENT_WAIT);
    assert_eq!(desk.standing("P3"), "granted");
}
