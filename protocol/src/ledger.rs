//! A clinic's consent ledger as others see it: a Merkle tree of RFC 6962 over salted leaves, and what a patient, a
//! committee member or an outsider can check of it with nothing but the clinic's key.
//!
//! A [`Receipt`] proves that a statement is in the tree of a signed head, a [`Growth`] that a newer tree begins with
//! an older one, an [`Opening`] that a contribution was selected under a signed head, and [`TwoTrees`] that a clinic
//! shows different trees to different people. What a leaf says nobody can tell who has not its salt, and the salt
//! dies with the patient's key; the leaf itself stays.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Label};
use crate::document::arrival::Arrival;
use crate::document::delivery::Delivery;
use crate::document::last_seen::LastSeen;
use crate::document::tree_head::TreeHead;
use crate::envelope::{Envelope, Verified};
use crate::limits::CLOCK_DOUBT;
use crate::moment::{Millis, Moment};
use crate::octets::Octets;
use crate::principal::Principal;

pub use error::LedgerError;

mod error;
mod proof;
pub mod tree;

/// Bytes of a salt: of a leaf's, and of a commitment's.
pub const SALT_BYTES: usize = 32;

/// The leaf of a statement, by the statement document's digest. The salt is fresh for every statement and lies
/// under the patient's key.
#[must_use]
pub fn leaf(salt: &[u8], statement: &Digest) -> Digest {
    Digest::of(Label::LedgerLeaf, &[salt, statement.bytes()])
}

/// What an upload says about the ledger that its cohort was selected under, by the digest of the tree head's
/// document. Salted, because bare sizes would publish who came and left when.
#[must_use]
pub fn commitment(salt: &[u8], head: &Digest) -> Digest {
    Digest::of(Label::LedgerCommitment, &[salt, head.bytes()])
}

/// A clinic's acknowledgement of a statement. Not signed itself: the head in it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The statement, by its document's digest.
    pub statement: Digest,
    /// Its position in the ledger, from 0.
    pub position: u64,
    /// The salt of its leaf, [`SALT_BYTES`] long.
    pub salt: Octets,
    /// A tree head, signed by the clinic.
    pub head: Envelope,
    /// The audit path from the leaf to the head's root, digest after digest (RFC 6962 §2.1.1).
    pub proof: Octets,
}

impl Receipt {
    /// Checks that `clinic` has this statement in its ledger, and says so under its signature.
    ///
    /// # Errors
    /// [`LedgerError`] if the receipt is for another statement, or the head is not the clinic's, or the leaf is
    /// not in its tree at that position.
    pub fn check(&self, clinic: &Principal, statement: &Digest) -> Result<Verified<TreeHead>, LedgerError> {
        if self.statement != *statement {
            return Err(LedgerError::OtherStatement { got: self.statement, wanted: *statement });
        }
        salt_of_right_length(&self.salt)?;
        let head = admit_head(&self.head, clinic)?;
        proof::inclusion(&head, self.position, &leaf(&self.salt.0, statement), &self.proof.0)?;
        Ok(head)
    }
}

/// A newer head of a clinic's ledger, with the proof that its tree begins with an older one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// The newer head, signed by the clinic.
    pub head: Envelope,
    /// The consistency proof, digest after digest (RFC 6962 §2.1.2). Empty if the older tree was empty, or the same.
    pub proof: Octets,
}

impl Growth {
    /// Checks that the newer tree of `clinic` is the old one with leaves added, or the same.
    ///
    /// # Errors
    /// [`LedgerError`] if either head is not the clinic's, or the tree shrank, or was rewritten.
    pub fn check(&self, clinic: &Principal, old: &TreeHead) -> Result<Verified<TreeHead>, LedgerError> {
        head_of(old, clinic)?;
        let head = admit_head(&self.head, clinic)?;
        proof::consistency(old, &head, &self.proof.0)?;
        Ok(head)
    }
}

/// What stands behind the commitment of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The salt of the commitment, [`SALT_BYTES`] long.
    pub salt: Octets,
    /// The head under which the cohort was selected, signed by the clinic.
    pub head: Envelope,
}

