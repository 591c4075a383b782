//! One node: its three roles, what it keeps for good, and where it may die.

use std::collections::{BTreeMap, VecDeque};

use rand::rngs::StdRng;
use serde::de::DeserializeOwned;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::{LedgerError, TwoTrees};
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::round::concern::Concern;
use sumac_protocol::round::contributor::Contributor;
use sumac_protocol::round::coordinator::Coordinator;
use sumac_protocol::round::member::Member;
use sumac_protocol::round::message::{Message, Reply, decode};
use sumac_protocol::round::{Desk, Effect, Event, Role};

use super::books::Books;
use super::watched::Watched;

/// A node as the federation runs it.
#[derive(Debug)]
pub struct Node {
    /// What people call it.
    pub name: String,
    /// Its key.
    pub signer: Signer,
    /// Records, consents and charges.
    pub books: Books,
    /// When it is to die next.
    pub dies: Option<Death>,
    /// How many forms it has kept so far.
    pub keeps: u64,
    /// What its operator would have read.
    pub notes: Vec<String>,
    /// Uploads that left before what makes them repeatable was kept, by query: none, ever.
    pub left_too_early: Vec<Digest>,
    /// Where its randomness comes from.
    pub rng: Watched,
    chain: CharterChain,
    kept: BTreeMap<(u8, Digest), Vec<u8>>,
    roles: Option<Roles>,
    /// Outlives a crash: nodes keep it before anything leaves that carries it.
    counter: u64,
}

/// A moment to die at. Everything not kept by then is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Right after keeping so many more forms, at least one.
    AfterKeeps(u64),
    /// Right before carrying out the effect after so many more.
    BeforeEffect(u64),
}

/// What a node made of an event.
#[derive(Debug, Default)]
pub struct Done {
    /// What it wants sent, in order.
    pub sends: Vec<(Principal, Message)>,
    /// What it told itself in another role.
    pub to_self: Vec<Message>,
    /// What it answered on the same stream.
    pub reply: Option<Reply>,
}

#[derive(Debug, Default)]
struct Roles {
    coordinator: Coordinator,
    member: Member,
    contributor: Contributor,
}

impl Node {
    /// A node that has never run.
    #[must_use]
    pub fn new(name: &str, signer: Signer, chain: CharterChain, rng: StdRng) -> Self {
        Self {
            name: name.to_owned(),
            books: Books::new(signer.principal()),
            signer,
            dies: None,
            keeps: 0,
            notes: Vec::new(),
            left_too_early: Vec::new(),
            rng: Watched::new(rng),
            chain,
            kept: BTreeMap::new(),
            roles: Some(Roles::default()),
            counter: 0,
        }
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> Principal {
        self.signer.principal()
    }

    /// Whether it runs.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.roles.is_some()
    }

    /// Ends it at once; only what it kept is left.
    pub fn crash(&mut self) {
        self.roles = None;
    }

    /// Starts it again from what it kept.
    pub fn restart(&mut self, now: Moment) -> Done {
        self.dies = None;
        let forms = (self.forms(Role::Coordinator), self.forms(Role::CoordinatorUpload), self.forms(Role::Member));
        let contributor = Contributor::restore(self.forms(Role::Contributor));
        let watched = self.forms(Role::Watch);
        let (signer, chain, rng, counter) = (&self.signer, &self.chain, &mut self.rng, &mut self.counter);
        let mut desk = Desk { now, signer, chain, rng, counter, note: &note };
        let coordinator = Coordinator::restore(forms.0, forms.1, &desk);
        let (member, effects) = Member::restore(forms.2, watched, &mut desk);
        self.roles = Some(Roles { coordinator, member, contributor });
        let (mut done, mut queue) = (Done::default(), VecDeque::new());
        self.carry_out(now, effects, &mut done, &mut queue);
        self.drain(now, queue, &mut done);
        done
    }

    /// Takes an event, and every event that follows from it within this node.
    pub fn on(&mut self, now: Moment, event: Event) -> Done {
        let mut done = Done::default();
        self.drain(now, VecDeque::from([event]), &mut done);
        done
    }

    /// What this node, as a committees' member, says of a clinic's newest upload.
    #[must_use]
    pub fn last_seen(&self, clinic: &Principal) -> Option<Envelope> {
        let said = self.roles.as_ref()?.member.last_seen(self.key(), clinic)?;
        Some(Envelope::sign(&said, &self.signer).unwrap())
    }

    /// The clinics whose uploads this node refuses.
    #[must_use]
    pub fn accused(&self) -> Vec<Principal> {
        self.roles.iter().flat_map(|roles| roles.member.accused()).collect()
    }

    /// Takes evidence against a clinic.
    ///
    /// # Errors
    /// [`LedgerError`] if it is none.
    pub fn keep_evidence(&mut self, now: Moment, evidence: &TwoTrees) -> Result<(), LedgerError> {
        let clinic = evidence.accused()?;
        let Some(roles) = &mut self.roles else { return Ok(()) };
        let effects = roles.member.keep_evidence(clinic, evidence)?;
        self.carry_out(now, effects, &mut Done::default(), &mut VecDeque::new());
        Ok(())
    }

