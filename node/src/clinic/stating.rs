//! Statements come in: signed with the patient's key, or witnessed on paper by staff.

use sumac_protocol::digest::Label;
use sumac_protocol::document::consent::{Action, Named, Statement};
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::Receipt;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;

use super::papers::Keys;
use super::{Clinic, ClinicError, Filed};
use crate::store::Row;

impl Clinic {
    /// Takes a statement that the patient's own key signed into the ledger. The newest statement again is acknowledged
    /// with a receipt for the place it has; an older one again is refused.
    ///
    /// An erasure is in the ledger before anything is destroyed, with a note that it is to be done; so it is finished at
    /// the next start, or by saying it again, whatever interrupts it. One that a replaced key signed ends everything that
    /// was granted and destroys nothing: who holds a key that was reported as lost may not be the patient.
    ///
    /// # Errors
    /// [`ClinicError::NotEnrolled`], [`ClinicError::KeyErased`], or what is wrong with the statement. A withdrawal is
    /// never refused for its sequence, predecessor or clock.
    pub fn take_statement(&self, envelope: &Envelope) -> Result<Receipt, ClinicError> {
        // The same work for every key, before anything is looked up.
        let key = envelope.claim::<Statement>()?.verify_named(|statement| statement.patient)?.patient;
        if Named::of(envelope)?.on_paper {
            return Err(sumac_protocol::document::consent::StatementError::Witnessed.into());
        }
        self.take(envelope, key)
    }

    /// Takes a statement that a patient sealed for this clinic and left with a member, as one that came from the patient
    /// at the clinic's own door. What is refused is refused for good, unless the store is at fault.
    ///
    /// # Errors
    /// [`ClinicError::Sealed`] if it was sealed for somebody else or altered; and those of [`Clinic::take_statement`].
    pub fn take_sealed(&self, sealed: &[u8]) -> Result<Receipt, ClinicError> {
        let me = self.signer().principal();
        let opened = self.signer().opening_key().open(Label::StatementSeal, me.bytes(), sealed)?;
        self.take_statement(&Envelope::from_json(&opened)?)
    }

    /// Takes a statement that a named member of staff witnessed on paper into the ledger. It ends whatever it likes, and
    /// widens only where no key of the patient ever signed anything.
    ///
    /// # Errors
    /// As [`Clinic::take_statement`]; and a witnessed erasure is refused.
    pub fn take_witnessed(&self, envelope: &Envelope) -> Result<Receipt, ClinicError> {
        let Named { patient, on_paper } = Named::of(envelope)?;
        if !on_paper {
            return Err(sumac_protocol::document::consent::StatementError::NoWitness.into());
        }
        self.take(envelope, patient)
    }

    fn take(&self, envelope: &Envelope, key: Principal) -> Result<Receipt, ClinicError> {
        let row = match self.row_of_key(&key)? {
            Some(row) => row,
            None if self.gone()?.keys(&key) => return Err(ClinicError::KeyErased { key }),
            None => return Err(ClinicError::NotEnrolled { key }),
        };
        let keys = self.keys_of(row)?.ok_or(ClinicError::NotEnrolled { key })?;
        let current = std::iter::once(&**self.chain().current());
        let statement = self.admit(envelope, self.store().ledger_len(), &keys, current)?;
        statement.not_ahead(self.clock.now())?;
        let known = self.known(row, &keys, &statement)?;
        let erases = statement.action == Action::Erase && statement.patient == keys.newest();
        let position = match known.iter().position(|(_, have)| have.digest() == statement.digest()) {
            Some(at) => {
                let position = known.get(at).map_or(0, |(position, _)| *position);
                // Said again; but what was said since stands, and an acknowledgement would hide that.
                if at.saturating_add(1) < known.len() && !erases {
                    return Err(ClinicError::Superseded { position });
                }
                position
            }
            None => {
                // A grant that does not continue what was said is refused before it is in the ledger.
                keys.history(&known, u64::MAX, Moment(u64::MAX)).accepts(&statement)?;
                self.append_statement(row, envelope, erases)?
            }
        };
        // The receipt before anything is destroyed: the leaf's salt goes with the patient's key.
        let receipt = self.receipt(row, position);
        if erases {
            self.finish_erasure(row)?;
        }
        receipt
    }

    fn append_statement(&self, row: Row, envelope: &Envelope, erases: bool) -> Result<u64, ClinicError> {
        let mut entries = vec![Filed::fresh(envelope.clone())?.entry(self.pseudonym(row)?)];
        if erases {
            entries.push(Self::erasure_due(row));
        }
        // The receipt's head needs no write of its own then.
        let lease = self.lease_of_head_moments()?;
        entries.extend(lease.entry());
        let position = self.store().append(entries)?.statements.start;
        self.leased(lease);
        Ok(position)
    }

    /// What the patient said before. Where something of it cannot be read or does not hold, a grant has to wait and a
    /// withdrawal has not.
    fn known(&self, row: Row, keys: &Keys, next: &Statement) -> Result<Vec<(u64, Verified<Statement>)>, ClinicError> {
        if !next.action.ends() {
            return self.statements(row, keys);
        }
        let read = |(position, body): (u64, &[u8])| {
            Some((position, self.read_statement(&Filed::read(body).ok()?, position, keys).ok()?))
        };
        let stored = self.store().statements(row)?;
        Ok(stored.iter().filter_map(|(position, body)| read((*position, body.as_slice()))).collect())
    }
}
