//! Proofs of RFC 6962, checked against signed heads.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::Sha256;

use super::{LedgerError, tree};
use crate::digest::Digest;
use crate::document::tree_head::TreeHead;

/// Checks that a leaf is at a position of the head's tree.
pub(super) fn inclusion(head: &TreeHead, position: u64, leaf: &Digest, path: &[u8]) -> Result<(), LedgerError> {
    let size = head.size;
    if position >= size || size > tree::LEAVES_MAX {
        return Err(LedgerError::PastTheEnd { position, size });
    }
    let not_included = |_| LedgerError::NotIncluded { position, size };
    let path = InclusionProof::<Sha256>::try_from_bytes(path.to_vec()).map_err(not_included)?;
    root(head).verify_inclusion(&leaf.bytes(), position, &path).map_err(not_included)
}

/// Checks that the tree of `new` begins with that of `old`.
pub(super) fn consistency(old: &TreeHead, new: &TreeHead, proof: &[u8]) -> Result<(), LedgerError> {
    let rewritten = || LedgerError::Rewritten { old: old.size, new: new.size };
    if new.size < old.size {
        return Err(LedgerError::Shrunk { old: old.size, new: new.size });
    }
    if new.size == old.size && new.root != old.root {
        return Err(LedgerError::TwoRoots { size: new.size });
    }
    if new.size > tree::LEAVES_MAX {
        return Err(rewritten());
    }
    // Every tree begins with the empty one, and with itself; either takes no proof.
    if old.size == 0 || new.size == old.size {
        return if proof.is_empty() { Ok(()) } else { Err(rewritten()) };
    }
    let proof = ConsistencyProof::<Sha256>::try_from_bytes(proof.to_vec()).map_err(|_| rewritten())?;
    root(new).verify_consistency(&root(old), &proof).map_err(|_| rewritten())
}

fn root(head: &TreeHead) -> RootHash<Sha256> {
    RootHash::new(head.root.0.into(), head.size)
}
