//! A patient asks, and is answered in private.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sumac_protocol::document::ask::Ask;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use utoipa::ToSchema;

use super::Hall;
use super::body::Json;
use super::calls::{Asked, Done};
use super::challenge::Met;
use super::forms::{ChallengeForm, SealedForm, SignedDocument};
use super::pace::Who;
use super::refusal::{Refusal, json};

/// For whom a challenge is wanted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeWanted {
    /// The patient's key for this clinic.
    #[schema(value_type = String, pattern = "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$")]
    key: Principal,
}

/// Gives out a challenge for a key, good for one ask within two minutes. The same for every key, known here or not.
#[utoipa::path(
    post,
    path = "/v1/challenges",
    request_body(content = ChallengeWanted, content_type = "application/json"),
    responses(
        (status = 200, description = "A challenge", body = ChallengeForm, content_type = "application/json"),
        (status = 400, description = "No key", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn challenge(
    State(hall): State<Arc<Hall>>,
    Json(ChallengeWanted { key }): Json<ChallengeWanted>,
) -> Result<Response, Refusal> {
    let made = hall.challenges.make(&key, hall.clock.now());
    let (challenge, expires_at) = made.ok_or_else(Refusal::unavailable)?;
    Ok(json(StatusCode::OK, &ChallengeForm { challenge, expires_at }))
}

/// Answers a patient's signed ask, sealed to the key that the ask names, in one of a few sizes.
///
/// Whatever an ask does not prove is refused with the same words. A key that nobody enrolled is answered too.
#[utoipa::path(
    post,
    path = "/v1/asks",
    request_body(content = SignedDocument, content_type = "application/json"),
    responses(
        (status = 200, description = "The sealed answer", body = SealedForm, content_type = "application/json"),
        (status = 400, description = "No ask", body = Refusal, content_type = "application/json"),
        (status = 401, description = "It proves nothing", body = Refusal, content_type = "application/json"),
        (status = 408, description = "The body was too slow", body = Refusal, content_type = "application/json"),
        (status = 413, description = "Too large", body = Refusal, content_type = "application/json"),
        (status = 415, description = "Not JSON", body = Refusal, content_type = "application/json"),
        (status = 422, description = "Nothing can be sealed to its key", body = Refusal, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
        (status = 503, description = "Not now", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn answer(State(hall): State<Arc<Hall>>, Json(envelope): Json<Envelope>) -> Result<Response, Refusal> {
    let claimed = envelope.claim::<Ask>().map_err(|why| Refusal::document(&why))?;
    let ask = claimed.verify_named(|ask| ask.patient).map_err(|_| Refusal::unproven())?;
    if ask.clinic != hall.clinic {
        return Err(Refusal::unproven());
    }
    match hall.challenges.take(&ask.patient, &ask.challenge, hall.clock.now()) {
        Met::Good => {}
        Met::Bad => return Err(Refusal::unproven()),
        Met::Full => return Err(Refusal::too_many()),
    }
    if !hall.pace.allows(Who::Key(ask.patient), Instant::now()) {
        return Err(Refusal::too_many());
    }
    if !ask.reply_to.is_usable() {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "ask-reply-to",
            "nothing can be sealed to the key in `reply_to`",
            "make a fresh X25519 key for each ask",
        ));
    }
    let since = Instant::now();
    let answered = looked_up(&hall, &ask).await;
    until(release(since, Instant::now())).await?;
    answered
}

/// Waits on a thread of its own: the runtime's own timers wait for whole milliseconds from when they are set, which
/// is when looking up was done, and so tell of it.
async fn until(moment: Instant) -> Result<(), Refusal> {
    let wait = move || {
        while let Some(left) = moment.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
    };
    tokio::task::spawn_blocking(wait).await.map_err(|_| Refusal::unavailable())
}

/// Whatever is looked up is looked up here: what takes longer for a key that is known here than for another.
async fn looked_up(hall: &Hall, ask: &Verified<Ask>) -> Result<Response, Refusal> {
    let done = hall.call(Asked::Ask { patient: ask.patient, what: ask.what }).await?;
    let Done::Answered(answer) = done else { return Err(Refusal::unavailable()) };
    let sealed = answer.seal(ask).ok_or_else(Refusal::unavailable)?;
    Ok(json(StatusCode::OK, &SealedForm { sealed: Octets(sealed) }))
}

/// When an answer leaves that was looked up from `since` to `now`: at the end of a whole number of steps, so that its
/// time does not tell whether much was looked up or nothing.
fn release(since: Instant, now: Instant) -> Instant {
    let steps = now.saturating_duration_since(since).as_micros() / STEP.as_micros() + 1;
    since + STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}

/// What every answer to a patient takes at least: several times what looking up takes on a busy machine, and too short to be
/// waited for.
const STEP: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::{STEP, release};
    use std::time::{Duration, Instant};

    #[test]
    fn an_answer_leaves_at_the_end_of_a_step_however_long_it_took() {
        let since = Instant::now();
        let cases = [
            (Duration::ZERO, 1, "nothing was looked up"),
            (STEP / 2, 1, "something was"),
            (STEP - Duration::from_micros(1), 1, "just in time"),
            (STEP, 2, "too late for the first"),
            (STEP * 3 + Duration::from_micros(1), 4, "a clinic that is busy"),
        ];
        for (took, steps, why) in cases {
            assert_eq!(release(since, since + took), since + STEP * steps, "{why}");
        }
    }
}
