//! A committee member's word about the newest contribution of a clinic that it has seen.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::moment::Moment;
use crate::principal::Principal;

/// Lets a patient hold a clinic to the ledger that it selected under: the patient asks members, not the clinic,
/// for the newest commitment, and then the clinic to open it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastSeen {
    /// The committee member who says so, and signs.
    pub member: Principal,
    /// The clinic.
    pub clinic: Principal,
    /// The query that the clinic contributed to.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The counter of the clinic's upload: higher than in every upload of it that this member saw before.
    pub counter: u64,
    /// The salted commitment to the clinic's ledger that the upload carried.
    pub ledger: Digest,
    /// When the member saw the upload, by its own clock.
    pub seen_at: Moment,
}

impl Document for LastSeen {
    const KIND: Kind = Kind::LastSeen;
}
