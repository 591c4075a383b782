//! Who takes part in one query: the only way from records to a contribution leads through the
//! consent ledger at one position.

use std::collections::{BTreeMap, BTreeSet};

use crate::cost::RhoMicro;
use crate::document::consent::{Standing, Statement, standing};
use crate::envelope::Verified;
use crate::moment::Moment;
use crate::plan::{Mode, RawCells};
use crate::principal::Principal;
use crate::record::{Course, Record};
use crate::round::inquiry::Inquiry;

/// What a clinic's consent ledger says at one position, at one moment. Patients without an
/// enrolled key or without a statement are simply not in it: the default is no.
#[derive(Debug, Clone)]
pub struct ConsentView {
    position: u64,
    at: Moment,
    statements: BTreeMap<u32, Vec<Verified<Statement>>>,
}

impl ConsentView {
    /// An empty view: nobody consents to anything.
    #[must_use]
    pub const fn new(position: u64, at: Moment) -> Self {
        Self { position, at, statements: BTreeMap::new() }
    }

    /// Adds an enrolled patient's statements, in ledger order, each verified under the key that is
    /// enrolled for that patient.
    pub fn enrolled(&mut self, row: u32, statements: Vec<Verified<Statement>>) {
        self.statements.insert(row, statements);
    }

    /// How many statements the ledger held.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The cap under which a patient's records may be used for this query, or `None` for no.
    fn cap(&self, row: u32, inquiry: &Inquiry) -> Option<RhoMicro> {
        match standing(self.statements.get(&row)?, self.at) {
            Standing::Granted(permit) if permit.covers(inquiry.study()).is_ok() => Some(permit.rho_year()),
            Standing::Granted(_)
            | Standing::None
            | Standing::NotYet
            | Standing::Expired
            | Standing::Withdrawn
            | Standing::Contradictory(_) => None,
        }
    }
}

/// One patient's records as a candidate for a cohort.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The patient's row at this clinic.
    pub row: u32,
    /// What is held about the patient.
    pub record: &'a Record,
    /// What the patient was charged in the 365 days before.
    pub spent: RhoMicro,
}

/// The patients who take part in one query, and what they contribute together.
#[derive(Debug)]
pub struct Cohort {
    position: u64,
    rows: Vec<u32>,
    cells: RawCells,
}

impl Cohort {
    /// Selects the cohort: patients whose standing statement covers the study, whose own cap is not
    /// passed, and who have a course that the question asks about. `only` narrows it to those who
    /// were selected in an earlier attempt; they were charged then, and nobody is added.
    ///
    /// Rows from `clinic`'s `patients_max` on take no part: whether a patient does then never depends
    /// on how many others there are, also under a charter that has come to allow fewer.
    #[must_use]
    pub fn select<'a>(
        view: &ConsentView,
        inquiry: &Inquiry,
        clinic: &Principal,
        candidates: impl Iterator<Item = Candidate<'a>>,
        only: Option<&BTreeSet<u32>>,
    ) -> Self {
        let (plan, dictionary) = (inquiry.plan(), inquiry.dictionary());
        let floor = inquiry.charter().policy.rho_per_patient_year;
        let cost = inquiry.query().rho;
        let mut rows = Vec::new();
        let mut records: Vec<&[Course]> = Vec::new();
        let rows_max = inquiry.charter().member(clinic).map_or(0, |member| member.patients_max);
        for candidate in candidates.filter(|candidate| u64::from(candidate.row) < rows_max) {
            let Some(cap) = view.cap(candidate.row, inquiry) else { continue };
            let affordable = only.map_or_else(
                || candidate.spent.plus(cost) <= cap.min(floor),
                |selected| selected.contains(&candidate.row),
            );
            let asked_about = candidate.record.courses.iter().any(|course| plan.measure(dictionary, course).is_some());
            if affordable && asked_about {
                rows.push(candidate.row);
                records.push(&candidate.record.courses);
            }
        }
        let mut cells = plan.raw_cells(dictionary, records);
        if plan.mode == Mode::Exact {
            cells.zero_small_groups(u64::from(inquiry.charter().policy.exact_local_min));
        }
        Self { position: view.position, rows, cells }
    }

    /// The ledger position under which it was selected.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// The rows of those who take part, and pay.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The contribution.
    #[must_use]
    pub fn into_cells(self) -> RawCells {
        self.cells
    }
}
