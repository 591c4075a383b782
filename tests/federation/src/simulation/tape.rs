//! What honest nodes said, held against what they may say.

use std::collections::{BTreeMap, BTreeSet};

use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::manifest::Manifest;
use sumac_protocol::document::relay::Relay;
use sumac_protocol::document::release::Release;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::document::void::Void;
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::Message;

use super::promise::Promise;
use super::scene::Scene;
use crate::cast::COMMITTEES;
use crate::wire::Packet;

/// One attempt at a query.
pub(super) type At = (Digest, u8);

/// Everything that was said so far, by who said it.
#[derive(Debug, Default)]
pub(super) struct Tape {
    read: usize,
    pub(super) commitments: BTreeMap<(At, Principal), Commitment>,
    freezes: BTreeMap<(At, Principal), BTreeSet<Digest>>,
    /// What each member signed in the end, by its digest.
    pub(super) manifests: BTreeMap<(At, Principal), BTreeMap<Digest, Manifest>>,
    voids: BTreeSet<(At, Principal)>,
    /// Attempts of which a member sent something that depends on its noised share, with the manifest it drew on.
    pub(super) burnt: BTreeMap<Digest, BTreeMap<u8, Digest>>,
    noised_by: BTreeSet<(At, Principal)>,
    counts: BTreeMap<(At, Principal, Principal), Digest>,
    answers: BTreeMap<(At, Principal), Digest>,
    /// Answers as they were sealed, of attempts that nobody has looked at yet.
    sealed: BTreeMap<At, BTreeMap<Principal, Octets>>,
    releases: BTreeMap<Digest, Digest>,
    /// Manifests that a member was shown in the name of its whole committee.
    shown: BTreeSet<(At, Principal, Digest)>,
    uploads: BTreeMap<Digest, BTreeSet<(u8, Principal)>>,
}

type Check = Result<(), (Promise, String)>;

impl Tape {
    /// Reads on, and says which promise was broken first.
    pub(super) fn check(&mut self, scene: &Scene) -> Check {
        let tape = scene.federation.tape();
        while let Some(packet) = tape.get(self.read) {
            self.read += 1;
            if scene.federation.nodes.iter().any(|node| node.key() == packet.from) {
                self.hear(scene, packet)?;
            }
        }
        let early = scene.federation.nodes.iter().find(|node| !node.left_too_early.is_empty());
        match early.filter(|node| !scene.lies(&node.key())) {
            Some(node) => Err((Promise::DebitFirst, format!("{} sent its shares before it kept them", node.name))),
            None => Ok(()),
        }
    }

    fn hear(&mut self, scene: &Scene, packet: &Packet) -> Check {
        let from = packet.from;
        match &packet.message {
            Message::Commitment(envelope) => {
                if let Some(said) = by::<Commitment>(envelope, &from) {
                    self.begun(scene, (said.query, said.attempt), from)?;
                    self.commitments.insert(((said.query, said.attempt), from), said);
                }
            }
            Message::Freeze(envelope) => {
                if let Some(said) = by::<Freeze>(envelope, &from) {
                    let frozen = self.freezes.entry(((said.query, said.attempt), from)).or_default();
                    frozen.insert(said.manifest);
                    one_word(scene, &from, frozen.len(), "froze two batches of one attempt")?;
                }
            }
            Message::Manifest(envelope) => {
                if let Some(said) = by::<Manifest>(envelope, &from) {
                    let signed = self.manifests.entry(((said.query, said.attempt), from)).or_default();
                    signed.insert(envelope.digest(), said);
                    one_word(scene, &from, signed.len(), "signed two manifests of one attempt")?;
                }
            }
            Message::Void(envelope) => {
                if let Some(said) = by::<Void>(envelope, &from) {
                    let at = (said.query, said.attempt);
                    self.voids.insert((at, from));
                    self.void_or_noised(scene, at, from)?;
                }
            }
            Message::Upload(parts) => self.uploaded(scene, from, &parts.upload)?,
            Message::Relay { cover, .. } => self.relayed(scene, from, cover)?,
            Message::Manifests { query, attempt, manifests } => {
                self.showed((*query, *attempt), packet.to, manifests, scene);
            }
            Message::Answer { query, attempt, sealed, release } => {
                self.noised(scene, (*query, *attempt), from)?;
                self.answered(scene, (*query, *attempt), from, sealed)?;
                self.released(scene, (*query, *attempt), from, release)?;
            }
            Message::Submit { .. }
            | Message::Follow { .. }
            | Message::Budget { .. }
            | Message::Begin { .. }
            | Message::Announce(_)
            | Message::Abstain { .. }
            | Message::Batch { .. }
            | Message::Frozen { .. }
            | Message::Nudge { .. }
            | Message::AskVoid { .. }
            | Message::Ended(_)
            | Message::EndingKept { .. }
            | Message::HandOn { .. }
            | Message::Delivered(_)
            | Message::AskSeen { .. }
            | Message::Seen(_) => {}
        }
        Ok(())
    }

