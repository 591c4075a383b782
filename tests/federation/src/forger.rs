//! What a node that does not follow the protocol can do: keep messages from others, and sign anything
//! with its own key.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::relay::Relay;
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{BatchUpload, Message, encode};

use super::Federation;
use super::cast::COMMITTEES;
use super::researcher::Question;
use super::wire::Packet;

/// A message between members as it is before it is sealed, spelled as theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A part of the verification key.
    Reveal(Octets),
    /// Opened counts.
    Opening(Box<Envelope>),
}

/// The parts of a batch as one member is shown it.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The attempt.
    pub attempt: u8,
    /// All members' commitments.
    pub commitments: Vec<Envelope>,
    /// The uploads.
    pub uploads: Vec<BatchUpload>,
}

impl Batch {
    /// As a coordinator would say it.
    #[must_use]
    pub fn message(self, question: &Question) -> Message {
        let Self { attempt, commitments, uploads } = self;
        Message::Batch { query: question.id(), attempt, commitments, uploads }
    }
}

impl Federation {
    /// From now on loses every message that `lost` picks.
    pub fn lose(&mut self, mut lost: impl FnMut(&Packet) -> bool + 'static) {
        self.wire.meddler = Some(Box::new(move |packet| if lost(&packet) { Vec::new() } else { vec![packet] }));
    }

    /// All messages so far.
    ///
    /// # Panics
    /// If nothing was taped.
    #[must_use]
    pub fn tape(&self) -> &[Packet] {
        self.wire.tape.as_deref().unwrap()
    }

    /// The batch that a member was shown last.
    ///
    /// # Panics
    /// If it was shown none.
    #[must_use]
    pub fn batch_of(&self, question: &Question, member: usize) -> Batch {
        let to = self.nodes[member].key();
        let batch = |packet: &Packet| {
            let Message::Batch { query, attempt, commitments, uploads } = &packet.message else { return None };
            let batch = Batch { attempt: *attempt, commitments: commitments.clone(), uploads: uploads.clone() };
            (*query == question.id() && packet.to == to).then_some(batch)
        };
        self.tape().iter().rev().find_map(batch).unwrap()
    }

    /// A member's message to another, made with its own key and what everybody knows.
    ///
    /// # Panics
    /// If the committee has not committed yet.
    #[must_use]
    pub fn forge(&self, question: &Question, attempt: u8, [from, to]: [usize; 2], body: &Body) -> Message {
        let commitments = |packet: &Packet| {
            let Message::Announce(call) = &packet.message else { return None };
            let here = call.query.digest() == question.id() && call.attempt == attempt;
            here.then(|| call.commitments.clone())
        };
        let announced = self.tape().iter().find_map(commitments);
        let place = COMMITTEES[usize::from(attempt) - 1].iter().position(|member| *member == to).unwrap();
        let (sender, recipient) = (&self.nodes[from].signer, self.nodes[to].key());
        let commitment = announced.unwrap()[place].claim::<Commitment>().unwrap().verify(&recipient).unwrap();
        let (number, key) = match body {
            Body::Reveal(_) => (1, commitment.share_key),
            Body::Opening(_) => (4, commitment.opening_key),
        };
        let (query, from) = (question.id(), sender.principal());
        let aad = Digest::of(Label::RelaySeal, &[query.bytes(), from.bytes(), recipient.bytes(), &[attempt, number]]);
        let mut rng = StdRng::seed_from_u64(0);
        let sealed = key.seal(Label::RelaySeal, aad.bytes(), &encode(body), &mut rng).unwrap();
        let hash = Digest::of(Label::RelayBody, &[&sealed]);
        let relay = Relay { query, attempt, from, to: recipient, number, body: hash };
        Message::Relay { cover: Envelope::sign(&relay, sender).unwrap(), body: Octets(sealed) }
    }

    /// What a node signed of this kind so far, as it was sent to the coordinator.
    pub fn signed_by<T: Document>(&self, who: usize) -> impl Iterator<Item = Envelope> {
        let key = self.nodes[who].key();
        self.tape().iter().filter_map(move |packet| {
            let (Message::Freeze(envelope) | Message::Manifest(envelope) | Message::Commitment(envelope)) =
                &packet.message
            else {
                return None;
            };
            envelope.claim::<T>().ok()?.verify(&key).ok().map(|_| envelope.clone())
        })
    }
}

/// Whether a packet is a member's message of this number, on any leg of its way from one to another.
#[must_use]
pub fn is_relay(packet: &Packet, from: Principal, to: Principal, number: u8) -> bool {
    let Message::Relay { cover, .. } = &packet.message else { return false };
    let relay = cover.claim::<Relay>().unwrap().verify_named(|relay| relay.from);
    relay.is_ok_and(|relay| (relay.from, relay.to, relay.number) == (from, to, number))
}
