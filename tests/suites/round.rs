//! A query from its announcement to its release, and what a patient's word does to it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

use sumac_federation::cast::{HARBOUR, LINDEN, MILL, QUAY, RIDGE};
use sumac_federation::patient::Said;
use sumac_federation::rules;
use sumac_federation::wire::Faults;
use sumac_federation::{Federation, federation};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::Action;
use sumac_protocol::moment::Millis;
use sumac_protocol::round::Outcome;
use sumac_protocol::round::message::{Message, Reply};
use sumac_protocol::round::progress::Step;

const QUESTION: &str =
    "SELECT count(*), mean(change(hamd17, day => 42, from => 32, to => 72)) FROM courses GROUP BY arm";
const RHO: RhoMicro = RhoMicro(1_000_000);

/// The first patient of a clinic, by number in the federation and row at the clinic.
fn patient_of(federation: &Federation, clinic: usize) -> (usize, u32) {
    let at = federation.patients.iter().position(|patient| patient.clinic == clinic).unwrap();
    (at, federation.patients[at].row)
}

#[test]
fn a_query_goes_through_every_step_and_says_who_is_awaited() {
    let mut federation = federation().policy(|policy| policy.upload_jitter_ms = 4_000).build();
    let question = federation.compose(QUESTION, RHO);
    let Some(Reply::Progress(first)) = federation.submit(&question) else { panic!("not taken") };
    assert_eq!((first.step, first.awaited.len(), first.asked), (Step::Committing, 3, 5));
    let collecting = federation.follow(&question).unwrap();
    assert_eq!((collecting.step, collecting.until), (Step::Collecting, federation.now + Millis(5_000)));
    let mut uploads = collecting.uploads;
    while uploads < 4 {
        federation.beat();
        let progress = federation.follow(&question).unwrap();
        assert_eq!(progress.awaited.len() + usize::try_from(progress.uploads).unwrap(), 5);
        assert!(uploads <= progress.uploads);
        uploads = progress.uploads;
    }
    federation.wait(&question).released();
    let done = federation.follow(&question).unwrap();
    assert!(done.awaited.is_empty() && matches!(done.step, Step::Answered { shares } if shares.len() == 3));
}

#[test]
fn uploads_leave_at_random_moments_within_the_charters_limit() {
    let mut federation = federation().policy(|policy| policy.upload_jitter_ms = 4_000).build();
    federation.wire.tape = Some(Vec::new());
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    let mut left = Vec::new();
    for beat in 0..=41 {
        let uploads = federation.tape().iter().filter(|packet| matches!(packet.message, Message::Upload(_))).count();
        if uploads > left.len() {
            left.resize(uploads, beat);
        }
        federation.beat();
    }
    left.dedup();
    assert!(left.len() > 2, "four clinics send over the wire, at beats {left:?}");
}

#[test]
fn the_same_query_submitted_again_is_the_same_query() {
    let mut federation = federation().build();
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    federation.submit(&question);
    let first = federation.wait(&question).released();
    let Some(Reply::Progress(again)) = federation.submit(&question) else { panic!("not known") };
    let Step::Answered { shares } = again.step else { panic!("not answered") };
    assert_eq!(federation.open(&question, again.attempt, &shares), first);
    assert!(federation.nodes.iter().all(|node| node.books.charges().len() == 1));
}

#[test]
fn only_the_studys_researchers_may_follow_a_query() {
    let mut federation = federation().build();
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    let (stranger, mill) = (federation.cast.stranger.principal(), federation.nodes[MILL].key());
    for from in [stranger, mill] {
        let reply = federation.tell(HARBOUR, from, Message::Follow { query: question.id() });
        assert!(matches!(reply, Some(Reply::Refused(why)) if why.code == "no-such-query"));
    }
}

