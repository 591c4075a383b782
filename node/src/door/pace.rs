//! How much one address, and one key, may ask for: a bucket of tokens each, filled again as time passes.
//!
//! A key is counted only after it has signed, so that nobody can use up a patient's share by naming their key.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use sumac_protocol::principal::Principal;

/// The buckets.
#[derive(Debug)]
pub(crate) struct Pace {
    per_minute: AtomicU32,
    buckets: Mutex<BTreeMap<Who, Bucket>>,
}

/// Whose bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// An address; of IPv6, the /64 that one household or ward has.
    Address(IpAddr),
    /// A key that signed.
    Key(Principal),
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Requests that may still be made, in thousandths.
    left: u64,
    since: Instant,
}

impl Who {
    /// Whoever is behind an address.
    pub(super) fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(six) => {
                let [a, b, c, d, ..] = six.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            four @ IpAddr::V4(_) => four,
        })
    }
}

impl Pace {
    pub(crate) const fn new(per_minute: u32) -> Self {
        Self { per_minute: AtomicU32::new(per_minute), buckets: Mutex::new(BTreeMap::new()) }
    }

    /// From now on so much is heard; what buckets hold above that goes.
    pub(super) fn set(&self, per_minute: u32) {
        self.per_minute.store(per_minute, Ordering::Relaxed);
    }

    /// Whether one request more is heard, which then is counted.
    pub(crate) fn allows(&self, who: Who, now: Instant) -> bool {
        let per_minute = u64::from(self.per_minute.load(Ordering::Relaxed));
        let full = per_minute.saturating_mul(1_000);
        let filled = |bucket: &Bucket| {
            let passed = u64::try_from(now.saturating_duration_since(bucket.since).as_millis()).unwrap_or(u64::MAX);
            bucket.left.saturating_add(passed.saturating_mul(per_minute) / 60).min(full)
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| filled(bucket) < full);
            if buckets.len() >= BUCKETS_MAX {
                // So many at once are no patients. To forget them all bounds the memory, and locks nobody out.
                buckets.clear();
            }
        }
        let left = buckets.get(&who).map_or(full, filled);
        let allowed = left >= 1_000;
        buckets.insert(who, Bucket { left: if allowed { left - 1_000 } else { left }, since: now });
        allowed
    }
}

/// Most buckets that are kept.
const BUCKETS_MAX: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use super::{BUCKETS_MAX, Pace, Who};
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, Instant};

    fn address(text: &str) -> Who {
        Who::at(text.parse().unwrap())
    }

    #[test]
    fn a_minute_s_worth_is_heard_at_once_and_then_as_time_passes() {
        let (pace, start) = (Pace::new(60), Instant::now());
        let who = address("192.0.2.1");
        assert!((0..60).all(|_| pace.allows(who, start)));
        assert!(!pace.allows(who, start), "the minute's worth is used");
        assert!(pace.allows(address("192.0.2.2"), start), "another address has its own");
        let later = start + Duration::from_secs(1);
        assert!(pace.allows(who, later), "one a second comes back");
        assert!(!pace.allows(who, later), "and one only");
    }

    #[test]
    fn whoever_has_many_addresses_of_one_network_has_one_share() {
        let (pace, now) = (Pace::new(1), Instant::now());
        assert!(pace.allows(address("2001:db8::1"), now));
        assert!(!pace.allows(address("2001:db8::ffff:2"), now), "the same /64");
        assert!(pace.allows(address("2001:db8:0:1::1"), now), "another /64");
        assert!(pace.allows(address("::ffff:192.0.2.1"), now));
        assert!(!pace.allows(address("192.0.2.1"), now), "the same address spelled another way");
    }

    #[test]
    fn however_many_come_what_is_kept_is_bounded() {
        let (pace, now) = (Pace::new(1), Instant::now());
        for n in 0..u32::try_from(BUCKETS_MAX * 2).unwrap() {
            assert!(pace.allows(Who::at(IpAddr::V4(Ipv4Addr::from(n))), now));
        }
        assert!(pace.buckets.lock().unwrap().len() <= BUCKETS_MAX);
    }
}
