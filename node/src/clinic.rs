//! A clinic's own records, consents and books: everything that touches patients.

mod answering;
mod as_of;
mod books;
mod budget;
mod consents;
mod desk;
mod earlier;
mod enrolling;
mod erasing;
mod error;
mod forgotten;
mod head_moments;
mod ledger;
mod left;
mod papers;
mod parts;
mod reading;
mod recovered;
mod replacing;
mod row_bits;
mod selecting;
mod standings;
mod stating;
mod uncharged;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::principal::{Principal, Signer};
use zeroize::Zeroizing;

pub use as_of::{AsOf, AsOfLine};
pub use books::{Charge, ChargeState, ToldPatients};
pub use budget::{Books, ChargeLine, StudyBook};
pub use desk::{CohortLine, PatientLine};
pub use enrolling::Kept;
pub use erasing::Taken;
pub use error::ClinicError;
pub use ledger::Filed;
pub use parts::Part;
pub use recovered::RecoveryMark;
pub use standings::StandingLine;
pub use uncharged::UNCHARGED_MAX;

pub(crate) use papers::Papers;
pub(crate) use words::WORDS;

use consents::Consents;
use head_moments::HeadMoments;
use reading::Reading;
use recovered::Suspension;
use uncharged::Uncharged;

use crate::clock::Clock;
use crate::columns::Projection;
use crate::store::{Row, Store};

/// A clinic at work: its store, its key and the charter it works under.
pub struct Clinic {
    store: Arc<Store>,
    signer: Signer,
    chain: CharterChain,
    clock: Arc<Clock>,
    /// Which row each enrolled key speaks for; filled when it is first asked for.
    keys: Mutex<Option<BTreeMap<Principal, Row>>>,
    consents: Mutex<Consents>,
    reading: Reading,
    columns: Projection,
    /// Openings of uploads that no cohort was selected for; read when one is first made or asked for.
    uncharged: Mutex<Option<Uncharged>>,
    /// When heads were signed; read when the first is.
    head_moments: Mutex<Option<HeadMoments>>,
    /// Whether consents wait to be confirmed after a recovery; read when first asked for.
    suspension: Mutex<Option<Suspension>>,
}

impl Clinic {
    /// Opens the clinic's desk over an open store.
    #[must_use]
    pub fn new(store: Arc<Store>, chain: CharterChain, clock: Arc<Clock>) -> Self {
        let signer = Signer::from_seed(&store.identity_seed());
        let columns = Projection::new(Arc::clone(&store));
        let (keys, consents) = (Mutex::new(None), Mutex::default());
        let (uncharged, head_moments, suspension) = (Mutex::new(None), Mutex::new(None), Mutex::new(None));
        Self {
            store,
            signer,
            chain,
            clock,
            keys,
            consents,
            reading: Reading::default(),
            columns,
            uncharged,
            head_moments,
            suspension,
        }
    }

    /// The node's key.
    #[must_use]
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The charter in force here.
    #[must_use]
    pub const fn chain(&self) -> &CharterChain {
        &self.chain
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Fresh secret bytes from the operating system.
    fn salt() -> Result<Zeroizing<[u8; 32]>, ClinicError> {
        let mut salt = Zeroizing::new([0_u8; 32]);
        getrandom::fill(salt.as_mut_slice()).map_err(|_| ClinicError::NoRandomness)?;
        Ok(salt)
    }
}

impl std::fmt::Debug for Clinic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clinic({:?})", self.signer)
    }
}
