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
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::pace::Who;
use super::refusal::{Refusal, json};
use super::{Hall, asks, clinic, ledger, members, statements};

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
        .routes(routes!(ledger::growth))
        .routes(routes!(ledger::head_at))
        .routes(routes!(ledger::opening))
        .routes(routes!(members::last_seen))
        .routes(routes!(members::arrival))
        .routes(routes!(members::evidence))
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
    let (who, now) = (speaks_for(&request, hall.behind_proxy).map(Who::at), Instant::now());
    let hands_over = request.uri().path() == members::ARRIVALS;
    let heard = |who| hall.pace.allows(who, now) && (!hands_over || hall.handing_over.allows(who, now));
    let response =
        if who.is_some_and(|who| !heard(who)) { Refusal::too_many().into_response() } else { next.run(request).await };
    hall.count(response.status());
    response
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
