//! When each patient's record and consents last changed: what a projection of them must read anew.

use super::content::Kind;
use super::keyring::KeyId;

/// For each row the number of the newest frame that changed it; 0 for none. Erasing changes both.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    records: Vec<u64>,
    consents: Vec<u64>,
}

impl Changed {
    /// Takes up a frame, in the journal's order.
    pub(crate) fn note(&mut self, key: KeyId, kind: Kind, sequence: u64) {
        match kind {
            Kind::Record => set(&mut self.records, key.number, sequence),
            Kind::Enrolment | Kind::Statement { .. } => set(&mut self.consents, key.number, sequence),
            Kind::Erased { row, .. } => {
                set(&mut self.records, row, sequence);
                set(&mut self.consents, row, sequence);
            }
            Kind::Patient
            | Kind::Query { .. }
            | Kind::Role { .. }
            | Kind::Forgotten { .. }
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

fn set(sequences: &mut Vec<u64>, row: u32, sequence: u64) {
    let Ok(at) = usize::try_from(row) else { return };
    if sequences.len() <= at {
        sequences.resize(at.saturating_add(1), 0);
    }
    if let Some(newest) = sequences.get_mut(at) {
        *newest = sequence;
    }
}

fn since(sequences: &[u64], sequence: u64) -> impl Iterator<Item = u32> + '_ {
    (0..).zip(sequences).filter(move |(_, newest)| **newest > sequence).map(|(row, _)| row)
}
