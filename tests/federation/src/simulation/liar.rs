//! Nodes that do not follow the protocol: they say other things than their program would, under their own signature.

mod schemer;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::manifest::{Manifest, Verdict};
use sumac_protocol::document::upload::Upload;
use sumac_protocol::document::void::Void;
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Signer;
use sumac_protocol::round::message::{Ending, Message, UploadParts};

use super::scene::keys_of;
use crate::cast::{COMMITTEES, HARBOUR, NAMES, signer};
use crate::wire::{Meddler, Packet};
use schemer::Schemer;

/// Who lies, and in which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liar {
    /// The node.
    pub who: usize,
    /// The role.
    pub role: Role,
}

/// The role that somebody lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Spoils its shares, signs other covers over them, and sends several.
    Clinic,
    /// Signs other batches and manifests, void notes after its answer, and spoils what it seals.
    Member,
    /// Shows each member and each clinic something else, keeps things back, and says old things again.
    Coordinator,
    /// Leads attempts of its own beside those of its program, with whom it likes.
    Schemer,
}

impl Liar {
    /// Every second story has one, or two at a time.
    pub(super) fn draw(seed: u64, rng: &mut StdRng) -> Vec<Self> {
        let mut clinic = || Self { who: rng.random_range(0..NAMES.len()), role: Role::Clinic };
        let clinics = [clinic(), clinic()];
        let mut member = |committee: &[usize; 3]| Self { who: committee[rng.random_range(0..3)], role: Role::Member };
        let (first, second) = (member(&COMMITTEES[0]), member(&COMMITTEES[1]));
        let coordinator = Self { who: HARBOUR, role: Role::Coordinator };
        let schemer = Self { who: HARBOUR, role: Role::Schemer };
        let mut liars = match seed % 14 {
            1 => vec![clinics[0]],
            3 => vec![first],
            5 => vec![coordinator],
            7 => vec![coordinator, first],
            9 => vec![schemer],
            11 => vec![schemer, second],
            13 => clinics.to_vec(),
            _ => Vec::new(),
        };
        liars.dedup_by_key(|liar| liar.who);
        liars
    }

    /// What stands in their place on the wire.
    pub(super) fn meddler(liars: &[Self], seed: u64) -> Option<Meddler> {
        let keys = NAMES.map(|name| signer(keys_of(seed), name).principal());
        let tongue = |(at, liar): (u64, &Self)| Tongue {
            role: liar.role,
            signer: signer(keys_of(seed), NAMES[liar.who]),
            rng: StdRng::seed_from_u64(!seed ^ at << 32),
            earlier: Vec::new(),
        };
        let mut tongues: Vec<Tongue> = (0..).zip(liars).map(tongue).collect();
        let schemes = liars.iter().find(|liar| liar.role == Role::Schemer);
        let mut schemer = schemes.map(|liar| {
            let others = (0..keys.len()).filter(|at| *at != liar.who).map(|at| keys[at]).collect();
            Schemer::new(keys[liar.who], COMMITTEES[1].map(|at| keys[at]).to_vec(), others, seed)
        });
        if liars.is_empty() {
            return None;
        }
        Some(Box::new(move |packet| {
            let mut said = vec![packet];
            for tongue in &mut tongues {
                said = said.into_iter().flat_map(|packet| tongue.speak(packet)).collect();
            }
            let schemed: Vec<Packet> =
                schemer.iter_mut().flat_map(|one| said.iter().flat_map(|heard| one.overhear(heard))).collect();
            said.extend(schemed);
            said
        }))
    }
}

struct Tongue {
    role: Role,
    signer: Signer,
    rng: StdRng,
    /// What it has said before, to be said again at the wrong time.
    earlier: Vec<Packet>,
}

impl Tongue {
    fn speak(&mut self, packet: Packet) -> Vec<Packet> {
        // A clinic says little, and lies whenever it does.
        let truly = self.role != Role::Clinic && self.rng.random_range(0..3) > 0;
        if packet.from != self.signer.principal() || truly {
            return vec![packet];
        }
        match self.role {
            Role::Clinic => self.clinic(packet),
            Role::Member => self.member(packet),
            Role::Coordinator => self.coordinator(packet),
            Role::Schemer => vec![packet],
        }
    }

