//! Giving out the own part of the verification key once all froze, and beginning to verify.

use super::{AllFroze, CountKey, Frozen, Report, Revealed, Verifying, Waiting};
use crate::digest::{Digest, Label};
use crate::document::freeze::Freeze;
use crate::document::upload::Upload;
use crate::envelope::{Envelope, Verified};
use crate::octets::Octets;
use crate::round::attempt::{Fault, nonce_of, public_digest, share_aad};
use crate::round::member::exchange::Verifier;
use crate::round::member::watch::Watch;
use crate::round::message::BatchUpload;
use crate::share::Verification;
use zeroize::Zeroizing;

impl Frozen {
    pub(in crate::round::member) fn check_freezes(&self, freezes: &[Envelope]) -> Result<AllFroze, Fault> {
        let committee = self.seat.attempt.committee();
        if freezes.len() != committee.len() && !planted!(RevealsBeforeAllFroze) {
            return Err(Fault::Incomplete { what: "freezes", have: freezes.len(), need: committee.len() });
        }
        for (who, envelope) in committee.iter().zip(freezes) {
            let freeze = envelope.claim::<Freeze>().and_then(|c| c.verify(who));
            let freeze = freeze.map_err(|why| Fault::Document { why: why.to_string() })?;
            let here = (self.seat.inquiry.id(), self.seat.attempt.number(), self.batch.digest);
            if (freeze.query, freeze.attempt, freeze.manifest) != here {
                return Err(Fault::Differs { who: *who, what: "batch" });
            }
        }
        Ok(AllFroze(()))
    }

    /// Gives out its part of the verification key: only against evidence that the batch is fixed.
    pub(in crate::round::member) fn reveal(self, _all_froze: AllFroze) -> (Revealed, Zeroizing<[u8; 32]>) {
        let part = self.secrets.part.clone();
        (Revealed { seat: self.seat, part: part.clone(), secrets: self.secrets, batch: self.batch }, part)
    }
}

impl Revealed {
    /// Opens its shares and begins to verify them under the key made of all parts. Those of clinics against which
    /// there is evidence it leaves shut.
    pub(in crate::round::member) fn verify(
        self,
        parts: &[[u8; 32]],
        watch: &Watch,
    ) -> Result<(Verifying, Vec<Verifier>), Fault> {
        for ((who, commitment), part) in
            self.seat.attempt.committee().iter().zip(self.seat.attempt.commitments()).zip(parts)
        {
            if commitment.verify_key != Digest::of(Label::VerifyKeyCommitment, &[part]) {
                return Err(Fault::WrongReveal { who: *who });
            }
        }
        let id = self.seat.inquiry.id();
        let number = [self.seat.attempt.number()];
        let mut hashed: Vec<&[u8]> = vec![id.bytes(), &number, self.batch.digest.bytes()];
        hashed.extend(parts.iter().map(<[u8; 32]>::as_slice));
        let key = Zeroizing::new(Digest::of(Label::VerifyKey, &hashed).0);
        let mut reports = Vec::with_capacity(self.batch.uploads.len());
        let mut mine = Vec::with_capacity(self.batch.uploads.len());
        for (upload, parts) in &self.batch.uploads {
            let (pending, said) = match watch.evidence(&upload.clinic) {
                Some(evidence) => (None, evidence),
                None => match self.begin(&key, upload, parts)? {
                    Some((pending, share)) => (Some(pending), Verifier::Share(Octets(share))),
                    None => (None, Verifier::Unreadable),
                },
            };
            mine.push(said);
            reports.push(Report { clinic: upload.clinic, pending });
        }
        let Self { seat, secrets, batch, .. } = self;
        let key = CountKey::of(&key);
        Ok((Verifying { seat, mine: mine.clone(), secrets, key, batch: batch.digest, reports }, mine))
    }

    /// Opens and begins one report; `None` where this member cannot read its share.
    fn begin(
        &self,
        key: &[u8; 32],
        upload: &Verified<Upload>,
        parts: &BatchUpload,
    ) -> Result<Option<(Waiting, Vec<u8>)>, Fault> {
        let (circuit, context) = self.seat.attempt.circuit(&self.seat.inquiry, &upload.clinic)?;
        let Some(nonce) = nonce_of(upload) else { return Ok(None) };
        let role = self.seat.attempt.sharing_role(self.seat.inquiry.id(), &upload.clinic, self.seat.place);
        let aad = share_aad(context, &upload.clinic, &nonce, role, public_digest(&parts.public_share.0));
        let Ok(input) = self.secrets.share_key.open(Label::ShareSeal, &aad, &parts.sealed_share.0) else {
            return Ok(None);
        };
        let context = context.0.to_vec();
        let task =
            Verification { key, context: &context, role, nonce: &nonce, public: &parts.public_share.0, input: &input };
        Ok(circuit.begin(&task).ok().map(|(pending, share)| (Waiting { circuit, context, pending }, share)))
    }
}
