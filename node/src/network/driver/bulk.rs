//! Long messages: offered here and pulled by peers, offered by peers and pulled here.

use std::collections::BTreeMap;

use libp2p::request_response::{Event, Message, OutboundFailure, OutboundRequestId};

use super::super::allowance::Share;
use super::super::events::Answer;
use super::super::offer::{ChunkName, Offer, OfferId};
use super::super::pulls::{Came, OFFERS_PER_PEER_MAX, PullId, Pulls};
use super::super::swarm::FrameEvent;
use super::arrivals::{message_outcome, send_error};
use super::{
    Asked, Driver, Finished, Frame as _, FutureExt, Instant, NetworkEvent, NodeKey, Outcome, Refusal, Reply, Request,
    SendError, Way, settle,
};

/// Both directions.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    /// Offered to peers, until they answered.
    offered: BTreeMap<PullId, Offered>,
    pub(super) pulls: Pulls<Asked>,
    asked: BTreeMap<OutboundRequestId, Purpose>,
}

#[derive(Debug)]
struct Offered {
    offer: Offer,
    message: Vec<u8>,
    done: Outcome,
    deadline: Instant,
    /// Chunks that were given: a recipient may ask again after a loss, not for ever.
    served: usize,
    /// The offer that counts; those before it were on connections that are gone.
    request: Option<OutboundRequestId>,
}

impl Offered {
    /// A chunk, unless there is none of this number or each was given often enough.
    fn serve(&mut self, name: ChunkName) -> Option<Vec<u8>> {
        let chunk = name.of(&self.message)?;
        self.served = self.served.saturating_add(1);
        (self.served <= self.offer.chunks().saturating_mul(SERVED_TIMES_MAX)).then(|| chunk.to_vec())
    }
}

/// What a request about long messages was for.
#[derive(Debug)]
enum Purpose {
    Offer(PullId),
    Chunk(NodeKey, ChunkName),
}

impl Bulk {
    /// Whether a message to the peer is under way.
    pub(super) fn awaits_answer(&self, from: NodeKey) -> bool {
        self.offered.keys().any(|(to, _)| *to == from)
    }

    /// Whether this is the newest request that a message was offered with.
    fn counts(&self, id: PullId, request: OutboundRequestId) -> bool {
        self.offered.get(&id).is_some_and(|offered| offered.request == Some(request))
    }

    /// When the first of the messages under way is too late.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.offered.values().map(|offered| offered.deadline).min()
    }
}

impl Driver {
    /// Offers a message that is too long to be pushed. It outlives the connection: the peer is offered it again when it is
    /// back, until the deadline.
    pub(super) fn offer(&mut self, to: NodeKey, message: Vec<u8>, done: Outcome) {
        let offer = Offer::of(&message);
        let id = (to, offer.id());
        let under_way = self.bulk.offered.keys().filter(|(peer, _)| *peer == to).count();
        if under_way >= OFFERS_PER_PEER_MAX || self.bulk.offered.contains_key(&id) {
            return settle(done, Err(SendError::Busy { peer: to }));
        }
        let deadline = Instant::now() + self.timing.request_timeout * TRANSFER_REQUESTS;
        self.bulk.offered.insert(id, Offered { offer, message, done, deadline, served: 0, request: None });
        self.say_offer(id);
    }

    fn say_offer(&mut self, id: PullId) {
        let Some(offered) = self.bulk.offered.get(&id) else { return };
        let request = Request::Offer(offered.offer.clone());
        let request = self.bulk_request(id.0, request);
        self.bulk.asked.insert(request, Purpose::Offer(id));
        if let Some(offered) = self.bulk.offered.get_mut(&id) {
            offered.request = Some(request);
        }
    }

    /// The peer is back: whatever it was offered it is offered again.
    pub(super) fn offer_again(&mut self, to: NodeKey) {
        let theirs: Vec<PullId> = self.bulk.offered.keys().filter(|(peer, _)| *peer == to).copied().collect();
        theirs.into_iter().for_each(|id| self.say_offer(id));
    }

