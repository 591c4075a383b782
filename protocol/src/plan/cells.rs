//! From records to cells: what one clinic contributes to a plan, before it is shared.

use std::collections::BTreeSet;
use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::dictionary::Dictionary;
use crate::record::Course;

use super::{Block, BlockKind, Plan, Quantity};

/// What a plan reads from one course that counts.
///
/// One patient's values: not `Clone`, not `Serialize`, never printed, wiped when dropped.
#[derive(ZeroizeOnDrop)]
#[non_exhaustive]
pub struct Measured {
    /// The position of the course's group in [`Plan::group_keys`].
    pub group: usize,
    /// For each quantity its value, clipped and shifted to begin at 0; `None` where it is missing.
    pub values: Vec<Option<u64>>,
}

impl Measured {
    /// What a plan reads from a course of the first group that has no values: for whoever reads courses in another way
    /// and fills it in.
    #[must_use]
    pub fn nothing(plan: &Plan) -> Self {
        Self { group: 0, values: vec![None; plan.quantities.len()] }
    }
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Measured({} values)", self.values.len())
    }
}

/// One clinic's raw cells: its own totals in the clear.
///
/// Not `Clone`, not `Serialize`, never printed, wiped when dropped. They leave this process only as
/// secret shares made of [`RawCells::expose`].
#[derive(ZeroizeOnDrop)]
pub struct RawCells {
    cells: Vec<u64>,
    blocks: usize,
    patients: Vec<u64>,
}

impl fmt::Debug for RawCells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawCells({} cells)", self.cells.len())
    }
}

impl Quantity {
    /// A value moved into the quantity's range and shifted to begin at 0.
    #[must_use]
    pub fn shifted(&self, value: i64) -> u64 {
        value.max(self.min).min(self.max).abs_diff(self.min)
    }
}

impl Plan {
    /// What this plan reads from a course, or `None` if the course does not count: the filter is not
    /// met, or a category it is grouped by is missing or `unknown`.
    #[must_use]
    pub fn measure(&self, dictionary: &Dictionary, course: &Course) -> Option<Measured> {
        if let Some(filter) = &self.filter
            && filter.holds(dictionary, course) != Some(true)
        {
            return None;
        }
        let group = self.group_of(dictionary, course)?;
        let value = |q: &Quantity| q.measure.value(dictionary, course).map(|value| q.shifted(value));
        let mut values: Vec<Option<u64>> = self.quantities.iter().map(value).collect();
        let of_set = |quantity: &Quantity, value: Option<u64>| quantity.joint.filter(|_| value.is_none());
        let incomplete: BTreeSet<u32> =
            self.quantities.iter().zip(&values).filter_map(|(quantity, value)| of_set(quantity, *value)).collect();
        for (quantity, value) in self.quantities.iter().zip(&mut values) {
            if quantity.joint.is_some_and(|set| incomplete.contains(&set)) {
                *value = None;
            }
        }
        Some(Measured { group, values })
    }

    fn group_of(&self, dictionary: &Dictionary, course: &Course) -> Option<usize> {
        self.group_by.iter().try_fold(0_usize, |group, grouping| {
            let at = grouping.place(dictionary, course)?;
            group.checked_mul(grouping.values.len())?.checked_add(at)
        })
    }

    /// The cells of a clinic: `courses` yields each patient's courses, in the order in which they
    /// count.
    #[must_use]
    pub fn raw_cells<'a>(&self, dictionary: &Dictionary, courses: impl IntoIterator<Item = &'a [Course]>) -> RawCells {
        let mut cells = RawCells::zero(self);
        for patient in courses {
            cells.add_patient(self, dictionary, patient);
        }
        cells
    }
}

impl RawCells {
    /// The cells of a clinic in which nobody matches; also what is sent when nothing may be told.
    #[must_use]
    pub fn zero(plan: &Plan) -> Self {
        Self { cells: vec![0; plan.cell_count()], blocks: plan.blocks.len(), patients: vec![0; plan.group_count()] }
    }

    /// Adds one patient: at most the plan's courses per patient, the first that match. A course that
    /// matches counts towards that number even where its values are missing, so that what a patient
    /// contributes never depends on another's record. Whether any course matched.
    pub fn add_patient(&mut self, plan: &Plan, dictionary: &Dictionary, courses: &[Course]) -> bool {
        let most = usize::try_from(plan.courses_per_patient).unwrap_or(usize::MAX);
        let matching = courses.iter().filter_map(|course| plan.measure(dictionary, course)).take(most);
        let mut groups = Vec::new();
        for measured in matching {
            if !groups.contains(&measured.group) {
                groups.push(measured.group);
            }
            self.add_course(plan, &measured);
        }
        for group in &groups {
            if let Some(patients) = self.patients.get_mut(*group) {
                *patients = patients.saturating_add(1);
            }
        }
        let matched = !groups.is_empty();
        groups.zeroize();
        matched
    }

