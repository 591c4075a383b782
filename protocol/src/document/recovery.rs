//! A member's word about the newest that it saw of another node.

use serde::{Deserialize, Serialize};

use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::{Document, Envelope};
use crate::moment::Moment;
use crate::principal::Principal;

/// Tells a node what it may have forgotten: one whose folder was set back has no other way to know. Carries the newest
/// message as that node signed it, so that nobody can make up one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// The member who says so, and signs.
    pub member: Principal,
    /// The node that asked, of which this speaks.
    pub about: Principal,
    /// The asker's fresh random bytes, so that no older word passes for this one.
    pub challenge: Digest,
    /// Queries are told of if the node's upload had a higher number than this.
    pub since: u64,
    /// The message with the highest number that the member saw of the node; none if it saw none.
    pub newest: Option<Envelope>,
    /// The queries that the node contributed to, by the numbers of its uploads, lowest first: those that may still count
    /// against somebody's budget.
    pub queries: Vec<SeenQuery>,
    /// The list is whole for numbers above this. 0 where nothing had to be left out.
    pub whole_above: u64,
    /// The time by the member's clock.
    pub said_at: Moment,
}

/// A query that a clinic was seen to contribute to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenQuery {
    /// The number of the clinic's upload.
    pub counter: u64,
    /// The query.
    pub query: Digest,
    /// The study it was asked in.
    pub study: Digest,
    /// What it cost every patient in the cohort.
    pub rho: RhoMicro,
    /// When it expires, or did.
    pub expires: Moment,
}

impl Document for Recovery {
    const KIND: Kind = Kind::Recovery;
}
