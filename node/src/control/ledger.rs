//! What can be asked of a running node about consent ledgers.

use serde::{Deserialize, Serialize};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::{Growth, TwoTrees};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;

/// A question or an order. Complete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerRequest {
    /// The head of this clinic's ledger now.
    Head,
    /// The head now, with the proof that its tree begins with an older one of this clinic.
    Growth {
        /// The older head, signed by this clinic.
        since: Envelope,
    },
    /// What did this node last see of a clinic?
    LastSeen {
        /// The clinic.
        clinic: Principal,
    },
    /// Take in something sealed for a clinic that does not answer.
    Arrival {
        /// The clinic.
        clinic: Principal,
        /// The sealed bytes.
        sealed: Octets,
    },
    /// Keep evidence against a clinic, and refuse its contributions from now on.
    KeepEvidence(Box<TwoTrees>),
}

/// The answers, one for each request. Complete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerResponse {
    /// To [`LedgerRequest::Head`].
    Head(Envelope),
    /// To [`LedgerRequest::Growth`].
    Growth(Growth),
    /// To [`LedgerRequest::LastSeen`]; none if this node saw nothing of that clinic.
    LastSeen(Option<Envelope>),
    /// To [`LedgerRequest::Arrival`].
    Arrival(Envelope),
    /// To [`LedgerRequest::KeepEvidence`].
    EvidenceKept,
}
