//! One query in the coordinator's hands.

mod endings;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use rand_core::CryptoRng;

use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::moment::{Millis, Moment};
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::attempt::Attempt;
use crate::round::coordinator::{StoredCase, keep_case};
use crate::round::inquiry::Inquiry;
use crate::round::message::{BatchUpload, Message, UploadParts};
use crate::round::progress::{Progress, Refused, Step};
use crate::round::{Desk, Effect, Role};

/// A query from its submission to its end.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) inquiry: Inquiry,
    pub(super) submitted: Moment,
    pub(super) number: u8,
    pub(super) stage: CaseStage,
    /// When this stage began, or something last arrived in it.
    pub(super) since: Moment,
    pub(super) reminded: Moment,
    /// Clinics that said in public why they give nothing.
    pub(super) abstained: BTreeMap<Principal, Refused>,
    /// Void notes of all attempts so far.
    pub(super) voids: BTreeMap<(u8, Principal), Envelope>,
    /// Attempts whose committee was never complete: no clinic was asked, so there is nothing in them
    /// that could be burnt.
    pub(super) skipped: BTreeSet<u8>,
    /// Clinics that have the ending on their books.
    pub(super) ending_kept: BTreeSet<Principal>,
    /// Which messages of the exchange passed through in this stage: by whom, to whom, which number.
    pub(super) passed_on: BTreeSet<(Principal, Principal, u8)>,
}

/// Where the current attempt stands.
#[derive(Debug)]
pub(super) enum CaseStage {
    /// Commitments come in.
    Committing { commitments: BTreeMap<Principal, Envelope> },
    /// Contributions come in, until the window closes.
    Collecting { attempt: Attempt, closes: Moment, uploads: BTreeMap<Principal, UploadParts> },
    /// The batch is proposed; the members fix it.
    Freezing { attempt: Attempt, uploads: BTreeMap<Principal, UploadParts>, freezes: BTreeMap<Principal, Envelope> },
    /// The members verify and come to their verdicts.
    Verifying { attempt: Attempt, freezes: Vec<Envelope>, manifests: BTreeMap<Principal, Envelope> },
    /// The members noise, open counts and seal their shares.
    Opening { attempt: Attempt, manifests: Vec<Envelope>, answers: BTreeMap<Principal, (Octets, Envelope)> },
    /// The attempt is given up; void notes come in.
    Voiding { why: Refused },
    /// Done.
    Answered { manifests: Vec<Envelope>, shares: Vec<Octets>, releases: Vec<Envelope> },
    /// Over without an answer.
    Over { why: Refused },
}

impl Case {
    pub(super) fn new(inquiry: Inquiry, now: Moment) -> Self {
        Self {
            inquiry,
            submitted: now,
            number: 1,
            stage: CaseStage::Committing { commitments: BTreeMap::new() },
            since: now,
            reminded: now,
            abstained: BTreeMap::new(),
            voids: BTreeMap::new(),
            skipped: BTreeSet::new(),
            ending_kept: BTreeSet::new(),
            passed_on: BTreeSet::new(),
        }
    }

    pub(super) fn keep(&self) -> Effect {
        keep_case(&StoredCase::of(self), self.inquiry.id())
    }

    pub(super) fn committee(&self) -> Vec<Principal> {
        self.inquiry.committee(self.number).map(<[Principal]>::to_vec).unwrap_or_default()
    }

    pub(super) fn contributors(&self) -> BTreeSet<Principal> {
        self.inquiry.charter().contributors().map(|m| m.key).collect()
    }

    /// Whether the query is over and every attempt void, so that it cost nobody anything.
    pub(super) fn is_void(&self) -> bool {
        matches!(self.stage, CaseStage::Over { .. }) && self.nothing_burnt()
    }

    /// Whether no attempt can have led, or can ever lead, to an answer.
    pub(super) fn nothing_burnt(&self) -> bool {
        let void =
            |n: u8| self.inquiry.committee(n).is_some_and(|c| c.iter().all(|m| self.voids.contains_key(&(n, *m))));
        (1..=self.number).all(|n| self.skipped.contains(&n) || void(n))
    }

