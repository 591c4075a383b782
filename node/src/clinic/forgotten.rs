//! Charging a query that this clinic contributed to and has forgotten: to everybody, because nobody knows to whom.

use sumac_protocol::digest::Digest;
use sumac_protocol::document::recovery::SeenQuery;
use sumac_protocol::moment::Moment;

use super::earlier::UNKNOWN_STUDY;
use super::{Charge, ChargeState, Clinic, ClinicError};

impl Clinic {
    /// Charges every patient, also whoever is enrolled later, the full cost of a query, durably, unless the books have it;
    /// whether they did not. It stands for good, and nothing of the query is ever selected again.
    ///
    /// # Errors
    /// [`ClinicError`] of the store.
    pub fn charge_to_all(&self, seen: &SeenQuery, now: Moment) -> Result<bool, ClinicError> {
        if self.charge(seen.query)?.is_some() {
            return Ok(false);
        }
        self.keep_charge(&Charge {
            query: seen.query,
            study: seen.study,
            told: None,
            text: Digest([0; 32]),
            rho: seen.rho,
            at: now,
            selected_at: now,
            expires: seen.expires,
            rows: self.store().rows().iter().map(|row| row.0).collect(),
            ledger_position: self.store().ledger_len(),
            openings: Vec::new(),
            state: ChargeState::Forgotten,
        })?;
        Ok(true)
    }

    /// Charges every patient the budget of a whole year, durably and once for each number: nobody knows any more which
    /// queries there were.
    ///
    /// # Errors
    /// [`ClinicError`] of the store.
    pub fn charge_a_year_to_all(&self, counter: u64, now: Moment) -> Result<bool, ClinicError> {
        let rho = self.chain().current().policy.rho_per_patient_year;
        let query = Digest::of_bytes(&counter.to_le_bytes());
        self.charge_to_all(&SeenQuery { counter, query, study: UNKNOWN_STUDY, rho, expires: now }, now)
    }
}
