//! Refusals: one form for every route, and one mapping from what is wrong to an HTTP status.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sumac_protocol::document::consent::StatementError;
use sumac_protocol::envelope::DocumentError;
use sumac_protocol::ledger::LedgerError;
use utoipa::ToSchema;

use crate::clinic::ClinicError;
use crate::running::WitnessError;

/// Why a request is refused: what is the matter, and what can be done. Every status from 400 on has this body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    #[serde(skip)]
    #[schema(ignore)]
    status: Status,
    /// A code that is never reworded.
    #[schema(example = "not-enrolled")]
    pub code: String,
    /// What is the matter.
    pub says: String,
    /// What to do about it.
    pub remedy: String,
}

/// The status of a refusal; a default is needed only where one is read back, and then it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Status(StatusCode);

impl Default for Status {
    fn default() -> Self {
        Self(StatusCode::BAD_REQUEST)
    }
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &str, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { status: Status(status), code: code.to_owned(), says: says.into(), remedy: remedy.into() }
    }

    /// Whoever asks has not shown that the key is theirs. The same words whatever was wrong.
    pub(super) fn unproven() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unproven",
            "the request does not prove that it comes from the key it names, to this clinic, just now",
            "take a new challenge and sign with the patient's key for this clinic",
        )
    }

    /// The node cannot do it now, through no fault of whoever asks.
    pub(crate) fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the clinic's node cannot do this now",
            "try again in a minute; if it stays so, tell the clinic",
        )
    }

    /// Whether the same may be taken another time: nothing is wrong with what was asked.
    pub(crate) fn is_for_now(&self) -> bool {
        self.status.0 == StatusCode::SERVICE_UNAVAILABLE
    }

    /// Too much was asked for in too short a time.
    pub(super) fn too_many() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "more was asked in a minute than this clinic hears",
            "wait a minute and try again",
        )
    }

    /// Something about a ledger that does not hold.
    pub(super) fn ledger(why: &LedgerError) -> Self {
        let of_another = matches!(why, LedgerError::OtherClinic { .. } | LedgerError::EmptyTree);
        let status = if let LedgerError::BadDocument(why) = why {
            status_of(why)
        } else if of_another {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        Self::new(status, why.code(), why.to_string(), why.remedy())
    }

    /// A document that does not hold.
    pub(super) fn document(why: &DocumentError) -> Self {
        Self::new(status_of(why), why.code(), why.to_string(), why.remedy())
    }
}

impl From<&WitnessError> for Refusal {
    /// What a member is asked for other clinics' patients, and does not do.
    fn from(why: &WitnessError) -> Self {
        match why {
            WitnessError::Ledger(why) => Self::ledger(why),
            WitnessError::NoSuchClinic { .. } | WitnessError::SealedSize { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, why.code(), why.to_string(), why.remedy())
            }
            WitnessError::Full { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, why.code(), why.to_string(), why.remedy())
            }
            WitnessError::Document(_) | WitnessError::Store(_) => {
                tracing::error!(code = why.code(), %why, "a patient's request failed");
                Self::unavailable()
            }
        }
    }
}

impl From<&ClinicError> for Refusal {
    /// What is wrong with the request is said; what is wrong with the node stays in its log.
    fn from(why: &ClinicError) -> Self {
        let status = match why {
            ClinicError::Document(why) => status_of(why),
            ClinicError::Statement(StatementError::Document(why)) => status_of(why),
            ClinicError::Statement(StatementError::OutOfLine(_)) => StatusCode::CONFLICT,
            ClinicError::Statement(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ClinicError::Ledger(why) => return Self::ledger(why),
            ClinicError::Superseded { .. } | ClinicError::KeyTaken { .. } | ClinicError::Enrolled => {
                StatusCode::CONFLICT
            }
            ClinicError::NotEnrolled { .. } | ClinicError::KeyErased { .. } => StatusCode::FORBIDDEN,
            ClinicError::Enrolment(_)
            | ClinicError::NoReplacement
            | ClinicError::OtherKey { .. }
            | ClinicError::TooManyKeys { .. }
            | ClinicError::NoSuchPatient { .. }
            | ClinicError::NothingToConfirm { .. }
            | ClinicError::ReceiptNeeded
            | ClinicError::ReceiptOfAnother { .. }
            | ClinicError::ErasedBefore { .. }
            | ClinicError::TooManyPatients { .. }
            | ClinicError::WouldLose { .. }
            | ClinicError::Sealed(_)
            | ClinicError::LedgerTooShort { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            ClinicError::Store(_)
            | ClinicError::Stored { .. }
            | ClinicError::NotInLedger { .. }
            | ClinicError::NoSuchStatement { .. }
            | ClinicError::BrokenTree { .. }
            | ClinicError::NoContributor
            | ClinicError::NoRandomness => {
                tracing::error!(code = why.code(), %why, "a patient's request failed");
                return Self::unavailable();
            }
        };
        Self::new(status, why.code(), why.to_string(), why.remedy())
    }
}

/// A document that cannot be read is a bad request; one that the named key did not sign proves nothing.
fn status_of(why: &DocumentError) -> StatusCode {
    let unsigned = matches!(why, DocumentError::NotSignedBy { .. } | DocumentError::TooFewSignatures { .. });
    if unsigned { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json(self.status.0, &self)
    }
}

/// An answer as JSON that no cache keeps.
pub(super) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let Ok(text) = serde_json::to_vec(body) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, text).into_response()
}
