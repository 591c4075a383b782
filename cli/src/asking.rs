//! Asking a question: from its text to a release. Shared by `ask` and `demo`.
//!
//! A program that stops in between loses nothing: the query is kept before it is submitted, the hub
//! keeps the sealed shares, and the same query is never charged twice.

mod kept;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sumac_node::asker::{AskError, Asker};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::charter::{Charter, Member};
use sumac_protocol::document::query::Query;
use sumac_protocol::document::study::{Study, admit_study};
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::plan::{Mode, Plan, SEMANTICS_VERSION};
use sumac_protocol::principal::Signer;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::round::inquiry::Inquiry;
use sumac_protocol::round::progress::{Progress, Step};
use sumac_protocol::sealed::OpeningKey;
use sumac_protocol::{privacy, question};
use zeroize::Zeroizing;

pub(crate) use kept::{KeptQuery, reread};

use crate::failure::Failure;
use crate::{files, keys};

/// A question with everything it takes to ask it.
#[derive(Debug)]
pub(crate) struct Asking {
    /// The charter in force, with all its epochs.
    pub(crate) chain: CharterChain,
    /// The study it is asked in, admitted under that charter.
    pub(crate) study: Verified<Study>,
    /// The hub that coordinates it.
    pub(crate) hub: Member,
    /// The signed query.
    pub(crate) query: Envelope,
    /// What opens the shares of the answer; made for this query alone.
    pub(crate) answer_key: OpeningKey,
    /// When it was signed, by this machine's clock.
    pub(crate) submitted: Moment,
    /// When it expires: nobody works on it after that.
    pub(crate) expires: Moment,
}

/// What is kept of a query between submission and answer. The key that opens the answer is sealed
/// under the researcher's own key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    /// As it was signed: asked again it is the same query.
    query: Envelope,
    /// As it was then.
    study: Envelope,
    /// When it was sent.
    submitted: Moment,
    /// What opens the answer, sealed under the researcher's own key.
    sealed_key: Octets,
}

/// Compiles and prices a question as every node will.
pub(crate) fn plan(text: &str, charter: &Charter, mode: Mode, rho: RhoMicro) -> Result<Plan, Failure> {
    privacy::price(compiled(text, charter, mode)?, rho).map_err(|why| Failure::refused(why.code(), &why, why.remedy()))
}

/// Checks a question against the charter's dictionary, with no price yet: a typo is told before a
/// price is asked for.
pub(crate) fn compiled(text: &str, charter: &Charter, mode: Mode) -> Result<Plan, Failure> {
    let dictionary =
        Dictionary::parse(&charter.dictionary).map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
    question::compile(text, &dictionary, mode).map_err(|why| Failure::question(why.code(), &why.render(text)))
}

impl Asking {
    /// Writes and signs a query.
    pub(crate) fn new(
        chain: CharterChain,
        study: &Envelope,
        hub: Option<&str>,
        text: &str,
        rho: RhoMicro,
        lifetime: Millis,
        researcher: &Signer,
    ) -> Result<Self, Failure> {
        let study = admit_study(study, &chain)?;
        let charter = chain.current();
        let hub = choose_hub(charter, hub)?.clone();
        let plan = plan(text, charter, study.mode, rho)?;
        let mut rng = keys::system_random();
        let answer_key = OpeningKey::generate(&mut rng);
        let public = answer_key.sealing_key().map_err(|why| Failure::bug(why.to_string()))?;
        let (submitted, nonce) = (now(), keys::fresh()?);
        let query = Query {
            study: study.digest(),
            charter: charter.digest(),
            coordinator: hub.key,
            text: text.to_owned(),
            rho,
            plan: plan.digest(),
            semantics: SEMANTICS_VERSION,
            nonce: Octets(nonce.iter().take(16).copied().collect()),
            expires: submitted + lifetime,
            answer_key: Octets(public.bytes().to_vec()),
        };
        let expires = query.expires;
        let query = Envelope::sign(&query, researcher)?;
        // What every node would refuse is refused here, before anybody is asked.
        Inquiry::admit(&query, study.envelope(), &chain, submitted)?;
        Ok(Self { chain, study, hub, query, answer_key, submitted, expires })
    }

