//! What a patient is told who asks with their own key.

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::document::consent::{Grant, History, Permit};
use sumac_protocol::principal::Principal;

use super::papers::Spoke;
use super::{Charge, ChargeState, Clinic, ClinicError};
use crate::door::{Answer, GrantedNow, StatusNow, UseLine};
use crate::store::Row;

impl Clinic {
    /// The answer to a patient. That the patient asks was checked before; it tells of this patient alone.
    ///
    /// # Errors
    /// [`ClinicError`] if the store, or something in it, cannot be read.
    pub fn answer(&self, patient: &Principal, what: AskedFor) -> Result<Answer, ClinicError> {
        let Some(row) = self.row_of_key(patient)? else { return Ok(Answer::Unknown(true)) };
        // Who holds a key that was reported as lost may not be the patient, and learns no more than a stranger.
        if self.keys_of(row)?.is_none_or(|keys| keys.newest() != *patient) {
            return Ok(Answer::Unknown(true));
        }
        match what {
            AskedFor::Status => Ok(Answer::Status(Box::new(self.status_of(row)?))),
            AskedFor::Next => {
                let (sequence, previous) = self.next_statement(patient)?;
                Ok(Answer::Next { sequence, previous })
            }
            AskedFor::Receipts => self.receipts_of(patient).map(Answer::Receipts),
            AskedFor::Uses => self.uses_of(row).map(Answer::Uses),
            AskedFor::Record => {
                let held = self.held(&self.pseudonym(row)?, self.clock.now())?;
                Ok(held.map_or(Answer::Unknown(true), |held| Answer::Record(Box::new(held))))
            }
        }
    }

    fn status_of(&self, row: Row) -> Result<StatusNow, ClinicError> {
        let (now, spoke) = (self.clock.now(), self.spoke(row)?);
        let history = spoke.as_ref().map_or_else(History::new, Spoke::history);
        let mine = |charge: &&Charge| charge.concerns(row.0, now) && charge.state.stands();
        let charges = self.charges()?;
        let year = charges.iter().filter(mine).filter(|charge| charge.counts_for_the_year(now));
        Ok(StatusNow {
            standing: history.standing(now).code().to_owned(),
            granted: history.permit().map(granted),
            statements: spoke.as_ref().map_or(0, |spoke| u64::try_from(spoke.said.len()).unwrap_or(u64::MAX)),
            newest: history.last(),
            next_sequence: history.next_sequence(),
            spent_year: year.map(|charge| charge.rho).sum::<RhoMicro>(),
            at: now,
        })
    }

    /// The answered queries that this patient was selected for, with what their studies say to patients.
    fn uses_of(&self, row: Row) -> Result<Vec<UseLine>, ClinicError> {
        let charges = self.charges()?;
        let delta_per_1e12 = self.chain().current().policy.delta_per_1e12;
        let mut uses = Vec::new();
        for charge in charges.iter().filter(|charge| charge.rows.contains(&row.0)) {
            let ChargeState::Released { release } = charge.state else { continue };
            let told = charges.iter().filter(|other| other.study == charge.study).find_map(|other| other.told.as_ref());
            let told = told.ok_or_else(|| ClinicError::Stored {
                what: "query entry",
                why: "no entry of its study holds what it says to patients".into(),
            })?;
            uses.push(UseLine {
                query: charge.query,
                title: told.title.clone(),
                lay_summary: told.lay_summary.clone(),
                mode: told.mode,
                at: charge.at,
                rho: charge.rho,
                delta_per_1e12,
                release,
            });
        }
        Ok(uses)
    }
}

/// A grant, less the purposes that were withdrawn after it.
fn granted(permit: &Permit<'_>) -> GrantedNow {
    let grant = Grant { purposes: permit.purposes_left(), ..permit.grant().clone() };
    GrantedNow { grant, made_at: permit.statement().made_at }
}
