//! When heads are signed: each later than every one before, whatever becomes of the clock and of the node.
//!
//! Who holds two heads can tell from their moments which of them the clinic signed knowing the other. So a clock that
//! was set back must not show in them, or an honest clinic would seem to have selected without what it had
//! acknowledged. Heads that are kept bring their moment into the journal with them. For all others a lease is kept that
//! reaches a little into the future: after a start no head is signed before its end, so none is earlier than one of
//! which nothing is known any more.

use std::sync::PoisonError;

use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::round::message::{decode_stored, encode};

use super::{Clinic, ClinicError};
use crate::store::Entry;

/// How far the moments of heads have come.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadMoments {
    /// That of the newest head, or the end of an earlier life's lease.
    newest: Moment,
    /// What is kept: after a restart no head is earlier.
    kept: Moment,
}

/// How far heads may be signed once this is kept; nothing to keep where what is kept reaches far enough.
#[derive(Debug)]
pub(super) struct Lease(Option<Moment>);

impl Lease {
    /// What has to be kept for it.
    pub(super) fn entry(&self) -> Option<Entry> {
        self.0.map(kept_until)
    }
}

impl HeadMoments {
    /// The next head's.
    fn next(&mut self, now: Moment) -> Moment {
        self.newest = now.max(self.newest + Millis(1));
        self.newest
    }
}

impl Clinic {
    /// The moment of a head that nobody keeps here: past what the lease covers, the lease is renewed first, durably.
    pub(super) fn moment_of_a_head(&self) -> Result<Moment, ClinicError> {
        let lease = self.lease_of_head_moments()?;
        if let Some(entry) = lease.entry() {
            self.store().append(vec![entry])?;
        }
        self.leased(lease);
        self.moment_of_a_kept_head()
    }

    /// The moment of a head that is kept together with [`Clinic::newest_head_moment`] before anybody sees it.
    pub(super) fn moment_of_a_kept_head(&self) -> Result<Moment, ClinicError> {
        let now = self.clock.now();
        self.with_head_moments(|moments| moments.next(now))
    }

    /// What has to be kept with a head, in the same batch.
    pub(super) fn newest_head_moment(&self) -> Result<Entry, ClinicError> {
        self.with_head_moments(|moments| kept_until(moments.newest.max(moments.kept)))
    }

    /// How far heads may be signed from now on, if that is kept; told to [`Clinic::leased`] once it is.
    pub(super) fn lease_of_head_moments(&self) -> Result<Lease, ClinicError> {
        let now = self.clock.now();
        self.with_head_moments(|moments| {
            // The next head comes after the newest, and a few more at once.
            let next = now.max(moments.newest) + SPARE;
            Lease((next > moments.kept).then(|| next + LEASE))
        })
    }

    /// The lease is kept.
    pub(super) fn leased(&self, lease: Lease) {
        let mut moments = self.head_moments.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Lease(Some(until)), Some(moments)) = (lease, moments.as_mut()) {
            moments.kept = moments.kept.max(until);
        }
    }

    fn with_head_moments<T>(&self, act: impl FnOnce(&mut HeadMoments) -> T) -> Result<T, ClinicError> {
        let mut moments = self.head_moments.lock().unwrap_or_else(PoisonError::into_inner);
        let moments = match &mut *moments {
            Some(moments) => moments,
            none => {
                let body = self.store().role_state(HEAD_MOMENTS, &THE_ONE)?;
                let kept = body.map(|body| decode_stored::<Moment>(&body)).transpose();
                let kept = kept.map_err(|why| ClinicError::Stored { what: "moment of heads", why: why.to_string() })?;
                let kept = kept.unwrap_or(Moment(0));
                none.insert(HeadMoments { newest: kept, kept })
            }
        };
        Ok(act(moments))
    }
}

fn kept_until(moment: Moment) -> Entry {
    Entry::Role { role: HEAD_MOMENTS, id: THE_ONE, body: Some(encode(&moment)) }
}

/// The store's number for it: past those of the protocol's roles.
const HEAD_MOMENTS: u8 = 203;
/// There is only one.
const THE_ONE: [u8; 32] = [0; 32];
/// How far a lease reaches: heads are that much ahead of the clock after a restart at most, and ask for at most one write
/// in that time.
const LEASE: Millis = Millis::seconds(10);
/// What a lease must leave to be good for one head more.
const SPARE: Millis = Millis::seconds(1);
