//! That this clinic once forgot something, and what follows from it.
//!
//! A folder that was set back lacks what was acknowledged since. `sumac node recover` makes good what can be made good and
//! leaves a mark: from then on the clinic takes no part in what was begun before, and where the ledger may have been
//! longer, no consent counts before it was shown again what the patient said last.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use sumac_protocol::document::consent::Statement;
use sumac_protocol::envelope::Verified;
use sumac_protocol::ledger::Receipt;
use sumac_protocol::moment::Moment;
use sumac_protocol::round::message::{decode_stored, encode};

use super::papers::Spoke;
use super::{Clinic, ClinicError};
use crate::store::{Entry, Row, Store};

/// The newest recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryMark {
    /// When it ended, or when it was begun where it did not.
    pub at: Moment,
    /// Statements in the ledger then; where consents wait, after the loss that they wait for.
    pub statements: u64,
    /// Whether statements may have been lost, in this recovery or in one before it, so that no consent counts before it is
    /// confirmed. No later recovery lifts it.
    pub suspended: bool,
    /// When consents began to wait, where that was not [`RecoveryMark::at`] but in an earlier recovery.
    #[serde(default)]
    pub suspended_at: Option<Moment>,
    /// Messages of this node up to this number belong to the history that a recovery gave up, and to nothing since. 0
    /// where it is not known.
    #[serde(default)]
    pub given_up: u64,
    /// Whether all of it was done. Until then the node takes part in no question.
    pub finished: bool,
}

/// Whose consents wait to be confirmed.
#[derive(Debug, Clone, Default)]
pub(super) struct Suspension {
    mark: Option<RecoveryMark>,
    /// Rows that were confirmed since.
    confirmed: BTreeSet<u32>,
}

impl RecoveryMark {
    /// What has to be kept of it.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry::Role { role: MARK, id: [0; 32], body: Some(encode(self)) }
    }

    /// What a node keeps that members told that it was set back, when its ledger had so many statements: a recovery that is
    /// not finished, after which those wait who waited after the one before.
    #[must_use]
    pub fn found_behind(previous: Option<Self>, statements: u64, now: Moment) -> Self {
        let waits_since = previous.and_then(|mark| mark.waits_since());
        let waited = previous.filter(|mark| mark.suspended || !mark.finished);
        Self {
            at: now,
            statements: waited.map_or(statements, |mark| mark.statements),
            suspended: waits_since.is_some(),
            suspended_at: waits_since,
            given_up: previous.map_or(0, |mark| mark.given_up),
            finished: false,
        }
    }

    /// Since when consents wait to be confirmed; none where they stand.
    #[must_use]
    pub fn waits_since(&self) -> Option<Moment> {
        self.suspended.then(|| self.suspended_at.unwrap_or(self.at))
    }

    /// The mark that a store keeps, if its node ever recovered.
    ///
    /// # Errors
    /// [`ClinicError`] of the store.
    pub fn read(store: &Store) -> Result<Option<Self>, ClinicError> {
        let Some(body) = store.role_state(MARK, &[0; 32])? else { return Ok(None) };
        let mark = decode_stored(&body);
        mark.map(Some).map_err(|why| ClinicError::Stored { what: "mark of a recovery", why: why.to_string() })
    }
}

impl Suspension {
    fn read(store: &Store) -> Result<Self, ClinicError> {
        let mark = RecoveryMark::read(store)?;
        let since = mark.and_then(|mark| mark.waits_since());
        let mut confirmed = BTreeSet::new();
        for (id, body) in store.role_states(CONFIRMED)? {
            let at: Moment = decode_stored(&body)
                .map_err(|why| ClinicError::Stored { what: "confirmed consent", why: why.to_string() })?;
            // What was confirmed before statements were lost may have been taken back by one of them.
            if since.is_some_and(|since| at >= since)
                && let Some(bytes) = id.first_chunk::<4>()
            {
                confirmed.insert(u32::from_le_bytes(*bytes));
            }
        }
        Ok(Self { mark, confirmed })
    }

