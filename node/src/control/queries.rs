//! What a clinic's lead asks of a running node: which queries wait for a yes, what they would reveal, and the yes or no.

use serde::{Deserialize, Serialize};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::Moment;

use crate::approval::ApprovalPolicy;

/// A question or an order. Complete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QueriesRequest {
    /// Which queries wait?
    Pending,
    /// What would this one reveal?
    Show(Digest),
    /// Contribute to it; where studies are decided, to all of its study.
    Approve(Digest),
    /// Do not, and say nothing to anybody.
    Refuse {
        /// The query.
        query: Digest,
        /// Why, for the clinic's own records.
        why: Option<String>,
    },
}

/// The answers. Complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QueriesResponse {
    /// To [`QueriesRequest::Pending`], by the moment at which they lapse.
    Pending {
        /// Who decides what here.
        policy: ApprovalPolicy,
        /// The queries.
        queries: Vec<PendingQuery>,
    },
    /// To [`QueriesRequest::Show`]; none of it from this clinic's records.
    Shown {
        /// The query.
        query: Box<PendingQuery>,
        /// Its text, letter for letter.
        text: String,
        /// What the study tells patients.
        lay_words: String,
        /// Who approved the study, and under which reference.
        approved: String,
        /// What the answer would reveal, a sentence or a row each.
        reveals: Vec<String>,
    },
    /// To the others: what was decided of this query or study.
    Decided {
        /// The query or, where studies are decided, the study.
        about: Digest,
        /// Whether it is the study.
        of_study: bool,
    },
}

/// A query that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingQuery {
    /// The query.
    pub query: Digest,
    /// The study.
    pub study: Digest,
    /// The study's short name.
    pub study_id: String,
    /// Its title.
    pub title: String,
    /// What each patient counted would be charged; 0 in an exact study.
    pub rho: RhoMicro,
    /// When it lapses, if nobody decides.
    pub closes: Moment,
}
