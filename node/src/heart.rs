//! Whether the node's loop comes round: what health checks and the service manager's watchdog ask.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The pulse of a node's loop. Shared by `Arc` between the loop, which beats, and whoever looks.
#[derive(Debug)]
pub struct Heart {
    beat: Mutex<Instant>,
    ready: AtomicBool,
    room: AtomicBool,
}

impl Heart {
    /// The longest that one turn of the loop may take, with much to spare: before an erasure the journal of a million
    /// patients is read whole, which takes half a minute. A loop that takes longer hangs.
    pub const STALLED_AFTER: Duration = Duration::from_secs(180);

    /// A heart that beats from now on, of a node that is not ready.
    #[must_use]
    pub fn new() -> Self {
        Self { beat: Mutex::new(Instant::now()), ready: AtomicBool::new(false), room: AtomicBool::new(true) }
    }

    /// The loop came round.
    pub fn beats(&self) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The node can be reached.
    pub(crate) fn is_ready_now(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// Whether the disk has room for what the node takes in.
    pub(crate) fn room(&self, room: bool) {
        self.room.store(room, Ordering::Relaxed);
    }

    /// Whether the node can be reached.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Whether the disk had room when it was looked at last.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.room.load(Ordering::Relaxed)
    }

    /// For how long the loop has not come round, if that is longer than any turn takes; none while all is well.
    #[must_use]
    pub fn stalled(&self) -> Option<Duration> {
        let since = self.beat.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        (since > Self::STALLED_AFTER).then_some(since)
    }
}

impl Default for Heart {
    fn default() -> Self {
        Self::new()
    }
}
