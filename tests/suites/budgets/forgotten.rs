//! What a clinic charges and counts after it recovered from a loss.

use sumac_node::clinic::ChargeState;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::round::Outcome;

use super::clinic::{PATIENTS, Rig};
use crate::ODD_ONE;

/// Whom the newest query selected.
fn selected(rig: &Rig, query: Digest) -> Vec<u32> {
    rig.clinic.charges().unwrap().into_iter().find(|charge| charge.query == query).unwrap().rows
}

fn everybody() -> Vec<u32> {
    (0..u32::try_from(PATIENTS).unwrap()).collect()
}

#[test]
fn what_was_forgotten_is_paid_by_whoever_is_enrolled_later_too_until_a_year_is_over() {
    let mut rig = Rig::new(&[ODD_ONE]);
    (0..ODD_ONE).for_each(|patient| rig.grants(patient, 1_000_000));
    let forgot = rig.forgot(1, 700_000, rig.study());
    assert!(rig.clinic.charge_to_all(&forgot, forgot.expires).unwrap());
    assert!(!rig.clinic.charge_to_all(&forgot, forgot.expires).unwrap(), "given again, it charges nothing twice");
    rig.later(1);
    // The row of who was enrolled in the time that was lost is gone, and the next one stands for the same patient.
    rig.comes(ODD_ONE, 1_000_000);
    for patient in 0..PATIENTS {
        assert_eq!(rig.spent_of(patient), RhoMicro(700_000), "patient {patient}");
    }
    for (rho, want, why) in [(300_001, Vec::new(), "above the cap"), (300_000, everybody(), "at the cap")] {
        let query = rig.ask(rho, 1);
        assert_eq!(selected(&rig, query), want, "{why}");
        rig.clinic.settle(query, Outcome::NoRelease).unwrap();
    }
    rig.set_clock(forgot.expires + Millis::BUDGET_YEAR);
    assert_eq!(rig.spent_of(ODD_ONE), RhoMicro(0));
    let query = rig.ask(1_000_000, 1);
    assert_eq!(selected(&rig, query), everybody(), "the year is over");
}

#[test]
fn what_a_clinic_had_selected_for_before_it_recovered_is_never_given_back() {
    let mut rig = Rig::new(&[]);
    let before = [rig.ask(300_000, 10), rig.ask(300_000, 10), rig.ask(300_000, 10)];
    rig.recovers();
    rig.later(1);
    for (query, outcome) in
        before.into_iter().zip([Outcome::NoRelease, Outcome::NotCounted, Outcome::Released(before[2])])
    {
        rig.clinic.settle(query, outcome).unwrap();
        assert_eq!(rig.spent_of(0), RhoMicro(900_000), "{outcome:?}");
    }
    let charges = rig.clinic.charges().unwrap();
    let states: Vec<ChargeState> = charges.iter().map(|charge| charge.state).collect();
    assert_eq!(states, [ChargeState::Open, ChargeState::Open, ChargeState::Released { release: before[2] }]);
    let after = rig.ask(300_000, 10);
    rig.clinic.settle(after, Outcome::NoRelease).unwrap();
    assert_eq!(rig.spent_of(0), RhoMicro(900_000), "what was selected for since is given back as ever");
}

#[test]
fn an_exact_question_counts_nobody_whom_a_forgotten_one_may_have_counted() {
    type Forgotten = fn(&Rig) -> Option<Digest>;
    let cases: [(_, Forgotten, _); 3] = [
        ("nothing was forgotten", |_| None, everybody()),
        ("another study's", |_| Some(Digest([9; 32])), everybody()),
        ("one of the study, of whatever text", |rig| Some(rig.study()), Vec::new()),
    ];
    for (why, forgotten, want) in cases {
        let mut rig = Rig::exact();
        if let Some(study) = forgotten(&rig) {
            let forgot = rig.forgot(1, 0, study);
            rig.clinic.charge_to_all(&forgot, forgot.expires).unwrap();
        }
        rig.later(1);
        let query = rig.ask(0, 1);
        assert_eq!(selected(&rig, query), want, "{why}");
        rig.later(800);
        let query = rig.ask(0, 1);
        assert_eq!(selected(&rig, query), Vec::<u32>::new(), "{why}, and years later");
    }
}

#[test]
fn of_queries_that_nobody_knows_any_more_each_may_have_counted_for_any_study_there_was() {
    for (why, at, want) in [("before the study began", Moment(0), everybody()), ("since", Moment(2), Vec::new())] {
        let mut rig = Rig::exact();
        rig.clinic.charge_a_year_to_all(7, at).unwrap();
        let query = rig.ask(0, 1);
        assert_eq!(selected(&rig, query), want, "{why}");
    }
}

#[test]
fn a_planned_question_that_may_have_been_forgotten_is_counted_as_asked() {
    let mut rig = Rig::exact();
    for number in 1..=2 {
        let forgot = rig.forgot(number, 0, rig.study());
        rig.clinic.charge_to_all(&forgot, forgot.expires).unwrap();
    }
    rig.ask(0, 1);
    let order = rig.order(0, 1);
    let declined = rig.clinic.select(&order).unwrap().declined.unwrap();
    assert_eq!(declined.code, "plan-used-up", "two that were forgotten and one make three");
}
