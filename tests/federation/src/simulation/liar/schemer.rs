//! A coordinator that leads a second attempt of its own beside the one that its program runs: with as many clinics as it
//! likes, whatever the members conclude, and with a third attempt once the second is noised. It signs nothing for others,
//! so whatever it gets is what members and clinics give to anybody in its place.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::manifest::Manifest;
use sumac_protocol::document::relay::Relay;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{Announcement, BatchUpload, Message, UploadParts};

use crate::wire::Packet;

/// Its schemes, by query, and whom it speaks to.
pub(super) struct Schemer {
    me: Principal,
    /// The second committee, on which it does not sit.
    committee: Vec<Principal>,
    clinics: Vec<Principal>,
    rng: StdRng,
    /// How often it will say everything again.
    patience: u32,
    schemes: BTreeMap<Digest, Scheme>,
}

/// One attempt as the schemer leads it.
struct Scheme {
    query: Envelope,
    study: Envelope,
    /// Contributions that it waits for: fewer than the floor, mostly.
    wanted: usize,
    commitments: BTreeMap<Principal, Envelope>,
    uploads: BTreeMap<Principal, UploadParts>,
    freezes: BTreeMap<Principal, Envelope>,
    manifests: BTreeMap<Principal, Envelope>,
}

impl Schemer {
    pub(super) fn new(me: Principal, committee: Vec<Principal>, clinics: Vec<Principal>, seed: u64) -> Self {
        Self {
            me,
            committee,
            clinics,
            rng: StdRng::seed_from_u64(!seed ^ 1),
            patience: PATIENCE,
            schemes: BTreeMap::new(),
        }
    }

    /// Hears a message on its way, and says what follows for its schemes.
    pub(super) fn overhear(&mut self, packet: &Packet) -> Vec<Packet> {
        if packet.from == self.me {
            return self.begun_or_again(packet);
        }
        if packet.to != self.me {
            return Vec::new();
        }
        match &packet.message {
            Message::Relay { cover, .. } => self.passed_on(packet, cover),
            Message::Upload(parts) => self.uploaded(packet.from, parts),
            Message::Commitment(envelope) => {
                let here = by::<Commitment>(envelope, &packet.from).map(|said| (said.query, said.attempt));
                self.word(here, packet.from, envelope, |scheme| &mut scheme.commitments)
            }
            Message::Freeze(envelope) => {
                let here = by::<Freeze>(envelope, &packet.from).map(|said| (said.query, said.attempt));
                self.word(here, packet.from, envelope, |scheme| &mut scheme.freezes)
            }
            Message::Manifest(envelope) => {
                let here = by::<Manifest>(envelope, &packet.from).map(|said| (said.query, said.attempt));
                self.word(here, packet.from, envelope, |scheme| &mut scheme.manifests)
            }
            Message::Submit { .. }
            | Message::Follow { .. }
            | Message::Budget { .. }
            | Message::Begin { .. }
            | Message::Announce(_)
            | Message::Abstain { .. }
            | Message::Batch { .. }
            | Message::Frozen { .. }
            | Message::Manifests { .. }
            | Message::Answer { .. }
            | Message::Nudge { .. }
            | Message::AskVoid { .. }
            | Message::Void(_)
            | Message::Ended(_)
            | Message::EndingKept { .. }
            | Message::HandOn { .. }
            | Message::Delivered(_)
            | Message::AskSeen { .. }
            | Message::Seen(_) => Vec::new(),
        }
    }

    /// Where its program begins a query, it begins its own; later it says again what nobody answered.
    fn begun_or_again(&mut self, packet: &Packet) -> Vec<Packet> {
        if let Message::Begin { query, study, attempt: 1, .. } = &packet.message
            && !self.schemes.contains_key(&query.digest())
        {
            let scheme = Scheme {
                query: query.clone(),
                study: study.clone(),
                wanted: self.rng.random_range(1..=self.clinics.len()),
                commitments: BTreeMap::new(),
                uploads: BTreeMap::new(),
                freezes: BTreeMap::new(),
                manifests: BTreeMap::new(),
            };
            let said = self.to_all(&self.committee, &scheme.begin());
            self.schemes.insert(query.digest(), scheme);
            return said;
        }
        // Members answer whatever is said again, which makes its program speak: it must come to an end.
        let again = self.patience > 0 && self.rng.random_range(0..AGAIN) == 0;
        self.patience -= u32::from(again);
        let queries: Vec<Digest> = self.schemes.keys().copied().filter(|_| again).collect();
        queries.into_iter().flat_map(|query| self.words(query)).collect()
    }

