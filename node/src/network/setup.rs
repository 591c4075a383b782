//! What the network is started with.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::errors::NetworkError;
use super::frame::HELLO_BYTES_MAX;
use super::key::NodeKey;

/// What the network is started with.
pub struct NetworkConfig {
    /// The node's Ed25519 seed: its network identity is the key made from it.
    pub seed: Zeroizing<[u8; 32]>,
    /// Where to accept connections, like `/ip4/0.0.0.0/tcp/4800` (port 0: the system chooses);
    /// `None` for a node that only dials out. No host names: addresses are not looked up.
    pub listen: Option<String>,
    /// Hubs to dial and stay connected to, each with an address. A hub may be named several times,
    /// with several addresses; the node's own key is passed over.
    pub hubs: Vec<(NodeKey, String)>,
    /// Who else may connect. The hubs are always admitted.
    pub admitted: BTreeSet<NodeKey>,
    /// The charter hash, at most [`HELLO_BYTES_MAX`] bytes. Both sides must name the same.
    pub hello: Vec<u8>,
    /// Sees each outgoing frame, for auditors and tests.
    pub frame_tap: Option<FrameTap>,
    /// How long things may take.
    pub timing: Timing,
}

impl NetworkConfig {
    pub(super) fn check(&self) -> Result<(), NetworkError> {
        check_hello(&self.hello)?;
        let Timing { heartbeat, request_timeout, goodbye_timeout, backoff_min, backoff_max } = self.timing;
        let durations = [
            ("heartbeat", heartbeat),
            ("request_timeout", request_timeout),
            ("goodbye_timeout", goodbye_timeout),
            ("backoff_min", backoff_min),
            ("backoff_max", backoff_max),
        ];
        match durations.into_iter().find(|(_, length)| length.is_zero()) {
            Some((what, _)) => Err(NetworkError::ZeroTiming { what }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for NetworkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkConfig")
            .field("node", &NodeKey::of_seed(&self.seed))
            .field("listen", &self.listen)
            .field("hubs", &self.hubs)
            .field("admitted", &self.admitted)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}

/// How long things may take. None of it may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two heartbeats on a connection. After three in a row without a sign of life it is
    /// closed, because TCP alone may not notice a hung peer for many minutes. Default 5 s.
    pub heartbeat: Duration,
    /// From sending a request to having its answer, transfer included. Default 30 s.
    pub request_timeout: Duration,
    /// How long shutting down waits for peers to acknowledge the goodbye. Default 2 s.
    pub goodbye_timeout: Duration,
    /// A hub is dialed again after a random time between zero and this, doubled with each failure
    /// in a row. Default 1 s.
    pub backoff_min: Duration,
    /// The doubling stops here. Default 60 s.
    pub backoff_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            goodbye_timeout: Duration::from_secs(2),
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_mins(1),
        }
    }
}

/// Called with the recipient and the whole plaintext of each outgoing frame, its length prefix
/// included, before libp2p encrypts it: requests and answers, heartbeats too. It runs on the
/// driver's task and must return quickly.
#[derive(Clone)]
pub struct FrameTap(Arc<See>);

type See = dyn Fn(NodeKey, &[u8]) + Send + Sync;

impl FrameTap {
    /// A tap that hands each frame to `see`.
    pub fn new(see: impl Fn(NodeKey, &[u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(see))
    }

    pub(super) fn see(&self, to: NodeKey, frame: &[u8]) {
        (self.0)(to, frame);
    }
}

impl fmt::Debug for FrameTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameTap")
    }
}

pub(super) fn check_hello(hello: &[u8]) -> Result<(), NetworkError> {
    if hello.len() > HELLO_BYTES_MAX {
        return Err(NetworkError::HelloTooLong { bytes: hello.len(), max: HELLO_BYTES_MAX });
    }
    Ok(())
}
