//! Everything that must not be taken is refused, with what is the matter and what to do, and nothing is
//! released.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]

mod refusals {
    mod attempts;
    mod batches;
    mod documents;
    mod members;
    mod releases;
}

use sumac_federation::researcher::Question;
use sumac_federation::{Federation, federation};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::round::message::{Message, Reply};
use sumac_protocol::round::progress::Refused;

const QUESTION: &str = "SELECT count(*) AS courses,
 mean(change(hamd17, day => 42, from => 32, to => 72)) AS change,
 rate(response(hamd17, day => 42, from => 32, to => 72)) AS response
FROM courses GROUP BY arm";
const RHO: RhoMicro = RhoMicro(1_000_000);
const SEED: u64 = 7;

/// A federation whose messages are taped and whose uploads leave at once.
fn taped() -> Federation {
    let mut federation = federation().seed(SEED).policy(|policy| policy.upload_jitter_ms = 0).build();
    federation.wire.tape = Some(Vec::new());
    federation
}

/// Asks a question and lets things go as far as they go at once.
fn asked(federation: &mut Federation) -> Question {
    let question = federation.compose(QUESTION, RHO);
    assert!(matches!(federation.submit(&question), Some(Reply::Progress(_))));
    question
}

/// A refusal that names the matter, its operands and a remedy.
fn refusal(reply: Option<Reply>) -> Refused {
    let Some(Reply::Refused(refused)) = reply else { panic!("not refused: {reply:?}") };
    assert!(!refused.code.is_empty() && !refused.says.is_empty() && !refused.remedy.is_empty(), "{refused:?}");
    refused
}

/// Whether any member sent the researcher anything in this attempt.
fn answers(federation: &Federation, attempt: u8) -> usize {
    let here = |message: &Message| matches!(message, Message::Answer { attempt: of, .. } if *of == attempt);
    federation.tape().iter().filter(|packet| here(&packet.message)).count()
}