#[test]
fn messages_that_come_twice_and_out_of_order_change_nothing() {
    for seed in 0..10 {
        let mut federation = federation().seed(seed).build();
        federation.wire.tape = Some(Vec::new());
        federation.wire.faults = Faults { duplicate: 500, delay: 500, delay_max_ms: 900, ..Faults::default() };
        let question = federation.compose(QUESTION, RHO);
        federation.submit(&question);
        let file = federation.wait(&question).released();
        assert_eq!(file.answer.operators.counted, 5, "seed {seed}");
        federation.wire.faults = Faults::default();
        federation.advance(Millis(6_000));
        federation.audit(&[question]).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
}

#[test]
fn a_withdrawal_before_the_announcement_keeps_the_patient_out() {
    let mut federation = federation().build();
    let (patient, row) = patient_of(&federation, QUAY);
    federation.revoke(patient);
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    federation.wait(&question).released();
    let charge = federation.nodes[QUAY].books.charge(question.id()).unwrap();
    assert!(!charge.rows.contains(&row) && charge.rows.len() > 20);
}

#[test]
fn a_withdrawal_in_the_window_counts_if_the_clinic_has_not_selected_yet() {
    let mut federation = federation().build();
    federation.wire.tape = Some(Vec::new());
    let (patient, row) = patient_of(&federation, QUAY);
    federation.crash(QUAY);
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    federation.advance(Millis(1_000));
    assert_eq!(federation.follow(&question).unwrap().step, Step::Collecting, "the window is open");
    federation.revoke(patient);
    federation.restart(QUAY);
    let file = federation.wait(&question).released();
    assert_eq!(file.answer.operators.counted, 5);
    let charge = federation.nodes[QUAY].books.charge(question.id()).unwrap();
    assert!(!charge.rows.contains(&row));
    assert_eq!(charge.ended, Some(Outcome::Released(file.answer.release)));
    federation.advance(Millis(6_000));
    federation.audit(&[question]).unwrap();
}

#[test]
fn a_withdrawal_after_the_selection_counts_from_the_next_query_on() {
    let mut federation = federation().build();
    let (patient, row) = patient_of(&federation, QUAY);
    let questions = [0, 1].map(|_| federation.compose(QUESTION, RHO));
    federation.submit(&questions[0]);
    federation.revoke(patient);
    for question in &questions {
        federation.submit(question);
        federation.wait(question).released();
    }
    let rows = questions.map(|question| federation.nodes[QUAY].books.charge(question.id()).unwrap().rows.clone());
    assert!(rows[0].contains(&row), "it was selected before the patient withdrew");
    assert_eq!(rows[1], rows[0].iter().copied().filter(|other| *other != row).collect::<Vec<_>>());
}

#[test]
fn a_second_attempt_takes_those_of_the_first_without_who_withdrew_and_adds_nobody() {
    let mut federation = federation().exact(&["SELECT count(*) AS n FROM courses"]).build();
    let (gone, gone_row) = patient_of(&federation, QUAY);
    let (late, late_row) = (gone + 1, federation.patients[gone + 1].row);
    federation.revoke(late);
    let question = federation.compose("SELECT count(*) AS n FROM courses", RhoMicro(0));
    federation.submit(&question);
    assert!(federation.nodes[QUAY].books.charge(question.id()).unwrap().rows.contains(&gone_row));
    federation.crash(RIDGE);
    federation.revoke(gone);
    federation.say(late, rules::grant()).unwrap();
    let everybody = federation.patients.len();
    federation.restart(RIDGE);
    let file = federation.wait(&question).released();
    assert_eq!(federation.follow(&question).unwrap().attempt, 2);
    let answer = serde_json::to_value(&file.answer).unwrap();
    assert_eq!(answer["groups"][0]["estimates"][0]["value"], everybody - 2, "one withdrew, one came too late");
    let charge = federation.nodes[QUAY].books.charge(question.id()).unwrap();
    assert!(!charge.rows.contains(&late_row), "nobody is added");
    assert!(!charge.rows.contains(&gone_row), "whoever withdrew is out of the entry");
    assert_eq!(federation.nodes[QUAY].books.charges().len(), 1);
}

#[test]
fn a_patient_whose_own_cap_would_be_passed_is_left_out_in_silence() {
    let mut federation = federation().build();
    let (patient, row) = patient_of(&federation, LINDEN);
    let Action::Grant(mut grant) = rules::grant() else { panic!("no grant") };
    grant.rho_year = RhoMicro(RHO.0 * 2 - 1);
    federation.say(patient, Action::Grant(grant)).unwrap();
    let files = [0, 1].map(|_| federation.ask(QUESTION, RHO).released());
    let charges = federation.nodes[LINDEN].books.charges();
    let taken: Vec<bool> = charges.iter().map(|charge| charge.rows.contains(&row)).collect();
    assert_eq!(taken, [true, false]);
    assert_eq!(charges[1].rows.len() + 1, charges[0].rows.len(), "everybody else takes part again");
    assert_eq!(federation.nodes[LINDEN].books.spent(row, federation.now), RHO);
    let names = |file| -> Vec<String> {
        let text: serde_json::Value = serde_json::to_value(file).unwrap();
        text["answer"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(&files[0]), names(&files[1]), "no answer says that somebody was left out");
}

#[test]
fn a_charge_is_forgotten_after_365_days() {
    let mut federation =
        federation().study(|study| study.valid_until = study.valid_until + Millis::BUDGET_YEAR).build();
    for _ in 0..4 {
        federation.ask(QUESTION, RHO).released();
    }
    assert_eq!(federation.ask(QUESTION, RHO).refused().code, "budget-spent");
    federation.now = federation.now + Millis::BUDGET_YEAR;
    federation.ask(QUESTION, RHO).released();
    assert!(federation.patients.iter().filter(|patient| patient.said == Said::Yes).count() > 100);
}

#[test]
fn a_coordinator_keeps_no_upload_once_the_committee_has_them_or_the_attempt_is_given_up() {
    use sumac_protocol::round::Role;
    let uploads = |federation: &Federation| federation.nodes[HARBOUR].kept_forms(Role::CoordinatorUpload);
    let mut federation = federation().build();
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    federation.advance(Millis(1_000));
    assert!(uploads(&federation) > 0, "a restart in the window must not lose them");
    federation.wait(&question).released();
    assert_eq!(uploads(&federation), 0);
    federation.lose(|packet| matches!(packet.message, Message::Batch { .. }));
    let stuck = federation.compose(QUESTION, RHO);
    federation.submit(&stuck);
    federation.wait(&stuck).refused();
    assert_eq!(uploads(&federation), 0);
}
