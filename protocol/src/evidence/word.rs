//! What one signed document says, as far as another can contradict it.

use std::collections::BTreeSet;
use std::fmt;

use crate::digest::Digest;
use crate::document::commitment::Commitment;
use crate::document::count_opening::CountOpening;
use crate::document::freeze::Freeze;
use crate::document::manifest::{Manifest, Verdict};
use crate::document::relay::Relay;
use crate::document::release::Release;
use crate::document::share::Share;
use crate::document::tree_head::TreeHead;
use crate::document::upload::Upload;
use crate::document::void::Void;
use crate::envelope::{Document, Envelope};
use crate::evidence::Contradiction;
use crate::ledger::TwoTrees;
use crate::principal::Principal;

/// One document, well-formed, whose signatures are not checked yet.
#[derive(Debug, Clone)]
pub(super) struct Word {
    envelope: Envelope,
    digest: Digest,
    about: About,
    says: Says,
}

/// What a word is about: only words about the same can contradict each other in substance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// One attempt at a query.
    Attempt(Digest, u8),
    /// A clinic's ledger at one size.
    Ledger(Principal, u64),
}

/// What it says of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Committed {
        counter: u64,
    },
    Uploaded {
        clinic: Principal,
        counter: u64,
    },
    Froze {
        batch: Digest,
        counter: u64,
    },
    Concluded {
        batch: Digest,
        accepted: usize,
    },
    Opened {
        batch: Digest,
    },
    Shared {
        batch: Digest,
    },
    Released {
        id: Digest,
    },
    Voided {
        counter: u64,
    },
    /// A member's message to another that is made from its noised share.
    SaidNoised,
    Rooted {
        root: Digest,
    },
}

/// First of relayed messages that are made from a noised share: counts, and then openings.
pub(super) const FIRST_NOISED: u8 = 3;

impl Word {
    /// Reads a document of a kind that is compared; nothing otherwise.
    pub(super) fn read(envelope: &Envelope) -> Option<Self> {
        let (about, says) =
            committee_word(envelope).or_else(|| last_word(envelope)).or_else(|| clinic_word(envelope))?;
        Some(Self { digest: envelope.digest(), envelope: envelope.clone(), about, says })
    }

    pub(super) const fn digest(&self) -> Digest {
        self.digest
    }

    pub(super) const fn about(&self) -> About {
        self.about
    }

    pub(super) const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    pub(super) const fn attempt(&self) -> Option<(Digest, u8)> {
        match self.about {
            About::Attempt(query, attempt) => Some((query, attempt)),
            About::Ledger(..) => None,
        }
    }

    /// The number that its signer gave it.
    pub(super) const fn counter(&self) -> Option<u64> {
        match self.says {
            Says::Committed { counter }
            | Says::Uploaded { counter, .. }
            | Says::Froze { counter, .. }
            | Says::Voided { counter } => Some(counter),
            Says::Concluded { .. }
            | Says::Opened { .. }
            | Says::Shared { .. }
            | Says::Released { .. }
            | Says::SaidNoised
            | Says::Rooted { .. } => None,
        }
    }

    /// A number for each thing that can be said, by which words of one signer are told apart.
    pub(super) const fn sort(&self) -> u8 {
        match self.says {
            Says::Committed { .. } => 0,
            Says::Uploaded { .. } => 1,
            Says::Froze { .. } => 2,
            Says::Concluded { .. } => 3,
            Says::Opened { .. } => 4,
            Says::Shared { .. } => 5,
            Says::Released { .. } => 6,
            Says::Voided { .. } => 7,
            Says::SaidNoised => 8,
            Says::Rooted { .. } => 9,
        }
    }

    /// The only one who can say this, where the document names whoever speaks.
    const fn speaker(&self) -> Option<Principal> {
        match (self.says, self.about) {
            (Says::Uploaded { clinic, .. }, _) | (_, About::Ledger(clinic, _)) => Some(clinic),
            (_, About::Attempt(..)) => None,
        }
    }

    /// Whether it is this key's own word.
    pub(super) fn is_by(&self, who: &Principal) -> bool {
        self.speaker().is_none_or(|speaker| speaker == *who)
            && !self.envelope.signers(&BTreeSet::from([*who])).is_empty()
    }

    /// Those of `allowed` whose word it is. A signature is only looked at if the envelope names its key.
    pub(super) fn signers(&self, allowed: &BTreeSet<Principal>) -> BTreeSet<Principal> {
        let named = self.envelope.claimed_signers().filter(|who| allowed.contains(who));
        named.filter(|who| self.is_by(who)).collect()
    }

    /// How two words of one signer contradict each other, if they do.
    pub(super) fn contradicts(&self, other: &Self) -> Option<Contradiction> {
        if self.digest == other.digest {
            return None;
        }
        let in_substance = if self.about == other.about { self.denies(other) } else { None };
        let numbered_alike = self.counter().is_some() && self.counter() == other.counter();
        in_substance.or(numbered_alike.then_some(Contradiction::SameCounter))
    }

