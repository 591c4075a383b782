//! A patient's own question to the clinic: how do I stand, what was my record used for?

use serde::{Deserialize, Serialize};

use crate::document::Kind;
use crate::envelope::Document;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::sealed::SealingKey;

/// Signed with the patient's key for that clinic, whose private answer is sealed to `reply_to`.
///
/// It carries a challenge that the clinic's node made a moment before, so that whoever overhears it can
/// neither ask again nor ask another clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The clinic's node key.
    pub clinic: Principal,
    /// The patient's key for that clinic, which signs.
    pub patient: Principal,
    /// What the clinic's node gave out for this key; good once and for two minutes.
    pub challenge: Octets,
    /// What is asked for.
    pub what: AskedFor,
    /// A fresh key, made for this one answer and never kept.
    pub reply_to: SealingKey,
}

/// What a patient may ask for. Every answer tells of this patient alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: a new question is a new version of the ask")]
pub enum AskedFor {
    /// Where do I stand, and what did I allow?
    Status,
    /// What must my next statement name?
    Next,
    /// The receipts of all my statements.
    Receipts,
    /// Which answered questions was I counted in?
    Uses,
    /// Everything that is held about me.
    Record,
}

impl Document for Ask {
    const KIND: Kind = Kind::Ask;
}
