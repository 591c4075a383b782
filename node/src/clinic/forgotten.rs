//! Charging a query that this clinic contributed to and has forgotten: to everybody, because nobody knows to whom.

use sumac_protocol::digest::Digest;
use sumac_protocol::document::recovery::SeenQuery;
use sumac_protocol::moment::Moment;

use super::{Charge, ChargeState, Clinic, ClinicError};

impl Clinic {
    /// Charges every patient the full cost of a query, durably, unless the books have it; whether they did not. It stands
    /// for good, and nothing of the query is ever selected again.
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
}
