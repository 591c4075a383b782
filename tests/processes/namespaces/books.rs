//! What the questions together must have left on every clinic's books.

use std::time::{Duration, Instant};

use serde_json::Value;
use sumac_node::clinic::ChargeState;

use crate::federation::{Clinic, Federation, Question};
use crate::papers::{PATIENTS, PRICE};

/// How every question ended for the researcher.
#[derive(Debug, Default)]
pub(crate) struct Books {
    asked: Vec<Ending>,
}

#[derive(Debug)]
struct Ending {
    query: String,
    told: Told,
}

#[derive(Debug)]
enum Told {
    /// The release, and how many clinics it counts.
    Answer(String, usize),
    Refusal,
    /// A refusal by the hub, which may have an answer for whoever comes with the new charter.
    Parted,
}

impl Books {
    /// Waits for an answer; returns how many clinics it counts.
    pub(crate) fn answered(&mut self, question: Question) -> usize {
        let (query, ended) = question.ended();
        assert_eq!(ended.exit, Some(0), "it is answered: {}", ended.text());
        let answer: Value = ended.json();
        let release = answer["release"].as_str().unwrap().to_owned();
        let counted = usize::try_from(answer["operators"]["counted"].as_u64().unwrap()).unwrap();
        self.asked.push(Ending { query, told: Told::Answer(release, counted) });
        counted
    }

    /// Waits for a refusal in words; returns all that was said.
    pub(crate) fn refused(&mut self, question: Question) -> String {
        let (query, ended) = question.ended();
        assert_eq!(ended.exit, Some(4), "it is refused: {}", ended.text());
        assert!(ended.talk.iter().any(|line| line.contains("error[")), "in words: {}", ended.text());
        self.asked.push(Ending { query, told: Told::Refusal });
        ended.text()
    }

    /// Waits for an answer or a refusal in words; returns which.
    pub(crate) fn ended(&mut self, question: Question) -> String {
        let (query, ended) = question.ended();
        if ended.exit == Some(0) {
            let answer: Value = ended.json();
            let counted = usize::try_from(answer["operators"]["counted"].as_u64().unwrap()).unwrap();
            let release = answer["release"].as_str().unwrap().to_owned();
            self.asked.push(Ending { query, told: Told::Answer(release, counted) });
            return format!("answered, {counted} counted");
        }
        let words = ended.talk.iter().find(|line| line.contains("error[")).cloned();
        self.asked.push(Ending { query, told: Told::Parted });
        words.unwrap_or_else(|| panic!("neither an answer nor words: {}", ended.text()))
    }

    /// Waits until every clinic knows how every question ended.
    pub(crate) fn settle(&self, federation: &Federation) {
        let give_up = Instant::now() + PATIENCE;
        for clinic in federation.clinics.iter().filter(|clinic| !clinic.is_removed) {
            while clinic.cohorts().iter().any(|line| line.state == ChargeState::Open) {
                assert!(Instant::now() < give_up, "{} never learns how it ended: {:?}", clinic.name, clinic.cohorts());
                // Until others have had their turn; asking takes a connection, so this does not spin.
                std::thread::yield_now();
            }
        }
    }

    /// Every clinic has selected at most once for each question, and each patient at most once; who is counted in the
    /// one release of a question pays for it, and nobody else.
    pub(crate) fn hold(&self, federation: &Federation) {
        self.settle(federation);
        for ending in &self.asked {
            let states = federation.clinics.iter().map(|clinic| state(clinic, &ending.query));
            let states: Vec<ChargeState> = states.flatten().collect();
            let released = states.iter().filter_map(|state| match state {
                ChargeState::Released { release } => Some(serde_json::to_value(release).unwrap()),
                ChargeState::Open | ChargeState::NotCounted | ChargeState::NoRelease | ChargeState::Forgotten => None,
            });
            let released: Vec<Value> = released.collect();
            match &ending.told {
                Told::Answer(release, counted) => {
                    assert_eq!(released.len(), *counted, "who is counted pays: {states:?}");
                    assert!(released.iter().all(|id| id == release), "one release, {release}: {released:?}");
                }
                Told::Refusal => assert!(released.is_empty(), "nothing was released: {states:?}"),
                Told::Parted => assert!(released.windows(2).all(|two| two[0] == two[1]), "at most one: {states:?}"),
            }
        }
        for clinic in &federation.clinics {
            let paid = clinic.cohorts().iter().filter(|line| line.state.stands()).count();
            let due = PRICE * u64::try_from(paid).unwrap();
            let patients = clinic.patients();
            assert_eq!(patients.len(), PATIENTS, "{}", clinic.name);
            for patient in patients {
                assert_eq!(patient.spent.0, due, "{} charged {} for {paid} questions", clinic.name, patient.pseudonym);
            }
        }
    }
}

/// How a clinic booked a question, if it selected for it.
fn state(clinic: &Clinic, query: &str) -> Option<ChargeState> {
    let lines: Vec<_> = clinic.cohorts().into_iter().filter(|line| line.query.hex() == query).collect();
    assert!(lines.len() <= 1, "{} has one entry for a question: {lines:?}", clinic.name);
    let line = lines.into_iter().next()?;
    let mut everybody = line.pseudonyms.clone();
    everybody.sort();
    everybody.dedup();
    assert_eq!(everybody.len(), line.pseudonyms.len(), "{} selected nobody twice", clinic.name);
    Some(line.state)
}

/// How long a clinic may take to learn how a question ended.
const PATIENCE: Duration = Duration::from_secs(30);
