//! What nodes say to each other, as CBOR.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::budget::Budget;
use crate::round::progress::{Progress, Refused};

/// One message. Whatever can be checked is in signed documents inside it; the rest is transport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete: a node must know what to do with every message")]
pub enum Message {
    /// Researcher to coordinator: a signed query, with the study it is asked in.
    Submit {
        /// The query.
        query: Envelope,
        /// The study.
        study: Envelope,
    },
    /// Researcher to coordinator: how far is it?
    Follow {
        /// The query.
        query: Digest,
    },
    /// Researcher to hub: what has this study left?
    Budget {
        /// The study.
        study: Envelope,
    },
    /// Coordinator to member: commit to an attempt.
    Begin {
        /// The query.
        query: Envelope,
        /// The study.
        study: Envelope,
        /// The attempt, from 1.
        attempt: u8,
        /// The void notes of every earlier attempt.
        voids: Vec<Envelope>,
    },
    /// Member to coordinator.
    Commitment(Envelope),
    /// Coordinator to clinics: contribute.
    Announce(Box<Announcement>),
    /// Clinic to coordinator.
    Upload(Box<UploadParts>),
    /// Clinic to coordinator: a reason, the same for every clinic that knows the signed parts,
    /// why this query gets nothing from it.
    Abstain {
        /// The query.
        query: Digest,
        /// Why.
        refused: Refused,
    },
    /// Coordinator to member: the proposed batch, with this member's sealed shares.
    Batch {
        /// The query.
        query: Digest,
        /// The attempt.
        attempt: u8,
        /// All members' commitments, in order.
        commitments: Vec<Envelope>,
        /// The uploads, sorted by clinic.
        uploads: Vec<BatchUpload>,
    },
    /// Member to coordinator.
    Freeze(Envelope),
    /// Coordinator to member: everybody froze the same batch.
    Frozen {
        /// The query.
        query: Digest,
        /// The attempt.
        attempt: u8,
        /// All members' freezes.
        freezes: Vec<Envelope>,
    },
    /// Member to coordinator to member: sealed to the recipient.
    Relay {
        /// The signed cover.
        cover: Envelope,
        /// The sealed body.
        body: Octets,
    },
    /// Member to coordinator.
    Manifest(Envelope),
    /// Coordinator to member: all final manifests.
    Manifests {
        /// The query.
        query: Digest,
        /// The attempt.
        attempt: u8,
        /// All members' final manifests.
        manifests: Vec<Envelope>,
    },
    /// Member to coordinator: its share of the answer, sealed to the researcher, and its word to
    /// the clinics.
    Answer {
        /// The query.
        query: Digest,
        /// The attempt.
        attempt: u8,
        /// The sealed share.
        sealed: Octets,
        /// The signed release notice.
        release: Envelope,
    },
    /// Coordinator to member: say again whatever you said last.
    Nudge {
        /// The query.
        query: Digest,
        /// The attempt.
        attempt: u8,
    },
    /// Coordinator to member: this attempt leads nowhere; sign that it is void. Carries what shows a
    /// member that never heard of the attempt that it sits on its committee.
    AskVoid {
        /// The query.
        query: Envelope,
        /// The study.
        study: Envelope,
        /// The attempt, from 1.
        attempt: u8,
    },
    /// Member to coordinator.
    Void(Envelope),
    /// Coordinator to clinics: how it ended.
    Ended(Box<Ending>),
    /// Clinic to coordinator: the ending is on the books; no need to say it again.
    EndingKept {
        /// The query.
        query: Digest,
    },
    /// Member to clinic, by way of a hub where the two are not linked: something that was sealed for the clinic and
    /// handed to the member.
    HandOn {
        /// The member's signed word of its arrival, which says for whom it is.
        arrival: Envelope,
        /// The sealed bytes.
        sealed: Octets,
    },
    /// Clinic to member, the same way back: what was handed on has come, and the member may forget it.
    Delivered(Envelope),
    /// Node to member, by way of a hub where the two are not linked: what is the newest that you saw of me?
    AskSeen {
        /// The node that asks.
        about: Principal,
        /// The member that is asked.
        member: Principal,
        /// Fresh random bytes of the asker's.
        challenge: Digest,
        /// The highest number that the asker knows of.
        since: u64,
    },
    /// Member to node, the same way back: its signed word.
    Seen(Envelope),
}

