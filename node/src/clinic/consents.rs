//! What the clinic knows of its patients' consents, kept up with the ledger and never read twice.
//!
//! Enrolments and statements are verified when they are first read; after that only rows that have changed are
//! read again. What is kept of each patient is a number and two moments.

use sumac_protocol::cohort::{ConsentBook, ConsentView};
use sumac_protocol::document::consent::History;
use sumac_protocol::moment::Moment;

use super::ledger::is_in_ledger;
use super::papers::{Noteds, Spoke};
use super::{Clinic, ClinicError, Filed};
use crate::store::{Row, Stated, View};

/// The consents up to one frame of the journal.
#[derive(Debug, Default)]
pub(super) struct Consents {
    book: ConsentBook,
    sequence: u64,
    /// Rows to be read again, though nothing of theirs has changed.
    again: Vec<Row>,
}

impl Consents {
    /// Reads most of what has changed since, letting the store write now and then: after a start that is everything.
    pub(super) fn approach(&mut self, clinic: &Clinic) -> Result<(), ClinicError> {
        // Read now: in a look at the store nothing else is asked of it.
        clinic.recovery()?;
        loop {
            let (sequence, rows) = {
                let view = clinic.store().look();
                (view.head().mark.sequence, view.consents_since(self.sequence)?)
            };
            if rows.len() <= LOOK_ROWS {
                return Ok(());
            }
            for rows in rows.chunks(LOOK_ROWS) {
                if clinic.is_left() {
                    return Ok(());
                }
                let view = clinic.store().look();
                rows.iter().try_for_each(|row| self.read(clinic, &view, *row))?;
            }
            self.sequence = sequence;
        }
    }

    /// Reads all that has changed since, in this look at the store.
    pub(super) fn catch_up(&mut self, clinic: &Clinic, view: &View<'_>) -> Result<(), ClinicError> {
        view.consents_since(self.sequence)?.into_iter().try_for_each(|row| self.read(clinic, view, row))?;
        for row in std::mem::take(&mut self.again) {
            self.read(clinic, view, row.0)?;
        }
        self.sequence = view.head().mark.sequence;
        Ok(())
    }

    /// Reads a patient again with the next that is read.
    pub(super) fn read_again(&mut self, row: Row) {
        self.again.push(row);
    }

    fn read(&mut self, clinic: &Clinic, view: &View<'_>, row: u32) -> Result<(), ClinicError> {
        match clinic.admitted(view, row)? {
            Some(spoke) if clinic.awaits_confirmation(Row(row), &spoke)? => self.book.enrolled(row, &History::new()),
            Some(spoke) => self.book.enrolled(row, &spoke.history()),
            None => self.book.enrolled(row, &History::new()),
        }
        Ok(())
    }

    /// The consents at a moment, as of the frame that was caught up with last.
    pub(super) const fn view(&self, position: u64, now: Moment) -> ConsentView<'_> {
        ConsentView::over(&self.book, position, now)
    }
}

impl Clinic {
    /// What a patient said, checked again; `None` where nobody is enrolled, or where a document does not hold under the
    /// charters, or is not what the ledger has. Then this patient allows nothing, and nobody else is held up.
    fn admitted(&self, view: &View<'_>, row: u32) -> Result<Option<Spoke>, ClinicError> {
        let read = || {
            let Some(body) = view.enrolment(row)? else { return Ok(None) };
            let noteds = Noteds::read(&body)?;
            self.read_enrolment(&noteds)?;
            let keys = noteds.keys()?;
            let said = |(position, body): Stated| {
                let filed = Filed::read(&body)?;
                if !is_in_ledger(view, position, &filed)? {
                    return Err(ClinicError::NotInLedger { position });
                }
                Ok((position, self.read_statement(&filed, position, &keys)?))
            };
            let said = view.statements(row)?.into_iter().map(said).collect::<Result<_, ClinicError>>()?;
            Ok(Some(Spoke { keys, said }))
        };
        match read() {
            Err(
                why @ (ClinicError::Document(_)
                | ClinicError::Enrolment(_)
                | ClinicError::Statement(_)
                | ClinicError::NotInLedger { .. }),
            ) => {
                tracing::warn!(row, code = why.code(), %why, "a patient allows nothing: the papers do not hold");
                Ok(None)
            }
            read => read,
        }
    }
}

/// Rows that are read in one look at the store, during which it does not write.
pub(super) const LOOK_ROWS: usize = 1_000;
