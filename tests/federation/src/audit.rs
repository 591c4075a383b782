//! What must hold whatever happened: looked up on the tape of all messages and in the clinics' books.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::manifest::Manifest;
use sumac_protocol::document::relay::Relay;
use sumac_protocol::document::release::Release;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{Ending, Message, encode};

use super::Federation;
use super::patient::Said;
use super::researcher::Question;
use super::wire::Packet;

/// How a query ended, by what the committee signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// One release, resting on these clinics.
    Released(Digest, BTreeSet<Principal>),
    /// All members signed that nothing came of it.
    Void,
    /// Nobody can tell: debits stand.
    Unknown,
}

impl Federation {
    /// Checks everything that must hold of these queries. The wire must be quiet and all nodes up.
    ///
    /// # Errors
    /// What does not hold.
    pub fn audit(&self, asked: &[Question]) -> Result<(), String> {
        let tape = self.wire.tape.as_deref().ok_or("nothing was taped")?;
        for question in asked {
            one_attempt_at_most_is_burnt(self, question, tape)?;
            no_share_was_made_twice(self, question, tape)?;
        }
        self.everybody_paid_once(asked)?;
        self.nothing_in_the_clear(tape)
    }

    /// How a query ended.
    ///
    /// # Errors
    /// If two different releases of it were told.
    pub fn fate(&self, query: Digest) -> Result<Fate, String> {
        let mut fates = BTreeMap::new();
        let tape = self.wire.tape.as_deref().unwrap_or_default();
        for packet in tape {
            let Message::Ended(ending) = &packet.message else { continue };
            if ending.query != query {
                continue;
            }
            let fate = read_ending(self, ending)?;
            fates.insert(format!("{fate:?}"), fate);
        }
        match fates.len() {
            0 => Ok(Fate::Unknown),
            1 => Ok(fates.into_values().next().unwrap()),
            _ => Err(format!("{query} ended in several ways: {:?}", fates.keys())),
        }
    }

    /// Every patient who said yes paid ρ for every query that their clinic is counted in, and for
    /// no other; whoever did not say yes paid nothing.
    fn everybody_paid_once(&self, asked: &[Question]) -> Result<(), String> {
        let fates = asked.iter().map(|q| Ok((q, self.fate(q.id())?))).collect::<Result<Vec<_>, String>>()?;
        for patient in &self.patients {
            let (node, row) = (&self.nodes[patient.clinic], patient.row);
            let pays = |(question, fate): &&(&Question, Fate)| match fate {
                Fate::Released(_, counted) => counted.contains(&node.key()),
                Fate::Void => false,
                Fate::Unknown => node.books.charge(question.id()).is_some(),
            };
            let queries = if patient.said == Said::Yes { fates.iter().filter(pays).count() } else { 0 };
            let price = asked.first().map_or(RhoMicro(0), |question| question.rho);
            let due = RhoMicro(price.0 * u64::try_from(queries).unwrap_or(u64::MAX));
            let paid = node.books.spent(row, self.now);
            if paid != due {
                let who = &patient.participant.pseudonym;
                return Err(format!("{who} at {} paid {paid} where {due} is due: {fates:?}", node.name));
            }
        }
        Ok(())
    }

    /// No clinic's cells stand in any message, raw or in any encoding that is used.
    fn nothing_in_the_clear(&self, tape: &[Packet]) -> Result<(), String> {
        let secret: BTreeSet<&Vec<u64>> = self.nodes.iter().flat_map(|node| &node.books.cells_seen).collect();
        let needles: BTreeSet<Vec<u8>> = secret.into_iter().flat_map(|cells| spellings(cells)).collect();
        let mut looked_at = BTreeSet::new();
        for packet in tape {
            let bytes = encode(&packet.message);
            if looked_at.insert(Digest::of_bytes(&bytes)) && shows(&bytes, &needles, DEPTH) {
                return Err(format!("a clinic's cells stand in {:?}", packet.message));
            }
        }
        Ok(())
    }
}

/// Whether bytes hold one of the needles, also behind base64.
#[must_use]
pub fn shows(bytes: &[u8], needles: &BTreeSet<Vec<u8>>, depth: u32) -> bool {
    let firsts: BTreeSet<u8> = needles.iter().filter_map(|needle| needle.first().copied()).collect();
    let starts = |at: usize| firsts.contains(&bytes[at]) && needles.iter().any(|n| bytes[at..].starts_with(n));
    if (0..bytes.len()).any(starts) {
        return true;
    }
    depth > 0 && base64_inside(bytes).iter().any(|inner| shows(inner, needles, depth - 1))
}

