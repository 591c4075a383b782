//! From a question to a cohort and its cells, at one moment of the store.
//!
//! Consents, budgets and records are looked at in one look, during which nothing is written; so however many
//! imports run, a question sees the whole of some of them and nothing of the others. Columns never change, so
//! they are read after writing may go on.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use roaring::RoaringBitmap;
use sumac_protocol::cohort::{Cohort, Eligible};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::ledger::Opening;
use sumac_protocol::moment::Moment;
use sumac_protocol::plan::RawCells;
use sumac_protocol::record::Record;
use sumac_protocol::round::inquiry::Inquiry;
use sumac_protocol::round::message::decode_stored;

use super::{Clinic, ClinicError};
use crate::columns::{ColumnsError, Generation, RowBits};
use crate::store::View;

/// Who takes part, and the head of the ledger that says so, with the salt that it is committed to under.
pub(super) struct Selected {
    pub(super) cohort: Cohort,
    pub(super) opening: Opening,
}

/// What one look at the store gave.
struct Looked<'i> {
    eligible: Eligible<'i>,
    cells: RawCells,
    /// Rows whose records were read whole and are asked about.
    asked_about: Vec<u32>,
    /// Rows that the columns answer for.
    in_columns: RowBits,
    opening: Opening,
}

impl Clinic {
    /// Selects the cohort of a query and its cells: of those who are not left out for what they were charged (`spent`) or,
    /// in an exact study, for having been counted before (`counted`). Charges nobody.
    pub(super) fn selected(
        &self,
        inquiry: &Inquiry,
        now: Moment,
        spent: &impl Fn(u32) -> RhoMicro,
        counted: &impl Fn(u32) -> bool,
        only: Option<&BTreeSet<u32>>,
    ) -> Result<Selected, ClinicError> {
        let generation = self.generation(inquiry);
        let looked = self.looked(inquiry, now, generation.as_deref(), spent, counted, only)?;
        let (found, looked) = match self.in_columns(inquiry, generation.as_deref(), &looked.in_columns) {
            Ok(found) => (found, looked),
            Err(why) => {
                tracing::warn!(code = why.code(), %why, "the columns are damaged; the records answer");
                self.columns.discard();
                (None, self.looked(inquiry, now, None, spent, counted, only)?)
            }
        };
        let Looked { eligible, mut cells, mut asked_about, opening, .. } = looked;
        if let Some((part, rows)) = found {
            cells.add_part(&part);
            asked_about.extend(rows);
        }
        Ok(Selected { cohort: eligible.counted(asked_about, cells), opening })
    }

    /// The columns that can answer this question, if there are any.
    fn generation(&self, inquiry: &Inquiry) -> Option<Arc<Generation>> {
        let digest = Digest::of_bytes(inquiry.charter().dictionary.as_bytes());
        match self.columns.generation(inquiry.dictionary(), digest) {
            Ok(generation) => generation.filter(|generation| generation.serves(inquiry.plan(), inquiry.dictionary())),
            Err(why) => {
                tracing::warn!(code = why.code(), %why, "there are no columns; the records answer");
                self.columns.discard();
                None
            }
        }
    }

    fn looked<'i>(
        &self,
        inquiry: &'i Inquiry,
        now: Moment,
        generation: Option<&Generation>,
        spent: &impl Fn(u32) -> RhoMicro,
        counted: &impl Fn(u32) -> bool,
        only: Option<&BTreeSet<u32>>,
    ) -> Result<Looked<'i>, ClinicError> {
        let mut consents = self.consents.lock().unwrap_or_else(PoisonError::into_inner);
        consents.approach(self)?;
        let view = self.store().look();
        consents.catch_up(self, &view)?;
        let opening = self.fresh_opening(view.ledger_head())?;
        let consenting = consents.view(view.head().statements, now);
        let eligible =
            Eligible::of(&consenting, inquiry, &self.signer().principal(), spent, only).not_counted_before(counted);
        let beside: Option<RoaringBitmap> = generation.map(|generation| generation.beside(&view)).transpose()?;
        let whole = |row: u32| beside.as_ref().is_none_or(|rows| rows.contains(row));
        let in_columns = eligible.rows().iter().copied().filter(|row| !whole(*row)).collect();
        let mut cells = RawCells::zero(inquiry.plan());
        let mut asked_about = Vec::new();
        for row in eligible.rows().iter().copied().filter(|row| whole(*row)) {
            if let Some(record) = read_record(&view, row)?
                && cells.add_patient(inquiry.plan(), inquiry.dictionary(), &record.courses)
            {
                asked_about.push(row);
            }
        }
        Ok(Looked { eligible, cells, asked_about, in_columns, opening })
    }

    /// What the columns say, and of whom.
    fn in_columns(
        &self,
        inquiry: &Inquiry,
        generation: Option<&Generation>,
        rows: &RowBits,
    ) -> Result<Option<(RawCells, Vec<u32>)>, ColumnsError> {
        let Some(generation) = generation else { return Ok(None) };
        let answered = generation.answer(inquiry.plan(), inquiry.dictionary(), rows)?;
        Ok(answered.map(|answered| (answered.cells, answered.asked_about)))
    }
}

fn read_record(view: &View<'_>, row: u32) -> Result<Option<Record>, ClinicError> {
    let Some(body) = view.record(row)? else { return Ok(None) };
    let record = decode_stored(&body).map_err(|why| ClinicError::Stored { what: "record", why: why.to_string() })?;
    Ok(Some(record))
}
