//! The frames nodes exchange, as bytes: `length (u32, big endian) ‖ kind (one byte) ‖ body`, where
//! the length counts kind and body. One stream carries one request and its one reply, each followed
//! by the end of its direction.

use std::borrow::Cow;
use std::fmt;

use super::offer::{ChunkName, Offer};

/// The longest message, in bytes: 32 MiB. Above `PUSHED_BYTES_MAX` its recipient pulls it in chunks.
pub const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The longest answer, in bytes: 4 MiB. It comes only to who asked, and so many at once.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest message that is sent without being asked for, in bytes: 256 KiB.
pub(super) const PUSHED_BYTES_MAX: usize = 256 * 1024;
/// The longest question about charters and studies, in bytes: room for the digests of all studies in force.
pub(super) const PAPERS_BYTES_MAX: usize = 64 * 1024;
/// One piece of a longer one, in bytes; the last may be shorter.
pub(super) const CHUNK_BYTES: usize = PUSHED_BYTES_MAX;
/// The longest hello, in bytes: room for any charter hash.
pub const HELLO_BYTES_MAX: usize = 64;

// A frame's length fits its prefix.
const _: () = assert!(MESSAGE_BYTES_MAX < 1 << 31);

/// What one node asks of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// "I live under this charter; admit me."
    Hello(Vec<u8>),
    /// A request of the application.
    Message(Vec<u8>),
    /// "Are you there?"
    Heartbeat,
    /// "I am leaving."
    Goodbye,
    /// "I have a message for you, too long to be pushed; its answer is this one's."
    Offer(Offer),
    /// "Give me this piece of what you offered."
    GetChunk(ChunkName),
    /// A request of the application that also those may make who live under another charter.
    Papers(Vec<u8>),
}

/// What the other answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// To a hello: "so do I", with the own charter hash.
    Welcome(Vec<u8>),
    /// No, and why; with the own charter hash when charters differ.
    Refused(Refusal, Vec<u8>),
    /// The application's answer to a message.
    Answer(Vec<u8>),
    /// The application has no room, or dropped the message.
    Busy,
    /// To a heartbeat or a goodbye.
    Noted,
    /// One piece of a message.
    Chunk(Vec<u8>),
}

/// Why a peer's network layer said no. A complete list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A message came before the hello was answered.
    NotAdmitted,
    /// The two nodes live under different charters.
    CharterDiffers,
    /// The application's answer was longer than [`ANSWER_BYTES_MAX`].
    AnswerTooLarge,
    /// A chunk was asked for of something that is not offered, or not any more; or an offer's chunks are not what it says.
    NotOffered,
}

impl Refusal {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAdmitted => "not-admitted",
            Self::CharterDiffers => "charter-differs",
            Self::AnswerTooLarge => "answer-too-large",
            Self::NotOffered => "not-offered",
        }
    }

    /// What the refused side can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NotAdmitted => "wait until the peer is connected".to_owned(),
            Self::CharterDiffers => "bring both nodes to the same charter".to_owned(),
            Self::AnswerTooLarge => "ask for less at once".to_owned(),
            Self::NotOffered => "send the message again".to_owned(),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::NotAdmitted => 1,
            Self::CharterDiffers => 2,
            Self::AnswerTooLarge => 3,
            Self::NotOffered => 4,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        [Self::NotAdmitted, Self::CharterDiffers, Self::AnswerTooLarge, Self::NotOffered]
            .into_iter()
            .find(|refusal| refusal.byte() == byte)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAdmitted => "this node is not admitted there yet",
            Self::CharterDiffers => "it lives under another charter",
            Self::AnswerTooLarge => "its answer was too large to send",
            Self::NotOffered => "what was offered and what came are not the same",
        })
    }
}

/// Bytes of a peer that are no frame. Its stream is cut off.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a frame of no bytes has no kind")]
    Empty,
    #[error("a frame of kind {kind} was announced with {bytes} bytes of body; at most {max} fit")]
    TooLong { kind: u8, bytes: usize, max: usize },
    #[error("kind {kind} is not known here")]
    UnknownKind { kind: u8 },
    #[error("the frame ended after {have} of {announced} bytes of body")]
    Short { have: usize, announced: usize },
    #[error("bytes follow the frame")]
    Trailing,
    #[error("an offer whose chunks are not as many as its length has, or a chunk without a name")]
    BadOffer,
    #[error("a refusal names no known reason")]
    UnknownRefusal,
}

/// One direction of the exchange: requests, or replies.
pub(super) trait Frame: Sized + Send {
    fn kind(&self) -> u8;
    fn body(&self) -> Cow<'_, [u8]>;
    /// The longest body a kind may announce, in bytes.
    fn body_bytes_max(kind: u8) -> Result<usize, FrameError>;
    /// The body is no longer than [`Frame::body_bytes_max`] allows.
    fn parse(kind: u8, body: Vec<u8>) -> Result<Self, FrameError>;

