//! What moves a query on.

use std::collections::BTreeMap;

use rand_core::CryptoRng;

use crate::digest::{Digest, Label};
use crate::document::Kind;
use crate::document::freeze::Freeze;
use crate::document::manifest::{BatchEntry, Manifest};
use crate::document::relay::Relay;
use crate::document::release::Release;
use crate::envelope::{Envelope, Verified};
use crate::moment::Millis;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::attempt::{self, Attempt, Fault};
use crate::round::coordinator::StoredUpload;
use crate::round::coordinator::case::{Case, CaseStage};
use crate::round::message::{Message, UploadParts, encode};
use crate::round::progress::Refused;
use crate::round::{Desk, Effect, Role};

impl Case {
    pub(in crate::round::coordinator) fn committed<R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        from: Principal,
        envelope: Envelope,
    ) -> Result<Vec<Effect>, Fault> {
        let committee = self.committee();
        let commitment = attempt::commitment(&self.inquiry, self.number, &from, &envelope);
        let CaseStage::Committing { commitments } = &mut self.stage else { return Ok(Vec::new()) };
        if !committee.contains(&from) {
            return Err(Fault::OutOfPlace { what: "a commitment of somebody outside the committee" });
        }
        commitment?;
        commitments.insert(from, envelope);
        let ordered: Option<Vec<Envelope>> = committee.iter().map(|m| commitments.get(m).cloned()).collect();
        let Some(ordered) = ordered else { return Ok(Vec::new()) };
        let attempt = Attempt::admit(&self.inquiry, self.number, &ordered)?;
        let window = Millis(self.inquiry.charter().policy.window_ms);
        let closes = (desk.now + window).min(self.inquiry.query().expires);
        self.enter(CaseStage::Collecting { attempt, closes, uploads: BTreeMap::new() }, desk.now);
        let clinics: Vec<Principal> = self.contributors().into_iter().collect();
        Ok([vec![self.keep()], self.words_for(&clinics)].into_iter().flatten().collect())
    }

    pub(in crate::round::coordinator) fn uploaded<R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        parts: UploadParts,
    ) -> Result<Vec<Effect>, Fault> {
        let CaseStage::Collecting { attempt, uploads, .. } = &mut self.stage else { return Ok(Vec::new()) };
        let upload = attempt.check_upload(&self.inquiry, &parts)?;
        if let Some(have) = uploads.get(&upload.clinic) {
            return if have.upload.digest() == upload.digest() {
                Ok(Vec::new())
            } else {
                Err(Fault::Differs { who: upload.clinic, what: "upload" })
            };
        }
        let id = upload.digest();
        let form =
            Octets(encode(&StoredUpload { query: self.inquiry.id(), attempt: self.number, parts: parts.clone() }));
        uploads.insert(upload.clinic, parts);
        let mut effects = vec![Effect::Keep { role: Role::CoordinatorUpload, id, form }];
        if self.awaited().is_empty() {
            effects.extend(self.close_window(desk));
        }
        Ok(effects)
    }

    pub(in crate::round::coordinator) fn abstained<R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        from: Principal,
        refused: Refused,
    ) -> Result<Vec<Effect>, Fault> {
        if !self.contributors().contains(&from) {
            return Err(Fault::NotAContributor { who: from });
        }
        self.abstained.insert(from, refused);
        let done = matches!(self.stage, CaseStage::Collecting { .. }) && self.awaited().is_empty();
        Ok(if done { self.close_window(desk) } else { Vec::new() })
    }

    /// Fixes who is in: proposes the batch, or gives the attempt up where too few came.
    fn close_window<R: CryptoRng>(&mut self, desk: &Desk<'_, R>) -> Vec<Effect> {
        let CaseStage::Collecting { attempt, uploads, .. } = &self.stage else { return Vec::new() };
        let have = self.inquiry.operators(uploads.keys());
        let need = usize::try_from(self.inquiry.charter().policy.clinics_min).unwrap_or(usize::MAX);
        if have < need {
            let asked = self.contributors().len();
            let mut says =
                format!("{have} operators contributed of {asked} clinics asked, and the charter wants at least {need}");
            if let Some(refused) = self.abstained.values().next() {
                says = format!("{says}; a clinic says: {}", refused.says);
            }
            let remedy = "ask again when more clinics are online; nobody was charged".into();
            return self.give_up(desk, Refused { code: "too-few-clinics".into(), says, remedy });
        }
        let (attempt, uploads) = (attempt.clone(), uploads.clone());
        self.enter(CaseStage::Freezing { attempt, uploads, freezes: BTreeMap::new() }, desk.now);
        [vec![self.keep()], self.words_for(&self.committee())].into_iter().flatten().collect()
    }

    pub(in crate::round::coordinator) fn froze<R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        from: Principal,
        envelope: Envelope,
    ) -> Result<Vec<Effect>, Fault> {
        let (committee, query, number) = (self.committee(), self.inquiry.id(), self.number);
        let CaseStage::Freezing { attempt, uploads, freezes } = &mut self.stage else { return Ok(Vec::new()) };
        let freeze = envelope.claim::<Freeze>().and_then(|c| c.verify(&from));
        let freeze = freeze.map_err(|why| Fault::Document { why: why.to_string() })?;
        let batch = batch_digest(query, number, uploads)?;
        if !committee.contains(&from) || (freeze.query, freeze.attempt, freeze.manifest) != (query, number, batch) {
            return Err(Fault::Differs { who: from, what: "batch" });
        }
        freezes.insert(from, envelope);
        let Some(ordered) = in_order(&committee, freezes) else { return Ok(Vec::new()) };
        let attempt = attempt.clone();
        let forgotten = self.forget_uploads();
        self.enter(CaseStage::Verifying { attempt, freezes: ordered, manifests: BTreeMap::new() }, desk.now);
        Ok([vec![self.keep()], forgotten, self.words_for(&committee)].into_iter().flatten().collect())
    }

    /// Passes a sealed message on, if both ends sit on the current committee.
    pub(in crate::round::coordinator) fn relayed<R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        relay: &Verified<Relay>,
        cover: Envelope,
        body: Octets,
    ) -> Result<Vec<Effect>, Fault> {
        let committee = self.committee();
        if relay.attempt != self.number || !committee.contains(&relay.from) || !committee.contains(&relay.to) {
            return Err(Fault::OutOfPlace { what: "a relayed message for another attempt or committee" });
        }
        if relay.body != Digest::of(Label::RelayBody, &[&body.0]) {
            return Err(Fault::OutOfPlace { what: "a relayed message with another body than was signed" });
        }
        if matches!(self.stage, CaseStage::Voiding { .. } | CaseStage::Over { .. } | CaseStage::Answered { .. }) {
            return Ok(Vec::new());
        }
        // Only what is new moves an attempt on; a member that says the same again does not.
        if self.passed_on.insert((relay.from, relay.to, relay.number)) {
            self.since = self.since.max(desk.now);
        }
        Ok(vec![Effect::Send { to: relay.to, message: Message::Relay { cover, body } }])
    }

    pub(in crate::round::coordinator) fn concluded<R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        from: Principal,
        envelope: Envelope,
    ) -> Result<Vec<Effect>, Fault> {
        let committee = self.committee();
        let CaseStage::Verifying { attempt, manifests, .. } = &mut self.stage else { return Ok(Vec::new()) };
        let manifest = envelope.claim::<Manifest>().and_then(|c| c.verify(&from));
        let manifest = manifest.map_err(|why| Fault::Document { why: why.to_string() })?;
        if !committee.contains(&from) || manifest.query != self.inquiry.id() || manifest.attempt != self.number {
            return Err(Fault::OutOfPlace { what: "a manifest of another attempt or committee" });
        }
        manifests.insert(from, envelope);
        let Some(ordered) = in_order(&committee, manifests) else { return Ok(Vec::new()) };
        if ordered.iter().any(|m| m.digest() != manifest.digest()) {
            let says = "the committee's members signed different manifests".to_owned();
            let remedy =
                "the operators of the committee should compare their logs: one of them is at fault; nobody was charged"
                    .into();
            return Ok(self.give_up(desk, Refused { code: "manifests-differ".into(), says, remedy }));
        }
        let accepted: Vec<Principal> = manifest.accepted().collect();
        let (have, need) = (self.inquiry.operators(accepted.iter()), self.inquiry.charter().policy.clinics_min);
        if have < usize::try_from(need).unwrap_or(usize::MAX) {
            let says =
                format!("the contributions of {have} operators proved sound, and the charter wants at least {need}");
            let remedy = "ask again when more clinics are online; nobody was charged".into();
            return Ok(self.give_up(desk, Refused { code: "too-few-clinics".into(), says, remedy }));
        }
        let attempt = attempt.clone();
        self.enter(CaseStage::Opening { attempt, manifests: ordered, answers: BTreeMap::new() }, desk.now);
        Ok([vec![self.keep()], self.words_for(&committee)].into_iter().flatten().collect())
    }

    pub(in crate::round::coordinator) fn answered<R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        from: Principal,
        number: u8,
        sealed: Octets,
        release: Envelope,
    ) -> Result<Vec<Effect>, Fault> {
        let committee = self.committee();
        let (query, current) = (self.inquiry.id(), self.number);
        let CaseStage::Opening { manifests, answers, .. } = &mut self.stage else { return Ok(Vec::new()) };
        if sealed.0.len() > 2 * Kind::Share.payload_bytes_max() {
            return Err(Fault::Oversized { who: from, what: "share", bytes: sealed.0.len() });
        }
        let word = release.claim::<Release>().and_then(|c| c.verify(&from));
        let word = word.map_err(|why| Fault::Document { why: why.to_string() })?;
        let here = (word.query, word.attempt, number) == (query, current, current);
        if !committee.contains(&from) || !here {
            return Err(Fault::OutOfPlace { what: "a share of another attempt or committee" });
        }
        if answers.values().any(|(_, r)| r.digest() != word.digest()) {
            return Err(Fault::Differs { who: from, what: "release" });
        }
        answers.insert(from, (sealed, release));
        let ordered: Option<Vec<(Octets, Envelope)>> = committee.iter().map(|m| answers.get(m).cloned()).collect();
        let Some(ordered) = ordered else { return Ok(vec![self.keep()]) };
        let (shares, releases) = ordered.into_iter().unzip();
        let manifests = manifests.clone();
        self.enter(CaseStage::Answered { manifests, shares, releases }, desk.now);
        let clinics: Vec<Principal> = self.contributors().into_iter().collect();
        Ok([vec![self.keep()], self.words_for(&clinics)].into_iter().flatten().collect())
    }

    pub(in crate::round::coordinator) fn tick<R: CryptoRng>(&mut self, desk: &Desk<'_, R>) -> Vec<Effect> {
        if matches!(self.stage, CaseStage::Answered { .. } | CaseStage::Over { .. }) {
            return if desk.now.since(self.reminded) >= REMIND_ENDED { self.remind(desk, None) } else { Vec::new() };
        }
        if desk.now >= self.inquiry.query().expires {
            return self.expire(desk);
        }
        if matches!(&self.stage, CaseStage::Collecting { closes, .. } if desk.now >= *closes) {
            return self.close_window(desk);
        }
        let silent = desk.now.since(self.since) >= self.step_timeout();
        let can_give_up = matches!(
            self.stage,
            CaseStage::Committing { .. } | CaseStage::Freezing { .. } | CaseStage::Verifying { .. }
        );
        if silent && can_give_up {
            let says = format!("{} did not answer within {}", self.names(&self.awaited()), self.step_timeout());
            let remedy = "ask again when its operator has it running".into();
            return self.give_up(desk, Refused { code: "member-silent".into(), says, remedy });
        }
        if desk.now.since(self.reminded) < REMIND {
            return Vec::new();
        }
        // While counts are opened nobody is asked for a void note: members that kept a noised share
        // must not sign one, and one that has lost its keys signs it unasked.
        self.remind(desk, None)
    }
}

/// The batch as its hash.
fn batch_digest(query: Digest, attempt: u8, uploads: &BTreeMap<Principal, UploadParts>) -> Result<Digest, Fault> {
    let entry = |(clinic, parts): (&Principal, &UploadParts)| {
        let upload = parts.upload.claim::<crate::document::upload::Upload>().and_then(|c| c.verify(clinic));
        upload.map(|u| BatchEntry { clinic: *clinic, nonce: u.nonce.clone(), upload: u.digest() })
    };
    let entries = uploads.iter().map(entry).collect::<Result<Vec<_>, _>>();
    let entries = entries.map_err(|why| Fault::Document { why: why.to_string() })?;
    Ok(Manifest::batch_digest(query, attempt, &entries))
}

/// Every member's word in committee order, once all are there.
fn in_order(committee: &[Principal], words: &BTreeMap<Principal, Envelope>) -> Option<Vec<Envelope>> {
    committee.iter().map(|m| words.get(m).cloned()).collect()
}

/// How often awaited nodes are asked again while a query runs.
const REMIND: Millis = Millis(500);
/// How often clinics are told of an ending that they have not acknowledged.
const REMIND_ENDED: Millis = Millis(5_000);
