//! What can be asked of a running node about charters and studies.

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::envelope::Envelope;

/// A question or an order. Complete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CharterRequest {
    /// Follow this chain of charters, as the text of its file, where it goes on from the one in force.
    Offer {
        /// The file's text, genesis first.
        chain: String,
    },
    /// Which charter waits for a person's yes?
    Waiting,
    /// Take the charter that waits into use.
    Accept {
        /// The one that the person looked at.
        charter: Digest,
    },
    /// Keep a signed study, and hear its researchers once a charter lists it.
    KeepStudy(Envelope),
}

/// The answers. Complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CharterResponse {
    /// To an offer and to a yes: this charter is in force.
    InForce {
        /// Its epoch.
        epoch: u64,
        /// Its digest.
        charter: Digest,
        /// Whether it was not before.
        fresh: bool,
    },
    /// To an offer: the charter waits for a person, because of this.
    Waits {
        /// Its epoch.
        epoch: u64,
        /// Its digest.
        charter: Digest,
        /// Why, a clause each.
        why: Vec<String>,
    },
    /// To [`CharterRequest::Waiting`]: the text of the chain that waits, if one does.
    Waiting(Option<String>),
    /// To [`CharterRequest::KeepStudy`]: why it is not in force; none where it is.
    StudyKept(Option<String>),
}