    /// Whether what this patient said counts: nothing may have been lost, or staff or a receipt confirmed it, or the
    /// newest that stands in the ledger was signed after the recovery.
    pub(super) fn lets(&self, row: u32, said: &[(u64, Verified<Statement>)]) -> bool {
        let Some((mark, since)) = self.mark.and_then(|mark| Some((mark, mark.waits_since()?))) else { return true };
        let signed_since =
            |(position, newest): &(u64, Verified<Statement>)| *position >= mark.statements && newest.made_at > since;
        self.confirmed.contains(&row) || said.last().is_some_and(signed_since)
    }
}

impl Clinic {
    /// The newest recovery of this clinic, if there was one.
    ///
    /// # Errors
    /// [`ClinicError`] of the store.
    pub fn recovery(&self) -> Result<Option<RecoveryMark>, ClinicError> {
        self.with_suspension(|suspension| suspension.mark)
    }

    /// Confirms that what the ledger has of a patient is the newest that the patient said: by the receipt of it, or, where
    /// it is on paper, by the word of whoever asks. From then on it counts again.
    ///
    /// # Errors
    /// [`ClinicError::NoSuchPatient`], [`ClinicError::NothingToConfirm`], [`ClinicError::ReceiptNeeded`],
    /// [`ClinicError::ReceiptOfAnother`], or [`ClinicError::Ledger`] if the receipt does not hold.
    pub fn confirm(&self, pseudonym: &str, receipt: Option<&Receipt>) -> Result<(), ClinicError> {
        let unknown = || ClinicError::NoSuchPatient { pseudonym: pseudonym.to_owned() };
        let row = self.store().row(pseudonym)?.ok_or_else(unknown)?;
        let spoke = self.spoke(row)?;
        let (spoke, (position, newest)) =
            spoke.as_ref().and_then(|spoke| Some((spoke, spoke.said.last()?))).ok_or_else(unknown)?;
        if !self.awaits_confirmation(row, spoke)? {
            return Err(ClinicError::NothingToConfirm { pseudonym: pseudonym.to_owned() });
        }
        match receipt {
            Some(receipt) => {
                let statement = newest.digest();
                if receipt.statement != statement {
                    return Err(ClinicError::ReceiptOfAnother { position: receipt.position, have: *position });
                }
                receipt.check(&self.signer().principal(), &statement)?;
            }
            None if newest.witness.is_some() => {}
            None => return Err(ClinicError::ReceiptNeeded),
        }
        // Never before the recovery that it is about, though the clock was set back.
        let at = self.clock.now().max(self.recovery()?.map_or(Moment(0), |mark| mark.at));
        self.store().append(vec![Entry::Role { role: CONFIRMED, id: id_of(row), body: Some(encode(&at)) }])?;
        self.with_suspension(|suspension| suspension.confirmed.insert(row.0))?;
        self.consents.lock().unwrap_or_else(PoisonError::into_inner).read_again(row);
        Ok(())
    }

    /// Whether what was read of a patient waits to be confirmed.
    pub(super) fn awaits_confirmation(&self, row: Row, spoke: &Spoke) -> Result<bool, ClinicError> {
        self.with_suspension(|suspension| !suspension.lets(row.0, &spoke.said))
    }

    /// Read once; then what is in memory is as the store has it.
    pub(super) fn with_suspension<T>(&self, act: impl FnOnce(&mut Suspension) -> T) -> Result<T, ClinicError> {
        let mut known = self.suspension.lock().unwrap_or_else(PoisonError::into_inner);
        let suspension = match &mut *known {
            Some(suspension) => suspension,
            none => none.insert(Suspension::read(self.store())?),
        };
        Ok(act(suspension))
    }
}

fn id_of(row: Row) -> [u8; 32] {
    let mut id = [0; 32];
    for (to, from) in id.iter_mut().zip(row.0.to_le_bytes()) {
        *to = from;
    }
    id
}

/// The store's number for the mark: past those of the protocol's roles.
const MARK: u8 = 205;
/// And for the rows that were confirmed.
const CONFIRMED: u8 = 206;
