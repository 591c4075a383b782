//! A node at work: one loop that hands events to the roles and carries out their effects.
//!
//! The loop alone touches roles and books, so everything that happens to a query happens in one
//! order. What is to be kept is durable before the next effect begins.

mod approving;
mod arrivals;
mod at_the_door;
mod charters;
mod commands;
pub(crate) mod counter;
mod effects;
mod error;
mod following;
mod handing_on;
mod ledgers;
mod noting;
mod reading;
pub(crate) mod recall;
mod recovering;
mod roles;
mod upkeep;
mod watching;
mod witness;

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::digest::Digest;
use sumac_protocol::evidence::Notebook;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::Event;
use sumac_protocol::round::message::{Message, decode, encode};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

pub use arrivals::{ARRIVALS_MAX, SEALED_BYTES_MAX};
pub use charters::{FollowError, waits};
pub use error::RunError;
pub use recovering::{RecoverError, Recovered, recover};
pub use watching::Reins;
pub use witness::WitnessError;

use crate::clinic::Clinic;
use crate::clock::Clock;
use crate::control::{self, Call};
use crate::door::{self, Door, DoorPlan, Hall, Nameplate};
use crate::home::{Home, Settings};
use crate::metrics::{Metrics, MetricsDoor, Turned, check_address};
use crate::network::{Answer, FrameTap, Inbox, Network, NetworkConfig, NetworkError, NetworkEvent, NodeKey, Timing};
use crate::store::{Entry, IndexState, Store, UnlockSecret};
use approving::Approvals;
use arrivals::Arrivals;
pub(crate) use effects::note;
use following::{NEWS_MAX, News};
use handing_on::Heard;
use recall::Recall;
pub(crate) use roles::{Roles, SystemRandom};
use watching::Watched;

/// What a node says once it is ready for work.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Ready {
    /// Its key.
    pub key: Principal,
    /// Its process.
    pub pid: u32,
    /// Where it accepts connections; empty for one that only dials out.
    pub listening: Vec<String>,
    /// Where patients' programs are heard; none where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patients: Option<String>,
    /// Where metrics and health are heard; none where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
}

/// Runs the node in `home`, with these settings of it, until its reins say stop. `ready` is called once, when the node
/// can be reached.
///
/// # Errors
/// [`RunError`]: nothing was started, or the store failed and the node stopped to lose nothing.
pub async fn run<S: Future<Output = ()>>(
    home: &Home,
    settings: &Settings,
    unlock: &UnlockSecret,
    reins: Reins<S>,
    ready: impl FnOnce(&Ready),
) -> Result<(), RunError> {
    let chain = home.charter()?;
    let started = Clock::default().now();
    // What can be refused is refused before the store is opened, which marks it as in use.
    let network_of = network_config(home, settings, &chain)?;
    let door_plan = DoorPlan::of(settings, home)?;
    settings.metrics.map_or(Ok(()), check_address)?;
    let (store, report) = Store::open(&home.store_paths(settings), unlock)?;
    tracing::info!(?report, "the store is open");
    let store = Arc::new(store);
    let clock = Arc::new(Clock::not_before(newest_moment(&store, &chain)?));
    let clinic = Clinic::new(Arc::clone(&store), chain.clone(), Arc::clone(&clock));
    clinic.finish_erasures()?;
    let metrics = Metrics::started_at(started.0 / 1_000);
    metrics.index_rebuilt(matches!(report.index, IndexState::Rebuilt { .. }));
    let watch = match settings.metrics {
        None => None,
        Some(address) => Some(MetricsDoor::open(address, Arc::clone(&metrics), Arc::clone(&reins.heart)).await?),
    };
    let (network, inbox) = Network::start(network_of(store.identity_seed())).await?;
    let (calls, call_queue) = mpsc::channel(CALLS_MAX);
    control::serve(&home.control_socket(), calls)
        .map_err(|why| RunError::Control { socket: home.control_socket(), why: why.to_string() })?;
    let (asked, patients) = mpsc::channel(door::CALLS_MAX);
    let (open, nameplate) = match &door_plan {
        None => (None, None),
        Some(plan) => {
            let hall = Hall::new(plan, clinic.signer().principal(), &chain, Arc::clone(&clock), asked)?;
            let hall = hall.counted_by(Arc::clone(&metrics));
            let nameplate = hall.nameplate();
            (Some(Door::open(plan, hall).await?), Some(nameplate))
        }
    };
    let watched = Watched::new(metrics, Arc::clone(&reins.heart), home.studies(&chain)?, settings.clone());
    let mut node = Node::new(home.clone(), clinic, network, clock, watched)?;
    node.heard_at = (open.as_ref().map(Door::url), watch.as_ref().map(MetricsDoor::address));
    node.nameplate = nameplate;
    node.approvals = Approvals::new(settings.approval, home.decisions()?);
    let worked = node.work(inbox, Calls { desk: call_queue, patients, door: open.as_ref() }, reins, ready).await;
    drop((open, watch));
    node.network.shutdown().await;
    if let Some(reading) = node.leave_consents() {
        reading.await.unwrap_or_else(|why| tracing::error!(%why, "the reading of consents"));
    }
    drop(node);
    std::fs::remove_file(home.control_socket()).unwrap_or_else(|why| tracing::debug!(%why, "the control socket stays"));
    // Effects on their way may hold the store a moment longer; dropping it loses nothing.
    match Arc::try_unwrap(store) {
        Ok(store) => store.close()?,
        Err(_) => tracing::debug!("the store is still in use; it closes with its last user"),
    }
    worked
}