/// A call for contributions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    /// The query.
    pub query: Envelope,
    /// The study.
    pub study: Envelope,
    /// The attempt, from 1.
    pub attempt: u8,
    /// The committee's commitments, in order.
    pub commitments: Vec<Envelope>,
    /// The void notes of every earlier attempt.
    pub voids: Vec<Envelope>,
    /// When the window closes.
    pub closes: Moment,
}

/// A clinic's contribution on its way to the coordinator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadParts {
    /// The signed upload.
    pub upload: Envelope,
    /// The public share.
    pub public_share: Octets,
    /// The sealed shares in committee order.
    pub sealed_shares: Vec<Octets>,
}

/// What one member gets of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchUpload {
    /// The signed upload.
    pub upload: Envelope,
    /// The public share.
    pub public_share: Octets,
    /// This member's sealed share.
    pub sealed_share: Octets,
}

/// How a query ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// The query.
    pub query: Digest,
    /// The last attempt.
    pub attempt: u8,
    /// Its committee's final manifests, where there was a release.
    pub manifests: Vec<Envelope>,
    /// Its committee's release notices, where there was a release.
    pub releases: Vec<Envelope>,
    /// The void notes of all attempts.
    pub voids: Vec<Envelope>,
}

/// The answer to a message, on the same stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete: a node must know what to do with every reply")]
pub enum Reply {
    /// Taken note of; whatever it caused is durable.
    Noted,
    /// How far a query is.
    Progress(Box<Progress>),
    /// What a study has left.
    Budget(Box<Budget>),
    /// Refused, with what to do.
    Refused(Refused),
}

/// A message that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Longer than any message.
    #[error("{got} bytes, where a message has at most {MESSAGE_BYTES_MAX}")]
    TooLarge {
        /// How many came.
        got: usize,
    },
    /// Not CBOR of a known message.
    #[error("not a message: {why}")]
    Malformed {
        /// What the reader stumbled over.
        why: String,
    },
    /// Bytes behind the end.
    #[error("{left} bytes behind the end of the message")]
    Trailing {
        /// How many.
        left: usize,
    },
}

/// Writes a message, reply or stored form as CBOR.
#[must_use]
pub fn encode<T: Serialize>(what: &T) -> Vec<u8> {
    // Most records fit, and growing copies.
    let mut bytes = Vec::with_capacity(1_024);
    // A vector takes every byte and these types hold nothing that CBOR cannot say.
    if ciborium::into_writer(what, &mut bytes).is_err() {
        bytes.clear();
    }
    bytes
}

/// Reads one back: the whole of `bytes`, nothing behind it, nesting bounded.
///
/// # Errors
/// [`CodecError`].
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(CodecError::TooLarge { got: bytes.len() });
    }
    decode_stored(bytes)
}

/// Reads back what this node itself wrote and kept, which may be larger than a message.
///
/// # Errors
/// [`CodecError::Malformed`] and [`CodecError::Trailing`].
pub fn decode_stored<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut rest = bytes;
    let read = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH_MAX);
    let what = read.map_err(|why: ciborium::de::Error<_>| CodecError::Malformed { why: why.to_string() })?;
    if rest.is_empty() { Ok(what) } else { Err(CodecError::Trailing { left: rest.len() }) }
}

/// Deepest nesting of a message; the deepest of ours needs seven.
const DEPTH_MAX: usize = 24;

#[cfg(test)]
mod tests {
    use super::{CodecError, Message, decode, encode};
    use crate::digest::Digest;

    #[test]
    fn a_message_is_read_back_and_anything_else_is_refused() {
        let message = Message::Follow { query: Digest([7; 32]) };
        let bytes = encode(&message);
        assert_eq!(decode(&bytes), Ok(message));
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(decode::<Message>(&longer), Err(CodecError::Trailing { left: 1 }));
        for cut in 0..bytes.len() {
            assert!(decode::<Message>(&bytes[..cut]).is_err(), "cut to {cut} bytes");
        }
        let deep = [vec![0x81; 4_000], vec![0]].concat();
        assert!(decode::<Message>(&deep).is_err(), "deep nesting");
        let huge = [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert!(decode::<Vec<u64>>(&huge).is_err(), "a list that claims 2^64 entries");
        assert!(decode::<Message>(&vec![0; 33 << 20]).is_err(), "33 megabytes");
    }
}