    /// A clinic takes part in one attempt after another only with the void notes of all members of the one before.
    fn uploaded(&mut self, scene: &Scene, from: Principal, envelope: &Envelope) -> Check {
        let Some(said) = by::<Upload>(envelope, &from) else { return Ok(()) };
        let before = self.uploads.entry(said.query).or_default();
        before.insert((said.attempt, from));
        let mut earlier = before.iter().filter(|(attempt, who)| *who == from && *attempt != said.attempt);
        let open = earlier.find(|(attempt, _)| {
            let voided = |who: &Principal| self.voids.contains(&((said.query, *attempt), *who));
            *attempt > said.attempt || !committee(scene, *attempt).iter().all(voided)
        });
        match open.filter(|_| !scene.lies(&from)) {
            Some((attempt, _)) => {
                let who = scene.federation.name_of(&from);
                Err((Promise::OneAttempt, format!("{who} gave to attempt {} beside {attempt}", said.attempt)))
            }
            None => Ok(()),
        }
    }

    /// Nobody begins an attempt who noised an earlier one.
    fn begun(&self, scene: &Scene, at: At, from: Principal) -> Check {
        let noised = (1..at.1).find(|earlier| self.noised_by.contains(&((at.0, *earlier), from)));
        match noised.filter(|_| !scene.lies(&from)) {
            Some(earlier) => {
                let who = scene.federation.name_of(&from);
                Err((Promise::OneAttempt, format!("{who} began attempt {} and had noised {earlier}", at.1)))
            }
            None => Ok(()),
        }
    }

    /// Notes which manifest a member was shown as everybody's.
    fn showed(&mut self, at: At, to: Principal, manifests: &[Envelope], scene: &Scene) {
        let members = committee(scene, at.1);
        let digests: BTreeSet<Digest> = manifests.iter().map(Envelope::digest).collect();
        let signed = members.iter().zip(manifests).all(|(who, envelope)| by::<Manifest>(envelope, who).is_some());
        if signed && manifests.len() == members.len() && digests.len() == 1 {
            self.shown.extend(digests.into_iter().map(|digest| (at, to, digest)));
        }
    }

    fn relayed(&mut self, scene: &Scene, from: Principal, cover: &Envelope) -> Check {
        // What a coordinator passes on was said before by whom it is from.
        let Some(said) = by::<Relay>(cover, &from) else { return Ok(()) };
        let at = (said.query, said.attempt);
        match said.number {
            1 => self.all_froze(scene, at, from),
            2 => Ok(()),
            number => {
                self.noised(scene, at, from)?;
                // Only the counts: an opening is sealed anew by a member that died before it was kept.
                let same = number != 3 || *self.counts.entry((at, from, said.to)).or_insert(said.body) == said.body;
                if !same && !scene.lies(&from) {
                    let who = scene.federation.name_of(&from);
                    return Err((Promise::OneNoise, format!("{who} told two different noised counts")));
                }
                Ok(())
            }
        }
    }

    fn all_froze(&self, scene: &Scene, at: At, from: Principal) -> Check {
        let none = BTreeSet::new();
        let frozen = |who: &Principal| self.freezes.get(&(at, *who)).unwrap_or(&none);
        let mine = frozen(&from);
        let same = |who: &Principal| mine.iter().any(|batch| frozen(who).contains(batch));
        if scene.lies(&from) || committee(scene, at.1).iter().all(same) {
            return Ok(());
        }
        let who = scene.federation.name_of(&from);
        Err((Promise::KeyAfterFreezes, format!("{who} told its part of the key of attempt {} too early", at.1)))
    }

