//! At most so many courses of each patient: the first that match, and how many patients are in each group.

use crate::columns::chunk::CHUNK_ROWS;
use crate::columns::generation::Generation;
use crate::columns::tally::Tally;

/// What is known of the patient whose courses are passing. They come one after the other, also across chunks.
#[derive(Debug)]
pub(super) struct Limit {
    most: u32,
    /// Nobody has two courses: there is nothing to do.
    pub(super) idle: bool,
    kept: Option<(u32, u32)>,
    counted: Option<u32>,
    /// The groups that this patient has a course in.
    groups: Vec<u32>,
}

impl Limit {
    pub(super) fn new(most: u32, generation: &Generation) -> Self {
        Self { most, idle: !generation.repeated(), kept: None, counted: None, groups: Vec::new() }
    }

    /// Drops the rows of patients who have passed so many already.
    pub(super) fn keep_first(&mut self, chunk: usize, owners: &[u32], rows: &mut Vec<u16>) {
        if self.most == 0 {
            rows.clear();
        }
        if self.idle {
            return;
        }
        let owners = of_chunk(chunk, owners);
        rows.retain(|row| {
            let Some(owner) = owners.get(usize::from(*row)) else { return false };
            let before = self.kept.filter(|(patient, _)| patient == owner).map_or(0, |(_, courses)| courses);
            self.kept = Some((*owner, before.saturating_add(1)));
            before < self.most
        });
    }

    /// Counts each patient once in every group; where nobody has two courses, courses are patients.
    pub(super) fn count_patients(
        &mut self,
        chunk: usize,
        owners: &[u32],
        rows: &[u16],
        groups: &[u32],
        tally: &mut Tally<'_>,
    ) {
        if self.idle {
            return;
        }
        let owners = of_chunk(chunk, owners);
        for (row, group) in rows.iter().zip(groups) {
            let owner = owners.get(usize::from(*row)).copied();
            if self.counted != owner {
                self.counted = owner;
                self.groups.clear();
            }
            if !self.groups.contains(group) {
                self.groups.push(*group);
                tally.add_patient(*group);
            }
        }
    }
}

fn of_chunk(chunk: usize, owners: &[u32]) -> &[u32] {
    owners.get(chunk.saturating_mul(CHUNK_ROWS)..).unwrap_or_default()
}
