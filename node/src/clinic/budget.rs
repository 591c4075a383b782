//! What studies cost here, by query. It follows from the queries alone: nothing of it tells how many patients were
//! selected, left out or capped.

use serde::{Deserialize, Serialize};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::Moment;
use sumac_protocol::round::budget::{Allowance, Spending};
use sumac_protocol::round::quota::Asked;

use super::books::{asked, spending};
use super::{Charge, ChargeState, Clinic, ClinicError};

/// A clinic's books, as far as they are about studies and not about patients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Books {
    /// When they were read.
    pub at: Moment,
    /// The charter's yearly cap on one patient, less what a patient was charged who was selected for every query: any
    /// other has more left, unless the patient's own cap is lower.
    pub patient_year: Allowance,
    /// The studies that were selected for, in the order of their first query.
    pub studies: Vec<StudyBook>,
}

/// One study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyBook {
    /// The study.
    pub study: Digest,
    /// Its title, as patients are told it.
    pub title: Option<String>,
    /// What its queries cost whose debits stand.
    pub spending: Spending,
    /// Queries whose debits stand.
    pub in_all: usize,
    /// Queries of the last 24 hours, whatever became of them.
    pub today: usize,
    /// Its queries, in the order in which they came.
    pub queries: Vec<ChargeLine>,
}

/// One query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeLine {
    /// The query.
    pub query: Digest,
    /// When its cohort was selected first.
    pub at: Moment,
    /// What each patient of its cohort was charged.
    pub rho: RhoMicro,
    /// How it ended.
    pub state: ChargeState,
}

impl Clinic {
    /// What every study cost here.
    ///
    /// # Errors
    /// [`ClinicError`] if the store cannot be read.
    pub fn books(&self) -> Result<Books, ClinicError> {
        let (charges, now) = (self.charges()?, self.clock.now());
        let mut studies: Vec<StudyBook> = Vec::new();
        for charge in &charges {
            let Charge { query, study, at, rho, state, .. } = charge;
            let line = ChargeLine { query: *query, at: *at, rho: *rho, state: *state };
            match studies.iter_mut().find(|book| book.study == *study) {
                Some(book) => book.queries.push(line),
                None => studies.push(book(&charges, *study, now, line)),
            }
        }
        let cap = self.chain().current().policy.rho_per_patient_year;
        let counted = charges.iter().filter(|charge| charge.state.stands() && charge.counts_for_the_year(now));
        let patient_year = Allowance::of(cap, counted.map(|charge| charge.rho).sum());
        Ok(Books { at: now, patient_year, studies })
    }
}

/// A study with the first of its queries.
fn book(charges: &[Charge], study: Digest, now: Moment, first: ChargeLine) -> StudyBook {
    let told = charges.iter().filter(|charge| charge.study == study).find_map(|charge| charge.told.as_ref());
    let Asked { in_all, today, .. } = asked(charges, study, Digest([0; 32]), now);
    let (title, spending) = (told.map(|told| told.title.clone()), spending(charges, study, now));
    StudyBook { study, title, spending, in_all, today, queries: vec![first] }
}
