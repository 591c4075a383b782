//! A patient who withdraws is out: of every question that the clinic selects for afterwards, on
//! every path that a withdrawal can take, by the clinic's own record.

use sumac_tests::processes::{Federation, Question, Setup};

/// Whether a clinic's record of a query names a patient.
fn counted(federation: &Federation, clinic: char, query: &str, pseudonym: &str) -> bool {
    let line = federation.cohort(clinic, query).expect("the clinic selected for this query");
    line.pseudonyms.iter().any(|name| name == pseudonym)
}

/// Some patient of a clinic who consents.
fn somebody(federation: &Federation, clinic: char) -> String {
    let patients = federation.patients(clinic);
    patients.into_iter().find(|p| p.standing == "granted").expect("somebody consents").pseudonym
}

#[test]
fn a_patient_who_withdrew_before_the_announcement_is_out() {
    let federation = Setup::default().start(env!("CARGO_BIN_EXE_sumac"));
    let patient = somebody(&federation, 'D');
    let first = federation.ask(&Question::how_many()).answer();
    assert!(counted(&federation, 'D', &first.query, &patient), "with consent, the patient is in");
    federation.revoke('D', &patient);
    let second = federation.ask(&Question::how_many()).answer();
    assert!(!counted(&federation, 'D', &second.query, &patient), "withdrawn, the patient is out");
}
