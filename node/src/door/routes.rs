//! The routes, and their description as OpenAPI, made from the same code.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use utoipa::openapi::OpenApi;
use utoipa::{OpenApi as _, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::pace::Who;
use super::refusal::{Refusal, json};
use super::{Hall, asks, clinic, statements};

/// Who speaks, as the connection shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Sumac: the patients' door of a clinic",
    description = "What a patient's own program says to a clinic's node, and hears. Documents are DSSE envelopes with \
                   JSON payloads, signed with the patient's Ed25519 key for this clinic. Every status from 400 on has \
                   the same body: a code that is never reworded, what is the matter, and what to do.",
    license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
))]
struct Description;

/// The description of all routes as OpenAPI 3.1.
#[must_use]
pub fn openapi() -> OpenApi {
    described().split_for_parts().1
}

fn described() -> OpenApiRouter<Arc<Hall>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(clinic::about))
        .routes(routes!(statements::take))
        .routes(routes!(asks::challenge))
        .routes(routes!(asks::answer))
}

/// Everything that is heard at the door.
pub(super) fn router(hall: Arc<Hall>) -> Router {
    let (router, description) = described().split_for_parts();
    router
        .route("/v1/openapi.json", get(move || std::future::ready(json(StatusCode::OK, &description))))
        .route("/healthz", get(|| std::future::ready(StatusCode::NO_CONTENT)))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&hall), at_a_pace))
        .with_state(hall)
}

/// Lets nobody ask for more than their share.
async fn at_a_pace(State(hall): State<Arc<Hall>>, request: Request, next: Next) -> Response {
    let address = speaks_for(&request, hall.behind_proxy);
    if address.is_some_and(|address| !hall.pace.allows(Who::at(address), Instant::now())) {
        return Refusal::too_many().into_response();
    }
    next.run(request).await
}

/// The address that a request comes from: the connection's or, behind the clinic's own proxy, the last that the proxy
/// names. What a stranger wrote into the header stands before that.
fn speaks_for(request: &Request, behind_proxy: bool) -> Option<IpAddr> {
    let connected = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    if !behind_proxy {
        return connected;
    }
    let last = request.headers().get_all("x-forwarded-for").into_iter().next_back();
    let named = last.and_then(|value| value.to_str().ok()).and_then(|value| value.rsplit(',').next());
    named.and_then(|name| name.trim().parse().ok()).or(connected)
}

async fn unknown(uri: Uri) -> Refusal {
    let says = format!("there is no `{}` here", uri.path().chars().take(100).collect::<String>());
    Refusal::new(StatusCode::NOT_FOUND, "no-such-route", says, "/v1/openapi.json lists what there is")
}

async fn wrong_method() -> Refusal {
    let remedy = "/v1/openapi.json says with which method";
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "this is not asked for in that way", remedy)
}

/// A signed document: a DSSE envelope.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes an envelope, whose fields are its own")]
pub(super) struct SignedDocument {
    /// What the payload is, as `application/vnd.sumac.consent.v1+json`.
    #[schema(rename = "payloadType", max_length = 256)]
    payload_type: String,
    /// The document's exact bytes, in base64.
    #[schema(format = "byte")]
    payload: String,
    /// Its signatures.
    #[schema(max_items = 64)]
    signatures: Vec<DocumentSignature>,
}

/// One signature of a document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes a signature, whose fields are the envelope's own")]
pub(super) struct DocumentSignature {
    /// The signer's `did:key`.
    #[schema(max_length = 256)]
    keyid: String,
    /// The Ed25519 signature, in base64.
    #[schema(format = "byte")]
    sig: String,
}

/// A challenge.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeForm {
    /// What an ask has to carry, as base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) challenge: Octets,
    /// When it expires, in milliseconds since 1970-01-01 UTC.
    #[schema(value_type = u64)]
    pub(super) expires_at: Moment,
}

/// A sealed answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedForm {
    /// An encapsulated X25519 key and a ChaCha20-Poly1305 message (HPKE, RFC 9180), as base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) sealed: Octets,
}

/// A statement's place in the ledger.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the acknowledgement, which is the clinic's own")]
pub(super) struct AcknowledgedForm {
    /// The statement's digest, as base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{43}$")]
    statement: Digest,
    /// Its position, from 0.
    position: u64,
}
