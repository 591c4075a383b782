//! The clinic's consent ledger: what is stored of a statement, and what patients and members are told of the tree.
//!
//! Every head is signed when it is asked for, over what the store has acknowledged. The store keeps a statement's
//! salt under the patient's key and its leaf for good, so an erasure changes no root and breaks no proof.

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::{self, Growth, Opening, Receipt, tree};
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{decode_stored, encode};

use super::{Clinic, ClinicError};
use crate::store::{Entry, Row, View};

/// A statement as the store keeps it, sealed under the patient's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filed {
    /// The salt of its leaf: without it the leaf says nothing about the statement.
    pub salt: Octets,
    /// The statement as it was signed.
    pub statement: Envelope,
}

impl Filed {
    /// A statement with a fresh salt.
    ///
    /// # Errors
    /// [`ClinicError::NoRandomness`].
    pub fn fresh(statement: Envelope) -> Result<Self, ClinicError> {
        Ok(Self { salt: Octets(Clinic::salt()?.to_vec()), statement })
    }

    /// Reads what the store kept.
    ///
    /// # Errors
    /// [`ClinicError::Stored`].
    pub fn read(body: &[u8]) -> Result<Self, ClinicError> {
        decode_stored(body).map_err(|why| ClinicError::Stored { what: "statement", why: why.to_string() })
    }

    /// Its leaf in the ledger.
    #[must_use]
    pub fn leaf(&self) -> Digest {
        ledger::leaf(&self.salt.0, &self.statement.digest())
    }

    /// What the store is given to keep.
    #[must_use]
    pub fn entry(&self, pseudonym: String) -> Entry {
        Entry::Statement { pseudonym, body: encode(self), leaf: self.leaf().0 }
    }
}

impl Clinic {
    /// The head of the ledger now, signed.
    ///
    /// # Errors
    /// [`ClinicError::Document`].
    pub fn tree_head(&self) -> Result<Envelope, ClinicError> {
        self.sign_head(self.store().ledger_head())
    }

    /// The head that the ledger had at a smaller size, signed now. Whoever holds another head of that size, signed
    /// before, has evidence.
    ///
    /// # Errors
    /// [`ClinicError::LedgerTooShort`].
    pub fn head_at(&self, size: u64) -> Result<Envelope, ClinicError> {
        let root = self.store().ledger_root(size)?;
        let short = || ClinicError::LedgerTooShort { wanted: size, size: self.store().ledger_len() };
        self.sign_head((size, root.ok_or_else(short)?))
    }

    /// The receipt of a patient's statement at a position, under the head of now.
    ///
    /// # Errors
    /// [`ClinicError::NoSuchStatement`] if this patient has none there, or [`ClinicError::BrokenTree`].
    pub fn receipt(&self, row: Row, position: u64) -> Result<Receipt, ClinicError> {
        let found = self.store().statements(row)?.into_iter().find(|(at, _)| *at == position);
        let (_, body) = found.ok_or(ClinicError::NoSuchStatement { position })?;
        let size = self.store().ledger_len();
        self.receipt_of(position, &Filed::read(&body)?, size, &self.head_at(size)?)
    }

    /// The receipts of all statements of a patient, in the ledger's order, under one head of now.
    ///
    /// # Errors
    /// [`ClinicError::NotEnrolled`], or [`ClinicError::BrokenTree`].
    pub fn receipts_of(&self, key: &Principal) -> Result<Vec<Receipt>, ClinicError> {
        let row = self.row_of_key(key)?.ok_or(ClinicError::NotEnrolled { key: *key })?;
        let said = self.store().statements(row)?;
        let size = self.store().ledger_len();
        let head = self.head_at(size)?;
        said.iter().map(|(position, body)| self.receipt_of(*position, &Filed::read(body)?, size, &head)).collect()
    }

    /// The head of now with the proof that its tree begins with an older one. Where there is none, because the older
    /// head is not of this ledger, the proof does not hold; the head is signed all the same.
    ///
    /// # Errors
    /// [`ClinicError`] of the store.
    pub fn growth(&self, old: &TreeHead) -> Result<Growth, ClinicError> {
        let size = self.store().ledger_len();
        let proof = self.store().ledger_growth(old.size, size)?.unwrap_or_default();
        Ok(Growth { head: self.head_at(size)?, proof })
    }

    /// The proof that the tree of one head of this clinic begins with that of an older one, for whoever holds both: a
    /// receipt's and a selection's, say. Where the newer head is of a ledger that this one never was, the proof is
    /// empty and does not hold.
    ///
    /// # Errors
    /// [`ClinicError::Ledger`] if the newer head is not this clinic's.
    pub fn growth_to(&self, old: &TreeHead, new: &Envelope) -> Result<Growth, ClinicError> {
        let size = ledger::admit_head(new, &self.signer().principal())?.size;
        let proof = self.store().ledger_growth(old.size, size)?.unwrap_or_default();
        Ok(Growth { head: new.clone(), proof })
    }

    /// What stands behind a commitment of an upload of this clinic, if it is one.
    ///
    /// # Errors
    /// [`ClinicError`] of the store.
    pub fn opening(&self, commitment: &Digest) -> Result<Option<Opening>, ClinicError> {
        let is_it = |opening: &Opening| ledger::commitment(&opening.salt.0, &opening.head.digest()) == *commitment;
        if let Some(opening) = self.uncharged_opening(commitment)? {
            return Ok(Some(opening));
        }
        Ok(self.charges()?.into_iter().flat_map(|charge| charge.openings).find(is_it))
    }

    /// An opening of a fresh commitment to the tree as a look at the store shows it. Whoever asks keeps it, and the moment
    /// with it ([`Clinic::newest_head_moment`]), before anybody sees the commitment.
    pub(super) fn fresh_opening(&self, seen: (u64, Digest)) -> Result<Opening, ClinicError> {
        let made_at = self.moment_of_a_kept_head()?;
        Ok(Opening { salt: Octets(Self::salt()?.to_vec()), head: self.sign_head_of(seen, made_at)? })
    }

    fn receipt_of(&self, position: u64, filed: &Filed, size: u64, head: &Envelope) -> Result<Receipt, ClinicError> {
        let proof = self.store().ledger_path(position, size)?.unwrap_or_default();
        let (statement, salt) = (filed.statement.digest(), filed.salt.clone());
        let receipt = Receipt { statement, position, salt, head: head.clone(), proof };
        // Nothing is acknowledged that would not convince.
        let held = receipt.check(&self.signer().principal(), &statement);
        held.map_err(|why| ClinicError::BrokenTree { position, why: why.to_string() })?;
        Ok(receipt)
    }

    fn sign_head(&self, seen: (u64, Digest)) -> Result<Envelope, ClinicError> {
        self.sign_head_of(seen, self.moment_of_a_head()?)
    }

    fn sign_head_of(&self, (size, root): (u64, Digest), made_at: Moment) -> Result<Envelope, ClinicError> {
        let head = TreeHead { clinic: self.signer().principal(), size, root, made_at };
        Ok(Envelope::sign(&head, self.signer())?)
    }
}

/// Whether the ledger has the leaf of what was filed at its position.
pub(super) fn is_in_ledger(view: &View<'_>, position: u64, filed: &Filed) -> Result<bool, ClinicError> {
    Ok(view.ledger_leaf(position)? == Some(tree::leaf_hash(&filed.leaf())))
}
