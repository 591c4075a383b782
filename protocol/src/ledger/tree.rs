//! The tree of RFC 6962 for whoever keeps its nodes: roots and proofs from the hashes of complete subtrees, which
//! never change once all their leaves are there.

use ct_merkle::{indices_for_consistency_proof, indices_for_inclusion_proof};

use crate::digest::Digest;
use crate::limits::INTEGER_MAX;
use crate::octets::Octets;

/// Most leaves of a tree: sizes stand in signed documents, whose integers end at 2^53.
pub const LEAVES_MAX: u64 = INTEGER_MAX.unsigned_abs();

/// Where the hashes of complete subtrees are read.
pub trait Nodes {
    /// Why one could not be read.
    type Error;

    /// The hash over the 2^`level` leaves from `at`·2^`level`. Asked only for subtrees that end within the size that
    /// a root or proof is made for.
    ///
    /// # Errors
    /// If it cannot be read.
    fn node(&mut self, level: u32, at: u64) -> Result<Digest, Self::Error>;
}

/// The hash of a leaf: SHA-256 of a zero byte and the leaf.
#[must_use]
pub fn leaf_hash(leaf: &Digest) -> Digest {
    Digest::of_bytes(&[&[0], leaf.bytes()].concat())
}

/// The hash of two subtrees side by side: SHA-256 of a one byte and both hashes.
#[must_use]
pub fn parent_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_bytes(&[&[1], left.bytes(), right.bytes()].concat())
}

/// The root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of_bytes(&[])
}

/// The root over the first `size` leaves. At most one node a level is read.
///
/// # Errors
/// Those of `nodes`.
pub fn root<N: Nodes>(nodes: &mut N, size: u64) -> Result<Digest, N::Error> {
    if size == 0 { Ok(empty_root()) } else { over(nodes, 0, size) }
}

/// The audit path of a leaf in the tree over the first `size` leaves, or `None` if it is not in that tree or the
/// tree is larger than [`LEAVES_MAX`]. Two nodes a level are read at most.
///
/// # Errors
/// Those of `nodes`.
pub fn inclusion<N: Nodes>(nodes: &mut N, position: u64, size: u64) -> Result<Option<Octets>, N::Error> {
    if position >= size || size > LEAVES_MAX {
        return Ok(None);
    }
    strung(nodes, &indices_for_inclusion_proof(size, position), size).map(Some)
}

/// The proof that the tree over the first `new` leaves begins with the tree over the first `old`, or `None` if it
/// is shorter or larger than [`LEAVES_MAX`]. Empty for an empty tree, and for the same. Two nodes a level are read
/// at most.
///
/// # Errors
/// Those of `nodes`.
pub fn consistency<N: Nodes>(nodes: &mut N, old: u64, new: u64) -> Result<Option<Octets>, N::Error> {
    let Some(added) = new.checked_sub(old).filter(|_| new <= LEAVES_MAX) else { return Ok(None) };
    if old == 0 || added == 0 {
        return Ok(Some(Octets::default()));
    }
    strung(nodes, &indices_for_consistency_proof(old, added), new).map(Some)
}

/// The hashes of some nodes in a tree of `size` leaves, one after the other. Nodes are numbered in order, left to
/// right: a node's level is the number of ones that its number ends in (RFC 9420, appendix C).
fn strung<N: Nodes>(nodes: &mut N, numbers: &[u64], size: u64) -> Result<Octets, N::Error> {
    let mut proof = Vec::with_capacity(numbers.len().saturating_mul(32));
    for number in numbers {
        let level = number.trailing_ones();
        let from = number >> (level + 1) << level;
        let until = from.saturating_add(1 << level).min(size);
        proof.extend_from_slice(over(nodes, from, until)?.bytes());
    }
    Ok(Octets(proof))
}

/// The hash over the leaves from `from` until before `until`, where `from` is a multiple of the largest power of
/// two below their number: a subtree, or the ragged right edge of the tree.
fn over<N: Nodes>(nodes: &mut N, from: u64, until: u64) -> Result<Digest, N::Error> {
    let leaves = until.saturating_sub(from);
    let mut complete = Vec::new();
    let (mut at, mut left) = (from, leaves);
    while let Some(level) = left.checked_ilog2() {
        complete.push(nodes.node(level, at >> level)?);
        at = at.saturating_add(1 << level);
        left = left.saturating_sub(1 << level);
    }
    let joined = complete.into_iter().rev().reduce(|right, left| parent_hash(&left, &right));
    Ok(joined.unwrap_or_else(empty_root))
}
