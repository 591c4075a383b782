//! Who is behind the door: what anybody may know.

use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::digest::Digest;
use sumac_protocol::principal::Principal;
use utoipa::ToSchema;

use super::Hall;
use super::refusal::{Refusal, json};

/// The clinic and the federation it belongs to. No numbers: how many patients there are is nobody's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AboutClinic {
    /// The clinic's node key, which a patient's key file is bound to.
    #[schema(value_type = String, pattern = "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$")]
    pub clinic: Principal,
    /// Its name in the charter.
    pub name: String,
    /// The digest of the charter in force, 32 bytes as base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{43}$")]
    pub charter: Digest,
    /// That charter's epoch, from 0.
    #[schema(minimum = 0)]
    pub epoch: u64,
}

impl AboutClinic {
    /// This clinic under the charter in force.
    pub(super) fn of(clinic: Principal, chain: &CharterChain) -> Self {
        let charter = chain.current();
        let name = charter.member(&clinic).map_or_else(|| clinic.short(), |member| member.name.clone());
        Self { clinic, name, charter: charter.digest(), epoch: charter.epoch }
    }
}

/// What is said of this clinic, which changes with the charter.
#[derive(Debug, Clone)]
pub(crate) struct Nameplate(Arc<RwLock<AboutClinic>>);

impl Nameplate {
    /// This clinic's under the charter in force.
    pub(super) fn of(clinic: Principal, chain: &CharterChain) -> Self {
        Self(Arc::new(RwLock::new(AboutClinic::of(clinic, chain))))
    }

    /// Says from now on what holds under this charter.
    pub(crate) fn put(&self, clinic: Principal, chain: &CharterChain) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = AboutClinic::of(clinic, chain);
    }

    fn read(&self) -> AboutClinic {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Says which clinic this is.
#[utoipa::path(
    get,
    path = "/v1/clinic",
    responses(
        (status = 200, description = "The clinic", body = AboutClinic, content_type = "application/json"),
        (status = 429, description = "Too much was asked", body = Refusal, content_type = "application/json"),
    )
)]
pub(super) async fn about(State(hall): State<Arc<Hall>>) -> Response {
    json(StatusCode::OK, &hall.nameplate.read())
}
