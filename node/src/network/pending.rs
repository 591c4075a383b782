//! The one table of requests under way, each with its deadline.

use std::collections::{BTreeMap, BTreeSet};

use libp2p::request_response::OutboundRequestId;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::errors::SendError;
use super::key::NodeKey;

/// Application requests under way to one peer; the next is answered "busy" at once.
pub(super) const REQUESTS_PER_PEER_MAX: usize = 16;

/// Where the outcome of an application's request goes.
pub(super) type Outcome = oneshot::Sender<Result<Vec<u8>, SendError>>;

/// What a request was for. Heartbeats are not here: their loss is counted on the connection.
#[derive(Debug)]
pub(super) enum Purpose {
    Message(Outcome),
    Hello,
    Goodbye,
}

/// A request without an answer yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) to: NodeKey,
    pub(super) purpose: Purpose,
    deadline: Instant,
}

/// All requests without an answer yet.
#[derive(Debug, Default)]
pub(super) struct PendingRequests {
    requests: BTreeMap<OutboundRequestId, Pending>,
    deadlines: BTreeSet<(Instant, OutboundRequestId)>,
    messages: BTreeMap<NodeKey, usize>,
    hellos: BTreeMap<NodeKey, usize>,
    goodbyes: usize,
}

impl PendingRequests {
    pub(super) fn insert(&mut self, id: OutboundRequestId, to: NodeKey, purpose: Purpose, deadline: Instant) {
        match &purpose {
            Purpose::Message(_) => *self.messages.entry(to).or_default() += 1,
            Purpose::Hello => *self.hellos.entry(to).or_default() += 1,
            Purpose::Goodbye => self.goodbyes += 1,
        }
        self.deadlines.insert((deadline, id));
        let pending = Pending { to, purpose, deadline };
        self.requests.insert(id, pending);
    }

    /// Takes a request out; `None` if it is a heartbeat or was given up before.
    pub(super) fn remove(&mut self, id: OutboundRequestId) -> Option<Pending> {
        let pending = self.requests.remove(&id)?;
        self.deadlines.remove(&(pending.deadline, id));
        match &pending.purpose {
            Purpose::Message(_) => count_down(&mut self.messages, pending.to),
            Purpose::Hello => count_down(&mut self.hellos, pending.to),
            Purpose::Goodbye => self.goodbyes = self.goodbyes.saturating_sub(1),
        }
        Some(pending)
    }

    /// Takes out one request whose deadline has come.
    pub(super) fn remove_expired(&mut self, now: Instant) -> Option<Pending> {
        let (deadline, id) = self.deadlines.first().copied()?;
        if deadline > now {
            return None;
        }
        self.remove(id)
    }

    /// Takes out all requests to one peer, in the order in which they were sent.
    pub(super) fn remove_all(&mut self, to: NodeKey) -> Vec<Pending> {
        let theirs = self.requests.iter().filter(|(_, pending)| pending.to == to);
        let ids: Vec<_> = theirs.map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| self.remove(id)).collect()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Whether one more application request to the peer is too many.
    pub(super) fn is_full(&self, to: NodeKey) -> bool {
        self.messages.get(&to).is_some_and(|n| *n >= REQUESTS_PER_PEER_MAX)
    }

    /// Whether an application request to the peer is under way.
    pub(super) fn awaits_answer(&self, from: NodeKey) -> bool {
        self.messages.contains_key(&from)
    }

    pub(super) fn awaits_welcome(&self, from: NodeKey) -> bool {
        self.hellos.contains_key(&from)
    }

    pub(super) fn awaits_goodbyes(&self) -> bool {
        self.goodbyes > 0
    }
}

fn count_down(counts: &mut BTreeMap<NodeKey, usize>, key: NodeKey) {
    if let Some(count) = counts.get_mut(&key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(&key);
        }
    }
}
