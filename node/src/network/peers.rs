//! Who is linked to this node, by which connections, and who of them is admitted.
//!
//! A *link* is a libp2p connection; it says nothing about admission. A peer is admitted when both
//! sides have named the same charter, whichever of its links that happened on.

use std::collections::BTreeMap;

use libp2p::request_response::{InboundRequestId, ResponseChannel};
use libp2p::swarm::ConnectionId;

use super::frame::Reply;
use super::key::NodeKey;

/// Heartbeats in a row without a sign of life after which a connection is closed.
const MISSES_MAX: u8 = 3;
/// Messages of one peer that may wait for its welcome.
const EARLY_MAX: usize = 16;

#[derive(Debug)]
struct Link {
    /// Whether this node dialed.
    dialed: bool,
    /// Whether anything came on it since the last heartbeat.
    heard: bool,
    misses: u8,
}

/// A request on its way to its reply.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: InboundRequestId,
    pub(super) channel: ResponseChannel<Reply>,
}

#[derive(Debug, Default)]
struct Peer {
    links: BTreeMap<ConnectionId, Link>,
    admitted: bool,
    early: Vec<(Vec<u8>, Asked)>,
    /// Its goodbye, until it may be acknowledged.
    goodbye: Option<Asked>,
}

/// Every peer with at least one link.
#[derive(Debug, Default)]
pub(super) struct Peers {
    peers: BTreeMap<NodeKey, Peer>,
}

impl Peers {
    /// A new connection. Returns the older ones it takes the place of: a peer dials only when it
    /// has no connection left, so an earlier one that it dialed is dead, even if TCP has not
    /// noticed.
    pub(super) fn link(&mut self, key: NodeKey, id: ConnectionId, dialed: bool) -> Vec<ConnectionId> {
        let peer = self.peers.entry(key).or_default();
        let replaced = peer.links.iter().filter(|(_, link)| link.dialed == dialed);
        let replaced = replaced.map(|(older, _)| *older).collect();
        let link = Link { dialed, heard: true, misses: 0 };
        peer.links.insert(id, link);
        replaced
    }

    /// Forgets a connection. `true` if it was the peer's last; the peer must not be admitted then.
    pub(super) fn unlink(&mut self, key: NodeKey, id: ConnectionId) -> bool {
        let Some(peer) = self.peers.get_mut(&key) else {
            return false;
        };
        let known = peer.links.remove(&id).is_some();
        known && peer.links.is_empty()
    }

    /// Forgets a peer that has no links left.
    pub(super) fn forget(&mut self, key: NodeKey) {
        self.peers.remove(&key);
    }

    pub(super) fn is_linked(&self, key: NodeKey) -> bool {
        self.peers.contains_key(&key)
    }

    pub(super) fn has_link(&self, key: NodeKey, id: ConnectionId) -> bool {
        let peer = self.peers.get(&key);
        peer.is_some_and(|peer| peer.links.contains_key(&id))
    }

    pub(super) fn links(&self, key: NodeKey) -> Vec<ConnectionId> {
        let peer = self.peers.get(&key);
        peer.map(|peer| peer.links.keys().copied().collect()).unwrap_or_default()
    }

    /// Every linked peer, admitted or not.
    pub(super) fn linked(&self) -> Vec<NodeKey> {
        self.peers.keys().copied().collect()
    }

    pub(super) fn is_admitted(&self, key: NodeKey) -> bool {
        self.peers.get(&key).is_some_and(|peer| peer.admitted)
    }

    /// Admits a linked peer. `true` if it was not admitted before.
    pub(super) fn admit(&mut self, key: NodeKey) -> bool {
        let peer = self.peers.get_mut(&key);
        peer.is_some_and(|peer| !std::mem::replace(&mut peer.admitted, true))
    }

    /// Takes the admission back. `true` if the peer was admitted before.
    pub(super) fn unadmit(&mut self, key: NodeKey) -> bool {
        let peer = self.peers.get_mut(&key);
        peer.is_some_and(|peer| std::mem::replace(&mut peer.admitted, false))
    }

