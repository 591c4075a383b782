//! What comes from the swarm: connections made and lost, and the frames of peers.

use libp2p::allow_block_list::NotAllowed;
use libp2p::request_response::{Event, Message, OutboundFailure, OutboundRequestId};
use libp2p::swarm::{ConnectionId, DialError, ListenError, SwarmEvent};

use super::super::allowance::Share;
use super::super::events::Answer;
use super::super::swarm::{Arrival, FrameEvent, GatesEvent};
use super::{
    Asked, Driver, Finished, FutureExt, Instant, NetworkEvent, NodeKey, Purpose, Refusal, Reply, Request, SendError,
    Way,
};

impl Driver {
    /// A connection whose peer id is no Ed25519 key that this node can name is closed at once.
    #[expect(clippy::wildcard_enum_match_arm, reason = "libp2p adds events; those that concern this node are named")]
    pub(super) fn on_swarm_event(&mut self, event: SwarmEvent<GatesEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => match event.into_arrival() {
                Arrival::Frame(event) => self.on_frame_event(event),
                Arrival::Bulk(event) => self.on_bulk_event(event),
            },
            SwarmEvent::NewListenAddr { address, .. } => {
                let address = address.to_string();
                self.outbox.deliver(NetworkEvent::Listening { address });
            }
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                match NodeKey::of_peer_id(&peer_id) {
                    Some(key) => self.on_linked(key, connection_id, endpoint.is_dialer()),
                    None => {
                        self.swarm.close_connection(connection_id);
                    }
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, .. } => {
                if let Some(key) = NodeKey::of_peer_id(&peer_id) {
                    self.unlink(key, connection_id);
                }
            }
            SwarmEvent::IncomingConnectionError {
                peer_id: Some(stranger),
                error: ListenError::Denied { cause },
                ..
            } if cause.downcast_ref::<NotAllowed>().is_some() => {
                self.report_stranger(stranger.to_string());
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer_id), error, .. } => {
                if let Some(hub) = NodeKey::of_peer_id(&peer_id) {
                    self.on_dial_failed(hub, &error);
                }
            }
            other => tracing::trace!(?other, "passed over"),
        }
    }

    /// Only the side that dialed says hello, so that two nodes do not greet each other twice.
    fn on_linked(&mut self, key: NodeKey, id: ConnectionId, dialed: bool) {
        let replaced = self.peers.link(key, id, dialed);
        if !replaced.is_empty() {
            // The peer lost its end of everything; it will say hello again.
            self.unadmit(key);
        }
        for older in replaced {
            self.drop_link(key, older);
        }
        if dialed {
            self.say_hello(key);
        }
    }

    /// A wrong key at a hub's address is reported: the address is stale, or somebody poses as the hub.
    fn on_dial_failed(&mut self, hub: NodeKey, error: &DialError) {
        tracing::debug!(peer = %hub, %error, "dialed in vain");
        if let DialError::WrongPeerId { obtained, .. } = error {
            self.report_stranger(obtained.to_string());
        }
        if !self.peers.is_linked(hub) {
            self.redial.schedule(hub, Instant::now());
        }
    }

    /// Given up where the inbox is full: strangers must not be able to fill it and block members.
    fn report_stranger(&mut self, peer: String) {
        tracing::debug!(%peer, "refused a stranger");
        if self.outbox.offer(NetworkEvent::StrangerRefused { peer }).is_err() {
            tracing::debug!("the inbox is full; the stranger is not reported");
        }
    }

    /// Every frame counts as a sign of life of its link, before anything is decided about it.
    fn on_frame_event(&mut self, event: FrameEvent) {
        match event {
            Event::Message { peer, connection_id, message } => {
                let Some(key) = NodeKey::of_peer_id(&peer) else {
                    return;
                };
                self.peers.heard(key, connection_id);
                match message {
                    Message::Request { request_id: id, request, channel } => {
                        self.on_request(key, connection_id, request, Asked { id, channel });
                    }
                    Message::Response { request_id, response } => self.on_reply(request_id, response),
                }
            }
            Event::OutboundFailure { request_id, error, .. } => {
                if let Some(request) = self.pending.remove(request_id) {
                    let error = send_error(request.to, &error);
                    self.fail(request, error);
                }
            }
            Event::InboundFailure { request_id, .. } | Event::ResponseSent { request_id, .. } => {
                self.asked.remove(&request_id);
            }
        }
    }

    /// Heartbeats and goodbyes are answered whoever is linked; messages need an admission.
    fn on_request(&mut self, from: NodeKey, link: ConnectionId, request: Request, asked: Asked) {
        let share = match &request {
            Request::Hello(_) => Share::Hellos,
            Request::Message(_) => Share::Messages,
            Request::Heartbeat | Request::Goodbye => Share::Beats,
            Request::Offer(_) | Request::GetChunk(_) => Share::Offers,
            Request::Papers(_) => Share::Papers,
        };
        if !self.allowance.allows(from, share, Instant::now()) {
            return self.answer(from, asked, Reply::Busy);
        }
        match request {
            Request::Heartbeat => self.answer(from, asked, Reply::Noted),
            Request::Goodbye => {
                self.unadmit(from);
                self.peers.keep_goodbye(from, asked);
                self.note_goodbye(from);
            }
            Request::Hello(theirs) => self.on_hello(from, link, theirs, asked),
            Request::Message(bytes) => self.on_message(from, bytes, asked),
            Request::Papers(_) if self.farewell.is_some() => self.answer(from, asked, Reply::Busy),
            Request::Papers(bytes) => {
                self.hand_on(from, asked, |answer| NetworkEvent::Asked { from, bytes, answer });
            }
            // Long messages have streams of their own.
            Request::Offer(_) | Request::GetChunk(_) => {
                self.answer(from, asked, Reply::Refused(Refusal::NotOffered, Vec::new()));
            }
        }
    }

    /// Refused while shutting down and on a link that was dropped meanwhile.
    /// Equal bytes admit the peer; unequal ones are answered with this node's own, to compare.
    fn on_hello(&mut self, from: NodeKey, link: ConnectionId, theirs: Vec<u8>, asked: Asked) {
        if self.farewell.is_some() || !self.peers.has_link(from, link) {
            self.answer(from, asked, Reply::Refused(Refusal::NotAdmitted, Vec::new()));
        } else if theirs == self.hello {
            self.answer(from, asked, Reply::Welcome(self.hello.clone()));
            self.admit(from);
        } else {
            let own = self.hello.clone();
            self.answer(from, asked, Reply::Refused(Refusal::CharterDiffers, own));
            self.charter_differs(from, theirs);
        }
    }

    /// Refused unless the peer is admitted, or about to be: then it waits for the welcome.
    fn on_message(&mut self, from: NodeKey, bytes: Vec<u8>, asked: Asked) {
        if self.farewell.is_some() {
            self.answer(from, asked, Reply::Busy);
        } else if self.peers.is_admitted(from) {
            self.hand_over(from, bytes, asked);
        } else if self.pending.awaits_welcome(from) {
            // It admitted this node and wrote at once; its welcome is on another stream.
            if let Some(asked) = self.peers.hold(from, bytes, asked) {
                self.answer(from, asked, Reply::Busy);
            }
        } else {
            self.answer(from, asked, Reply::Refused(Refusal::NotAdmitted, Vec::new()));
        }
    }

    /// Does nothing for heartbeats and for requests given up before; their answers come too late.
    fn on_reply(&mut self, id: OutboundRequestId, reply: Reply) {
        let Some(request) = self.pending.remove(id) else {
            return;
        };
        let peer = request.to;
        match request.purpose {
            Purpose::Message(done) => {
                self.settle_message(peer, done, message_outcome(peer, reply));
            }
            Purpose::Hello => self.on_hello_answered(peer, reply),
            Purpose::Goodbye => {}
        }
    }

    /// Any answer but a welcome or a charter drops the peer, unless it was admitted on another link.
    fn on_hello_answered(&mut self, peer: NodeKey, reply: Reply) {
        match reply {
            Reply::Welcome(theirs) if theirs == self.hello => self.admit(peer),
            Reply::Welcome(theirs) | Reply::Refused(Refusal::CharterDiffers, theirs) => {
                self.charter_differs(peer, theirs);
            }
            Reply::Refused(Refusal::NotAdmitted | Refusal::AnswerTooLarge | Refusal::NotOffered, _)
            | Reply::Answer(_)
            | Reply::Chunk(_)
            | Reply::Busy
            | Reply::Noted => {
                if !self.peers.is_admitted(peer) {
                    self.drop_peer(peer);
                }
            }
        }
    }

    /// Reported before the messages that waited for it, so the application sees no message of a stranger.
    fn admit(&mut self, peer: NodeKey) {
        if self.peers.admit(peer) {
            self.redial.reached(peer);
            self.outbox.deliver(NetworkEvent::Connected { peer });
            for (bytes, asked) in self.peers.take_held(peer) {
                self.hand_over(peer, bytes, asked);
            }
            self.offer_again(peer);
        }
    }

    /// The link stays, so that the peer can say hello again once either side has updated.
    fn charter_differs(&mut self, peer: NodeKey, theirs: Vec<u8>) {
        self.unadmit(peer);
        for (_, asked) in self.peers.take_held(peer) {
            self.answer(peer, asked, Reply::Refused(Refusal::NotAdmitted, Vec::new()));
        }
        self.outbox.deliver(NetworkEvent::CharterDiffers { peer, theirs });
    }

    /// Gives a message to the application. If it has no room, the event is dropped with its
    /// `Answer`, which answers "busy" like any other dropped answer.
    fn hand_over(&mut self, from: NodeKey, bytes: Vec<u8>, asked: Asked) {
        self.hand_on(from, asked, |answer| NetworkEvent::Received { from, bytes, answer });
    }

    fn hand_on(&mut self, from: NodeKey, asked: Asked, event: impl FnOnce(Answer) -> NetworkEvent) {
        let (answer, awaited) = Answer::awaited();
        let id = asked.id;
        let finished = awaited.map(move |bytes| Finished { way: Way::Pushed(id), bytes: bytes.ok() });
        self.asked.insert(id, (from, asked));
        self.working.push(finished.boxed());
        if self.outbox.offer(event(answer)).is_err() {
            tracing::debug!(peer = %from, "the inbox is full; answered busy");
        }
    }
}

/// A reply of the wrong kind counts as a lost request, since the peer may have acted on it or not.
pub(super) fn message_outcome(peer: NodeKey, reply: Reply) -> Result<Vec<u8>, SendError> {
    match reply {
        Reply::Answer(bytes) => Ok(bytes),
        Reply::Busy => Err(SendError::Busy { peer }),
        Reply::Refused(reason, _) => Err(SendError::Refused { peer, reason }),
        // No honest node answers a message like this.
        Reply::Welcome(_) | Reply::Noted | Reply::Chunk(_) => Err(SendError::Lost { peer }),
    }
}

/// `NotConnected` promises that nothing was sent; after the others the peer may have read the message.
pub(super) fn send_error(peer: NodeKey, failure: &OutboundFailure) -> SendError {
    match failure {
        OutboundFailure::DialFailure | OutboundFailure::UnsupportedProtocols => SendError::NotConnected { peer },
        OutboundFailure::Timeout => SendError::TimedOut { peer },
        OutboundFailure::ConnectionClosed | OutboundFailure::Io(_) => SendError::Lost { peer },
    }
}
