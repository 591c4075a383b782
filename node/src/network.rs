//! The network: how nodes find, admit and talk to each other. libp2p is named in this folder only.
//!
//! One task, the driver, owns the libp2p swarm (TCP, Noise, Yamux). A [`Network`] is a handle that
//! holds only a sender to it; what happens comes back through the [`Inbox`]. Nodes dial the hubs of
//! their configuration and keep those connections; requests flow both ways on them.
//!
//! Invariants:
//! - A key that is neither admitted nor a hub gets no application stream: it is refused after Noise.
//! - [`NetworkEvent::Connected`] comes once per peer, after both sides named the same charter.
//!   "Connected" in libp2p's sense is never taken for admitted.
//! - A request is always answered: by the application, with "busy", or with a refusal.
//! - Nothing waits for the application: a full inbox means "busy" for the peer.
//! - No length a peer announces sets memory aside before the bytes have come.
//! - Whoever sends more than its share of a kind is answered "busy" before the application hears of it.
//! - Nobody pushes more than 256 KiB at a time: longer messages are pulled by their recipient, within one limit for all.

mod allowance;
mod codec;
mod driver;
mod errors;
mod events;
mod frame;
mod key;
mod offer;
mod outbox;
mod peers;
mod pending;
mod pulls;
mod redial;
mod setup;
mod swarm;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use tokio::sync::{mpsc, oneshot};

pub use self::errors::SendError;
pub use self::events::{Answer, Inbox};
pub use self::frame::{ANSWER_BYTES_MAX, HELLO_BYTES_MAX, MESSAGE_BYTES_MAX, Refusal};
pub use self::key::{BadKey, NodeKey};
pub use self::setup::{FrameTap, Timing};
#[expect(
    clippy::module_name_repetitions,
    reason = "bare `Error`, `Event` and `Config` say too little where they are imported"
)]
pub use self::{errors::NetworkError, events::NetworkEvent, setup::NetworkConfig};

use self::driver::{Command, Driver};

/// Commands that may wait for the driver; the 65th caller waits its turn.
const COMMANDS_MAX: usize = 64;

/// A handle to the running network. Cheap to clone; when the last one is dropped the driver says
/// goodbye to its peers and stops, as [`Network::shutdown`] does.
#[derive(Clone, Debug)]
pub struct Network {
    commands: mpsc::Sender<Command>,
}

impl Network {
    /// Opens the listening socket (if one is configured), starts dialing the hubs and spawns the
    /// driver on the current tokio runtime. Nobody is connected yet when this returns: wait for
    /// [`NetworkEvent::Listening`] and [`NetworkEvent::Connected`].
    ///
    /// # Errors
    /// When the configuration makes no sense or the listening address cannot be bound.
    #[expect(
        clippy::unused_async,
        reason = "must be called from within a tokio runtime, which an async signature says"
    )]
    pub async fn start(config: NetworkConfig) -> Result<(Self, Inbox), NetworkError> {
        let (commands, orders) = mpsc::channel(COMMANDS_MAX);
        let (driver, inbox) = Driver::new(config, orders)?;
        tokio::spawn(driver.run());
        Ok((Self { commands }, inbox))
    }

    /// Finds out whether this address can be listened on, without listening.
    ///
    /// # Errors
    /// [`NetworkError::BadAddress`] or [`NetworkError::Listen`], as [`Network::start`] would say it.
    pub fn check_listen(address: &str) -> Result<(), NetworkError> {
        driver::check_listen(address)
    }

    /// Sends one request of at most [`MESSAGE_BYTES_MAX`] bytes to a connected peer and waits for
    /// its application's answer. Dropping the future does not take the request back.
    ///
    /// Above 256 KiB the peer is offered it and pulls it in chunks at its own pace; such a request also outlives
    /// connections, for up to twenty request timeouts.
    ///
    /// # Errors
    /// See [`SendError`]; only [`SendError::TimedOut`], [`SendError::Lost`] and
    /// [`SendError::ShutDown`] leave it open whether the peer acted on the request.
    pub async fn send(&self, to: NodeKey, bytes: Vec<u8>) -> Result<Vec<u8>, SendError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(SendError::TooLarge { bytes: bytes.len(), max: MESSAGE_BYTES_MAX });
        }
        let (done, outcome) = oneshot::channel();
        let sent = self.commands.send(Command::Send { to, bytes, done });
        sent.await.map_err(|_| SendError::ShutDown)?;
        outcome.await.unwrap_or(Err(SendError::ShutDown))
    }

    /// Asks a peer about charters or studies, whether or not it lives under the same charter: a connection is enough.
    ///
    /// # Errors
    /// As [`Network::send`]; at most 64 KiB are asked.
    pub async fn ask_papers(&self, to: NodeKey, bytes: Vec<u8>) -> Result<Vec<u8>, SendError> {
        if bytes.len() > frame::PAPERS_BYTES_MAX {
            return Err(SendError::TooLarge { bytes: bytes.len(), max: frame::PAPERS_BYTES_MAX });
        }
        let (done, outcome) = oneshot::channel();
        let sent = self.commands.send(Command::AskPapers { to, bytes, done });
        sent.await.map_err(|_| SendError::ShutDown)?;
        outcome.await.unwrap_or(Err(SendError::ShutDown))
    }

    /// From now on serves exactly `set` (and the configured hubs). Connections to anybody else are
    /// closed, and their `Disconnected` is on its way, when this returns.
    pub async fn replace_admitted(&self, set: BTreeSet<NodeKey>) {
        self.order(|done| Command::ReplaceAdmitted { set, done }).await;
    }

    /// Names another charter from now on and asks every linked peer again: those that do not name
    /// the same one are out of application use until they do.
    ///
    /// # Errors
    /// [`NetworkError::HelloTooLong`] above [`HELLO_BYTES_MAX`] bytes; nothing has changed then.
    pub async fn replace_hello(&self, hello: Vec<u8>) -> Result<(), NetworkError> {
        setup::check_hello(&hello)?;
        self.order(|done| Command::ReplaceHello { hello, done }).await;
        Ok(())
    }

    /// Answers open requests with "busy", says goodbye to every connected peer, waits (at most
    /// [`Timing::goodbye_timeout`]) until they have read their answers and acknowledged it, and
    /// stops the driver. Returns when the listening socket is closed. Calling it again does nothing.
    pub async fn shutdown(&self) {
        self.order(|done| Command::ShutDown { done }).await;
    }

    /// Hands the driver a command and waits until it is carried out, or the driver is gone.
    async fn order(&self, command: impl FnOnce(oneshot::Sender<()>) -> Command) {
        let (done, carried_out) = oneshot::channel();
        if self.commands.send(command(done)).await.is_ok() {
            // An error means the driver stopped, which is as carried out as it will ever be.
            carried_out.await.unwrap_or(());
        }
    }
}