    /// Keeps a message that overtook its sender's welcome, or hands it back if too many wait.
    pub(super) fn hold(&mut self, key: NodeKey, bytes: Vec<u8>, asked: Asked) -> Option<Asked> {
        match self.peers.get_mut(&key) {
            Some(peer) if peer.early.len() < EARLY_MAX => {
                peer.early.push((bytes, asked));
                None
            }
            Some(_) | None => Some(asked),
        }
    }

    /// The messages kept by [`Peers::hold`], in the order in which they came.
    pub(super) fn take_held(&mut self, key: NodeKey) -> Vec<(Vec<u8>, Asked)> {
        let peer = self.peers.get_mut(&key);
        peer.map(|peer| std::mem::take(&mut peer.early)).unwrap_or_default()
    }

    /// Keeps the goodbye of a leaving peer until this node has its answers from it.
    pub(super) fn keep_goodbye(&mut self, key: NodeKey, asked: Asked) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.goodbye = Some(asked);
        }
    }

    pub(super) fn take_goodbye(&mut self, key: NodeKey) -> Option<Asked> {
        self.peers.get_mut(&key)?.goodbye.take()
    }

    /// Something came on this connection.
    pub(super) fn heard(&mut self, key: NodeKey, id: ConnectionId) {
        let peer = self.peers.get_mut(&key);
        if let Some(link) = peer.and_then(|peer| peer.links.get_mut(&id)) {
            link.heard = true;
        }
    }

    /// One heartbeat interval has passed. Returns the connections that were silent for too many.
    pub(super) fn count_misses(&mut self) -> Vec<(NodeKey, ConnectionId)> {
        let mut hung = Vec::new();
        for (key, peer) in &mut self.peers {
            for (id, link) in &mut peer.links {
                let heard = std::mem::replace(&mut link.heard, false);
                link.misses = if heard { 0 } else { link.misses.saturating_add(1) };
                if link.misses >= MISSES_MAX {
                    hung.push((*key, *id));
                }
            }
        }
        hung
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> NodeKey {
        NodeKey::of_seed(&zeroize::Zeroizing::new([seed; 32]))
    }

    fn connection(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    #[test]
    fn a_new_connection_replaces_only_older_ones_of_its_direction() {
        let mut peers = Peers::default();
        assert!(peers.link(key(1), connection(1), false).is_empty());
        let opposite = peers.link(key(1), connection(2), true);
        assert!(opposite.is_empty(), "both dialed at the same moment");
        let again = peers.link(key(1), connection(3), false);
        assert_eq!(again, [connection(1)], "it dialed again, so the first is dead");
        assert!(peers.link(key(2), connection(4), false).is_empty());
    }

    #[test]
    fn only_the_last_link_of_a_peer_is_its_last() {
        let mut peers = Peers::default();
        peers.link(key(1), connection(1), false);
        peers.link(key(1), connection(2), true);
        assert!(!peers.unlink(key(1), connection(1)));
        assert!(!peers.unlink(key(1), connection(1)), "already gone");
        assert!(peers.unlink(key(1), connection(2)));
    }

    #[test]
    fn admission_is_said_once_and_only_of_linked_peers() {
        let mut peers = Peers::default();
        assert!(!peers.admit(key(1)), "no link");
        peers.link(key(1), connection(1), false);
        assert!(peers.admit(key(1)));
        assert!(!peers.admit(key(1)), "already said");
        assert!(peers.unadmit(key(1)));
        assert!(!peers.unadmit(key(1)), "already said");
    }

    #[test]
    fn three_silent_heartbeats_in_a_row_are_too_many() {
        let mut peers = Peers::default();
        peers.link(key(1), connection(1), false);
        assert!(peers.count_misses().is_empty(), "it is new");
        assert!(peers.count_misses().is_empty());
        assert!(peers.count_misses().is_empty());
        peers.heard(key(1), connection(1));
        assert!(peers.count_misses().is_empty(), "a sign of life starts over");
        assert!(peers.count_misses().is_empty());
        assert!(peers.count_misses().is_empty());
        assert_eq!(peers.count_misses(), [(key(1), connection(1))]);
    }
}
