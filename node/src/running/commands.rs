//! What the people of the clinic ask over the control socket.

use std::sync::Arc;

use sumac_protocol::ledger::Receipt;
use sumac_protocol::round::progress::Refused;

use super::{Node, RunError, upkeep};
use crate::clinic::ClinicError;
use crate::control::{Call, Request, Response, Status};
use crate::metrics::Turned;

impl Node {
    /// Does what is asked. What was kept is beyond being set back before it is acknowledged: an
    /// acknowledged withdrawal stays one.
    pub(super) fn command(&mut self, call: Call) -> Result<(), RunError> {
        let Call { request, answer } = call;
        if let Request::Upkeep(upkeep) = request {
            upkeep::begin(Arc::clone(self.clinic.store()), upkeep, answer);
            return Ok(());
        }
        let states = matches!(request, Request::TakeStatement(_) | Request::TakeWitnessed(_));
        let response = tokio::task::block_in_place(|| self.respond(request))?;
        if matches!(response, Response::Refused(_)) {
            self.watched.metrics.refused(Turned::Desk);
        } else if states {
            self.watched.metrics.statement();
        }
        self.seal_watermark()?;
        if answer.send(response).is_err() {
            tracing::debug!("whoever asked is gone");
        }
        Ok(())
    }

    fn respond(&mut self, request: Request) -> Result<Response, RunError> {
        let clinic = &self.clinic;
        let done = match request {
            Request::Status => Ok(Response::Status(self.status())),
            Request::KeepRecords(patients) => clinic.keep_records(&patients).map(Response::Kept),
            Request::KeepParts { records, told } => clinic.keep_parts(&records, &told).map(Response::Kept),
            Request::Enrol { pseudonym, key } => clinic.enrol(&pseudonym, key).map(|()| Response::Enrolled),
            Request::NextStatement { key } => {
                clinic.next_statement(&key).map(|(sequence, previous)| Response::NextStatement { sequence, previous })
            }
            Request::TakeStatement(envelope) => clinic.take_statement(&envelope).map(acknowledged),
            Request::PaperKey { pseudonym, by } => clinic.paper_key(&pseudonym, &by).and_then(|key| {
                let (sequence, previous) = clinic.next_statement(&key)?;
                Ok(Response::PaperKey { key, sequence, previous })
            }),
            Request::TakeWitnessed(envelope) => clinic.take_witnessed(&envelope).map(acknowledged),
            Request::ReplaceKey(envelope) => clinic.replace_key(&envelope).map(|()| Response::Enrolled),
            Request::Confirm { pseudonym, receipt } => {
                clinic.confirm(&pseudonym, receipt.as_deref()).map(|()| Response::Confirmed)
            }
            Request::Standings => clinic.standings().map(Response::Standings),
            Request::Patients => clinic.patients().map(Response::Patients),
            Request::Cohorts => clinic.cohorts().map(Response::Cohorts),
            Request::AsOf { query } => clinic.as_of(&query).map(|told| Response::AsOf(told.map(Box::new))),
            Request::ToErase { pseudonym } => clinic.to_erase(&pseudonym).map(Response::Taken),
            Request::Erase { pseudonym } => clinic.erase(&pseudonym).map(Response::Taken),
            Request::ExportPatient { pseudonym } => {
                clinic.held(&pseudonym, self.clock.now()).map(|held| Response::Patient(held.map(Box::new)))
            }
            Request::ExportFrom { from } => clinic.held_from(from, self.clock.now()).map(Response::Page),
            Request::Words => clinic.words().map(Response::Words),
            Request::Books => clinic.books().map(Response::Books),
            Request::Ledger(request) => return self.about_ledgers(request),
            Request::Queries(request) => return self.about_queries(request),
            Request::Charters(request) => return self.about_charters(request),
            Request::Upkeep(upkeep) => Ok(upkeep::carry_out(clinic.store(), upkeep)),
        };
        Ok(done.unwrap_or_else(|why| Response::Refused(refused(&why))))
    }

    fn status(&self) -> Status {
        let charter = self.clinic.chain().current();
        let (shut, waits) = self.why_not().unzip();
        Status {
            key: self.me(),
            name: self.name(&self.me()),
            epoch: charter.epoch,
            charter: charter.digest(),
            connected: self.connected.iter().map(|peer| self.name(peer)).collect(),
            listening: self.listening.clone(),
            patients_at: self.heard_at.0.clone(),
            patients: u64::try_from(self.clinic.store().rows().len()).unwrap_or(u64::MAX),
            accused: self.accused(),
            shut,
            waits: waits.unwrap_or(false),
            statements: self.clinic.store().ledger_len(),
            held_for_others: u64::try_from(self.arrivals.len()).unwrap_or(u64::MAX),
            pid: std::process::id(),
        }
    }
}

fn acknowledged(receipt: Receipt) -> Response {
    Response::Acknowledged(Box::new(receipt))
}

pub(super) fn refused(why: &ClinicError) -> Refused {
    Refused { code: why.code().into(), says: why.to_string(), remedy: why.remedy() }
}
