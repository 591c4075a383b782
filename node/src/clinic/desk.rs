//! What the clinic's own console shows: who is in, who is out, and what was used for what.

use serde::{Deserialize, Serialize};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;

use super::{Charge, ChargeState, Clinic, ClinicError, StandingLine};
use crate::store::Row;

/// One patient as the clinic's console lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientLine {
    /// The pseudonym.
    pub pseudonym: String,
    /// The enrolled key, if any.
    pub key: Option<Principal>,
    /// Whether there are records.
    pub has_record: bool,
    /// Where the patient stands, in the words of [`super::StandingLine::standing`].
    pub standing: String,
    /// What the patient was charged by queries whose debit stands.
    pub spent: RhoMicro,
}

/// One query as the clinic's console explains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohortLine {
    /// The query.
    pub query: Digest,
    /// What every selected patient was charged.
    pub rho: RhoMicro,
    /// The pseudonyms of those selected.
    pub pseudonyms: Vec<String>,
    /// How long the consent ledger was when they were selected.
    pub ledger_position: u64,
    /// How it ended.
    pub state: ChargeState,
}

impl Clinic {
    /// All patients, in order of arrival. One patient whose documents do not hold is listed as such and holds up nobody
    /// else.
    ///
    /// # Errors
    /// [`ClinicError`] if the store cannot be read.
    pub fn patients(&self) -> Result<Vec<PatientLine>, ClinicError> {
        let (charges, now) = (self.charges()?, self.clock.now());
        self.store().rows().into_iter().map(|row| self.patient(row, now, &charges)).collect()
    }

    /// All queries with their cohorts.
    ///
    /// # Errors
    /// [`ClinicError`].
    pub fn cohorts(&self) -> Result<Vec<CohortLine>, ClinicError> {
        let line = |charge: Charge| {
            let pseudonyms = charge.rows.iter().map(|row| self.pseudonym(Row(*row))).collect::<Result<_, _>>()?;
            let Charge { query, rho, ledger_position, state, .. } = charge;
            Ok(CohortLine { query, rho, pseudonyms, ledger_position, state })
        };
        self.charges()?.into_iter().map(line).collect()
    }

    fn patient(&self, row: Row, now: Moment, charges: &[Charge]) -> Result<PatientLine, ClinicError> {
        let StandingLine { pseudonym, key, standing, .. } = self.standing_line(row, now)?;
        let spent = charges.iter().filter(|c| c.state.stands() && c.concerns(row.0, now)).map(|c| c.rho).sum();
        let has_record = self.store().record(row)?.is_some();
        Ok(PatientLine { pseudonym, key, has_record, standing, spent })
    }
}
