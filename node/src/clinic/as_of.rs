//! A past question explained again, with the consents that it saw.
//!
//! For the clinic's own console. What a release says never tells who came or left since.

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::Moment;

use super::{Charge, ChargeState, Clinic, ClinicError};
use crate::store::Row;

/// One query, and where every patient stood when its cohort was selected. Who was erased since is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// The query.
    pub query: Digest,
    /// The study it was asked in.
    pub study: Digest,
    /// When the cohort was selected; of several attempts, the last.
    pub selected_at: Moment,
    /// How many statements the ledger held then: those that were seen.
    pub ledger_position: u64,
    /// How many it holds now.
    pub ledger_now: u64,
    /// How it ended.
    pub state: ChargeState,
    /// Everybody whom the clinic knows today, in order of arrival.
    pub patients: Vec<AsOfLine>,
}

/// One patient, then and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOfLine {
    /// The pseudonym.
    pub pseudonym: String,
    /// Whether the query counted the patient. Whoever had consented and was not counted has nothing that the
    /// question asks about, allows other studies only, or had reached a yearly cap.
    pub counted: bool,
    /// Where the patient stood, in the words of [`super::StandingLine::standing`].
    pub standing_then: String,
    /// Where the patient stands today.
    pub standing_now: String,
}

impl Clinic {
    /// A query as the clinic's books have it, with the consents of its moment; `None` if this clinic never selected
    /// for it.
    ///
    /// # Errors
    /// [`ClinicError`] if the store cannot be read.
    pub fn as_of(&self, query: &Digest) -> Result<Option<AsOf>, ClinicError> {
        let Some(charge) = self.charges()?.into_iter().find(|charge| charge.query == *query) else { return Ok(None) };
        let now = self.clock.now();
        let lines = self.store().rows().into_iter().map(|row| self.as_of_line(row, &charge, now));
        let patients = lines.collect::<Result<_, ClinicError>>()?;
        let ledger_now = self.store().ledger_len();
        let Charge { query, study, selected_at, ledger_position, state, .. } = charge;
        Ok(Some(AsOf { query, study, selected_at, ledger_position, ledger_now, state, patients }))
    }

    fn as_of_line(&self, row: Row, charge: &Charge, now: Moment) -> Result<AsOfLine, ClinicError> {
        let (standing_then, standing_now) = match self.then_and_now(row, charge, now) {
            Err(ClinicError::Document(_) | ClinicError::Enrolment(_) | ClinicError::Statement(_)) => {
                ("unreadable", "unreadable")
            }
            read => read?,
        };
        Ok(AsOfLine {
            pseudonym: self.pseudonym(row)?,
            counted: charge.rows.contains(&row.0),
            standing_then: standing_then.to_owned(),
            standing_now: standing_now.to_owned(),
        })
    }

    fn then_and_now(
        &self,
        row: Row,
        charge: &Charge,
        now: Moment,
    ) -> Result<(&'static str, &'static str), ClinicError> {
        let Some(spoke) = self.spoke(row)? else { return Ok(("none", "none")) };
        // A key that came later held nobody up then.
        let then = spoke.history_at(charge.ledger_position, charge.selected_at).standing(charge.selected_at).code();
        Ok((then, spoke.history().standing(now).code()))
    }
}
