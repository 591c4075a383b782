//! What this node does for other clinics' patients as a member of the federation: it says what it last saw of a
//! clinic, takes evidence against one, and takes in what is sealed for one that does not answer.

use sumac_protocol::digest::Digest;
use sumac_protocol::document::arrival::Arrival;
use sumac_protocol::envelope::{DocumentError, Envelope};
use sumac_protocol::ledger::{LedgerError, TwoTrees};
use sumac_protocol::principal::Principal;

use super::arrivals::SEALED_BYTES_MAX;
use super::{Node, RunError};
use crate::store::StoreError;

/// Why a member does not do what a patient's program asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The charter has no such clinic.
    #[error("the charter lists no clinic with the key {clinic}")]
    NoSuchClinic {
        /// The key.
        clinic: Principal,
    },
    /// No evidence.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Nothing, or more than anything sealed can need.
    #[error("{got} sealed bytes, where 1 to {SEALED_BYTES_MAX} are taken in")]
    SealedSize {
        /// How many came.
        got: usize,
    },
    /// As much is held for that clinic, or in all, as there is room for.
    #[error("{held} sealed statements wait here already, as many as are held for that clinic or for all")]
    Full {
        /// How many wait, for all clinics.
        held: usize,
    },
    /// The word could not be signed.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WitnessError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchClinic { .. } => "no-such-clinic",
            Self::Ledger(why) => why.code(),
            Self::SealedSize { .. } => "sealed-size",
            Self::Full { .. } => "arrivals-full",
            Self::Document(why) => why.code(),
            Self::Store(why) => why.code(),
        }
    }

    /// What whoever asked can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoSuchClinic { .. } => "compare the clinic's key with the charter's".into(),
            Self::Ledger(why) => why.remedy(),
            Self::SealedSize { .. } => "hand over one sealed statement at a time".into(),
            Self::Full { .. } => "leave it with another member of the federation".into(),
            Self::Document(why) => why.remedy(),
            Self::Store(why) => why.remedy(),
        }
    }
}

impl Node {
    /// What this node can say of the newest upload of a clinic that it saw as a committee's member, signed; none if it
    /// saw none.
    ///
    /// # Errors
    /// [`WitnessError::Document`].
    pub(crate) fn last_seen(&self, clinic: &Principal) -> Result<Option<Envelope>, WitnessError> {
        let said = self.roles.member().last_seen(self.me(), clinic);
        Ok(said.map(|said| Envelope::sign(&said, self.clinic.signer())).transpose()?)
    }

    /// Keeps evidence that a clinic of the charter signed two ledgers of one size; its uploads are refused from then
    /// on. The outer error is one of the node's own, and ends it.
    ///
    /// # Errors
    /// [`WitnessError::Ledger`] or [`WitnessError::NoSuchClinic`]: then nothing was kept.
    pub(crate) fn keep_evidence(&mut self, evidence: &TwoTrees) -> Result<Result<(), WitnessError>, RunError> {
        let effects = match self.judged(evidence) {
            Ok(effects) => effects,
            Err(why) => return Ok(Err(why)),
        };
        self.carry_out(effects, &mut None)?;
        Ok(Ok(()))
    }

    /// Takes in something sealed for a clinic of the charter, durably, and says when it came. The same again is
    /// answered with the same moment, for as long as it is held.
    ///
    /// # Errors
    /// [`WitnessError`]: then it was not taken in.
    pub(crate) fn arrival(&mut self, clinic: Principal, sealed: &[u8]) -> Result<Envelope, WitnessError> {
        self.check_clinic(&clinic)?;
        let arrived_at = self.arrivals.take(self.clinic.store(), || self.clock.now(), (clinic, sealed))?;
        let sealed = Digest::of_bytes(sealed);
        let said = Arrival { member: self.me(), clinic, sealed, arrived_at };
        Ok(Envelope::sign(&said, self.clinic.signer())?)
    }

    /// The names of the clinics whose uploads this node refuses.
    pub(super) fn accused(&self) -> Vec<String> {
        self.roles.member().accused().map(|clinic| self.name(&clinic)).collect()
    }

    fn judged(&mut self, evidence: &TwoTrees) -> Result<Vec<sumac_protocol::round::Effect>, WitnessError> {
        let clinic = evidence.accused()?;
        self.check_clinic(&clinic)?;
        Ok(self.roles.member_mut().keep_evidence(clinic, evidence)?)
    }

    fn check_clinic(&self, clinic: &Principal) -> Result<(), WitnessError> {
        let known = self.clinic.chain().current().contributors().any(|member| member.key == *clinic);
        if known { Ok(()) } else { Err(WitnessError::NoSuchClinic { clinic: *clinic }) }
    }
}
