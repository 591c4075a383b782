//! Answering what is asked about consent ledgers over the control socket.

use sumac_protocol::ledger::admit_head;
use sumac_protocol::round::progress::Refused;

use super::commands::refused;
use super::{Node, RunError, WitnessError};
use crate::clinic::ClinicError;
use crate::control::{LedgerRequest, LedgerResponse, Response};

impl Node {
    /// Answers one question about a ledger, or carries out an order. The error ends the node.
    pub(super) fn about_ledgers(&mut self, request: LedgerRequest) -> Result<Response, RunError> {
        let clinic = |done: Result<LedgerResponse, ClinicError>| done.map_err(|why| refused(&why));
        let witness = |done: Result<LedgerResponse, WitnessError>| done.map_err(|why| not_witnessed(&why));
        let done = match request {
            LedgerRequest::Head => clinic(self.clinic.tree_head().map(LedgerResponse::Head)),
            LedgerRequest::Growth { since } => {
                let old = admit_head(&since, &self.me());
                let old = old.map_err(|why| not_witnessed(&why.into()));
                old.and_then(|old| clinic(self.clinic.growth(&old).map(LedgerResponse::Growth)))
            }
            LedgerRequest::LastSeen { clinic } => witness(self.last_seen(&clinic).map(LedgerResponse::LastSeen)),
            LedgerRequest::Arrival { clinic, sealed } => {
                witness(self.arrival(clinic, &sealed.0).map(LedgerResponse::Arrival))
            }
            LedgerRequest::KeepEvidence(evidence) => {
                witness(self.keep_evidence(&evidence)?.map(|()| LedgerResponse::EvidenceKept))
            }
        };
        Ok(done.map_or_else(Response::Refused, |told| Response::Ledger(Box::new(told))))
    }
}

fn not_witnessed(why: &WitnessError) -> Refused {
    Refused { code: why.code().into(), says: why.to_string(), remedy: why.remedy() }
}
