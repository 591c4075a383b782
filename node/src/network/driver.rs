//! The driver: the one task that owns the swarm. It never waits inside a handler; whatever takes
//! time comes back as a branch of its loop.

mod arrivals;
mod bulk;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::net::IpAddr;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{InboundRequestId, OutboundRequestId};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError};
use libp2p::{Multiaddr, Swarm};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::allowance::Allowance;
use super::errors::{NetworkError, SendError};
use super::events::{Inbox, NetworkEvent};
use super::frame::{ANSWER_BYTES_MAX, Frame, PUSHED_BYTES_MAX, Refusal, Reply, Request};
use super::key::NodeKey;
use super::offer::OfferId;
use super::outbox::Outbox;
use super::peers::{Asked, Peers};
use super::pending::{Outcome, Pending, PendingRequests, Purpose};
use super::redial::Redial;
use super::setup::{FrameTap, NetworkConfig, Timing};
use super::swarm::{self, Gates};
use bulk::Bulk;

/// What a [`super::Network`] handle asks of the driver.
#[derive(Debug)]
pub(super) enum Command {
    /// `done` hears the peer's bytes or why there are none; it is dropped only if the driver ends first.
    Send { to: NodeKey, bytes: Vec<u8>, done: Outcome },
    /// The same, to whoever is linked.
    AskPapers { to: NodeKey, bytes: Vec<u8>, done: Outcome },
    /// Takes the place of the whole set; peers only in the old one are cut off, hubs excepted.
    ReplaceAdmitted { set: BTreeSet<NodeKey>, done: oneshot::Sender<()> },
    /// Every linked peer must be admitted anew, as the new bytes may name another charter.
    ReplaceHello { hello: Vec<u8>, done: oneshot::Sender<()> },
    /// No command is read after it. `done` fires once all connections are closed.
    ShutDown { done: oneshot::Sender<()> },
}

/// The task's state. Fields are dropped in this order: who waits for the shutdown hears of it last.
pub(super) struct Driver {
    /// Polled only while the outbox has room, so a slow application holds its peers back.
    swarm: Swarm<Gates>,
    /// Closed when the last handle is gone, which shuts the node down like a command would.
    commands: mpsc::Receiver<Command>,
    /// Outlives the other fields: events still unread are flushed after the swarm is closed.
    outbox: Outbox,
    peers: Peers,
    /// Heartbeats are never in here; their loss is counted on the connection instead.
    pending: PendingRequests,
    /// Messages that are too long to be pushed.
    bulk: Bulk,
    /// How much each peer may still send.
    allowance: Allowance,
    /// Only hubs are ever dialed; other members have to dial in.
    redial: Redial,
    /// Requests of peers that the application is working on: the way back to each, and its end.
    asked: BTreeMap<InboundRequestId, (NodeKey, Asked)>,
    /// Resolves to no bytes where the application dropped its `Answer`.
    working: FuturesUnordered<BoxFuture<'static, Finished>>,
    /// The keys of the charter; the hubs are admitted besides.
    admitted: BTreeSet<NodeKey>,
    /// Compared byte for byte with a peer's; anything else is another charter.
    hello: Vec<u8>,
    timing: Timing,
    /// Sees frames that leave, never frames that arrive.
    tap: Option<FrameTap>,
    /// Set once and never taken back; from then on no message is accepted and no hub dialed.
    farewell: Option<Farewell>,
}

/// A request the application is done with; without bytes it dropped the request.
struct Finished {
    way: Way,
    /// At most `ANSWER_BYTES_MAX` of them leave; more are answered with a refusal.
    bytes: Option<Vec<u8>>,
}

/// How a request came, and where its answer goes.
enum Way {
    /// In one piece. May be gone from `asked` by now; then there is nobody to answer.
    Pushed(InboundRequestId),
    /// Pulled from this peer.
    Pulled(NodeKey, OfferId),
}

/// Shutting down: goodbyes are said, acknowledgements are awaited until the deadline.
struct Farewell {
    /// After this the driver ends, acknowledged or not.
    deadline: Instant,
    /// Dropped with the driver, which wakes whoever asked.
    _done: Option<oneshot::Sender<()>>,
}

