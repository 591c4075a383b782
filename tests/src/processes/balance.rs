//! What all questions together must have left on every clinic's books.

use std::collections::BTreeMap;

use serde_json::Value;
use sumac_node::clinic::{ChargeState, CohortLine};

use super::{Federation, Finished, Question};

/// Every question of one price that was asked so far, and how each ended for the researcher.
#[derive(Debug)]
pub struct Balance {
    price: u64,
    asked: Vec<Finished>,
    /// Patients and statements of each clinic when it was opened.
    acknowledged: BTreeMap<char, (u64, u64)>,
}

impl Balance {
    /// Opens it before the first question. All nodes must be running, and every patient consent.
    #[must_use]
    pub fn open(federation: &Federation, question: &Question) -> Self {
        let acknowledged = Federation::letters().map(|clinic| (clinic, acknowledged(federation, clinic))).collect();
        Self { price: question.rho_micro(), asked: Vec::new(), acknowledged }
    }

    /// Notes how a question ended.
    pub fn note(&mut self, finished: Finished) -> &Finished {
        self.asked.push(finished);
        self.asked.last().unwrap_or_else(|| panic!("it was just noted"))
    }

    /// Holds the books of all clinics, which must be running, against the questions: each answered
    /// question is paid by exactly the clinics that its answer counts, a void one by nobody, one
    /// without either by nobody or by all who selected; every patient is charged exactly the price
    /// times these questions; and no record or statement that was acknowledged is gone.
    pub fn holds(&self, federation: &Federation) {
        let books: BTreeMap<char, Vec<CohortLine>> =
            Federation::letters().map(|clinic| (clinic, self.settled(federation, clinic))).collect();
        for finished in &self.asked {
            holds_for(finished, &books);
        }
        for (clinic, lines) in &books {
            let patients = federation.patients(*clinic);
            let paid = lines.iter().filter(|line| line.state.stands());
            let due = self.price * u64::try_from(paid.count()).unwrap_or(u64::MAX);
            for line in lines {
                assert_eq!(line.rho.0, self.price, "{clinic} charges the price");
                assert_eq!(line.pseudonyms.len(), patients.len(), "{clinic} selects everybody once: {line:?}");
            }
            for patient in &patients {
                assert_eq!(patient.spent.0, due, "{clinic} charged {} for {lines:#?}", patient.pseudonym);
            }
            assert_eq!(
                acknowledged(federation, *clinic),
                self.acknowledged.get(clinic).copied().unwrap_or_default(),
                "patients and statements of {clinic}"
            );
        }
    }

    /// A clinic's books once it knows how every question ended that has an ending.
    fn settled(&self, federation: &Federation, clinic: char) -> Vec<CohortLine> {
        for line in federation.cohorts(clinic) {
            if self.has_ending(&line) {
                federation.until_cohort(clinic, &line.query.hex(), |line| line.state != ChargeState::Open);
            }
        }
        federation.cohorts(clinic)
    }

    fn has_ending(&self, line: &CohortLine) -> bool {
        let finished = self.asked.iter().find(|finished| finished.query == line.query.hex());
        finished.is_some_and(|finished| finished.answer.is_some() || finished.is_void())
    }
}

/// Holds one question against the books of all clinics.
fn holds_for(finished: &Finished, books: &BTreeMap<char, Vec<CohortLine>>) {
    let lines = books.values().flatten().filter(|line| line.query.hex() == finished.query);
    let states: Vec<ChargeState> = lines.map(|line| line.state).collect();
    let said = finished.talk.join("\n");
    assert!(states.len() <= books.len(), "one entry for each clinic: {states:?}\n{said}");
    if finished.answer.is_some() {
        let release = Value::String(finished.release_id());
        let counts = |state: &&ChargeState| match state {
            ChargeState::Released { release: theirs } => serde_json::to_value(theirs).is_ok_and(|id| id == release),
            ChargeState::Open | ChargeState::NotCounted | ChargeState::NoRelease | ChargeState::Forgotten => false,
        };
        let counting = u64::try_from(states.iter().filter(counts).count()).unwrap_or(u64::MAX);
        assert_eq!(counting, finished.operators("counted"), "who is counted pays: {states:?}\n{said}");
        let others = states.iter().filter(|state| !counts(state));
        let free = others.clone().all(|state| *state == ChargeState::NotCounted);
        assert!(free, "who is not counted does not pay: {states:?}\n{said}");
    } else {
        let all = |wanted| states.iter().all(|state| *state == wanted);
        let agree = all(ChargeState::NoRelease) || (all(ChargeState::Open) && !finished.is_void());
        assert!(agree, "clinics agree on a question without answer: {states:?}\n{said}");
    }
}

/// Patients and statements that a clinic holds.
fn acknowledged(federation: &Federation, clinic: char) -> (u64, u64) {
    let status = federation.status(clinic);
    (status.patients, status.statements)
}