    /// The five bytes before the body.
    fn head(&self) -> [u8; 5] {
        let length = u32::try_from(self.body().len())
            .ok()
            .and_then(|body| body.checked_add(1))
            .expect("bodies are checked against their caps before they become frames");
        let [a, b, c, d] = length.to_be_bytes();
        [a, b, c, d, self.kind()]
    }

    /// The whole frame as it goes over the wire.
    fn to_wire(&self) -> Vec<u8> {
        let mut wire = self.head().to_vec();
        wire.extend_from_slice(&self.body());
        wire
    }
}

impl Frame for Request {
    fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => HELLO,
            Self::Message(_) => MESSAGE,
            Self::Heartbeat => HEARTBEAT,
            Self::Goodbye => GOODBYE,
            Self::Offer(_) => OFFER,
            Self::GetChunk(_) => GET_CHUNK,
            Self::Papers(_) => PAPERS,
        }
    }

    fn body(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Hello(bytes) | Self::Message(bytes) | Self::Papers(bytes) => Cow::Borrowed(bytes),
            Self::Heartbeat | Self::Goodbye => Cow::Borrowed(&[]),
            Self::Offer(offer) => Cow::Owned(offer.to_bytes()),
            Self::GetChunk(name) => Cow::Owned(name.to_bytes()),
        }
    }

    fn body_bytes_max(kind: u8) -> Result<usize, FrameError> {
        match kind {
            HELLO => Ok(HELLO_BYTES_MAX),
            MESSAGE => Ok(PUSHED_BYTES_MAX),
            HEARTBEAT | GOODBYE => Ok(0),
            OFFER => Ok(Offer::BYTES_MAX),
            GET_CHUNK => Ok(ChunkName::BYTES),
            PAPERS => Ok(PAPERS_BYTES_MAX),
            _ => Err(FrameError::UnknownKind { kind }),
        }
    }

    fn parse(kind: u8, body: Vec<u8>) -> Result<Self, FrameError> {
        match kind {
            HELLO => Ok(Self::Hello(body)),
            MESSAGE => Ok(Self::Message(body)),
            HEARTBEAT => Ok(Self::Heartbeat),
            GOODBYE => Ok(Self::Goodbye),
            OFFER => Offer::parse(&body).map(Self::Offer).ok_or(FrameError::BadOffer),
            PAPERS => Ok(Self::Papers(body)),
            GET_CHUNK => ChunkName::parse(&body).map(Self::GetChunk).ok_or(FrameError::BadOffer),
            _ => Err(FrameError::UnknownKind { kind }),
        }
    }
}

impl Frame for Reply {
    fn kind(&self) -> u8 {
        match self {
            Self::Welcome(_) => WELCOME,
            Self::Refused(..) => REFUSED,
            Self::Answer(_) => ANSWER,
            Self::Busy => BUSY,
            Self::Noted => NOTED,
            Self::Chunk(_) => CHUNK,
        }
    }

    fn body(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Welcome(bytes) | Self::Answer(bytes) | Self::Chunk(bytes) => Cow::Borrowed(bytes),
            Self::Refused(refusal, theirs) => Cow::Owned([&[refusal.byte()], theirs.as_slice()].concat()),
            Self::Busy | Self::Noted => Cow::Borrowed(&[]),
        }
    }

    fn body_bytes_max(kind: u8) -> Result<usize, FrameError> {
        match kind {
            WELCOME => Ok(HELLO_BYTES_MAX),
            REFUSED => Ok(1 + HELLO_BYTES_MAX),
            ANSWER => Ok(ANSWER_BYTES_MAX),
            CHUNK => Ok(CHUNK_BYTES),
            BUSY | NOTED => Ok(0),
            _ => Err(FrameError::UnknownKind { kind }),
        }
    }

    fn parse(kind: u8, body: Vec<u8>) -> Result<Self, FrameError> {
        match kind {
            WELCOME => Ok(Self::Welcome(body)),
            REFUSED => {
                let (reason, theirs) = body.split_first().ok_or(FrameError::UnknownRefusal)?;
                let refusal = Refusal::of_byte(*reason).ok_or(FrameError::UnknownRefusal)?;
                Ok(Self::Refused(refusal, theirs.to_vec()))
            }
            ANSWER => Ok(Self::Answer(body)),
            CHUNK => Ok(Self::Chunk(body)),
            BUSY => Ok(Self::Busy),
            NOTED => Ok(Self::Noted),
            _ => Err(FrameError::UnknownKind { kind }),
        }
    }
}

const HELLO: u8 = 1;
const WELCOME: u8 = 2;
const REFUSED: u8 = 3;
const MESSAGE: u8 = 4;
const ANSWER: u8 = 5;
const BUSY: u8 = 6;
const HEARTBEAT: u8 = 7;
const GOODBYE: u8 = 8;
const NOTED: u8 = 9;
const OFFER: u8 = 10;
const GET_CHUNK: u8 = 11;
const CHUNK: u8 = 12;
const PAPERS: u8 = 13;
