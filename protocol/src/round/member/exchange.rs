//! What members say to each other: signed, sealed to the recipient, carried by the coordinator.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::counted::TwoMessages;
use crate::digest::{Digest, Label};
use crate::document::commitment::Commitment;
use crate::document::relay::Relay;
use crate::envelope::{Envelope, Verified};
use crate::ledger::TwoTrees;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::Desk;
use crate::round::attempt::Fault;
use crate::round::member::stage::{Seat, Stage};
use crate::round::message::{Message, decode, encode};
use crate::sealed::{OpeningKey, SealingKey};
use crate::share::CellShares;

/// One message of the exchange, before it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Body {
    /// This member's part of the verification key: only after all froze.
    Reveal(Octets),
    /// For each clinic of the batch a verifier share, or why there is none.
    Verifiers(Vec<Verifier>),
    /// This member's noised shares of the count cells.
    Counts(Octets),
    /// The opened counts, signed.
    Opening(Box<Envelope>),
}

/// What a member has to say about one clinic's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Verifier {
    /// Its verifier share.
    Share(Octets),
    /// It could not read its share.
    Unreadable,
    /// It did not look: it has evidence against the clinic, which every member can check and then has too.
    TwoTrees(Box<TwoTrees>),
    /// The same, of evidence that two nodes have the clinic's key, or that its folder was set back.
    TwoMessages(Box<TwoMessages>),
}

impl Body {
    const fn number(&self) -> u8 {
        match self {
            Self::Reveal(_) => 1,
            Self::Verifiers(_) => 2,
            Self::Counts(_) => 3,
            Self::Opening(_) => 4,
        }
    }
}

/// Which of a member's two keys a message is sealed to. Counts and openings come when the noised
/// share is already kept, so they go to the key that is kept with it.
fn sealing_key(commitment: &Verified<Commitment>, number: u8) -> SealingKey {
    if number <= 2 { commitment.share_key } else { commitment.opening_key }
}

/// Seals and signs a body for every other member; all go to the coordinator, who passes them on.
pub(super) fn to_others<R: CryptoRng>(
    desk: &mut Desk<'_, R>,
    seat: &Seat,
    coordinator: Principal,
    body: &Body,
) -> Result<Vec<(Principal, Message)>, Fault> {
    let mut said = Vec::new();
    let plain = Zeroizing::new(encode(body));
    let members = seat.attempt.committee().iter().zip(seat.attempt.commitments()).enumerate();
    for (_, (to, commitment)) in members.filter(|(place, _)| *place != seat.place) {
        let mut relay = Relay {
            query: seat.inquiry.id(),
            attempt: seat.attempt.number(),
            from: desk.me(),
            to: *to,
            number: body.number(),
            body: Digest([0; 32]),
        };
        let key = sealing_key(commitment, relay.number);
        let sealed = key.seal(Label::RelaySeal, &aad(&relay), &plain, desk.rng);
        let sealed = sealed.map_err(|why| Fault::Document { why: format!("the key of {to}: {why}") })?;
        relay.body = Digest::of(Label::RelayBody, &[&sealed]);
        let cover = Envelope::sign(&relay, desk.signer).map_err(|why| Fault::Document { why: why.to_string() })?;
        said.push((coordinator, Message::Relay { cover, body: Octets(sealed) }));
    }
    Ok(said)
}

/// Opens a relayed body with whichever key of this stage it was sealed to.
pub(super) fn open(stage: &Stage, relay: &Relay, body: &Octets) -> Result<Body, Fault> {
    let key: Option<&OpeningKey> = stage.key_for(relay.number);
    let key = key.ok_or(Fault::OutOfPlace { what: "a message sealed to a key that is gone" })?;
    let plain =
        key.open(Label::RelaySeal, &aad(relay), &body.0).map_err(|why| Fault::Document { why: why.to_string() })?;
    let opened: Body = decode(&plain).map_err(|why| Fault::Document { why: why.to_string() })?;
    if opened.number() != relay.number {
        return Err(Fault::OutOfPlace { what: "a message numbered as another" });
    }
    Ok(opened)
}

fn aad(relay: &Relay) -> Vec<u8> {
    let numbers = [relay.attempt, relay.number];
    let parts: [&[u8]; 4] = [relay.query.bytes(), relay.from.bytes(), relay.to.bytes(), &numbers];
    Digest::of(Label::RelaySeal, &parts).0.to_vec()
}

/// What the other members said, by number and place. The first word counts; another one that
/// differs is the speaker's fault.
#[derive(Debug, Default)]
pub(super) struct Heard(BTreeMap<(u8, usize), Body>);

impl Heard {
    pub(super) fn take(&mut self, place: usize, who: Principal, body: Body) -> Result<(), Fault> {
        match self.0.entry((body.number(), place)) {
            Entry::Occupied(first) if *first.get() != body => Err(Fault::Differs { who, what: "message" }),
            Entry::Occupied(_) => Ok(()),
            Entry::Vacant(free) => {
                free.insert(body);
                Ok(())
            }
        }
    }

    /// One item per member in order, the own one filled in, or `None` while any is missing.
    fn all<T>(&self, seat: &Seat, number: u8, mine: T, read: impl Fn(&Body) -> Option<T>) -> Option<Vec<T>> {
        let mut mine = Some(mine);
        (0..seat.attempt.committee().len())
            .map(|place| if place == seat.place { mine.take() } else { self.0.get(&(number, place)).and_then(&read) })
            .collect()
    }

    pub(super) fn reveals(&self, seat: &Seat, mine: &[u8; 32]) -> Option<Vec<[u8; 32]>> {
        self.all(seat, 1, *mine, |body| match body {
            Body::Reveal(part) => part.0.as_slice().try_into().ok(),
            Body::Verifiers(_) | Body::Counts(_) | Body::Opening(_) => None,
        })
    }

    pub(super) fn verifiers(&self, seat: &Seat, mine: &[Verifier]) -> Option<Vec<Vec<Verifier>>> {
        self.all(seat, 2, mine.to_vec(), |body| match body {
            Body::Verifiers(shares) => Some(shares.clone()),
            Body::Reveal(_) | Body::Counts(_) | Body::Opening(_) => None,
        })
    }

    pub(super) fn counts(&self, seat: &Seat, mine: CellShares) -> Option<Vec<CellShares>> {
        let cells = mine.len();
        self.all(seat, 3, mine, |body| match body {
            Body::Counts(bytes) => CellShares::from_bytes(&bytes.0, cells).ok(),
            Body::Reveal(_) | Body::Verifiers(_) | Body::Opening(_) => None,
        })
    }

    pub(super) fn openings(&self, seat: &Seat, mine: &Envelope) -> Option<Vec<Envelope>> {
        self.all(seat, 4, mine.clone(), |body| match body {
            Body::Opening(envelope) => Some(envelope.as_ref().clone()),
            Body::Reveal(_) | Body::Verifiers(_) | Body::Counts(_) => None,
        })
    }
}
