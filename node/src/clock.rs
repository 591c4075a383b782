//! The one place where the node reads a clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sumac_protocol::moment::Moment;

/// A clock that never runs backwards: time is never earlier than the newest moment it showed, or
/// was told of, before.
#[derive(Debug, Default)]
pub struct Clock {
    newest: AtomicU64,
    /// Whether time passes only where somebody says so.
    commanded: bool,
}

impl Clock {
    /// A clock that shows nothing before `newest`, the newest journalled moment.
    #[must_use]
    pub const fn not_before(newest: Moment) -> Self {
        Self { newest: AtomicU64::new(newest.0), commanded: false }
    }

    /// A clock that stands at a moment until it is told of a later one: for rehearsals, which wait for nobody.
    #[must_use]
    pub const fn commanded(at: Moment) -> Self {
        Self { newest: AtomicU64::new(at.0), commanded: true }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Moment {
        if self.commanded {
            return Moment(self.newest.load(Ordering::Relaxed));
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let shown = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Moment(self.newest.fetch_max(shown, Ordering::Relaxed).max(shown))
    }

    /// It is this late at least: others say so under their signatures, or whoever commands the clock. An earlier moment than
    /// it shows changes nothing.
    pub fn has_reached(&self, moment: Moment) {
        self.newest.fetch_max(moment.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use sumac_protocol::moment::Moment;

    #[test]
    fn time_is_never_earlier_than_the_newest_that_was_journalled() {
        let far_ahead = Moment(u64::MAX / 2);
        assert_eq!(Clock::not_before(far_ahead).now(), far_ahead);
        let clock = Clock::not_before(Moment(5));
        clock.has_reached(Moment(7));
        assert!(clock.now() > Moment(7), "what others signed does not stop it");
        clock.has_reached(far_ahead);
        assert_eq!(clock.now(), far_ahead);
        let clock = Clock::not_before(Moment(5));
        let first = clock.now();
        assert!(first > Moment(5) && clock.now() >= first);
    }

    #[test]
    fn a_commanded_clock_goes_forward_when_it_is_told_and_never_back() {
        let clock = Clock::commanded(Moment(70));
        assert_eq!(clock.now(), Moment(70));
        clock.has_reached(Moment(90));
        clock.has_reached(Moment(80));
        assert_eq!(clock.now(), Moment(90));
    }
}
