//! The open network in user space: every node's packets go through this process, which delays them, loses some, and
//! parts or joins nodes at a word.
//!
//! One TUN device per port. The kernel's own `netem` does the same and is missing from many kernels; TUN is in all of
//! them. It runs on threads of the test itself, so that a cut is a call and needs no words between processes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tun_rs::{DeviceBuilder, SyncDevice};

/// How bad the network is.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// From one port to another; a round trip takes twice as long.
    pub one_way: Duration,
    /// Packets of a thousand that never come.
    pub lost_per_mille: u32,
    /// Which packets those are: the same for the same packets.
    pub seed: u64,
}

/// A switch between ports with one public address each. Dropping it unplugs them all.
#[derive(Debug, Clone)]
pub struct Switch {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    weather: Weather,
    state: Mutex<State>,
    /// Rung at every packet that is put on its way.
    sent: Condvar,
}

struct State {
    ports: BTreeMap<Ipv4Addr, Arc<SyncDevice>>,
    cut: BTreeSet<Ipv4Addr>,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    next: u64,
    chance: StdRng,
    tally: Tally,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("cut", &self.cut).field("tally", &self.tally).finish_non_exhaustive()
    }
}

/// What became of packets so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Handed to their recipient's port.
    pub delivered: u64,
    /// Lost by chance.
    pub lost: u64,
    /// From or to a port that is cut.
    pub cut: u64,
}

/// Sorted by when it is due, then by when it was sent.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct UnderWay {
    due: Instant,
    number: u64,
    to: Ipv4Addr,
    packet: Vec<u8>,
}

impl Switch {
    /// A switch without ports.
    #[must_use]
    pub fn new(weather: Weather) -> Self {
        let state = State {
            ports: BTreeMap::new(),
            cut: BTreeSet::new(),
            under_way: BinaryHeap::new(),
            next: 0,
            chance: StdRng::seed_from_u64(weather.seed),
            tally: Tally::default(),
        };
        let shared = Arc::new(Shared { weather, state: Mutex::new(state), sent: Condvar::new() });
        let postman = Arc::clone(&shared);
        std::thread::spawn(move || postman.deliver());
        Self { shared }
    }

    /// Makes a network device of this name, of at most 15 bytes, whose packets come here. It is down and lies in this
    /// process's network namespace: the caller moves it to where it belongs, and gives it this address there.
    ///
    /// # Errors
    /// Where this process may not make devices.
    pub fn plug(&self, device: &str, address: Ipv4Addr) -> io::Result<()> {
        let port = Arc::new(DeviceBuilder::new().name(device).enable(false).build_sync()?);
        self.shared.state().ports.insert(address, Arc::clone(&port));
        let shared = Arc::clone(&self.shared);
        std::thread::spawn(move || {
            let mut room = vec![0_u8; PACKET_BYTES_MAX];
            // Fails once the device is gone, with the namespace that it lay in.
            while let Ok(length) = port.recv(&mut room) {
                shared.send(address, &room[..length]);
            }
        });
        Ok(())
    }

    /// From now on nothing comes from this address or goes to it, packets under way included.
    pub fn cut(&self, address: Ipv4Addr) {
        self.shared.state().cut.insert(address);
    }

    /// Joins it again.
    pub fn heal(&self, address: Ipv4Addr) {
        self.shared.state().cut.remove(&address);
    }

    /// What became of packets so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.shared.state().tally
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a packet on its way, or loses it. What is no IPv4 packet goes nowhere.
    fn send(&self, from: Ipv4Addr, packet: &[u8]) {
        let Some(to) = destination(packet) else { return };
        let mut state = self.state();
        if state.cut.contains(&from) || state.cut.contains(&to) {
            state.tally.cut += 1;
        } else if state.chance.random_range(0..1_000) < self.weather.lost_per_mille {
            state.tally.lost += 1;
        } else {
            let (due, number) = (Instant::now() + self.weather.one_way, state.next);
            state.next += 1;
            state.under_way.push(Reverse(UnderWay { due, number, to, packet: packet.to_vec() }));
            self.sent.notify_one();
        }
    }

    /// Hands over what is due, for ever.
    fn deliver(&self) {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            let due = state.under_way.peek().map(|Reverse(first)| first.due);
            match due {
                Some(due) if due <= now => {
                    if let Some(Reverse(packet)) = state.under_way.pop() {
                        hand_over(&mut state, &packet);
                    }
                }
                Some(due) => {
                    let waited = self.sent.wait_timeout(state, due - now);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => state = self.sent.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// A device that takes no packet has lost it, as a full queue of a real one would.
fn hand_over(state: &mut State, packet: &UnderWay) {
    if state.cut.contains(&packet.to) {
        state.tally.cut += 1;
        return;
    }
    let taken = state.ports.get(&packet.to).is_some_and(|port| port.send(&packet.packet).is_ok());
    if taken {
        state.tally.delivered += 1;
    } else {
        state.tally.lost += 1;
    }
}

/// For whom an IPv4 packet is.
fn destination(packet: &[u8]) -> Option<Ipv4Addr> {
    let version = packet.first()? >> 4;
    let address: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    (version == 4).then(|| Ipv4Addr::from(address))
}

/// Larger than any packet that a device of the usual 1,500 bytes sends.
const PACKET_BYTES_MAX: usize = 2_048;
