//! A whole federation in one process, over records that nobody had: real clinics over stores of their own, the real
//! roles, a wire that delivers at once and a clock that goes where it is told.
//!
//! It keeps an operator's rules and nothing else of the operator's: policy, dictionary, committees, members and their
//! operators are those of a charter, all keys are fresh, and everything lies in a folder that whoever rehearses gives.
//! What a query comes to is what it would come to among real nodes; only how long it takes tells nothing.

mod asking;
mod error;
mod node;
mod patients;
mod rules;
mod wire;

use std::path::Path;
use std::sync::Arc;

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::round::Event;
use sumac_protocol::round::message::{Message, Reply};

pub use asking::{Ended, Question};
pub use error::RehearsalError;
pub use patients::Patient;
pub use wire::{Packet, Tape};

use crate::clinic::Clinic;
use crate::clock::Clock;
use node::{Done, Node};
use rules::Papers;
use wire::Wire;

/// The whole federation.
#[derive(Debug)]
pub struct Rehearsal {
    clock: Arc<Clock>,
    chain: CharterChain,
    study: Envelope,
    mode: Mode,
    researcher: Signer,
    /// In the order of the charter.
    nodes: Vec<Node>,
    patients: Vec<Patient>,
    wire: Wire,
    /// Which node coordinates.
    hub: usize,
}

impl Rehearsal {
    /// Sets a federation up under the rules of a charter, in a folder that is empty: as many clinics as the charter
    /// has, and of those beyond nine only as many as its committees and its floor need. One study without any limit of
    /// its own may ask, so that only the charter's hold.
    ///
    /// # Errors
    /// [`RehearsalError`] if the charter's rules do not hold, or the folder cannot be written.
    pub fn under(rules: &Charter, dir: &Path) -> Result<Self, RehearsalError> {
        Self::set_up(rules, &[], dir)
    }

    /// As [`Rehearsal::under`], with an exact study that plans these questions, letter for letter, each once.
    ///
    /// # Errors
    /// As [`Rehearsal::under`]; of a charter that allows no exact study every question is refused.
    pub fn planned(rules: &Charter, questions: &[String], dir: &Path) -> Result<Self, RehearsalError> {
        Self::set_up(rules, questions, dir)
    }

    fn set_up(rules: &Charter, planned: &[String], dir: &Path) -> Result<Self, RehearsalError> {
        let mode = if planned.is_empty() { Mode::Dp } else { Mode::Exact };
        let start = Clock::default().now();
        let clock = Arc::new(Clock::commanded(start));
        let Papers { chain, study, researcher, seeds } = Papers::drawn_up(rules, planned, start)?;
        let begin = |(at, seed)| Node::create(&dir.join(format!("node-{at}")), seed, chain.clone(), &clock);
        let nodes = seeds.into_iter().enumerate().map(begin).collect::<Result<Vec<_>, _>>()?;
        let hub = chain.current().hubs().next().map(|hub| hub.key);
        let hub = nodes.iter().position(|node| Some(node.key()) == hub).ok_or(RehearsalError::NoHub)?;
        let mut rehearsal =
            Self { clock, chain, study, mode, researcher, nodes, patients: Vec::new(), wire: Wire::default(), hub };
        rehearsal.meet()?;
        Ok(rehearsal)
    }

    /// The charter in force, with the federation's own keys.
    #[must_use]
    pub fn charter(&self) -> &Charter {
        self.chain.current()
    }

    /// The chain that releases are checked against.
    #[must_use]
    pub const fn chain(&self) -> &CharterChain {
        &self.chain
    }

    /// The study that every question is asked in.
    #[must_use]
    pub const fn study(&self) -> &Envelope {
        &self.study
    }

    /// The time everywhere.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// How many nodes there are.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Where the nodes stand that hold records.
    #[must_use]
    pub fn clinics(&self) -> Vec<usize> {
        let holds = |at: &usize| {
            let key = self.nodes.get(*at).map(Node::key);
            self.charter().contributors().any(|member| Some(member.key) == key)
        };
        (0..self.nodes.len()).filter(holds).collect()
    }

    /// Where the node with this key stands.
    #[must_use]
    pub fn place_of(&self, key: &Principal) -> Option<usize> {
        self.nodes.iter().position(|node| node.key() == *key)
    }

    /// The key of a node, with which whoever has corrupted it signs.
    ///
    /// # Errors
    /// [`RehearsalError::NoNode`].
    pub fn key_of(&self, at: usize) -> Result<&Signer, RehearsalError> {
        self.nodes.get(at).map(Node::signer).ok_or(RehearsalError::NoNode { at })
    }

