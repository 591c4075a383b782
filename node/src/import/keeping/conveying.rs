//! What the reading sends to the sink, step by step.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;

use sumac_protocol::record::Record;

use super::{Progress, Totals};
use crate::import::limits::{BATCH_ENTRIES, BATCH_PATIENTS, REJECTS_HELD_MAX};
use crate::import::reject::{Reject, Rejects};

/// What the sink does next.
pub(super) enum Step {
    /// Keep the records, then tell how far the import is.
    Keep { batch: BTreeMap<String, Record>, progress: Progress },
    /// Note what was left out, in this order.
    LeaveOut(Vec<Reject>),
}

/// Records and rejects on their way to the sink, and how many went.
pub(super) struct Outbox {
    steps: SyncSender<Step>,
    /// Whether somebody took every step so far. The import has ended otherwise.
    pub(super) heard: bool,
    batch: BTreeMap<String, Record>,
    /// Of the batch.
    entries: usize,
    held: Vec<Reject>,
    /// Patients of all files.
    of: u64,
    pub(super) totals: Totals,
}

impl Outbox {
    pub(super) fn new(steps: SyncSender<Step>, of: u64) -> Self {
        let totals = Totals::default();
        Self { steps, heard: true, batch: BTreeMap::new(), entries: 0, held: Vec::new(), of, totals }
    }

    /// Adds a record to the batch, which is sent when it is full.
    pub(super) fn add(&mut self, pseudonym: &str, record: Record, entries: usize) {
        if self.batch.len() >= BATCH_PATIENTS || self.entries.saturating_add(entries) > BATCH_ENTRIES {
            self.flush();
        }
        self.count(&record);
        self.entries = self.entries.saturating_add(entries);
        self.batch.insert(pseudonym.to_owned(), record);
    }

    /// Sends the batch off, full or not.
    pub(super) fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        self.entries = 0;
        let batch = std::mem::take(&mut self.batch);
        self.send(Step::Keep { batch, progress: Progress::Keeping { patients: self.totals.patients, of: self.of } });
    }

    /// Holds rejects back, so that they can be told in the order of their rows.
    pub(super) fn hold(&mut self, rejects: &mut Rejects) {
        self.held.append(&mut rejects.take());
        if self.held.len() >= REJECTS_HELD_MAX {
            self.tell_rejects();
        }
    }

    /// Sends the rejects that are held back.
    pub(super) fn tell_rejects(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|reject| (reject.file, reject.row));
        self.totals.rejects = self.totals.rejects.saturating_add(many(held.len()));
        self.send(Step::LeaveOut(held));
    }

    fn send(&mut self, step: Step) {
        self.heard &= self.steps.send(step).is_ok();
    }

    fn count(&mut self, record: &Record) {
        let Totals { patients, assessments, sessions, events, .. } = &mut self.totals;
        *patients = patients.saturating_add(1);
        for course in &record.courses {
            *assessments = assessments.saturating_add(many(course.assessments.len()));
            *sessions = sessions.saturating_add(many(course.sessions.len()));
            *events = events.saturating_add(many(course.events.len()));
        }
    }
}

fn many(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
