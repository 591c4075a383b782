//! What patients' programs ask at the door.

use super::{Node, RunError};
use crate::door::{self, Asked, Done, Refusal};

impl Node {
    /// Does what is asked. What was kept is beyond being set back before it is acknowledged.
    pub(super) fn at_the_door(&mut self, call: door::Call) -> Result<(), RunError> {
        let door::Call { asked, answer } = call;
        let states = matches!(asked, Asked::Statement(_));
        let done = tokio::task::block_in_place(|| self.done(asked))?;
        if states && done.is_ok() {
            self.watched.metrics.statement();
        }
        self.seal_watermark()?;
        if answer.send(done).is_err() {
            tracing::debug!("the patient's program is gone");
        }
        Ok(())
    }

    /// The outer error is one of the node's own, and ends it.
    fn done(&mut self, asked: Asked) -> Result<Result<Done, Refusal>, RunError> {
        let clinic = &self.clinic;
        let of_clinic = match asked {
            Asked::Statement(envelope) => clinic.take_statement(&envelope).map(|receipt| Done::Kept(Box::new(receipt))),
            Asked::Ask { patient, what } => {
                clinic.answer(&patient, what).map(|answer| Done::Answered(Box::new(answer)))
            }
            Asked::Growth { since, newer } => {
                let growth = match newer {
                    Some(newer) => clinic.growth_to(&since, &newer),
                    None => clinic.growth(&since),
                };
                growth.map(|growth| Done::Grown(Box::new(growth)))
            }
            Asked::HeadAt(size) => clinic.head_at(size).map(|head| Done::Signed(Some(head))),
            Asked::Opening(commitment) => {
                clinic.opening(&commitment).map(|opening| Done::Opened(opening.map(Box::new)))
            }
            Asked::LastSeen(clinic) => {
                return Ok(self.last_seen(&clinic).map(Done::Signed).map_err(|why| Refusal::from(&why)));
            }
            Asked::Arrival { clinic, sealed } => {
                let arrival = self.arrival(clinic, &sealed.0);
                return Ok(arrival.map(|said| Done::Signed(Some(said))).map_err(|why| Refusal::from(&why)));
            }
            Asked::Evidence(evidence) => {
                return Ok(self
                    .keep_evidence(&evidence)?
                    .map(|()| Done::EvidenceKept)
                    .map_err(|why| Refusal::from(&why)));
            }
        };
        Ok(of_clinic.map_err(|why| Refusal::from(&why)))
    }
}
