//! What a running node tells about itself, and takes over while it runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sumac_protocol::document::study::Study;
use sumac_protocol::envelope::Verified;
use sumac_protocol::round::message::Message;
use sumac_protocol::round::{Event, Outcome};
use tokio::sync::mpsc;

use super::Node;
use super::recall::calls;
use crate::heart::Heart;
use crate::home::{Changed, Settings};
use crate::metrics::{Ending, Metrics, Reading, Turned};
use crate::store::Room;

/// How a node is held from outside: stopped, told of new settings, and looked at.
#[derive(Debug)]
pub struct Reins<S> {
    /// Resolves when the node is to stop.
    pub stop: S,
    /// Settings that were read again. Where its other end is gone, nothing is ever reloaded.
    pub reloads: mpsc::Receiver<Settings>,
    /// The pulse of its loop.
    pub heart: Arc<Heart>,
}

impl<S> Reins<S> {
    /// Those of a node that nobody looks at and that keeps its settings.
    #[must_use]
    pub fn only(stop: S) -> Self {
        Self { stop, reloads: mpsc::channel(1).1, heart: Arc::new(Heart::new()) }
    }
}

/// What the loop needs to tell how the node is.
pub(super) struct Watched {
    pub(super) metrics: Arc<Metrics>,
    heart: Arc<Heart>,
    studies: Vec<Verified<Study>>,
    settings: Settings,
    /// When the next look at connections and disk is due.
    next: Instant,
    /// When the next look at the books is due.
    next_books: Instant,
    room: bool,
}

impl Watched {
    pub(super) fn new(
        metrics: Arc<Metrics>,
        heart: Arc<Heart>,
        studies: Vec<Verified<Study>>,
        settings: Settings,
    ) -> Self {
        let now = Instant::now();
        Self { metrics, heart, studies, settings, next: now, next_books: now, room: true }
    }

    /// A query's entry was closed.
    pub(super) fn settled(&self, outcome: Outcome) {
        self.metrics.query(match outcome {
            Outcome::Released(_) => Ending::Released,
            Outcome::NotCounted => Ending::NotCounted,
            Outcome::NoRelease => Ending::NoRelease,
        });
    }

    /// A message leaves.
    pub(super) fn sent(&self, message: &Message) {
        if matches!(message, Message::Upload(_)) {
            self.metrics.upload();
        }
    }

    /// The loop can be reached.
    pub(super) fn ready(&self) {
        self.heart.is_ready_now();
    }
}

impl Node {
    /// Beats, and from time to time looks at what is told.
    pub(super) fn watch(&mut self) {
        self.watched.heart.beats();
        let now = Instant::now();
        if now >= self.watched.next {
            self.watched.next = now + LOOK_EVERY;
            self.look();
        }
        if now >= self.watched.next_books {
            self.watched.next_books = now + BOOKS_EVERY;
            self.look_at_books();
        }
    }

    fn look(&mut self) {
        let room = match tokio::task::block_in_place(|| self.clinic.store().room()) {
            Ok(room) => room,
            Err(why) => return tracing::warn!(%why, "nobody knows how much room is left"),
        };
        self.tell_of_room(&room);
        let charter = self.clinic.chain().current();
        let me = self.me();
        let hubs = || charter.hubs().filter(|hub| hub.key != me);
        self.watched.metrics.read(&Reading {
            members: self.connected.iter().filter(|peer| charter.member(peer).is_some()).count(),
            hubs: hubs().filter(|hub| self.connected.contains(&hub.key)).count(),
            hubs_in_all: hubs().count(),
            epoch: charter.epoch,
            takes_part: self.recall.is_open(),
            room: room.suffices(),
            journal_bytes: room.journal_bytes,
            disk_free_bytes: room.free_bytes,
        });
    }

    /// Says once that there is no room, and once that there is again.
    fn tell_of_room(&mut self, room: &Room) {
        let (had, has) = (self.watched.room, room.suffices());
        self.watched.room = has;
        self.watched.heart.room(has);
        let (free_mib, needed_mib) = (room.free_bytes >> 20, Room::NEEDED >> 20);
        if had && !has {
            tracing::error!(
                free_mib,
                needed_mib,
                "the disk has no room: no records are taken and no new question is followed, withdrawals are taken while \
                 any is left; make room, and the node goes on by itself"
            );
        } else if has && !had {
            tracing::info!(free_mib, "the disk has room again, and the node goes on");
        }
    }

    fn look_at_books(&self) {
        match tokio::task::block_in_place(|| self.clinic.left_of(&self.watched.studies)) {
            Ok(left) => left.iter().for_each(|(study, share)| self.watched.metrics.budget_left(study, *share)),
            Err(why) => tracing::warn!(%why, "nobody knows what studies have left"),
        }
    }

    /// Whether an event begins something new while the disk has no room for it. Its coordinator says it again, so that the
    /// node is in once there is room.
    pub(super) fn has_no_room_for(&self, event: &Event) -> bool {
        let begins = matches!(
            event,
            Event::Message { message: Message::Begin { .. } | Message::Announce(_) | Message::Submit { .. }, .. }
        );
        let refused = begins && !self.watched.room;
        if refused {
            self.watched.metrics.refused(Turned::NoRoom);
        }
        refused
    }

    /// Counts a call that is not followed because the node follows none.
    pub(super) fn count_if_shut(&self, event: &Event) {
        if calls(event) && !self.recall.is_open() {
            self.watched.metrics.refused(Turned::Shut);
        }
    }

    /// Takes over what can change while the node runs, and says what waits for a restart.
    pub(super) fn reload(&mut self, now: &Settings, door: Option<&crate::door::Door>) {
        let changed = Changed::between(&self.watched.settings, now);
        if let Some(Err(why)) = door.map(|door| door.reload(now.patients_per_minute)) {
            return tracing::error!(%why, "nothing was reloaded: {}", why.remedy());
        }
        self.watched.settings.patients_per_minute = now.patients_per_minute;
        self.watched.settings.log.clone_from(&now.log);
        tracing::info!("{}", changed.told());
    }
}

/// How often connections and disk are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the books are: reading them costs a look at every query there ever was.
const BOOKS_EVERY: Duration = Duration::from_secs(60);