/// What people ask of the loop.
struct Calls<'d> {
    /// The clinic's own people, over the control socket.
    desk: mpsc::Receiver<Call>,
    /// Patients' programs. Where the door is closed, nothing ever comes.
    patients: mpsc::Receiver<door::Call>,
    /// The door itself, for what can change while it is open.
    door: Option<&'d Door>,
}

struct Node {
    home: Home,
    /// Another one from the moment another charter is in force.
    clinic: Arc<Clinic>,
    /// Cloned into tasks that send, which may outlive the event that caused them.
    network: Network,
    /// Never earlier than the newest moment in the journal, even if the system's clock was set back.
    clock: Arc<Clock>,
    roles: Roles,
    /// What waits here for other clinics.
    arrivals: Arrivals,
    /// How much members hand on to this node, or through it.
    heard: Heard,
    /// Members with an admitted link right now; charter members who are away are not in it.
    connected: BTreeSet<Principal>,
    /// Empty until the system has given the addresses, which a chosen port 0 needs.
    listening: Vec<String>,
    /// Where patients' programs are heard, and where metrics; none where they are not.
    heard_at: (Option<String>, Option<SocketAddr>),
    /// What patients' programs are told of this clinic; none where they are not heard.
    nameplate: Option<Nameplate>,
    /// Calls that wait for a person of the clinic.
    approvals: Approvals,
    /// Where what peers tell of charters and studies is put, and taken from.
    told: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
    /// Studies of the charter that are not kept here.
    studies_wanted: BTreeSet<Digest>,
    /// Two charters of one epoch are signed: their digests, in words. No new question is taken then.
    fork: Option<String>,
    /// Events of this node to itself; empty between two turns of the loop.
    queue: VecDeque<Event>,
    /// What members signed in attempts that this node takes part in, so that they can be held to it.
    notebook: Notebook,
    /// What goes into the next durable batch of the roles, whichever that is.
    beside: Vec<Entry>,
    /// The newest number of a signed message that is kept.
    counter_kept: u64,
    /// Whether this node has forgotten something, as far as others can tell.
    recall: Recall,
    /// The journal's head when the watermark was last sealed, if it was since the start.
    sealed_head: Option<u64>,
    watched: Watched,
    /// Consents that are being read.
    reading: Option<JoinHandle<()>>,
}