impl Opening {
    /// Checks that `clinic` committed to this head.
    ///
    /// # Errors
    /// [`LedgerError`] if the head is not the clinic's, or the commitment is to something else.
    pub fn check(&self, clinic: &Principal, commitment: &Digest) -> Result<Verified<TreeHead>, LedgerError> {
        salt_of_right_length(&self.salt)?;
        let head = admit_head(&self.head, clinic)?;
        if self::commitment(&self.salt.0, &head.digest()) != *commitment {
            return Err(LedgerError::OtherCommitment { commitment: *commitment });
        }
        Ok(head)
    }
}

/// Two heads of one clinic with the same size and different roots: evidence by themselves, for whoever has the
/// clinic's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoTrees {
    /// One of them.
    pub first: Envelope,
    /// The other.
    pub second: Envelope,
}

impl TwoTrees {
    /// The clinic that these heads speak against: the one that signed and is named in both. Whether the charter knows
    /// it is the caller's question.
    ///
    /// # Errors
    /// As [`TwoTrees::check`].
    pub fn accused(&self) -> Result<Principal, LedgerError> {
        let clinic = self.first.claim::<TreeHead>()?.verify_named(|head| head.clinic)?.clinic;
        self.check(&clinic)?;
        Ok(clinic)
    }

    /// Checks that `clinic` signed both, and that they contradict each other.
    ///
    /// # Errors
    /// [`LedgerError`] if either head is not the clinic's, or both can be true.
    pub fn check(&self, clinic: &Principal) -> Result<[Verified<TreeHead>; 2], LedgerError> {
        let (first, second) = (admit_head(&self.first, clinic)?, admit_head(&self.second, clinic)?);
        if first.size != second.size || first.root == second.root {
            return Err(LedgerError::NoContradiction { first: first.size, second: second.size });
        }
        Ok([first, second])
    }
}

/// Takes a tree head that `clinic` signed. That of an empty tree has the one root that it can have.
///
/// # Errors
/// [`LedgerError::BadDocument`], [`LedgerError::OtherClinic`] or [`LedgerError::EmptyTree`].
pub fn admit_head(head: &Envelope, clinic: &Principal) -> Result<Verified<TreeHead>, LedgerError> {
    let head = head.claim::<TreeHead>()?.verify(clinic)?;
    head_of(&head, clinic)?;
    Ok(head)
}

/// Takes what `member` says about the newest upload of `clinic`. Whether the charter has such a member in a
/// committee is the caller's question.
///
/// # Errors
/// [`LedgerError::BadDocument`], [`LedgerError::OtherMember`] or [`LedgerError::OtherClinic`].
pub fn admit_last_seen(
    said: &Envelope,
    member: &Principal,
    clinic: &Principal,
) -> Result<Verified<LastSeen>, LedgerError> {
    let said = said.claim::<LastSeen>()?.verify(member)?;
    named(said.member, *member, |named, wanted| LedgerError::OtherMember { named, wanted })?;
    named(said.clinic, *clinic, |named, wanted| LedgerError::OtherClinic { named, wanted })?;
    Ok(said)
}

/// Takes the word of `member` that bytes with this SHA-256, sealed for `clinic`, were handed to it.
///
/// # Errors
/// [`LedgerError::BadDocument`], [`LedgerError::OtherMember`], [`LedgerError::OtherClinic`] or
/// [`LedgerError::OtherArrival`].
pub fn admit_arrival(
    said: &Envelope,
    member: &Principal,
    clinic: &Principal,
    sealed: &Digest,
) -> Result<Verified<Arrival>, LedgerError> {
    let said = said.claim::<Arrival>()?.verify(member)?;
    named(said.member, *member, |named, wanted| LedgerError::OtherMember { named, wanted })?;
    named(said.clinic, *clinic, |named, wanted| LedgerError::OtherClinic { named, wanted })?;
    if said.sealed != *sealed {
        return Err(LedgerError::OtherArrival { got: said.sealed, wanted: *sealed });
    }
    Ok(said)
}

