//! The states of one attempt, each holding exactly what that moment knows. Each is made only by
//! consuming the one before, so revealing before all froze, or releasing what was not noised,
//! cannot be written.

use std::collections::BTreeSet;
use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::digest::{Digest, Label};
use crate::document::commitment::Commitment;
use crate::document::count_opening::CountOpening;
use crate::document::freeze::Freeze;
use crate::document::manifest::{BatchEntry, ClinicVerdict, Manifest, Verdict};
use crate::document::release::Release;
use crate::document::share::Share;
use crate::document::upload::Upload;
use crate::envelope::{Document, Envelope, Verified};
use crate::octets::Octets;
use crate::principal::Principal;
use crate::privacy::NoiseSeed;
use crate::round::Desk;
use crate::round::attempt::{Attempt, Fault, nonce_of, public_digest, share_aad};
use crate::round::inquiry::Inquiry;
use crate::round::message::{BatchUpload, Message};
use crate::sealed::{OpeningKey, SealError, SealingKey};
use crate::secret_share::{CellShares, Circuit, Pending, SharingError, Verification};
use crate::{answer, privacy};

/// Where one attempt stands with this member.
#[derive(Debug)]
pub(super) enum Stage {
    Committed(Box<Committed>),
    Frozen(Box<Frozen>),
    Revealed(Box<Revealed>),
    Verifying(Box<Verifying>),
    Concluded(Box<Concluded>),
    Noised(Box<Noised>),
    Opened(Box<Opened>),
    /// A noised share was kept and nothing more can be done with it: the attempt can never be void,
    /// and all that is left is to say again what was said.
    Spent,
    /// A void note is signed; nothing more is ever done for the attempt.
    Voided,
    /// The keys are gone, with an earlier life or an error: only a void note is left.
    Lost,
}

impl Stage {
    /// Where this member sits, from the moment the committee is known.
    pub(super) fn seat(&self) -> Option<&Seat> {
        match self {
            Self::Frozen(s) => Some(&s.seat),
            Self::Revealed(s) => Some(&s.seat),
            Self::Verifying(s) => Some(&s.seat),
            Self::Concluded(s) => Some(&s.seat),
            Self::Noised(s) => Some(&s.seat),
            Self::Opened(s) => Some(&s.seat),
            Self::Committed(_) | Self::Spent | Self::Voided | Self::Lost => None,
        }
    }

    /// Whether a message that comes too early may come again.
    pub(super) const fn may_hear_later(&self) -> bool {
        matches!(self, Self::Committed(_))
    }

    /// Whether a noised share was kept, so that the attempt can no longer be void.
    pub(super) const fn is_burnt(&self) -> bool {
        matches!(self, Self::Noised(_) | Self::Opened(_) | Self::Spent)
    }

    /// Whether message `number` of the exchange was heard from everybody long ago.
    pub(super) const fn is_past(&self, number: u8) -> bool {
        number <= 2 && matches!(self, Self::Noised(_) | Self::Opened(_))
    }

    /// The key that message `number` of the exchange is sealed to, while this member has it.
    pub(super) fn key_for(&self, number: u8) -> Option<&OpeningKey> {
        let (share, opening) = match self {
            Self::Frozen(s) => (Some(&s.secrets.share_key), &s.secrets.opening_key),
            Self::Revealed(s) => (Some(&s.secrets.share_key), &s.secrets.opening_key),
            Self::Verifying(s) => (Some(&s.secrets.share_key), &s.secrets.opening_key),
            Self::Concluded(s) => (Some(&s.secrets.share_key), &s.secrets.opening_key),
            Self::Noised(s) => (None, &s.opening_key),
            Self::Opened(s) => (None, &s.opening_key),
            Self::Committed(_) | Self::Spent | Self::Voided | Self::Lost => return None,
        };
        if number <= 2 { share } else { Some(opening) }
    }
}

/// One member's place in one attempt.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) inquiry: Inquiry,
    pub(super) attempt: Attempt,
    pub(super) place: usize,
}