    fn word(
        &mut self,
        here: Option<(Digest, u8)>,
        from: Principal,
        envelope: &Envelope,
        of: impl FnOnce(&mut Scheme) -> &mut BTreeMap<Principal, Envelope>,
    ) -> Vec<Packet> {
        let Some((query, ATTEMPT)) = here else { return Vec::new() };
        let Some(scheme) = self.schemes.get_mut(&query) else { return Vec::new() };
        let words = of(scheme);
        let new = words.insert(from, envelope.clone()).is_none();
        if new && words.len() == self.committee.len() { self.words(query) } else { Vec::new() }
    }

    fn uploaded(&mut self, from: Principal, parts: &UploadParts) -> Vec<Packet> {
        let Some(said) = by::<Upload>(&parts.upload, &from).filter(|said| said.attempt == ATTEMPT) else {
            return Vec::new();
        };
        let Some(scheme) = self.schemes.get_mut(&said.query) else { return Vec::new() };
        if scheme.uploads.len() >= scheme.wanted {
            return Vec::new();
        }
        scheme.uploads.insert(from, parts.clone());
        if scheme.uploads.len() == scheme.wanted { self.words(said.query) } else { Vec::new() }
    }

    /// Passes an exchange on. Whoever opens noised counts is called to the next committee at once.
    fn passed_on(&self, packet: &Packet, cover: &Envelope) -> Vec<Packet> {
        let Some(said) = by::<Relay>(cover, &packet.from) else { return Vec::new() };
        let Some(scheme) = self.schemes.get(&said.query) else { return Vec::new() };
        let mut passed = Vec::new();
        if said.attempt == ATTEMPT {
            passed.push(Packet { from: self.me, to: said.to, message: packet.message.clone() });
        }
        if said.number >= 3 {
            let (query, study) = (scheme.query.clone(), scheme.study.clone());
            let message = Message::Begin { query, study, attempt: said.attempt + 1, voids: Vec::new() };
            passed.push(Packet { from: self.me, to: packet.from, message });
        }
        passed
    }

    /// What a scheme has to say where it stands.
    fn words(&self, query: Digest) -> Vec<Packet> {
        let Some(scheme) = self.schemes.get(&query) else { return Vec::new() };
        let all = |words: &BTreeMap<Principal, Envelope>| -> Option<Vec<Envelope>> {
            self.committee.iter().map(|member| words.get(member).cloned()).collect()
        };
        if let Some(manifests) = all(&scheme.manifests) {
            return self.to_all(&self.committee, &Message::Manifests { query, attempt: ATTEMPT, manifests });
        }
        if let Some(freezes) = all(&scheme.freezes) {
            let mut said = self.to_all(&self.committee, &Message::Frozen { query, attempt: ATTEMPT, freezes });
            said.extend(self.to_all(&self.committee, &Message::Nudge { query, attempt: ATTEMPT }));
            return said;
        }
        let Some(commitments) = all(&scheme.commitments) else {
            return self.to_all(&self.committee, &scheme.begin());
        };
        if scheme.uploads.len() >= scheme.wanted {
            let to = self.committee.iter().enumerate();
            return to.map(|(place, to)| self.packet(*to, scheme.batch(place, commitments.clone()))).collect();
        }
        self.to_all(&self.clinics, &scheme.announcement(commitments))
    }

    fn to_all(&self, to: &[Principal], message: &Message) -> Vec<Packet> {
        to.iter().map(|to| self.packet(*to, message.clone())).collect()
    }

    const fn packet(&self, to: Principal, message: Message) -> Packet {
        Packet { from: self.me, to, message }
    }
}

impl Scheme {
    fn begin(&self) -> Message {
        let (query, study) = (self.query.clone(), self.study.clone());
        Message::Begin { query, study, attempt: ATTEMPT, voids: Vec::new() }
    }

    fn announcement(&self, commitments: Vec<Envelope>) -> Message {
        let (query, study, voids) = (self.query.clone(), self.study.clone(), Vec::new());
        let closes = Moment(u64::MAX >> 12);
        Message::Announce(Box::new(Announcement { query, study, attempt: ATTEMPT, commitments, voids, closes }))
    }

    fn batch(&self, place: usize, commitments: Vec<Envelope>) -> Message {
        let part = |parts: &UploadParts| BatchUpload {
            upload: parts.upload.clone(),
            public_share: parts.public_share.clone(),
            sealed_share: parts.sealed_shares.get(place).cloned().unwrap_or_default(),
        };
        let uploads = self.uploads.values().map(part).collect();
        Message::Batch { query: self.query.digest(), attempt: ATTEMPT, commitments, uploads }
    }
}

fn by<T: Document + Clone>(envelope: &Envelope, who: &Principal) -> Option<T> {
    envelope.claim::<T>().ok()?.verify(who).ok().map(|said| (*said).clone())
}

/// The attempt that it leads: the one whose committee it does not sit on.
const ATTEMPT: u8 = 2;
/// Of how many of its program's messages one has it say everything again.
const AGAIN: u32 = 6;
/// How often it says everything again in one story.
const PATIENCE: u32 = 60;
