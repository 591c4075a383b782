//! Whether this node has forgotten something: asked of other members at every start, before it takes part in any question.
//!
//! A folder that was set back looks whole from within. Members who sit on committees have the newest message of this node
//! that they saw, as it signed it. Until enough of them have answered, and nothing in their answers is newer than the
//! journal, what calls this node to contribute or to sit is held; consents and withdrawals are taken all the same, and
//! whoever asks this node is answered all the same, so that nodes that start at once do not wait for each other.

mod own;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use sumac_protocol::digest::Digest;
use sumac_protocol::document::recovery::Recovery;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::limits::CLOCK_DOUBT;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::principal::Principal;
use sumac_protocol::recovery::{QueryBounds, Seen, Witnesses, admit_recovery, clock_doubt, may_be_from_before};
use sumac_protocol::round::message::{Message, Reply};
use sumac_protocol::round::progress::Refused;
use sumac_protocol::round::{Effect, Event};

use super::handing_on::HandingError;
use super::{Node, RunError, counter, recovering};
use crate::clinic::{Clinic, ClinicError, RecoveryMark};
use crate::door::{Pace, Who};
use crate::network::Answer;

pub(crate) use own::{Finding, Own};

/// How far the asking has come.
pub(super) struct Recall {
    witnesses: Witnesses,
    challenge: Digest,
    /// The highest number that the journal knows of.
    since: u64,
    /// Statements in the ledger when it began to ask.
    statements: u64,
    /// With this node's own time when it heard them.
    answers: BTreeMap<Principal, (Seen, Moment)>,
    state: State,
    began: Instant,
    next_ask: Instant,
    tries: u32,
    /// Calls that came too early, oldest first.
    held: VecDeque<Event>,
    /// What taking up the roles' forms wanted done, and the number that its messages come to.
    wanted: (Vec<Effect>, u64),
    heard: Pace,
    /// When this node recovered, if it did, and how long a query may have lived, under whatever charter.
    recovered: Option<(Moment, Millis)>,
    /// When members last agreed with the clock, by a count that nobody sets, and what the clock showed then.
    agreed: Option<(Instant, Moment)>,
}

enum State {
    Asking,
    Open,
    /// In words, for the log and for whoever asks how the node is.
    Shut(String),
}

