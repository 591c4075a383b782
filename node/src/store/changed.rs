//! When each patient's record and consents last changed: what a projection of them must read anew.

use super::content::Kind;
use super::keyring::KeyId;
use super::pointers::{Head, RowEntry};

/// For each row the number of the newest frame that changed it; 0 for none. Erasing changes both.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    records: Vec<u64>,
    consents: Vec<u64>,
    before: Option<Before>,
}

/// Rows whose frames were not read when the store was opened: when they changed, only the index knows.
#[derive(Debug, Clone, Copy)]
struct Before {
    rows: u32,
    sequence: u64,
}

impl Changed {
    /// A journal up to `head` of which nothing was read.
    pub(crate) fn before(head: Head) -> Self {
        let before = Before { rows: head.rows, sequence: head.mark.sequence };
        Self { before: Some(before), ..Self::default() }
    }

    /// How many rows must be looked up in the index before it is known what changed after that frame.
    pub(crate) fn unknown(&self, sequence: u64) -> Option<u32> {
        self.before.filter(|before| sequence < before.sequence).map(|before| before.rows)
    }

    /// Takes up what the index knows of all rows from before, in their order; `None` for those that were erased.
    pub(crate) fn look_up(&mut self, entries: Vec<Option<RowEntry>>) {
        let Some(Before { sequence, .. }) = self.before.take() else { return };
        for (row, entry) in (0..).zip(entries) {
            let Some(entry) = entry else { continue };
            if let Some(record) = entry.record {
                raise(&mut self.records, row, record.sequence);
            }
            // When a statement came the index says only with the statement: the latest that it can have been.
            if entry.enrolment.is_some() || entry.statements > 0 {
                raise(&mut self.consents, row, sequence);
            }
        }
    }

    /// Takes up a frame, in the journal's order.
    pub(crate) fn note(&mut self, key: KeyId, kind: Kind, sequence: u64) {
        match kind {
            Kind::Record => raise(&mut self.records, key.number, sequence),
            Kind::Enrolment | Kind::Statement { .. } => raise(&mut self.consents, key.number, sequence),
            Kind::Erased { row, .. } => {
                raise(&mut self.records, row, sequence);
                raise(&mut self.consents, row, sequence);
            }
            Kind::Patient
            | Kind::Query { .. }
            | Kind::Role { .. }
            | Kind::Forgotten { .. }
            | Kind::Leaves { .. }
            | Kind::Audit
            | Kind::Compacted => {}
        }
    }

    /// Rows whose record changed after the frame with that number, ascending.
    pub(crate) fn records_since(&self, sequence: u64) -> impl Iterator<Item = u32> + '_ {
        since(&self.records, sequence)
    }

    /// Rows whose enrolment or statements changed after the frame with that number, ascending.
    pub(crate) fn consents_since(&self, sequence: u64) -> impl Iterator<Item = u32> + '_ {
        since(&self.consents, sequence)
    }
}

fn raise(sequences: &mut Vec<u64>, row: u32, sequence: u64) {
    let Ok(at) = usize::try_from(row) else { return };
    if sequences.len() <= at {
        sequences.resize(at.saturating_add(1), 0);
    }
    if let Some(newest) = sequences.get_mut(at) {
        *newest = sequence.max(*newest);
    }
}

fn since(sequences: &[u64], sequence: u64) -> impl Iterator<Item = u32> + '_ {
    (0..).zip(sequences).filter(move |(_, newest)| **newest > sequence).map(|(row, _)| row)
}