    /// Something left that depends on a noised share.
    fn noised(&mut self, scene: &Scene, at: At, from: Principal) -> Check {
        if scene.lies(&from) {
            return Ok(());
        }
        let who = scene.federation.name_of(&from);
        let none = BTreeMap::new();
        let signed = |member: &Principal| self.manifests.get(&(at, *member)).unwrap_or(&none);
        let all = |digest: &&Digest| committee(scene, at.1).iter().all(|member| signed(member).contains_key(*digest));
        let Some(drawn_on) = signed(&from).keys().find(all).copied() else {
            return Err((Promise::OneWord, format!("{who} drew on a manifest that not all members signed")));
        };
        if !self.shown.contains(&(at, from, drawn_on)) {
            return Err((Promise::OneWord, format!("{who} drew on a manifest that was not shown as everybody's")));
        }
        let accepted: Vec<Principal> = signed(&from).get(&drawn_on).unwrap_or(&empty(at)).accepted().collect();
        let floor = usize::try_from(scene.federation.chain.current().policy.clinics_min).unwrap_or(usize::MAX);
        if accepted.len() < floor {
            return Err((Promise::EnoughOperators, format!("{who} drew on {} operators of {floor}", accepted.len())));
        }
        self.noised_by.insert((at, from));
        let attempts = self.burnt.entry(at.0).or_default();
        attempts.insert(at.1, drawn_on);
        if attempts.len() > 1 {
            return Err((Promise::OneAttempt, format!("attempts {:?} of one query are burnt", attempts.keys())));
        }
        self.void_or_noised(scene, at, from)
    }

    fn void_or_noised(&self, scene: &Scene, at: At, from: Principal) -> Check {
        let both = self.voids.contains(&(at, from)) && self.noised_by.contains(&(at, from));
        if both && !scene.lies(&from) {
            let who = scene.federation.name_of(&from);
            return Err((Promise::OneAttempt, format!("{who} signed void what it had noised")));
        }
        Ok(())
    }

    fn answered(&mut self, scene: &Scene, at: At, from: Principal, sealed: &Octets) -> Check {
        let Some(question) = scene.question(at.0).filter(|_| !scene.lies(&from)) else { return Ok(()) };
        let aad = Digest::of(Label::AnswerSeal, &[at.0.bytes(), &[at.1], from.bytes()]);
        let who = scene.federation.name_of(&from);
        let Ok(share) = question.key.open(Label::AnswerSeal, aad.bytes(), &sealed.0) else {
            return Err((Promise::OneNoise, format!("{who} sealed its share to nobody")));
        };
        self.sealed.entry(at).or_default().insert(from, sealed.clone());
        let share = Digest::of_bytes(&share);
        if *self.answers.entry((at, from)).or_insert(share) == share {
            return Ok(());
        }
        Err((Promise::OneNoise, format!("{who} released two different shares")))
    }
}

impl Tape {
    /// All honest members name one release of a query, whoever lies to them.
    fn released(&mut self, scene: &Scene, at: At, from: Principal, release: &Envelope) -> Check {
        let Some(said) = by::<Release>(release, &from).filter(|_| !scene.lies(&from)) else { return Ok(()) };
        if said.query == at.0 && *self.releases.entry(at.0).or_insert(said.id) == said.id {
            return Ok(());
        }
        let who = scene.federation.name_of(&from);
        Err((Promise::OneNoise, format!("{who} released something else than another member")))
    }

    /// Attempts that all members have answered since the last time: their shares, in order.
    pub(super) fn take_answered(&mut self, scene: &Scene) -> Vec<(At, Vec<Octets>)> {
        let whole = |(at, sealed): (&At, &BTreeMap<Principal, Octets>)| {
            let shares = committee(scene, at.1).iter().map(|who| sealed.get(who).cloned()).collect::<Option<Vec<_>>>();
            Some((*at, shares?))
        };
        let answered: Vec<(At, Vec<Octets>)> = self.sealed.iter().filter_map(whole).collect();
        answered.iter().for_each(|(at, _)| drop(self.sealed.remove(at)));
        answered
    }
}

/// Who sits on the committee of an attempt.
pub(super) fn committee(scene: &Scene, attempt: u8) -> Vec<Principal> {
    let places = COMMITTEES.get(usize::from(attempt).wrapping_sub(1));
    places.iter().flat_map(|places| places.iter()).map(|at| scene.federation.nodes[*at].key()).collect()
}

fn one_word(scene: &Scene, from: &Principal, words: usize, what: &str) -> Check {
    if words < 2 || scene.lies(from) {
        return Ok(());
    }
    Err((Promise::OneWord, format!("{} {what}", scene.federation.name_of(from))))
}

fn by<T: Document + Clone>(envelope: &Envelope, who: &Principal) -> Option<T> {
    envelope.claim::<T>().ok()?.verify(who).ok().map(|said| (*said).clone())
}

fn empty((query, attempt): At) -> Manifest {
    Manifest { query, attempt, batch: Digest([0; 32]), verdicts: Vec::new() }
}
