//! A patient who withdraws is out: of every question that the clinic selects for afterwards, on
//! every path that a withdrawal can take, by the clinic's own record. The clinic of these stories is
//! Mill; it sits on no first committee.

#[path = "revocation/two_hundred.rs"]
mod two_hundred;

use sumac_node::clinic::AsOfLine;
use sumac_tests::processes::{Asked, Federation, Finished, Question, Setup};

#[test]
fn a_patient_who_withdrew_before_the_question_is_out() {
    let federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    let first = federation.ask(&Question::how_many()).answer();
    assert!(counted(&federation, &first, &patient), "with consent, the patient is in");
    federation.revoke('D', &patient);
    let second = federation.ask(&Question::how_many()).answer();
    assert!(!counted(&federation, &second, &patient), "withdrawn, the patient is out");
    assert_eq!(spent(&federation, &patient), PRICE, "the one answer with the patient stays paid for");
    federation.grant('D', &patient);
    let third = federation.ask(&Question::how_many()).answer();
    assert!(counted(&federation, &third, &patient), "who consents again is in again");
}

#[test]
fn a_past_question_is_explained_again_with_the_consents_that_it_saw() {
    let federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    let asked = |_| federation.ask(&Question::how_many()).answer().query;
    let before = asked(());
    federation.revoke('D', &patient);
    let after = asked(());
    federation.grant('D', &patient);
    for (query, counted, then) in [(before, true, "granted"), (after, false, "withdrawn")] {
        let told = federation.as_of('D', &query[..12]);
        assert_eq!(told.query.hex(), query);
        let line = told.patients.iter().find(|line| line.pseudonym == patient).expect("the patient is listed");
        assert_eq!((line.counted, line.standing_then.as_str(), line.standing_now.as_str()), (counted, then, "granted"));
        let cohort = federation.cohort('D', &query).expect("the clinic selected for it").pseudonyms;
        let agree = |line: &AsOfLine| line.counted == cohort.contains(&line.pseudonym);
        assert!(told.patients.iter().all(agree), "it agrees with the books");
        assert!(told.patients.iter().all(|line| !line.counted || line.standing_then == "granted"));
    }
    let home = federation.home('D');
    let unknown =
        federation.sumac(["consent".as_ref(), "as-of".as_ref(), "ffff".as_ref(), "--dir".as_ref(), home.as_os_str()]);
    assert_eq!(unknown.exit, Some(1));
    assert!(unknown.text().contains("error[no-such-query]"), "{}", unknown.text());
}

#[test]
fn a_patient_who_withdrew_between_question_and_announcement_is_out() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    // The committee is not complete, so nothing is announced yet.
    federation.suspend('C');
    let mut asked = federation.ask(&Question::how_many());
    asked.until("the committee commits to its keys; waiting for Linden");
    federation.revoke('D', &patient);
    federation.resume('C');
    let finished = asked.answer();
    assert!(!counted(&federation, &finished, &patient));
    answered_again_without(&federation, &patient);
}

#[test]
fn a_patient_who_withdrew_in_the_window_before_the_clinic_selected_is_out() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    federation.kill('D');
    let mut asked = federation.ask(&Question::how_many());
    until_only_mill_is_awaited(&mut asked);
    // The clinic comes up while the coordinator says nothing: it hears of the question later.
    federation.suspend('A');
    federation.restart('D');
    federation.revoke('D', &patient);
    assert_eq!(federation.cohort('D', asked.query()), None, "nothing is selected yet");
    federation.resume('A');
    let finished = asked.answer();
    assert!(!counted(&federation, &finished, &patient));
    assert_eq!(finished.operators("counted"), 5, "the clinic itself is in");
    answered_again_without(&federation, &patient);
}

#[test]
fn a_withdrawal_that_races_the_announcement_is_obeyed_if_it_was_acknowledged_first() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    federation.suspend('D');
    let mut asked = federation.ask(&Question::how_many());
    until_only_mill_is_awaited(&mut asked);
    // Both wait at the clinic's doors while it is suspended.
    let withdrawal = federation.revoking('D', &patient);
    federation.resume('D');
    let position = acknowledged_at(&withdrawal.ended().out.concat());
    let finished = asked.answer();
    let line = federation.cohort('D', &finished.query).expect("the clinic selected for this query");
    let withdrew_first = position < line.ledger_position;
    assert_eq!(line.pseudonyms.contains(&patient), !withdrew_first, "position {position}: {line:?}");
    answered_again_without(&federation, &patient);
}