impl Recall {
    pub(super) fn new(clinic: &Clinic, since: u64) -> Result<Self, RunError> {
        let (now, charter) = (Instant::now(), clinic.chain().current());
        let longest = QueryBounds::of(clinic.chain()).lifetime;
        Ok(Self {
            witnesses: Witnesses::of(charter, &clinic.signer().principal()),
            recovered: clinic.recovery()?.map(|mark| (mark.at, longest)),
            challenge: fresh_challenge()?,
            since,
            statements: clinic.store().ledger_len(),
            answers: BTreeMap::new(),
            state: State::Asking,
            began: now,
            next_ask: now,
            tries: 0,
            held: VecDeque::new(),
            wanted: (Vec::new(), since),
            heard: Pace::new(HEARD_PER_MINUTE),
            agreed: None,
        })
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Why the node takes part in no question now, in words, and whether that is only because it waits for answers; none
    /// where it takes part.
    pub(super) fn why_not(&self, name: impl Fn(&Principal) -> String) -> Option<(String, bool)> {
        match &self.state {
            State::Open => None,
            State::Shut(why) => Some((why.clone(), false)),
            State::Asking => {
                let heard = self.answers.iter().map(|(member, (seen, _))| (*member, seen.clone())).collect();
                let asks = "asking members whether they saw anything newer of this node than it knows itself";
                Some((format!("{asks}: {}", self.witnesses.lacking(&heard).told(name)), true))
            }
        }
    }

    /// The answer to a call to sit for a query that may have been asked before this node recovered; none to any other
    /// event.
    pub(super) fn refusal(&self, event: &Event) -> Option<Vec<Effect>> {
        let Event::Message { message: Message::Begin { query, .. } | Message::AskVoid { query, .. }, .. } = event
        else {
            return None;
        };
        let (at, longest) = self.recovered?;
        may_be_from_before(query, at, longest).then(from_before)
    }

    /// Waits for answers again, to be asked for from a moment on.
    fn ask_anew(&mut self, from: Instant) -> Result<(), RunError> {
        self.answers.clear();
        self.challenge = fresh_challenge()?;
        (self.state, self.agreed, self.next_ask) = (State::Asking, None, from);
        Ok(())
    }

    /// What is done once the node takes part.
    pub(super) fn wants(&mut self, effects: Vec<Effect>, counter: u64) {
        self.wanted = (effects, counter);
    }

    /// Holds a call that came too early; of too many the oldest goes, for its coordinator calls again.
    pub(super) fn hold(&mut self, event: Event) {
        if matches!(self.state, State::Asking) {
            self.held.push_back(event);
            let more = self.held.len().saturating_sub(HELD_MAX);
            self.held.drain(..more);
        }
    }
}

/// Whether an event is a call to contribute or to sit on a committee, which a node that may have forgotten does not follow.
pub(crate) const fn calls(event: &Event) -> bool {
    match event {
        Event::Message { message, .. } => matches!(
            message,
            Message::Begin { .. }
                | Message::Batch { .. }
                | Message::Frozen { .. }
                | Message::Manifests { .. }
                | Message::Relay { .. }
                | Message::Nudge { .. }
                | Message::AskVoid { .. }
                | Message::Announce(_)
                | Message::Ended(_)
        ),
        Event::Connected(_) | Event::Tick | Event::Selected(_) => false,
    }
}

impl Node {
    /// Begins to ask, or says that nobody has to be asked.
    pub(super) fn begin_recall(&mut self) -> Result<(), RunError> {
        if let Some(RecoveryMark { finished: false, .. }) = self.clinic.recovery()? {
            self.shut("it was set back to an earlier state, or restored, and its recovery is not finished");
            return Ok(());
        }
        if self.recall.witnesses.need() == 0 {
            return self.open_up();
        }
        tracing::info!(
            operators = self.recall.witnesses.need(),
            "asking members for the newest that they saw of this node; it takes part in questions once they answered"
        );
        Ok(())
    }

    /// Follows no call any more, and asks members again, if the clock was set since they agreed with it: forward by so much
    /// that budgets and consents would end before their time, or back, so that it stands still.
    pub(super) fn watch_the_clock(&mut self) -> Result<(), RunError> {
        let now = (Instant::now(), self.clock.now());
        let Some(agreed) = self.recall.agreed.filter(|agreed| off(*agreed, now) > CLOCK_DOUBT) else { return Ok(()) };
        tracing::error!(
            "this node takes part in no question until members agree with its clock again: it was set by {} minutes",
            off(agreed, now).0 / 60_000
        );
        self.recall.since = counter::kept(self.clinic.store())?;
        self.recall.ask_anew(now.0)?;
        Ok(())
    }

    /// Asks whoever has not answered, if it is time, or at once.
    pub(super) fn ask_what_was_seen(&mut self, at_once: bool) -> Result<(), RunError> {
        let now = Instant::now();
        if !matches!(self.recall.state, State::Asking) || (now < self.recall.next_ask && !at_once) {
            return Ok(());
        }
        let waited = now.duration_since(self.recall.began);
        self.recall.next_ask = now + if waited < EAGER { ASK_EVERY } else { ASK_LATER_EVERY };
        self.recall.tries = self.recall.tries.wrapping_add(1);
        if self.recall.tries == COMPLAIN_AT {
            let why = self.why_not().map(|(why, _)| why).unwrap_or_default();
            tracing::warn!("this node takes part in no question yet: {why}");
        }
        let silent = self.recall.witnesses.members().filter(|member| !self.recall.answers.contains_key(member));
        for member in silent.collect::<Vec<_>>() {
            if let Some(way) = self.way_to(&member, self.recall.tries) {
                let (about, challenge, since) = (self.me(), self.recall.challenge, self.recall.since);
                self.send(way, Message::AskSeen { about, member, challenge, since })?;
            }
        }
        Ok(())
    }

