//! What a pass adds up: for each quantity how many courses of each group have each value.
//!
//! A histogram is all that any cell needs: counts, sums, squares and bins follow from it once, at the end,
//! by the rule that the plan has for courses that come one by one.

use sumac_protocol::plan::{Measured, Plan, RawCells};
use zeroize::Zeroizing;

use super::program::{self, MISSING, Program};
use super::scan::Vector;

/// The histograms of one pass. Wiped when dropped.
#[derive(Debug)]
pub(crate) struct Tally<'p> {
    plan: &'p Plan,
    cells: RawCells,
    patients: Zeroizing<Vec<u64>>,
    /// Courses that match, group by group.
    matches: Lanes,
    histograms: Vec<Histogram>,
}

/// How many courses have each value of one quantity.
#[derive(Debug)]
struct Histogram {
    quantity: u32,
    min: i32,
    max: i32,
    /// Values of one group, and one place for courses without.
    width: usize,
    /// Group by group; none for a range too wide to lay out, and for what counts only together with others: those courses go
    /// to their cells one by one.
    counts: Option<Lanes>,
}

/// Counts by place. Four of each, used in turn: courses that follow each other are often of one place, and adding
/// to what was just written waits for it.
#[derive(Debug)]
struct Lanes([Zeroizing<Vec<u32>>; LANES]);

impl<'p> Tally<'p> {
    pub(crate) fn new(plan: &'p Plan, program: &Program) -> Self {
        let groups = plan.group_count();
        let histograms = (0..).zip(&program.quantities);
        Self {
            plan,
            cells: RawCells::zero(plan),
            patients: Zeroizing::new(vec![0; groups]),
            matches: Lanes::new(groups),
            histograms: histograms.map(|(quantity, measured)| Histogram::new(quantity, measured, groups)).collect(),
        }
    }

    pub(crate) fn add_patient(&mut self, group: u32) {
        if let Some(count) = self.patients.get_mut(place(group)) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds courses that match, by their groups.
    pub(crate) fn add_matches(&mut self, groups: &[u32]) {
        self.matches.add(groups, groups, |group, _| place(group));
    }

    /// Adds the numbers of a quantity, and the groups they belong to.
    pub(crate) fn add_numbers(&mut self, quantity: usize, groups: &[u32], numbers: &[i32]) {
        let Some(Histogram { quantity, min, max, width, counts }) = self.histograms.get_mut(quantity) else { return };
        let (min, max, width) = (*min, *max, *width);
        let shifted = |number: i32| number.max(min).min(max).abs_diff(min);
        let Some(counts) = counts else {
            for (group, number) in groups.iter().zip(numbers).filter(|(_, number)| **number != MISSING) {
                self.cells.add_courses(self.plan, place(*group), Some(*quantity), u64::from(shifted(*number)), 1);
            }
            return;
        };
        // What is missing is counted too: no processor can guess which rows those are.
        let missing = width.wrapping_sub(1);
        counts.add(groups, numbers, |group, number| {
            let value = if number == MISSING { missing } else { place(shifted(number)) };
            place(group).wrapping_mul(width).wrapping_add(value)
        });
    }

    /// Adds the numbers of quantities that count only all together, course by course: how two numbers go together is in
    /// no histogram of one.
    pub(crate) fn add_together(&mut self, groups: &[u32], set: &[(usize, Vector)]) {
        let mut measured = Measured::nothing(self.plan);
        for (row, group) in groups.iter().enumerate() {
            measured.group = place(*group);
            let mut complete = true;
            for (quantity, numbers) in set {
                let number = numbers.get(row).copied().filter(|number| *number != MISSING);
                let bounds = self.histograms.get(*quantity).map(|histogram| (histogram.min, histogram.max));
                let value =
                    number.zip(bounds).map(|(number, (min, max))| u64::from(number.max(min).min(max).abs_diff(min)));
                complete &= value.is_some();
                if let Some(kept) = measured.values.get_mut(*quantity) {
                    *kept = value;
                }
            }
            if complete {
                self.cells.add_values(self.plan, &measured);
            }
        }
    }

    /// The contribution. With `one_each`, nobody has two courses, and courses that match count as patients.
    pub(crate) fn into_cells(self, one_each: bool) -> RawCells {
        let Self { plan, mut cells, patients, matches, histograms } = self;
        for (group, patients) in patients.iter().enumerate() {
            let matches = matches.count(group);
            cells.add_patients(group, if one_each { matches } else { *patients });
            cells.add_courses(plan, group, None, 0, matches);
        }
        for Histogram { quantity, width, counts, .. } in &histograms {
            let Some(counts) = counts else { continue };
            for group in 0..patients.len() {
                let first = group.saturating_mul(*width);
                for (value, place) in (0..).zip(first..first.saturating_add(width.saturating_sub(1))) {
                    let courses = counts.count(place);
                    if courses > 0 {
                        cells.add_courses(plan, group, Some(*quantity), value, courses);
                    }
                }
            }
        }
        cells
    }
}

impl Histogram {
    fn new(quantity: u32, measured: &program::Measured, groups: usize) -> Self {
        let (min, max) = (measured.min, measured.max.max(measured.min));
        let width = place(max.abs_diff(min)).saturating_add(2);
        let alone = measured.joint.is_none();
        let laid_out = width.checked_mul(groups).filter(|cells| alone && *cells <= CELLS_MAX);
        Self { quantity, min, max, width, counts: laid_out.map(Lanes::new) }
    }
}

impl Lanes {
    fn new(places: usize) -> Self {
        Self(std::array::from_fn(|_| Zeroizing::new(vec![0; places])))
    }

    /// Adds one at the place that `at` finds for each two; places that are not there are passed over.
    fn add<T: Copy>(&mut self, groups: &[u32], others: &[T], at: impl Fn(u32, T) -> usize) {
        let mut lanes = self.0.each_mut().map(|lane| lane.as_mut_slice());
        let ((groups, last_groups), (others, last_others)) = (groups.as_chunks::<LANES>(), others.as_chunks::<LANES>());
        let mut add = |groups: &[u32], others: &[T]| {
            for ((lane, group), other) in lanes.iter_mut().zip(groups).zip(others) {
                if let Some(count) = lane.get_mut(at(*group, *other)) {
                    *count = count.wrapping_add(1);
                }
            }
        };
        groups.iter().zip(others).for_each(|(groups, others)| add(groups, others));
        add(last_groups, last_others);
    }

    fn count(&self, place: usize) -> u64 {
        self.0.iter().filter_map(|lane| lane.get(place)).map(|count| u64::from(*count)).sum()
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// How many counts a place has.
const LANES: usize = 4;
/// Entries of the largest histogram that is laid out: 16 MiB with all its lanes.
const CELLS_MAX: usize = 1 << 20;
