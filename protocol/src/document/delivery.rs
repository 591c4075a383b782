//! A clinic's word that what a member held for it has come.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::moment::Moment;
use crate::principal::Principal;

/// Lets a member forget what it held. It does not say whether the clinic could read it or took it: that is between the
/// clinic and the patient, whose receipt is the only sign of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The clinic that says so, and signs.
    pub clinic: Principal,
    /// The member who held it.
    pub member: Principal,
    /// What came, as [`crate::ledger::handed_over`] names it.
    pub handed: Digest,
    /// When it was done with, by the clinic's clock.
    pub delivered_at: Moment,
}

impl Document for Delivery {
    const KIND: Kind = Kind::Delivery;
}
