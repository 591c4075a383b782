//! What can go wrong when the network starts, and when one request is sent.

use super::frame::Refusal;
use super::key::NodeKey;

/// Why the network did not start. A complete list; all of it is the operator's move.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A listening or hub address that libp2p cannot read.
    #[error("`{address}` is not a network address: {why}")]
    BadAddress {
        /// The text of the configuration.
        address: String,
        /// What the parser said.
        why: String,
    },
    /// The listening address could not be bound.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// The text of the configuration.
        address: String,
        /// What the system said.
        why: String,
    },
    /// The charter hash is longer than a hello may carry.
    #[error("the hello has {bytes} bytes; at most {max} are allowed")]
    HelloTooLong {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A duration of the timing is zero.
    #[error("`{what}` must not be zero")]
    ZeroTiming {
        /// Which duration.
        what: &'static str,
    },
    /// The encryption layer would not take the node's key.
    #[error("the node's key cannot be used: {why}")]
    Identity {
        /// What libp2p said.
        why: String,
    },
}

impl NetworkError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadAddress { .. } => "bad-address",
            Self::Listen { .. } => "cannot-listen",
            Self::HelloTooLong { .. } => "hello-too-long",
            Self::ZeroTiming { .. } => "zero-timing",
            Self::Identity { .. } => "bad-identity",
        }
    }

    /// What the operator can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::BadAddress { .. } => "write it like /ip4/192.0.2.7/tcp/4800".to_owned(),
            Self::Listen { address, .. } => {
                format!("check that nothing else uses {address} and that this machine has it")
            }
            Self::HelloTooLong { max, .. } => format!("send a hash of at most {max} bytes"),
            Self::ZeroTiming { what } => format!("set `{what}` to a positive duration"),
            Self::Identity { .. } => "restore the node's key from its backup".to_owned(),
        }
    }
}

/// Why a request has no answer. A complete list.
///
/// `NotConnected`, `Refused`, `TooLarge` and `Busy` mean that the peer's application did not act on
/// it; the others leave that open, so only an idempotent request may be repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The peer is not connected and admitted right now. Nothing was sent.
    #[error("{peer} is not connected")]
    NotConnected {
        /// Whom it was for.
        peer: NodeKey,
    },
    /// The peer's network layer said no.
    #[error("{peer} refused: {reason}")]
    Refused {
        /// Who refused.
        peer: NodeKey,
        /// Why.
        reason: Refusal,
    },
    /// No answer within the request timeout.
    #[error("{peer} did not answer in time")]
    TimedOut {
        /// Who did not answer.
        peer: NodeKey,
    },
    /// The connection or the stream ended before the answer was read.
    #[error("the connection to {peer} ended before its answer")]
    Lost {
        /// Whom it was for.
        peer: NodeKey,
    },
    /// Longer than [`super::MESSAGE_BYTES_MAX`]. Nothing was sent.
    #[error("the message has {bytes} bytes; at most {max} are allowed")]
    TooLarge {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The peer's application has no room, or too many requests to it are under way here.
    #[error("{peer} is busy")]
    Busy {
        /// Who is busy.
        peer: NodeKey,
    },
    /// The network here has stopped.
    #[error("the network has been shut down")]
    ShutDown,
}

impl SendError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConnected { .. } => "not-connected",
            Self::Refused { reason, .. } => reason.code(),
            Self::TimedOut { .. } => "timed-out",
            Self::Lost { .. } => "connection-lost",
            Self::TooLarge { .. } => "message-too-large",
            Self::Busy { .. } => "peer-busy",
            Self::ShutDown => "network-shut-down",
        }
    }

    /// What the sender can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NotConnected { peer } => format!("wait until {peer} connects"),
            Self::Refused { reason, .. } => reason.remedy(),
            Self::TimedOut { peer } | Self::Lost { peer } => {
                format!("repeat it once {peer} is connected; it may have acted on it already")
            }
            Self::TooLarge { max, .. } => format!("send pieces of at most {max} bytes"),
            Self::Busy { .. } => "try again shortly".to_owned(),
            Self::ShutDown => "start the node again".to_owned(),
        }
    }
}