    /// The query's id.
    pub(crate) fn id(&self) -> Digest {
        self.query.digest()
    }

    /// Keeps the query, so that its answer can be fetched even if this program stops.
    pub(crate) fn keep(&self, seed: &Zeroizing<[u8; 32]>) -> Result<PathBuf, Failure> {
        let folder = pending_folder();
        std::fs::create_dir_all(&folder).map_err(|why| Failure::file(&folder, &why))?;
        let own = own_key(seed);
        let public = own.sealing_key().map_err(|why| Failure::bug(why.to_string()))?;
        let sealed = public
            .seal(Label::AnswerSeal, self.id().bytes(), self.answer_key.expose().as_slice(), &mut keys::system_random())
            .map_err(|why| Failure::bug(why.to_string()))?;
        let pending = Pending {
            query: self.query.clone(),
            study: self.study.envelope().clone(),
            submitted: self.submitted,
            sealed_key: Octets(sealed),
        };
        let path = folder.join(self.id().hex());
        let text = serde_json::to_string(&pending).map_err(|why| Failure::bug(why.to_string()))?;
        files::write(&path, &text)?;
        Ok(path)
    }

    /// Keeps the query no longer: it is over, and no answer will come. One that was never kept is
    /// forgotten as well.
    pub(crate) fn forget(&self) {
        let path = pending_folder().join(self.id().hex());
        std::fs::remove_file(&path).unwrap_or_else(|why| tracing::debug!(%why, "the query stays"));
    }

    /// Takes up a query that was kept.
    pub(crate) fn resume(id: &str, chain: CharterChain, seed: &Zeroizing<[u8; 32]>) -> Result<Self, Failure> {
        let path = find_pending(id)?;
        let lost = |why: String| Failure::refused("pending", &format!("{}: {why}", path.display()), "ask again".into());
        let pending: Pending = serde_json::from_str(&files::read(&path)?).map_err(|why| lost(why.to_string()))?;
        let study = admit_study(&pending.study, &chain)?;
        let researchers = study.researchers.iter().copied().collect();
        let query = pending.query.claim::<Query>()?.verify_any(&researchers)?;
        let key = own_key(seed).open(Label::AnswerSeal, query.digest().bytes(), &pending.sealed_key.0);
        let key = key.map_err(|_| lost("it was kept under another researcher's key".into()))?;
        let key: [u8; 32] = key.as_slice().try_into().map_err(|_| lost("its key is damaged".into()))?;
        let hub = chain
            .current()
            .member(&query.coordinator)
            .cloned()
            .ok_or_else(|| lost("its hub left the charter".into()))?;
        let (expires, submitted) = (query.expires, pending.submitted);
        let answer_key = OpeningKey::from_bytes(Zeroizing::new(key));
        Ok(Self { chain, study, hub, query: pending.query, answer_key, submitted, expires })
    }

    /// Submits the query and follows it to its end. A hub that goes away is waited for until the
    /// query expires.
    pub(crate) async fn run(
        &self,
        seed: &Zeroizing<[u8; 32]>,
        mut see: impl FnMut(&Progress),
    ) -> Result<ReleaseFile, Failure> {
        let mut asker = Asker::connect(seed.clone(), &self.hub, self.chain.current().digest(), PATIENCE).await?;
        let mut beat = tokio::time::interval(BEAT);
        let mut submitted = false;
        let ended = loop {
            beat.tick().await;
            let asked = if submitted {
                asker.follow(self.id()).await
            } else {
                asker.submit(&self.query, self.study.envelope()).await
            };
            match asked {
                Ok(progress) => {
                    submitted = true;
                    see(&progress);
                    if let Some(ended) = self.ended(&progress) {
                        break ended;
                    }
                }
                Err(AskError::Unreachable { .. }) if now() < self.expires + GRACE => {}
                Err(why) => break Err(why.into()),
            }
        };
        asker.goodbye().await;
        if let Ok(release) = &ended
            && let Err(why) = kept::keep(self.id(), self.submitted, release)
        {
            // The answer is there all the same, and its release goes where `--out` says.
            why.warn();
        }
        ended
    }

