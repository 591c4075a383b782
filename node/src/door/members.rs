//! What this node does for other clinics' patients: it says what it saw of their clinic, takes in what is sealed for
//! it, and keeps evidence against it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use sumac_protocol::ledger::TwoTrees;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use utoipa::ToSchema;

use super::Hall;
use super::body::Json;
use super::calls::{Asked, Done};
use super::forms::{SignedDocument, TwoTreesForm};
use super::refusal::{Refusal, json};

/// Which clinic it is about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClinicAskedAbout {
    /// The clinic's node key.
    #[schema(value_type = String, pattern = "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$")]
    clinic: Principal,
}

/// Something sealed for another clinic.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedFor {
    /// The clinic's node key.
    #[schema(value_type = String, pattern = "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$")]
    clinic: Principal,
    /// The sealed bytes, as base64url: at most 64 KiB.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]+$")]
    sealed: Octets,
}

/// Says what this node, as a committee member, saw of a clinic last, signed.
#[utoipa::path(
    post,
    path = "/v1/members/last-seen",
    request_body(content = ClinicAskedAbout, content_type = "application/json"),
    responses(
        (status = 200, description = "What was seen", body = SignedDocument, content_type = "application/json"),
        (status = 400, description = "It cannot be read", body = Refusal, content_type = "application/json"),
        (status = 404, description = "Nothing was seen of that clinic", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 422, description = "No clinic of the federation", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn last_seen(
    State(hall): State<Arc<Hall>>,
    Json(ClinicAskedAbout { clinic }): Json<ClinicAskedAbout>,
) -> Result<Response, Refusal> {
    let Done::Signed(seen) = hall.call(Asked::LastSeen(clinic)).await? else { return Err(Refusal::unavailable()) };
    let seen = seen.ok_or_else(|| {
        let says = "this member has seen no contribution of that clinic";
        Refusal::new(StatusCode::NOT_FOUND, "nothing-seen", says, "ask another member, or after the next question")
    })?;
    Ok(json(StatusCode::OK, &seen))
}

/// Takes in something sealed for a clinic that gives no receipt, and signs that it arrived. This node cannot read it.
#[utoipa::path(
    post,
    path = "/v1/members/arrivals",
    request_body(content = SealedFor, content_type = "application/json"),
    responses(
        (status = 201, description = "It arrived", body = SignedDocument, content_type = "application/json"),
        (status = 400, description = "It cannot be read", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 422, description = "No clinic of the federation, or too large", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn arrival(
    State(hall): State<Arc<Hall>>,
    Json(SealedFor { clinic, sealed }): Json<SealedFor>,
) -> Result<Response, Refusal> {
    let done = hall.call(Asked::Arrival { clinic, sealed }).await?;
    let Done::Signed(Some(arrival)) = done else { return Err(Refusal::unavailable()) };
    Ok(json(StatusCode::CREATED, &arrival))
}

/// Keeps two heads with which a clinic contradicts itself, and refuses its contributions from then on.
#[utoipa::path(
    post,
    path = "/v1/members/evidence",
    request_body(content = TwoTreesForm, content_type = "application/json"),
    responses(
        (status = 204, description = "It is kept"),
        (status = 400, description = "It cannot be read", body = Refusal, content_type = "application/json"),
        (status = 401, description = "The clinic signed no such heads", body = Refusal, content_type = "application/json"),
        (status = 403, description = "The heads are of different clinics", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 422, description = "No evidence against a clinic of the federation", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn evidence(
    State(hall): State<Arc<Hall>>,
    Json(evidence): Json<TwoTrees>,
) -> Result<Response, Refusal> {
    hall.call(Asked::Evidence(Box::new(evidence))).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Where things are handed over for other clinics; at a pace of its own.
pub(super) const ARRIVALS: &str = "/v1/members/arrivals";