    fn add_course(&mut self, plan: &Plan, measured: &Measured) {
        let Some(cells) = self.cells.chunks_exact_mut(self.blocks.max(1)).nth(measured.group) else { return };
        for (block, cell) in plan.blocks.iter().zip(cells) {
            // Saturating: `share::check_fit` has refused plans whose cells could come near 2^60.
            *cell = cell.saturating_add(block.adds(measured));
        }
    }

    /// Adds courses of a group that were counted elsewhere: `courses` of them with this value of a quantity,
    /// clipped and shifted to begin at 0; without a quantity, `courses` that match at all, and value 0. What
    /// each block adds up is decided here, as for courses that come one by one.
    pub fn add_courses(&mut self, plan: &Plan, group: usize, quantity: Option<u32>, value: u64, courses: u64) {
        let Some(cells) = self.cells.chunks_exact_mut(self.blocks.max(1)).nth(group) else { return };
        for (block, cell) in plan.blocks.iter().zip(cells).filter(|(block, _)| block.quantity == quantity) {
            *cell = cell.saturating_add(block.kind.adds(value).saturating_mul(courses));
        }
    }

    /// Adds the values of one course to the cells of its quantities. That it matches is told apart, by
    /// [`add_courses`](Self::add_courses).
    pub fn add_values(&mut self, plan: &Plan, measured: &Measured) {
        let Some(cells) = self.cells.chunks_exact_mut(self.blocks.max(1)).nth(measured.group) else { return };
        for (block, cell) in plan.blocks.iter().zip(cells).filter(|(block, _)| block.quantity.is_some()) {
            *cell = cell.saturating_add(block.adds(measured));
        }
    }

    /// Adds patients of a group whose courses were counted elsewhere.
    pub fn add_patients(&mut self, group: usize, patients: u64) {
        if let Some(have) = self.patients.get_mut(group) {
            *have = have.saturating_add(patients);
        }
    }

    /// Adds the cells of another part of the same clinic under the same plan: other patients.
    /// Parts of different plans add up to nothing of meaning.
    pub fn add_part(&mut self, part: &Self) {
        let mine = self.cells.iter_mut().chain(&mut self.patients);
        for (mine, theirs) in mine.zip(part.cells.iter().chain(&part.patients)) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// The cells, group by group, in the order of the plan's blocks. The one way out: for splitting
    /// into shares, and for tests.
    #[must_use]
    pub fn expose(&self) -> &[u64] {
        &self.cells
    }

    /// How many patients of this clinic are in each group, for tests of the local minimum.
    #[must_use]
    pub fn expose_patients_per_group(&self) -> &[u64] {
        &self.patients
    }

    /// Sets every cell of a group to 0 in which the clinic holds fewer than `local_min` patients, and every cell of a
    /// quantity that fewer of them have. For exact studies, where no noise hides one patient: what a clinic adds to a sum
    /// is always of at least so many.
    pub fn zero_small_groups(&mut self, plan: &Plan, local_min: u64) {
        for (cells, patients) in self.cells.chunks_exact_mut(self.blocks.max(1)).zip(&mut self.patients) {
            if *patients < local_min {
                cells.fill(0);
                *patients = 0;
            }
            let few = |(position, _): &(usize, &Block)| cells.get(*position).is_some_and(|count| *count < local_min);
            let counts: Vec<usize> = plan
                .blocks
                .iter()
                .enumerate()
                .filter(|(_, block)| block.kind == BlockKind::Count)
                .filter(few)
                .map(|(position, _)| position)
                .collect();
            for (block, cell) in plan.blocks.iter().zip(cells) {
                let of = plan.block_position(BlockKind::Count, block.quantity);
                if of.is_some_and(|count| counts.contains(&count)) {
                    *cell = 0;
                }
            }
        }
    }
}

impl Block {
    /// What one course adds to this block's raw cell.
    fn adds(&self, measured: &Measured) -> u64 {
        let of = |at: u32| usize::try_from(at).ok().and_then(|at| measured.values.get(at).copied().flatten());
        let value = self.quantity.map_or(Some(0), of);
        match (self.kind, value) {
            (_, None) => 0,
            (BlockKind::Product { with }, Some(value)) => of(with).map_or(0, |other| value.saturating_mul(other)),
            (kind, Some(value)) => kind.adds(value),
        }
    }
}

impl BlockKind {
    /// What one course with this value adds to a raw cell.
    const fn adds(self, value: u64) -> u64 {
        match self {
            Self::Count => 1,
            Self::Sum => value,
            Self::Squares => value.saturating_mul(value),
            Self::Bin { from, to, .. } => (from <= value && value <= to) as u64,
            // Two values, which only a course has.
            Self::Product { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests;
