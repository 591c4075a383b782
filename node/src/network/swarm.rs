//! The libp2p swarm: its transports, its gates and its limits.

use std::convert::Infallible;
use std::time::Duration;

use libp2p::allow_block_list::{self, AllowedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::core::upgrade::Version;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{StreamProtocol, Swarm, SwarmBuilder, identity, noise, tcp, yamux};
use zeroize::Zeroizing;

use super::codec::FrameCodec;
use super::errors::NetworkError;
use super::pending::REQUESTS_PER_PEER_MAX;
use super::pulls::{OFFERS_PER_PEER_MAX, WINDOW_MAX};

/// The order of the fields is the order of the gates: strangers first, then limits, then streams.
#[derive(NetworkBehaviour)]
pub(super) struct Gates {
    pub(super) admitted: allow_block_list::Behaviour<AllowedPeers>,
    pub(super) limits: connection_limits::Behaviour,
    pub(super) frames: request_response::Behaviour<FrameCodec>,
    /// Long messages, beside the others, so that they hold up none.
    pub(super) bulk: request_response::Behaviour<FrameCodec>,
}

/// What [`Gates`] report; the two gates never do.
pub(super) type FrameEvent = request_response::Event<super::frame::Request, super::frame::Reply>;

/// What came, by the way that it came.
pub(super) enum Arrival {
    Frame(FrameEvent),
    Bulk(FrameEvent),
}

impl GatesEvent {
    pub(super) fn into_arrival(self) -> Arrival {
        match self {
            Self::Admitted(never) | Self::Limits(never) => unreported(never),
            Self::Frames(event) => Arrival::Frame(event),
            Self::Bulk(event) => Arrival::Bulk(event),
        }
    }
}

/// A swarm that admits nobody yet and listens nowhere.
pub(super) fn build(seed: &Zeroizing<[u8; 32]>, request_timeout: Duration) -> Result<Swarm<Gates>, NetworkError> {
    let mut secret = seed.clone();
    let identity =
        identity::Keypair::ed25519_from_bytes(secret.as_mut_slice()).map_err(|error| identity_error(&error))?;
    let gates = Gates {
        admitted: allow_block_list::Behaviour::default(),
        limits: connection_limits::Behaviour::new(limits_for(0)),
        frames: exchange(PROTOCOL, request_timeout, FRAME_STREAMS_MAX),
        bulk: exchange(BULK_PROTOCOL, request_timeout.saturating_mul(2), BULK_STREAMS_MAX),
    };
    let swarm = SwarmBuilder::with_existing_identity(identity)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, multiplexer)
        .map_err(|error| identity_error(&error))?
        .with_behaviour(|_| gates)
        .unwrap_or_else(|never| match never {})
        .with_swarm_config(|config| {
            config
                .with_idle_connection_timeout(IDLE_TIMEOUT)
                .with_max_negotiating_inbound_streams(NEGOTIATING_STREAMS_MAX)
                .with_substream_upgrade_protocol_override(Version::V1Lazy)
        })
        .with_connection_timeout(SETUP_TIMEOUT)
        .build();
    Ok(swarm)
}

fn exchange(protocol: StreamProtocol, timeout: Duration, streams: usize) -> request_response::Behaviour<FrameCodec> {
    let config = request_response::Config::default().with_request_timeout(timeout);
    let config = config.with_max_concurrent_streams(streams);
    request_response::Behaviour::new([(protocol, ProtocolSupport::Full)], config)
}

/// The limits on connections when `admitted` keys may connect.
pub(super) fn limits_for(admitted: usize) -> ConnectionLimits {
    let admitted = u32::try_from(admitted).unwrap_or(u32::MAX);
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(PENDING_INCOMING_MAX))
        .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER_MAX))
        .with_max_established(Some(admitted.saturating_add(SPARE_CONNECTIONS)))
}

fn multiplexer() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(STREAMS_PER_CONNECTION_MAX);
    config
}

fn identity_error(error: &dyn std::error::Error) -> NetworkError {
    NetworkError::Identity { why: error.to_string() }
}

fn unreported(never: Infallible) -> Arrival {
    match never {}
}

const PROTOCOL: StreamProtocol = StreamProtocol::new("/sumac/frames/1");
const BULK_PROTOCOL: StreamProtocol = StreamProtocol::new("/sumac/bulk/1");

/// Connections still in their handshake; strangers cannot hold more sockets than this.
const PENDING_INCOMING_MAX: u32 = 32;
/// Two, because two hubs may dial each other at the same moment.
const CONNECTIONS_PER_PEER_MAX: u32 = 2;
/// Connections beyond one for each admitted key.
const SPARE_CONNECTIONS: u32 = 16;
/// Streams of both directions on one connection.
const STREAMS_PER_CONNECTION_MAX: usize = FRAME_STREAMS_MAX + BULK_STREAMS_MAX + NEGOTIATING_STREAMS_MAX;
/// Of them, for messages, heartbeats and admission.
const FRAME_STREAMS_MAX: usize = 64;
/// Of them, for long messages.
const BULK_STREAMS_MAX: usize = 64;
/// Streams a peer has opened without having said what for.
const NEGOTIATING_STREAMS_MAX: usize = 16;
/// From the TCP connection to the end of Noise and Yamux.
const SETUP_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than any pause between heartbeats: quiet connections are kept.
const IDLE_TIMEOUT: Duration = Duration::from_hours(24);

// Two peers that both fill their allowance, with heartbeats, hellos and goodbyes on top, stay below
// the number of streams at which requests would be dropped without an answer.
const _: () = assert!(2 * (REQUESTS_PER_PEER_MAX + 8) <= FRAME_STREAMS_MAX);
const _: () = assert!(2 * (WINDOW_MAX + OFFERS_PER_PEER_MAX + 8) <= BULK_STREAMS_MAX);