impl Seat {
    pub(super) fn place_of(&self, who: &Principal) -> Result<usize, Fault> {
        self.attempt.place_of(who).ok_or(Fault::OutOfPlace { what: "a message of somebody outside the committee" })
    }

    fn aggregators(&self) -> u32 {
        u32::try_from(self.attempt.committee().len()).unwrap_or(u32::MAX)
    }

    /// Checks one signed word of each member, in order: all must say the same bytes as this one.
    fn agreed<T: Document>(
        &self,
        [one, several]: [&'static str; 2],
        mine: Digest,
        envelopes: &[Envelope],
    ) -> Result<Verified<T>, Fault> {
        let (committee, mut agreed) = (self.attempt.committee(), None);
        let incomplete = Fault::Incomplete { what: several, have: envelopes.len(), need: committee.len() };
        if envelopes.len() != committee.len() {
            return Err(incomplete);
        }
        for (who, envelope) in committee.iter().zip(envelopes) {
            let word = envelope.claim::<T>().and_then(|c| c.verify(who));
            let word = word.map_err(|why| Fault::Document { why: why.to_string() })?;
            if word.digest() != mine {
                return Err(Fault::Differs { who: *who, what: one });
            }
            agreed = Some(word);
        }
        agreed.ok_or(incomplete)
    }
}

/// The secrets of one attempt. They never touch a disk while shares can be opened with them.
pub(super) struct Secrets {
    part: Zeroizing<[u8; 32]>,
    seed: NoiseSeed,
    share_key: OpeningKey,
    opening_key: OpeningKey,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// Committed to its randomness; knows nothing of anybody's contribution.
#[derive(Debug)]
pub(super) struct Committed {
    inquiry: Inquiry,
    number: u8,
    secrets: Secrets,
    commitment: Envelope,
}

impl Committed {
    pub(super) fn new<R: CryptoRng>(inquiry: Inquiry, number: u8, desk: &mut Desk<'_, R>) -> Result<Self, Fault> {
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
            note: Octets::default(),
        };
        let commitment = sign(&commitment, desk)?;
        Ok(Self { inquiry, number, secrets: Secrets { part, seed, share_key, opening_key }, commitment })
    }

    pub(super) const fn commitment(&self) -> &Envelope {
        &self.commitment
    }

    /// Checks a proposed batch: the whole committee, every upload, nobody twice, nothing seen before.
    pub(super) fn check_batch<R: CryptoRng>(
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
    pub(super) fn freeze<R: CryptoRng>(
        self,
        batch: Batch,
        desk: &mut Desk<'_, R>,
    ) -> Result<(Frozen, Envelope), Fault> {
        let freeze = Freeze {
            query: self.inquiry.id(),
            attempt: self.number,
            manifest: batch.digest,
            counter: desk.next_counter(),
            note: Octets::default(),
        };
        let envelope = sign(&freeze, desk)?;
        Ok((Frozen { seat: batch.seat.clone(), secrets: self.secrets, batch }, envelope))
    }
}

/// A checked batch.
#[derive(Debug)]
pub(super) struct Batch {
    seat: Seat,
    digest: Digest,
    uploads: Vec<(Verified<Upload>, BatchUpload)>,
}

impl Batch {
    pub(super) const fn digest(&self) -> Digest {
        self.digest
    }

