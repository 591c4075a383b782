//! A member of a federation: one node.

use serde::{Deserialize, Serialize};

use crate::principal::Principal;

/// One node of the federation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The node's key.
    pub key: Principal,
    /// What people call it; unique in the charter.
    pub name: String,
    /// The organisation behind it. Equal spelling means the same organisation.
    pub operator: String,
    /// What it does; at least one role, none twice.
    pub roles: Vec<Role>,
    /// Multiaddresses at which it can be dialled. A hub needs one; a clinic dials out and has none.
    pub addresses: Vec<String>,
    /// Most patients it may hold: 1 to 10,000,000 for a contributor. The proofs about its
    /// contributions use this bound. For a member without records it means nothing and may be 0.
    pub patients_max: u64,
    /// Keys of people there who may sign enrolments and witness statements.
    pub staff: Vec<Principal>,
}

impl Member {
    /// Whether the member has a role.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// What a member does for the federation. One node may do all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete: a new role is a new version of the charter")]
pub enum Role {
    /// Holds records and contributes to questions.
    Contributor,
    /// Sums secret shares for others.
    Aggregator,
    /// Has a public address, carries messages, and coordinates queries.
    Hub,
}
