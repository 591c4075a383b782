//! Who is who: five clinics, three stewards, a researcher and a stranger, all with keys that grow
//! from the test's seed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sumac_protocol::digest::Digest;
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::principal::{Principal, Signer};
use zeroize::Zeroizing;

/// Harbour (A): sits on the first and third committee, is a hub, and coordinates unless told otherwise.
pub const HARBOUR: usize = 0;
/// Ridge (B): sits on the first committee, and is the other hub.
pub const RIDGE: usize = 1;
/// Linden (C): sits on the first and second committee.
pub const LINDEN: usize = 2;
/// Mill (D): sits on the second and third committee.
pub const MILL: usize = 3;
/// Quay (E): sits on the second and third committee, and is the one that is offline.
pub const QUAY: usize = 4;

/// The clinics' names in the order of the constants.
pub const NAMES: [&str; 5] = ["Harbour", "Ridge", "Linden", "Mill", "Quay"];
/// The committees in order of attempt.
pub const COMMITTEES: [[usize; 3]; 3] = [[HARBOUR, RIDGE, LINDEN], [LINDEN, MILL, QUAY], [HARBOUR, MILL, QUAY]];

/// The keys of everybody but the patients.
#[derive(Debug)]
pub struct Cast {
    /// Two of the three must sign.
    pub stewards: Vec<Signer>,
    /// The one whom the study names.
    pub researcher: Signer,
    /// Somebody with a good key whom no document names.
    pub stranger: Signer,
}

impl Cast {
    /// The cast that grows from a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let stewards = ["Anu", "Bo", "Chipo"].iter().map(|name| signer(seed, name)).collect();
        Self { stewards, researcher: signer(seed, "Rana"), stranger: signer(seed, "Sol") }
    }
}

/// The key of a name under a seed.
#[must_use]
pub fn signer(seed: u64, name: &str) -> Signer {
    Signer::from_seed(&Zeroizing::new(Digest::of_bytes(format!("{seed}/{name}").as_bytes()).0))
}

/// A document with this signature. Whoever signs the same again gets the same envelope, and what was found of it: a
/// thousand federations need not sign and check the same consents each for itself.
///
/// # Panics
/// If it is no document.
#[must_use]
pub fn sign_once<T: Document>(document: &T, signer: &Signer) -> Envelope {
    static SIGNED: Mutex<BTreeMap<(Principal, Digest), Envelope>> = Mutex::new(BTreeMap::new());
    let mut envelope = Envelope::draft(document).unwrap();
    let key = (signer.principal(), envelope.digest());
    if let Some(signed) = SIGNED.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return signed.clone();
    }
    envelope.cosign(signer);
    let mut signed = SIGNED.lock().unwrap_or_else(PoisonError::into_inner);
    if signed.len() >= SIGNED_MAX {
        signed.clear();
    }
    signed.insert(key, envelope.clone());
    envelope
}

/// Most envelopes that are kept to be signed once: some forty megabytes.
const SIGNED_MAX: usize = 20_000;
