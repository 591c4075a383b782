//! Recovering a node that has forgotten: it asks members what they saw of it, charges what it forgot, and begins anew
//! behind everything that was begun before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::recovery::{Recovery, SeenQuery};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;
use sumac_protocol::recovery::{Seen, Witnesses, admit_recovery};
use sumac_protocol::round::Role;
use sumac_protocol::round::message::{Message, Reply, decode, encode};
use tokio::time::Instant;

use super::{RunError, counter, network_config, newest_moment, node_key, principal};
use crate::clinic::{Clinic, ClinicError, RecoveryMark};
use crate::clock::Clock;
use crate::home::{Home, Settings};
use crate::network::{Inbox, Network, NetworkEvent};
use crate::store::{Entry, Note, OpenReport, Store, StoreError, UnlockSecret};

/// What a recovery found and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// The names of the members who answered.
    pub answered: Vec<String>,
    /// The names of those who did not: what only they saw is not made good.
    pub silent: Vec<String>,
    /// Entries of the journal before the recovery.
    pub entries: u64,
    /// Entries that the journal had when the newest message was signed that anybody saw.
    pub entries_seen: Option<u64>,
    /// Queries that had been forgotten, and were charged to every patient.
    pub charged: Vec<SeenQuery>,
    /// Patients that they were charged to.
    pub patients: u64,
    /// Whether members had forgotten queries too, so that every patient was charged a whole year's budget.
    pub whole_year_charged: bool,
    /// Whether consents wait to be confirmed, because statements may have been lost.
    pub suspended: bool,
    /// The number that messages go on behind.
    pub counter: u64,
}

/// Why a node was not recovered. What was not done is done when it is tried again; the node stays shut until then.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The folder, store, books or network.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Not enough members answered in time.
    #[error("{have} of {need} operators answered within {} s; asked in vain: {}", waited.as_secs(), silent.join(", "))]
    TooFew {
        /// Members who answered.
        have: usize,
        /// Operators that have to.
        need: usize,
        /// How long they were waited for.
        waited: Duration,
        /// Names of those who did not answer.
        silent: Vec<String>,
    },
}

impl RecoverError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Run(why) => why.code(),
            Self::TooFew { .. } => "recovery-too-few",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Run(why) => why.remedy(),
            Self::TooFew { .. } => "ask their operators whether their nodes run, then try again, or wait longer".into(),
        }
    }
}

/// Recovers the node in `home`, which must not be running: with the answers of as many members as can be had within
/// `patience`, and never of fewer than a start takes. Done again, it charges nothing twice.
///
/// # Errors
/// [`RecoverError`]: then nothing was charged, or not all, and the node stays shut for questions.
pub async fn recover(
    home: &Home,
    settings: &Settings,
    unlock: &UnlockSecret,
    patience: Duration,
) -> Result<Recovered, RecoverError> {
    let chain = home.charter().map_err(RunError::from)?;
    let network_of = network_config(home, settings, &chain)?;
    let (store, report) = opened(home, settings, unlock)?;
    let store = Arc::new(store);
    let done = recovered(&store, &report, &chain, patience, network_of).await;
    match Arc::try_unwrap(store) {
        Ok(store) => store.close().map_err(RunError::from)?,
        Err(_) => tracing::debug!("the store is still in use; it closes with its last user"),
    }
    done
}

/// The store, however much it lacks.
fn opened(home: &Home, settings: &Settings, unlock: &UnlockSecret) -> Result<(Store, OpenReport), RunError> {
    let paths = home.store_paths(settings);
    match Store::open(&paths, unlock) {
        Err(StoreError::AcknowledgedMissing { .. } | StoreError::OtherHistory { .. } | StoreError::Restored { .. }) => {
            Ok(Store::recover(&paths, unlock)?)
        }
        opened => Ok(opened?),
    }
}

