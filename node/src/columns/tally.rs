//! What a pass adds up: for each quantity how many courses of each group have each value.
//!
//! A histogram is all that any cell needs: counts, sums, squares and bins follow from it once, at the end,
//! by the rule that the plan has for courses that come one by one.

use sumac_protocol::plan::{Plan, RawCells};
use zeroize::Zeroizing;

use super::program::{MISSING, Measured, Program};

/// The histograms of one pass. Wiped when dropped.
#[derive(Debug)]
pub(crate) struct Tally<'p> {
    plan: &'p Plan,
    cells: RawCells,
    patients: Zeroizing<Vec<u64>>,
    matches: Zeroizing<Vec<u64>>,
    histograms: Vec<Histogram>,
}

/// How many courses have each value of one quantity.
#[derive(Debug)]
struct Histogram {
    quantity: u32,
    min: i32,
    max: i32,
    /// Values of one group.
    width: usize,
    /// Group by group; nothing for a range too wide to lay out, whose courses go to their cells one by one.
    counts: Zeroizing<Vec<u32>>,
}

impl<'p> Tally<'p> {
    pub(crate) fn new(plan: &'p Plan, program: &Program) -> Self {
        let groups = plan.group_count();
        let histograms = (0..).zip(&program.quantities);
        Self {
            plan,
            cells: RawCells::zero(plan),
            patients: Zeroizing::new(vec![0; groups]),
            matches: Zeroizing::new(vec![0; groups]),
            histograms: histograms.map(|(quantity, measured)| Histogram::new(quantity, measured, groups)).collect(),
        }
    }

    pub(crate) fn add_patient(&mut self, group: u32) {
        count(&mut self.patients, group);
    }

    /// Adds courses that match, by their groups.
    pub(crate) fn add_matches(&mut self, groups: &[u32]) {
        groups.iter().for_each(|group| count(&mut self.matches, *group));
    }

    /// Adds the numbers of a quantity, and the groups they belong to.
    pub(crate) fn add_numbers(&mut self, quantity: usize, groups: &[u32], numbers: &[i32]) {
        let Some(Histogram { quantity, min, max, width, counts }) = self.histograms.get_mut(quantity) else { return };
        let known = groups.iter().zip(numbers).filter(|(_, number)| **number != MISSING);
        let shifted = known.map(|(group, number)| (place(*group), (*number).max(*min).min(*max).abs_diff(*min)));
        if counts.is_empty() {
            for (group, value) in shifted {
                self.cells.add_courses(self.plan, group, Some(*quantity), u64::from(value), 1);
            }
            return;
        }
        for (group, value) in shifted {
            if let Some(courses) = counts.get_mut(group.wrapping_mul(*width).wrapping_add(place(value))) {
                *courses = courses.wrapping_add(1);
            }
        }
    }

    /// The contribution. With `one_each`, nobody has two courses, and courses that match count as patients.
    pub(crate) fn into_cells(self, one_each: bool) -> RawCells {
        let Self { plan, mut cells, patients, matches, histograms } = self;
        let patients = if one_each { &matches } else { &patients };
        for (group, patients) in patients.iter().enumerate() {
            cells.add_patients(group, *patients);
        }
        for (group, courses) in matches.iter().enumerate() {
            cells.add_courses(plan, group, None, 0, *courses);
        }
        for Histogram { quantity, width, counts, .. } in &histograms {
            for (group, counts) in counts.chunks_exact(*width).enumerate() {
                for (value, courses) in (0..).zip(counts).filter(|(_, courses)| **courses > 0) {
                    cells.add_courses(plan, group, Some(*quantity), value, u64::from(*courses));
                }
            }
        }
        cells
    }
}

impl Histogram {
    fn new(quantity: u32, measured: &Measured, groups: usize) -> Self {
        let (min, max) = (measured.min, measured.max.max(measured.min));
        let width = place(max.abs_diff(min)).saturating_add(1);
        let laid_out = width.checked_mul(groups).filter(|cells| *cells <= CELLS_MAX);
        Self { quantity, min, max, width, counts: Zeroizing::new(vec![0; laid_out.unwrap_or(0)]) }
    }
}

fn count(counts: &mut [u64], group: u32) {
    if let Some(count) = counts.get_mut(place(group)) {
        *count = count.saturating_add(1);
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Entries of the largest histogram that is laid out: 4 MiB.
const CELLS_MAX: usize = 1 << 20;
