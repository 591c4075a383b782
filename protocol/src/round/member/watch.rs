//! What a committee member keeps of each other node: of a clinic's consent ledger the newest commitment that it saw, for
//! patients who hold the clinic to it; of its numbered messages what tells it, should it forget; and evidence that it
//! shows two ledgers, or signs on two nodes. One form for each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exchange::Verifier;
use super::numbered::{Heard, Numbered};
use crate::counted::TwoMessages;
use crate::digest::{Digest, Label};
use crate::document::last_seen::LastSeen;
use crate::document::recovery::Recovery;
use crate::document::upload::Upload;
use crate::envelope::{Envelope, Verified};
use crate::ledger::{LedgerError, TwoTrees};
use crate::moment::Moment;
use crate::octets::Octets;
use crate::principal::Principal;
use crate::round::inquiry::Inquiry;
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
    #[serde(default)]
    numbered: Numbered,
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

    /// Hears a numbered message of another node, which its signature shows to be that node's.
    pub(super) fn hears(&mut self, signer: Principal, message: &Envelope) -> Vec<Effect> {
        let form = self.of(signer);
        match form.numbered.hear(&signer, message) {
            Heard::Old => Vec::new(),
            Heard::New => vec![form.keep()],
            Heard::Twice(counter) => vec![form.keep(), twice(&signer, counter)],
        }
    }

    /// Notes which query an upload that was checked contributed to.
    pub(super) fn contributed(&mut self, upload: &Verified<Upload>, inquiry: &Inquiry, now: Moment) -> Vec<Effect> {
        let mut effects = self.hears(upload.clinic, upload.envelope());
        let form = self.of(upload.clinic);
        let ledger = form.saw(upload, now);
        let query = form.numbered.contributed(upload, inquiry, now);
        if ledger || query {
            // One form, so the newest state of it is enough.
            effects.retain(|effect| !matches!(effect, Effect::Keep { .. }));
            effects.insert(0, form.keep());
        }
        effects
    }

    /// Keeps what another member showed against a clinic, if it holds.
    pub(super) fn learn(&mut self, clinic: Principal, shown: &Verifier) -> Vec<Effect> {
        match shown {
            Verifier::TwoTrees(evidence) => self.hold(clinic, evidence).unwrap_or_default(),
            Verifier::TwoMessages(evidence) => {
                let form = self.of(clinic);
                let counter = form.numbered.hold(&clinic, evidence);
                counter.map_or_else(Vec::new, |counter| vec![form.keep(), twice(&clinic, counter)])
            }
            Verifier::Share(_) | Verifier::Unreadable => Vec::new(),
        }
    }

    /// What this member shows the others against a clinic in place of its verifier share, if it has evidence.
    pub(super) fn evidence(&self, clinic: &Principal) -> Option<Verifier> {
        let form = self.0.get(clinic)?;
        let trees = form.evidence.as_ref().map(|evidence| Verifier::TwoTrees(evidence.clone()));
        trees.or_else(|| Some(Verifier::TwoMessages(Box::new(form.numbered.evidence()?.clone()))))
    }

    /// Evidence that somebody signs with this key on two nodes, or on one whose folder was set back.
    pub(super) fn two_messages(&self, signer: &Principal) -> Option<&TwoMessages> {
        self.0.get(signer)?.numbered.evidence()
    }

    /// The nodes against which there is evidence.
    pub(super) fn accused(&self) -> impl Iterator<Item = Principal> + '_ {
        let refuted = |form: &&StoredWatch| form.evidence.is_some() || form.numbered.evidence().is_some();
        self.0.values().filter(refuted).map(|form| form.clinic)
    }

    /// What `member` can say to a node about itself.
    pub(super) fn recovery(&self, member: Principal, asked: (Principal, Digest, u64), now: Moment) -> Recovery {
        let nothing = Numbered::default();
        self.0.get(&asked.0).map_or(&nothing, |form| &form.numbered).recovery(member, asked, now)
    }

    /// What `member` can say of a clinic's newest upload.
    pub(super) fn last_seen(&self, member: Principal, clinic: &Principal) -> Option<LastSeen> {
        let Newest { query, attempt, counter, ledger, seen_at } = self.0.get(clinic)?.newest?;
        Some(LastSeen { member, clinic: *clinic, query, attempt, counter, ledger, seen_at })
    }

    fn of(&mut self, clinic: Principal) -> &mut StoredWatch {
        self.0.entry(clinic).or_insert(StoredWatch {
            clinic,
            newest: None,
            evidence: None,
            numbered: Numbered::default(),
        })
    }
}

impl StoredWatch {
    /// Two ledgers that the clinic signed, if this member has them.
    #[must_use]
    pub fn evidence(&self) -> Option<&TwoTrees> {
        self.evidence.as_deref()
    }

    /// Notes an upload that was checked; whether it is the newest. One whose counter is not higher than those before is
    /// not.
    fn saw(&mut self, upload: &Upload, now: Moment) -> bool {
        let Upload { query, attempt, counter, ledger, .. } = upload;
        let (query, attempt, counter, ledger) = (*query, *attempt, *counter, *ledger);
        let newer = self.newest.is_none_or(|newest| newest.counter < counter);
        if newer {
            self.newest = Some(Newest { query, attempt, counter, ledger, seen_at: now });
        }
        newer
    }

    fn keep(&self) -> Effect {
        let id = Digest::of(Label::WatchedClinic, &[self.clinic.bytes()]);
        Effect::Keep { role: Role::Watch, id, form: Octets(encode(self)) }
    }
}

fn twice(signer: &Principal, counter: u64) -> Effect {
    Effect::Alarm(format!(
        "{signer} signed two different messages under the number {counter}: there are two nodes with its key, or its \
         folder was set back; its contributions are refused from now on"
    ))
}