async fn recovered(
    store: &Arc<Store>,
    report: &OpenReport,
    chain: &CharterChain,
    patience: Duration,
    network_of: impl FnOnce(zeroize::Zeroizing<[u8; 32]>) -> crate::network::NetworkConfig,
) -> Result<Recovered, RecoverError> {
    let clock = Arc::new(Clock::not_before(newest_moment(store, chain)?));
    let clinic = Clinic::new(Arc::clone(store), chain.clone(), Arc::clone(&clock));
    let before = Before::of(store, report, clock.now())?;
    // The store opens by itself from now on, so that it is shut until all of it was done.
    store.append(vec![before.mark.entry()]).map_err(RunError::from)?;
    store.seal_watermark().map_err(RunError::from)?;
    let witnesses = Witnesses::of(chain.current(), &clinic.signer().principal());
    let (network, inbox) = Network::start(network_of(store.identity_seed())).await.map_err(RunError::from)?;
    let mut asking = Asking::new(&clinic, &witnesses, network.clone(), before.counter)?;
    asking.ask(inbox, patience).await?;
    network.shutdown().await;
    let names = |keys: &[Principal]| keys.iter().map(|key| name(chain, key)).collect::<Vec<_>>();
    let (answers, silent) = (asking.answers, names(&witnesses.members().collect::<Vec<_>>()));
    let answered = names(&answers.keys().copied().collect::<Vec<_>>());
    let silent: Vec<String> = silent.into_iter().filter(|name| !answered.contains(name)).collect();
    if !witnesses.suffice(&answers) {
        return Err(RecoverError::TooFew { have: answers.len(), need: witnesses.need(), waited: patience, silent });
    }
    Ok(before.make_good(&clinic, &answers, (answered, silent), clock.now())?)
}

/// The node as it was found.
struct Before {
    mark: RecoveryMark,
    counter: u64,
    entries: u64,
    statements: u64,
    /// Whether the keyring knows that entries are missing, or the folder came from a backup.
    lacks: bool,
}

impl Before {
    fn of(store: &Store, report: &OpenReport, now: Moment) -> Result<Self, RunError> {
        let begun = RecoveryMark::read(store)?.filter(|mark| !mark.finished);
        let lacks =
            report.acknowledged_missing.is_some() || report.restored || begun.is_some_and(|mark| mark.suspended);
        let statements = begun.map_or_else(|| store.ledger_len(), |mark| mark.statements);
        let mark = RecoveryMark { at: now, statements, suspended: lacks, finished: false };
        Ok(Self { mark, counter: counter::kept(store)?, entries: store.head().0, statements, lacks })
    }

    /// Charges, forgets what was begun, and takes a number behind everything.
    fn make_good(
        self,
        clinic: &Clinic,
        answers: &BTreeMap<Principal, Seen>,
        (answered, silent): (Vec<String>, Vec<String>),
        now: Moment,
    ) -> Result<Recovered, RunError> {
        let store = clinic.store();
        let notes = answers.values().filter_map(|seen| seen.newest()).filter_map(|m| store.read_note(&m.note.0).ok());
        let notes: Vec<Note> = notes.collect();
        let longer = notes.iter().any(|note| note.statements > self.statements);
        let highest = answers.values().filter_map(|seen| seen.newest()).map(|newest| newest.counter).max();
        let counter = self.counter.max(highest.unwrap_or(0)).saturating_add(COUNTER_GAP);
        let mut charged = Vec::new();
        for query in forgotten(answers) {
            if clinic.charge_to_all(&query, now)? {
                charged.push(query);
            }
        }
        let whole_year_charged = answers.values().any(Seen::lacks_queries);
        if whole_year_charged {
            let rho = clinic.chain().current().policy.rho_per_patient_year;
            let (query, study) = (Digest::of_bytes(&counter.to_le_bytes()), Digest([0; 32]));
            clinic.charge_to_all(&SeenQuery { counter, query, study, rho, expires: now }, now)?;
        }
        let suspended = self.lacks || longer;
        let mark = RecoveryMark { at: now, statements: self.statements, suspended, finished: true };
        let mut entries = vec![counter::entry(counter), mark.entry()];
        for role in [Role::Member, Role::Contributor] {
            let role = role.number();
            let forms = store.role_states(role)?;
            entries.extend(forms.into_iter().map(|(id, _)| Entry::Role { role, id, body: None }));
        }
        store.append(entries)?;
        store.seal_watermark()?;
        Ok(Recovered {
            answered,
            silent,
            entries: self.entries,
            entries_seen: notes.iter().map(|note| note.sequence).max(),
            charged,
            patients: u64::try_from(store.rows().len()).unwrap_or(u64::MAX),
            whole_year_charged,
            suspended,
            counter,
        })
    }
}

/// Every query that any member saw, at the highest cost and the latest expiry that any of them names.
fn forgotten(answers: &BTreeMap<Principal, Seen>) -> Vec<SeenQuery> {
    let mut queries: BTreeMap<Digest, SeenQuery> = BTreeMap::new();
    for told in answers.values().flat_map(Seen::queries) {
        let query = queries.entry(told.query).or_insert(*told);
        query.rho = query.rho.max(told.rho);
        query.expires = query.expires.max(told.expires);
    }
    queries.into_values().collect()
}

