//! Carrying out what the roles decide, one after the other.

use std::sync::Arc;
use std::time::Instant;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{CodecError, Message, Reply, encode};
use sumac_protocol::round::progress::Refused;
use sumac_protocol::round::{Desk, Effect, Event, Order, Selection};

use super::roles::SLOW;
use super::{Node, RunError, node_key};
use crate::clinic::Clinic;
use crate::metrics::{Ending, Turned};
use crate::network::Answer;
use crate::store::Entry;

impl Node {
    /// Takes up the roles' stored forms, and does what they want done at once.
    pub(super) fn restore(&mut self) -> Result<(), RunError> {
        let (clinic, mut rng) = (Arc::clone(&self.clinic), UnwrapErr(SysRng));
        let mut counter = self.roles.counter;
        let mut desk = Desk {
            now: self.clock.now(),
            signer: clinic.signer(),
            chain: clinic.chain(),
            rng: &mut rng,
            counter: &mut counter,
            note: &|| note(&clinic),
        };
        let effects = self.roles.restore(clinic.store(), &mut desk)?;
        // Nothing of it leaves, and no number is used, before others say that nothing was forgotten.
        self.recall.wants(effects, counter);
        self.begin_recall()
    }

    /// Takes one event through the roles, and every event that follows from it within this node.
    pub(super) fn process(&mut self, event: Event, answer: Option<Answer>) -> Result<(), RunError> {
        let began = Instant::now();
        let mut answer = answer;
        let effects = self.decide(event);
        self.carry_out(effects, &mut answer)?;
        if let Some(answer) = answer {
            self.seal_watermark()?;
            answer.reply(encode(&Reply::Noted));
        }
        self.drain()?;
        if began.elapsed() > SLOW {
            tracing::warn!(ms = began.elapsed().as_millis(), "one event took long");
        }
        Ok(())
    }

    /// Effects may queue further events; returns only once none is left.
    pub(super) fn drain(&mut self) -> Result<(), RunError> {
        while let Some(event) = self.queue.pop_front() {
            let effects = self.decide(event);
            self.carry_out(effects, &mut None)?;
        }
        Ok(())
    }

    /// Cannot fail: nothing is written or sent before the effects are carried out.
    fn decide(&mut self, event: Event) -> Vec<Effect> {
        let words = self.unknown_words(&event);
        let effects = self.take(event);
        self.note(&words);
        effects
    }

    fn take(&mut self, event: Event) -> Vec<Effect> {
        self.count_if_shut(&event);
        if self.has_no_room_for(&event) {
            return Vec::new();
        }
        if let Some(effects) = self.recall.refusal(&event) {
            return effects;
        }
        if self.recall.is_open() && self.holds(&event) {
            return Vec::new();
        }
        let (clinic, mut rng) = (Arc::clone(&self.clinic), UnwrapErr(SysRng));
        let mut counter = self.roles.counter;
        let mut desk = Desk {
            now: self.clock.now(),
            signer: clinic.signer(),
            chain: clinic.chain(),
            rng: &mut rng,
            counter: &mut counter,
            note: &|| note(&clinic),
        };
        let effects = if self.recall.is_open() {
            tokio::task::block_in_place(|| self.roles.on(&mut desk, event))
        } else if super::recall::calls(&event) && !super::roles::passes_on(&event, &desk.me()) {
            self.recall.hold(event);
            return Vec::new();
        } else {
            tokio::task::block_in_place(|| self.roles.on_as_coordinator(&mut desk, event))
        };
        self.roles.counter = counter;
        effects
    }