    /// How far the query is now, as its hub says.
    pub(crate) async fn look(&self, seed: &Zeroizing<[u8; 32]>) -> Result<Progress, Failure> {
        let mut asker = Asker::connect(seed.clone(), &self.hub, self.chain.current().digest(), PATIENCE).await?;
        let seen = asker.follow(self.id()).await;
        asker.goodbye().await;
        Ok(seen?)
    }

    /// The release or the refusal, once there is one; nothing while the query still runs.
    fn ended(&self, progress: &Progress) -> Option<Result<ReleaseFile, Failure>> {
        match &progress.step {
            Step::Answered { shares } => Some(self.assemble(progress.attempt, shares)),
            Step::Over { refused } => Some(Err(refused.clone().into())),
            Step::Committing | Step::Collecting | Step::Freezing | Step::Verifying | Step::Opening | Step::Voiding => {
                None
            }
        }
    }

    /// Opens the sealed shares and adds them up. The query is admitted as of the moment it was
    /// submitted: what was valid then is an answer now.
    fn assemble(&self, attempt: u8, shares: &[Octets]) -> Result<ReleaseFile, Failure> {
        let inquiry = Inquiry::admit(&self.query, self.study.envelope(), &self.chain, self.submitted)?;
        Ok(ReleaseFile::assemble(&inquiry, attempt, &self.answer_key, shares)?)
    }
}

/// The hub to ask: the one named, or the first of the charter.
pub(crate) fn choose_hub<'a>(charter: &'a Charter, name: Option<&str>) -> Result<&'a Member, Failure> {
    let names = || charter.hubs().map(|h| h.name.clone()).collect::<Vec<_>>().join(", ");
    let mut hubs = charter.hubs();
    match name {
        None => hubs
            .next()
            .ok_or_else(|| Failure::refused("no-hub", &"the charter lists no hub", "ask the stewards for one".into())),
        Some(name) => hubs.find(|hub| hub.name == name).ok_or_else(|| {
            Failure::usage(format!("the charter lists no hub `{name}`"), format!("its hubs are: {}", names()))
        }),
    }
}

/// The time now, by this machine's clock.
pub(crate) fn now() -> Moment {
    sumac_node::clock::Clock::default().now()
}

/// A researcher's own sealing key, made from the signing key's secret.
fn own_key(seed: &Zeroizing<[u8; 32]>) -> OpeningKey {
    OpeningKey::from_bytes(Zeroizing::new(Digest::of(Label::Pending, &[seed.as_slice()]).0))
}

/// Where queries are kept until they are answered: `$SUMAC_HOME/pending`, or `~/.sumac/pending`; without
/// either, `.sumac/pending` here.
fn pending_folder() -> PathBuf {
    home_folder().join("pending")
}

/// Where a researcher's own things are kept.
pub(crate) fn home_folder() -> PathBuf {
    let home = std::env::var_os("SUMAC_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|h| Path::new(&h).join(".sumac")));
    home.unwrap_or_else(|| PathBuf::from(".sumac"))
}

/// Whether nothing says where queries are to be kept: then they are kept where the program was started.
pub(crate) fn is_homeless() -> bool {
    ["SUMAC_HOME", "HOME"].iter().all(|name| std::env::var_os(name).is_none())
}

/// A kept query by its id, or the beginning of it.
fn find_pending(id: &str) -> Result<PathBuf, Failure> {
    let folder = pending_folder();
    let unknown = || {
        Failure::refused(
            "no-pending",
            &format!("no query {id} is kept in {}", folder.display()),
            "its id was printed when it was asked".into(),
        )
    };
    let listed = std::fs::read_dir(&folder).map_err(|_| unknown())?;
    let mut found = listed
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| !id.is_empty() && name.to_string_lossy().starts_with(id)));
    match (found.next(), found.next()) {
        (Some(path), None) => Ok(path),
        (Some(_), Some(_)) => {
            Err(Failure::usage(format!("several kept queries begin with {id}"), "give more of the id"))
        }
        (None, _) => Err(unknown()),
    }
}

/// How long the hub may take to let a researcher in.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How often the hub is asked how far the query is.
const BEAT: Duration = Duration::from_millis(30);
/// How long after a query's expiry a hub that is away is still waited for.
const GRACE: Millis = Millis(2_000);