    /// Answers a node that asks what was seen of it, or passes the question on to the member it is for.
    pub(super) fn asked_what_was_seen(
        &mut self,
        from: Principal,
        asked: (Principal, Principal, Digest, u64),
        answer: Answer,
    ) -> Result<(), RunError> {
        let (about, member, challenge, since) = asked;
        let done = if let Err(why) = self.may_ask(from, &[about, member]) {
            Err(why)
        } else if member != self.me() {
            let message = Message::AskSeen { about, member, challenge, since };
            self.passed_on((from, about), member, message)?
        } else if matches!(self.recall.state, State::Shut(_)) {
            // What it knows may be older than what it knew.
            Err(HandingError::NoMember { key: member })
        } else {
            let said = self.roles.member().recovery(self.me(), (about, challenge, since), self.clock.now());
            let said = Envelope::sign(&said, self.clinic.signer()).map_err(ClinicError::from)?;
            self.send(from, Message::Seen(said))?;
            Ok(())
        };
        self.answer_handing(from, done, answer)
    }

    /// Takes a member's word about this node, or passes it on to the node it is for.
    pub(super) fn seen(&mut self, from: Principal, word: Envelope, answer: Answer) -> Result<(), RunError> {
        let said = word.claim::<Recovery>().and_then(|claimed| claimed.verify_named(|said| said.member));
        let named = said.map(|said| (said.member, said.about));
        let done = match named {
            Err(_) => Err(HandingError::NoMember { key: from }),
            Ok((member, about)) if about != self.me() => match self.may_ask(from, &[member, about]) {
                Ok(()) => self.passed_on((from, member), about, Message::Seen(word))?,
                Err(why) => Err(why),
            },
            Ok((member, _)) => {
                self.take_seen(member, &word)?;
                Ok(())
            }
        };
        self.answer_handing(from, done, answer)
    }

    fn may_ask(&self, from: Principal, named: &[Principal]) -> Result<(), HandingError> {
        named.iter().chain([&from]).try_for_each(|key| self.check_member(key))?;
        let allowed = self.recall.heard.allows(Who::Key(from), Instant::now());
        if allowed { Ok(()) } else { Err(HandingError::TooMany) }
    }

    fn take_seen(&mut self, member: Principal, word: &Envelope) -> Result<(), RunError> {
        if !matches!(self.recall.state, State::Asking) || !self.recall.witnesses.includes(&member) {
            return Ok(());
        }
        let asked = (&self.recall.challenge, self.recall.since);
        let seen = match admit_recovery(word, &member, &self.me(), asked) {
            Ok(seen) => seen,
            Err(why) => {
                tracing::warn!(member = %self.name(&member), code = why.code(), %why, "a word about this node is not taken");
                return Ok(());
            }
        };
        let own = Own::of(&self.clinic, self.recall.since)?;
        if let Finding::Behind { counter, note } = own.against(self.clinic.store(), &seen) {
            let why = own.told(&self.name(&member), counter, note, self.clinic.store().ledger_len());
            self.keep_that_it_was_set_back()?;
            self.shut(&why);
            return Ok(());
        }
        self.recall.answers.insert(member, (seen, self.clock.now()));
        self.weigh_answers()
    }

    /// Keeps how long the ledger was before anything was taken in that was signed since: what is signed while the node is
    /// shut must not make up for what was lost.
    fn keep_that_it_was_set_back(&self) -> Result<(), RunError> {
        let store = self.clinic.store();
        let mark = RecoveryMark::found_behind(RecoveryMark::read(store)?, self.recall.statements, self.clock.now());
        store.append(vec![mark.entry()])?;
        Ok(())
    }

    /// Opens once enough have answered and the clock agrees with theirs.
    fn weigh_answers(&mut self) -> Result<(), RunError> {
        let answered = self.recall.answers.iter().map(|(member, (seen, _))| (*member, seen.clone())).collect();
        if !self.recall.witnesses.suffice(&answered) {
            return Ok(());
        }
        let answers = || self.recall.answers.values();
        let off =
            |(seen, at): &(Seen, Moment)| i64::try_from(at.0).ok()?.checked_sub(i64::try_from(seen.said_at().0).ok()?);
        if let Some(least) = answers().filter_map(off).min_by_key(|off| off.unsigned_abs()) {
            self.watched.metrics.clock_difference(least);
        }
        if let Some(doubt) = clock_doubt(answers().map(|(seen, at)| (seen, *at))) {
            tracing::error!(
                "this node takes part in no question: its clock is {} those of all members who answered, and {} are too \
                 many; set it right, and start the node again",
                recovering::told(doubt),
                CLOCK_DOUBT.0 / 60_000
            );
            return self.recall.ask_anew(Instant::now() + ASK_LATER_EVERY);
        }
        // Several operators signed that it is later than this.
        if let Some(signed) = answers().map(|(seen, _)| seen.said_at()).min() {
            self.clock.has_reached(signed);
        }
        self.open_up()
    }