    fn clinic(&mut self, packet: Packet) -> Vec<Packet> {
        let Message::Upload(parts) = &packet.message else { return vec![packet] };
        let UploadParts { upload, public_share, mut sealed_shares } = (**parts).clone();
        let mut cover: Upload = self.own(&upload);
        match self.rng.random_range(0..5) {
            0 => spoil(&mut self.rng, sealed_shares.first_mut()),
            1 => sealed_shares.rotate_left(1),
            2 => cover.nonce.0.reverse(),
            3 => cover.counter = 1,
            _ => cover.ledger = Digest([9; 32]),
        }
        cover.sealed_shares =
            sealed_shares.iter().map(|s| sumac_protocol::round::attempt::sealed_digest(&s.0)).collect();
        let upload = self.sign(&cover);
        let lie = Packet {
            message: Message::Upload(Box::new(UploadParts { upload, public_share, sealed_shares })),
            ..packet.clone()
        };
        // Either in place of the true one, or before it, or behind it.
        match self.rng.random_range(0..3) {
            0 => vec![lie],
            1 => vec![lie, packet],
            _ => vec![packet, lie],
        }
    }

    fn member(&mut self, packet: Packet) -> Vec<Packet> {
        let lie = match &packet.message {
            Message::Freeze(envelope) => {
                let mut freeze: Freeze = self.own(envelope);
                freeze.manifest = Digest([3; 32]);
                Message::Freeze(self.sign(&freeze))
            }
            Message::Manifest(envelope) => {
                let mut manifest: Manifest = self.own(envelope);
                let at = self.rng.random_range(0..manifest.verdicts.len().max(1));
                if let Some(one) = manifest.verdicts.get_mut(at) {
                    one.verdict =
                        if one.verdict == Verdict::Accepted { Verdict::ProofFailed } else { Verdict::Accepted };
                }
                Message::Manifest(self.sign(&manifest))
            }
            Message::Relay { cover, body } => {
                let mut body = body.clone();
                spoil(&mut self.rng, Some(&mut body));
                Message::Relay { cover: cover.clone(), body }
            }
            Message::Answer { query, attempt, .. } => {
                let note = Void { query: *query, attempt: *attempt, counter: u64::MAX >> 12, note: Octets::default() };
                Message::Void(self.sign(&note))
            }
            Message::Submit { .. }
            | Message::Follow { .. }
            | Message::Budget { .. }
            | Message::Begin { .. }
            | Message::Commitment(_)
            | Message::Announce(_)
            | Message::Upload(_)
            | Message::Abstain { .. }
            | Message::Batch { .. }
            | Message::Frozen { .. }
            | Message::Manifests { .. }
            | Message::Nudge { .. }
            | Message::AskVoid { .. }
            | Message::Void(_)
            | Message::Ended(_)
            | Message::EndingKept { .. }
            | Message::HandOn { .. }
            | Message::Delivered(_)
            | Message::AskSeen { .. }
            | Message::Seen(_) => return vec![packet],
        };
        let lie = Packet { message: lie, ..packet.clone() };
        if self.rng.random() { vec![lie] } else { vec![lie, packet] }
    }

