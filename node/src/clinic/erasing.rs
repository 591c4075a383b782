//! A patient is erased, and neither the pseudonym nor the key comes back.
//!
//! What stays is a salted hash of each, sealed: an import leaves out a pseudonym that was erased here, and a key that
//! was erased is never enrolled again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{decode_stored, encode};

use super::books::read_charge;
use super::{Clinic, ClinicError};
use crate::store::{Clear, Entry, Erasure, Row};

/// What an erasure takes from the clinic, or took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Whether there is a record.
    pub record: bool,
    /// The enrolled key, if any.
    pub key: Option<Principal>,
    /// Statements of consent and withdrawal.
    pub statements: u64,
    /// Queries whose entries in the books name the patient.
    pub queries: u64,
}

impl Clinic {
    /// What an erasure of this patient would take. It changes nothing.
    ///
    /// # Errors
    /// [`ClinicError::NoSuchPatient`], or [`ClinicError::ErasedBefore`].
    pub fn to_erase(&self, pseudonym: &str) -> Result<Taken, ClinicError> {
        let row = self.row_to_erase(pseudonym)?;
        let queries = self.charges()?.iter().filter(|charge| charge.rows.contains(&row.0)).count();
        let held = self.store().holds(row)?;
        // Whatever cannot be read, or would not be admitted today, can be erased all the same.
        let key = self.keys_to_erase(row).last().copied();
        Ok(Taken {
            record: held.record,
            key,
            statements: held.statements,
            queries: u64::try_from(queries).unwrap_or(u64::MAX),
        })
    }

    /// Destroys what is held about a patient, and the place in the entries of queries, durably. What others were
    /// charged, and what a study has spent, stays as it was. The row is never given again.
    ///
    /// # Errors
    /// [`ClinicError::NoSuchPatient`], or [`ClinicError::ErasedBefore`]: then nothing was changed.
    pub fn erase(&self, pseudonym: &str) -> Result<Taken, ClinicError> {
        let (row, taken) = (self.row_to_erase(pseudonym)?, self.to_erase(pseudonym)?);
        let salt = match self.gone()?.0.into_keys().next() {
            Some(salt) => salt,
            None => Octets(Self::salt()?.to_vec()),
        };
        let name = hashed(&salt, PSEUDONYM, pseudonym.as_bytes());
        let keys = self.keys_to_erase(row).iter().map(|key| hashed(&salt, KEY, key.bytes())).collect();
        let remains = encode(&Remains { salt, pseudonym: name, keys });
        self.store().erase(Erasure { row, remains, clear: without(row) })?;
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = keys.as_mut() {
            known.retain(|_, of| *of != row);
        }
        Ok(taken)
    }

    /// Finishes every erasure that a patient asked for and that something interrupted; how many there were. To be called
    /// at the start, before anything else is done.
    ///
    /// # Errors
    /// [`ClinicError`].
    pub fn finish_erasures(&self) -> Result<usize, ClinicError> {
        let due = self.store().role_states(ERASURES_DUE)?;
        for (_, body) in &due {
            let row: u32 = decode_stored(body)
                .map_err(|why| ClinicError::Stored { what: "note of an erasure", why: why.to_string() })?;
            tracing::info!(row, "an erasure that a patient asked for is finished");
            self.finish_erasure(Row(row))?;
        }
        Ok(due.len())
    }

    /// Erases the patient in a row, if that was not done yet, and forgets the note that it is due.
    pub(super) fn finish_erasure(&self, row: Row) -> Result<(), ClinicError> {
        if self.store().rows().contains(&row) {
            self.erase(&self.pseudonym(row)?)?;
        }
        self.store().append(vec![Entry::Role { role: ERASURES_DUE, id: due_id(row), body: None }])?;
        Ok(())
    }

    /// The note that the patient in a row is to be erased, kept in one write with the statement that asks for it.
    #[must_use]
    pub fn erasure_due(row: Row) -> Entry {
        Entry::Role { role: ERASURES_DUE, id: due_id(row), body: Some(encode(&row.0)) }
    }

    /// The keys of a patient who is to be erased, oldest first. Whatever cannot be read, or would not be admitted today,
    /// can be erased all the same.
    fn keys_to_erase(&self, row: Row) -> Vec<Principal> {
        let keys = self.keys_of(row).unwrap_or_else(|why| {
            tracing::warn!(code = why.code(), %why, "an enrolment that is to be erased cannot be read");
            None
        });
        keys.map(|keys| keys.all().collect()).unwrap_or_default()
    }

    /// Those who were erased here.
    pub(super) fn gone(&self) -> Result<Gone, ClinicError> {
        let mut gone = Gone::default();
        for (_, body) in self.store().erased()? {
            let remains: Remains = decode_stored(&body)
                .map_err(|why| ClinicError::Stored { what: "remainder of a patient", why: why.to_string() })?;
            gone.0.entry(remains.salt).or_default().extend([remains.pseudonym].into_iter().chain(remains.keys));
        }
        Ok(gone)
    }

    fn row_to_erase(&self, pseudonym: &str) -> Result<Row, ClinicError> {
        if let Some(row) = self.store().row(pseudonym)? {
            return Ok(row);
        }
        let pseudonym = pseudonym.to_owned();
        if self.gone()?.names(&pseudonym) {
            return Err(ClinicError::ErasedBefore { pseudonym });
        }
        Err(ClinicError::NoSuchPatient { pseudonym })
    }
}

/// The hashes of the pseudonyms and keys of those who were erased here, by their salt: in one store all have the same,
/// so that asking takes one hash however many were erased.
#[derive(Default)]
pub(super) struct Gone(BTreeMap<Octets, BTreeSet<Digest>>);

impl Gone {
    /// Whether a patient of this pseudonym was erased.
    pub(super) fn names(&self, pseudonym: &str) -> bool {
        self.has(PSEUDONYM, pseudonym.as_bytes())
    }

    /// Whether a patient with this key was erased.
    pub(super) fn keys(&self, key: &Principal) -> bool {
        self.has(KEY, key.bytes())
    }

    fn has(&self, what: &[u8], bytes: &[u8]) -> bool {
        self.0.iter().any(|(salt, hashes)| hashes.contains(&hashed(salt, what, bytes)))
    }
}

/// What stays of an erased patient, sealed in the store.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remains {
    salt: Octets,
    pseudonym: Digest,
    keys: Vec<Digest>,
}

fn hashed(salt: &Octets, what: &[u8], bytes: &[u8]) -> Digest {
    Digest::of(Label::Erased, &[&salt.0, what, bytes])
}

/// Takes a row out of a query's entry.
fn without(Row(row): Row) -> Clear {
    Box::new(move |body| {
        let mut charge = read_charge(body).map_err(|why| why.to_string())?;
        let before = charge.rows.len();
        charge.rows.retain(|have| *have != row);
        Ok((charge.rows.len() < before).then(|| encode(&charge)))
    })
}

/// What a note of an erasure is kept under: one for each row.
fn due_id(Row(row): Row) -> [u8; 32] {
    Digest::of(Label::Erased, &[DUE, &row.to_le_bytes()]).0
}

/// The store's number for notes of erasures that are to be done: past those of the roles.
const ERASURES_DUE: u8 = 200;
/// What a hash is of.
const PSEUDONYM: &[u8] = b"pseudonym";
const KEY: &[u8] = b"key";
const DUE: &[u8] = b"due";
