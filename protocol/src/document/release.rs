//! The committee's word to the clinics that a query was answered.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Label};
use crate::document::Kind;
use crate::envelope::Document;

/// Closes the entry of every contribution: signed by each member over the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The release's id.
    pub id: Digest,
}

impl Release {
    /// The id that everybody who knows query, attempt, batch and opened counts derives.
    #[must_use]
    pub fn id(query: Digest, attempt: u8, batch: Digest, opening: Digest) -> Digest {
        Digest::of(Label::Release, &[query.bytes(), &[attempt], batch.bytes(), opening.bytes()])
    }
}

impl Document for Release {
    const KIND: Kind = Kind::Release;
}
