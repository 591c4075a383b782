//! A clinic's contribution: what it signs.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::octets::Octets;
use crate::principal::Principal;

/// Binds a clinic's sealed shares to one attempt of one query. The shares travel beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// The clinic.
    pub clinic: Principal,
    /// The charter in force.
    pub charter: Digest,
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The plan as this clinic derived it.
    pub plan: Digest,
    /// The committee, in order.
    pub committee: Vec<Principal>,
    /// The digests of the committee's commitments, in order.
    pub commitments: Vec<Digest>,
    /// Sixteen bytes, fresh for every upload.
    pub nonce: Octets,
    /// This clinic's message counter: never reused, gaps allowed.
    pub counter: u64,
    /// A note sealed to the sender itself: where its journal stood. May be empty.
    pub note: Octets,
    /// H(public share).
    pub public_share: Digest,
    /// H(sealed share) of each committee member, in committee order.
    pub sealed_shares: Vec<Digest>,
    /// Salted commitment to the consent ledger that the cohort was selected under.
    pub ledger: Digest,
}

impl Document for Upload {
    const KIND: Kind = Kind::Upload;
}
