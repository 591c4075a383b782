//! Who holds the records: the running node, or its store where none runs.
//!
//! A running node has its store under lock, so it is asked over its control socket, which only the
//! node's own user and root may use. Both ways give the same: what is exported is gathered by the same
//! code, and nothing is changed by it.

use std::path::PathBuf;
use std::sync::Arc;

use sumac_node::clinic::{Books, Clinic};
use sumac_node::clock::Clock;
use sumac_node::control::{self, ControlError, Request, Response};
use sumac_node::export::{Held, HeldPage};
use sumac_node::home::Home;
use sumac_node::store::Store;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::{Principal, Signer};

use crate::command::node;
use crate::failure::Failure;

/// Whom to ask. The store stays open, and the node's lock taken, until [`Holder::close`]: nobody can
/// start the node in the middle of an export.
pub(in crate::command) enum Holder {
    /// The running node, by its socket.
    Node(PathBuf),
    /// The store of a node that does not run.
    Store(Box<Clinic>, Arc<Clock>, Arc<Store>),
}

impl Holder {
    /// Finds out whether the node runs; where it does not, opens its store.
    pub(in crate::command) fn open(home: &Home, chain: CharterChain) -> Result<Self, Failure> {
        let socket = home.control_socket();
        match control::ask(&socket, &Request::Status) {
            Ok(_) => Ok(Self::Node(socket)),
            Err(ControlError::NotRunning { .. }) => {
                let unlock = node::unlock(home)?;
                let (store, _) = Store::open(&home.store_paths(&home.settings()?), &unlock)?;
                let (store, clock) = (Arc::new(store), Arc::new(Clock::default()));
                let clinic = Clinic::new(Arc::clone(&store), chain, Arc::clone(&clock));
                Ok(Self::Store(Box::new(clinic), clock, store))
            }
            Err(why) => Err(why.into()),
        }
    }

    /// Everything about one patient, if there is one of that pseudonym.
    pub(super) fn held(&self, pseudonym: &str) -> Result<Option<Held>, Failure> {
        match self {
            Self::Node(socket) => {
                let request = Request::ExportPatient { pseudonym: pseudonym.to_owned() };
                let Response::Patient(held) = control::ask(socket, &request)? else { return Err(another()) };
                Ok(held.map(|held| *held))
            }
            Self::Store(clinic, clock, _) => Ok(clinic.held(pseudonym, clock.now())?),
        }
    }

    /// Everything about every patient, one after the other. Tells how many there were.
    pub(super) fn each(&self, mut take: impl FnMut(Held) -> Result<(), Failure>) -> Result<u64, Failure> {
        let (mut from, mut patients) = (0, 0_u64);
        loop {
            let HeldPage { patients: page, next, .. } = self.page(from)?;
            for held in page {
                patients = patients.saturating_add(1);
                take(held)?;
            }
            match next {
                Some(next) => from = next,
                None => return Ok(patients),
            }
        }
    }

    /// The node's own key.
    pub(in crate::command) fn member(&self) -> Result<Principal, Failure> {
        match self {
            Self::Node(socket) => {
                let Response::Status(status) = control::ask(socket, &Request::Status)? else { return Err(another()) };
                Ok(status.key)
            }
            Self::Store(_, _, store) => Ok(Signer::from_seed(&store.identity_seed()).principal()),
        }
    }

    /// What the node kept of others' signed words.
    pub(in crate::command) fn words(&self) -> Result<Vec<Envelope>, Failure> {
        match self {
            Self::Node(socket) => {
                let Response::Words(words) = control::ask(socket, &Request::Words)? else { return Err(another()) };
                Ok(words)
            }
            Self::Store(clinic, ..) => Ok(clinic.words()?),
        }
    }

    /// What studies cost here.
    pub(in crate::command) fn books(&self) -> Result<Books, Failure> {
        match self {
            Self::Node(socket) => {
                let Response::Books(books) = control::ask(socket, &Request::Books)? else { return Err(another()) };
                Ok(books)
            }
            Self::Store(clinic, ..) => Ok(clinic.books()?),
        }
    }

    /// Lets go of the store, if it was opened.
    pub(in crate::command) fn close(self) -> Result<(), Failure> {
        if let Self::Store(clinic, _, store) = self {
            drop(clinic);
            if let Some(store) = Arc::into_inner(store) {
                store.close()?;
            }
        }
        Ok(())
    }

    /// One page of patients, beginning at this position. Both ways give the same page,
    /// so that an export is alike whether or not the node runs.
    fn page(&self, from: u32) -> Result<HeldPage, Failure> {
        match self {
            Self::Node(socket) => {
                let Response::Page(page) = control::ask(socket, &Request::ExportFrom { from })? else {
                    return Err(another());
                };
                Ok(page)
            }
            Self::Store(clinic, clock, _) => Ok(clinic.held_from(from, clock.now())?),
        }
    }
}

/// A node of this version answers each request with its own kind; other kinds are a bug.
fn another() -> Failure {
    Failure::bug("another answer than was asked for")
}
