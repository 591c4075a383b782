//! The clinic's ledger, for whoever holds a head of it.
//!
//! A head that this clinic signed is the ticket: who has one has a receipt, or a committee's word. So how long the
//! ledger is stays between the clinic and those whom it concerns.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::admit_head;
use utoipa::ToSchema;

use super::Hall;
use super::body::Json;
use super::calls::{Asked, Done};
use super::forms::{GrowthForm, OpeningForm, SignedDocument};
use super::refusal::{Refusal, json};

/// From which head on the ledger's growth is wanted, and up to which.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrowthWanted {
    /// A head that this clinic signed.
    #[schema(value_type = SignedDocument)]
    head: Envelope,
    /// Another that it signed, of at least as many statements. Without it, the head of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SignedDocument>)]
    newer: Option<Envelope>,
}

/// Which older head is wanted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadWanted {
    /// A head that this clinic signed.
    #[schema(value_type = SignedDocument)]
    head: Envelope,
    /// How long the ledger was then: no longer than in that head.
    size: u64,
}

/// Which commitment is to be opened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpeningWanted {
    /// A head that this clinic signed.
    #[schema(value_type = SignedDocument)]
    head: Envelope,
    /// The commitment, as a committee member saw it in an upload, as base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{43}$")]
    commitment: Digest,
}

/// Gives the head of now, with the proof that the ledger begins with the one that is shown. Whoever holds two heads gives
/// both, and gets the proof between them: it holds, or the clinic signed two ledgers.
#[utoipa::path(
    post,
    path = "/v1/ledger/growth",
    request_body(content = GrowthWanted, content_type = "application/json"),
    responses(
        (status = 200, description = "The growth", body = GrowthForm, content_type = "application/json"),
        (status = 400, description = "It cannot be read", body = Refusal, content_type = "application/json"),
        (status = 401, description = "The head is not signed by this clinic", body = Refusal, content_type = "application/json"),
        (status = 403, description = "The head is none of this clinic", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 422, description = "The newer head is the shorter one", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn growth(
    State(hall): State<Arc<Hall>>,
    Json(GrowthWanted { head, newer }): Json<GrowthWanted>,
) -> Result<Response, Refusal> {
    let since = Box::new(ticket(&hall, &head)?);
    let shorter = newer.as_ref().map(|newer| ticket(&hall, newer)).transpose()?.filter(|newer| newer.size < since.size);
    if let Some(newer) = shorter {
        let says = format!("the newer head is of {} statements, and the other of {}", newer.size, since.size);
        let remedy = "name the shorter one as `head` and the longer one as `newer`";
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "ledger-out-of-order", says, remedy));
    }
    let done = hall.call(Asked::Growth { since, newer }).await?;
    let Done::Grown(growth) = done else { return Err(Refusal::unavailable()) };
    Ok(json(StatusCode::OK, &growth))
}

/// Signs the head that the ledger had when it was shorter. Whoever was shown another then has evidence.
#[utoipa::path(
    post,
    path = "/v1/ledger/head-at",
    request_body(content = HeadWanted, content_type = "application/json"),
    responses(
        (status = 200, description = "That head", body = SignedDocument, content_type = "application/json"),
        (status = 400, description = "It cannot be read", body = Refusal, content_type = "application/json"),
        (status = 401, description = "The head is not signed by this clinic", body = Refusal, content_type = "application/json"),
        (status = 403, description = "The head is none of this clinic", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 422, description = "Longer than the head that was shown", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn head_at(
    State(hall): State<Arc<Hall>>,
    Json(HeadWanted { head, size }): Json<HeadWanted>,
) -> Result<Response, Refusal> {
    let shown = ticket(&hall, &head)?;
    if size > shown.size {
        let says = format!("the head that was shown is of {} statements, and {size} are more", shown.size);
        let remedy = "ask for a size that is no larger than that of the head you hold";
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "ledger-no-ticket", says, remedy));
    }
    let done = hall.call(Asked::HeadAt(size)).await?;
    let Done::Signed(Some(head)) = done else { return Err(Refusal::unavailable()) };
    Ok(json(StatusCode::OK, &head))
}

/// Opens a commitment of this clinic's uploads.
#[utoipa::path(
    post,
    path = "/v1/ledger/openings",
    request_body(content = OpeningWanted, content_type = "application/json"),
    responses(
        (status = 200, description = "The opening", body = OpeningForm, content_type = "application/json"),
        (status = 400, description = "It cannot be read", body = Refusal, content_type = "application/json"),
        (status = 401, description = "The head is not signed by this clinic", body = Refusal, content_type = "application/json"),
        (status = 403, description = "The head is none of this clinic", body = Refusal, content_type = "application/json"),
        (status = 404, description = "No commitment of this clinic", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn opening(
    State(hall): State<Arc<Hall>>,
    Json(OpeningWanted { head, commitment }): Json<OpeningWanted>,
) -> Result<Response, Refusal> {
    ticket(&hall, &head)?;
    let Done::Opened(opening) = hall.call(Asked::Opening(commitment)).await? else {
        return Err(Refusal::unavailable());
    };
    let opening = opening.ok_or_else(|| {
        let remedy = "show the stewards the signed word of the member who saw it";
        Refusal::new(StatusCode::NOT_FOUND, "no-such-commitment", "this clinic knows of no such commitment", remedy)
    })?;
    Ok(json(StatusCode::OK, &opening))
}

/// A head that this clinic signed, whatever it says.
fn ticket(hall: &Hall, head: &Envelope) -> Result<Verified<TreeHead>, Refusal> {
    admit_head(head, &hall.clinic).map_err(|why| Refusal::ledger(&why))
}
