//! The states of one attempt, each holding exactly what that moment knows. Each is made only by
//! consuming the one before, so revealing before all froze, or releasing what was not noised,
//! cannot be written.

mod answering;
mod committing;
mod concluding;
mod revealing;

use crate::answer::HeldBack;
use crate::digest::{Digest, Label};
use crate::document::manifest::Manifest;
use crate::document::upload::Upload;
use crate::envelope::{Document, Envelope, Verified};
use crate::principal::Principal;
use crate::privacy::NoiseSeed;
use crate::round::Desk;
use crate::round::attempt::{Attempt, Fault};
use crate::round::inquiry::Inquiry;
use crate::round::member::exchange::Verifier;
use crate::round::message::BatchUpload;
use crate::sealed::{OpeningKey, SealError};
use crate::share::{CellShares, Circuit, Pending, SharingError};
use std::fmt;
use zeroize::Zeroizing;

pub(super) use committing::same_batch;

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
            if word.digest() != mine && !planted!(DrawsOnUnequalManifests) {
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

/// What the members of one attempt alone know once they verify, and bind each other to the opened cells with. It follows from
/// the verification key and does not lead back to it, so it may be kept.
pub(super) struct CountKey(Zeroizing<[u8; 32]>);

impl CountKey {
    fn of(verify_key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(Digest::of(Label::CountKey, &[verify_key]).0))
    }

    pub(super) const fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The key itself, for keeping it sealed and for digests.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountKey")
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

/// A checked batch.
#[derive(Debug)]
pub(super) struct Batch {
    seat: Seat,
    digest: Digest,
    uploads: Vec<(Verified<Upload>, BatchUpload)>,
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

/// Its part is out; waits for the others'.
#[derive(Debug)]
pub(super) struct Revealed {
    pub(super) seat: Seat,
    pub(super) part: Zeroizing<[u8; 32]>,
    secrets: Secrets,
    batch: Batch,
}

/// Has begun to verify; waits for the others' verifier shares.
#[derive(Debug)]
pub(super) struct Verifying {
    pub(super) seat: Seat,
    pub(super) mine: Vec<Verifier>,
    secrets: Secrets,
    key: CountKey,
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

/// Has its verdicts and its share of the sum; waits until all members come to the same.
#[derive(Debug)]
pub(super) struct Concluded {
    pub(super) seat: Seat,
    secrets: Secrets,
    key: CountKey,
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

/// The noise is in. The only state from which anything leaves towards the researcher.
#[derive(Debug)]
pub(super) struct Noised {
    pub(super) seat: Seat,
    pub(super) key: CountKey,
    pub(super) batch: Digest,
    pub(super) opening_key: OpeningKey,
    pub(super) noised: CellShares,
    pub(super) operators_counted: u32,
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
    held: HeldBack,
}

fn clinics_min(inquiry: &Inquiry) -> usize {
    if planted!(TakesAnyNumberOfOperators) {
        return 0;
    }
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
