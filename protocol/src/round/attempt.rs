//! One attempt at a query: its committee, its commitments, and what every role checks of uploads.

use std::collections::BTreeSet;

use crate::digest::{Digest, Label};
use crate::document::commitment::Commitment;
use crate::document::upload::Upload;
use crate::document::void::Void;
use crate::envelope::{Envelope, Verified};
use crate::principal::Principal;
use crate::round::inquiry::Inquiry;
use crate::round::message::{BatchUpload, UploadParts};
use crate::sealed::SEAL_BYTES;
use crate::share::{Circuit, Nonce};

/// An attempt whose commitments were all checked. Only [`Attempt::admit`] makes one.
#[derive(Debug, Clone)]
pub struct Attempt {
    number: u8,
    committee: Vec<Principal>,
    commitments: Vec<Verified<Commitment>>,
}

impl Attempt {
    /// Checks that `commitments` are those of the attempt's committee, in order.
    ///
    /// # Errors
    /// [`Fault`] naming whose commitment is wrong.
    pub fn admit(inquiry: &Inquiry, number: u8, commitments: &[Envelope]) -> Result<Self, Fault> {
        let committee = inquiry.committee(number).ok_or(Fault::NoSuchAttempt { number })?.to_vec();
        let committee = if planted!(TakesAnyCommittee) { signers(inquiry, commitments) } else { committee };
        if commitments.len() != committee.len() {
            return Err(Fault::Commitments { have: commitments.len(), need: committee.len() });
        }
        let check = |(who, envelope): (&Principal, &Envelope)| commitment(inquiry, number, who, envelope);
        let commitments = committee.iter().zip(commitments).map(check).collect::<Result<_, _>>()?;
        Ok(Self { number, committee, commitments })
    }

    /// The attempt's number, from 1.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// The committee, in order.
    #[must_use]
    pub fn committee(&self) -> &[Principal] {
        &self.committee
    }

    /// The commitments, in committee order.
    #[must_use]
    pub fn commitments(&self) -> &[Verified<Commitment>] {
        &self.commitments
    }

    /// The commitments as they were signed, in committee order.
    #[must_use]
    pub fn commitment_envelopes(&self) -> Vec<Envelope> {
        self.commitments.iter().map(|c| c.envelope().clone()).collect()
    }

    /// A member's place in the committee.
    #[must_use]
    pub fn place_of(&self, who: &Principal) -> Option<usize> {
        self.committee.iter().position(|m| m == who)
    }

    /// The number that a member plays in sharing one clinic's contribution. The first gets the
    /// large share; the part rotates with H(query, clinic) so that no member always pays for it.
    #[must_use]
    pub fn sharing_role(&self, query: Digest, clinic: &Principal, place: usize) -> usize {
        let first = *Digest::of(Label::Leader, &[query.bytes(), clinic.bytes()]).0.first().unwrap_or(&0);
        let size = self.committee.len().max(1);
        (place + size - usize::from(first) % size) % size
    }

    /// The circuit of one clinic's contribution and the context both sides share it under.
    ///
    /// # Errors
    /// [`Fault::NotAContributor`] or [`Fault::Unsupported`].
    pub fn circuit(&self, inquiry: &Inquiry, clinic: &Principal) -> Result<(Circuit, Digest), Fault> {
        let member = inquiry.charter().contributors().find(|m| m.key == *clinic);
        let member = member.ok_or(Fault::NotAContributor { who: *clinic })?;
        let parties = inquiry.parties(member.patients_max, self.committee.len());
        let circuit = Circuit::new(inquiry.plan(), &parties);
        let circuit = circuit.map_err(|why| Fault::Unsupported { why: why.to_string() })?;
        let parameters = circuit.parameters().digest();
        let plan = inquiry.plan().digest();
        let charter = inquiry.charter().digest();
        let id = inquiry.id();
        let attempt = [self.number];
        let semantics = inquiry.plan().semantics.to_le_bytes();
        let digests: Vec<Digest> = self.commitments.iter().map(Verified::digest).collect();
        let mut parts: Vec<&[u8]> = vec![charter.bytes(), id.bytes(), &attempt, plan.bytes(), &semantics];
        parts.extend(self.committee.iter().map(|m| m.bytes().as_slice()));
        parts.extend(digests.iter().map(Digest::bytes));
        parts.extend([clinic.bytes(), parameters.bytes()]);
        Ok((circuit, Digest::of(Label::SharingContext, &parts)))
    }

