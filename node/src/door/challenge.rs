//! Challenges: short-lived, for one key, for one use, and not kept until they are used.
//!
//! A challenge is its expiry, some randomness, and an HMAC over both and the key, under a secret that this run of the
//! node made for itself. So asking for one costs no memory and touches nothing that is known of the key, and the answer
//! is the same for every key.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use zeroize::Zeroizing;

use super::DoorError;

/// Makes challenges, and knows which were used.
pub(crate) struct Challenges {
    secret: Zeroizing<[u8; 64]>,
    /// Those used and not yet expired, by expiry; what is expired is refused for that alone.
    used: Mutex<BTreeSet<(u64, Vec<u8>)>>,
}

/// How a challenge was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// It is good, and used from now on.
    Good,
    /// It is foreign, expired, of another key, or used before.
    Bad,
    /// So many were used within two minutes that no more are taken.
    Full,
}

impl Challenges {
    /// Under a fresh secret: what an earlier run gave out is worth nothing.
    pub(super) fn new() -> Result<Self, DoorError> {
        let mut secret = Zeroizing::new([0; 64]);
        getrandom::fill(secret.as_mut_slice()).map_err(|_| DoorError::NoRandomness)?;
        Ok(Self { secret, used: Mutex::default() })
    }

    /// A challenge for this key, and when it expires. None if the system has no randomness.
    pub(super) fn make(&self, key: &Principal, now: Moment) -> Option<(Octets, Moment)> {
        let (expires, mut salt) = (now + LIFETIME, [0; SALT_BYTES]);
        getrandom::fill(&mut salt).ok()?;
        let head = [expires.0.to_be_bytes().as_slice(), &salt].concat();
        let tag = self.mac(key, &head).finalize().into_bytes();
        Some((Octets([head.as_slice(), tag.as_slice()].concat()), expires))
    }

    /// Takes a challenge that this key signed. Compares in constant time.
    pub(super) fn take(&self, key: &Principal, challenge: &Octets, now: Moment) -> Met {
        let Some((head, tag)) = challenge.0.split_at_checked(HEAD_BYTES) else { return Met::Bad };
        let genuine = self.mac(key, head).verify_slice(tag).is_ok();
        let expires = head.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        if !genuine || expires <= now.0 {
            return Met::Bad;
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let expired = used.range(..(now.0.saturating_add(1), Vec::new())).count();
        for _ in 0..expired {
            used.pop_first();
        }
        if used.len() >= USED_MAX {
            return Met::Full;
        }
        if used.insert((expires, challenge.0.clone())) { Met::Good } else { Met::Bad }
    }

    fn mac(&self, key: &Principal, head: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new((&*self.secret).into());
        mac.update(PURPOSE);
        mac.update(key.bytes());
        mac.update(head);
        mac
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges(secret)")
    }
}

/// How long a challenge is good: long enough to type a passphrase, since the key is opened after it is fetched at worst.
const LIFETIME: Millis = Millis::seconds(120);
/// Bytes of randomness, so that two challenges of one millisecond differ.
const SALT_BYTES: usize = 16;
/// Bytes before the tag: the expiry and the randomness.
const HEAD_BYTES: usize = 8 + SALT_BYTES;
/// Most challenges that are remembered as used: 270 a second for their two minutes.
const USED_MAX: usize = 1 << 15;
/// What the HMAC is for.
const PURPOSE: &[u8] = b"sumac/1/challenge\0";

#[cfg(test)]
mod tests {
    use super::{Challenges, LIFETIME, Met};
    use sumac_protocol::moment::{Millis, Moment};
    use sumac_protocol::octets::Octets;
    use sumac_protocol::principal::{Principal, Signer};
    use zeroize::Zeroizing;

    fn key(seed: u8) -> Principal {
        Signer::from_seed(&Zeroizing::new([seed; 32])).principal()
    }

    #[test]
    fn a_challenge_is_good_once_for_its_own_key_at_its_own_node_and_for_two_minutes() {
        let (node, other) = (Challenges::new().unwrap(), Challenges::new().unwrap());
        let now = Moment(1_000_000);
        let (made, expires) = node.make(&key(1), now).unwrap();
        assert_eq!(expires, now + LIFETIME);
        assert_eq!(node.take(&key(2), &made, now), Met::Bad, "another key");
        assert_eq!(other.take(&key(1), &made, now), Met::Bad, "another node, or this one's next run");
        assert_eq!(node.take(&key(1), &made, expires), Met::Bad, "expired");
        assert_eq!(node.take(&key(1), &made, Moment(expires.0 - 1)), Met::Good, "to the last millisecond");
        assert_eq!(node.take(&key(1), &made, Moment(expires.0 - 1)), Met::Bad, "used");
    }

    #[test]
    fn no_bit_of_a_challenge_can_be_changed() {
        let node = Challenges::new().unwrap();
        let (Octets(made), _) = node.make(&key(1), Moment(5)).unwrap();
        for at in 0..made.len() {
            let mut altered = made.clone();
            altered[at] ^= 1;
            assert_eq!(node.take(&key(1), &Octets(altered), Moment(5)), Met::Bad, "byte {at}");
            assert_eq!(node.take(&key(1), &Octets(made[..at].to_vec()), Moment(5)), Met::Bad, "cut to {at}");
        }
        assert_eq!(node.take(&key(1), &Octets(made), Moment(5)), Met::Good);
    }

    #[test]
    fn what_is_remembered_as_used_is_forgotten_when_it_has_expired() {
        let node = Challenges::new().unwrap();
        for second in 0..600 {
            let now = Moment(second * 1_000);
            let (made, _) = node.make(&key(1), now).unwrap();
            assert_eq!(node.take(&key(1), &made, now + Millis(1)), Met::Good);
        }
        assert!(node.used.lock().unwrap().len() <= 121);
    }
}