/// What a member calls something sealed that it holds for a clinic, and the clinic when it has come.
#[must_use]
pub fn handed_over(clinic: &Principal, sealed: &[u8]) -> Digest {
    Digest::of(Label::HandedOver, &[clinic.bytes(), sealed])
}

/// Takes a clinic's word that what `member` held for it has come. Which clinic, the word itself says; whether the member
/// holds what it names for that very clinic is the caller's question.
///
/// # Errors
/// [`LedgerError::BadDocument`] or [`LedgerError::OtherMember`].
pub fn admit_delivery(said: &Envelope, member: &Principal) -> Result<Verified<Delivery>, LedgerError> {
    let said = said.claim::<Delivery>()?.verify_named(|said| said.clinic)?;
    named(said.member, *member, |named, wanted| LedgerError::OtherMember { named, wanted })?;
    Ok(said)
}

/// Checks that a cohort which was selected under one head, as an [`Opening`] shows it, was selected in the knowledge of
/// another that the same clinic had signed before, as a [`Receipt`] shows it. What the bytes of both trees have in
/// common is for a [`Growth`] to show. Both moments are the clinic's own: a clinic that shows an old head under its old
/// moment is told by [`heeded`] alone.
///
/// # Errors
/// [`LedgerError::Shrunk`] or [`LedgerError::TwoRoots`].
pub fn knew(selected_under: &TreeHead, acknowledged: &TreeHead) -> Result<(), LedgerError> {
    let (old, new) = (acknowledged.size, selected_under.size);
    if selected_under.made_at > acknowledged.made_at && new < old {
        return Err(LedgerError::Shrunk { old, new });
    }
    if new == old && selected_under.root != acknowledged.root {
        return Err(LedgerError::TwoRoots { size: new });
    }
    Ok(())
}

/// Whether a selection took a statement into account, as far as moments that the clinic does not write can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: a tree covers a position, or it does not yet have to")]
pub enum Heed {
    /// The tree that was selected under covers the statement.
    Covered,
    /// It does not, and the selection may be older than the receipt. A contribution that is seen from this moment on
    /// has to cover it.
    MayBeOlder {
        /// The moment.
        until: Moment,
    },
}

/// Checks that a cohort was selected under a tree that covers a statement, by moments that are not the clinic's: when
/// the patient's own machine had the receipt of the statement at `position`, and when a member saw the contribution.
/// A contribution is uploaded within `longest` of its selection, because its query expires; so one that is seen later
/// than that was selected after the receipt was given. Both clocks may be wrong by [`CLOCK_DOUBT`] together.
///
/// # Errors
/// [`LedgerError::OldTree`].
pub fn heeded(
    selected_under: &TreeHead,
    position: u64,
    received_at: Moment,
    seen_at: Moment,
    longest: Millis,
) -> Result<Heed, LedgerError> {
    let size = selected_under.size;
    if size > position {
        return Ok(Heed::Covered);
    }
    let until = received_at + longest + CLOCK_DOUBT;
    if seen_at <= until {
        return Ok(Heed::MayBeOlder { until });
    }
    Err(LedgerError::OldTree { position, size, received_at, seen_at })
}

/// What has to hold of a head besides its signature.
fn head_of(head: &TreeHead, clinic: &Principal) -> Result<(), LedgerError> {
    named(head.clinic, *clinic, |named, wanted| LedgerError::OtherClinic { named, wanted })?;
    if head.size == 0 && head.root != tree::empty_root() {
        return Err(LedgerError::EmptyTree);
    }
    Ok(())
}

fn named(
    named: Principal,
    wanted: Principal,
    otherwise: impl FnOnce(Principal, Principal) -> LedgerError,
) -> Result<(), LedgerError> {
    if named == wanted { Ok(()) } else { Err(otherwise(named, wanted)) }
}

fn salt_of_right_length(salt: &Octets) -> Result<(), LedgerError> {
    if salt.0.len() == SALT_BYTES { Ok(()) } else { Err(LedgerError::BadSalt { got: salt.0.len() }) }
}

#[cfg(test)]
mod tests;