    /// Forgets the uploads of the current attempt, once its members have them or it is given up.
    pub(super) fn forget_uploads(&self) -> Vec<Effect> {
        let (CaseStage::Collecting { uploads, .. } | CaseStage::Freezing { uploads, .. }) = &self.stage else {
            return Vec::new();
        };
        let role = Role::CoordinatorUpload;
        uploads.values().map(|parts| Effect::Forget { role, id: parts.upload.digest() }).collect()
    }

    /// Enters a stage; its clock starts anew.
    pub(super) fn enter(&mut self, stage: CaseStage, now: Moment) {
        self.stage = stage;
        self.since = now;
        self.reminded = now;
        self.passed_on.clear();
    }

    /// Calls the committee of the current attempt.
    pub(super) fn begin<R: CryptoRng>(&mut self, desk: &Desk<'_, R>) -> Vec<Effect> {
        self.enter(CaseStage::Committing { commitments: BTreeMap::new() }, desk.now);
        self.words_for(&self.committee())
    }

    /// Who is awaited in the current stage.
    pub(super) fn awaited(&self) -> Vec<Principal> {
        let missing = |have: &dyn Fn(&Principal) -> bool| self.committee().into_iter().filter(|m| !have(m)).collect();
        match &self.stage {
            CaseStage::Committing { commitments } => missing(&|m| commitments.contains_key(m)),
            CaseStage::Collecting { uploads, .. } => {
                let silent = |c: &Principal| !uploads.contains_key(c) && !self.abstained.contains_key(c);
                self.contributors().into_iter().filter(silent).collect()
            }
            CaseStage::Freezing { freezes, .. } => missing(&|m| freezes.contains_key(m)),
            CaseStage::Verifying { manifests, .. } => {
                self.silent(&[1, 2]).unwrap_or_else(|| missing(&|m| manifests.contains_key(m)))
            }
            CaseStage::Opening { answers, .. } => {
                self.silent(&[3, 4]).unwrap_or_else(|| missing(&|m| answers.contains_key(m)))
            }
            CaseStage::Voiding { .. } => missing(&|m| self.voids.contains_key(&(self.number, *m))),
            CaseStage::Answered { .. } | CaseStage::Over { .. } => Vec::new(),
        }
    }

    /// The members that hold up the exchange: those who have not said the first of these messages
    /// that anybody has not said. What is said to this very node's own member does not pass here.
    fn silent(&self, numbers: &[u8]) -> Option<Vec<Principal>> {
        let (committee, me) = (self.committee(), self.inquiry.query().coordinator);
        let heard = |who: &Principal, number: u8| {
            committee.iter().all(|to| *to == me || to == who)
                || self.passed_on.iter().any(|(from, _, n)| from == who && *n == number)
        };
        let silent = |number: &u8| committee.iter().filter(|who| !heard(who, *number)).copied().collect::<Vec<_>>();
        numbers.iter().map(silent).find(|silent| !silent.is_empty())
    }

