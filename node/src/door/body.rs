//! Bodies: JSON of a bounded size that comes in time, read as strictly as a signed document.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use sumac_protocol::strict_json;

use super::refusal::Refusal;
use super::{BODY_BYTES_MAX, BODY_PATIENCE};

/// A body as JSON: no name twice, whole numbers only, bounded in size and depth.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let named = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !named.is_some_and(is_json) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "the body is not said to be JSON",
                "send it with `Content-Type: application/json`",
            ));
        }
        let read = tokio::time::timeout(BODY_PATIENCE, whole(request.into_body())).await;
        let bytes = read.map_err(|_| slow())??;
        strict_json::from_slice(&bytes).map(Self).map_err(|why| {
            let says = format!("the body cannot be read: {}", bounded(&why));
            Refusal::new(StatusCode::BAD_REQUEST, "malformed", says, "compare it with /v1/openapi.json")
        })
    }
}

fn is_json(named: &str) -> bool {
    let essence = named.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Reads a body. One that is a little too large is read to its end and let go of, so that whoever sends it gets to
/// hear why; of one that is far too large the connection is cut.
async fn whole(body: Body) -> Result<Vec<u8>, Refusal> {
    let (mut stream, mut bytes, mut got) = (body.into_data_stream(), Vec::new(), 0_usize);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| cut_short())?;
        got = got.saturating_add(chunk.len());
        if got <= BODY_BYTES_MAX {
            bytes.extend_from_slice(&chunk);
        } else if got > BODY_BYTES_MAX * 8 {
            break;
        }
    }
    if got <= BODY_BYTES_MAX { Ok(bytes) } else { Err(too_large()) }
}

/// The beginning of what a reader says: it may repeat what was sent.
fn bounded(why: &str) -> String {
    why.chars().take(SAYS_MAX).collect()
}

fn cut_short() -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "cut-short", "the body broke off", "send it again")
}

fn too_large() -> Refusal {
    let says = format!("the body has more than {BODY_BYTES_MAX} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", says, "nothing that is taken here is as large")
}

fn slow() -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "the body did not come in time", "send it again")
}

/// Most letters of a reader's own words that are given back.
const SAYS_MAX: usize = 300;
