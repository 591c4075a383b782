//! A committee member's commitments for one attempt.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::octets::Octets;
use crate::sealed::SealingKey;

/// Binds a member to its randomness before it has seen anything, and names the keys that others
/// seal to. Both keys are made for this attempt alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// H(its part of the verification key).
    pub verify_key: Digest,
    /// H(its noise seed).
    pub noise_seed: Digest,
    /// Clinics seal shares to this key. Its secret half never touches a disk.
    pub share_key: SealingKey,
    /// Members seal their noised counts to this key. Its secret half is kept together with the
    /// noised share, so that a member that restarts then can still finish.
    pub opening_key: SealingKey,
    /// This member's message counter: never reused, gaps allowed.
    pub counter: u64,
    /// A note sealed to the sender itself: where its journal stood. May be empty.
    pub note: Octets,
}

impl Document for Commitment {
    const KIND: Kind = Kind::Commitment;
}