    /// The desk of a clinic that runs.
    ///
    /// # Errors
    /// [`RehearsalError::NoNode`], also for one that is down.
    pub fn clinic(&self, at: usize) -> Result<&Clinic, RehearsalError> {
        self.nodes.get(at).and_then(Node::clinic).ok_or(RehearsalError::NoNode { at })
    }

    /// Everything that was sent, in order, lost or not.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        self.wire.tape()
    }

    /// Loses, from now on, whatever a judge says is to be lost; it sees every message that leaves a node for another.
    pub fn lose(&mut self, judge: impl FnMut(&Packet) -> bool + Send + 'static) {
        self.wire.lose(Some(Box::new(judge)));
    }

    /// Loses nothing any more.
    pub fn lose_nothing(&mut self) {
        self.wire.lose(None);
    }

    /// Lets time pass: every node is told, and everything that follows is delivered. Whether anything was sent.
    ///
    /// # Errors
    /// [`RehearsalError`] if a node's store fails.
    pub fn pass(&mut self, length: Millis) -> Result<bool, RehearsalError> {
        let before = self.wire.sent();
        self.clock.has_reached(self.clock.now() + length);
        for at in 0..self.nodes.len() {
            self.hear(at, Event::Tick)?;
        }
        self.settle()?;
        Ok(self.wire.sent() > before)
    }

    /// Says something to a node as somebody, and hears what it answers; nothing where it is down.
    ///
    /// # Errors
    /// [`RehearsalError`] if a node's store fails.
    pub fn tell(&mut self, at: usize, from: Principal, message: Message) -> Result<Option<Reply>, RehearsalError> {
        let reply = self.hear(at, Event::Message { from, message })?;
        self.settle()?;
        Ok(reply)
    }

    /// Ends a node at once; only what it kept is left.
    pub fn stop(&mut self, at: usize) {
        if let Some(node) = self.nodes.get_mut(at) {
            node.stop();
        }
    }

    /// The folders of a node's store and of its keyring, which belong to nobody else while it is down.
    ///
    /// # Errors
    /// [`RehearsalError::NoNode`].
    pub fn folders_of(&self, at: usize) -> Result<(&Path, &Path), RehearsalError> {
        self.nodes.get(at).map(Node::folders).ok_or(RehearsalError::NoNode { at })
    }

    /// Starts a node again from what lies in its folders.
    ///
    /// # Errors
    /// [`RehearsalError`] if its store does not open.
    pub fn start(&mut self, at: usize) -> Result<(), RehearsalError> {
        let node = self.nodes.get_mut(at).ok_or(RehearsalError::NoNode { at })?;
        let done = node.start(self.chain.clone(), &self.clock)?;
        self.send_all(at, done);
        self.recall(at);
        self.meet()?;
        self.settle()
    }

    /// A node that starts again asks members what they saw of it, as every node does before it follows a call.
    fn recall(&mut self, at: usize) {
        let now = self.now();
        let Some((node, asked)) = self.nodes.get(at).and_then(|node| Some((node.key(), node.asks()?))) else { return };
        let others = self.nodes.iter().filter(|other| other.key() != node);
        let words: Vec<(Principal, Envelope)> =
            others.filter_map(|other| Some((other.key(), other.saw((node, asked.0, asked.1), now)?))).collect();
        if let Some(node) = self.nodes.get_mut(at) {
            node.hear(&words, asked);
        }
    }

    /// Every node that runs finds every other one that runs.
    fn meet(&mut self) -> Result<(), RehearsalError> {
        let up: Vec<(usize, Principal)> = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.clinic().is_some())
            .map(|(at, n)| (at, n.key()))
            .collect();
        for (at, mine) in &up {
            for (_, peer) in up.iter().filter(|(_, key)| key != mine) {
                self.hear(*at, Event::Connected(*peer))?;
            }
        }
        Ok(())
    }

    /// Delivers everything, and everything that follows from it at once.
    fn settle(&mut self) -> Result<(), RehearsalError> {
        while let Some(Packet { from, to, message }) = self.wire.next() {
            if let Some(at) = self.place_of(&to) {
                self.hear(at, Event::Message { from, message })?;
            }
        }
        Ok(())
    }

    fn hear(&mut self, at: usize, event: Event) -> Result<Option<Reply>, RehearsalError> {
        let Some(node) = self.nodes.get_mut(at) else { return Err(RehearsalError::NoNode { at }) };
        let mut done = node.on(event, self.clock.now())?;
        let reply = done.reply.take();
        self.send_all(at, done);
        Ok(reply)
    }

    fn send_all(&mut self, at: usize, done: Done) {
        let Some(from) = self.nodes.get(at).map(Node::key) else { return };
        for (to, message) in done.sends {
            self.wire.send(Packet { from, to, message });
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
