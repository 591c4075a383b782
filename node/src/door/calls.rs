//! What the door asks of the node's loop, and how it waits for the answer.

use sumac_protocol::digest::Digest;
use sumac_protocol::document::ask::AskedFor;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{Growth, Opening, Receipt, TwoTrees};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use tokio::sync::oneshot;

use super::answer::Answer;
use super::refusal::Refusal;
use super::{CALL_PATIENCE, Hall};

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
    /// The ledger now, or as in a newer head that is known, beginning with an older head of this clinic.
    Growth {
        /// The older head.
        since: Box<Verified<TreeHead>>,
        /// The newer one, which this clinic signed too; without it, that of now.
        newer: Option<Envelope>,
    },
    /// The head that the ledger had at a smaller size.
    HeadAt(u64),
    /// What stands behind a commitment of this clinic.
    Opening(Digest),
    /// What this node last saw of another clinic.
    LastSeen(Principal),
    /// Take in something sealed for another clinic.
    Arrival {
        /// That clinic.
        clinic: Principal,
        /// The sealed bytes.
        sealed: Octets,
    },
    /// Keep evidence against another clinic.
    Evidence(Box<TwoTrees>),
}

/// What came of it. Complete.
#[derive(Debug)]
pub(crate) enum Done {
    /// The statement is kept, and its keeping sealed.
    Kept(Box<Receipt>),
    /// The answer, not sealed yet.
    Answered(Box<Answer>),
    /// The ledger has grown to this.
    Grown(Box<Growth>),
    /// What stands behind a commitment, if it is one of this clinic.
    Opened(Option<Box<Opening>>),
    /// A document that this node signed, if it has something to say.
    Signed(Option<Envelope>),
    /// The evidence is kept.
    EvidenceKept,
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
