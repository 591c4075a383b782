//! A member's noised share of the answer. The sum of all k shares is the release.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::octets::Octets;

/// Signed by a member, sealed to the query's answer key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The frozen batch, by its hash.
    pub batch: Digest,
    /// The opened counts, by the digest of the signed document.
    pub opening: Digest,
    /// For each group, whether it is held back.
    pub suppressed: Vec<bool>,
    /// The bins that are counted with one before them, by their positions within a group and rising. Exact answers only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<u32>,
    /// Operators that were asked.
    pub operators_asked: u32,
    /// Operators with at least one accepted contribution.
    pub operators_counted: u32,
    /// The member's noised share, zero where suppressed: eight bytes little-endian a cell.
    pub cells: Octets,
}

impl Document for Share {
    const KIND: Kind = Kind::Share;
}
