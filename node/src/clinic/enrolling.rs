//! Records and keys come in.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::Statement;
use sumac_protocol::document::enrolment::{Enrolment, admit_enrolment};
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;
use sumac_protocol::record::Record;
use sumac_protocol::round::message::encode;

use super::papers::{Keys, Noted, Noteds};
use super::{Clinic, ClinicError, Filed};
use crate::import::limits::BATCH_PATIENTS;
use crate::store::{Entry, Row, Stated};

/// What an import changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Patients whose record is new or changed.
    pub changed: u64,
    /// Patients whose record was the same already.
    pub unchanged: u64,
    /// Patients who were erased here, and are left out.
    #[serde(default)]
    pub erased: u64,
}

impl Clinic {
    /// Keeps patients' records, each atomically, all durably. The same records again change nothing. Who was erased
    /// here is left out.
    ///
    /// # Errors
    /// [`ClinicError::TooManyPatients`] before anything is written.
    pub fn keep_records(&self, patients: &BTreeMap<String, Record>) -> Result<Kept, ClinicError> {
        let me = self.signer().principal();
        let member = self.chain().current().member(&me).ok_or(ClinicError::NoContributor)?;
        let mut kept = Kept { changed: 0, unchanged: 0, erased: 0 };
        let (gone, mut entries) = (self.gone()?, Vec::with_capacity(patients.len()));
        for (pseudonym, record) in patients {
            if gone.names(pseudonym) {
                kept.erased += 1;
            } else {
                entries.push((pseudonym, record));
            }
        }
        let come = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        // Only close to the limit it matters which of them are new.
        if self.store().rows_given().saturating_add(come) > member.patients_max {
            let mut new = 0;
            for (pseudonym, _) in &entries {
                new += u64::from(self.store().row(pseudonym)?.is_none());
            }
            self.has_room(new)?;
        }
        for batch in entries.chunks(BATCH) {
            let entry = |(pseudonym, record): &(&String, &Record)| Entry::Record {
                pseudonym: (*pseudonym).clone(),
                body: encode(record),
            };
            let position = self.store().append(batch.iter().map(entry).collect())?;
            let unchanged = u64::try_from(position.unchanged).unwrap_or(u64::MAX);
            kept.unchanged += unchanged;
            kept.changed += u64::try_from(batch.len()).unwrap_or(u64::MAX) - unchanged;
        }
        Ok(kept)
    }

    /// Whether the charter has room for so many further patients. Rows count, as they do when a cohort is selected, and
    /// so do those of erased patients: they are never given again.
    fn has_room(&self, new: u64) -> Result<(), ClinicError> {
        let me = self.signer().principal();
        let most = self.chain().current().member(&me).ok_or(ClinicError::NoContributor)?.patients_max;
        let have = self.store().rows_given().saturating_add(new);
        if new > 0 && have > most { Err(ClinicError::TooManyPatients { have, most }) } else { Ok(()) }
    }

    /// Enrols a patient's key for a pseudonym, signed by this node. It takes the place of a key that nobody holds, which
    /// stands for a patient on paper: what staff witnessed stands, what was withdrawn stays withdrawn, and where anything
    /// was witnessed nothing counts as granted for 14 days, as after any other replacement.
    ///
    /// # Errors
    /// [`ClinicError::TooManyPatients`], [`ClinicError::KeyTaken`], [`ClinicError::Enrolled`], or, where the pseudonym or the key was erased,
    /// [`ClinicError::ErasedBefore`] or [`ClinicError::KeyErased`].
    pub fn enrol(&self, pseudonym: &str, key: Principal) -> Result<(), ClinicError> {
        let row = self.store().row(pseudonym)?;
        let noteds = row.map(|row| self.noteds(row)).transpose()?.flatten();
        if let Some(noteds) = &noteds {
            if self.read_enrolment(noteds)?.patient == key {
                return Ok(());
            }
            if !noteds.nobody_holds() {
                return Err(ClinicError::Enrolled);
            }
        }
        let document = self.first_key(pseudonym, key)?;
        let body = match (noteds, row) {
            (Some(noteds), Some(row)) => {
                let waits = !self.store().statements(row)?.is_empty();
                let (position, taken_at) = (self.store().ledger_len(), self.clock.now());
                noteds.and(Noted { position, taken_at, document, nobody_holds: false, waits })
            }
            (Some(_) | None, _) => encode(&document),
        };
        self.keep_enrolment(pseudonym, key, body)
    }

