//! The patients' door: HTTP with JSON, through which a patient's own program speaks to the clinic.
//!
//! Closed unless the operator asks for it. Nothing is listed here, and whoever comes without a key that signs learns
//! nothing of anybody: a signature is checked, with the same work for every key, before anything is looked up. What a
//! patient asks is answered sealed, padded to a few sizes, to a key made for that one answer. Every request that
//! touches records or consents goes to the node's loop, as those of the control socket do.

mod answer;
mod asks;
mod body;
mod calls;
mod challenge;
mod clinic;
mod crowd;
mod error;
mod forms;
mod ledger;
mod listening;
mod members;
mod pace;
mod refusal;
mod routes;
mod statements;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::principal::Principal;
use tokio::sync::mpsc;

pub use answer::{ANSWER_SIZES, Answer, GrantedNow, StatusNow, UseLine, open_answer};
pub(crate) use calls::{Asked, Call, Done};
pub use clinic::AboutClinic;
pub(crate) use clinic::Nameplate;
pub use error::DoorError;
pub use listening::Door;
pub(crate) use listening::serve;
pub(crate) use pace::{Pace, Who};
pub use refusal::Refusal;
pub use routes::openapi;

use crate::clock::Clock;
use crate::home::{Home, Settings};
use crate::metrics::{Metrics, Turned};
use challenge::Challenges;

/// What an operator set about the door, checked.
#[derive(Debug, Clone)]
pub struct DoorPlan {
    address: SocketAddr,
    /// The certificate's file and its key's.
    tls: Option<(PathBuf, PathBuf)>,
    behind_proxy: bool,
    per_minute: u32,
}

impl DoorPlan {
    /// The plan that the settings make; none where the door stays closed.
    ///
    /// # Errors
    /// [`DoorError`] if they contradict each other, or would have patients speak in the clear over a network.
    pub fn of(settings: &Settings, home: &Home) -> Result<Option<Self>, DoorError> {
        let Some(address) = settings.patients else { return Ok(None) };
        let behind_proxy = settings.patients_behind_proxy;
        let tls = match (&settings.patients_cert, &settings.patients_key) {
            (Some(cert), Some(key)) => Some((home.resolve(cert), home.resolve(key))),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(DoorError::HalfACertificate),
        };
        if tls.is_none() && !address.ip().is_loopback() && !behind_proxy {
            return Err(DoorError::InTheClear { address });
        }
        if settings.patients_per_minute == 0 {
            return Err(DoorError::NobodyHeard);
        }
        Ok(Some(Self { address, tls, behind_proxy, per_minute: settings.patients_per_minute }))
    }
}

/// What every request can reach. Of the clinic's records it holds nothing: those are behind `calls`.
#[derive(Debug)]
pub(crate) struct Hall {
    clinic: Principal,
    nameplate: Nameplate,
    calls: mpsc::Sender<Call>,
    challenges: Challenges,
    pace: Pace,
    /// What is taken in for other clinics from anybody, and so at a pace of its own.
    handing_over: Pace,
    clock: Arc<Clock>,
    behind_proxy: bool,
    metrics: Option<Arc<Metrics>>,
}

impl Hall {
    /// A hall of this node under the charter in force. What is asked goes to `calls`.
    pub(crate) fn new(
        plan: &DoorPlan,
        clinic: Principal,
        chain: &CharterChain,
        clock: Arc<Clock>,
        calls: mpsc::Sender<Call>,
    ) -> Result<Self, DoorError> {
        let nameplate = Nameplate::of(clinic, chain);
        let (challenges, pace) = (Challenges::new()?, Pace::new(plan.per_minute));
        let handing_over = Pace::new(HANDED_OVER_PER_MINUTE);
        let behind_proxy = plan.behind_proxy;
        let metrics = None;
        Ok(Self { clinic, nameplate, calls, challenges, pace, handing_over, clock, behind_proxy, metrics })
    }

    /// What is said of this clinic, to change it with the charter.
    pub(crate) fn nameplate(&self) -> Nameplate {
        self.nameplate.clone()
    }

    /// A hall whose refusals are counted.
    pub(crate) fn counted_by(self, metrics: Arc<Metrics>) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// Counts an answer that is a refusal.
    fn count(&self, status: StatusCode) {
        if let Some(metrics) = self.metrics.as_ref().filter(|_| status.is_client_error() || status.is_server_error()) {
            metrics.refused(Turned::Door);
        }
    }
}

/// What one address may leave for other clinics in a minute: each is written to the disk, and nobody proves a key.
const HANDED_OVER_PER_MINUTE: u32 = 6;
/// Most bytes that a request may have, beside its headers.
const BODY_BYTES_MAX: usize = 256 << 10;
/// How long a body may take to come.
const BODY_PATIENCE: Duration = Duration::from_secs(10);
/// How long the node's loop may take over one request.
const CALL_PATIENCE: Duration = Duration::from_secs(30);
/// Most requests that wait for the node's loop.
pub(crate) const CALLS_MAX: usize = 32;