    fn drain(&mut self, now: Moment, mut queue: VecDeque<Event>, done: &mut Done) {
        while let Some(event) = queue.pop_front() {
            let Some(roles) = &mut self.roles else { return };
            let (signer, chain, rng, counter) = (&self.signer, &self.chain, &mut self.rng, &mut self.counter);
            let effects = roles.on(&mut Desk { now, signer, chain, rng, counter, note: &note }, event);
            self.carry_out(now, effects, done, &mut queue);
        }
    }

    fn carry_out(&mut self, now: Moment, effects: Vec<Effect>, done: &mut Done, queue: &mut VecDeque<Event>) {
        for effect in effects {
            if self.dies_before() {
                return self.crash();
            }
            if let Effect::Send { message: Message::Upload(parts), .. } = &effect {
                self.watch_departure(&parts.upload);
            }
            match effect {
                Effect::Send { to, message } if to == self.key() => {
                    done.to_self.push(message.clone());
                    queue.push_back(Event::Message { from: to, message });
                }
                Effect::Send { to, message } => done.sends.push((to, message)),
                Effect::Keep { role, id, form: Octets(form) } => {
                    self.kept.insert((role.number(), id), form);
                    self.keeps += 1;
                    if self.dies_after_keep() {
                        return self.crash();
                    }
                }
                Effect::Forget { role, id } => {
                    self.kept.remove(&(role.number(), id));
                }
                Effect::Reply(reply) => done.reply = done.reply.take().or(Some(reply)),
                Effect::Select(order) => {
                    queue.push_back(Event::Selected(self.books.select(&order, now, &mut self.rng)));
                }
                Effect::Settle { query, outcome } => self.books.settle(query, outcome),
                Effect::Note(text) | Effect::Alarm(text) => self.notes.push(text),
            }
        }
    }

    /// Notes an upload whose debit or whose own bytes are not on the disk when it leaves.
    fn watch_departure(&mut self, upload: &Envelope) {
        let upload = upload.claim::<Upload>().unwrap().verify(&self.key()).unwrap();
        let kept = self.kept.contains_key(&(Role::Contributor.number(), upload.query));
        if !kept || self.books.charge(upload.query).is_none() {
            self.left_too_early.push(upload.query);
        }
    }

    fn dies_before(&mut self) -> bool {
        match &mut self.dies {
            Some(Death::BeforeEffect(0)) => true,
            Some(Death::BeforeEffect(more)) => {
                *more -= 1;
                false
            }
            Some(Death::AfterKeeps(_)) | None => false,
        }
    }

    fn dies_after_keep(&mut self) -> bool {
        match &mut self.dies {
            Some(Death::AfterKeeps(more)) => {
                *more = more.saturating_sub(1);
                *more == 0
            }
            Some(Death::BeforeEffect(_)) | None => false,
        }
    }

    /// How many stored forms of a role it keeps.
    #[must_use]
    pub fn kept_forms(&self, role: Role) -> usize {
        self.kept.keys().filter(|(number, _)| *number == role.number()).count()
    }

    /// The stored forms of a role, as they lie on the disk.
    pub fn stored_forms(&self, role: Role) -> impl Iterator<Item = &[u8]> {
        self.kept.iter().filter(move |((number, _), _)| *number == role.number()).map(|(_, form)| form.as_slice())
    }

    fn forms<T: DeserializeOwned>(&self, role: Role) -> Vec<T> {
        let mine = self.kept.iter().filter(|((number, _), _)| *number == role.number());
        mine.map(|(_, form)| decode(form).unwrap()).collect()
    }
}

impl Roles {
    /// Hands an event to whomever it concerns, as the node does.
    fn on(&mut self, desk: &mut Desk<'_, Watched>, event: Event) -> Vec<Effect> {
        match &event {
            Event::Message { message, .. } => match message.concerns(&desk.me()) {
                Concern::Coordinator => self.coordinator.on(desk, event),
                Concern::Member => self.member.on(desk, &event),
                Concern::Contributor => self.contributor.on(desk, event),
                Concern::Node => Vec::new(),
            },
            Event::Connected(peer) => {
                let peer = *peer;
                let mut effects = self.member.on(desk, &event);
                effects.extend(self.coordinator.on(desk, Event::Connected(peer)));
                effects
            }
            Event::Tick => {
                let mut effects = self.member.on(desk, &Event::Tick);
                effects.extend(self.coordinator.on(desk, Event::Tick));
                effects.extend(self.contributor.on(desk, Event::Tick));
                effects
            }
            Event::Selected(_) => self.contributor.on(desk, event),
        }
    }
}

/// Stands for a note sealed to the sender, of the size that nodes make them.
fn note() -> Octets {
    Octets(vec![0; 88])
}
