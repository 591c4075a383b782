//! What a node knows of itself, held against what members saw of it.

use sumac_protocol::recovery::Seen;

use crate::clinic::{Clinic, ClinicError};
use crate::store::{Note, Store};

/// What the answers say of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing newer than it knows.
    Current,
    /// Something newer: the number of the newest message, and where the journal stood when it was signed.
    Behind { counter: u64, note: Option<Note> },
}

/// What a node knows of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own {
    pub(in crate::running) counter: u64,
    pub(in crate::running) head: (u64, [u8; 32]),
    /// Messages up to this number are of a history that it gave up when it recovered: that its journal was longer in it is
    /// known, and made good.
    pub(in crate::running) given_up: u64,
}

impl Own {
    /// Of the node of a clinic whose journal knows of no number above `counter`.
    pub(crate) fn of(clinic: &Clinic, counter: u64) -> Result<Self, ClinicError> {
        let given_up = clinic.recovery()?.map_or(0, |mark| mark.given_up);
        Ok(Self { counter, head: clinic.store().head(), given_up })
    }

    /// Holds one answer against what the node knows.
    pub(crate) fn against(self, store: &Store, seen: &Seen) -> Finding {
        if trusts_its_folder() {
            return Finding::Current;
        }
        let Some(newest) = seen.newest() else { return Finding::Current };
        let note = store.read_note(&newest.note.0).ok();
        let other_history = note.is_some_and(|note| {
            note.sequence > self.head.0 || (note.sequence == self.head.0 && note.hash != self.head.1)
        });
        if newest.counter > self.counter || (other_history && newest.counter > self.given_up) {
            return Finding::Behind { counter: newest.counter, note };
        }
        Finding::Current
    }

    /// What a member has of the node that the node has not, in words.
    pub(in crate::running) fn told(self, member: &str, counter: u64, note: Option<Note>, statements: u64) -> String {
        let stood = note.map_or_else(String::new, |note| format!(", signed when it had {note}"));
        let lacks = if counter > self.counter {
            format!("this folder knows of no message above {}, and has", self.counter)
        } else {
            "this folder knows that number, but has".to_owned()
        };
        format!(
            "{member} has a message of this node, number {counter}{stood}; {lacks} {} entries and {statements} statements: \
             it was set back to an earlier state, or is a copy",
            self.head.0
        )
    }
}

/// Never: unless a test planted it.
fn trusts_its_folder() -> bool {
    #[cfg(feature = "planted-bugs")]
    if sumac_protocol::planted::is(sumac_protocol::planted::Bug::TrustsItsFolder) {
        return true;
    }
    false
}
