//! What this node does for other clinics' patients as a member of the federation: it says what it last saw of a
//! clinic, takes evidence against one, and takes in what is sealed for one that does not answer.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::arrival::Arrival;
use sumac_protocol::envelope::{DocumentError, Envelope};
use sumac_protocol::ledger::{LedgerError, TwoTrees};
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{decode_stored, encode};

use super::{Node, RunError};
use crate::store::{Entry, Store, StoreError};

/// Most bytes of something sealed that is taken in.
pub const SEALED_BYTES_MAX: usize = 64 << 10;
/// Most arrivals that are held at once; the oldest goes for the newest.
pub const ARRIVALS_MAX: usize = 1_000;

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
            Self::Document(why) => why.remedy(),
            Self::Store(why) => why.remedy(),
        }
    }
}

/// What was taken in for clinics, the longest waiting first. What it is lies in the store alone.
#[derive(Debug, Default)]
pub(super) struct Arrivals(VecDeque<[u8; 32]>);

/// Something sealed, as it is stored until it is handed on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredArrival {
    clinic: Principal,
    sealed: Octets,
    arrived_at: Moment,
}

impl Arrivals {
    /// What an earlier life took in.
    pub(super) fn restore(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(store.role_states(ARRIVALS)?.into_iter().map(|(id, _)| id).collect()))
    }

    /// Takes something sealed in, durably, for as long as there is room, and answers when it came first.
    fn take(
        &mut self,
        store: &Store,
        now: impl FnOnce() -> Moment,
        (clinic, sealed): (Principal, &[u8]),
    ) -> Result<Moment, WitnessError> {
        let got = sealed.len();
        if got == 0 || got > SEALED_BYTES_MAX {
            return Err(WitnessError::SealedSize { got });
        }
        let id = Digest::of(Label::HandedOver, &[clinic.bytes(), sealed]).0;
        let held = store.role_state(ARRIVALS, &id)?;
        if let Some(held) = held.and_then(|body| decode_stored::<StoredArrival>(&body).ok()) {
            return Ok(held.arrived_at);
        }
        let stored = StoredArrival { clinic, sealed: Octets(sealed.to_vec()), arrived_at: now() };
        let over = self.0.len().saturating_add(1).saturating_sub(ARRIVALS_MAX);
        let mut entries: Vec<Entry> = self.0.iter().take(over).map(|oldest| forgotten(*oldest)).collect();
        entries.push(Entry::Role { role: ARRIVALS, id, body: Some(encode(&stored)) });
        store.append(entries)?;
        self.0.drain(..over);
        self.0.push_back(id);
        Ok(stored.arrived_at)
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

fn forgotten(id: [u8; 32]) -> Entry {
    Entry::Role { role: ARRIVALS, id, body: None }
}

/// The store's number for what waits for other clinics: past those of the protocol's roles.
const ARRIVALS: u8 = 201;

#[cfg(test)]
mod tests {
    use sumac_protocol::moment::Moment;
    use sumac_protocol::principal::{Principal, Signer};
    use tempfile::TempDir;
    use zeroize::Zeroizing;

    use super::{ARRIVALS, ARRIVALS_MAX, Arrivals, SEALED_BYTES_MAX};
    use crate::store::{Store, StorePaths, UnlockSecret};

    const UNLOCK: UnlockSecret = UnlockSecret::KeyFile([3; 32]);

    fn paths(root: &TempDir) -> StorePaths {
        StorePaths { dir: root.path().join("node"), keyring: root.path().join("keyring") }
    }

    fn clinic(number: u8) -> Principal {
        Signer::from_seed(&Zeroizing::new([number; 32])).principal()
    }

    #[test]
    fn what_is_handed_over_is_held_durably_with_its_first_moment() {
        let root = TempDir::new().unwrap();
        let store = Store::create(&paths(&root), &UNLOCK, Zeroizing::new([9; 32])).unwrap();
        let mut arrivals = Arrivals::default();
        let mut take = |store: &Store, to: Principal, sealed: &[u8], at: u64| {
            arrivals.take(store, || Moment(at), (to, sealed)).map_err(|why| why.code())
        };
        assert_eq!(take(&store, clinic(1), b"sealed", 5), Ok(Moment(5)));
        assert_eq!(take(&store, clinic(1), b"sealed", 9), Ok(Moment(5)), "the same again came when it came");
        assert_eq!(take(&store, clinic(2), b"sealed", 9), Ok(Moment(9)), "for another clinic it is something else");
        assert_eq!(take(&store, clinic(1), b"", 9), Err("sealed-size"));
        assert_eq!(take(&store, clinic(1), &vec![0; SEALED_BYTES_MAX + 1], 9), Err("sealed-size"));
        assert_eq!(take(&store, clinic(1), &vec![0; SEALED_BYTES_MAX], 10), Ok(Moment(10)));
        store.close().unwrap();
        let (store, _) = Store::open(&paths(&root), &UNLOCK).unwrap();
        let mut arrivals = Arrivals::restore(&store).unwrap();
        assert_eq!(arrivals.0.len(), 3);
        let again = arrivals.take(&store, || Moment(99), (clinic(2), b"sealed")).unwrap();
        assert_eq!((again, arrivals.0.len()), (Moment(9), 3));
    }

    #[test]
    fn the_oldest_goes_for_the_newest_and_no_more_are_ever_held() {
        let root = TempDir::new().unwrap();
        let store = Store::create(&paths(&root), &UNLOCK, Zeroizing::new([9; 32])).unwrap();
        let mut arrivals = Arrivals::default();
        let most = u64::try_from(ARRIVALS_MAX).unwrap();
        for number in 0..most + 3 {
            arrivals.take(&store, || Moment(number), (clinic(1), &number.to_le_bytes())).unwrap();
        }
        let held = store.role_states(ARRIVALS).unwrap();
        assert_eq!((held.len(), arrivals.0.len()), (ARRIVALS_MAX, ARRIVALS_MAX));
        let ids: Vec<[u8; 32]> = held.into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, Vec::from(arrivals.0.clone()), "in the order in which they came");
        let again = arrivals.take(&store, || Moment(9_999), (clinic(1), &0_u64.to_le_bytes())).unwrap();
        assert_eq!(again, Moment(9_999), "the first was forgotten, and came anew");
    }
}
