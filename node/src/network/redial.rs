//! When to dial which hub: at once, then with exponential back-off and full jitter, so that a hub
//! that returns is not met by all its clinics in the same second.

use std::collections::BTreeMap;
use std::time::Duration;

use libp2p::Multiaddr;
use tokio::time::Instant;

use super::key::NodeKey;

/// One entry of the table; it stays for the life of the driver, reached or not.
#[derive(Debug)]
struct Hub {
    /// All are tried in one dial; the list is never empty.
    addresses: Vec<Multiaddr>,
    /// In a row, since the hub last welcomed this node. Saturates, as does the pause.
    failures: u32,
    /// `None` while a dial is under way or the hub is reached.
    due: Option<Instant>,
}

/// The hubs this node keeps connections to.
#[derive(Debug)]
pub(super) struct Redial {
    hubs: BTreeMap<NodeKey, Hub>,
    /// The longest first pause; each failure doubles it.
    backoff_min: Duration,
    /// No pause is longer, however many failures there were.
    backoff_max: Duration,
}

impl Redial {
    /// All hubs are due at `now`.
    pub(super) fn new(
        addresses: impl IntoIterator<Item = (NodeKey, Multiaddr)>,
        (backoff_min, backoff_max): (Duration, Duration),
        now: Instant,
    ) -> Self {
        let mut hubs: BTreeMap<NodeKey, Hub> = BTreeMap::new();
        for (key, address) in addresses {
            let hub = hubs.entry(key).or_insert_with(|| Hub { addresses: Vec::new(), failures: 0, due: Some(now) });
            hub.addresses.push(address);
        }
        Self { hubs, backoff_min, backoff_max }
    }

    pub(super) fn hubs(&self) -> impl Iterator<Item = NodeKey> {
        self.hubs.keys().copied()
    }

    /// `None` where every hub is reached or being dialed.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.hubs.values().filter_map(|hub| hub.due).min()
    }

    /// Takes one hub that is due; it is not due again before [`Redial::schedule`].
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(NodeKey, Vec<Multiaddr>)> {
        let (key, hub) = self.hubs.iter_mut().find(|(_, hub)| hub.due.is_some_and(|due| due <= now))?;
        hub.due = None;
        Some((*key, hub.addresses.clone()))
    }

    /// The hub was dialed in vain or lost: dial it again after a pause. Not a hub: nothing.
    pub(super) fn schedule(&mut self, key: NodeKey, now: Instant) {
        if let Some(hub) = self.hubs.get_mut(&key) {
            let longest = longest_pause(hub.failures, self.backoff_min, self.backoff_max);
            hub.failures = hub.failures.saturating_add(1);
            hub.due = Some(now + longest.mul_f64(rand::random::<f64>()));
        }
    }

    /// The hub welcomed this node: the next loss starts with short pauses again.
    pub(super) fn reached(&mut self, key: NodeKey) {
        if let Some(hub) = self.hubs.get_mut(&key) {
            hub.failures = 0;
            hub.due = None;
        }
    }
}

/// The longest pause after so many failures in a row; the pause is drawn from zero to this.
fn longest_pause(failures: u32, min: Duration, max: Duration) -> Duration {
    let doubled = 2_u32.checked_pow(failures).unwrap_or(u32::MAX);
    min.saturating_mul(doubled).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn pauses_double_up_to_the_maximum() {
        let cases = [
            (0, 1, "the first pause is at most the minimum"),
            (1, 2, "then it doubles"),
            (5, 32, "and doubles"),
            (6, 60, "up to the maximum"),
            (u32::MAX, 60, "and stays there without overflow"),
        ];
        for (failures, seconds, why) in cases {
            let longest = longest_pause(failures, SECOND, MINUTE);
            assert_eq!(longest, Duration::from_secs(seconds), "{why}");
        }
    }

    #[test]
    fn a_hub_is_due_at_once_then_never_later_than_the_longest_pause() {
        let key = NodeKey::of_seed(&zeroize::Zeroizing::new([1; 32]));
        let other = NodeKey::of_seed(&zeroize::Zeroizing::new([2; 32]));
        let now = Instant::now();
        let address: Multiaddr = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        let hubs = [(key, address.clone()), (key, address)];
        let mut redial = Redial::new(hubs, (SECOND, MINUTE), now);
        let (due, addresses) = redial.take_due(now).unwrap();
        assert_eq!((due, addresses.len()), (key, 2), "both addresses are tried");
        assert!(redial.take_due(now).is_none(), "one dial at a time");

        redial.schedule(other, now);
        assert_eq!(redial.next_due(), None, "nobody but hubs is dialed");
        for failures in 0..20 {
            redial.schedule(key, now);
            let longest = longest_pause(failures, SECOND, MINUTE);
            assert!(redial.next_due().unwrap() <= now + longest);
        }
        redial.reached(key);
        assert_eq!(redial.next_due(), None);
        redial.schedule(key, now);
        assert!(redial.next_due().unwrap() <= now + SECOND, "pauses start short again");
    }
}
