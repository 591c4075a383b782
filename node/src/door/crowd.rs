//! How many connections one address has open.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::pace::Who;

/// Whoever is connected, by address; of IPv6, by /64.
#[derive(Debug)]
pub(super) struct Crowd {
    each: usize,
    here: Mutex<BTreeMap<Who, usize>>,
}

/// One connection that counts, until it is dropped.
#[derive(Debug)]
pub(super) struct Here {
    crowd: Arc<Crowd>,
    who: Who,
}

impl Crowd {
    /// Lets each address have so many connections at a time.
    pub(super) const fn of_at_most(each: usize) -> Self {
        Self { each, here: Mutex::new(BTreeMap::new()) }
    }

    /// Counts one connection more, or none where the address has as many as it may.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Here> {
        let who = Who::at(address);
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let open = here.entry(who).or_insert(0);
        if *open >= self.each {
            return None;
        }
        *open += 1;
        drop(here);
        Some(Here { crowd: Arc::clone(self), who })
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let mut here = self.crowd.here.lock().unwrap_or_else(PoisonError::into_inner);
        match here.get_mut(&self.who) {
            Some(open) if *open > 1 => *open -= 1,
            Some(_) | None => drop(here.remove(&self.who)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crowd;
    use std::sync::Arc;

    #[test]
    fn one_address_has_so_many_connections_and_another_is_let_in_all_the_same() {
        let crowd = Arc::new(Crowd::of_at_most(2));
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().unwrap());
        let first = crowd.enter(one).unwrap();
        let second = crowd.enter(one).unwrap();
        assert!(crowd.enter(one).is_none(), "as many as it may");
        assert!(crowd.enter("::ffff:192.0.2.1".parse().unwrap()).is_none(), "the same address spelled another way");
        let third = crowd.enter(other).unwrap();
        drop(first);
        let again = crowd.enter(one);
        assert!(again.is_some(), "one went, one may come");
        drop((second, third, again));
        assert!(crowd.here.lock().unwrap().is_empty(), "nobody is remembered who has gone");
    }
}