#[test]
fn a_patient_who_withdrew_after_the_selection_is_out_of_every_later_question() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    // Quay is awaited, so the round is still open when the patient withdraws.
    federation.suspend('E');
    let mut asked = federation.ask(&Question::how_many());
    asked.until("(4 of 5); waiting for Quay");
    federation.revoke('D', &patient);
    federation.resume('E');
    let finished = asked.answer();
    assert!(counted(&federation, &finished, &patient), "the selection came before the withdrawal");
    answered_again_without(&federation, &patient);
}

#[test]
fn a_patient_who_withdrew_between_two_attempts_is_out_of_the_second_and_gets_the_price_back() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    federation.suspend('E');
    let mut asked = federation.ask(&Question::how_many());
    asked.until("(4 of 5); waiting for Quay");
    assert_eq!(spent(&federation, &patient), PRICE, "selected and debited in the first attempt");
    // A member that restarts voids the first attempt; the second waits for Quay.
    federation.kill('B');
    federation.restart('B');
    asked.until("attempt 2: ");
    federation.revoke('D', &patient);
    federation.resume('E');
    let finished = asked.answer();
    assert!(!counted(&federation, &finished, &patient));
    assert_eq!(spent(&federation, &patient), 0, "what was debited for the void attempt is given back");
    answered_again_without(&federation, &patient);
}

#[test]
fn a_withdrawal_survives_a_power_cut_right_after_its_acknowledgement() {
    let mut federation = Setup::default().start(PROGRAM);
    for delete_index in [false, true] {
        let patient = somebody(&federation);
        federation.revoke('D', &patient);
        federation.kill('D');
        if delete_index {
            federation.delete_index('D');
        }
        federation.restart('D');
        let standing = federation.patients_by_name('D').remove(&patient).expect("the patient is known").standing;
        assert_eq!(standing, "withdrawn", "index deleted: {delete_index}");
        answered_again_without(&federation, &patient);
    }
}

#[test]
fn an_exact_answer_has_one_course_less_for_each_patient_who_withdrew() {
    let federation = Setup::default().exact().start(PROGRAM);
    let patient = somebody(&federation);
    let before = federation.ask(&Question::trial()).answer();
    federation.revoke('D', &patient);
    let after = federation.ask(&Question::trial()).answer();
    assert!(!counted(&federation, &after, &patient));
    assert_eq!(courses(&before) - courses(&after), 1);
}

/// Asks once more: answered, and the patient is not in it.
fn answered_again_without(federation: &Federation, patient: &str) {
    let finished = federation.ask(&Question::how_many()).answer();
    assert!(!counted(federation, &finished, patient), "{patient} is out of a later question");
    assert_eq!(finished.operators("counted"), 5);
}

fn until_only_mill_is_awaited(asked: &mut Asked) {
    asked.until("(4 of 5); waiting for Mill");
}

/// Whether Mill's own record of a query names a patient.
fn counted(federation: &Federation, finished: &Finished, pseudonym: &str) -> bool {
    let line = federation.cohort('D', &finished.query).expect("the clinic selected for this query");
    assert!(line.pseudonyms.len() > 20, "the others are in: {line:?}");
    line.pseudonyms.iter().any(|name| name == pseudonym)
}

/// What Mill's patient was charged, in millionths of ρ.
fn spent(federation: &Federation, pseudonym: &str) -> u64 {
    federation.patients_by_name('D').remove(pseudonym).expect("the patient is known").spent.0
}

/// Some patient of Mill who consents.
fn somebody(federation: &Federation) -> String {
    let patients = federation.patients('D');
    patients.into_iter().find(|p| p.standing == "granted").expect("somebody consents").pseudonym
}

/// The number in "acknowledged at position 12 of the clinic's ledger, as …".
fn acknowledged_at(line: &str) -> u64 {
    let number = line.split_whitespace().find_map(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("no position in {line}"))
}

/// The courses of all groups of an exact answer.
fn courses(finished: &Finished) -> u64 {
    let answer = finished.answer.as_ref().expect("answered");
    let groups = answer["groups"].as_array().expect("groups");
    groups
        .iter()
        .map(|group| group.pointer("/estimates/0/value").and_then(serde_json::Value::as_u64).expect("a count"))
        .sum()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_sumac");
/// The price of [`Question::how_many`], in millionths of ρ.
const PRICE: u64 = 20_000;