    /// From now on takes part: does what waited, and greets who is there.
    fn open_up(&mut self) -> Result<(), RunError> {
        self.recall.state = State::Open;
        self.recall.agreed = (self.recall.witnesses.need() > 0).then(|| (Instant::now(), self.clock.now()));
        let (effects, counter) = std::mem::take(&mut self.recall.wanted);
        self.roles.counter = self.roles.counter.max(counter);
        tracing::info!(answers = self.recall.answers.len(), "nobody saw anything newer of this node; it takes part");
        self.carry_out(effects, &mut None)?;
        self.queue.extend(self.connected.iter().map(|peer| Event::Connected(*peer)));
        self.queue.append(&mut self.recall.held);
        self.drain()
    }

    /// As [`Recall::why_not`], with members' names; or that consents are being read.
    pub(super) fn why_not(&self) -> Option<(String, bool)> {
        let reads = || (!self.clinic.knows_consents()).then(|| ("reading what its patients said".to_owned(), true));
        self.recall.why_not(|member| self.name(member)).or_else(reads)
    }

    fn shut(&mut self, why: &str) {
        let says = format!(
            "{why}. To do: put its newest folder back, or stop it and run `sumac node recover --dir DIR`. Consents and \
             withdrawals are taken meanwhile"
        );
        tracing::error!("this node takes part in no question: {says}");
        self.recall.held.clear();
        self.recall.state = State::Shut(says);
    }
}

/// The answer to a call for what may have been begun before a recovery.
fn from_before() -> Vec<Effect> {
    let says = "this node recovered from a loss, and sits on no committee for a query that may have been asked before";
    let remedy = "ask again with the longest life that the charter allows, or later".into();
    let refused = Refused { code: "recovered".into(), says: says.into(), remedy };
    vec![Effect::Note(format!("not followed: {says}")), Effect::Reply(Reply::Refused(refused))]
}

/// By how much a clock went faster or slower than time.
fn off((then, showed): (Instant, Moment), (now, shows): (Instant, Moment)) -> Millis {
    let passed = u64::try_from(now.duration_since(then).as_millis()).unwrap_or(u64::MAX);
    Millis(shows.since(showed).0.abs_diff(passed))
}

fn fresh_challenge() -> Result<Digest, RunError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| ClinicError::NoRandomness)?;
    Ok(Digest(bytes))
}

/// How often a member is asked who has not answered, at first.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// And later.
const ASK_LATER_EVERY: Duration = Duration::from_secs(10);
/// How long is at first.
const EAGER: Duration = Duration::from_secs(30);
/// After how many rounds of asking the log says what is waited for.
const COMPLAIN_AT: u32 = 10;
/// Most calls that are held: an honest coordinator repeats each every second.
const HELD_MAX: usize = 16;
/// Questions and answers of this kind that are heard of one neighbour in a minute: a hub's are those of all clinics.
const HEARD_PER_MINUTE: u32 = 4_096;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use sumac_protocol::limits::CLOCK_DOUBT;
    use sumac_protocol::moment::Moment;

    use super::off;

    #[test]
    fn a_clock_that_was_set_is_told_from_one_that_went_on() {
        let (began, minute) = (Instant::now(), 60_000);
        let cases = [
            ("it went on", 30, 30, false),
            ("set forward by as much as is allowed", 30, 40, false),
            ("set forward by more", 30, 41, true),
            ("set back: it stands still", 30, 19, true),
            ("set back a little", 30, 20, false),
        ];
        for (why, passed, showed, jumped) in cases {
            let now = began + Duration::from_millis(passed * minute);
            let shows = Moment(1_000_000 + showed * minute);
            assert_eq!(off((began, Moment(1_000_000)), (now, shows)) > CLOCK_DOUBT, jumped, "{why}");
        }
    }
}
