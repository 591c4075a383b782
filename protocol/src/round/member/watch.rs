//! What a committee member keeps of each clinic's consent ledger: the newest commitment that it saw, for patients who
//! hold the clinic to it, and evidence that the clinic shows two ledgers. One small form for each clinic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Label};
use crate::document::last_seen::LastSeen;
use crate::document::upload::Upload;
use crate::ledger::{LedgerError, TwoTrees};
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::message::encode;
use crate::round::{Effect, Role};

/// What this member saw of every clinic.
#[derive(Debug, Default)]
pub(super) struct Watch(BTreeMap<Principal, StoredWatch>);

/// The stored form of what was seen of one clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredWatch {
    clinic: Principal,
    newest: Option<Newest>,
    evidence: Option<Box<TwoTrees>>,
}

/// The newest upload of a clinic, by the clinic's own counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Newest {
    query: Digest,
    attempt: u8,
    counter: u64,
    ledger: Digest,
    seen_at: Moment,
}

impl Watch {
    /// Takes up the stored forms of an earlier life.
    pub(super) fn restore(forms: Vec<StoredWatch>) -> Self {
        Self(forms.into_iter().map(|form| (form.clinic, form)).collect())
    }

    /// Notes an upload that was checked. One whose counter is not higher than those before is not the newest.
    pub(super) fn saw(&mut self, upload: &Upload, now: Moment) -> Option<Effect> {
        let Upload { clinic, query, attempt, counter, ledger, .. } = upload;
        let form = self.of(*clinic);
        if form.newest.is_some_and(|newest| newest.counter >= *counter) {
            return None;
        }
        let (query, attempt, counter, ledger) = (*query, *attempt, *counter, *ledger);
        form.newest = Some(Newest { query, attempt, counter, ledger, seen_at: now });
        Some(form.keep())
    }

    /// Keeps evidence against a clinic, once. What is not evidence is refused.
    pub(super) fn hold(&mut self, clinic: Principal, evidence: &TwoTrees) -> Result<Vec<Effect>, LedgerError> {
        let [first, second] = evidence.check(&clinic)?;
        let form = self.of(clinic);
        if form.evidence.is_some() {
            return Ok(Vec::new());
        }
        form.evidence = Some(Box::new(evidence.clone()));
        let (size, one, other) = (first.size, first.root, second.root);
        let told = format!(
            "{clinic} signed two different consent ledgers of {size} statements, with the roots {one} and {other}; its \
             contributions are refused from now on"
        );
        Ok(vec![form.keep(), Effect::Alarm(told)])
    }

    /// Evidence against a clinic, if there is any.
    pub(super) fn evidence(&self, clinic: &Principal) -> Option<&TwoTrees> {
        self.0.get(clinic)?.evidence.as_deref()
    }

    /// The clinics against which there is evidence.
    pub(super) fn accused(&self) -> impl Iterator<Item = Principal> + '_ {
        self.0.values().filter(|form| form.evidence.is_some()).map(|form| form.clinic)
    }

    /// What `member` can say of a clinic's newest upload.
    pub(super) fn last_seen(&self, member: Principal, clinic: &Principal) -> Option<LastSeen> {
        let Newest { query, attempt, counter, ledger, seen_at } = self.0.get(clinic)?.newest?;
        Some(LastSeen { member, clinic: *clinic, query, attempt, counter, ledger, seen_at })
    }

    fn of(&mut self, clinic: Principal) -> &mut StoredWatch {
        self.0.entry(clinic).or_insert(StoredWatch { clinic, newest: None, evidence: None })
    }
}

impl StoredWatch {
    /// Two ledgers that the clinic signed, if this member has them.
    #[must_use]
    pub fn evidence(&self) -> Option<&TwoTrees> {
        self.evidence.as_deref()
    }

    fn keep(&self) -> Effect {
        let id = Digest::of(Label::WatchedClinic, &[self.clinic.bytes()]);
        Effect::Keep { role: Role::Watch, id, form: Octets(encode(self)) }
    }
}
