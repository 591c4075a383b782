//! How a query comes to nothing, and how clinics learn of any ending.

use rand_core::CryptoRng;

use crate::document::void::Void;
use crate::envelope::Envelope;
use crate::limits::NAMES_LISTED_MAX;
use crate::principal::Principal;
use crate::round::attempt::Fault;
use crate::round::coordinator::case::{Case, CaseStage};
use crate::round::message::{Ending, Message};
use crate::round::progress::Refused;
use crate::round::{Desk, Effect};

impl Case {
    /// Gives the attempt up and asks its members to sign that it is void. Where no clinic was asked
    /// yet, and no two attempts could be answered by different clinics, nobody needs the notes and the
    /// next committee is called at once: so a member that is offline from the start costs a query
    /// seconds and not its life.
    pub(super) fn give_up<R: CryptoRng>(&mut self, desk: &Desk<'_, R>, why: Refused) -> Vec<Effect> {
        if matches!(self.stage, CaseStage::Committing { .. }) && self.inquiry.answers_must_overlap() {
            self.skipped.insert(self.number);
            return self.next_committee(desk, why);
        }
        let forgotten = self.forget_uploads();
        self.enter(CaseStage::Voiding { why }, desk.now);
        let mut effects = vec![self.keep()];
        effects.extend(forgotten);
        effects.extend(self.words_for(&self.committee()));
        effects
    }

    pub(in crate::round::coordinator) fn voided<R: CryptoRng>(
        &mut self,
        desk: &Desk<'_, R>,
        from: Principal,
        envelope: Envelope,
    ) -> Result<Vec<Effect>, Fault> {
        let void = envelope.claim::<Void>().and_then(|c| c.verify(&from));
        let void = void.map_err(|why| Fault::Document { why: why.to_string() })?;
        let sits = self.inquiry.committee(void.attempt).is_some_and(|c| c.contains(&from));
        if !sits || void.query != self.inquiry.id() || void.attempt > self.number {
            return Err(Fault::OutOfPlace { what: "a void note for another attempt or committee" });
        }
        if self.voids.insert((void.attempt, from), envelope).is_some() {
            return Ok(Vec::new());
        }
        let mut effects = vec![self.keep()];
        if void.attempt < self.number || matches!(self.stage, CaseStage::Answered { .. } | CaseStage::Over { .. }) {
            effects.extend(self.late_void());
            return Ok(effects);
        }
        if !matches!(self.stage, CaseStage::Voiding { .. }) {
            let says = format!("{} had to give the attempt up", self.names(&[from]));
            let remedy = "ask again; nobody was charged".into();
            effects.extend(self.give_up(desk, Refused { code: "attempt-void".into(), says, remedy }));
        }
        effects.extend(self.after_voids(desk));
        Ok(effects)
    }

    /// A note that came after the query was over may complete the set: then debits go back.
    fn late_void(&mut self) -> Vec<Effect> {
        if !self.is_void() {
            return Vec::new();
        }
        let clinics: Vec<Principal> = self.contributors().into_iter().collect();
        self.words_for(&clinics)
    }

    /// With all k notes: the next committee, or the end.
    fn after_voids<R: CryptoRng>(&mut self, desk: &Desk<'_, R>) -> Vec<Effect> {
        let CaseStage::Voiding { why } = &self.stage else { return Vec::new() };
        if !self.awaited().is_empty() {
            return Vec::new();
        }
        let why = why.clone();
        self.next_committee(desk, why)
    }

    fn next_committee<R: CryptoRng>(&mut self, desk: &Desk<'_, R>, why: Refused) -> Vec<Effect> {
        let next = self.number.saturating_add(1);
        if why.code != "too-few-clinics" && self.inquiry.committee(next).is_some() {
            self.number = next;
            let begin = self.begin(desk);
            return std::iter::once(self.keep()).chain(begin).collect();
        }
        self.end(desk, why)
    }

    pub(super) fn expire<R: CryptoRng>(&mut self, desk: &Desk<'_, R>) -> Vec<Effect> {
        let awaited = self.awaited();
        let says = if awaited.is_empty() {
            "the query expired before it was answered".to_owned()
        } else {
            format!("the query expired waiting for {}", self.names(&awaited))
        };
        let too_few = matches!(&self.stage, CaseStage::Voiding { why } if why.code == "too-few-clinics");
        let code = if too_few { "too-few-clinics" } else { "expired" };
        if matches!(self.stage, CaseStage::Committing { .. }) {
            self.skipped.insert(self.number);
        }
        let remedy = if self.nothing_burnt() {
            "ask again; nobody was charged".into()
        } else {
            "ask again: a new query has a new id, and costs its price anew".into()
        };
        self.end(desk, Refused { code: code.into(), says, remedy })
    }

    fn end<R: CryptoRng>(&mut self, desk: &Desk<'_, R>, why: Refused) -> Vec<Effect> {
        let forgotten = self.forget_uploads();
        self.enter(CaseStage::Over { why }, desk.now);
        let clinics: Vec<Principal> = self.contributors().into_iter().collect();
        [vec![self.keep()], forgotten, self.words_for(&clinics)].into_iter().flatten().collect()
    }

    /// The ending as clinics are told it: only what the committee signed moves their books, so an
    /// ending without a full set of signatures is not told at all, nor one of which no clinic ever
    /// saw the beginning.
    pub(super) fn ending(&self) -> Option<Message> {
        let voids = || self.voids.values().cloned().collect();
        let asked = (1..=self.number).rev().find(|n| !self.skipped.contains(n));
        let (attempt, manifests, releases) = match &self.stage {
            CaseStage::Answered { manifests, releases, .. } => (self.number, manifests.clone(), releases.clone()),
            CaseStage::Over { .. } if self.is_void() => (asked?, Vec::new(), Vec::new()),
            CaseStage::Over { .. }
            | CaseStage::Committing { .. }
            | CaseStage::Collecting { .. }
            | CaseStage::Freezing { .. }
            | CaseStage::Verifying { .. }
            | CaseStage::Opening { .. }
            | CaseStage::Voiding { .. } => return None,
        };
        let query = self.inquiry.id();
        Some(Message::Ended(Box::new(Ending { query, attempt, manifests, releases, voids: voids() })))
    }

    pub(in crate::round::coordinator) fn ending_kept(&mut self, from: Principal) -> Vec<Effect> {
        if self.ending_kept.insert(from) { vec![self.keep()] } else { Vec::new() }
    }

    /// The names of these nodes as the charter gives them.
    pub(super) fn names(&self, nodes: &[Principal]) -> String {
        let name = |key: &Principal| self.inquiry.charter().member(key).map_or_else(|| key.short(), |m| m.name.clone());
        let listed = nodes.iter().take(NAMES_LISTED_MAX).map(name).collect::<Vec<_>>().join(", ");
        match nodes.len().saturating_sub(NAMES_LISTED_MAX) {
            0 => listed,
            more => format!("{listed} and {more} more"),
        }
    }
}
