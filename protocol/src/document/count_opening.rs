//! The noised counts that the committee opened, signed by each member over the same bytes.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;

/// The sum of all members' noised count cells. If two members sign different ones, all stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountOpening {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The frozen batch, by its hash.
    pub batch: Digest,
    /// The opened cells, group by group.
    pub counts: Vec<i64>,
}

impl Document for CountOpening {
    const KIND: Kind = Kind::CountOpening;
}
