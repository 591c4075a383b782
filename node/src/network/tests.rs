//! Whole networks in one process, over loopback TCP. Tests wait for events, never for time.

mod admission;
mod crowd;
mod endings;
mod exchange;
mod hostile;
mod pulling;
mod rogue;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zeroize::Zeroizing;

use super::frame::{Frame, Reply, Request};
use super::{Answer, FrameTap, Inbox, Network, NetworkConfig, NetworkEvent, NodeKey, Timing};

const CHARTER: &[u8] = b"charter one";
/// Far above anything a healthy test needs.
const PATIENCE: Duration = Duration::from_secs(30);

fn seed(number: u8) -> Zeroizing<[u8; 32]> {
    Zeroizing::new([number; 32])
}

fn key(number: u8) -> NodeKey {
    NodeKey::of_seed(&seed(number))
}

fn keys(numbers: impl IntoIterator<Item = u8>) -> BTreeSet<NodeKey> {
    numbers.into_iter().map(key).collect()
}

/// Slow enough not to disturb a test; dials again at once.
fn timing() -> Timing {
    Timing { backoff_min: Duration::from_millis(2), backoff_max: Duration::from_millis(20), ..Timing::default() }
}

/// A hub that admits clinics number 11 to 19.
fn hub(number: u8) -> NetworkConfig {
    NetworkConfig {
        seed: seed(number),
        listen: Some("/ip4/127.0.0.1/tcp/0".to_owned()),
        hubs: Vec::new(),
        admitted: keys(11..20),
        hello: CHARTER.to_vec(),
        frame_tap: None,
        timing: timing(),
    }
}

/// A clinic that listens nowhere and dials one hub.
fn clinic(number: u8, hub: &Node) -> NetworkConfig {
    NetworkConfig {
        seed: seed(number),
        listen: None,
        hubs: vec![(hub.key, hub.address.clone())],
        admitted: BTreeSet::new(),
        hello: CHARTER.to_vec(),
        frame_tap: None,
        timing: timing(),
    }
}

struct Node {
    key: NodeKey,
    network: Network,
    inbox: Inbox,
    address: String,
}

impl Node {
    async fn start(config: NetworkConfig) -> Self {
        let key = NodeKey::of_seed(&config.seed);
        let listens = config.listen.is_some();
        let (network, inbox) = Network::start(config).await.unwrap();
        let mut node = Self { key, network, inbox, address: String::new() };
        if listens {
            let event = node.next().await;
            let NetworkEvent::Listening { address } = event else { panic!("expected to listen, got {event:?}") };
            node.address = address;
        }
        node
    }

    async fn next(&mut self) -> NetworkEvent {
        self.end_or_next().await.expect("the network stopped")
    }

    async fn end_or_next(&mut self) -> Option<NetworkEvent> {
        let next = tokio::time::timeout(PATIENCE, self.inbox.next());
        next.await.expect("no event came")
    }

    async fn connected(&mut self) -> NodeKey {
        let event = self.next().await;
        let NetworkEvent::Connected { peer } = event else { panic!("expected a connection, got {event:?}") };
        peer
    }

    async fn disconnected(&mut self) -> NodeKey {
        let event = self.next().await;
        let NetworkEvent::Disconnected { peer } = event else { panic!("expected a disconnection, got {event:?}") };
        peer
    }

    async fn stranger(&mut self) -> String {
        let event = self.next().await;
        let NetworkEvent::StrangerRefused { peer } = event else { panic!("expected a stranger, got {event:?}") };
        peer
    }

    async fn charter_differs(&mut self) -> (NodeKey, Vec<u8>) {
        let event = self.next().await;
        let NetworkEvent::CharterDiffers { peer, theirs } = event else {
            panic!("expected another charter, got {event:?}")
        };
        (peer, theirs)
    }

    async fn received(&mut self) -> (NodeKey, Vec<u8>, Answer) {
        let event = self.next().await;
        let NetworkEvent::Received { from, bytes, answer } = event else { panic!("expected a message, got {event:?}") };
        (from, bytes, answer)
    }

    /// Receives one message and answers it with its bytes reversed.
    async fn reverse_one(&mut self) -> (NodeKey, Vec<u8>) {
        let (from, bytes, answer) = self.received().await;
        answer.reply(bytes.iter().rev().copied().collect());
        (from, bytes)
    }
}

/// A hub (1) and a clinic (11), connected.
async fn pair() -> (Node, Node) {
    let hub = Node::start(hub(1)).await;
    let clinic = clinic(11, &hub);
    connect(hub, clinic).await
}

async fn connect(mut hub: Node, clinic: NetworkConfig) -> (Node, Node) {
    let mut clinic = Node::start(clinic).await;
    assert_eq!(hub.connected().await, clinic.key);
    assert_eq!(clinic.connected().await, hub.key);
    (hub, clinic)
}

/// What a [`FrameTap`] saw.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Frames>>);

type Frames = Vec<(NodeKey, Vec<u8>)>;

impl Seen {
    fn tap(&self) -> FrameTap {
        let seen = self.clone();
        FrameTap::new(move |to, frame| seen.0.lock().unwrap().push((to, frame.to_vec())))
    }

    fn has(&self, to: NodeKey, frame: &[u8]) -> bool {
        let seen = self.0.lock().unwrap();
        seen.iter().any(|(whom, bytes)| *whom == to && bytes == frame)
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }

    fn count(&self, frame: &[u8]) -> usize {
        let seen = self.0.lock().unwrap();
        seen.iter().filter(|(_, bytes)| bytes == frame).count()
    }

    fn longest(&self) -> usize {
        let seen = self.0.lock().unwrap();
        seen.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or(0)
    }
}
