//! What is between the nodes: it delivers at once and in order, unless somebody loses a message.

use std::collections::VecDeque;
use std::fmt;

use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::Message;

/// One message on its way.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "complete: a sender, a recipient and what is said")]
pub struct Packet {
    /// Who sent it.
    pub from: Principal,
    /// Whom it is for.
    pub to: Principal,
    /// What it says.
    pub message: Message,
}

/// Everything that was sent, in order, lost or not: what somebody sees who holds the whole network.
#[derive(Debug, Default)]
pub struct Tape(Vec<Packet>);

impl Tape {
    /// The messages, the earliest first.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.0.iter()
    }
}

/// Says of a message whether it is to be lost.
pub(super) type Judge = Box<dyn FnMut(&Packet) -> bool + Send>;

/// The messages on their way.
#[derive(Default)]
pub(super) struct Wire {
    queue: VecDeque<Packet>,
    judge: Option<Judge>,
    tape: Tape,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({} on their way)", self.queue.len())
    }
}

impl Wire {
    pub(super) fn send(&mut self, packet: Packet) {
        self.tape.0.push(packet.clone());
        let lost = self.judge.as_mut().is_some_and(|judge| judge(&packet));
        if !lost {
            self.queue.push_back(packet);
        }
    }

    pub(super) fn next(&mut self) -> Option<Packet> {
        self.queue.pop_front()
    }

    pub(super) fn lose(&mut self, judge: Option<Judge>) {
        self.judge = judge;
    }

    pub(super) const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// How many messages were sent so far.
    pub(super) const fn sent(&self) -> usize {
        self.tape.0.len()
    }
}
