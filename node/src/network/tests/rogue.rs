//! A bare libp2p swarm that speaks the protocol's name and sends whatever bytes it is told to.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::request_response::{self, Codec, Event, Message, ProtocolSupport, ResponseChannel};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, StreamProtocol, Swarm, SwarmBuilder, identity, noise, yamux};

use super::{Node, NodeKey, PATIENCE};

/// An admitted key in the wrong hands.
pub(super) struct Rogue(Swarm<request_response::Behaviour<AnyBytes>>);

impl Rogue {
    /// Connected to the hub as number 11, but not introduced.
    pub(super) async fn at(hub: &Node) -> Self {
        let mut rogue = Self::new(11);
        let address: Multiaddr = hub.address.parse().unwrap();
        rogue.0.dial(address).unwrap();
        rogue.until_connected().await;
        rogue
    }

    /// A hub with the key of this number, and where it listens.
    pub(super) async fn listening(number: u8) -> (Self, String) {
        let mut rogue = Self::new(number);
        let anywhere: Multiaddr = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
        rogue.0.listen_on(anywhere).unwrap();
        loop {
            if let SwarmEvent::NewListenAddr { address, .. } = rogue.0.select_next_some().await {
                return (rogue, address.to_string());
            }
        }
    }

    fn new(number: u8) -> Self {
        let identity = identity::Keypair::ed25519_from_bytes([number; 32]).unwrap();
        let protocol = StreamProtocol::new("/sumac/frames/1");
        let config = request_response::Config::default().with_request_timeout(PATIENCE);
        let frames = request_response::Behaviour::new([(protocol, ProtocolSupport::Full)], config);
        let swarm = SwarmBuilder::with_existing_identity(identity)
            .with_tokio()
            .with_tcp(libp2p::tcp::Config::default(), noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_behaviour(|_| frames)
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
            .build();
        Self(swarm)
    }

    async fn until_connected(&mut self) {
        loop {
            let event = self.0.select_next_some().await;
            if matches!(event, SwarmEvent::ConnectionEstablished { .. }) {
                return;
            }
        }
    }

    /// The next request of whoever is connected, and the way to answer it.
    pub(super) async fn asked(&mut self) -> (Vec<u8>, ResponseChannel<Vec<u8>>) {
        loop {
            if let SwarmEvent::Behaviour(Event::Message {
                message: Message::Request { request, channel, .. }, ..
            }) = self.0.select_next_some().await
            {
                return (request, channel);
            }
        }
    }

    pub(super) fn answer(&mut self, channel: ResponseChannel<Vec<u8>>, bytes: Vec<u8>) {
        self.0.behaviour_mut().send_response(channel, bytes).unwrap();
    }

    /// Sends these bytes; [`Rogue::ask`] would wait for what comes back.
    pub(super) fn tell(&mut self, peer: NodeKey, bytes: Vec<u8>) {
        self.0.behaviour_mut().send_request(&peer.peer_id(), bytes);
    }

    /// What came back for these bytes; nothing if the stream was cut off.
    pub(super) async fn ask(&mut self, peer: NodeKey, bytes: Vec<u8>) -> Vec<u8> {
        let frames = self.0.behaviour_mut();
        let asked = frames.send_request(&peer.peer_id(), bytes);
        loop {
            let SwarmEvent::Behaviour(event) = self.0.select_next_some().await else {
                continue;
            };
            match event {
                Event::Message { message: Message::Response { request_id, response }, .. } if request_id == asked => {
                    return response;
                }
                Event::OutboundFailure { request_id, .. } if request_id == asked => {
                    return Vec::new();
                }
                Event::Message { .. }
                | Event::OutboundFailure { .. }
                | Event::InboundFailure { .. }
                | Event::ResponseSent { .. } => {}
            }
        }
    }

    /// Sends the same bytes so many times, thirty-two at once, and waits for whatever becomes of each.
    pub(super) async fn flood(&mut self, peer: NodeKey, bytes: &[u8], times: usize) {
        let (mut sent, mut over) = (0, 0);
        while over < times {
            while sent < times && sent - over < 32 {
                self.tell(peer, bytes.to_vec());
                sent += 1;
            }
            if let SwarmEvent::Behaviour(
                Event::Message { message: Message::Response { .. }, .. } | Event::OutboundFailure { .. },
            ) = self.0.select_next_some().await
            {
                over += 1;
            }
        }
    }

    /// What comes back for whatever was told before.
    pub(super) async fn told(&mut self) -> Vec<u8> {
        loop {
            if let SwarmEvent::Behaviour(Event::Message { message: Message::Response { response, .. }, .. }) =
                self.0.select_next_some().await
            {
                return response;
            }
        }
    }
}

/// Writes any bytes as a request, and reads whatever comes back.
#[derive(Clone, Default)]
pub(super) struct AnyBytes;

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
