//! The driver's end of the inbox: bounded, and never waited for.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::events::{Inbox, NetworkEvent};

/// Events on their way to the application. Those it must not miss wait here when its inbox is full.
#[derive(Debug)]
pub(super) struct Outbox {
    inbox: mpsc::Sender<NetworkEvent>,
    waiting: VecDeque<NetworkEvent>,
}

impl Outbox {
    pub(super) fn new() -> (Self, Inbox) {
        let (inbox, events) = mpsc::channel(INBOX_MAX);
        let waiting = VecDeque::new();
        (Self { inbox, waiting }, Inbox::new(events))
    }

    /// Delivers an event the application must not miss, after those already waiting.
    pub(super) fn deliver(&mut self, event: NetworkEvent) {
        if let Err(event) = self.offer(event) {
            self.waiting.push_back(event);
        }
    }

    /// Delivers an event if there is room for it now, and hands it back otherwise.
    pub(super) fn offer(&mut self, event: NetworkEvent) -> Result<(), NetworkEvent> {
        if !self.waiting.is_empty() {
            return Err(event);
        }
        self.inbox.try_send(event).map_err(mpsc::error::TrySendError::into_inner)
    }

    /// Moves waiting events on when the application makes room. Cancel-safe.
    pub(super) async fn flush(&mut self) {
        while !self.waiting.is_empty() {
            let Ok(room) = self.inbox.reserve().await else {
                // Nobody reads any more.
                self.waiting.clear();
                return;
            };
            if let Some(event) = self.waiting.pop_front() {
                room.send(event);
            }
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether the driver may take in more from the network.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < WAITING_MAX
    }
}

/// Events the application has not read yet.
const INBOX_MAX: usize = 64;
/// Events behind a full inbox before the driver stops listening to its peers.
const WAITING_MAX: usize = 256;