    /// Of two different words about the same.
    fn denies(&self, other: &Self) -> Option<Contradiction> {
        match (self.says, other.says) {
            (Says::Committed { .. }, Says::Committed { .. }) => Some(Contradiction::TwoCommitments),
            (Says::Uploaded { .. }, Says::Uploaded { .. }) => Some(Contradiction::TwoUploads),
            (Says::Froze { batch: one, .. }, Says::Froze { batch: another, .. }) => {
                (one != another).then_some(Contradiction::TwoFreezes)
            }
            (Says::Concluded { .. }, Says::Concluded { .. }) => Some(Contradiction::TwoManifests),
            (Says::Shared { .. }, Says::Shared { .. }) => Some(Contradiction::TwoShares),
            (Says::Released { id: one }, Says::Released { id: another }) => {
                (one != another).then_some(Contradiction::TwoReleases)
            }
            (Says::Rooted { .. }, Says::Rooted { .. }) => {
                let both = TwoTrees { first: self.envelope.clone(), second: other.envelope.clone() };
                both.accused().is_ok().then_some(Contradiction::TwoTrees)
            }
            (Says::Voided { .. }, _) if other.is_noised() => Some(Contradiction::VoidBesideNoised),
            (_, Says::Voided { .. }) if self.is_noised() => Some(Contradiction::VoidBesideNoised),
            _ => {
                let (one, another) = (self.batch()?, other.batch()?);
                (one != another).then_some(Contradiction::TwoBatches)
            }
        }
    }

    /// Whether it can only be said once a noised share is kept.
    const fn is_noised(&self) -> bool {
        matches!(self.says, Says::Opened { .. } | Says::Shared { .. } | Says::Released { .. } | Says::SaidNoised)
    }

    /// The batch that its signer works on.
    const fn batch(&self) -> Option<Digest> {
        match self.says {
            Says::Froze { batch, .. }
            | Says::Concluded { batch, .. }
            | Says::Opened { batch }
            | Says::Shared { batch } => Some(batch),
            Says::Committed { .. }
            | Says::Uploaded { .. }
            | Says::Released { .. }
            | Says::Voided { .. }
            | Says::SaidNoised
            | Says::Rooted { .. } => None,
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.says {
            Says::Committed { counter } => write!(f, "commitment {}, number {counter}", self.digest),
            Says::Uploaded { counter, .. } => write!(f, "contribution {}, number {counter}", self.digest),
            Says::Froze { batch, counter } => write!(f, "freeze of batch {batch}, number {counter}"),
            Says::Concluded { batch, accepted } => {
                write!(f, "manifest {} over batch {batch}, accepting {accepted} contributions", self.digest)
            }
            Says::Opened { batch } => write!(f, "counts {} of batch {batch}", self.digest),
            Says::Shared { batch } => write!(f, "share {} of batch {batch}", self.digest),
            Says::Released { id } => write!(f, "release {id}"),
            Says::Voided { counter } => write!(f, "void note, number {counter}"),
            Says::SaidNoised => write!(f, "a message made from its noised share ({})", self.digest),
            Says::Rooted { root } => write!(f, "a ledger with the root {root}"),
        }
    }
}

fn body<T: Document + Clone>(envelope: &Envelope) -> Option<T> {
    envelope.claim::<T>().ok().map(|claimed| claimed.peek().clone())
}

/// What members say until they have noised.
fn committee_word(envelope: &Envelope) -> Option<(About, Says)> {
    let commitment = || {
        let Commitment { query, attempt, counter, .. } = body(envelope)?;
        Some((About::Attempt(query, attempt), Says::Committed { counter }))
    };
    let freeze = || {
        let Freeze { query, attempt, manifest, counter, .. } = body(envelope)?;
        Some((About::Attempt(query, attempt), Says::Froze { batch: manifest, counter }))
    };
    let manifest = || {
        let Manifest { query, attempt, batch, verdicts } = body(envelope)?;
        let accepted = verdicts.iter().filter(|verdict| verdict.verdict == Verdict::Accepted).count();
        Some((About::Attempt(query, attempt), Says::Concluded { batch, accepted }))
    };
    let void = || {
        let Void { query, attempt, counter, .. } = body(envelope)?;
        Some((About::Attempt(query, attempt), Says::Voided { counter }))
    };
    commitment().or_else(freeze).or_else(manifest).or_else(void)
}

/// What members say once they have noised.
fn last_word(envelope: &Envelope) -> Option<(About, Says)> {
    let relay = || {
        let Relay { query, attempt, number, .. } = body(envelope)?;
        (number >= FIRST_NOISED).then_some((About::Attempt(query, attempt), Says::SaidNoised))
    };
    let opening = || {
        let CountOpening { query, attempt, batch, .. } = body(envelope)?;
        Some((About::Attempt(query, attempt), Says::Opened { batch }))
    };
    let share = || {
        let Share { query, attempt, batch, .. } = body(envelope)?;
        Some((About::Attempt(query, attempt), Says::Shared { batch }))
    };
    let release = || {
        let Release { query, attempt, id } = body(envelope)?;
        Some((About::Attempt(query, attempt), Says::Released { id }))
    };
    relay().or_else(opening).or_else(share).or_else(release)
}

/// What clinics say.
fn clinic_word(envelope: &Envelope) -> Option<(About, Says)> {
    let upload = || {
        let Upload { clinic, query, attempt, counter, .. } = body(envelope)?;
        Some((About::Attempt(query, attempt), Says::Uploaded { clinic, counter }))
    };
    let head = || {
        let TreeHead { clinic, size, root, .. } = body(envelope)?;
        Some((About::Ledger(clinic, size), Says::Rooted { root }))
    };
    upload().or_else(head)
}
