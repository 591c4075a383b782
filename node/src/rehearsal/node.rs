//! One node of a rehearsal: a clinic over a store of its own, and its roles, whose effects are carried out in order.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::digest::Digest;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::recovery::{Seen, Witnesses, admit_recovery};
use sumac_protocol::round::message::{Message, Reply};
use sumac_protocol::round::{Desk, Effect, Event};
use zeroize::Zeroizing;

use super::RehearsalError;
use crate::clinic::Clinic;
use crate::clock::Clock;
use crate::running::recall::{Finding, Own, calls};
use crate::running::{Roles, RunError, SystemRandom, counter, note};
use crate::store::{Entry, Store, StorePaths, UnlockSecret};

/// A node as the rehearsal runs it.
pub(super) struct Node {
    signer: Signer,
    paths: StorePaths,
    unlock: UnlockSecret,
    up: Option<Up>,
}

/// What a node has only while it runs.
struct Up {
    clinic: Clinic,
    roles: Roles,
    /// The newest number of a signed message that is kept.
    counter_kept: u64,
    /// Whether members saw something newer of it than it knows, so that it follows no call.
    shut: bool,
}

/// What a node made of an event.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// What it wants sent, in order.
    pub(super) sends: Vec<(Principal, Message)>,
    /// What it answered on the same stream.
    pub(super) reply: Option<Reply>,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({:?})", self.signer)
    }
}

