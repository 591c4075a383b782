//! What any query can have cost, and how long it can have lived, whatever a member says of it.

use std::collections::BTreeSet;

use crate::charter_chain::CharterChain;
use crate::cost::RhoMicro;
use crate::digest::Digest;
use crate::document::recovery::SeenQuery;
use crate::moment::{Millis, Moment};

/// The largest that any charter of a federation ever allowed. A recovering clinic charges its patients by the word of members,
/// and one of them may lie: no word costs anybody more, or for longer, than a query could.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryBounds {
    /// Largest cost of one query.
    pub rho: RhoMicro,
    /// Longest time from the admission of a query to its expiry.
    pub lifetime: Millis,
    /// Every study that a charter listed.
    studies: BTreeSet<Digest>,
}

impl QueryBounds {
    /// Those of all charters of a chain: a query that was asked under an earlier one goes on under it.
    #[must_use]
    pub fn of(chain: &CharterChain) -> Self {
        let none = Self { rho: RhoMicro(0), lifetime: Millis(0), studies: BTreeSet::new() };
        chain.epochs().fold(none, |mut bounds, charter| {
            bounds.rho = bounds.rho.max(charter.policy.rho_per_query_max);
            bounds.lifetime = bounds.lifetime.max(charter.policy.query_lifetime_max());
            bounds.studies.extend(&charter.studies);
            bounds
        })
    }

    /// What of a member's word can be true of a query that was asked before `now`.
    #[must_use]
    pub fn hold(&self, told: SeenQuery, now: Moment) -> SeenQuery {
        SeenQuery { rho: told.rho.min(self.rho), expires: told.expires.min(now + self.lifetime), ..told }
    }

    /// Whether a charter of the chain listed the study.
    #[must_use]
    pub fn knows(&self, study: &Digest) -> bool {
        self.studies.contains(study)
    }
}
