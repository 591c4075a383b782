//! A message from one member to another that the coordinator carries.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::document::Kind;
use crate::envelope::Document;
use crate::principal::Principal;

/// Signs the sealed body that travels beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// The query.
    pub query: Digest,
    /// The attempt, from 1.
    pub attempt: u8,
    /// Who speaks.
    pub from: Principal,
    /// Who may read it.
    pub to: Principal,
    /// Which of the exchange's messages it is: 1 reveal, 2 verifier shares, 3 counts, 4 opening.
    pub number: u8,
    /// H(the sealed body).
    pub body: Digest,
}

impl Document for Relay {
    const KIND: Kind = Kind::Relay;
}
