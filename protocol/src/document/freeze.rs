//! A member's word that the batch of an attempt is fixed.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::octets::Octets;

/// One per member and attempt, journalled before it is signed. Only k of them over the same
/// manifest let a member reveal its part of the verification key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The batch, by its hash.
    pub manifest: Digest,
    /// This member's message counter.
    pub counter: u64,
    /// A note sealed to the sender itself. May be empty.
    pub note: Octets,
}

impl Document for Freeze {
    const KIND: Kind = Kind::Freeze;
}