impl Node {
    fn new(
        home: Home,
        clinic: Clinic,
        network: Network,
        clock: Arc<Clock>,
        watched: Watched,
    ) -> Result<Self, RunError> {
        let clinic = Arc::new(clinic);
        let (mut roles, queue, arrivals) = (Roles::default(), VecDeque::new(), Arrivals::restore(clinic.store())?);
        let counter_kept = counter::kept(clinic.store())?;
        roles.counter = counter_kept;
        let recall = Recall::new(&clinic, counter_kept)?;
        let notebook = clinic.notebook()?;
        let (connected, listening) = (BTreeSet::new(), Vec::new());
        let (told, news) = mpsc::channel(NEWS_MAX);
        let mut node = Self {
            home,
            clinic,
            network,
            clock,
            roles,
            arrivals,
            heard: Heard::default(),
            connected,
            listening,
            heard_at: (None, None),
            nameplate: None,
            approvals: Approvals::default(),
            told,
            news,
            studies_wanted: BTreeSet::new(),
            fork: None,
            queue,
            notebook,
            beside: Vec::new(),
            counter_kept,
            recall,
            sealed_head: None,
            watched,
            reading: None,
        };
        node.read_consents();
        node.look_for_studies()?;
        Ok(node)
    }

    /// Ends at `stop` or when the network is gone, both without an error.
    /// Fails where a role's form or the store does: going on could lose what was promised.
    async fn work<S: Future<Output = ()>>(
        &mut self,
        mut inbox: Inbox,
        mut calls: Calls<'_>,
        reins: Reins<S>,
        ready: impl FnOnce(&Ready),
    ) -> Result<(), RunError> {
        let Reins { stop, mut reloads, .. } = reins;
        tokio::pin!(stop);
        let mut ready = Some(ready);
        let dials_only = self.clinic.chain().current().member(&self.me()).is_none_or(|m| m.addresses.is_empty());
        self.restore()?;
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if (dials_only || !self.listening.is_empty())
                && let Some(ready) = ready.take()
            {
                self.watched.ready();
                ready(&self.ready());
            }
            tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                Some(settings) = reloads.recv() => self.reload(&settings, calls.door),
                Some(call) = calls.desk.recv() => self.command(call)?,
                event = inbox.next() => match event {
                    Some(event) => self.heard(event)?,
                    None => return Ok(()),
                },
                Some(news) = self.news.recv() => self.news(news),
                _ = beat.tick() => {
                    self.watch();
                    self.watch_the_clock()?;
                    self.process(Event::Tick, None)?;
                    self.hand_on()?;
                    self.ask_what_was_seen(false)?;
                }
                // Last, so that nobody at the door keeps the node from its rounds.
                Some(call) = calls.patients.recv() => self.at_the_door(call)?,
            }
        }
    }

    fn ready(&self) -> Ready {
        let (key, pid) = (self.me(), std::process::id());
        let (patients, metrics) = self.heard_at.clone();
        Ready { key, pid, listening: self.listening.clone(), patients, metrics }
    }

    fn me(&self) -> Principal {
        self.clinic.signer().principal()
    }

    /// Connections and charters change state here; strangers are only logged.
    fn heard(&mut self, event: NetworkEvent) -> Result<(), RunError> {
        match event {
            NetworkEvent::Listening { address } => self.listening.push(address),
            NetworkEvent::Connected { peer } => {
                if let Some(peer) = principal(peer) {
                    tracing::info!(peer = %self.name(&peer), "connected");
                    self.connected.insert(peer);
                    self.arrivals.is_there(&peer);
                    self.ask_for_studies(peer);
                    self.process(Event::Connected(peer), None)?;
                    self.ask_what_was_seen(true)?;
                }
            }
            NetworkEvent::Disconnected { peer } => {
                if let Some(peer) = principal(peer) {
                    tracing::info!(peer = %self.name(&peer), "disconnected");
                    self.connected.remove(&peer);
                }
            }
            NetworkEvent::Received { from, bytes, answer } => self.received(from, &bytes, answer)?,
            NetworkEvent::StrangerRefused { peer } => {
                self.watched.metrics.refused(Turned::Stranger);
                tracing::warn!(%peer, "a stranger was refused");
            }
            NetworkEvent::CharterDiffers { peer, theirs } => {
                self.watched.metrics.refused(Turned::OtherCharter);
                self.charter_differs(peer, &theirs);
            }
            NetworkEvent::Asked { from, bytes, answer } => self.asked_for_papers(from, &bytes, answer),
        }
        Ok(())
    }

    /// Bytes that are no message are answered with a refusal and never reach the roles.
    fn received(&mut self, from: NodeKey, bytes: &[u8], answer: Answer) -> Result<(), RunError> {
        let Some(from) = principal(from) else { return Ok(()) };
        match decode::<Message>(bytes) {
            Ok(Message::HandOn { arrival, sealed }) => self.handed(from, arrival, sealed, answer),
            Ok(Message::Delivered(said)) => self.delivered(from, said, answer),
            Ok(Message::AskSeen { about, member, challenge, since }) => {
                self.asked_what_was_seen(from, (about, member, challenge, since), answer)
            }
            Ok(Message::Seen(word)) => self.seen(from, word, answer),
            Ok(message) => match self.forked(&message) {
                Some(refused) => {
                    answer.reply(encode(&refused));
                    Ok(())
                }
                None => self.process(Event::Message { from, message }, Some(answer)),
            },
            Err(why) => {
                self.watched.metrics.refused(Turned::Unreadable);
                tracing::warn!(peer = %self.name(&from), %why, "a message that cannot be read");
                answer.reply(effects::unreadable(&why));
                Ok(())
            }
        }
    }

    /// What people call a node.
    fn name(&self, key: &Principal) -> String {
        self.clinic.chain().current().member(key).map_or_else(|| key.short(), |m| m.name.clone())
    }
}

