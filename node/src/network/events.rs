//! What the application hears from the network, and how it answers.

use tokio::sync::{mpsc, oneshot};

use super::key::NodeKey;

/// Something that happened on the network. A complete list.
#[derive(Debug)]
pub enum NetworkEvent {
    /// The node accepts connections at this address; it names the port the system chose.
    Listening {
        /// Like `/ip4/127.0.0.1/tcp/4800`.
        address: String,
    },
    /// The peer is admitted and named the same charter. Comes once until `Disconnected`.
    Connected {
        /// Who.
        peer: NodeKey,
    },
    /// The peer said goodbye, lost its last connection or its admission, or changed its charter.
    Disconnected {
        /// Who.
        peer: NodeKey,
    },
    /// A request of a connected peer.
    Received {
        /// Who asks; bound to the connection's key.
        from: NodeKey,
        /// What the peer's application sent, at most [`super::MESSAGE_BYTES_MAX`] bytes.
        bytes: Vec<u8>,
        /// The way to answer.
        answer: Answer,
    },
    /// A question about charters or studies, of a peer that is linked and may live under another charter.
    Asked {
        /// Who asks; bound to the connection's key.
        from: NodeKey,
        /// What its application sent.
        bytes: Vec<u8>,
        /// The way to answer.
        answer: Answer,
    },
    /// A key that is not admitted connected here, or sat at a hub's address. It got nothing.
    /// Left out when the inbox is full: strangers cannot crowd out members.
    StrangerRefused {
        /// Its PeerId in base 58.
        peer: String,
    },
    /// An admitted peer lives under another charter and stays out of application use.
    CharterDiffers {
        /// Who.
        peer: NodeKey,
        /// The hello it sent: its charter hash.
        theirs: Vec<u8>,
    },
}

/// The application's end of the network: events in the order in which they happened.
///
/// It is bounded. While it is full, requests of peers are answered with "busy", and the network
/// stops listening to its peers once too many connections came and went unread.
#[derive(Debug)]
pub struct Inbox {
    events: mpsc::Receiver<NetworkEvent>,
}

impl Inbox {
    pub(super) fn new(events: mpsc::Receiver<NetworkEvent>) -> Self {
        Self { events }
    }

    /// The next event, or `None` once the network has stopped and everything was read. Safe to use
    /// in `select!`: no event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<NetworkEvent> {
        self.events.recv().await
    }
}

/// The way to answer one request, once.
#[must_use = "dropping it tells the peer that this node is busy"]
#[derive(Debug)]
pub struct Answer {
    reply: oneshot::Sender<Vec<u8>>,
}

impl Answer {
    /// An answer, and where its bytes (or the fact that it was dropped) come out.
    pub(super) fn awaited() -> (Self, oneshot::Receiver<Vec<u8>>) {
        let (reply, awaited) = oneshot::channel();
        (Self { reply }, awaited)
    }

    /// Sends the answer. Above [`super::ANSWER_BYTES_MAX`] bytes the peer is told
    /// [`super::Refusal::AnswerTooLarge`] instead. If the peer has gone or stopped waiting, the
    /// bytes go nowhere.
    pub fn reply(self, bytes: Vec<u8>) {
        if self.reply.send(bytes).is_err() {
            tracing::debug!("answered after the network stopped");
        }
    }
}
