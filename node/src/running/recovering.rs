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
use sumac_protocol::recovery::{ClockDoubt, QueryBounds, Seen, Witnesses, admit_recovery, clock_doubt};
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
    /// Queries that had been forgotten, and were charged to every patient, now and enrolled later.
    pub charged: Vec<SeenQuery>,
    /// Studies of some of them that no charter lists which this node knows: its charter is old, or a member lies.
    pub unknown_studies: BTreeSet<Digest>,
    /// Patients that they were charged to.
    pub patients: u64,
    /// Whether members had forgotten queries too, so that every patient was charged a whole year's budget.
    pub whole_year_charged: bool,
    /// Whether consents wait to be confirmed, because statements may have been lost.
    pub suspended: bool,
    /// The number that messages go on behind.
    pub counter: u64,
}

/// Why a node was not recovered. What was not done is done when it is tried again. A node whose store did not open by itself
/// stays shut until then; another is as it was, unless members answered and something failed after that.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The folder, store, books or network.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Not enough members answered in time.
    #[error("within {} s, {lacking}; asked in vain: {}", waited.as_secs(), silent.join(", "))]
    TooFew {
        /// Who answered and who has to yet, in words.
        lacking: String,
        /// How long they were waited for.
        waited: Duration,
        /// Names of those who did not answer.
        silent: Vec<String>,
        /// Whether the node stays shut, because its store is known to lack something.
        shut: bool,
    },
    /// The node's clock is not that of those who answered: what is charged now would count too long, or not long enough.
    #[error("this node's clock is {} those of all members who answered", told(*doubt))]
    Clock {
        /// On which side, and by how much at least.
        doubt: ClockDoubt,
    },
}

impl RecoverError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Run(why) => why.code(),
            Self::TooFew { .. } => "recovery-too-few",
            Self::Clock { .. } => "recovery-clock",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Run(why) => why.remedy(),
            Self::TooFew { shut, .. } => {
                let then =
                    if *shut { "it stays shut until then" } else { "nothing was changed, and it starts as before" };
                format!("ask their operators whether their nodes run, then try again, or wait longer; {then}")
            }
            Self::Clock { .. } => "set the clock of this machine right, then try again".into(),
        }
    }
}

/// Recovers the node in `home`, which must not be running: with the answers of as many members as can be had within
/// `patience`, and never of fewer than a start takes. Done again, it charges nothing twice.
///
/// # Errors
/// [`RecoverError`]: then nothing was charged, or not all.
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
    if let Some(mark) = before.lost {
        // The store opens by itself from now on, so that it is shut until all of it was done. One that opened by itself
        // before is left as it is until enough have answered.
        store.append(vec![mark.entry()]).map_err(RunError::from)?;
        store.seal_watermark().map_err(RunError::from)?;
    }
    let witnesses = Witnesses::of(chain.current(), &clinic.signer().principal());
    let (network, inbox) = Network::start(network_of(store.identity_seed())).await.map_err(RunError::from)?;
    let mut asking = Asking::new(&clinic, &witnesses, (network.clone(), Arc::clone(&clock)), before.counter)?;
    asking.ask(inbox, patience).await?;
    network.shutdown().await;
    let names = |keys: &[Principal]| keys.iter().map(|key| name(chain, key)).collect::<Vec<_>>();
    let (answers, silent) = (asking.answers, names(&witnesses.members().collect::<Vec<_>>()));
    let answered = names(&answers.keys().copied().collect::<Vec<_>>());
    let silent: Vec<String> = silent.into_iter().filter(|name| !answered.contains(name)).collect();
    let heard = answers.iter().map(|(member, (seen, _))| (*member, seen.clone())).collect();
    if !witnesses.suffice(&heard) {
        let lacking = witnesses.lacking(&heard).told(|key| name(chain, key));
        return Err(RecoverError::TooFew { lacking, waited: patience, silent, shut: before.lost.is_some() });
    }
    if let Some(doubt) = clock_doubt(answers.values().map(|(seen, at)| (seen, *at))) {
        return Err(RecoverError::Clock { doubt });
    }
    if let Some(signed) = heard.values().map(Seen::said_at).min() {
        clock.has_reached(signed);
    }
    Ok(before.make_good(&clinic, &heard, (answered, silent), clock.now())?)
}

/// The node as it was found.
struct Before {
    /// What an earlier recovery left, if there was one, finished or not.
    previous: Option<RecoveryMark>,
    /// What to keep at once, where the store did not open by itself.
    lost: Option<RecoveryMark>,
    counter: u64,
    entries: u64,
    /// Statements in the ledger, before any that were taken while the node was shut.
    statements: u64,
}

impl Before {
    fn of(store: &Store, report: &OpenReport, now: Moment) -> Result<Self, RunError> {
        let previous = RecoveryMark::read(store)?;
        let begun = previous.filter(|mark| !mark.finished);
        let lacks = report.acknowledged_missing.is_some() || report.restored;
        let statements = match begun {
            Some(mark) if !lacks => mark.statements,
            Some(_) | None => store.ledger_len(),
        };
        let lost = lacks.then(|| RecoveryMark {
            at: now,
            statements,
            suspended: true,
            suspended_at: None,
            given_up: previous.map_or(0, |mark| mark.given_up),
            finished: false,
        });
        Ok(Self { previous, lost, counter: counter::kept(store)?, entries: store.head().0, statements })
    }

