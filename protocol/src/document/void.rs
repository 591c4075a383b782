//! A member's word that an attempt produced nothing and never will.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::octets::Octets;

/// Journalled before it is signed; never signed once a noised share was kept. All k of them make
/// an attempt void, and only then may clinics take part in the next or get their debit back.
/// A void note never expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Void {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// This member's message counter.
    pub counter: u64,
    /// A note sealed to the sender itself. May be empty.
    pub note: Octets,
}

impl Document for Void {
    const KIND: Kind = Kind::Void;
}
