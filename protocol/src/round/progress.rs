//! How far a query is, for the researcher who waits.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::Digest;
use crate::limits::REFUSAL_BYTES_MAX;
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;

/// A refusal that travels: whose move it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// A code that is never reworded.
    #[serde(serialize_with = "cut", deserialize_with = "short")]
    pub code: String,
    /// What is the matter, with its operands.
    #[serde(serialize_with = "cut", deserialize_with = "short")]
    pub says: String,
    /// What the asker can do.
    #[serde(serialize_with = "cut", deserialize_with = "short")]
    pub remedy: String,
}

/// Writes a text, its end cut off where it is longer than the reader takes.
fn cut<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
    if text.len() <= REFUSAL_BYTES_MAX {
        return to.serialize_str(text);
    }
    let kept = text.floor_char_boundary(REFUSAL_BYTES_MAX - '…'.len_utf8());
    let (head, _) = text.split_at_checked(kept).unwrap_or_default();
    to.serialize_str(&format!("{head}…"))
}

/// Reads a text of at most [`REFUSAL_BYTES_MAX`] bytes: refusals are kept, whoever wrote them.
fn short<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if text.len() <= REFUSAL_BYTES_MAX {
        return Ok(text);
    }
    let got = text.len();
    Err(serde::de::Error::custom(format!("a text of {got} bytes in a refusal, where {REFUSAL_BYTES_MAX} is the most")))
}

/// How far one query is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// What is going on.
    pub step: Step,
    /// Who is awaited in this step.
    pub awaited: Vec<Principal>,
    /// Until when this step is waited for.
    pub until: Moment,
    /// When the query expires.
    pub expires: Moment,
    /// Clinics that contributed so far.
    pub uploads: u32,
    /// Clinics that were asked.
    pub asked: u32,
}

/// The steps of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete: a client shows each of them")]
pub enum Step {
    /// The committee commits to its randomness.
    Committing,
    /// Clinics contribute.
    Collecting,
    /// The committee fixes the batch.
    Freezing,
    /// The committee checks the contributions.
    Verifying,
    /// The committee opens the counts and noises the rest.
    Opening,
    /// The attempt came to nothing; the committee signs that it is void.
    Voiding,
    /// Done: the sealed shares of the answer, one per member.
    Answered {
        /// The sealed shares, in committee order.
        shares: Vec<Octets>,
    },
    /// Over without an answer.
    Over {
        /// Why.
        refused: Refused,
    },
}
