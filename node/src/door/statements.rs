//! A patient's statement is handed in.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sumac_protocol::document::consent::{Action, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Millis;

use super::Hall;
use super::body::Json;
use super::calls::{Asked, Done};
use super::forms::{ReceiptForm, SignedDocument};
use super::pace::Who;
use super::refusal::{Refusal, json};
use crate::clinic::ClinicError;

/// Takes a patient's signed statement. It is kept beyond being set back when the answer leaves.
///
/// The signature is checked before anything is looked up. A withdrawal is taken whatever its sequence, predecessor
/// or clock; a grant must follow what was said before, and be signed neither in the future nor over a day ago. An erasure destroys what is held, and a
/// key that asked for it never grants again.
#[utoipa::path(
    post,
    path = "/v1/statements",
    request_body(content = SignedDocument, content_type = "application/json"),
    responses(
        (status = 201, description = "Kept: the receipt", body = ReceiptForm, content_type = "application/json"),
        (status = 400, description = "No statement", body = Refusal, content_type = "application/json"),
        (status = 401, description = "Not signed by the key it names", body = Refusal, content_type = "application/json"),
        (status = 403, description = "The key may state nothing here", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 409, description = "It contradicts what was said", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 422, description = "It says what cannot be", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn take(State(hall): State<Arc<Hall>>, Json(envelope): Json<Envelope>) -> Result<Response, Refusal> {
    let claimed = envelope.claim::<Statement>().map_err(|why| Refusal::document(&why))?;
    let statement = claimed.verify_named(|statement| statement.patient).map_err(|why| Refusal::document(&why))?;
    if !hall.pace.allows(Who::Key(statement.patient), Instant::now()) {
        return Err(Refusal::too_many());
    }
    statement.not_ahead(hall.clock.now()).map_err(|why| Refusal::from(&ClinicError::Statement(why)))?;
    if matches!(statement.action, Action::Grant(_)) && hall.clock.now().since(statement.made_at) > GRANT_LIFE {
        return Err(stale());
    }
    let done = hall.call(Asked::Statement(envelope)).await?;
    let Done::Kept(receipt) = done else { return Err(Refusal::unavailable()) };
    Ok(json(StatusCode::CREATED, &receipt))
}

fn stale() -> Refusal {
    let says = "this grant was signed over a day ago";
    Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "statement-stale",
        says,
        "have the patient look at it and sign it again",
    )
}

/// How long after it was signed a grant is taken in. Whoever finds an old one learns nothing by handing it in, not even
/// whether it was the patient's last word.
const GRANT_LIFE: Millis = Millis::DAY;
