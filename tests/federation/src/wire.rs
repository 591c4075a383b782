//! The wire between nodes: first in, first out, unless a test asks for worse.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::Message;

/// One message on its way.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Who sent it.
    pub from: Principal,
    /// Whom it is for.
    pub to: Principal,
    /// What it says.
    pub message: Message,
}

/// What may happen to a message, in thousandths; by default nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// It is lost.
    pub drop: u32,
    /// It comes twice.
    pub duplicate: u32,
    /// It is late by up to `delay_max_ms`, and so may come after those sent later.
    pub delay: u32,
    /// The longest delay, in milliseconds.
    pub delay_max_ms: u64,
}

/// Sees every message before it travels, and says what travels instead.
pub type Meddler = Box<dyn FnMut(Packet) -> Vec<Packet>>;

/// The messages that are on their way.
pub struct Wire {
    /// What may happen to them.
    pub faults: Faults,
    /// Nodes that reach only each other, and that the rest does not reach.
    pub cut_off: BTreeSet<Principal>,
    /// Nodes whose messages, in both directions, take so many milliseconds.
    pub slow: BTreeMap<Principal, u64>,
    /// Somebody on the path who changes them.
    pub meddler: Option<Meddler>,
    /// Every message that left a node, in order, and behind it what travels instead; if asked for.
    pub tape: Option<Vec<Packet>>,
    /// Nodes that lie: of theirs only what travels is taped, for that is what they said.
    pub liars: BTreeSet<Principal>,
    queue: BTreeMap<(Moment, u64), Packet>,
    order: u64,
    rng: StdRng,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({} on their way)", self.queue.len())
    }
}

impl Wire {
    /// A wire whose faults grow from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        Self {
            faults: Faults::default(),
            cut_off: BTreeSet::new(),
            slow: BTreeMap::new(),
            meddler: None,
            tape: None,
            liars: BTreeSet::new(),
            queue: BTreeMap::new(),
            order: 0,
            rng,
        }
    }

    /// Puts a message on its way.
    pub fn send(&mut self, now: Moment, packet: Packet) {
        let lies = self.liars.contains(&packet.from);
        if let Some(tape) = self.tape.as_mut().filter(|_| !lies) {
            tape.push(packet.clone());
        }
        let packets = match &mut self.meddler {
            Some(meddler) => {
                let said = packet.clone();
                let packets = meddler(packet);
                if let Some(tape) = &mut self.tape {
                    let new = |one: &&Packet| lies || one.from != said.from || one.message != said.message;
                    tape.extend(packets.iter().filter(new).cloned());
                }
                packets
            }
            None => {
                if let Some(tape) = self.tape.as_mut().filter(|_| lies) {
                    tape.push(packet.clone());
                }
                vec![packet]
            }
        };
        for packet in packets {
            if self.cut_off.contains(&packet.from) != self.cut_off.contains(&packet.to) {
                continue;
            }
            if self.happens(self.faults.drop) {
                continue;
            }
            if self.happens(self.faults.duplicate) {
                self.put(now, packet.clone());
            }
            self.put(now, packet);
        }
    }

    /// Takes the next message that has arrived by now.
    pub fn next(&mut self, now: Moment) -> Option<Packet> {
        let first = self.queue.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    fn put(&mut self, now: Moment, packet: Packet) {
        let late =
            if self.happens(self.faults.delay) { self.rng.random_range(0..=self.faults.delay_max_ms) } else { 0 };
        let slow = |who: &Principal| self.slow.get(who).copied().unwrap_or(0);
        let late = late + slow(&packet.from) + slow(&packet.to);
        self.queue.insert((now + Millis(late), self.order), packet);
        self.order += 1;
    }

    fn happens(&mut self, thousandths: u32) -> bool {
        thousandths > 0 && self.rng.random_range(0..1_000) < thousandths
    }
}