    pub(super) fn nonces(&self) -> BTreeSet<(Principal, Vec<u8>)> {
        self.uploads.iter().map(|(u, _)| (u.clinic, u.nonce.0.clone())).collect()
    }
}

/// Whether a batch that is proposed again is the one that was frozen.
pub(super) fn same_batch(stage: &Stage, uploads: &[BatchUpload]) -> Result<(), Fault> {
    let Stage::Frozen(frozen) = stage else { return Ok(()) };
    let same = frozen.batch.uploads.len() == uploads.len()
        && frozen.batch.uploads.iter().zip(uploads).all(|((u, _), parts)| u.digest() == parts.upload.digest());
    if same { Ok(()) } else { Err(Fault::BadBatch { why: "differs from the one this node froze" }) }
}

/// The batch is fixed; its own part of the verification key is still secret.
#[derive(Debug)]
pub(super) struct Frozen {
    pub(super) seat: Seat,
    secrets: Secrets,
    batch: Batch,
}

/// Evidence that all k members froze this very batch. Only [`Frozen::check_freezes`] makes one.
#[derive(Debug)]
pub(super) struct AllFroze(());

impl Frozen {
    pub(super) fn check_freezes(&self, freezes: &[Envelope]) -> Result<AllFroze, Fault> {
        let committee = self.seat.attempt.committee();
        if freezes.len() != committee.len() {
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
    pub(super) fn reveal(self, _all_froze: AllFroze) -> (Revealed, Zeroizing<[u8; 32]>) {
        let part = self.secrets.part.clone();
        (Revealed { seat: self.seat, part: part.clone(), secrets: self.secrets, batch: self.batch }, part)
    }
}

/// Its part is out; waits for the others'.
#[derive(Debug)]
pub(super) struct Revealed {
    pub(super) seat: Seat,
    pub(super) part: Zeroizing<[u8; 32]>,
    secrets: Secrets,
    batch: Batch,
}

impl Revealed {
    /// Opens its shares and begins to verify them under the key made of all parts.
    pub(super) fn verify(self, parts: &[[u8; 32]]) -> Result<(Verifying, Vec<Option<Octets>>), Fault> {
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
        let key = Digest::of(Label::VerifyKey, &hashed).0;
        let mut reports = Vec::with_capacity(self.batch.uploads.len());
        let mut mine = Vec::with_capacity(self.batch.uploads.len());
        for (upload, parts) in &self.batch.uploads {
            let begun = self.begin(&key, upload, parts)?;
            mine.push(begun.as_ref().map(|(_, share)| Octets(share.clone())));
            reports.push(Report { clinic: upload.clinic, pending: begun.map(|(pending, _)| pending) });
        }
        let verifying =
            Verifying { seat: self.seat, mine: mine.clone(), secrets: self.secrets, batch: self.batch.digest, reports };
        Ok((verifying, mine))
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

/// Has begun to verify; waits for the others' verifier shares.
#[derive(Debug)]
pub(super) struct Verifying {
    pub(super) seat: Seat,
    pub(super) mine: Vec<Option<Octets>>,
    secrets: Secrets,
    batch: Digest,
    reports: Vec<Report>,
}

#[derive(Debug)]
struct Report {
    clinic: Principal,
    pending: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    circuit: Circuit,
    context: Vec<u8>,
    pending: Pending,
}

impl Verifying {
    /// Decides about every report and sums those that hold. `shares` is by place, then by report.
    pub(super) fn conclude<R: CryptoRng>(
        self,
        shares: &[Vec<Option<Octets>>],
        desk: &Desk<'_, R>,
    ) -> Result<Concluded, Fault> {
        let mut sum = CellShares::zero(self.seat.inquiry.plan().cell_count());
        let mut verdicts = Vec::with_capacity(self.reports.len());
        for (at, report) in self.reports.into_iter().enumerate() {
            let verdict = match (report.pending, verifier_shares(&self.seat, &report.clinic, shares, at)) {
                (Some(waiting), Some(shares)) => {
                    match waiting.circuit.finish(&waiting.context, waiting.pending, &shares) {
                        Ok(output) => sum.add(&output).map(|()| Verdict::Accepted).map_err(|e| sharing_fault(&e))?,
                        Err(SharingError::Malformed) => Verdict::Unreadable,
                        Err(_) => Verdict::ProofFailed,
                    }
                }
                _ => Verdict::Unreadable,
            };
            verdicts.push(ClinicVerdict { clinic: report.clinic, verdict });
        }
        let manifest = Manifest {
            query: self.seat.inquiry.id(),
            attempt: self.seat.attempt.number(),
            batch: self.batch,
            verdicts,
        };
        let manifest = sign(&manifest, desk)?;
        Ok(Concluded { seat: self.seat, secrets: self.secrets, batch: self.batch, sum, manifest })
    }
}

/// Every member's verifier share of one report in sharing-role order, if all could read it.
fn verifier_shares<'a>(
    seat: &Seat,
    clinic: &Principal,
    shares: &'a [Vec<Option<Octets>>],
    at: usize,
) -> Option<Vec<&'a [u8]>> {
    let mut ordered = vec![None; shares.len()];
    for (place, list) in shares.iter().enumerate() {
        let role = seat.attempt.sharing_role(seat.inquiry.id(), clinic, place);
        *ordered.get_mut(role)? = list.get(at)?.as_ref().map(|o| o.0.as_slice());
    }
    ordered.into_iter().collect()
}

/// Has its verdicts and its share of the sum; waits until all members come to the same.
#[derive(Debug)]
pub(super) struct Concluded {
    pub(super) seat: Seat,
    secrets: Secrets,
    batch: Digest,
    sum: CellShares,
    manifest: Envelope,
}

/// Evidence that all k members signed the same manifest with enough operators in it. Only
/// [`Concluded::check_manifests`] makes one.
#[derive(Debug)]
pub(super) struct Agreed {
    manifest: Verified<Manifest>,
}

impl Concluded {
    pub(super) const fn manifest(&self) -> &Envelope {
        &self.manifest
    }

    pub(super) fn check_manifests(&self, manifests: &[Envelope]) -> Result<Agreed, Fault> {
        let manifest: Verified<Manifest> =
            self.seat.agreed(["manifest", "manifests"], self.manifest.digest(), manifests)?;
        let accepted: Vec<Principal> = manifest.accepted().collect();
        if self.seat.inquiry.operators(accepted.iter()) < clinics_min(&self.seat.inquiry) {
            return Err(Fault::BadBatch { why: "holds too few operators whose contributions were accepted" });
        }
        Ok(Agreed { manifest })
    }

    /// Draws on its aggregate share at all: re-centres it and adds its own full noise.
    pub(super) fn noise(self, agreed: Agreed) -> Result<Noised, Fault> {
        let plan = self.seat.inquiry.plan();
        let mut noised = self.sum.recentred(plan).map_err(|e| sharing_fault(&e))?;
        let noise = privacy::noise_vector(plan, &self.secrets.seed, agreed.manifest.digest())
            .map_err(|why| Fault::Unsupported { why: why.to_string() })?;
        noised.add_integers(noise.cells()).map_err(|e| sharing_fault(&e))?;
        let accepted: Vec<Principal> = agreed.manifest.accepted().collect();
        let operators_counted = u32::try_from(self.seat.inquiry.operators(accepted.iter())).unwrap_or(u32::MAX);
        Ok(Noised {
            seat: self.seat,
            batch: self.batch,
            opening_key: self.secrets.opening_key,
            noised,
            operators_counted,
        })
    }
}

/// The noise is in. The only state from which anything leaves towards the researcher.
#[derive(Debug)]
pub(super) struct Noised {
    pub(super) seat: Seat,
    pub(super) batch: Digest,
    pub(super) opening_key: OpeningKey,
    pub(super) noised: CellShares,
    pub(super) operators_counted: u32,
}

impl Noised {
    /// This member's noised shares of the cells that are opened first.
    pub(super) fn count_share(&self) -> Result<CellShares, Fault> {
        self.noised.pick(&opened_cells(&self.seat)).map_err(|e| sharing_fault(&e))
    }

    /// Adds all members' noised counts and signs what comes out.
    pub(super) fn open<R: CryptoRng>(self, counts: &[CellShares], desk: &Desk<'_, R>) -> Result<Opened, Fault> {
        let mut sum = CellShares::zero(opened_cells(&self.seat).len());
        for share in counts {
            sum.add(share).map_err(|e| sharing_fault(&e))?;
        }
        let opened = sum.to_integers();
        let counts = opened.iter().map(|n| i64::try_from(*n)).collect::<Result<Vec<_>, _>>();
        let counts = counts.map_err(|_| Fault::BadBatch { why: "opens to counts that no federation has" })?;
        let query = self.seat.inquiry.id();
        let attempt = self.seat.attempt.number();
        let opening = sign(&CountOpening { query, attempt, batch: self.batch, counts }, desk)?;
        let policy = &self.seat.inquiry.charter().policy;
        let suppressed =
            answer::suppress(self.seat.inquiry.plan(), &opened, u64::from(policy.cohort_min), self.seat.aggregators());
        Ok(Opened {
            seat: self.seat,
            batch: self.batch,
            opening_key: self.opening_key,
            noised: self.noised,
            operators_counted: self.operators_counted,
            opening,
            suppressed,
        })
    }
}

/// The counts are open; waits until all members signed the same.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) seat: Seat,
    batch: Digest,
    opening_key: OpeningKey,
    noised: CellShares,
    operators_counted: u32,
    opening: Envelope,
    suppressed: Vec<bool>,
}

impl Opened {
    pub(super) const fn opening(&self) -> &Envelope {
        &self.opening
    }

