//! The researcher's side of a rehearsal: sign a query, submit it, follow it, open its answer.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::query::Query;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::plan::{Plan, SEMANTICS_VERSION};
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::inquiry::Inquiry;
use sumac_protocol::round::message::{Message, Reply};
use sumac_protocol::round::progress::{Progress, Refused, Step};
use sumac_protocol::sealed::OpeningKey;
use sumac_protocol::{privacy, question};

use super::rules::fresh;
use super::{Rehearsal, RehearsalError};
use crate::running::SystemRandom;

/// A signed query with the key that opens its answer.
#[derive(Debug)]
pub struct Question {
    envelope: Envelope,
    key: OpeningKey,
    asked_at: Moment,
}

impl Question {
    /// The query's id.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.envelope.digest()
    }

    /// The query as it is submitted.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }
}

/// How a query ended, for who asked it.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "complete: a query is answered or it is not")]
pub enum Ended {
    /// Answered: the release, checked as anybody would check its file.
    Released(Box<ReleaseFile>),
    /// Not answered, and why.
    Refused(Refused),
}

impl Rehearsal {
    /// A question as every node compiles and prices it.
    ///
    /// # Errors
    /// [`RehearsalError::Refused`] with what is wrong with it.
    pub fn plan(&self, text: &str, rho: RhoMicro) -> Result<Plan, RehearsalError> {
        let refused =
            |code: &str, says: String, remedy| RehearsalError::Refused(Refused { code: code.into(), says, remedy });
        let dictionary = Dictionary::parse(&self.charter().dictionary)?;
        let plan = question::compile(text, &dictionary, self.mode);
        let plan = plan.map_err(|why| refused(why.code(), why.to_string(), why.remedy()))?;
        privacy::price(plan, rho).map_err(|why| refused(why.code(), why.to_string(), why.remedy()))
    }

    /// Signs a query of this question at this price.
    ///
    /// # Errors
    /// As [`Rehearsal::plan`].
    pub fn compose(&self, text: &str, rho: RhoMicro) -> Result<Question, RehearsalError> {
        let plan = self.plan(text, rho)?;
        let mut rng: SystemRandom = UnwrapErr(SysRng);
        let key = OpeningKey::generate(&mut rng);
        let (charter, asked_at) = (self.chain.current(), self.now());
        let query = Query {
            study: self.study.digest(),
            charter: charter.digest(),
            coordinator: self.key_of(self.hub)?.principal(),
            text: text.into(),
            rho,
            plan: plan.digest(),
            semantics: SEMANTICS_VERSION,
            nonce: Octets(fresh()?.iter().take(16).copied().collect()),
            expires: asked_at + charter.policy.query_lifetime_max(),
            answer_key: Octets(key.sealing_key()?.bytes().to_vec()),
        };
        Ok(Question { envelope: Envelope::sign(&query, &self.researcher)?, key, asked_at })
    }

    /// Asks a question and waits for its end.
    ///
    /// # Errors
    /// [`RehearsalError`]; a refusal of the federation's is no error.
    pub fn ask(&mut self, text: &str, rho: RhoMicro) -> Result<Ended, RehearsalError> {
        let question = self.compose(text, rho)?;
        match self.submit(&question)? {
            Some(Reply::Refused(refused)) => Ok(Ended::Refused(refused)),
            Some(Reply::Progress(_) | Reply::Budget(_) | Reply::Noted) | None => self.wait(&question),
        }
    }

    /// Hands a query to the hub.
    ///
    /// # Errors
    /// [`RehearsalError`] if a node's store fails.
    pub fn submit(&mut self, question: &Question) -> Result<Option<Reply>, RehearsalError> {
        let message = Message::Submit { query: question.envelope.clone(), study: self.study.clone() };
        self.tell(self.hub, self.researcher.principal(), message)
    }

    /// Follows a query until it has ended, letting time pass in steps that grow while nobody has anything to say.
    ///
    /// # Errors
    /// [`RehearsalError::Stuck`] if it has not ended long after it expired.
    pub fn wait(&mut self, question: &Question) -> Result<Ended, RehearsalError> {
        let policy = &self.charter().policy;
        let patience = question.asked_at + Millis(policy.query_lifetime_max_ms.saturating_mul(2));
        let (mut least, most) = (Millis(policy.step_timeout_ms.min(policy.window_ms) / 40 + 1), policy.window());
        let mut step = least;
        let mut steps = 0_u32;
        while self.now() < patience {
            // A query may live for months: whoever repeats things meanwhile is heard less and less often.
            steps += 1;
            if steps.is_multiple_of(PATIENT_AFTER) {
                least = Millis(least.0.saturating_mul(2));
            }
            let follow = Message::Follow { query: question.id() };
            if let Some(Reply::Progress(progress)) = self.tell(self.hub, self.researcher.principal(), follow)?
                && let Some(ended) = self.ended(question, *progress)?
            {
                return Ok(ended);
            }
            let busy = self.pass(step)?;
            step = if busy { least } else { Millis(step.0.saturating_mul(2)).min(most).max(least) };
        }
        Err(RehearsalError::Stuck)
    }

    fn ended(&self, question: &Question, progress: Progress) -> Result<Option<Ended>, RehearsalError> {
        match progress.step {
            Step::Over { refused } => Ok(Some(Ended::Refused(refused))),
            Step::Answered { shares } => {
                let inquiry = Inquiry::admit(&question.envelope, &self.study, &self.chain, question.asked_at)
                    .map_err(RehearsalError::Refused)?;
                let file = ReleaseFile::assemble(&inquiry, progress.attempt, &question.key, &shares)?;
                let text = serde_json::to_string(&file).map_err(|_| RehearsalError::Stuck)?;
                Ok(Some(Ended::Released(Box::new(ReleaseFile::verify(&text, &self.chain)?))))
            }
            Step::Committing | Step::Collecting | Step::Freezing | Step::Verifying | Step::Opening | Step::Voiding => {
                Ok(None)
            }
        }
    }
}

/// Steps after which they are made twice as long.
const PATIENT_AFTER: u32 = 256;