    /// How far it is, for the researcher.
    pub(super) fn progress(&self, now: Moment) -> Progress {
        let expires = self.inquiry.query().expires;
        let step_ends = (self.since + self.step_timeout()).min(expires);
        let (step, until, uploads) = match &self.stage {
            CaseStage::Committing { .. } => (Step::Committing, step_ends, 0),
            CaseStage::Collecting { closes, uploads, .. } => (Step::Collecting, *closes, uploads.len()),
            CaseStage::Freezing { uploads, .. } => (Step::Freezing, step_ends, uploads.len()),
            CaseStage::Verifying { .. } => (Step::Verifying, step_ends, 0),
            CaseStage::Opening { .. } => (Step::Opening, expires, 0),
            CaseStage::Voiding { .. } => (Step::Voiding, expires, 0),
            CaseStage::Answered { shares, .. } => (Step::Answered { shares: shares.clone() }, now, 0),
            CaseStage::Over { why } => (Step::Over { refused: why.clone() }, now, 0),
        };
        Progress {
            query: self.inquiry.id(),
            attempt: self.number,
            step,
            awaited: self.awaited(),
            until,
            expires,
            uploads: u32::try_from(uploads).unwrap_or(u32::MAX),
            asked: u32::try_from(self.contributors().len()).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn step_timeout(&self) -> Millis {
        Millis(self.inquiry.charter().policy.step_timeout_ms)
    }

    /// What the current stage has to say to each of these nodes.
    pub(super) fn words_for(&self, nodes: &[Principal]) -> Vec<Effect> {
        nodes
            .iter()
            .flat_map(|to| self.words(to).into_iter().map(|message| Effect::Send { to: *to, message }))
            .collect()
    }

    fn words(&self, to: &Principal) -> Vec<Message> {
        let (query, attempt) = (self.inquiry.id(), self.number);
        let envelopes = || (self.inquiry.query().envelope().clone(), self.inquiry.study().envelope().clone());
        match &self.stage {
            CaseStage::Committing { .. } => {
                let (query, study) = envelopes();
                vec![Message::Begin { query, study, attempt, voids: self.voids.values().cloned().collect() }]
            }
            CaseStage::Collecting { attempt: committed, closes, .. } => {
                let (query, study) = envelopes();
                vec![Message::Announce(Box::new(crate::round::message::Announcement {
                    query,
                    study,
                    attempt,
                    commitments: committed.commitment_envelopes(),
                    voids: self.voids.values().cloned().collect(),
                    closes: *closes,
                }))]
            }
            CaseStage::Freezing { attempt: committed, uploads, .. } => {
                vec![batch_for(query, committed, uploads, to)]
            }
            CaseStage::Verifying { freezes, .. } => {
                vec![Message::Frozen { query, attempt, freezes: freezes.clone() }]
            }
            CaseStage::Opening { manifests, .. } => {
                vec![Message::Manifests { query, attempt, manifests: manifests.clone() }]
            }
            CaseStage::Voiding { .. } => {
                let (query, study) = envelopes();
                vec![Message::AskVoid { query, study, attempt }]
            }
            CaseStage::Answered { .. } | CaseStage::Over { .. } => self.ending().into_iter().collect(),
        }
    }

    /// Says again what awaited nodes have not answered: to one peer that came back, or every second
    /// to all. In the stages where members talk to each other everybody repeats, for what one
    /// member lacks another said.
    pub(super) fn remind<R: CryptoRng>(&mut self, desk: &Desk<'_, R>, only: Option<Principal>) -> Vec<Effect> {
        let awaited = if matches!(self.stage, CaseStage::Answered { .. } | CaseStage::Over { .. }) {
            self.contributors().into_iter().filter(|c| !self.ending_kept.contains(c)).collect()
        } else {
            self.awaited()
        };
        let due: Vec<Principal> = awaited.into_iter().filter(|p| only.is_none_or(|o| o == *p)).collect();
        if due.is_empty() {
            return Vec::new();
        }
        let mut effects = self.words_for(&due);
        if matches!(self.stage, CaseStage::Verifying { .. } | CaseStage::Opening { .. }) {
            let nudge = Message::Nudge { query: self.inquiry.id(), attempt: self.number };
            effects.extend(self.committee().into_iter().map(|to| Effect::Send { to, message: nudge.clone() }));
        }
        if only.is_none() {
            self.reminded = desk.now;
        }
        effects
    }
}

/// The batch as one member is shown it.
fn batch_for(query: Digest, attempt: &Attempt, uploads: &BTreeMap<Principal, UploadParts>, to: &Principal) -> Message {
    let place = attempt.place_of(to).unwrap_or(usize::MAX);
    let part = |parts: &UploadParts| BatchUpload {
        upload: parts.upload.clone(),
        public_share: parts.public_share.clone(),
        sealed_share: parts.sealed_shares.get(place).cloned().unwrap_or_default(),
    };
    Message::Batch {
        query,
        attempt: attempt.number(),
        commitments: attempt.commitment_envelopes(),
        uploads: uploads.values().map(part).collect(),
    }
}
