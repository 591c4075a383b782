//! What somebody says at a patients' door over HTTP, and hears.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Moment;

/// What comes back over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The status, as 201.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

impl Heard {
    /// The body as JSON, which it must be.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.body))
    }

    /// The code of a refusal; empty where it has none.
    #[must_use]
    pub fn code(&self) -> String {
        self.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Posts a body as it stands, to a node that must answer.
#[must_use]
pub fn post(url: &str, path: &str, kind: &str, body: &[u8]) -> Heard {
    try_to_post(url, path, kind, body).unwrap_or_else(|why| panic!("{url}{path}: {why}"))
}

/// Posts JSON, to a node that must answer.
#[must_use]
pub fn post_json(url: &str, path: &str, body: &Value) -> Heard {
    post(url, path, JSON, body.to_string().as_bytes())
}

/// Hands in a signed document, to a node that must answer.
#[must_use]
pub fn hand_in(url: &str, path: &str, signed: &Envelope) -> Heard {
    post(url, path, JSON, signed.to_json().as_bytes())
}

/// Hands in a signed document to a node that may be gone, or go meanwhile.
///
/// # Errors
/// Why nothing came back, in words.
pub fn try_to_hand_in(url: &str, path: &str, signed: &Envelope) -> Result<Heard, String> {
    try_to_post(url, path, JSON, signed.to_json().as_bytes())
}

/// One request on a connection of its own.
fn try_to_post(url: &str, path: &str, kind: &str, body: &[u8]) -> Result<Heard, String> {
    let agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().new_agent();
    let sent = agent.post(format!("{url}{path}")).header("content-type", kind).send(body);
    let mut response = sent.map_err(|why| why.to_string())?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_string();
    Ok(Heard { status, body: body.map_err(|why| why.to_string())? })
}

/// The time, as a node on this machine sees it.
#[must_use]
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

const JSON: &str = "application/json";
/// How long an answer may take: longer than a node waits for its own loop.
const PATIENCE: Duration = Duration::from_secs(45);
/// Most bytes of an answer.
const BODY_BYTES_MAX: u64 = 8 << 20;