    /// Checks an upload as the coordinator does: every sealed share must be the one that was signed.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn check_upload(&self, inquiry: &Inquiry, parts: &UploadParts) -> Result<Verified<Upload>, Fault> {
        let upload = self.check_cover(inquiry, &parts.upload, &parts.public_share.0)?;
        let sealed: Vec<Digest> = parts.sealed_shares.iter().map(|s| sealed_digest(&s.0)).collect();
        if sealed != upload.sealed_shares {
            return Err(Fault::PartsDiffer { who: upload.clinic });
        }
        // One clinic must not fill the message that carries everybody's.
        let (circuit, _) = self.circuit(inquiry, &upload.clinic)?;
        let role = |place| self.sharing_role(inquiry.id(), &upload.clinic, place);
        let due = |place| circuit.share_bytes(role(place)) + SEAL_BYTES;
        let fits = parts.sealed_shares.iter().enumerate().all(|(place, sealed)| sealed.0.len() == due(place));
        if !fits || parts.public_share.0.len() != circuit.public_bytes() {
            return Err(Fault::PartsDiffer { who: upload.clinic });
        }
        Ok(upload)
    }

    /// Checks an upload as the member at `place` does, who is shown its own sealed share only.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn check_batch_upload(
        &self,
        inquiry: &Inquiry,
        place: usize,
        parts: &BatchUpload,
    ) -> Result<Verified<Upload>, Fault> {
        let upload = self.check_cover(inquiry, &parts.upload, &parts.public_share.0)?;
        if upload.sealed_shares.get(place) != Some(&sealed_digest(&parts.sealed_share.0)) {
            return Err(Fault::PartsDiffer { who: upload.clinic });
        }
        Ok(upload)
    }

    fn check_cover(&self, inquiry: &Inquiry, envelope: &Envelope, public: &[u8]) -> Result<Verified<Upload>, Fault> {
        let upload = envelope.claim::<Upload>().and_then(|c| c.verify_named(|u| u.clinic));
        let upload = upload.map_err(|why| Fault::Document { why: why.to_string() })?;
        let who = upload.clinic;
        if !inquiry.charter().contributors().any(|m| m.key == who) {
            return Err(Fault::NotAContributor { who });
        }
        let commitments: Vec<Digest> = self.commitments.iter().map(Verified::digest).collect();
        let same = [
            ("query", upload.query == inquiry.id()),
            ("attempt", upload.attempt == self.number),
            ("charter", upload.charter == inquiry.charter().digest()),
            ("plan", upload.plan == inquiry.plan().digest()),
            ("committee", upload.committee == self.committee),
            ("commitments", upload.commitments == commitments),
        ];
        if let Some((what, _)) = same.iter().find(|(_, same)| !same) {
            return Err(Fault::UploadForAnother { who, what });
        }
        if nonce_of(&upload).is_none() || upload.sealed_shares.len() != self.committee.len() {
            return Err(Fault::PartsDiffer { who });
        }
        if upload.public_share != public_digest(public) {
            return Err(Fault::PartsDiffer { who });
        }
        Ok(upload)
    }
}

/// Whoever signed these commitments: a committee of somebody's own choice, where a test has planted that it is taken.
fn signers(inquiry: &Inquiry, commitments: &[Envelope]) -> Vec<Principal> {
    let members: BTreeSet<Principal> = inquiry.charter().members.iter().map(|member| member.key).collect();
    commitments.iter().filter_map(|envelope| envelope.signers(&members).first().copied()).collect()
}

