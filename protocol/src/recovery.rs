//! What a node asks other members before it takes part in any question: whether they saw anything newer of it than it
//! knows itself. A folder that was set back looks whole from within.

mod bounds;

use std::collections::{BTreeMap, BTreeSet};

pub use bounds::QueryBounds;

use crate::counted::{Counted, CountedError};
use crate::digest::Digest;
use crate::document::charter::{Charter, Role};
use crate::document::query::Query;
use crate::document::recovery::{Recovery, SeenQuery};
use crate::envelope::{DocumentError, Envelope, Verified};
use crate::limits::{CLOCK_DOUBT, QUERIES_SEEN_MAX};
use crate::moment::{Millis, Moment};
use crate::principal::Principal;

/// Who can tell a node what it may have forgotten, and how many of them must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnesses {
    /// The members of committees that another operator runs, with their operators.
    members: BTreeMap<Principal, String>,
    /// Those of the first committee, which sees every query.
    first: BTreeSet<Principal>,
}

impl Witnesses {
    /// Those of the node `me` under a charter. None where `me` signs nothing that is numbered.
    #[must_use]
    pub fn of(charter: &Charter, me: &Principal) -> Self {
        let signs = charter.member(me).is_some_and(|own| own.is(Role::Contributor) || own.is(Role::Aggregator));
        let own = charter.operator_of(me);
        let other = |key: &&Principal| signs && charter.operator_of(key).is_some_and(|theirs| Some(theirs) != own);
        let operator = |key: &Principal| Some((*key, charter.operator_of(key)?.to_owned()));
        let members = charter.committees.iter().flatten().filter(other).filter_map(operator).collect();
        let first = charter.committees.first().into_iter().flatten().filter(other).copied().collect();
        Self { members, first }
    }

    /// Everybody who is asked.
    pub fn members(&self) -> impl Iterator<Item = Principal> + '_ {
        self.members.keys().copied()
    }

    /// Whether this member's word counts.
    #[must_use]
    pub fn includes(&self, member: &Principal) -> bool {
        self.members.contains_key(member)
    }

    /// How many different operators have to answer: two, or as many as there are.
    #[must_use]
    pub fn need(&self) -> usize {
        self.members.values().collect::<BTreeSet<_>>().len().min(OPERATORS_MIN)
    }

    /// Whether these answers are enough: of so many operators, and one of them of the first committee, where that has a
    /// member of another operator. It is called to every query, so without it the newest may have been seen by nobody.
    #[must_use]
    pub fn suffice(&self, answered: &BTreeMap<Principal, Seen>) -> bool {
        let Lacking { have, need, first } = self.lacking(answered);
        have >= need && first.is_empty()
    }

    /// What these answers lack to be enough.
    #[must_use]
    pub fn lacking(&self, answered: &BTreeMap<Principal, Seen>) -> Lacking {
        let operators: BTreeSet<&String> = answered.keys().filter_map(|member| self.members.get(member)).collect();
        let heard = answered.keys().any(|member| self.first.contains(member));
        let first = if heard { Vec::new() } else { self.first.iter().copied().collect() };
        Lacking { have: operators.len(), need: self.need(), first }
    }
}

/// How far answers are from being enough.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: these two are asked of answers")]
pub struct Lacking {
    /// Operators that have answered.
    pub have: usize,
    /// Operators that have to.
    pub need: usize,
    /// The members of the first committee one of whom has to answer yet; none once one did.
    pub first: Vec<Principal>,
}

impl Lacking {
    /// The same in words, members by their names.
    #[must_use]
    pub fn told(&self, name: impl Fn(&Principal) -> String) -> String {
        let Self { have, need, first } = self;
        let operators = format!("{have} of at least {need} operators answered");
        match first.as_slice() {
            [] => operators,
            [one] => format!("{operators}, and {} has to, which every query calls", name(one)),
            several => {
                let names: Vec<String> = several.iter().map(name).collect();
                format!("{operators}, and one of {} has to, which every query calls", names.join(", "))
            }
        }
    }
}

/// What one member saw of a node, its document checked. Only [`admit_recovery`] makes one.
#[derive(Debug, Clone)]
pub struct Seen {
    said: Verified<Recovery>,
    newest: Option<Counted>,
}

impl Seen {
    /// The newest message of the node that the member has.
    #[must_use]
    pub const fn newest(&self) -> Option<&Counted> {
        self.newest.as_ref()
    }

    /// The queries that the node contributed to with higher numbers than it had asked about.
    #[must_use]
    pub fn queries(&self) -> &[SeenQuery] {
        &self.said.queries
    }

    /// Whether the list lacks queries that the node had asked about.
    #[must_use]
    pub fn lacks_queries(&self) -> bool {
        self.said.whole_above > self.said.since
    }

    /// The time by the member's clock when it answered.
    #[must_use]
    pub fn said_at(&self) -> Moment {
        self.said.said_at
    }
}

