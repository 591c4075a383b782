//! A member's word that something sealed for a clinic was handed to it.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::moment::Moment;
use crate::principal::Principal;

/// For a patient whose clinic gives no receipt: from this moment on the statement was on its way, and the clinic
/// cannot say later that nobody told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// The member who says so, and signs.
    pub member: Principal,
    /// The clinic that the bytes are sealed for.
    pub clinic: Principal,
    /// SHA-256 of the sealed bytes. The member cannot read them.
    pub sealed: Digest,
    /// When they were handed over, by the member's clock.
    pub arrived_at: Moment,
}

impl Document for Arrival {
    const KIND: Kind = Kind::Arrival;
}
