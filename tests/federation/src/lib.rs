//! A federation of five clinics in one process: real roles, a clock that a test moves, a wire that
//! a test may disturb, and nodes that a test may kill. Everything but the split of the shares grows
//! from one seed.
//!
//! Nodes act on a message or a beat at once and alone, so a story is told by its seed and its faults.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a fixture that cannot be set up must stop the test that asked for it"
)]

pub mod audit;
pub mod books;
pub mod cast;
pub mod decoders;
pub mod forger;
pub mod mutants;
pub mod node;
pub mod patient;
pub mod researcher;
pub mod rules;
pub mod setup;
pub mod simulation;
pub mod trial;
pub mod watched;
pub mod wire;

use rand::rngs::StdRng;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::Event;
use sumac_protocol::round::message::{Message, Reply};

use cast::{Cast, HARBOUR, RIDGE};
use node::{Done, Node};
use patient::Patient;
use wire::{Packet, Wire};

pub use setup::{Setup, federation};

/// The whole federation.
#[derive(Debug)]
pub struct Federation {
    /// The time everywhere.
    pub now: Moment,
    /// Stewards and researchers.
    pub cast: Cast,
    /// The charter that everybody follows.
    pub chain: CharterChain,
    /// The study.
    pub study: Envelope,
    /// Its mode.
    pub mode: Mode,
    /// The nodes, in the order of the cast.
    pub nodes: Vec<Node>,
    /// All patients of all clinics.
    pub patients: Vec<Patient>,
    /// What is between the nodes.
    pub wire: Wire,
    /// The hub that queries are sent to.
    pub hub: usize,
    /// How far each node's clock is off, in milliseconds; none where this is shorter.
    pub skews: Vec<i64>,
    rng: StdRng,
}

impl Federation {
    /// Lets this much time pass, beat by beat.
    pub fn advance(&mut self, length: Millis) {
        let until = self.now + length;
        while self.now < until {
            self.beat();
        }
    }

    /// Lets the time of one beat pass: every node ticks, and what has arrived is delivered.
    pub fn beat(&mut self) {
        self.now = self.now + BEAT;
        for at in 0..self.nodes.len() {
            let now = self.time_at(at);
            let done = self.nodes[at].on(now, Event::Tick);
            self.send_all(at, done);
        }
        self.settle();
    }

    /// Delivers everything that has arrived, and everything that follows from it at once.
    pub fn settle(&mut self) {
        while let Some(Packet { from, to, message }) = self.wire.next(self.now) {
            // A message to a node that is down is lost.
            if let Some(at) = self.nodes.iter().position(|node| node.key() == to && node.is_up()) {
                let now = self.time_at(at);
                let done = self.nodes[at].on(now, Event::Message { from, message });
                self.send_all(at, done);
            }
        }
    }

    /// Says something to a node as a peer, and hears what it answers. Nothing where it is down, or
    /// dies over it.
    pub fn tell(&mut self, at: usize, from: Principal, message: Message) -> Option<Reply> {
        if !self.nodes[at].is_up() {
            return None;
        }
        let now = self.time_at(at);
        let mut done = self.nodes[at].on(now, Event::Message { from, message });
        let reply = done.reply.take();
        let reply = self.nodes[at].is_up().then(|| reply.unwrap_or(Reply::Noted));
        self.send_all(at, done);
        self.settle();
        reply
    }

    /// What a node's own clock says.
    #[must_use]
    pub fn time_at(&self, at: usize) -> Moment {
        let off = self.skews.get(at).copied().unwrap_or(0);
        Moment(self.now.0.saturating_add_signed(off))
    }

    /// What people call a node.
    #[must_use]
    pub fn name_of(&self, key: &Principal) -> &str {
        self.nodes.iter().find(|node| node.key() == *key).map_or("somebody", |node| node.name.as_str())
    }

    /// Kills a node.
    pub fn crash(&mut self, at: usize) {
        self.nodes[at].crash();
    }

    /// Starts a node again from what it kept; it and the hubs find each other.
    pub fn restart(&mut self, at: usize) {
        let now = self.time_at(at);
        let done = self.nodes[at].restart(now);
        self.send_all(at, done);
        for other in 0..self.nodes.len() {
            let meet = [at, other].iter().any(|one| [HARBOUR, RIDGE].contains(one));
            if meet && other != at && self.nodes[other].is_up() {
                for (node, peer) in [(other, at), (at, other)] {
                    let peer = self.nodes[peer].key();
                    let now = self.time_at(node);
                    let done = self.nodes[node].on(now, Event::Connected(peer));
                    self.send_all(node, done);
                }
            }
        }
        self.settle();
    }

    fn send_all(&mut self, at: usize, done: Done) {
        let from = self.nodes[at].key();
        if let Some(tape) = &mut self.wire.tape {
            tape.extend(done.to_self.into_iter().map(|message| Packet { from, to: from, message }));
        }
        for (to, message) in done.sends {
            self.wire.send(self.now, Packet { from, to, message });
        }
    }
}

/// How often nodes are told that time has passed.
const BEAT: Millis = Millis(100);
