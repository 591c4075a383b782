//! What was found of an envelope before: its digest, and the keys that signed it. An envelope is checked again by every
//! message that carries it; what follows from its bytes alone is worked out once for it and all its copies.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::digest::Digest;
use crate::principal::Principal;

/// Shared by the copies of one envelope, none of which can change: whoever adds a signature begins anew.
#[derive(Clone, Default)]
pub(super) struct Found(Arc<Inside>);

#[derive(Default)]
struct Inside {
    digest: OnceLock<Digest>,
    /// Keys whose signature held; at most one for each signature. Of the others nothing is kept.
    signed: Mutex<BTreeSet<Principal>>,
}

impl Found {
    /// The digest, made by `make` when it is first asked for.
    pub(super) fn digest(&self, make: impl FnOnce() -> Digest) -> Digest {
        *self.0.digest.get_or_init(make)
    }

    /// Whether `who` signed, as `check` says when it is first asked for.
    pub(super) fn signed(&self, who: &Principal, check: impl FnOnce() -> bool) -> bool {
        let known = || self.0.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(who) {
            return true;
        }
        let signed = check();
        if signed {
            known().insert(*who);
        }
        signed
    }
}

/// What was found follows from the rest, and makes no two envelopes differ.
impl PartialEq for Found {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Found {}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Found")
    }
}
