//! Whether a query may be asked: by this key, in this study, under this charter, now.

use super::{Query, QueryError};
use crate::charter_chain::CharterChain;
use crate::cost::RhoMicro;
use crate::document::charter::{Policy, Role};
use crate::document::study::Study;
use crate::envelope::{Envelope, Verified};
use crate::moment::Moment;
use crate::plan::Mode;

/// Takes a query that a researcher of the study signed and that study and charter allow at this
/// moment. Every node does so on its own before it works on a query. What was spent before, and
/// whether the text is a question at all, is decided elsewhere.
///
/// # Errors
/// [`QueryError`].
pub fn admit_query(
    envelope: &Envelope,
    study: &Verified<Study>,
    chain: &CharterChain,
    now: Moment,
) -> Result<Verified<Query>, QueryError> {
    let claimed = envelope.claim::<Query>()?;
    let researchers = study.researchers.iter().copied().collect();
    if envelope.signers(&researchers).is_empty() {
        return Err(QueryError::NotAResearcher { study: study.id.clone() });
    }
    let query = claimed.verify_any(&researchers)?;
    if query.study != study.digest() {
        return Err(QueryError::OtherStudy { named: query.study, given: study.digest() });
    }
    let charter = chain.current();
    if query.charter != charter.digest() {
        return Err(QueryError::OtherCharter { named: query.charter, current: charter.digest() });
    }
    if study.genesis != chain.genesis_digest() || !charter.studies.contains(&study.digest()) {
        return Err(QueryError::StudyNotInForce { study: study.id.clone() });
    }
    in_time(&query, study, &charter.policy, now)?;
    let coordinator = charter.member(&query.coordinator);
    match coordinator.map(|member| member.is(Role::Hub)) {
        None => return Err(QueryError::UnknownCoordinator { coordinator: query.coordinator }),
        Some(false) => return Err(QueryError::NoHub { coordinator: query.coordinator }),
        Some(true) => {}
    }
    at_a_fair_price(&query, study, &charter.policy)?;
    query.check()?;
    Ok(query)
}

fn in_time(query: &Query, study: &Study, policy: &Policy, now: Moment) -> Result<(), QueryError> {
    if now < study.valid_from {
        return Err(QueryError::StudyNotBegun { from: study.valid_from });
    }
    if now >= study.valid_until {
        return Err(QueryError::StudyOver { until: study.valid_until });
    }
    if query.expires <= now {
        return Err(QueryError::Expired { expires: query.expires });
    }
    let (lives, most) = (query.expires.since(now), policy.query_lifetime_max());
    if lives > most {
        return Err(QueryError::LivesTooLong { lives, most });
    }
    Ok(())
}

fn at_a_fair_price(query: &Query, study: &Study, policy: &Policy) -> Result<(), QueryError> {
    match study.mode {
        Mode::Dp => {
            let most = policy.rho_per_query_max.min(study.rho_year);
            if query.rho == RhoMicro(0) {
                return Err(QueryError::Free);
            }
            if query.rho > most {
                return Err(QueryError::TooDear { rho: query.rho, most });
            }
        }
        Mode::Exact => {
            if !policy.allow_exact {
                return Err(QueryError::ExactNotAllowed);
            }
            if query.rho != RhoMicro(0) {
                return Err(QueryError::ExactCosts { rho: query.rho });
            }
            if study.planned(&query.text).is_none() {
                return Err(QueryError::NotPlanned);
            }
        }
    }
    Ok(())
}
