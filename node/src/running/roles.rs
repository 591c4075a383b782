//! The roles of one node, and which of them hears what.

use std::time::Duration;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use serde::de::DeserializeOwned;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::contributor::Contributor;
use sumac_protocol::round::coordinator::Coordinator;
use sumac_protocol::round::member::Member;
use sumac_protocol::round::message::{Message, decode_stored};
use sumac_protocol::round::{Desk, Effect, Event, Role};

use super::RunError;
use crate::store::Store;

/// All roles that a node plays at once.
#[derive(Debug, Default)]
pub(super) struct Roles {
    coordinator: Coordinator,
    member: Member,
    contributor: Contributor,
    pub(super) counter: u64,
}

/// The operating system's randomness; if that fails, nothing can go on.
pub(super) type SystemRandom = UnwrapErr<SysRng>;

impl Roles {
    /// Takes up what earlier lives kept.
    pub(super) fn restore(
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
    pub(super) const fn member(&self) -> &Member {
        &self.member
    }

    /// The committees' member, for what comes from outside a round.
    pub(super) const fn member_mut(&mut self) -> &mut Member {
        &mut self.member
    }

    /// Hands an event to the coordinator alone, while this node plays no other role.
    pub(super) fn on_as_coordinator(&mut self, desk: &mut Desk<'_, SystemRandom>, event: Event) -> Vec<Effect> {
        match &event {
            Event::Connected(_) | Event::Tick => self.coordinator.on(desk, event),
            Event::Message { .. } => self.on(desk, event),
            Event::Selected(_) => Vec::new(),
        }
    }

    /// Hands an event to whomever it concerns.
    pub(super) fn on(&mut self, desk: &mut Desk<'_, SystemRandom>, event: Event) -> Vec<Effect> {
        match &event {
            Event::Message { message, .. } => match message {
                Message::Submit { .. }
                | Message::Follow { .. }
                | Message::Commitment(_)
                | Message::Upload(_)
                | Message::Abstain { .. }
                | Message::Freeze(_)
                | Message::Manifest(_)
                | Message::Answer { .. }
                | Message::Void(_)
                | Message::EndingKept { .. } => self.coordinator.on(desk, event),
                Message::Relay { cover, .. } => {
                    // The recipient takes it; anybody else who holds the query passes it on.
                    if Member::is_recipient(cover, &desk.me()) {
                        self.member.on(desk, &event)
                    } else {
                        self.coordinator.on(desk, event)
                    }
                }
                Message::Begin { .. }
                | Message::Batch { .. }
                | Message::Frozen { .. }
                | Message::Manifests { .. }
                | Message::Nudge { .. }
                | Message::AskVoid { .. } => self.member.on(desk, &event),
                Message::Announce(_) | Message::Ended(_) => self.contributor.on(desk, event),
                // No part of any query: the node itself hands on what patients sealed, and says what it saw.
                Message::HandOn { .. } | Message::Delivered(_) | Message::AskSeen { .. } | Message::Seen(_) => {
                    Vec::new()
                }
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
    matches!(event, Event::Message { message: Message::Relay { cover, .. }, .. } if !Member::is_recipient(cover, me))
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
pub(super) const SLOW: Duration = Duration::from_secs(1);