    fn coordinator(&mut self, packet: Packet) -> Vec<Packet> {
        let mut lie = packet.clone();
        match &mut lie.message {
            Message::Batch { query, attempt, .. } if self.rng.random() => {
                // As if all had frozen what nobody was shown.
                lie.message = Message::Frozen { query: *query, attempt: *attempt, freezes: Vec::new() };
            }
            Message::Batch { uploads, .. } if !uploads.is_empty() => {
                let at = self.rng.random_range(0..uploads.len());
                if self.rng.random() {
                    uploads.remove(at);
                } else {
                    let twice = uploads[at].clone();
                    uploads.insert(at, twice);
                }
            }
            Message::Begin { attempt, voids, .. } => (*attempt, *voids) = (*attempt % 3 + 1, Vec::new()),
            Message::Announce(call) => {
                if self.rng.random() {
                    call.voids.clear();
                    call.attempt = call.attempt % 3 + 1;
                } else {
                    call.commitments.rotate_left(1);
                }
            }
            Message::Frozen { freezes, .. } if !freezes.is_empty() => {
                let first = freezes[0].clone();
                let last = freezes.len() - 1;
                freezes[last] = first;
            }
            Message::Manifests { manifests, .. } => self.another_manifest(manifests),
            Message::Ended(ending) => garble(&mut self.rng, ending),
            // Anything else it keeps back, or asks for what may not be any more.
            Message::Submit { .. }
            | Message::Follow { .. }
            | Message::Budget { .. }
            | Message::Commitment(_)
            | Message::Upload(_)
            | Message::Abstain { .. }
            | Message::Batch { .. }
            | Message::Freeze(_)
            | Message::Frozen { .. }
            | Message::Relay { .. }
            | Message::Manifest(_)
            | Message::Answer { .. }
            | Message::Nudge { .. }
            | Message::AskVoid { .. }
            | Message::Void(_)
            | Message::EndingKept { .. }
            | Message::HandOn { .. }
            | Message::Delivered(_)
            | Message::AskSeen { .. }
            | Message::Seen(_) => {
                let untimely = self.untimely(&packet);
                self.earlier.push(packet);
                return untimely;
            }
        }
        self.earlier.extend([packet.clone(), lie.clone()]);
        let again = self.earlier[self.rng.random_range(0..self.earlier.len())].clone();
        match self.rng.random_range(0..4) {
            0 => vec![lie],
            1 => vec![lie, packet],
            2 => vec![packet, lie],
            _ => vec![packet, again],
        }
    }

    /// A call to void, or to begin anew, an attempt that may have come a long way since.
    fn untimely(&mut self, packet: &Packet) -> Vec<Packet> {
        let begun: Vec<&Message> = self
            .earlier
            .iter()
            .map(|said| &said.message)
            .filter(|said| matches!(said, Message::Begin { .. }))
            .collect();
        let Some(Message::Begin { query, study, attempt, voids }) =
            begun.get(self.rng.random_range(0..begun.len().max(1)))
        else {
            return Vec::new();
        };
        let (query, study, attempt, voids) = (query.clone(), study.clone(), *attempt, voids.clone());
        let message = if self.rng.random() {
            Message::AskVoid { query, study, attempt }
        } else {
            Message::Begin { query, study, attempt: attempt % 3 + 1, voids }
        };
        vec![Packet { message, ..packet.clone() }]
    }

    /// Puts another manifest of its own in place of the one that it signed as a member, or leaves one out.
    fn another_manifest(&mut self, manifests: &mut Vec<Envelope>) {
        let me = self.signer.principal();
        let mine = |envelope: &Envelope| envelope.claim::<Manifest>().is_ok_and(|claimed| claimed.verify(&me).is_ok());
        match manifests.iter().position(mine) {
            Some(at) if self.rng.random_range(0..3) > 0 => {
                let mut manifest: Manifest = self.own(&manifests[at]);
                manifest.verdicts.pop();
                manifests[at] = self.sign(&manifest);
            }
            Some(_) | None => drop(manifests.pop()),
        }
    }

    fn own<T: Document + Clone>(&self, envelope: &Envelope) -> T {
        (*envelope.claim::<T>().unwrap().verify(&self.signer.principal()).unwrap()).clone()
    }

    fn sign<T: Document>(&self, document: &T) -> Envelope {
        Envelope::sign(document, &self.signer).unwrap()
    }
}

/// An ending that would give a debit back, or take it, if anybody believed it.
fn garble(rng: &mut StdRng, ending: &mut Ending) {
    match rng.random_range(0..4) {
        0 => ending.releases.clear(),
        1 => ending.manifests.reverse(),
        2 => {
            ending.voids.pop();
        }
        _ => ending.attempt = ending.attempt % 3 + 1,
    }
}

fn spoil(rng: &mut StdRng, bytes: Option<&mut Octets>) {
    if let Some(bytes) = bytes.filter(|bytes| !bytes.0.is_empty()) {
        let at = rng.random_range(0..bytes.0.len());
        bytes.0[at] ^= 1 << rng.random_range(0..8_u8);
    }
}