    /// Holds small groups back and seals its share of the rest to the researcher.
    pub(super) fn answer<R: CryptoRng>(
        mut self,
        openings: &[Envelope],
        desk: &mut Desk<'_, R>,
    ) -> Result<Message, Fault> {
        let mine = self.opening.digest();
        let opening: Verified<CountOpening> =
            self.seat.agreed(["opening of the counts", "openings of the counts"], mine, openings)?;
        let (query, attempt, batch) = (self.seat.inquiry.id(), self.seat.attempt.number(), self.batch);
        self.noised.zero_at(suppressed_cells(&self.seat, &self.suppressed));
        let asked: Vec<Principal> = self.seat.inquiry.charter().contributors().map(|m| m.key).collect();
        let share = Share {
            query,
            attempt,
            batch,
            opening: opening.digest(),
            suppressed: self.suppressed,
            operators_asked: u32::try_from(self.seat.inquiry.operators(asked.iter())).unwrap_or(u32::MAX),
            operators_counted: self.operators_counted,
            cells: Octets(self.noised.to_bytes()),
        };
        let share = sign(&share, desk)?.to_json();
        let key = SealingKey::from_bytes(&self.seat.inquiry.query().answer_key.0).map_err(|e| seal_fault(&e))?;
        let aad = Digest::of(Label::AnswerSeal, &[query.bytes(), &[attempt], desk.me().bytes()]);
        let sealed =
            key.seal(Label::AnswerSeal, aad.bytes(), share.as_bytes(), desk.rng).map_err(|e| seal_fault(&e))?;
        let id = Release::id(query, attempt, batch, opening.digest());
        let release = sign(&Release { query, attempt, id }, desk)?;
        Ok(Message::Answer { query, attempt, sealed: Octets(sealed), release })
    }
}

/// Positions of the opened cells in the vector, group by group.
fn opened_cells(seat: &Seat) -> Vec<usize> {
    let plan = seat.inquiry.plan();
    let blocks = plan.opened_blocks();
    (0..plan.group_count()).flat_map(|g| blocks.iter().map(move |b| g * plan.blocks.len() + b)).collect()
}

/// Positions of all cells of suppressed groups.
fn suppressed_cells(seat: &Seat, suppressed: &[bool]) -> impl Iterator<Item = usize> {
    let width = seat.inquiry.plan().blocks.len();
    let groups: Vec<usize> = suppressed.iter().enumerate().filter(|(_, s)| **s).map(|(g, _)| g).collect();
    groups.into_iter().flat_map(move |g| g * width..(g + 1) * width)
}

fn entry_of(upload: &Verified<Upload>) -> BatchEntry {
    BatchEntry { clinic: upload.clinic, nonce: upload.nonce.clone(), upload: upload.digest() }
}

fn clinics_min(inquiry: &Inquiry) -> usize {
    usize::try_from(inquiry.charter().policy.clinics_min).unwrap_or(usize::MAX)
}

fn sign<T: Document, R>(document: &T, desk: &Desk<'_, R>) -> Result<Envelope, Fault> {
    Envelope::sign(document, desk.signer).map_err(|why| Fault::Document { why: why.to_string() })
}

fn seal_fault(why: &SealError) -> Fault {
    Fault::Document { why: why.to_string() }
}

fn sharing_fault(why: &SharingError) -> Fault {
    Fault::Unsupported { why: why.to_string() }
}
