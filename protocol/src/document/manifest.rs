//! The batch of one attempt, with each clinic's verdict. All members sign the same bytes.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Label};
use crate::document::Kind;
use crate::envelope::Document;
use crate::octets::Octets;
use crate::principal::Principal;

/// The final manifest: what was frozen, and which contributions proved to be in range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The frozen batch, by its hash.
    pub batch: Digest,
    /// Each clinic of the batch with its verdict, sorted by clinic.
    pub verdicts: Vec<ClinicVerdict>,
}

/// One clinic's place in a batch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchEntry {
    /// The clinic.
    pub clinic: Principal,
    /// Its upload's nonce.
    pub nonce: Octets,
    /// Its upload, by the digest of the signed document.
    pub upload: Digest,
}

/// What the committee found about one clinic's contribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicVerdict {
    /// The clinic.
    pub clinic: Principal,
    /// Accepted, or why not.
    pub verdict: Verdict,
}

/// What the committee found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "complete for this version: all members must come to byte-identical verdicts"
)]
pub enum Verdict {
    /// Every figure is in range; it counts.
    Accepted,
    /// At least one member could not open or read its share.
    Unreadable,
    /// The proof does not hold.
    ProofFailed,
    /// The clinic signed two different consent ledgers of one size, and the committee has both heads.
    TwoTrees,
    /// Somebody with the clinic's key signed two different messages under one number, and the committee has both: there
    /// are two nodes with that key, or its folder was set back.
    TwoMessages,
}

impl Manifest {
    /// The name of a batch: H over query, attempt and its entries, which must be sorted.
    #[must_use]
    pub fn batch_digest(query: Digest, attempt: u8, entries: &[BatchEntry]) -> Digest {
        let mut parts: Vec<&[u8]> = vec![query.bytes()];
        let attempt = [attempt];
        parts.push(&attempt);
        for entry in entries {
            parts.push(entry.clinic.bytes());
            parts.push(&entry.nonce.0);
            parts.push(entry.upload.bytes());
        }
        Digest::of(Label::Manifest, &parts)
    }

    /// The clinics whose contributions count.
    pub fn accepted(&self) -> impl Iterator<Item = Principal> + '_ {
        self.verdicts.iter().filter(|v| v.verdict == Verdict::Accepted).map(|v| v.clinic)
    }
}

impl Document for Manifest {
    const KIND: Kind = Kind::Manifest;
}
