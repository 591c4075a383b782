//! The researcher's side: ask, follow, open the answer.

use rand::Rng as _;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::query::Query;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::plan::SEMANTICS_VERSION;
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::inquiry::Inquiry;
use sumac_protocol::round::message::{Message, Reply};
use sumac_protocol::round::progress::{Progress, Refused, Step};
use sumac_protocol::sealed::OpeningKey;
use sumac_protocol::{privacy, question};

use super::Federation;

/// A signed query with the key that opens its answer.
#[derive(Debug)]
pub struct Question {
    /// The query as it is submitted.
    pub envelope: Envelope,
    /// The study as it is submitted.
    pub study: Envelope,
    /// Who signed it.
    pub asker: Principal,
    /// The key that the answer's shares are sealed to.
    pub key: OpeningKey,
    /// The hub that runs it.
    pub hub: usize,
    /// What it costs each patient.
    pub rho: RhoMicro,
}

impl Question {
    /// The query's id.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.envelope.digest()
    }

    /// What a coordinator says to a member of whom it wants a void note.
    #[must_use]
    pub fn ask_void(&self, attempt: u8) -> Message {
        Message::AskVoid { query: self.envelope.clone(), study: self.study.clone(), attempt }
    }
}

/// How a query ended, for who asked it.
#[derive(Debug)]
pub enum Ended {
    /// Answered.
    Released(Box<ReleaseFile>),
    /// Not answered, and why.
    Refused(Refused),
}

impl Ended {
    /// The release.
    ///
    /// # Panics
    /// With the refusal, where there is none.
    pub fn released(self) -> ReleaseFile {
        match self {
            Self::Released(file) => *file,
            Self::Refused(why) => panic!("refused: {why:?}"),
        }
    }

    /// The refusal, which says what is the matter and what to do.
    ///
    /// # Panics
    /// If there is an answer, or the refusal leaves something unsaid.
    pub fn refused(self) -> Refused {
        match self {
            Self::Refused(why) => {
                assert!(!why.code.is_empty() && !why.says.is_empty() && !why.remedy.is_empty(), "{why:?}");
                why
            }
            Self::Released(file) => panic!("answered: {:?}", file.answer),
        }
    }
}

impl Federation {
    /// The query that the study's researcher signs for this question, sent to Harbour.
    pub fn compose(&mut self, text: &str, rho: RhoMicro) -> Question {
        let hub = self.hub;
        self.compose_with(text, rho, |query| query, None, hub)
    }

    /// A query like any other but for what `change` does to it and who signs it.
    pub fn compose_with(
        &mut self,
        text: &str,
        rho: RhoMicro,
        change: impl FnOnce(Query) -> Query,
        signer: Option<&Signer>,
        hub: usize,
    ) -> Question {
        let charter = self.chain.current();
        let plan = question::compile(text, self.chain.dictionary().unwrap(), self.mode).unwrap();
        let plan = privacy::price(plan, rho).unwrap();
        let key = OpeningKey::generate(&mut self.rng);
        let mut nonce = vec![0; 16];
        self.rng.fill_bytes(&mut nonce);
        let query = Query {
            study: self.study.digest(),
            charter: charter.digest(),
            coordinator: self.nodes[hub].key(),
            text: text.into(),
            rho,
            plan: plan.digest(),
            semantics: SEMANTICS_VERSION,
            nonce: Octets(nonce),
            expires: self.now + Millis(charter.policy.query_lifetime_max_ms),
            answer_key: Octets(key.sealing_key().unwrap().bytes().to_vec()),
        };
        let signer = signer.unwrap_or(&self.cast.researcher);
        let envelope = Envelope::sign(&change(query), signer).unwrap();
        Question { envelope, study: self.study.clone(), asker: signer.principal(), key, hub, rho }
    }

    /// Hands a query to its hub. Nothing where that is down.
    pub fn submit(&mut self, question: &Question) -> Option<Reply> {
        let message = Message::Submit { query: question.envelope.clone(), study: question.study.clone() };
        self.tell(question.hub, question.asker, message)
    }

    /// Asks the hub how far a query is. Nothing where that is down.
    ///
    /// # Panics
    /// If the hub does not know the query.
    pub fn follow(&mut self, question: &Question) -> Option<Progress> {
        match self.tell(question.hub, question.asker, Message::Follow { query: question.id() })? {
            Reply::Progress(progress) => Some(*progress),
            other @ (Reply::Noted | Reply::Budget(_) | Reply::Refused(_)) => panic!("{other:?}"),
        }
    }

    /// Follows a query until it has ended, letting time pass.
    ///
    /// # Panics
    /// If it has not ended long after it expired.
    pub fn wait(&mut self, question: &Question) -> Ended {
        let patience = self.now + Millis(2 * self.chain.current().policy.query_lifetime_max_ms);
        while self.now < patience {
            if let Some(ended) = self.follow(question).and_then(|progress| self.ended(question, progress)) {
                return ended;
            }
            self.beat();
        }
        panic!("the query neither ended nor expired");
    }

    fn ended(&self, question: &Question, progress: Progress) -> Option<Ended> {
        match progress.step {
            Step::Over { refused } => Some(Ended::Refused(refused)),
            Step::Answered { shares } => {
                Some(Ended::Released(Box::new(self.open(question, progress.attempt, &shares))))
            }
            Step::Committing | Step::Collecting | Step::Freezing | Step::Verifying | Step::Opening | Step::Voiding => {
                None
            }
        }
    }

    /// Asks a question and waits for its end.
    pub fn ask(&mut self, text: &str, rho: RhoMicro) -> Ended {
        let question = self.compose(text, rho);
        match self.submit(&question) {
            Some(Reply::Refused(refused)) => Ended::Refused(refused),
            Some(Reply::Progress(_)) => self.wait(&question),
            other @ (Some(Reply::Noted | Reply::Budget(_)) | None) => panic!("{other:?}"),
        }
    }

    /// Opens the shares of an answer.
    #[must_use]
    pub fn open(&self, question: &Question, attempt: u8, shares: &[Octets]) -> ReleaseFile {
        ReleaseFile::assemble(&self.inquiry(question), attempt, &question.key, shares).unwrap()
    }

    /// A query as its researcher's own program admits it.
    #[must_use]
    pub fn inquiry(&self, question: &Question) -> Inquiry {
        let now = self.composed_at(question);
        Inquiry::admit(&question.envelope, &question.study, &self.chain, now).unwrap()
    }

    fn composed_at(&self, question: &Question) -> Moment {
        let claimed = question.envelope.claim::<Query>().unwrap().verify(&question.asker).unwrap();
        let lifetime = self.chain.current().policy.query_lifetime_max_ms;
        Moment(claimed.expires.0.saturating_sub(lifetime))
    }
}
