//! How much one peer may send of each kind. Whoever sends more is told that this node is busy, and costs it no more than
//! that word: others are heard as before.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::key::NodeKey;

/// What is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Share {
    /// Each may end in the application hearing of a connection.
    Hellos,
    /// Of the application.
    Messages,
    /// Heartbeats and goodbyes.
    Beats,
    /// Of long messages.
    Offers,
    /// Questions about charters and studies.
    Papers,
}

impl Share {
    /// The steady pause between two, and how many may come at once.
    const fn pace(self) -> (Duration, u32) {
        match self {
            Self::Hellos => (Duration::from_millis(250), 120),
            Self::Messages => (Duration::from_millis(4), 500),
            Self::Beats => (Duration::from_millis(10), 100),
            Self::Offers => (Duration::from_millis(100), 40),
            Self::Papers => (Duration::from_secs(1), 20),
        }
    }
}

/// A bucket for each peer and kind, kept while nobody is connected too: to dial anew fills none. Only admitted keys get
/// this far, so there are no more of them than the charter has.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    /// When the bucket will be full again.
    full: BTreeMap<(NodeKey, Share), Instant>,
}

impl Allowance {
    /// Takes one out of the bucket, if one is left.
    pub(super) fn allows(&mut self, peer: NodeKey, share: Share, now: Instant) -> bool {
        let (pause, at_once) = share.pace();
        let full = self.full.entry((peer, share)).or_insert(now);
        let then = (*full).max(now) + pause;
        let left = then.duration_since(now) <= pause * at_once;
        if left {
            *full = then;
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_a_steady_stream_and_each_peer_and_kind_has_its_own() {
        let key = |seed| NodeKey::of_seed(&zeroize::Zeroizing::new([seed; 32]));
        let (mut allowance, began) = (Allowance::default(), Instant::now());
        for share in [Share::Hellos, Share::Messages, Share::Beats, Share::Offers, Share::Papers] {
            let (pause, at_once) = share.pace();
            let taken = |allowance: &mut Allowance, now, times: u32| {
                (0..times).filter(|_| allowance.allows(key(1), share, now)).count()
            };
            assert_eq!(taken(&mut allowance, began, 10_000), usize::try_from(at_once).unwrap(), "{share:?}");
            assert!(allowance.allows(key(2), share, began), "{share:?}: another peer is heard as before");
            assert_eq!(taken(&mut allowance, began + pause, 10), 1, "{share:?}: one more after a pause");
            assert_eq!(taken(&mut allowance, began + pause * 4, 10), 3, "{share:?}");
        }
    }
}