    /// Forms are durable before any later effect of the same list: nothing is sent that a crash could forget.
    /// Only the first reply goes out; further ones have nobody to hear them.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>, answer: &mut Option<Answer>) -> Result<(), RunError> {
        let mut entries = Vec::new();
        for effect in effects {
            if !matches!(effect, Effect::Keep { .. } | Effect::Forget { .. }) {
                self.keep(&mut entries)?;
            }
            match effect {
                Effect::Keep { role, id, form: Octets(form) } => {
                    entries.push(Entry::Role { role: role.number(), id: id.0, body: Some(form) });
                }
                Effect::Forget { role, id } => {
                    entries.push(Entry::Role { role: role.number(), id: id.0, body: None });
                }
                Effect::Send { to, message } => self.send(to, message)?,
                Effect::Reply(reply) => {
                    if matches!(reply, Reply::Refused(_)) {
                        self.watched.metrics.refused(Turned::Member);
                    }
                    if let Some(answer) = answer.take() {
                        self.seal_watermark()?;
                        answer.reply(encode(&reply));
                    }
                }
                Effect::Select(order) => {
                    let selection = self.select(&order);
                    self.queue.push_back(Event::Selected(selection));
                }
                Effect::Settle { query, outcome } => {
                    tokio::task::block_in_place(|| self.clinic.settle(query, outcome))?;
                    self.watched.settled(outcome);
                }
                Effect::Note(text) => tracing::warn!("{text}"),
                Effect::Alarm(text) => tracing::error!("{text}"),
            }
        }
        self.keep(&mut entries)
    }

    /// Writes forms that stand next to each other in one durable batch, and what is to be kept beside them: also how far
    /// the counter came, so that no message leaves whose number could be used again.
    fn keep(&mut self, entries: &mut Vec<Entry>) -> Result<(), RunError> {
        let counter = self.roles.counter;
        if !entries.is_empty() || !self.beside.is_empty() || counter != self.counter_kept {
            let mut batch = std::mem::take(&mut self.beside);
            batch.append(entries);
            if counter != self.counter_kept {
                batch.push(super::counter::entry(counter));
            }
            tokio::task::block_in_place(|| self.clinic.store().append(batch))?;
            self.counter_kept = counter;
        }
        Ok(())
    }

    /// To this node itself it goes through the queue, behind the events that already wait there.
    /// To others, delivery is not awaited and a failure only logged; a key no network knows is an error.
    pub(super) fn send(&mut self, to: Principal, message: Message) -> Result<(), RunError> {
        if to == self.me() {
            self.queue.push_back(Event::Message { from: to, message });
            return Ok(());
        }
        self.watched.sent(&message);
        self.seal_watermark()?;
        let (network, key) = (self.network.clone(), node_key(&to)?);
        let name = self.name(&to);
        tokio::spawn(async move {
            if let Err(why) = network.send(key, encode(&message)).await {
                tracing::debug!(peer = %name, %why, "not delivered");
            }
        });
        Ok(())
    }

    /// Seals how far the journal has come, before anything leaves that rests on it: a folder that was
    /// set back to before it could commit, freeze or noise the same attempt a second time. Costs
    /// nothing where nothing was kept since.
    pub(super) fn seal_watermark(&mut self) -> Result<(), RunError> {
        let (head, _) = self.clinic.store().head();
        if self.sealed_head != Some(head) {
            tokio::task::block_in_place(|| self.clinic.store().seal_watermark())?;
            self.sealed_head = Some(head);
        }
        Ok(())
    }

    /// Selects and debits. Whatever goes wrong, the clinic then has nothing to say, in the same
    /// number of bytes as ever.
    fn select(&mut self, order: &Order) -> Selection {
        let why = match tokio::task::block_in_place(|| self.clinic.select(order)) {
            Ok(selection) => {
                if selection.declined.is_some() {
                    self.watched.metrics.query(Ending::Declined);
                } else if order.attempt == 1 {
                    self.watched.metrics.query(Ending::Begun);
                }
                return selection;
            }
            Err(why) => why,
        };
        self.watched.metrics.query(Ending::Failed);
        tracing::error!(%why, "the cohort could not be selected; zeroes are contributed");
        // As like any other as it can be made. The upload leaves after its form is kept, and what opens it with that.
        let (ledger, opening) = self.clinic.commitment_without_cohort().unwrap_or_else(|why| {
            tracing::error!(%why, "the ledger could not be committed to");
            (sumac_protocol::digest::Digest([0; 32]), Vec::new())
        });
        self.beside.extend(opening);
        Selection { query: order.inquiry.id(), attempt: order.attempt, cells: None, ledger, declined: None }
    }
}

/// What a message tells this node itself, should it ever forget. Empty where the store fails, which then stops the node
/// before anything leaves.
pub(crate) fn note(clinic: &Clinic) -> Octets {
    clinic.store().sealed_note().unwrap_or_else(|why| {
        tracing::error!(%why, "a message carries no note");
        Octets::default()
    })
}

/// The answer to bytes that are no message.
pub(super) fn unreadable(why: &CodecError) -> Vec<u8> {
    encode(&Reply::Refused(Refused {
        code: "unreadable".into(),
        says: why.to_string(),
        remedy: "use the same release of Sumac as the other members".into(),
    }))
}