/// Two neighbouring cells as they could be written: fixed-width, CBOR or JSON. Neighbours of which
/// one is below ten are left out, as they stand in any text by chance.
#[must_use]
pub fn spellings(cells: &[u64]) -> Vec<Vec<u8>> {
    let pairs = cells.windows(2).filter(|pair| pair.iter().all(|cell| *cell >= 10));
    pairs
        .flat_map(|pair| {
            [
                pair.iter().flat_map(|cell| cell.to_le_bytes()).collect(),
                pair.iter().flat_map(|cell| cell.to_be_bytes()).collect(),
                format!("{},{}", pair[0], pair[1]).into_bytes(),
                pair.iter().flat_map(encode).collect(),
            ]
        })
        // Two small CBOR numbers are four bytes, which stand in any ciphertext by chance.
        .filter(|needle: &Vec<u8>| needle.len() >= 6)
        .collect()
}

fn base64_inside(bytes: &[u8]) -> Vec<Vec<u8>> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let runs = bytes.split(|byte| !part(byte)).filter(|run| run.len() >= 24);
    runs.flat_map(|run| {
        let whole = &run[..run.len() - usize::from(run.len() % 4 == 1)];
        [STANDARD_NO_PAD.decode(whole), URL_SAFE_NO_PAD.decode(whole)].into_iter().flatten()
    })
    .collect()
}

/// At most one attempt of a query ever sends a byte that depends on a noised share, and a member
/// asked again sends the same.
fn one_attempt_at_most_is_burnt(fed: &Federation, question: &Question, tape: &[Packet]) -> Result<(), String> {
    let mut burnt = BTreeSet::new();
    let mut counts: BTreeMap<(u8, Principal, Principal), Digest> = BTreeMap::new();
    for packet in tape {
        if let Message::Answer { query, attempt, .. } = &packet.message
            && *query == question.id()
        {
            burnt.insert(*attempt);
        }
        let Message::Relay { cover, .. } = &packet.message else { continue };
        let relay = fed.nodes.iter().find_map(|node| cover.claim::<Relay>().ok()?.verify(&node.key()).ok());
        let relay = relay.ok_or("a relay nobody signed")?;
        if relay.query != question.id() || relay.number < 3 {
            continue;
        }
        burnt.insert(relay.attempt);
        let key = (relay.attempt, relay.from, relay.to);
        if relay.number == 3 && *counts.entry(key).or_insert(relay.body) != relay.body {
            return Err(format!("other noised counts at another time: {key:?}"));
        }
    }
    if burnt.len() > 1 { Err(format!("attempts {burnt:?} of one query are burnt")) } else { Ok(()) }
}

/// Every share of a member's that the researcher can open is the same document.
fn no_share_was_made_twice(fed: &Federation, question: &Question, tape: &[Packet]) -> Result<(), String> {
    let mut shares: BTreeMap<(u8, Principal), Digest> = BTreeMap::new();
    for packet in tape {
        if let Message::Answer { query, attempt, sealed, .. } = &packet.message
            && *query == question.id()
        {
            let digest = opened(question, *attempt, &packet.from, sealed)?.digest();
            if *shares.entry((*attempt, packet.from)).or_insert(digest) != digest {
                let who = fed.name_of(&packet.from);
                return Err(format!("{who} released two different vectors in attempt {attempt}"));
            }
        }
    }
    Ok(())
}

/// A member's share, opened with the researcher's key.
fn opened(question: &Question, attempt: u8, member: &Principal, sealed: &Octets) -> Result<Envelope, String> {
    let aad = Digest::of(Label::AnswerSeal, &[question.id().bytes(), &[attempt], member.bytes()]);
    let text = question.key.open(Label::AnswerSeal, aad.bytes(), &sealed.0).map_err(|why| why.to_string())?;
    Envelope::from_json(&text).map_err(|why| why.to_string())
}

fn read_ending(fed: &Federation, ending: &Ending) -> Result<Fate, String> {
    let Some(release) = ending.releases.first() else { return Ok(Fate::Void) };
    let first = fed.chain.current().committee(ending.attempt).ok_or("no committee")?[0];
    let manifest = ending.manifests.first().ok_or("a release without a manifest")?;
    let release = release.claim::<Release>().and_then(|c| c.verify(&first)).map_err(|why| why.to_string())?;
    let manifest = manifest.claim::<Manifest>().and_then(|c| c.verify(&first)).map_err(|why| why.to_string())?;
    Ok(Fate::Released(release.id, manifest.accepted().collect()))
}

/// How often base64 is looked into: an envelope in a message, a byte string in its payload.
const DEPTH: u32 = 3;