impl Node {
    /// A node that has never run, in a folder that is not there yet.
    pub(super) fn create(
        folder: &Path,
        seed: Zeroizing<[u8; 32]>,
        chain: CharterChain,
        clock: &Arc<Clock>,
    ) -> Result<Self, RehearsalError> {
        let mut secret = Zeroizing::new([0_u8; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(|_| RehearsalError::NoRandomness)?;
        let unlock = UnlockSecret::KeyFile(*secret);
        let paths = StorePaths { dir: folder.join("store"), keyring: folder.join("keyring") };
        let signer = Signer::from_seed(&seed);
        std::fs::create_dir_all(folder).map_err(|why| RehearsalError::Folder { folder: folder.to_owned(), why })?;
        let store = Store::create(&paths, &unlock, seed)?;
        let clinic = Clinic::new(Arc::new(store), chain, Arc::clone(clock));
        Ok(Self {
            signer,
            paths,
            unlock,
            up: Some(Up { clinic, roles: Roles::default(), counter_kept: 0, shut: false }),
        })
    }

    pub(super) fn key(&self) -> Principal {
        self.signer.principal()
    }

    pub(super) const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Its desk, while it runs.
    pub(super) fn clinic(&self) -> Option<&Clinic> {
        self.up.as_ref().map(|up| &up.clinic)
    }

    /// Its store's folder and its keyring.
    pub(super) fn folders(&self) -> (&Path, &Path) {
        (&self.paths.dir, &self.paths.keyring)
    }

    /// Ends it at once.
    pub(super) fn stop(&mut self) {
        self.up = None;
    }

    /// Starts it again from what lies in its folders. It follows no call before [`Node::hear`] said what members saw of it.
    pub(super) fn start(&mut self, chain: CharterChain, clock: &Arc<Clock>) -> Result<Done, RehearsalError> {
        let (store, _) = Store::open(&self.paths, &self.unlock)?;
        let clinic = Clinic::new(Arc::new(store), chain, Arc::clone(clock));
        let counter_kept = counter::kept(clinic.store())?;
        let mut up = Up { clinic, roles: Roles::default(), counter_kept, shut: true };
        up.roles.counter = counter_kept;
        let effects = up.at_desk(clock.now(), |roles, clinic, desk| roles.restore(clinic.store(), desk))?;
        let (mut done, mut queue) = (Done::default(), VecDeque::new());
        up.carry_out(effects, &mut done, &mut queue)?;
        up.drain(clock.now(), queue, &mut done)?;
        self.up = Some(up);
        Ok(done)
    }

    /// What it asks members by: a fresh challenge, and the newest number that it knows. None while it is down.
    pub(super) fn asks(&self) -> Option<(Digest, u64)> {
        let mut challenge = [0_u8; 32];
        getrandom::fill(&mut challenge).ok()?;
        Some((Digest(challenge), self.up.as_ref()?.counter_kept))
    }

    /// What it, as a committee's member, saw of another node. None while it is down.
    pub(super) fn saw(&self, asked: (Principal, Digest, u64), now: Moment) -> Option<Envelope> {
        Envelope::sign(&self.up.as_ref()?.roles.member().recovery(self.key(), asked, now), &self.signer).ok()
    }

    /// Hears what members saw of it, and follows calls from now on if enough of them saw nothing newer than it knows.
    pub(super) fn hear(&mut self, words: &[(Principal, Envelope)], (challenge, since): (Digest, u64)) {
        let me = self.key();
        let Some(up) = &mut self.up else { return };
        let witnesses = Witnesses::of(up.clinic.chain().current(), &me);
        let Ok(own) = Own::of(&up.clinic, since) else { return };
        let seen = |(member, word): &(Principal, Envelope)| {
            Some((*member, admit_recovery(word, member, &me, (&challenge, since)).ok()?))
        };
        let heard: BTreeMap<Principal, Seen> = words.iter().filter_map(seen).collect();
        let current = |seen: &Seen| own.against(up.clinic.store(), seen) == Finding::Current;
        up.shut = !(witnesses.need() == 0 || witnesses.suffice(&heard)) || !heard.values().all(current);
    }

    /// Takes an event, and every event that follows from it within this node. One that is down hears nothing.
    pub(super) fn on(&mut self, event: Event, now: Moment) -> Result<Done, RehearsalError> {
        let mut done = Done::default();
        if let Some(up) = &mut self.up {
            up.drain(now, VecDeque::from([event]), &mut done)?;
        }
        Ok(done)
    }
}

impl Up {
    fn drain(&mut self, now: Moment, mut queue: VecDeque<Event>, done: &mut Done) -> Result<(), RehearsalError> {
        while let Some(event) = queue.pop_front() {
            if self.shut && calls(&event) {
                continue;
            }
            let shut = self.shut;
            let effects = self.at_desk(now, |roles, _, desk| {
                Ok(if shut { roles.on_as_coordinator(desk, event) } else { roles.on(desk, event) })
            })?;
            self.carry_out(effects, done, &mut queue)?;
        }
        Ok(())
    }

    /// Lets the roles work, with what they sign numbered on.
    fn at_desk<T>(
        &mut self,
        now: Moment,
        work: impl FnOnce(&mut Roles, &Clinic, &mut Desk<'_, SystemRandom>) -> Result<T, RunError>,
    ) -> Result<T, RehearsalError> {
        let Self { clinic, roles, .. } = self;
        let (mut rng, mut counter): (SystemRandom, u64) = (UnwrapErr(SysRng), roles.counter);
        let mut desk = Desk {
            now,
            signer: clinic.signer(),
            chain: clinic.chain(),
            rng: &mut rng,
            counter: &mut counter,
            note: &|| note(clinic),
        };
        let done = work(roles, clinic, &mut desk)?;
        roles.counter = counter;
        Ok(done)
    }

    /// Forms are durable before any later effect of the same list, and the watermark before anything leaves.
    fn carry_out(
        &mut self,
        effects: Vec<Effect>,
        done: &mut Done,
        queue: &mut VecDeque<Event>,
    ) -> Result<(), RehearsalError> {
        let (me, store) = (self.clinic.signer().principal(), self.clinic.store());
        let mut entries = Vec::new();
        if self.roles.counter != self.counter_kept {
            self.counter_kept = self.roles.counter;
            entries.push(counter::entry(self.counter_kept));
        }
        for effect in effects {
            if !matches!(effect, Effect::Keep { .. } | Effect::Forget { .. }) && !entries.is_empty() {
                store.append(std::mem::take(&mut entries))?;
            }
            match effect {
                Effect::Keep { role, id, form: Octets(form) } => {
                    entries.push(Entry::Role { role: role.number(), id: id.0, body: Some(form) });
                }
                Effect::Forget { role, id } => {
                    entries.push(Entry::Role { role: role.number(), id: id.0, body: None });
                }
                Effect::Send { to, message } if to == me => queue.push_back(Event::Message { from: to, message }),
                Effect::Send { to, message } => {
                    store.seal_watermark()?;
                    done.sends.push((to, message));
                }
                Effect::Reply(reply) => done.reply = done.reply.take().or(Some(reply)),
                Effect::Select(order) => queue.push_back(Event::Selected(self.clinic.select(&order)?)),
                Effect::Settle { query, outcome } => self.clinic.settle(query, outcome)?,
                Effect::Note(text) | Effect::Alarm(text) => tracing::debug!(node = %me.short(), "{text}"),
            }
        }
        if !entries.is_empty() {
            store.append(entries)?;
        }
        Ok(())
    }
}
