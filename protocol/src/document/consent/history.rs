//! A patient's statements in ledger order, and where they lead.

use std::collections::BTreeSet;

use super::permit::{Permit, Purposes, Standing};
use super::terms::Held;
use super::{Action, Grant, Statement, StatementError};
use crate::digest::Digest;
use crate::envelope::Verified;
use crate::moment::Moment;
use crate::principal::Principal;

/// Where the statements of one patient at one clinic lead, in the order of the clinic's ledger.
///
/// The rules: a grant needs a sequence higher than every grant before it, and the digest of the
/// statement before it (of either kind; the first has none, and sequence 0 by custom). A grant that
/// has not is contradictory, and then nothing is allowed until the next good grant. A withdrawal
/// needs neither, nor does an erasure, after which its key never grants again. A witnessed grant may only narrow once the patient's own key has signed anything.
/// The same statement again changes nothing.
///
/// A key in place of another ([`History::replace`]) grants nothing before its wait is over. If the key that it stands in
/// for, or one before that, ends anything until then, that is its owner's objection: nothing that the new key grants, or
/// granted, counts, until it is replaced in turn.
#[must_use]
pub fn standing<'a>(statements: impl IntoIterator<Item = &'a Verified<Statement>>, now: Moment) -> Standing<'a> {
    let mut history = History::new();
    for statement in statements {
        history.append(statement);
    }
    history.standing(now)
}

/// [`standing`] statement by statement, for whoever keeps a ledger.
#[derive(Debug, Clone, Default)]
pub struct History<'a> {
    known: BTreeSet<Digest>,
    last: Option<Digest>,
    sequence: Option<u64>,
    key_signed: bool,
    erased: BTreeSet<Principal>,
    /// The newest key, if it stands in for another.
    replacement: Option<Principal>,
    /// Before this moment nothing counts as granted; none: whenever it was said.
    grants_from: Option<Moment>,
    /// Whether the replacement was objected to.
    objected: bool,
    state: State<'a>,
}

#[derive(Debug, Clone, Default)]
enum State<'a> {
    #[default]
    None,
    Granted(Permit<'a>),
    Withdrawn,
    Erased,
    Contradictory(Contradiction),
}

impl<'a> History<'a> {
    /// No statement yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From here on this key speaks for the patient, and grants nothing before that moment. The first key.
    pub const fn begin(&mut self, grants_from: Moment) {
        self.grants_from = Some(grants_from);
    }

    /// From here on this key speaks for the patient in place of the one before, and nothing counts as granted before
    /// that moment. Its predecessors may object until then, by ending anything.
    pub const fn replace(&mut self, key: Principal, grants_from: Moment) {
        self.replacement = Some(key);
        self.grants_from = Some(grants_from);
        self.objected = false;
    }

    /// Before this moment nothing counts as granted: a key was enrolled, or replaced.
    #[must_use]
    pub const fn grants_from(&self) -> Moment {
        match self.grants_from {
            Some(from) => from,
            None => Moment(0),
        }
    }

    /// Whether the newest key was objected to by one that it stands in for.
    #[must_use]
    pub const fn is_objected_to(&self) -> bool {
        self.objected
    }

