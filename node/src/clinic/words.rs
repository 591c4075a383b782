//! What this node kept of others' signed words, and its own ledger's heads: what an audit compares.

use sumac_protocol::envelope::Envelope;
use sumac_protocol::evidence::{Notebook, StoredWords};
use sumac_protocol::round::Role;
use sumac_protocol::round::member::StoredWatch;
use sumac_protocol::round::message::decode_stored;

use super::{Clinic, ClinicError};

/// The store's number for words: past those of the protocol's roles.
pub(crate) const WORDS: u8 = 207;

impl Clinic {
    /// Everything that can be compared with what another member kept: words of rounds, ledgers' heads that contradict
    /// each other, and the heads of this clinic's own ledger that its books hold. Nothing of it is secret, and nothing
    /// tells of a patient.
    ///
    /// # Errors
    /// [`ClinicError`] if the store cannot be read.
    pub fn words(&self) -> Result<Vec<Envelope>, ClinicError> {
        let mut words = Vec::new();
        for form in self.stored_words()? {
            words.extend_from_slice(form.words());
        }
        for (_, body) in self.store().role_states(Role::Watch.number())? {
            let watched: StoredWatch = decode_stored(&body)
                .map_err(|why| ClinicError::Stored { what: "watched clinic", why: why.to_string() })?;
            words.extend(watched.evidence().into_iter().flat_map(|heads| [heads.first.clone(), heads.second.clone()]));
        }
        for charge in self.charges()? {
            words.extend(charge.openings.into_iter().map(|opening| opening.head));
        }
        Ok(words)
    }

    /// What is kept, as a node goes on with it.
    pub(crate) fn notebook(&self) -> Result<Notebook, ClinicError> {
        Ok(Notebook::restore(&self.stored_words()?, self.chain()))
    }

    fn stored_words(&self) -> Result<Vec<StoredWords>, ClinicError> {
        let read = |body: &[u8]| {
            decode_stored(body).map_err(|why| ClinicError::Stored { what: "kept word", why: why.to_string() })
        };
        self.store().role_states(WORDS)?.iter().map(|(_, body)| read(body)).collect()
    }
}