/// Takes the word of `member` about the node `about`, which had asked with this challenge.
///
/// # Errors
/// [`RecoveryError`] if it is another's word, or about another, or an answer to something else, or cannot be true.
pub fn admit_recovery(
    said: &Envelope,
    member: &Principal,
    about: &Principal,
    (challenge, since): (&Digest, u64),
) -> Result<Seen, RecoveryError> {
    let said = said.claim::<Recovery>()?.verify(member)?;
    if said.member != *member {
        return Err(RecoveryError::OtherMember { named: said.member, signed: *member });
    }
    if said.about != *about {
        return Err(RecoveryError::OtherNode { named: said.about, asked: *about });
    }
    if said.challenge != *challenge || said.since != since {
        return Err(RecoveryError::OtherChallenge);
    }
    let newest = said.newest.as_ref().map(|message| Counted::read(message, about)).transpose()?;
    let highest = newest.as_ref().map_or(0, |newest| newest.counter);
    let got = said.queries.len();
    if got > QUERIES_SEEN_MAX {
        return Err(RecoveryError::TooMany { got });
    }
    let mut before = since;
    for query in &said.queries {
        if query.counter <= before || query.counter > highest {
            return Err(RecoveryError::OutOfOrder { counter: query.counter });
        }
        before = query.counter;
    }
    if said.whole_above > highest {
        return Err(RecoveryError::OutOfOrder { counter: said.whole_above });
    }
    Ok(Seen { said, newest })
}

/// How far a node's clock is from those of the members who answered, if all of them differ from it on the same side by
/// more than [`CLOCK_DOUBT`]; then the smallest difference. One member alone, whose own clock may be wrong, says nothing
/// where two are needed. `heard_at` has the node's own time for each answer.
#[must_use]
pub fn clock_doubt<'a>(answers: impl Iterator<Item = (&'a Seen, Moment)>) -> Option<ClockDoubt> {
    let mut all: Option<(u64, u64)> = None;
    for (seen, heard_at) in answers {
        let (theirs, own) = (seen.said_at().0, heard_at.0);
        let (slow, fast) = (theirs.saturating_sub(own), own.saturating_sub(theirs));
        let (least_slow, least_fast) = all.unwrap_or((u64::MAX, u64::MAX));
        all = Some((least_slow.min(slow), least_fast.min(fast)));
    }
    match all? {
        (slow, _) if slow > CLOCK_DOUBT.0 => Some(ClockDoubt::Slow(Millis(slow))),
        (_, fast) if fast > CLOCK_DOUBT.0 => Some(ClockDoubt::Fast(Millis(fast))),
        _ => None,
    }
}

/// Whether a query may have been asked before a moment, by the expiry that it claims: it had at most `longest` to live. What
/// is no query is nothing that could begin.
#[must_use]
pub fn may_be_from_before(query: &Envelope, moment: Moment, longest: Millis) -> bool {
    query.claim::<Query>().is_ok_and(|claimed| claimed.peek().expires <= moment + longest)
}

/// On which side a clock is wrong, and by how much at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: a clock that is wrong is slow or fast")]
pub enum ClockDoubt {
    /// Behind the others.
    Slow(Millis),
    /// Ahead of the others.
    Fast(Millis),
}

/// Why a member's word about a node is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// It is not signed by the member, or no such document.
    #[error(transparent)]
    BadDocument(#[from] DocumentError),
    /// What it says is the newest message is none, or not of the node.
    #[error("what is said to be the newest message does not hold: {0}")]
    BadMessage(#[from] CountedError),
    /// It is signed by one member and names another.
    #[error("the word names the member {named}, and was signed by {signed}")]
    OtherMember {
        /// The member that it names.
        named: Principal,
        /// The member that signed.
        signed: Principal,
    },
    /// It speaks of another node.
    #[error("the word is about {named}, not about {asked}")]
    OtherNode {
        /// The node that it names.
        named: Principal,
        /// The node that was asked about.
        asked: Principal,
    },
    /// It answers another question.
    #[error("the word answers another question than was asked")]
    OtherChallenge,
    /// More queries than are kept of one node.
    #[error("{got} queries, where at most {QUERIES_SEEN_MAX} are kept of a node")]
    TooMany {
        /// How many.
        got: usize,
    },
    /// Numbers that cannot be.
    #[error("the number {counter} is out of order, or above that of the newest message")]
    OutOfOrder {
        /// The number.
        counter: u64,
    },
}

impl RecoveryError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadDocument(why) => why.code(),
            Self::BadMessage(why) => why.code(),
            Self::OtherMember { .. } => "recovery-other-member",
            Self::OtherNode { .. } => "recovery-other-node",
            Self::OtherChallenge => "recovery-other-challenge",
            Self::TooMany { .. } => "recovery-too-many",
            Self::OutOfOrder { .. } => "recovery-out-of-order",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        "nothing was taken; the member is asked again, and others too".into()
    }
}

/// Operators that have to answer, where there are so many: one alone may have been set back as well, or lie.
const OPERATORS_MIN: usize = 2;

#[cfg(test)]
mod tests;
