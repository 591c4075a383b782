//! Who may take part in a query, before anybody has looked at a record.

use std::collections::BTreeSet;

use super::{Cohort, ConsentView};
use crate::cost::RhoMicro;
use crate::plan::{Mode, RawCells};
use crate::principal::Principal;
use crate::round::inquiry::Inquiry;

/// The patients whose standing statement covers the study and whose own cap is not passed. Whoever reads
/// records for a query reads only theirs.
#[derive(Debug)]
pub struct Eligible<'i> {
    inquiry: &'i Inquiry,
    position: u64,
    rows: Vec<u32>,
}

impl<'i> Eligible<'i> {
    /// Those whom the ledger and the budgets let in; `spent` is what a patient was charged in the 365 days
    /// before by other queries than this one. `only` narrows it to those who were selected in an earlier attempt, and
    /// nobody is added: they were charged then, and a cap that has come to lie lower holds all the same.
    ///
    /// Rows from `clinic`'s `patients_max` on take no part: whether a patient does then never depends
    /// on how many others there are, also under a charter that has come to allow fewer.
    #[must_use]
    pub fn of(
        view: &ConsentView<'_>,
        inquiry: &'i Inquiry,
        clinic: &Principal,
        spent: impl Fn(u32) -> RhoMicro,
        only: Option<&BTreeSet<u32>>,
    ) -> Self {
        let floor = inquiry.charter().policy.rho_per_patient_year;
        let cost = inquiry.query().rho;
        let rows_max = inquiry.charter().member(clinic).map_or(0, |member| member.patients_max);
        let affordable = |row: u32, cap: RhoMicro| spent(row).plus(cost) <= cap.min(floor) || planted!(IgnoresCaps);
        let selected = |row: u32| only.is_none_or(|selected| selected.contains(&row) || planted!(AddsInLaterAttempts));
        let permitted = view.book.permitted(inquiry.study(), view.at);
        let rows =
            permitted.filter(|(row, cap)| u64::from(*row) < rows_max && selected(*row) && affordable(*row, *cap));
        Self { inquiry, position: view.position, rows: rows.map(|(row, _)| row).collect() }
    }

    /// These less those whom an earlier query of the same text has counted, or may still count. Where answers carry no
    /// noise, two answers to one question over nearly the same patients would tell of those who make the difference; so
    /// each asking counts patients whom none before it counted, and answers add up. Narrows nothing where the
    /// study is not exact.
    #[must_use]
    pub fn not_counted_before(mut self, counted: impl Fn(u32) -> bool) -> Self {
        if self.inquiry.counts_nobody_twice() {
            self.rows.retain(|row| !counted(*row));
        }
        self
    }

    /// Their rows, ascending.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The cohort: those of them who have a course that the question asks about, and the cells that exactly
    /// these contribute. Rows that are not eligible are dropped; that cells are only theirs, the caller vouches for.
    #[must_use]
    pub fn counted(self, mut asked_about: Vec<u32>, mut cells: RawCells) -> Cohort {
        let Self { inquiry, position, rows } = self;
        asked_about.sort_unstable();
        asked_about.dedup();
        asked_about.retain(|row| rows.binary_search(row).is_ok());
        if inquiry.plan().mode == Mode::Exact {
            cells.zero_small_groups(inquiry.plan(), u64::from(inquiry.charter().policy.exact_local_min));
        }
        Cohort { position, rows: asked_about, cells }
    }
}