impl Driver {
    /// Fails on a bad setting, an address that cannot be read, or a port that cannot be listened on.
    /// A hub does not dial itself: its own key is left out of the hubs.
    pub(super) fn new(config: NetworkConfig, commands: mpsc::Receiver<Command>) -> Result<(Self, Inbox), NetworkError> {
        config.check()?;
        let timing = config.timing;
        let mut swarm = swarm::build(&config.seed, timing.request_timeout)?;
        if let Some(text) = &config.listen {
            let address = read_address(text)?;
            swarm
                .listen_on(address)
                .map_err(|error| NetworkError::Listen { address: text.clone(), why: error.to_string() })?;
        }
        let own = NodeKey::of_seed(&config.seed);
        let mut hubs = Vec::new();
        for (key, text) in config.hubs.iter().filter(|(key, _)| *key != own) {
            hubs.push((*key, read_address(text)?));
        }
        let backoff = (timing.backoff_min, timing.backoff_max);
        let (outbox, inbox) = Outbox::new();
        let mut driver = Self {
            swarm,
            commands,
            outbox,
            peers: Peers::default(),
            pending: PendingRequests::default(),
            bulk: Bulk::default(),
            allowance: Allowance::default(),
            redial: Redial::new(hubs, backoff, Instant::now()),
            asked: BTreeMap::new(),
            working: FuturesUnordered::new(),
            admitted: BTreeSet::new(),
            hello: config.hello,
            timing,
            tap: config.frame_tap,
            farewell: None,
        };
        driver.replace_admitted(config.admitted);
        Ok((driver, inbox))
    }

