//! Peers that do not play by the rules, made from bare libp2p swarms.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::request_response::{self, Codec, Event, Message, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, StreamProtocol, Swarm, SwarmBuilder, identity, noise, yamux};

use super::*;
use crate::network::{MESSAGE_BYTES_MAX, SendError};

/// Writes any bytes as a request, and reads whatever comes back.
#[derive(Clone, Default)]
struct AnyBytes;

impl Codec for AnyBytes {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        self.read_response(&StreamProtocol::new("/any"), io).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await
    }

    async fn write_response<T>(&mut self, protocol: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        self.write_request(protocol, io, bytes).await
    }
}

type Rogue = Swarm<request_response::Behaviour<AnyBytes>>;

/// An admitted key (11) in the wrong hands, connected to the hub but not introduced.
async fn rogue(hub: &Node) -> Rogue {
    let identity = identity::Keypair::ed25519_from_bytes([11; 32]).unwrap();
    let protocol = StreamProtocol::new("/sumac/frames/1");
    let config = request_response::Config::default().with_request_timeout(PATIENCE);
    let frames = request_response::Behaviour::new([(protocol, ProtocolSupport::Full)], config);
    let mut rogue = SwarmBuilder::with_existing_identity(identity)
        .with_tokio()
        .with_tcp(libp2p::tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| frames)
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build();
    let address: Multiaddr = hub.address.parse().unwrap();
    rogue.dial(address).unwrap();
    loop {
        if let SwarmEvent::ConnectionEstablished { .. } = rogue.select_next_some().await {
            return rogue;
        }
    }
}

/// What came back for these bytes; nothing if the stream was cut off.
#[expect(clippy::wildcard_enum_match_arm, reason = "libp2p's events; two of them concern the test")]
async fn ask(rogue: &mut Rogue, hub: NodeKey, bytes: Vec<u8>) -> Vec<u8> {
    let asked = rogue.behaviour_mut().send_request(&hub.peer_id(), bytes);
    loop {
        match rogue.select_next_some().await {
            SwarmEvent::Behaviour(Event::Message { message: Message::Response { request_id, response }, .. })
                if request_id == asked =>
            {
                return response;
            }
            SwarmEvent::Behaviour(Event::OutboundFailure { request_id, .. }) if request_id == asked => {
                return Vec::new();
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn nothing_passes_before_the_hello() {
    let mut hub = Node::start(hub(1)).await;
    let mut rogue = rogue(&hub).await;
    let message = Request::Message(b"let me in".to_vec()).to_wire();
    let not_admitted = Reply::Refused(super::super::Refusal::NotAdmitted, vec![]).to_wire();
    assert_eq!(ask(&mut rogue, hub.key, message.clone()).await, not_admitted);

    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    let welcome = Reply::Welcome(CHARTER.to_vec()).to_wire();
    assert_eq!(ask(&mut rogue, hub.key, hello).await, welcome);
    assert_eq!(hub.connected().await, key(11), "it is the first event");

    let key = hub.key;
    let (answer, _) = tokio::join!(ask(&mut rogue, key, message), hub.reverse_one());
    assert_eq!(answer, Reply::Answer(b"ni em tel".to_vec()).to_wire());
}

#[tokio::test]
async fn hostile_frames_are_cut_off_and_the_hub_serves_on() {
    let mut hub = Node::start(hub(1)).await;
    let mut rogue = rogue(&hub).await;
    let too_long = u32::try_from(MESSAGE_BYTES_MAX + 2).unwrap().to_be_bytes();
    let cases = [
        ("no bytes", vec![]),
        ("four gigabytes announced", vec![255, 255, 255, 255, 4]),
        ("one byte too many announced", [&too_long[..], &[4]].concat()),
        ("an unknown kind", vec![0, 0, 0, 1, 77]),
        ("a body cut short", vec![0, 0, 0, 9, 4, 1]),
        ("bytes after the frame", vec![0, 0, 0, 1, 7, 7]),
    ];
    for (why, bytes) in cases {
        assert_eq!(ask(&mut rogue, hub.key, bytes).await, [], "{why}");
    }
    let alive = ask(&mut rogue, hub.key, Request::Heartbeat.to_wire()).await;
    assert_eq!(alive, Reply::Noted.to_wire());

    let config = clinic(12, &hub);
    let mut clinic = Node::start(config).await;
    assert_eq!(hub.connected().await, clinic.key, "it is the first event");
    assert_eq!(clinic.connected().await, hub.key);
}

#[tokio::test]
async fn a_peer_that_goes_silent_is_disconnected() {
    let mut watchful = hub(1);
    watchful.timing.heartbeat = Duration::from_millis(20);
    let mut hub = Node::start(watchful).await;
    let mut rogue = rogue(&hub).await;
    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    ask(&mut rogue, hub.key, hello).await;
    assert_eq!(hub.connected().await, key(11));
    // Its swarm is not polled any more: the socket stays open and nothing is answered.
    assert_eq!(hub.disconnected().await, key(11));
    drop(rogue);
}

#[tokio::test]
async fn a_peer_that_dials_anew_takes_the_place_of_its_dead_connection() {
    let mut hub = Node::start(hub(1)).await;
    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    let mut lost = Vec::new();
    for _ in 0..5 {
        let mut again = rogue(&hub).await;
        ask(&mut again, hub.key, hello.clone()).await;
        if !lost.is_empty() {
            assert_eq!(hub.disconnected().await, key(11));
        }
        assert_eq!(hub.connected().await, key(11));
        // As after a power cut: nobody closes the old socket.
        lost.push(again);
    }
}

#[tokio::test]
async fn a_request_under_way_is_lost_with_its_connection() {
    let mut watchful = hub(1);
    watchful.timing.heartbeat = Duration::from_millis(20);
    let mut hub = Node::start(watchful).await;
    let mut rogue = rogue(&hub).await;
    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    ask(&mut rogue, hub.key, hello).await;
    assert_eq!(hub.connected().await, key(11));
    let sent = hub.network.send(key(11), vec![1]).await;
    assert_eq!(sent, Err(SendError::Lost { peer: key(11) }));
    assert_eq!(hub.disconnected().await, key(11));
}