    /// The sequence that the next grant should carry.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.sequence.map_or(0, |sequence| sequence.saturating_add(1))
    }

    /// The digest that the next grant must name as the one before it.
    #[must_use]
    pub const fn last(&self) -> Option<Digest> {
        self.last
    }

    /// Whether a statement would continue this history: what a clinic asks before it takes a grant
    /// into its ledger. A withdrawal always does.
    ///
    /// # Errors
    /// [`StatementError::OutOfLine`].
    pub fn accepts(&self, statement: &Statement) -> Result<(), StatementError> {
        match &statement.action {
            Action::Revoke(_) | Action::Erase => Ok(()),
            Action::Grant(grant) => self.in_line(statement, grant).map_err(StatementError::OutOfLine),
        }
    }

    /// Takes the next statement of the ledger into account, whatever it says.
    pub fn append(&mut self, statement: &'a Verified<Statement>) {
        if !self.known.insert(statement.digest()) {
            return;
        }
        let body: &'a Statement = statement;
        self.object(body);
        match &body.action {
            Action::Revoke(_) if planted!(IgnoresWithdrawals) => {}
            Action::Revoke(revoke) => self.revoke(revoke.purposes.as_deref()),
            Action::Grant(grant) => self.grant(statement, grant),
            Action::Erase => self.erase(body.patient),
        }
        self.last = Some(statement.digest());
        self.key_signed |= statement.witness.is_none();
    }

    /// Where the patient stands at this moment.
    #[must_use]
    pub fn standing(&self, now: Moment) -> Standing<'a> {
        match &self.state {
            State::None => Standing::None,
            State::Withdrawn => Standing::Withdrawn,
            State::Erased => Standing::Erased,
            State::Contradictory(why) => Standing::Contradictory(*why),
            State::Granted(permit) if now >= permit.grant.not_after => Standing::Expired,
            State::Granted(permit) if now < self.from(permit) => Standing::NotYet,
            State::Granted(permit) => Standing::Granted(permit.clone()),
        }
    }

    /// The grant that is in force, will be or was, less what was revoked since. `None` where nothing is allowed at any
    /// time.
    #[must_use]
    pub const fn permit(&self) -> Option<&Permit<'a>> {
        match &self.state {
            State::Granted(permit) => Some(permit),
            State::None | State::Withdrawn | State::Erased | State::Contradictory(_) => None,
        }
    }

    /// The grant that is in force, will be or was, as terms that many patients share and the times that
    /// are this one's own. `None` where nothing is allowed at any time.
    #[must_use]
    pub fn held(&self) -> Option<Held> {
        match &self.state {
            State::Granted(permit) => {
                let held = permit.held();
                Some(Held { from: held.from.max(self.grants_from()), ..held })
            }
            State::None | State::Withdrawn | State::Erased | State::Contradictory(_) => None,
        }
    }

    /// From when on a grant counts.
    fn from(&self, permit: &Permit<'_>) -> Moment {
        permit.grant.not_before.max(permit.statement.made_at).max(self.grants_from())
    }

    /// A predecessor of the newest key ends something before the wait is over: the key that was put in its place counts
    /// for nothing, and what it granted neither. When that was said is the signer's word: the clinic's would let it pass
    /// an objection off as late.
    fn object(&mut self, said: &Statement) {
        let Some(newest) = self.replacement else { return };
        let by_predecessor = said.witness.is_none() && said.patient != newest;
        if !by_predecessor || !said.action.ends() || said.made_at >= self.grants_from() {
            return;
        }
        self.objected = true;
        if matches!(&self.state, State::Granted(permit) if permit.statement.patient == newest) {
            self.state = State::Withdrawn;
        }
    }

    fn revoke(&mut self, purposes: Option<&[String]>) {
        if let State::Granted(permit) = &mut self.state {
            permit.purposes.revoke(purposes);
            if permit.purposes.is_empty() {
                self.state = State::Withdrawn;
            }
        } else if !matches!(self.state, State::Erased) {
            // Nothing is in force, so whatever part of nothing ends: the patient said no last.
            self.state = State::Withdrawn;
        }
    }

    fn erase(&mut self, key: Principal) {
        self.erased.insert(key);
        self.state = State::Erased;
    }

    fn grant(&mut self, statement: &'a Verified<Statement>, grant: &'a Grant) {
        let fits = self.in_line(statement, grant);
        self.sequence = self.sequence.max(Some(statement.sequence));
        self.state = match fits {
            Err(why) => State::Contradictory(why),
            // A witnessed grant names only purposes that were left whole, so none that ended comes back.
            Ok(()) => State::Granted(Permit { statement, grant, purposes: Purposes::all_of(grant) }),
        };
    }

    fn in_line(&self, statement: &Statement, grant: &Grant) -> Result<(), Contradiction> {
        if self.erased.contains(&statement.patient) {
            return Err(Contradiction::Erased);
        }
        if self.objected && self.replacement == Some(statement.patient) {
            return Err(Contradiction::Objected);
        }
        if self.sequence.is_some_and(|highest| statement.sequence <= highest) {
            return Err(Contradiction::Sequence { got: statement.sequence, next: self.next_sequence() });
        }
        if statement.previous != self.last {
            return Err(Contradiction::Previous { last: self.last });
        }
        let widens = match &self.state {
            State::Granted(permit) => permit.is_widened_by(grant),
            State::None | State::Withdrawn | State::Erased | State::Contradictory(_) => true,
        };
        if statement.witness.is_some() && self.key_signed && widens {
            return Err(Contradiction::WitnessedWidening);
        }
        Ok(())
    }
}

/// Why a grant does not continue the statements before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// Its sequence was used or passed already.
    #[error("its sequence is {got}, and {next} is the next")]
    Sequence {
        /// Its sequence.
        got: u64,
        /// The next that is free.
        next: u64,
    },
    /// It names another statement as the one before it.
    #[error("it does not name the statement before it")]
    Previous {
        /// The one it should name; none if it should name none.
        last: Option<Digest>,
    },
    /// Its key asked for erasure, and never grants again.
    #[error("its key asked for everything to be erased, and never grants again")]
    Erased,
    /// Its key was put in place of another, whose owner objected.
    #[error("its key was put in place of another, and the other key objected within 14 days")]
    Objected,
    /// Staff may not widen what the patient's own key has narrowed.
    #[error("a witnessed grant would allow more than the patient's own key did")]
    WitnessedWidening,
}

impl Contradiction {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Sequence { .. } => "contradiction-sequence",
            Self::Previous { .. } => "contradiction-previous",
            Self::Erased => "contradiction-erased",
            Self::Objected => "contradiction-objected",
            Self::WitnessedWidening => "contradiction-witnessed-widening",
        }
    }

    /// What the patient, or the clinic for them, can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Sequence { next, .. } => format!("sign the grant again as number {next}"),
            Self::Previous { last: Some(last) } => format!("sign the grant again, naming {} before it", last.hex()),
            Self::Previous { last: None } => "sign the grant again as the first, naming none before it".into(),
            Self::Erased => "who comes back makes a new key, under a new pseudonym".into(),
            Self::Objected => {
                "find out who the patient is; then two members of staff replace the key again, by a new one".into()
            }
            Self::WitnessedWidening => "have the patient sign with their own key, or replace a lost key".into(),
        }
    }
}
