//! Where an import's records go: to the running node, or into its store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sumac_node::clinic::{Clinic, Kept, Part};
use sumac_node::clock::Clock;
use sumac_node::control::{self, ControlError, Request, Response};
use sumac_node::home::Home;
use sumac_node::import::{Progress, Reject, RejectFile, Sink};
use sumac_node::store::Store;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::record::Record;

use super::meter::Meter;
use crate::command::node;
use crate::failure::Failure;

/// Keeps records, lists rejects and shows how far it is.
pub(super) struct Desk {
    /// Decided once, when the desk opens: a node that starts later is not looked for.
    way: Way,
    /// Sums over all batches. They saturate rather than overflow.
    kept: Kept,
    /// None where no list of rejects was asked for: they are then not listed.
    listed: Option<RejectFile<File>>,
    /// The parts of a record that the files can tell of.
    told: BTreeSet<Part>,
    /// Dropped before anything is closed, so that a bar is cleared first.
    meter: Meter,
}

/// The store is open in one process at a time, so only one of the two can work.
enum Way {
    /// To the running node, batch by batch.
    Node(PathBuf),
    /// Into the store of a node that does not run.
    Store(Box<Clinic>, Arc<Store>),
}

impl Desk {
    /// Finds out whether the node runs; where it does not, opens its store.
    pub(super) fn open(
        home: &Home,
        chain: CharterChain,
        listed: Option<RejectFile<File>>,
        meter: Meter,
        told: BTreeSet<Part>,
    ) -> Result<Self, Failure> {
        let socket = home.control_socket();
        let way = match control::ask(&socket, &Request::Status) {
            Ok(_) => Way::Node(socket),
            Err(ControlError::NotRunning { .. }) => {
                let unlock = node::unlock(home)?;
                let (store, _) = Store::open(&home.store_paths(&home.settings()?), &unlock)?;
                let store = Arc::new(store);
                let clinic = Clinic::new(Arc::clone(&store), chain, Arc::new(Clock::default()));
                Way::Store(Box::new(clinic), store)
            }
            Err(why) => return Err(why.into()),
        };
        Ok(Self { way, kept: Kept { changed: 0, unchanged: 0, erased: 0 }, listed, told, meter })
    }

    /// Learns from records what their files tell of, where the files' shapes do not say so. Files too large for one
    /// pass are learnt pass by pass: at worst an import is refused that needed no `--replace`.
    pub(super) fn learn(&mut self, batch: &BTreeMap<String, Record>) {
        let told = |part: &Part| batch.values().any(|record| part.is_in(record));
        self.told.extend(Part::ALL.into_iter().filter(told));
    }

    /// Closes the store, if it was opened, and the list of rejects, which is removed if nothing is in it.
    pub(super) fn close(self, rejects: Option<&Path>) -> Result<Kept, Failure> {
        let Self { way, kept, listed, meter, .. } = self;
        drop(meter);
        if let (Some(listed), Some(path)) = (listed, rejects) {
            let rows = listed.finish().map_err(|why| Failure::file(path, &why))?;
            if rows == 0 {
                std::fs::remove_file(path).map_err(|why| Failure::file(path, &why))?;
            }
        }
        if let Way::Store(clinic, store) = way {
            drop(clinic);
            if let Some(store) = Arc::into_inner(store) {
                store.close()?;
            }
        }
        Ok(kept)
    }
}

impl Sink for Desk {
    type Error = Failure;

    /// Hands one batch over. A refusal ends the import; batches before it stay kept.
    /// An answer of another kind than the kept counts is a fault of ours.
    fn keep(&mut self, batch: BTreeMap<String, Record>) -> Result<(), Failure> {
        let all = Part::ALL.iter().all(|part| self.told.contains(part));
        let kept = match &self.way {
            Way::Node(socket) => {
                let told = self.told.clone();
                let request =
                    if all { Request::KeepRecords(batch) } else { Request::KeepParts { records: batch, told } };
                let Response::Kept(kept) = control::ask(socket, &request)? else {
                    return Err(Failure::bug("another answer than was asked for"));
                };
                kept
            }
            Way::Store(clinic, _) if all => clinic.keep_records(&batch)?,
            Way::Store(clinic, _) => clinic.keep_parts(&batch, &self.told)?,
        };
        self.kept.changed = self.kept.changed.saturating_add(kept.changed);
        self.kept.unchanged = self.kept.unchanged.saturating_add(kept.unchanged);
        self.kept.erased = self.kept.erased.saturating_add(kept.erased);
        Ok(())
    }

    /// Does nothing without a list. A list that cannot be written ends the import.
    fn leave_out(&mut self, reject: Reject) -> Result<(), Failure> {
        let Some(listed) = &mut self.listed else { return Ok(()) };
        listed.add(reject).map_err(|why| Failure::file(Path::new("the list of rejects"), &why))
    }

    /// The meter decides whether this shows: short imports say nothing.
    fn progress(&mut self, progress: Progress) {
        self.meter.tell(progress);
    }
}
