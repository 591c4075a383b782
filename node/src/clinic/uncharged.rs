//! Uploads that no cohort was selected for: they commit to the ledger like any other, and are opened like any other, also
//! after a restart.

use std::collections::VecDeque;
use std::sync::PoisonError;

use sumac_protocol::digest::Digest;
use sumac_protocol::ledger::{Opening, commitment};
use sumac_protocol::round::message::{decode_stored, encode};

use super::{Clinic, ClinicError};
use crate::store::Entry;

/// What stands behind the newest few, the newest last.
#[derive(Debug, Default)]
pub(super) struct Uncharged(VecDeque<(Digest, Opening)>);

impl Uncharged {
    /// Adds one, and answers what has to be kept for it.
    fn add(&mut self, commitment: Digest, opening: Opening) -> Vec<Entry> {
        let mut entries = vec![Entry::Role { role: UNCHARGED, id: commitment.0, body: Some(encode(&opening)) }];
        self.0.push_back((commitment, opening));
        while self.0.len() > UNCHARGED_MAX {
            let gone = self.0.pop_front();
            entries.extend(gone.map(|(oldest, _)| Entry::Role { role: UNCHARGED, id: oldest.0, body: None }));
        }
        entries
    }
}

impl Clinic {
    /// A commitment to the ledger of now for an upload that no cohort was selected for, with what has to be durable
    /// before the upload leaves: its opening, in place of the oldest of [`UNCHARGED_MAX`].
    ///
    /// # Errors
    /// [`ClinicError::NoRandomness`], [`ClinicError::Document`], or those of the store.
    pub fn commitment_without_cohort(&self) -> Result<(Digest, Vec<Entry>), ClinicError> {
        let opening = self.fresh_opening(self.store().ledger_head())?;
        let commitment = commitment(&opening.salt.0, &opening.head.digest());
        let mut entries = self.with_uncharged(|uncharged| uncharged.add(commitment, opening))?;
        entries.push(self.newest_head_moment()?);
        Ok((commitment, entries))
    }

    /// What stands behind a commitment of an upload that no cohort was selected for.
    pub(super) fn uncharged_opening(&self, commitment: &Digest) -> Result<Option<Opening>, ClinicError> {
        self.with_uncharged(|uncharged| {
            uncharged.0.iter().find(|(known, _)| known == commitment).map(|(_, opening)| opening.clone())
        })
    }

    fn with_uncharged<T>(&self, act: impl FnOnce(&mut Uncharged) -> T) -> Result<T, ClinicError> {
        let mut uncharged = self.uncharged.lock().unwrap_or_else(PoisonError::into_inner);
        let uncharged = match &mut *uncharged {
            Some(uncharged) => uncharged,
            none => {
                let kept = self.store().role_states(UNCHARGED)?.into_iter().map(|(id, body)| {
                    let opening = decode_stored::<Opening>(&body);
                    let opening =
                        opening.map_err(|why| ClinicError::Stored { what: "opening", why: why.to_string() })?;
                    Ok((Digest(id), opening))
                });
                none.insert(Uncharged(kept.collect::<Result<_, ClinicError>>()?))
            }
        };
        Ok(act(uncharged))
    }
}

/// Most uploads without a cohort whose openings are kept.
pub const UNCHARGED_MAX: usize = 64;
/// The store's number for them: past those of the protocol's roles.
const UNCHARGED: u8 = 202;