    /// The enrolment of a key that speaks for nobody yet, for a pseudonym that may have one.
    pub(super) fn first_key(&self, pseudonym: &str, key: Principal) -> Result<Envelope, ClinicError> {
        if self.row_of_key(&key)?.is_some() {
            return Err(ClinicError::KeyTaken { key });
        }
        let gone = self.gone()?;
        if gone.keys(&key) {
            return Err(ClinicError::KeyErased { key });
        }
        if self.store().row(pseudonym)?.is_none() {
            if gone.names(pseudonym) {
                return Err(ClinicError::ErasedBefore { pseudonym: pseudonym.to_owned() });
            }
            self.has_room(1)?;
        }
        let clinic = self.signer().principal();
        let (pseudonym, made_at) = (pseudonym.to_owned(), self.clock.now());
        let enrolment = Enrolment { clinic, pseudonym, patient: key, made_at, replaces: None };
        let envelope = Envelope::sign(&enrolment, self.signer())?;
        admit_enrolment(&envelope, self.chain().current(), &clinic)?;
        Ok(envelope)
    }

    /// Keeps what is noted of a patient's keys, of which this is the newest.
    pub(super) fn keep_enrolment(&self, pseudonym: &str, key: Principal, body: Vec<u8>) -> Result<(), ClinicError> {
        self.store().append(vec![Entry::Enrolment { pseudonym: pseudonym.to_owned(), body }])?;
        self.note_key(key, self.store().row(pseudonym)?);
        Ok(())
    }

    /// Remembers which row a key speaks for, if keys are in memory at all.
    pub(super) fn note_key(&self, key: Principal, row: Option<Row>) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(known), Some(row)) = (keys.as_mut(), row) {
            known.insert(key, row);
        }
    }

    /// What the next statement of a patient must name: its sequence and the statement before it.
    ///
    /// # Errors
    /// [`ClinicError::NotEnrolled`].
    pub fn next_statement(&self, key: &Principal) -> Result<(u64, Option<Digest>), ClinicError> {
        let row = self.row_of_key(key)?.ok_or(ClinicError::NotEnrolled { key: *key })?;
        let keys = self.keys_of(row)?.ok_or(ClinicError::NotEnrolled { key: *key })?;
        let known = self.statements(row, &keys)?;
        let history = keys.history(&known, u64::MAX, Moment(u64::MAX));
        Ok((history.next_sequence(), history.last()))
    }

    /// What is noted of a patient's keys.
    pub(super) fn noteds(&self, row: Row) -> Result<Option<Noteds>, ClinicError> {
        self.store().enrolment(row)?.map(|body| Noteds::read(&body)).transpose()
    }

    /// The keys that were enrolled for a patient, also where the charter of today would not admit them any more: whoever
    /// could grant can withdraw.
    pub(super) fn keys_of(&self, row: Row) -> Result<Option<Keys>, ClinicError> {
        self.noteds(row)?.map(|noteds| noteds.keys()).transpose()
    }

    /// A patient's statements in ledger order with their positions, checked again.
    pub(super) fn statements(&self, row: Row, keys: &Keys) -> Result<Vec<(u64, Verified<Statement>)>, ClinicError> {
        let read =
            |(position, body): Stated| Ok((position, self.read_statement(&Filed::read(&body)?, position, keys)?));
        self.store().statements(row)?.into_iter().map(read).collect()
    }

    pub(super) fn pseudonym(&self, row: Row) -> Result<String, ClinicError> {
        let pseudonym = self.store().pseudonym(row)?;
        Ok(pseudonym.map(|p| p.as_str().to_owned()).unwrap_or_default())
    }

    pub(super) fn row_of_key(&self, key: &Principal) -> Result<Option<Row>, ClinicError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = keys.as_ref() {
            return Ok(known.get(key).copied());
        }
        let mut known = BTreeMap::new();
        for row in self.store().rows() {
            if let Some(keys) = self.keys_of(row)? {
                known.extend(keys.all().map(|key| (key, row)));
            }
        }
        let found = known.get(key).copied();
        *keys = Some(known);
        Ok(found)
    }
}

/// Patients in one durable batch of an import.
const BATCH: usize = BATCH_PATIENTS;