/// Checks one member's commitment for one attempt.
///
/// # Errors
/// [`Fault`].
pub fn commitment(
    inquiry: &Inquiry,
    number: u8,
    who: &Principal,
    envelope: &Envelope,
) -> Result<Verified<Commitment>, Fault> {
    let commitment = envelope.claim::<Commitment>().and_then(|c| c.verify(who));
    let commitment = commitment.map_err(|why| Fault::Document { why: why.to_string() })?;
    if commitment.query != inquiry.id() || commitment.attempt != number {
        return Err(Fault::CommitmentForAnother { who: *who });
    }
    if !commitment.share_key.is_usable() || !commitment.opening_key.is_usable() {
        return Err(Fault::Document {
            why: format!("the commitment of {who} names a key that nothing can be sealed to"),
        });
    }
    Ok(commitment)
}

/// The nonce of an upload, if it has sixteen bytes.
#[must_use]
pub fn nonce_of(upload: &Upload) -> Option<Nonce> {
    upload.nonce.0.as_slice().try_into().ok()
}

/// How an upload names its public share.
#[must_use]
pub fn public_digest(public: &[u8]) -> Digest {
    Digest::of(Label::PublicShare, &[public])
}

/// How an upload names a sealed share.
#[must_use]
pub fn sealed_digest(sealed: &[u8]) -> Digest {
    Digest::of(Label::SealedShare, &[sealed])
}

/// What a sealed share is bound to, besides its key: context, clinic, nonce, sharing role and
/// public share.
#[must_use]
pub fn share_aad(context: Digest, clinic: &Principal, nonce: &Nonce, role: usize, public: Digest) -> Vec<u8> {
    let role = [u8::try_from(role).unwrap_or(u8::MAX)];
    Digest::of(Label::ShareSeal, &[context.bytes(), clinic.bytes(), nonce, &role, public.bytes()]).0.to_vec()
}

/// Checks that all members of an attempt's committee signed it void.
///
/// # Errors
/// [`Fault::Incomplete`] with how many notes hold.
pub fn check_void(committee: &[Principal], query: Digest, number: u8, voids: &[Envelope]) -> Result<(), Fault> {
    let of_this = |void: &&Envelope| {
        void.signature_count() == 1
            && void.claim::<Void>().is_ok_and(|note| note.peek().query == query && note.peek().attempt == number)
    };
    // No more than one note of each member's is ever needed, whoever sends how many.
    let notes: Vec<&Envelope> = voids.iter().filter(of_this).take(committee.len()).collect();
    let signed = |who: &&Principal| notes.iter().any(|v| v.claim::<Void>().is_ok_and(|c| c.verify(who).is_ok()));
    let have = committee.iter().filter(signed).count();
    if have == committee.len() {
        return Ok(());
    }
    Err(Fault::Incomplete { what: "void notes", have, need: committee.len() })
}

/// Checks that attempt `number` may begin: no earlier one can still be answered, beside it, by other
/// clinics. Either all of an earlier attempt's members signed it void, or the charter's floor is so
/// high that the two would need a clinic in common.
///
/// # Errors
/// As [`check_void`].
pub fn check_earlier(inquiry: &Inquiry, number: u8, voids: &[Envelope]) -> Result<(), Fault> {
    if inquiry.answers_must_overlap() {
        return Ok(());
    }
    (1..number).try_for_each(|earlier| {
        let committee = inquiry.committee(earlier).ok_or(Fault::NoSuchAttempt { number: earlier })?;
        check_void(committee, inquiry.id(), earlier, voids)
    })
}

