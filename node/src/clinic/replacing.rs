//! Keys that are not the patient's own doing: one that was lost is replaced, and one stands for a patient on paper.

use sumac_protocol::document::consent::StatementError;
use sumac_protocol::document::enrolment::admit_enrolment;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::{Principal, Signer};

use super::papers::Noted;
use super::{Clinic, ClinicError};

impl Clinic {
    /// Replaces a lost key by another, on the word of two members of staff. What the lost key said stands, and so do its
    /// withdrawals; nothing counts as granted for 14 days from now, so that a patient who was not asked can object. The
    /// same document again changes nothing.
    ///
    /// # Errors
    /// [`ClinicError`], before anything is written.
    pub fn replace_key(&self, envelope: &Envelope) -> Result<(), ClinicError> {
        let me = self.signer().principal();
        let enrolment = admit_enrolment(envelope, self.chain().current(), &me)?;
        let lost = enrolment.replaces.ok_or(ClinicError::NoReplacement)?;
        let pseudonym = enrolment.pseudonym.clone();
        let row = self.store().row(&pseudonym)?;
        let row = row.ok_or_else(|| ClinicError::NoSuchPatient { pseudonym: pseudonym.clone() })?;
        let noteds = self.noteds(row)?.ok_or(ClinicError::NotEnrolled { key: lost })?;
        if noteds.document().digest() == envelope.digest() {
            return Ok(());
        }
        let have = noteds.keys()?.newest();
        if have != lost {
            return Err(ClinicError::OtherKey { lost, have });
        }
        if noteds.count() >= KEYS_MAX {
            return Err(ClinicError::TooManyKeys { most: KEYS_MAX });
        }
        let key = enrolment.patient;
        if self.row_of_key(&key)?.is_some() {
            return Err(ClinicError::KeyTaken { key });
        }
        if self.gone()?.keys(&key) {
            return Err(ClinicError::KeyErased { key });
        }
        let mut document = envelope.clone();
        document.cosign(self.signer());
        let (position, taken_at) = (self.store().ledger_len(), self.clock.now());
        let next = Noted { position, taken_at, document, nobody_holds: false, waits: false };
        self.keep_enrolment(&pseudonym, key, noteds.and(next))
    }

    /// The key in whose name this member of staff witnesses what a patient says on paper. Who has no key gets one that
    /// nobody holds: it is made here, enrolled, and its secret is wiped before this returns. A patient who makes a key of
    /// their own later enrols it in its place.
    ///
    /// # Errors
    /// [`ClinicError::Statement`] where the charter takes nothing on paper or nothing from this member of staff, and
    /// [`ClinicError::NoSuchPatient`]: before any key is made.
    pub fn paper_key(&self, pseudonym: &str, by: &Principal) -> Result<Principal, ClinicError> {
        let (charter, me) = (self.chain().current(), self.signer().principal());
        if !charter.policy.allow_witnessed {
            return Err(StatementError::WitnessedNotAllowed.into());
        }
        if !charter.staff_of(&me).contains(by) {
            return Err(StatementError::NoStaff { witness: *by }.into());
        }
        let row = self.store().row(pseudonym)?;
        let row = row.ok_or_else(|| ClinicError::NoSuchPatient { pseudonym: pseudonym.to_owned() })?;
        if let Some(keys) = self.keys_of(row)? {
            return Ok(keys.newest());
        }
        let key = Signer::from_seed(&Self::salt()?).principal();
        let document = self.first_key(pseudonym, key)?;
        self.keep_enrolment(pseudonym, key, Noted::first(document, true).alone())?;
        Ok(key)
    }
}

/// Most keys that may speak for one patient, one after the other: what stays of all of them fits what the store keeps
/// of an erased patient.
const KEYS_MAX: usize = 32;
