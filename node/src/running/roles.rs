//! The roles of one node, and which of them hears what.

use std::time::Duration;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use serde::de::DeserializeOwned;
use sumac_protocol::digest::Digest;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::concern::Concern;
use sumac_protocol::round::contributor::Contributor;
use sumac_protocol::round::coordinator::Coordinator;
use sumac_protocol::round::member::Member;
use sumac_protocol::round::message::{Message, decode_stored};
use sumac_protocol::round::{Desk, Effect, Event, Role};

use super::RunError;
use crate::store::Store;

/// All roles that a node plays at once.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    coordinator: Coordinator,
    member: Member,
    contributor: Contributor,
    pub(crate) counter: u64,
}

/// The operating system's randomness; if that fails, nothing can go on.
pub(crate) type SystemRandom = UnwrapErr<SysRng>;

impl Roles {
    /// Takes up what earlier lives kept.
    pub(crate) fn restore(
        &mut self,
        store: &Store,
        desk: &mut Desk<'_, SystemRandom>,
    ) -> Result<Vec<Effect>, RunError> {
        let cases = forms(store, Role::Coordinator)?;
        self.coordinator = Coordinator::restore(cases, forms(store, Role::CoordinatorUpload)?, desk);
        self.contributor = Contributor::restore(forms(store, Role::Contributor)?);
        let (member, effects) = Member::restore(forms(store, Role::Member)?, forms(store, Role::Watch)?, desk);
        self.member = member;
        Ok(effects)
    }

    /// The committees' member.
    pub(crate) const fn member(&self) -> &Member {
        &self.member
    }

    /// The committees' member, for what comes from outside a round.
    pub(crate) const fn member_mut(&mut self) -> &mut Member {
        &mut self.member
    }

    /// Whether this node's own records take, or took, part in a query.
    pub(super) fn contributes_to(&self, query: &Digest) -> bool {
        self.contributor.knows(query)
    }

    /// Whether this node takes part in a query, in any role.
    pub(super) fn know(&self, query: &Digest) -> bool {
        self.coordinator.knows(query) || self.member.knows(query) || self.contributor.knows(query)
    }

    /// Hands an event to the coordinator alone, while this node plays no other role.
    pub(crate) fn on_as_coordinator(&mut self, desk: &mut Desk<'_, SystemRandom>, event: Event) -> Vec<Effect> {
        match &event {
            Event::Connected(_) | Event::Tick => self.coordinator.on(desk, event),
            Event::Message { .. } => self.on(desk, event),
            Event::Selected(_) => Vec::new(),
        }
    }

    /// Hands an event to whomever it concerns.
    pub(crate) fn on(&mut self, desk: &mut Desk<'_, SystemRandom>, event: Event) -> Vec<Effect> {
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

/// Whether an event is a message between others, which a coordinator passes on.
pub(super) fn passes_on(event: &Event, me: &Principal) -> bool {
    matches!(event, Event::Message { message: message @ Message::Relay { .. }, .. } if message.concerns(me) == Concern::Coordinator)
}

fn forms<T: DeserializeOwned>(store: &Store, role: Role) -> Result<Vec<T>, RunError> {
    let name = match role {
        Role::Coordinator | Role::CoordinatorUpload => "coordinator",
        Role::Member => "member",
        Role::Contributor => "contributor",
        Role::Watch => "watch",
    };
    let states = store.role_states(role.number())?;
    states
        .iter()
        .map(|(_, body)| decode_stored(body).map_err(|why| RunError::Form { role: name, why: why.to_string() }))
        .collect()
}

/// How long the loop may take over one event before it says so in the log.
pub(crate) const SLOW: Duration = Duration::from_secs(1);