/// Another node's fault: what it sent is dropped, and its operator should hear of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A document that does not hold.
    #[error("{why}")]
    Document {
        /// Why.
        why: String,
    },
    /// The charter has no such committee.
    #[error("the charter lists no committee for attempt {number}")]
    NoSuchAttempt {
        /// The attempt.
        number: u8,
    },
    /// Not every member committed.
    #[error("{have} commitments, where the committee has {need} members")]
    Commitments {
        /// How many came.
        have: usize,
        /// How many there must be.
        need: usize,
    },
    /// Not every member's word for what only all of them together allow.
    #[error("{have} {what}, where the committee has {need} members")]
    Incomplete {
        /// Whose number is wrong, in the plural.
        what: &'static str,
        /// How many came.
        have: usize,
        /// How many there must be.
        need: usize,
    },
    /// A commitment made for something else.
    #[error("the commitment of {who} is for another query or attempt")]
    CommitmentForAnother {
        /// Who signed it.
        who: Principal,
    },
    /// Someone who may not contribute.
    #[error("{who} is no contributor under this charter")]
    NotAContributor {
        /// Who.
        who: Principal,
    },
    /// An upload made for something else, or replayed.
    #[error("the upload of {who} is for another {what}")]
    UploadForAnother {
        /// Who signed it.
        who: Principal,
        /// What differs.
        what: &'static str,
    },
    /// Parts that are not those that were signed.
    #[error("the shares that came with the upload of {who} are not those it signed, or not of this plan's size")]
    PartsDiffer {
        /// Who signed it.
        who: Principal,
    },
    /// No circuit for this plan.
    #[error("{why}")]
    Unsupported {
        /// Why.
        why: String,
    },
    /// A batch that cannot be.
    #[error("the proposed batch {why}")]
    BadBatch {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A member's word that differs from the others' or from its own earlier one.
    #[error("{who} signed a different {what} than the others")]
    Differs {
        /// Who.
        who: Principal,
        /// What.
        what: &'static str,
    },
    /// Something that is larger than it can be.
    #[error("the {what} of {who} has {bytes} bytes, more than it can need")]
    Oversized {
        /// Who sent it.
        who: Principal,
        /// What.
        what: &'static str,
        /// How large it is.
        bytes: usize,
    },
    /// A part of the verification key that was not the one committed to.
    #[error("{who} revealed something other than it committed to")]
    WrongReveal {
        /// Who.
        who: Principal,
    },
    /// A message that does not fit where the attempt stands.
    #[error("{what} does not belong at this point of the attempt")]
    OutOfPlace {
        /// What came.
        what: &'static str,
    },
}

impl Fault {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document { .. } => "bad-document",
            Self::NoSuchAttempt { .. } => "no-such-attempt",
            Self::Commitments { .. } => "too-few-commitments",
            Self::Incomplete { .. } => "not-everybodys-word",
            Self::CommitmentForAnother { .. } => "commitment-for-another",
            Self::NotAContributor { .. } => "not-a-contributor",
            Self::UploadForAnother { .. } => "upload-for-another",
            Self::PartsDiffer { .. } => "parts-differ",
            Self::Unsupported { .. } => "unsupported",
            Self::BadBatch { .. } => "bad-batch",
            Self::Differs { .. } => "differs",
            Self::Oversized { .. } => "oversized",
            Self::WrongReveal { .. } => "wrong-reveal",
            Self::OutOfPlace { .. } => "out-of-place",
        }
    }

    /// What the operator of the node that finds it can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Document { .. }
            | Self::CommitmentForAnother { .. }
            | Self::UploadForAnother { .. }
            | Self::PartsDiffer { .. }
            | Self::Oversized { .. } => {
                "nothing was taken; if it happens again, the sender's operator should look at its log".into()
            }
            Self::NoSuchAttempt { .. } | Self::NotAContributor { .. } => {
                "compare the charter's epoch with the sender's; the older one must be updated".into()
            }
            Self::Commitments { .. } | Self::Incomplete { .. } => {
                "wait: the coordinator asks again until every member has answered, or the query expires".into()
            }
            Self::Unsupported { .. } => "ask for fewer groups or a narrower range".into(),
            Self::BadBatch { .. } => {
                "nothing was verified; the coordinator's operator should look at its log and ask again".into()
            }
            Self::Differs { who, .. } | Self::WrongReveal { who } => {
                format!("the operator of {who} should explain it; the attempt is given up")
            }
            Self::OutOfPlace { .. } => "compare releases of Sumac and the time of both nodes".into(),
        }
    }
}