    /// Runs until shut down, or until the last handle is gone.
    pub(super) async fn run(mut self) {
        let mut heartbeat = interval(self.timing.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.is_done() {
            let alarm = self.next_alarm();
            tokio::select! {
                biased;
                command = self.commands.recv(), if self.farewell.is_none() => {
                    self.on_command(command);
                }
                Some(finished) = self.working.next(), if !self.working.is_empty() => {
                    self.on_finished(finished);
                }
                () = self.outbox.flush(), if self.outbox.is_waiting() => {}
                () = alarm_at(alarm) => self.on_alarm(),
                _ = heartbeat.tick() => self.on_heartbeat(),
                event = self.swarm.select_next_some(), if self.outbox.has_room() => {
                    self.on_swarm_event(event);
                }
            }
        }
        // What the application has yet to read is kept for it, and nobody waits for it to do so.
        self.close().flush().await;
    }

    /// Closes everything but the way to the application.
    fn close(self) -> Outbox {
        self.outbox
    }

    /// `None` means that all handles were dropped, which counts as a shutdown that nobody awaits.
    fn on_command(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Send { to, bytes, done }) => self.send_message(to, bytes, done),
            Some(Command::AskPapers { to, bytes, done }) => self.ask_papers(to, bytes, done),
            Some(Command::ReplaceAdmitted { set, done }) => {
                self.replace_admitted(set);
                carried_out(done);
            }
            Some(Command::ReplaceHello { hello, done }) => {
                self.replace_hello(hello);
                carried_out(done);
            }
            Some(Command::ShutDown { done }) => self.say_goodbye(Some(done)),
            None => self.say_goodbye(None),
        }
    }

    /// Refused at once where the peer is not admitted or has too many requests under way: nothing is queued.
    /// Otherwise the deadline is one request timeout from now.
    fn send_message(&mut self, to: NodeKey, bytes: Vec<u8>, done: Outcome) {
        if !self.peers.is_admitted(to) {
            return settle(done, Err(SendError::NotConnected { peer: to }));
        }
        if bytes.len() > PUSHED_BYTES_MAX {
            return self.offer(to, bytes, done);
        }
        if self.pending.is_full(to) {
            return settle(done, Err(SendError::Busy { peer: to }));
        }
        self.send_request(to, Request::Message(bytes), done);
    }

    /// As a message, but the peer need not live under the same charter.
    fn ask_papers(&mut self, to: NodeKey, bytes: Vec<u8>, done: Outcome) {
        if !self.peers.is_linked(to) {
            return settle(done, Err(SendError::NotConnected { peer: to }));
        }
        if self.pending.is_full(to) {
            return settle(done, Err(SendError::Busy { peer: to }));
        }
        self.send_request(to, Request::Papers(bytes), done);
    }

    fn send_request(&mut self, to: NodeKey, request: Request, done: Outcome) {
        let deadline = Instant::now() + self.timing.request_timeout;
        let id = self.request(to, request);
        self.pending.insert(id, to, Purpose::Message(done), deadline);
    }

    /// Hubs stay admitted whatever the set says, since without them no relay works.
    /// The limits on connections are set anew, as they depend on how many peers may connect.
    fn replace_admitted(&mut self, set: BTreeSet<NodeKey>) {
        let hubs: BTreeSet<NodeKey> = self.redial.hubs().collect();
        for removed in self.admitted.difference(&set).copied().collect::<Vec<_>>() {
            if !hubs.contains(&removed) {
                let gate = &mut self.swarm.behaviour_mut().admitted;
                gate.disallow_peer(removed.peer_id());
                self.drop_peer(removed);
                self.bulk_forget(removed);
            }
        }
        let gates = self.swarm.behaviour_mut();
        for key in set.union(&hubs) {
            gates.admitted.allow_peer(key.peer_id());
        }
        *gates.limits.limits_mut() = swarm::limits_for(set.union(&hubs).count());
        self.admitted = set;
    }

    /// Links stay open; only the admissions are taken back, and each peer hears the new bytes.
    fn replace_hello(&mut self, hello: Vec<u8>) {
        self.hello = hello;
        for key in self.peers.linked() {
            self.unadmit(key);
            self.say_hello(key);
        }
    }

    /// An unanswered hello drops the peer after the request timeout, unless it was admitted meanwhile.
    fn say_hello(&mut self, to: NodeKey) {
        let deadline = Instant::now() + self.timing.request_timeout;
        let id = self.request(to, Request::Hello(self.hello.clone()));
        self.pending.insert(id, to, Purpose::Hello, deadline);
    }

    /// Answers whatever is open, so that peers need not wait, and tells them. A peer acknowledges
    /// once it has read its answers.
    fn say_goodbye(&mut self, done: Option<oneshot::Sender<()>>) {
        while let Some(Some(finished)) = self.working.next().now_or_never() {
            self.on_finished(finished);
        }
        for (from, asked) in std::mem::take(&mut self.asked).into_values() {
            self.answer(from, asked, Reply::Busy);
        }
        self.end_pulls();
        let deadline = Instant::now() + self.timing.goodbye_timeout;
        for key in self.peers.linked() {
            for (_, asked) in self.peers.take_held(key) {
                self.answer(key, asked, Reply::Busy);
            }
            if self.peers.is_admitted(key) {
                let id = self.request(key, Request::Goodbye);
                self.pending.insert(id, key, Purpose::Goodbye, deadline);
            }
        }
        self.farewell = Some(Farewell { deadline, _done: done });
    }

    /// Never before a farewell began; then at the last acknowledgement or the deadline, whichever is first.
    fn is_done(&self) -> bool {
        let farewell = self.farewell.as_ref();
        farewell.is_some_and(|farewell| !self.pending.awaits_goodbyes() || farewell.deadline <= Instant::now())
    }

    /// While shutting down the hubs' due times do not count, as nobody is dialed any more.
    fn next_alarm(&self) -> Option<Instant> {
        let other = match &self.farewell {
            Some(farewell) => Some(farewell.deadline),
            None => self.redial.next_due(),
        };
        self.pending.next_deadline().into_iter().chain(self.bulk.next_deadline()).chain(other).min()
    }

    /// Fails what is late before it dials, so that each late request hears of its own timeout.
    fn on_alarm(&mut self) {
        let now = Instant::now();
        while let Some(late) = self.pending.remove_expired(now) {
            let peer = late.to;
            self.fail(late, SendError::TimedOut { peer });
        }
        self.give_up_bulk(now);
        while self.farewell.is_none()
            && let Some((hub, addresses)) = self.redial.take_due(now)
        {
            self.dial(hub, addresses);
        }
    }

    /// Drops silent links first: no heartbeat is spent on a connection already given up.
    fn on_heartbeat(&mut self) {
        for (key, hung) in self.peers.count_misses() {
            tracing::debug!(peer = %key, "closing a connection that went silent");
            self.drop_link(key, hung);
        }
        self.give_up_bulk(Instant::now());
        for key in self.peers.linked() {
            // libp2p takes a peer's connections in turn, so as many requests reach each of them.
            for _ in self.peers.links(key) {
                self.request(key, Request::Heartbeat);
            }
        }
    }

    /// Does nothing where libp2p has reported the peer's stream as gone in the meantime.
    fn on_finished(&mut self, finished: Finished) {
        let reply = match finished.bytes {
            None => Reply::Busy,
            Some(bytes) if bytes.len() > ANSWER_BYTES_MAX => Reply::Refused(Refusal::AnswerTooLarge, Vec::new()),
            Some(bytes) => Reply::Answer(bytes),
        };
        match finished.way {
            Way::Pulled(from, offer) => self.on_pulled_finished(from, offer, reply),
            Way::Pushed(id) => {
                if let Some((from, asked)) = self.asked.remove(&id) {
                    self.answer(from, asked, reply);
                }
            }
        }
    }

    /// Does nothing where the hub dialed this node first. A dial refused on the spot is put off;
    /// every other dial ends in an event of the swarm.
    fn dial(&mut self, hub: NodeKey, addresses: Vec<Multiaddr>) {
        if self.peers.is_linked(hub) {
            return;
        }
        let dial = DialOpts::peer_id(hub.peer_id())
            .condition(PeerCondition::NotDialing)
            .allocate_new_port()
            .addresses(addresses)
            .build();
        match self.swarm.dial(dial) {
            // A dial under way ends in an event that schedules the next.
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => {}
            Err(error) => {
                tracing::debug!(peer = %hub, %error, "cannot dial");
                self.redial.schedule(hub, Instant::now());
            }
        }
    }

    /// Every request leaves through here.
    fn request(&mut self, to: NodeKey, request: Request) -> OutboundRequestId {
        if let Some(tap) = &self.tap {
            tap.see(to, &request.to_wire());
        }
        let frames = &mut self.swarm.behaviour_mut().frames;
        frames.send_request(&to.peer_id(), request)
    }

    /// Every reply leaves through here.
    fn answer(&mut self, to: NodeKey, asked: Asked, reply: Reply) {
        let Asked { channel, .. } = asked;
        if !channel.is_open() {
            return;
        }
        if let Some(tap) = &self.tap {
            tap.see(to, &reply.to_wire());
        }
        let frames = &mut self.swarm.behaviour_mut().frames;
        if frames.send_response(channel, reply).is_err() {
            tracing::debug!(peer = %to, "gone before its answer");
        }
    }

    /// A request got no answer.
    fn fail(&mut self, request: Pending, error: SendError) {
        match request.purpose {
            Purpose::Message(done) => self.settle_message(request.to, done, Err(error)),
            Purpose::Hello if !self.peers.is_admitted(request.to) => self.drop_peer(request.to),
            Purpose::Hello | Purpose::Goodbye => {}
        }
    }

    /// A message is over. A peer that is leaving may go after the last.
    fn settle_message(&mut self, peer: NodeKey, done: Outcome, outcome: Result<Vec<u8>, SendError>) {
        settle(done, outcome);
        self.note_goodbye(peer);
    }

    /// Acknowledges only when no answer is owed by the peer: it may close once it is acknowledged.
    fn note_goodbye(&mut self, peer: NodeKey) {
        if !self.pending.awaits_answer(peer)
            && !self.bulk.awaits_answer(peer)
            && let Some(goodbye) = self.peers.take_goodbye(peer)
        {
            self.answer(peer, goodbye, Reply::Noted);
        }
    }

    /// Reports a disconnection at most once for each connection that was reported.
    fn unadmit(&mut self, peer: NodeKey) {
        if self.peers.unadmit(peer) {
            self.outbox.deliver(NetworkEvent::Disconnected { peer });
        }
    }

    /// Its last link fails every request to it and, for a hub, schedules the next dial.
    fn drop_peer(&mut self, key: NodeKey) {
        for id in self.peers.links(key) {
            self.drop_link(key, id);
        }
    }

    /// Closes a connection and counts it as gone at once: on a hung one, closing takes long.
    fn drop_link(&mut self, key: NodeKey, id: ConnectionId) {
        self.swarm.close_connection(id);
        self.unlink(key, id);
    }

    /// Only the last link counts: until then the peer stays admitted.
    fn unlink(&mut self, key: NodeKey, id: ConnectionId) {
        if self.peers.unlink(key, id) {
            self.unadmit(key);
            self.peers.forget(key);
            self.bulk_gone(key);
            for lost in self.pending.remove_all(key) {
                self.fail(lost, SendError::Lost { peer: key });
            }
            self.redial.schedule(key, Instant::now());
        }
    }
}

