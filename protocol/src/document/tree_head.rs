//! What a clinic says about its consent ledger: how long it is, and which tree that makes.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::moment::Moment;
use crate::principal::Principal;

/// The head of a clinic's ledger, signed with the key of the clinic's node. Two heads of one clinic with the
/// same size and different roots are evidence by themselves that it shows different ledgers to different people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// The clinic.
    pub clinic: Principal,
    /// Leaves in the tree: one for each statement that was ever taken, those of erased patients too.
    pub size: u64,
    /// The Merkle tree hash over the first `size` leaves (RFC 6962 §2.1), with SHA-256.
    pub root: Digest,
    /// When the head was signed, by the clinic's clock.
    pub made_at: Moment,
}

impl Document for TreeHead {
    const KIND: Kind = Kind::TreeHead;
}