    /// The peer has no link left. What it pulled from here waits for it to come back, unless it never may.
    pub(super) fn bulk_gone(&mut self, peer: NodeKey) {
        self.bulk.pulls.gone(peer);
        self.bulk.asked.retain(|_, purpose| match purpose {
            Purpose::Offer((whose, _)) | Purpose::Chunk(whose, _) => *whose != peer,
        });
    }

    /// The peer is no member any more: nothing waits for it.
    pub(super) fn bulk_forget(&mut self, peer: NodeKey) {
        let theirs: Vec<PullId> = self.bulk.offered.keys().filter(|(to, _)| *to == peer).copied().collect();
        for id in theirs {
            self.settle_offer(id, Err(SendError::Lost { peer }));
        }
        let theirs: Vec<PullId> = self.bulk.pulls.all().into_iter().filter(|(from, _)| *from == peer).collect();
        for id in theirs {
            self.bulk.pulls.end(id);
        }
    }

    /// What is too late, or was not heard of for too long, is given up.
    pub(super) fn give_up_bulk(&mut self, now: Instant) {
        let late = self.bulk.offered.iter().filter(|(_, offered)| offered.deadline <= now);
        let late: Vec<PullId> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.settle_offer(id, Err(SendError::TimedOut { peer: id.0 }));
        }
        for id in self.bulk.pulls.stale(now) {
            tracing::debug!(peer = %id.0, "a long message stopped coming");
            self.end_pull(id, Reply::Busy);
        }
        self.pull();
    }

    /// Nothing is taken in any more.
    pub(super) fn end_pulls(&mut self) {
        for id in self.bulk.pulls.all() {
            self.end_pull(id, Reply::Busy);
        }
    }

    fn end_pull(&mut self, id: PullId, reply: Reply) {
        if let Some(asked) = self.bulk.pulls.end(id) {
            self.answer(id.0, asked, reply);
        }
    }

    fn settle_offer(&mut self, id: PullId, outcome: Result<Vec<u8>, SendError>) {
        if let Some(offered) = self.bulk.offered.remove(&id) {
            self.settle_message(id.0, offered.done, outcome);
        }
    }

    /// Asks for whatever is wanted now.
    fn pull(&mut self) {
        for (peer, name) in self.bulk.pulls.wanted() {
            let request = self.bulk_request(peer, Request::GetChunk(name));
            self.bulk.asked.insert(request, Purpose::Chunk(peer, name));
        }
    }

    fn bulk_request(&mut self, to: NodeKey, request: Request) -> OutboundRequestId {
        if let Some(tap) = &self.tap {
            tap.see(to, &request.to_wire());
        }
        self.swarm.behaviour_mut().bulk.send_request(&to.peer_id(), request)
    }

    pub(super) fn on_bulk_event(&mut self, event: FrameEvent) {
        match event {
            Event::Message { peer, connection_id, message } => {
                let Some(key) = NodeKey::of_peer_id(&peer) else { return };
                self.peers.heard(key, connection_id);
                match message {
                    Message::Request { request_id: id, request, channel } => {
                        self.on_bulk_request(key, request, Asked { id, channel });
                    }
                    Message::Response { request_id, response } => self.on_bulk_reply(request_id, response),
                }
            }
            Event::OutboundFailure { request_id, error, .. } => self.on_bulk_failure(request_id, &error),
            Event::InboundFailure { .. } | Event::ResponseSent { .. } => {}
        }
    }

    /// Only offers and chunks travel here, and only between peers that are admitted.
    fn on_bulk_request(&mut self, from: NodeKey, request: Request, asked: Asked) {
        if self.farewell.is_some() {
            return self.answer(from, asked, Reply::Busy);
        }
        if !self.peers.is_admitted(from) {
            return self.answer(from, asked, Reply::Refused(Refusal::NotAdmitted, Vec::new()));
        }
        match request {
            Request::Offer(_) if !self.allowance.allows(from, Share::Offers, Instant::now()) => {
                self.answer(from, asked, Reply::Busy);
            }
            Request::Offer(offer) => match self.bulk.pulls.offered(from, offer, asked, Instant::now()) {
                Ok(()) => self.pull(),
                Err(asked) => self.answer(from, asked, Reply::Busy),
            },
            Request::GetChunk(name) => {
                let chunk = self.bulk.offered.get_mut(&(from, name.offer)).and_then(|offered| offered.serve(name));
                let reply = chunk.map_or(Reply::Refused(Refusal::NotOffered, Vec::new()), Reply::Chunk);
                self.answer(from, asked, reply);
            }
            Request::Hello(_) | Request::Message(_) | Request::Heartbeat | Request::Goodbye | Request::Papers(_) => {
                self.answer(from, asked, Reply::Refused(Refusal::NotOffered, Vec::new()));
            }
        }
    }

    fn on_bulk_reply(&mut self, request: OutboundRequestId, reply: Reply) {
        match self.bulk.asked.remove(&request) {
            Some(Purpose::Offer(id)) if self.bulk.counts(id, request) => {
                self.settle_offer(id, message_outcome(id.0, reply));
            }
            Some(Purpose::Chunk(peer, name)) => self.on_chunk(peer, name, reply),
            Some(Purpose::Offer(_)) | None => {}
        }
    }

    /// A peer that does not give what it offered has its message dropped, and is told.
    fn on_chunk(&mut self, peer: NodeKey, name: ChunkName, reply: Reply) {
        let id = (peer, name.offer);
        let came = match reply {
            Reply::Chunk(bytes) => self.bulk.pulls.came(peer, name, bytes, Instant::now()),
            Reply::Welcome(_) | Reply::Refused(..) | Reply::Answer(_) | Reply::Busy | Reply::Noted => Came::Wrong,
        };
        match came {
            Came::Part | Came::Unasked => {}
            Came::Wrong => {
                tracing::debug!(%peer, "a chunk that is not what was offered");
                self.end_pull(id, Reply::Refused(Refusal::NotOffered, Vec::new()));
            }
            Came::Whole(message) => self.hand_over_pulled(id, message),
        }
        self.pull();
    }

    /// Gives it to the application. The room that it takes is free again once that has answered.
    fn hand_over_pulled(&mut self, (from, offer): PullId, bytes: Vec<u8>) {
        let (answer, awaited) = Answer::awaited();
        let finished = awaited.map(move |bytes| Finished { way: Way::Pulled(from, offer), bytes: bytes.ok() });
        self.working.push(finished.boxed());
        if self.outbox.offer(NetworkEvent::Received { from, bytes, answer }).is_err() {
            tracing::debug!(peer = %from, "the inbox is full; answered busy");
        }
    }

    /// The application is done with a message that was pulled.
    pub(super) fn on_pulled_finished(&mut self, from: NodeKey, offer: OfferId, reply: Reply) {
        self.end_pull((from, offer), reply);
        self.pull();
    }

    /// A lost chunk is asked for again, and an offer without an answer is made again, as long as the peer is there.
    fn on_bulk_failure(&mut self, request: OutboundRequestId, error: &OutboundFailure) {
        let again = match error {
            OutboundFailure::Timeout | OutboundFailure::ConnectionClosed | OutboundFailure::DialFailure => true,
            OutboundFailure::UnsupportedProtocols | OutboundFailure::Io(_) => false,
        };
        match self.bulk.asked.remove(&request) {
            Some(Purpose::Chunk(peer, name)) if again => {
                self.bulk.pulls.lost(peer, name);
                if self.peers.is_admitted(peer) {
                    self.pull();
                }
            }
            Some(Purpose::Chunk(peer, name)) => {
                self.end_pull((peer, name.offer), Reply::Refused(Refusal::NotOffered, Vec::new()));
                self.pull();
            }
            Some(Purpose::Offer(id)) if again && self.bulk.counts(id, request) && self.peers.is_admitted(id.0) => {
                self.say_offer(id);
            }
            Some(Purpose::Offer(id)) if !again && self.bulk.counts(id, request) => {
                self.settle_offer(id, Err(send_error(id.0, error)));
            }
            // Offered again once the peer is back, or was already.
            Some(Purpose::Offer(_)) | None => {}
        }
    }
}

/// How often a whole message may be pulled of one offer, losses included.
const SERVED_TIMES_MAX: usize = 8;
/// How many request timeouts a long message may take from its first offer to its answer: ten minutes.
const TRANSFER_REQUESTS: u32 = 20;