/// The error names the text as it was configured, so that it can be found there.
/// Finds out whether an address can be listened on, before anything is opened that remembers having
/// been. Addresses other than of an interface and a TCP port are tried when the network starts.
pub(super) fn check_listen(text: &str) -> Result<(), NetworkError> {
    let address = read_address(text)?;
    let mut parts = address.iter();
    let ip = match parts.next() {
        Some(Protocol::Ip4(ip)) => IpAddr::from(ip),
        Some(Protocol::Ip6(ip)) => IpAddr::from(ip),
        _ => return Ok(()),
    };
    let Some(Protocol::Tcp(port)) = parts.next() else { return Ok(()) };
    match std::net::TcpListener::bind((ip, port)) {
        Ok(_) => Ok(()),
        Err(why) => Err(NetworkError::Listen { address: text.to_owned(), why: why.to_string() }),
    }
}

fn read_address(text: &str) -> Result<Multiaddr, NetworkError> {
    text.parse().map_err(|error: libp2p::multiaddr::Error| NetworkError::BadAddress {
        address: text.to_owned(),
        why: error.to_string(),
    })
}

/// Never resolves without a moment, so that its branch of the loop stays silent.
async fn alarm_at(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

/// A caller that gave up waiting is no error: the command was carried out all the same.
fn carried_out(done: oneshot::Sender<()>) {
    if done.send(()).is_err() {
        tracing::debug!("nobody waited for the command");
    }
}

/// The application may have dropped its end; the outcome is then lost without harm.
fn settle(done: Outcome, outcome: Result<Vec<u8>, SendError>) {
    if done.send(outcome).is_err() {
        tracing::debug!("nobody waited for the answer");
    }
}
