//! What the door asks of the node's loop, and how it waits for the answer.

use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::Principal;
use tokio::sync::oneshot;

use super::answer::Answer;
use super::refusal::Refusal;
use super::{CALL_PATIENCE, Hall};
use crate::clinic::Acknowledged;

/// What is asked. Signatures of patients were checked before. Complete.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Take this statement.
    Statement(Envelope),
    /// Answer this patient.
    Ask {
        /// The key that signed.
        patient: Principal,
        /// What it asked for.
        what: AskedFor,
    },
}

/// What came of it. Complete.
#[derive(Debug)]
pub(crate) enum Done {
    /// The statement is kept, and its keeping sealed.
    Acknowledged(Acknowledged),
    /// The answer, not sealed yet.
    Answered(Box<Answer>),
}

/// One request on its way to the node's loop.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) asked: Asked,
    pub(crate) answer: oneshot::Sender<Result<Done, Refusal>>,
}

impl Hall {
    /// Hands a request to the loop and waits for what comes of it, a while. What was begun is finished also if nobody
    /// waits any more.
    pub(super) async fn call(&self, asked: Asked) -> Result<Done, Refusal> {
        let (answer, answered) = oneshot::channel();
        let asking = async {
            self.calls.send(Call { asked, answer }).await.map_err(|_| Refusal::unavailable())?;
            answered.await.map_err(|_| Refusal::unavailable())?
        };
        tokio::time::timeout(CALL_PATIENCE, asking).await.unwrap_or_else(|_| Err(Refusal::unavailable()))
    }
}