/// The newest moment that the journal knows of.
fn newest_moment(store: &Arc<Store>, chain: &CharterChain) -> Result<Moment, RunError> {
    let desk = Clinic::new(Arc::clone(store), chain.clone(), Arc::new(Clock::default()));
    Ok(desk.charges()?.iter().map(|c| c.at.max(c.selected_at)).max().unwrap_or(Moment(0)))
}

/// Everything that the network is started with but this node's secret, which lies in the store.
fn network_config(
    home: &Home,
    settings: &Settings,
    chain: &CharterChain,
) -> Result<impl FnOnce(Zeroizing<[u8; 32]>) -> NetworkConfig + use<>, RunError> {
    settings.listen.as_deref().map_or(Ok(()), Network::check_listen)?;
    let charter = chain.current();
    let members = charter.members.iter().map(|m| m.key);
    let researchers = home.studies(chain)?.into_iter().flat_map(|s| s.researchers.clone());
    let admitted = members.chain(researchers).map(|key| node_key(&key)).collect::<Result<_, _>>()?;
    let mut hubs = Vec::new();
    for hub in charter.hubs() {
        for address in &hub.addresses {
            hubs.push((node_key(&hub.key)?, address.clone()));
        }
    }
    if settings.redial_min_ms == 0 {
        return Err(NetworkError::ZeroTiming { what: "redial_min_ms" }.into());
    }
    let timing = Timing { backoff_min: Duration::from_millis(settings.redial_min_ms), ..Timing::default() };
    let frame_tap = settings.frame_log.as_ref().map(|file| frame_log(&home.resolve(file))).transpose()?;
    let (listen, hello) = (settings.listen.clone(), charter.digest().0.to_vec());
    Ok(move |seed| NetworkConfig { seed, listen, hubs, admitted, hello, frame_tap, timing })
}

/// Writes every outgoing frame to a file, for auditors: what leaves can then be looked at.
fn frame_log(file: &std::path::Path) -> Result<FrameTap, RunError> {
    let log = std::fs::File::options().create(true).append(true).open(file);
    let log = Mutex::new(log.map_err(|why| RunError::FrameLog { file: file.to_owned(), why: why.to_string() })?);
    Ok(FrameTap::new(move |_, frame| {
        let mut log = log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Err(why) = log.write_all(frame) {
            tracing::warn!(%why, "the frame log cannot be written");
        }
    }))
}

/// The network's name for a key.
pub(crate) fn node_key(key: &Principal) -> Result<NodeKey, RunError> {
    NodeKey::from_bytes(*key.bytes()).map_err(|_| RunError::BadKey { key: *key })
}

/// The protocol's name for a network key.
pub(crate) fn principal(key: NodeKey) -> Option<Principal> {
    Principal::from_bytes(key.to_bytes()).ok()
}

/// How often the roles are told that time has passed.
const BEAT: Duration = Duration::from_millis(20);
/// Most control requests waiting.
const CALLS_MAX: usize = 16;
