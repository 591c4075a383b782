//! What the clinic knows of its patients' consents, kept up with the ledger and never read twice.
//!
//! Enrolments and statements are verified when they are first read; after that only rows that have changed are
//! read again. What is kept of each patient is a number and two moments.

use sumac_protocol::cohort::{ConsentBook, ConsentView};
use sumac_protocol::document::consent::Statement;
use sumac_protocol::envelope::Verified;
use sumac_protocol::moment::Moment;

use super::ledger::is_in_ledger;
use super::papers::Noteds;
use super::{Clinic, ClinicError, Filed};
use crate::store::{Stated, View};

/// The consents up to one frame of the journal.
#[derive(Debug, Default)]
pub(super) struct Consents {
    book: ConsentBook,
    sequence: u64,
}

impl Consents {
    /// Reads most of what has changed since, letting the store write now and then: after a start that is everything.
    pub(super) fn approach(&mut self, clinic: &Clinic) -> Result<(), ClinicError> {
        loop {
            let (sequence, rows) = {
                let view = clinic.store().look();
                (view.head().mark.sequence, view.consents_since(self.sequence)?)
            };
            if rows.len() <= LOOK_ROWS {
                return Ok(());
            }
            for rows in rows.chunks(LOOK_ROWS) {
                let view = clinic.store().look();
                rows.iter().try_for_each(|row| self.read(clinic, &view, *row))?;
            }
            self.sequence = sequence;
        }
    }

    /// Reads all that has changed since, in this look at the store.
    pub(super) fn catch_up(&mut self, clinic: &Clinic, view: &View<'_>) -> Result<(), ClinicError> {
        view.consents_since(self.sequence)?.into_iter().try_for_each(|row| self.read(clinic, view, row))?;
        self.sequence = view.head().mark.sequence;
        Ok(())
    }

    fn read(&mut self, clinic: &Clinic, view: &View<'_>, row: u32) -> Result<(), ClinicError> {
        let Some(Admitted { grants_from, said }) = clinic.admitted(view, row)? else {
            self.book.enrolled(row, Moment(0), std::iter::empty());
            return Ok(());
        };
        self.book.enrolled(row, grants_from, &said);
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
    fn admitted(&self, view: &View<'_>, row: u32) -> Result<Option<Admitted>, ClinicError> {
        let read = || {
            let Some(body) = view.enrolment(row)? else { return Ok(None) };
            let noteds = Noteds::read(&body)?;
            let (enrolment, keys) = (self.read_enrolment(&noteds)?, noteds.keys()?);
            let said = |(position, body): Stated| {
                if !is_in_ledger(view, position, &Filed::read(&body)?)? {
                    return Err(ClinicError::NotInLedger { position });
                }
                self.read_statement(&body, position, &keys)
            };
            let said = view.statements(row)?.into_iter().map(said).collect::<Result<_, ClinicError>>()?;
            Ok(Some(Admitted { grants_from: noteds.grants_from(&enrolment), said }))
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

/// What a patient said, checked.
struct Admitted {
    /// From when on the key may grant.
    grants_from: Moment,
    /// In the ledger's order.
    said: Vec<Verified<Statement>>,
}

/// Rows that are read in one look at the store, during which it does not write.
const LOOK_ROWS: usize = 1_000;
