//! Who takes part in one query: the only way from records to a contribution leads through the
//! consent ledger at one position.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::cost::RhoMicro;
use crate::document::consent::{History, Statement};
use crate::envelope::Verified;
use crate::moment::Moment;
use crate::plan::RawCells;
use crate::principal::Principal;
use crate::record::Record;
use crate::round::inquiry::Inquiry;

pub use book::ConsentBook;
pub use eligible::Eligible;

mod book;
mod eligible;

/// What a clinic's consent ledger says at one position, at one moment. Patients without an
/// enrolled key or without a statement are simply not in it: the default is no.
#[derive(Debug, Clone)]
pub struct ConsentView<'b> {
    position: u64,
    at: Moment,
    book: Cow<'b, ConsentBook>,
}

impl ConsentView<'static> {
    /// An empty view: nobody consents to anything.
    #[must_use]
    pub fn new(position: u64, at: Moment) -> Self {
        Self { position, at, book: Cow::Owned(ConsentBook::default()) }
    }
}

impl<'b> ConsentView<'b> {
    /// What a book says that has read the ledger up to `position`.
    #[must_use]
    pub const fn over(book: &'b ConsentBook, position: u64, at: Moment) -> Self {
        Self { position, at, book: Cow::Borrowed(book) }
    }

    /// Adds an enrolled patient's statements, in ledger order, each verified under the key that is
    /// enrolled for that patient.
    pub fn enrolled<'s>(&mut self, row: u32, statements: impl IntoIterator<Item = &'s Verified<Statement>>) {
        let mut history = History::new();
        statements.into_iter().for_each(|statement| history.append(statement));
        self.book.to_mut().enrolled(row, &history);
    }

    /// How many statements the ledger held.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }
}

/// One patient's records as a candidate for a cohort.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The patient's row at this clinic.
    pub row: u32,
    /// What is held about the patient.
    pub record: &'a Record,
    /// What the patient was charged in the 365 days before, by other queries.
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
    /// Selects the cohort record by record: patients who are [`Eligible`], and who have a course that
    /// the question asks about.
    #[must_use]
    pub fn select<'a>(
        view: &ConsentView<'_>,
        inquiry: &Inquiry,
        clinic: &Principal,
        candidates: impl Iterator<Item = Candidate<'a>>,
        only: Option<&BTreeSet<u32>>,
    ) -> Self {
        let candidates: BTreeMap<u32, Candidate<'a>> = candidates.map(|candidate| (candidate.row, candidate)).collect();
        let spent = |row: u32| candidates.get(&row).map_or(RhoMicro::default(), |candidate| candidate.spent);
        let eligible = Eligible::of(view, inquiry, clinic, spent, only);
        let records = eligible.rows().iter().filter_map(|row| Some((*row, candidates.get(row)?.record)));
        let mut cells = RawCells::zero(inquiry.plan());
        let mut asked_about = Vec::new();
        for (row, record) in records {
            if cells.add_patient(inquiry.plan(), inquiry.dictionary(), &record.courses) {
                asked_about.push(row);
            }
        }
        eligible.counted(asked_about, cells)
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