/// Asking members over the network, without anything else that a node does.
struct Asking<'a> {
    me: Principal,
    witnesses: &'a Witnesses,
    network: Network,
    connected: BTreeSet<Principal>,
    hubs: Vec<Principal>,
    challenge: Digest,
    since: u64,
    answers: BTreeMap<Principal, Seen>,
}

impl<'a> Asking<'a> {
    fn new(clinic: &Clinic, witnesses: &'a Witnesses, network: Network, since: u64) -> Result<Self, RunError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| ClinicError::NoRandomness)?;
        let hubs = clinic.chain().current().hubs().map(|hub| hub.key).collect();
        let (me, connected, answers) = (clinic.signer().principal(), BTreeSet::new(), BTreeMap::new());
        Ok(Self { me, witnesses, network, connected, hubs, challenge: Digest(bytes), since, answers })
    }

    /// Until all have answered; or enough, and the others had a little time more; or it took too long.
    async fn ask(&mut self, mut inbox: Inbox, patience: Duration) -> Result<(), RunError> {
        let mut ends = Instant::now() + patience;
        let mut beat = tokio::time::interval(ASK_EVERY);
        while self.answers.len() < self.witnesses.members().count() {
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(ends) => break,
                event = inbox.next() => match event {
                    Some(event) => self.heard(event)?,
                    None => break,
                },
                _ = beat.tick() => self.ask_all()?,
            }
            if self.witnesses.suffice(&self.answers) {
                ends = ends.min(Instant::now() + GRACE);
            }
        }
        Ok(())
    }

    fn heard(&mut self, event: NetworkEvent) -> Result<(), RunError> {
        match event {
            NetworkEvent::Connected { peer } => {
                self.connected.extend(principal(peer));
                self.ask_all()?;
            }
            NetworkEvent::Disconnected { peer } => {
                if let Some(peer) = principal(peer) {
                    self.connected.remove(&peer);
                }
            }
            NetworkEvent::Received { bytes, answer, .. } => {
                if let Ok(Message::Seen(word)) = decode::<Message>(&bytes) {
                    self.take(&word);
                }
                answer.reply(encode(&Reply::Noted));
            }
            NetworkEvent::Listening { .. }
            | NetworkEvent::StrangerRefused { .. }
            | NetworkEvent::CharterDiffers { .. } => {}
        }
        Ok(())
    }

    fn take(&mut self, word: &Envelope) {
        let said = word.claim::<Recovery>().and_then(|claimed| claimed.verify_named(|said| said.member));
        let Some(member) = said.ok().map(|said| said.member).filter(|member| self.witnesses.includes(member)) else {
            return;
        };
        match admit_recovery(word, &member, &self.me, (&self.challenge, self.since)) {
            Ok(seen) => {
                self.answers.insert(member, seen);
            }
            Err(why) => tracing::warn!(member = %member.short(), %why, "a word about this node is not taken"),
        }
    }

    /// Straight where the two are linked, else by way of every hub that is.
    fn ask_all(&self) -> Result<(), RunError> {
        for member in self.witnesses.members().filter(|member| !self.answers.contains_key(member)) {
            let (about, challenge, since) = (self.me, self.challenge, self.since);
            let bytes = encode(&Message::AskSeen { about, member, challenge, since });
            let straight = self.connected.contains(&member).then_some(member);
            let by_hubs = || self.hubs.iter().copied().filter(|hub| self.connected.contains(hub));
            let ways: Vec<Principal> = straight.map_or_else(|| by_hubs().collect(), |way| vec![way]);
            for way in ways {
                let (network, key, bytes) = (self.network.clone(), node_key(&way)?, bytes.clone());
                tokio::spawn(async move {
                    if let Err(why) = network.send(key, bytes).await {
                        tracing::debug!(%why, "not delivered");
                    }
                });
            }
        }
        Ok(())
    }
}

fn name(chain: &CharterChain, key: &Principal) -> String {
    chain.current().member(key).map_or_else(|| key.short(), |member| member.name.clone())
}

/// How far behind everything that was seen messages go on: there may be some that nobody saw.
const COUNTER_GAP: u64 = 1 << 20;
/// How often members are asked who have not answered.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How long the others have once enough have answered.
const GRACE: Duration = Duration::from_secs(3);
