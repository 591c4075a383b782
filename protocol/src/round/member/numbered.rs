//! What a committee member keeps of the numbered messages of one other node: the newest few as they were signed, and
//! which queries it contributed to.
//!
//! Several queries run at once, so messages come in any order and more than once. A lower number is therefore no fault,
//! and neither is the same message again; only the same number on two different messages is, and proves itself.

use serde::{Deserialize, Serialize};

use crate::cost::RhoMicro;
use crate::counted::{Counted, TwoMessages};
use crate::digest::Digest;
use crate::document::recovery::{Recovery, SeenQuery};
use crate::document::upload::Upload;
use crate::envelope::Envelope;
use crate::limits::{MESSAGES_SEEN_MAX, QUERIES_SEEN_MAX};
use crate::moment::{Millis, Moment};
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::inquiry::Inquiry;

/// What is kept of one node's numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbered {
    /// Those with the highest numbers, lowest first.
    newest: Vec<Message>,
    /// Lowest number first.
    queries: Vec<Contributed>,
    /// The highest number of a query that had to be left out of the list.
    whole_above: u64,
    twice: Option<Box<TwoMessages>>,
}

/// A message: its number, its digest, the note in it, and itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Message(u64, Digest, Octets, Envelope);

/// A query: the number of the upload, query, study, cost and expiry. A tuple, because there are hundreds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Contributed(u64, Digest, Digest, RhoMicro, Moment);

/// What hearing a message came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing has to be kept.
    Old,
    /// Something has.
    New,
    /// The number was used for another message.
    Twice(u64),
}

impl Numbered {
    /// Hears a message that `signer` is said to have signed. What nobody numbers, or is not signed so, is nothing.
    pub(super) fn hear(&mut self, signer: &Principal, envelope: &Envelope) -> Heard {
        let Ok(Counted { counter, digest, note }) = Counted::read(envelope, signer) else { return Heard::Old };
        let at = self.newest.partition_point(|message| message.0 < counter);
        match self.newest.get(at) {
            Some(Message(same, theirs, _, _)) if *same == counter && *theirs == digest => Heard::Old,
            Some(Message(same, _, _, other)) if *same == counter => {
                if self.twice.is_some() {
                    return Heard::Old;
                }
                self.twice = Some(Box::new(TwoMessages { first: other.clone(), second: envelope.clone() }));
                Heard::Twice(counter)
            }
            Some(_) | None if at == 0 && self.newest.len() >= MESSAGES_SEEN_MAX => Heard::Old,
            Some(_) | None => {
                self.newest.insert(at, Message(counter, digest, note, envelope.clone()));
                let more = self.newest.len().saturating_sub(MESSAGES_SEEN_MAX);
                self.newest.drain(..more);
                Heard::New
            }
        }
    }

    /// Notes that an upload contributed to a query; whether that is new. Queries that count against nobody's budget any
    /// more are forgotten, and of too many the oldest.
    pub(super) fn contributed(&mut self, upload: &Upload, inquiry: &Inquiry, now: Moment) -> bool {
        let (query, study) = (inquiry.query(), inquiry.study().digest());
        let seen = Contributed(upload.counter, upload.query, study, query.rho, query.expires);
        let at = self.queries.partition_point(|known| known.0 < seen.0);
        if self.queries.get(at) == Some(&seen) || seen.0 <= self.whole_above {
            return false;
        }
        self.queries.insert(at, seen);
        self.queries.retain(|known| now.since(known.4) < Millis::BUDGET_YEAR);
        let more = self.queries.len().saturating_sub(QUERIES_SEEN_MAX);
        if let Some(last) = self.queries.drain(..more).next_back() {
            self.whole_above = last.0;
        }
        true
    }

    /// Keeps evidence that somebody else had, if it holds and is the first; the number that was used twice.
    pub(super) fn hold(&mut self, signer: &Principal, evidence: &TwoMessages) -> Option<u64> {
        let counter = evidence.check(signer).ok()?;
        if self.twice.is_some() {
            return None;
        }
        self.twice = Some(Box::new(evidence.clone()));
        Some(counter)
    }

    /// Evidence that the key signs on two nodes, or that its folder was set back.
    pub(super) fn evidence(&self) -> Option<&TwoMessages> {
        self.twice.as_deref()
    }

    /// What `member` can say to the node that these are of.
    pub(super) fn recovery(&self, member: Principal, asked: (Principal, Digest, u64), now: Moment) -> Recovery {
        let (about, challenge, since) = asked;
        let later = self.queries.iter().filter(|known| known.0 > since);
        let told =
            |&Contributed(counter, query, study, rho, expires)| SeenQuery { counter, query, study, rho, expires };
        Recovery {
            member,
            about,
            challenge,
            since,
            newest: self.newest.last().map(|message| message.3.clone()),
            queries: later.map(told).collect(),
            whole_above: self.whole_above,
            said_at: now,
        }
    }
}

#[cfg(test)]
mod tests;