    /// Whose consents wait: since when, and behind how many statements. What waited before goes on waiting, and whoever was
    /// confirmed since stays confirmed, unless statements were lost anew.
    fn waiting(&self, notes: &[(u64, Note)], now: Moment) -> Option<(Moment, u64)> {
        if let Some(mark) = self.lost {
            return Some((mark.at, mark.statements));
        }
        let given_up = self.previous.map_or(0, |mark| mark.given_up);
        let longer = |than: u64, of_history: &dyn Fn(u64) -> bool| {
            notes.iter().any(|(counter, note)| of_history(*counter) && note.statements > than)
        };
        if longer(self.statements, &|counter| counter > given_up) {
            return Some((now, self.statements));
        }
        let previous = self.previous?;
        // Or a member tells only now how long the ledger was in the history that was given up then.
        let told_late = || longer(previous.statements, &|counter| counter <= given_up);
        let since = previous.waits_since().or_else(|| told_late().then_some(previous.at))?;
        Some((since, previous.statements))
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
        let newest = answers.values().filter_map(Seen::newest);
        let notes = newest.filter_map(|newest| Some((newest.counter, store.read_note(&newest.note.0).ok()?)));
        let notes: Vec<(u64, Note)> = notes.collect();
        let highest = answers.values().filter_map(Seen::newest).map(|newest| newest.counter).max();
        let counter = self.counter.max(highest.unwrap_or(0)).saturating_add(COUNTER_GAP);
        let waiting = self.waiting(&notes, now);
        let mark = RecoveryMark {
            at: now,
            statements: waiting.map_or(self.statements, |(_, statements)| statements),
            suspended: waiting.is_some(),
            suspended_at: waiting.map(|(since, _)| since),
            given_up: self.previous.map_or(0, |mark| mark.given_up),
            finished: false,
        };
        // From here on it is shut until all of it was done.
        store.append(vec![mark.entry()])?;
        store.seal_watermark()?;
        let bounds = QueryBounds::of(clinic.chain());
        let mut charged = Vec::new();
        for query in forgotten(answers, &bounds, now) {
            if clinic.charge_to_all(&query, now)? {
                charged.push(query);
            }
        }
        let whole_year_charged = answers.values().any(Seen::lacks_queries);
        if whole_year_charged {
            clinic.charge_a_year_to_all(counter, now)?;
        }
        let mut entries =
            vec![counter::entry(counter), RecoveryMark { given_up: counter, finished: true, ..mark }.entry()];
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
            entries_seen: notes.iter().map(|(_, note)| note.sequence).max(),
            unknown_studies: charged.iter().map(|query| query.study).filter(|study| !bounds.knows(study)).collect(),
            charged,
            patients: u64::try_from(store.rows().len()).unwrap_or(u64::MAX),
            whole_year_charged,
            suspended: mark.suspended,
            counter,
        })
    }
}

/// Every query that any member saw, at the highest cost and the latest expiry that any of them names, as far as the charters
/// allow: one of them may lie.
fn forgotten(answers: &BTreeMap<Principal, Seen>, bounds: &QueryBounds, now: Moment) -> Vec<SeenQuery> {
    let mut queries: BTreeMap<Digest, SeenQuery> = BTreeMap::new();
    for told in answers.values().flat_map(Seen::queries) {
        let told = bounds.hold(*told, now);
        let query = queries.entry(told.query).or_insert(told);
        query.rho = query.rho.max(told.rho);
        query.expires = query.expires.max(told.expires);
        if !bounds.knows(&query.study) {
            query.study = told.study;
        }
    }
    queries.into_values().collect()
}

/// Asking members over the network, without anything else that a node does.
struct Asking<'a> {
    me: Principal,
    witnesses: &'a Witnesses,
    network: Network,
    clock: Arc<Clock>,
    connected: BTreeSet<Principal>,
    hubs: Vec<Principal>,
    challenge: Digest,
    since: u64,
    /// With this node's own time when it heard them.
    answers: BTreeMap<Principal, (Seen, Moment)>,
}

impl<'a> Asking<'a> {
    fn new(
        clinic: &Clinic,
        witnesses: &'a Witnesses,
        (network, clock): (Network, Arc<Clock>),
        since: u64,
    ) -> Result<Self, RunError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| ClinicError::NoRandomness)?;
        let hubs = clinic.chain().current().hubs().map(|hub| hub.key).collect();
        let (me, connected, answers) = (clinic.signer().principal(), BTreeSet::new(), BTreeMap::new());
        Ok(Self { me, witnesses, network, clock, connected, hubs, challenge: Digest(bytes), since, answers })
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
            if self.suffice() {
                ends = ends.min(Instant::now() + GRACE);
            }
        }
        Ok(())
    }

    fn suffice(&self) -> bool {
        self.witnesses.suffice(&self.answers.iter().map(|(member, (seen, _))| (*member, seen.clone())).collect())
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
            | NetworkEvent::Asked { .. }
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
                self.answers.insert(member, (seen, self.clock.now()));
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

/// By how much a clock differs, in words.
pub(super) fn told(doubt: ClockDoubt) -> String {
    let (side, by) = match doubt {
        ClockDoubt::Slow(by) => ("behind", by),
        ClockDoubt::Fast(by) => ("ahead of", by),
    };
    format!("{} minutes {side}", by.0 / 60_000)
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

#[cfg(test)]
mod tests;
