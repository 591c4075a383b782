//! Committing to randomness, and fixing the batch.

use super::{Batch, Committed, Frozen, Seat, Secrets, Stage, clinics_min, seal_fault, sign};
use crate::digest::{Digest, Label};
use crate::document::commitment::Commitment;
use crate::document::freeze::Freeze;
use crate::document::manifest::{BatchEntry, Manifest};
use crate::document::upload::Upload;
use crate::envelope::{Envelope, Verified};
use crate::principal::Principal;
use crate::privacy::NoiseSeed;
use crate::round::Desk;
use crate::round::attempt::{Attempt, Fault};
use crate::round::inquiry::Inquiry;
use crate::round::message::BatchUpload;
use crate::sealed::{OpeningKey, SealingKey};
use rand_core::CryptoRng;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

impl Committed {
    pub(in crate::round::member) fn new<R: CryptoRng>(
        inquiry: Inquiry,
        number: u8,
        desk: &mut Desk<'_, R>,
    ) -> Result<Self, Fault> {
        let mut secret = || {
            let mut bytes = Zeroizing::new([0_u8; 32]);
            desk.rng.fill_bytes(bytes.as_mut_slice());
            bytes
        };
        let (part, seed) = (secret(), NoiseSeed::from_bytes(*secret()));
        let (share_key, opening_key) = (OpeningKey::generate(desk.rng), OpeningKey::generate(desk.rng));
        let public = |key: &OpeningKey| -> Result<SealingKey, Fault> { key.sealing_key().map_err(|e| seal_fault(&e)) };
        let commitment = Commitment {
            query: inquiry.id(),
            attempt: number,
            verify_key: Digest::of(Label::VerifyKeyCommitment, &[part.as_slice()]),
            noise_seed: seed.commitment(),
            share_key: public(&share_key)?,
            opening_key: public(&opening_key)?,
            counter: desk.next_counter(),
            note: (desk.note)(),
        };
        let commitment = sign(&commitment, desk)?;
        Ok(Self { inquiry, number, secrets: Secrets { part, seed, share_key, opening_key }, commitment })
    }

    pub(in crate::round::member) const fn commitment(&self) -> &Envelope {
        &self.commitment
    }

    /// Checks a proposed batch: the whole committee, every upload, nobody twice, nothing seen before.
    pub(in crate::round::member) fn check_batch<R: CryptoRng>(
        &self,
        desk: &Desk<'_, R>,
        commitments: &[Envelope],
        uploads: &[BatchUpload],
        seen: &BTreeSet<(Principal, Vec<u8>)>,
    ) -> Result<Batch, Fault> {
        let attempt = Attempt::admit(&self.inquiry, self.number, commitments)?;
        let place =
            attempt.place_of(&desk.me()).ok_or(Fault::BadBatch { why: "is for a committee without this node" })?;
        if attempt.commitments().get(place).map(Verified::digest) != Some(self.commitment.digest()) {
            return Err(Fault::BadBatch { why: "carries another commitment of this node than it made" });
        }
        let check = |parts: &BatchUpload| attempt.check_batch_upload(&self.inquiry, place, parts);
        let covers = uploads.iter().map(check).collect::<Result<Vec<_>, _>>()?;
        if !covers.iter().zip(covers.iter().skip(1)).all(|(a, b)| a.clinic < b.clinic) {
            return Err(Fault::BadBatch { why: "names a clinic twice, or out of order" });
        }
        if covers.iter().any(|u| seen.contains(&(u.clinic, u.nonce.0.clone()))) {
            return Err(Fault::BadBatch { why: "holds a contribution that was in a batch before" });
        }
        let clinics = covers.iter().map(|u| &u.clinic);
        if self.inquiry.operators(clinics) < clinics_min(&self.inquiry) {
            return Err(Fault::BadBatch { why: "holds contributions of too few operators" });
        }
        let seat = Seat { inquiry: self.inquiry.clone(), attempt, place };
        let entries: Vec<BatchEntry> = covers.iter().map(entry_of).collect();
        let digest = Manifest::batch_digest(seat.inquiry.id(), self.number, &entries);
        Ok(Batch { seat, digest, uploads: covers.into_iter().zip(uploads.iter().cloned()).collect() })
    }

    /// Fixes the batch. From here on this member works on no other for this attempt.
    pub(in crate::round::member) fn freeze<R: CryptoRng>(
        self,
        batch: Batch,
        desk: &mut Desk<'_, R>,
    ) -> Result<(Frozen, Envelope), Fault> {
        let freeze = Freeze {
            query: self.inquiry.id(),
            attempt: self.number,
            manifest: batch.digest,
            counter: desk.next_counter(),
            note: (desk.note)(),
        };
        let envelope = sign(&freeze, desk)?;
        Ok((Frozen { seat: batch.seat.clone(), secrets: self.secrets, batch }, envelope))
    }
}

impl Batch {
    pub(in crate::round::member) const fn digest(&self) -> Digest {
        self.digest
    }

    pub(in crate::round::member) fn covers(&self) -> impl Iterator<Item = &Verified<Upload>> {
        self.uploads.iter().map(|(upload, _)| upload)
    }

    pub(in crate::round::member) const fn inquiry(&self) -> &Inquiry {
        &self.seat.inquiry
    }

    /// The committee's commitments, each with its member.
    pub(in crate::round::member) fn committed(&self) -> impl Iterator<Item = (Principal, &Envelope)> {
        let attempt = &self.seat.attempt;
        attempt.committee().iter().copied().zip(attempt.commitments().iter().map(Verified::envelope))
    }

    pub(in crate::round::member) fn nonces(&self) -> BTreeSet<(Principal, Vec<u8>)> {
        self.uploads.iter().map(|(u, _)| (u.clinic, u.nonce.0.clone())).collect()
    }
}

/// Whether a batch that is proposed again is the one that was frozen.
pub(in crate::round::member) fn same_batch(stage: &Stage, uploads: &[BatchUpload]) -> Result<(), Fault> {
    let Stage::Frozen(frozen) = stage else { return Ok(()) };
    let same = frozen.batch.uploads.len() == uploads.len()
        && frozen.batch.uploads.iter().zip(uploads).all(|((u, _), parts)| u.digest() == parts.upload.digest());
    if same { Ok(()) } else { Err(Fault::BadBatch { why: "differs from the one this node froze" }) }
}

fn entry_of(upload: &Verified<Upload>) -> BatchEntry {
    BatchEntry { clinic: upload.clinic, nonce: upload.nonce.clone(), upload: upload.digest() }
}
