//! The next charter of a federation, drafted from the one in force: somebody joins, somebody leaves, the policy moves, a
//! study begins or ends. Whatever is drafted keeps the rules of charters, and binds the one it follows.

mod error;

use serde_json::Value;

pub use error::NextError;

use crate::charter_chain::CharterChain;
use crate::charter_changes::CharterChanges;
use crate::digest::Digest;
use crate::document::charter::Charter;
use crate::document::join::Join;
use crate::envelope::{Envelope, Verified};
use crate::principal::Principal;

/// A charter that nobody has signed yet, and the one that it follows.
#[derive(Debug, Clone)]
pub struct NextCharter {
    before: Charter,
    after: Charter,
}

/// What became of a member's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: a request is of a new member or of a known one")]
pub enum Listed {
    /// The member is new.
    New,
    /// The member was listed, and its entry is now as it asks. Its staff keys stay.
    Again,
}

impl NextCharter {
    /// One that changes nothing yet of the charter in force.
    #[must_use]
    pub fn after(chain: &CharterChain) -> Self {
        let current = chain.current();
        let mut after = Charter::clone(current);
        after.epoch = current.epoch.saturating_add(1);
        after.previous = Some(current.digest());
        Self { before: Charter::clone(current), after }
    }

    /// Takes up a draft of the next charter, to show it or to change it further. Signatures are not looked at: nobody
    /// stands for it yet.
    ///
    /// # Errors
    /// [`NextError::Document`] or [`NextError::Charter`] for no sound charter, [`NextError::FollowsAnother`] for one that
    /// does not follow the charter in force.
    pub fn of_draft(draft: &Envelope, chain: &CharterChain) -> Result<Self, NextError> {
        let claimed = draft.claim::<Charter>()?;
        let after = claimed.peek().clone();
        after.check()?;
        let current = chain.current();
        if (after.epoch, after.previous) != (current.epoch.saturating_add(1), Some(current.digest())) {
            return Err(NextError::FollowsAnother { got: after.epoch, have: current.epoch });
        }
        Ok(Self { before: Charter::clone(current), after })
    }

    /// Lists a node as it asks to be.
    ///
    /// # Errors
    /// [`NextError::Charter`] where a charter with it would break a rule, as one that has its name already does: then
    /// nothing has changed.
    pub fn admit(&mut self, join: &Verified<Join>) -> Result<Listed, NextError> {
        let (mut after, mut entry) = (self.after.clone(), join.member());
        let listed = match after.members.iter_mut().find(|member| member.key == entry.key) {
            Some(known) => {
                entry.staff = std::mem::take(&mut known.staff);
                *known = entry;
                Listed::Again
            }
            None => {
                after.members.push(entry);
                Listed::New
            }
        };
        self.put(after)?;
        Ok(listed)
    }

    /// Takes a member off the list, by name or key. Where it sits on committees, another member has to take its place.
    ///
    /// # Errors
    /// [`NextError::NoMember`] for an unknown one, [`NextError::OnCommittee`] where nobody takes its place, and
    /// [`NextError::Charter`] where a charter without it would break a rule.
    pub fn dismiss(&mut self, who: &str, in_its_place: Option<&str>) -> Result<(), NextError> {
        let gone = self.key_of(who)?;
        let heir = in_its_place.map(|heir| self.key_of(heir)).transpose()?;
        let mut after = self.after.clone();
        after.members.retain(|member| member.key != gone);
        for seat in after.committees.iter_mut().flatten().filter(|seat| **seat == gone) {
            *seat = heir.ok_or_else(|| NextError::OnCommittee { who: who.to_owned() })?;
        }
        self.put(after)
    }

    /// Sets one field of the policy. The value is a whole number, `true` or `false`, as the charter has it.
    ///
    /// # Errors
    /// [`NextError::NoPolicy`] for an unknown field, [`NextError::Value`] for a value of another kind, and
    /// [`NextError::Charter`] where the charter would break a rule.
    pub fn set_policy(&mut self, field: &str, value: &str) -> Result<(), NextError> {
        let mut policy = serde_json::to_value(&self.after.policy).unwrap_or_default();
        let fields: Vec<String> = policy.as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect();
        let Some(slot) = policy.get_mut(field) else {
            return Err(NextError::NoPolicy { field: field.to_owned(), fields });
        };
        let wrong = || NextError::Value { field: field.to_owned(), value: value.to_owned() };
        *slot = serde_json::from_str::<Value>(value).map_err(|_| wrong())?;
        let policy = serde_json::from_value(policy).map_err(|_| wrong())?;
        self.put(Charter { policy, ..self.after.clone() })
    }

    /// Puts a study in force.
    ///
    /// # Errors
    /// [`NextError::Charter`], as where it is listed already.
    pub fn begin_study(&mut self, study: Digest) -> Result<(), NextError> {
        let mut after = self.after.clone();
        after.studies.push(study);
        self.put(after)
    }

    /// Ends a study: no query of it is taken under this charter.
    ///
    /// # Errors
    /// [`NextError::NoStudy`] where it is not listed.
    pub fn end_study(&mut self, study: &Digest) -> Result<(), NextError> {
        let mut after = self.after.clone();
        after.studies.retain(|listed| listed != study);
        if after.studies.len() == self.after.studies.len() {
            return Err(NextError::NoStudy { study: *study });
        }
        self.put(after)
    }

    /// The draft, to be signed by stewards of both charters.
    ///
    /// # Errors
    /// [`NextError::Document`] where it is larger than a charter may be.
    pub fn draft(&self) -> Result<Envelope, NextError> {
        Ok(Envelope::draft(&self.after)?)
    }

    /// What it changes.
    #[must_use]
    pub fn changes(&self) -> CharterChanges {
        CharterChanges::between(&self.before, &self.after)
    }

    /// The charter as it is drafted.
    #[must_use]
    pub const fn drafted(&self) -> &Charter {
        &self.after
    }

    fn put(&mut self, after: Charter) -> Result<(), NextError> {
        after.check()?;
        self.after = after;
        Ok(())
    }

    fn key_of(&self, who: &str) -> Result<Principal, NextError> {
        let found = self.after.members.iter().find(|member| member.name == who || member.key.to_string() == who);
        found.map(|member| member.key).ok_or_else(|| NextError::NoMember { who: who.to_owned() })
    }
}

/// The charter that a federation would begin with, to show it to a steward. Signatures are not looked at; what is no
/// sound first charter is none.
///
/// # Errors
/// [`NextError::Document`], [`NextError::Charter`] or [`NextError::FollowsAnother`].
pub fn drafted_genesis(draft: &Envelope) -> Result<Charter, NextError> {
    let claimed = draft.claim::<Charter>()?;
    let charter = claimed.peek().clone();
    charter.check()?;
    match charter.epoch.checked_sub(1) {
        None => Ok(charter),
        Some(have) => Err(NextError::FollowsAnother { got: charter.epoch, have }),
    }
}
