//! How a contribution is written in bits: the numbers of every group, then the slacks of the totals.

use std::collections::BTreeMap;

use prio::field::{Field64, FieldElement as _};

use super::relation::{Balance, Spread};
use super::shape::{Cell, Misshapen, Shape};
use crate::limits::ELEMENTS_MAX_EXACT;

/// p = 2^64 − 2^32 + 1, the modulus of the field (`Field64` of draft-irtf-cfrg-vdaf).
pub(super) const MODULUS: u128 = (1 << 64) - (1 << 32) + 1;

/// No cell, and no sum of counts over bins or groups, reaches this. A relation has at most four terms
/// and a slack, none above twice the largest cell, so with p/16 neither side of it reaches p.
pub(super) const CELL_LIMIT: u128 = 1 << 60;

/// The numbers of a contribution and what is proved of them. A group's numbers are its cells, the
/// slacks of its balances, and the slacks of its spreads; each has so many bits, the highest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    groups: usize,
    courses_max: u64,
    largest: Vec<u64>,
    pub(super) balances: Vec<Balance>,
    pub(super) spreads: Vec<Spread>,
    /// The counts that are bounded over all groups together.
    pub(super) roots: Vec<usize>,
    pub(super) widths: Vec<usize>,
    pub(super) group_bits: usize,
}

impl Layout {
    /// The layout of a shape.
    ///
    /// # Errors
    /// [`Unprovable`] where a cell names a count or a sum that is none, or a number could wrap around
    /// the field's modulus.
    pub(super) fn of(shape: &Shape) -> Result<Self, Unprovable> {
        let mut layout = Self {
            groups: shape.groups(),
            courses_max: shape.courses_max(),
            largest: Vec::new(),
            balances: Vec::new(),
            spreads: Vec::new(),
            roots: Vec::new(),
            widths: Vec::new(),
            group_bits: 0,
        };
        if layout.groups == 0 || layout.courses_max == 0 {
            return Err(Unprovable::Nothing);
        }
        for at in 0..shape.cells().len() {
            layout.add_cell(shape, at)?;
        }
        layout.add_histograms(shape)?;
        layout.check_sum(layout.groups.saturating_add(1))?;
        let slacks = layout.balances.iter().map(|b| b.most).chain(layout.spreads.iter().map(|s| s.most));
        layout.widths = layout.largest.iter().copied().chain(slacks).map(bits).collect();
        layout.group_bits = layout.widths.iter().sum();
        let elements = layout.elements();
        match elements {
            0 => Err(Unprovable::Nothing),
            1..=ELEMENTS_MAX_EXACT => Ok(layout),
            _ => Err(Unprovable::TooMany { elements }),
        }
    }

    /// Input elements, one a bit.
    pub(super) const fn elements(&self) -> usize {
        self.group_bits
            .saturating_mul(self.groups)
            .saturating_add(self.roots.len().saturating_mul(bits(self.courses_max)))
    }

    /// Most courses of the clinic, as an element.
    pub(super) fn courses(&self) -> Field64 {
        Field64::from(self.courses_max)
    }

    /// Cells of a whole contribution.
    pub(super) const fn cells(&self) -> usize {
        self.largest.len() * self.groups
    }

    /// How many spreads the whole contribution has.
    pub(super) const fn spread_count(&self) -> usize {
        self.spreads.len() * self.groups
    }

    /// How many equations of sums the whole contribution has.
    pub(super) const fn equation_count(&self) -> usize {
        self.balances.len() * self.groups + self.roots.len()
    }

    /// Writes honest cells as bits; `None` if they break a bound.
    pub(super) fn encode(&self, cells: &[u64]) -> Option<Vec<Field64>> {
        if cells.len() != self.cells() {
            return None;
        }
        let mut input = Vec::with_capacity(self.elements());
        for group in cells.chunks_exact(self.largest.len().max(1)) {
            let cells = group.iter().zip(&self.largest).map(|(cell, most)| (cell <= most).then_some(*cell));
            let balances = self.balances.iter().map(|balance| balance.slack(group));
            let spreads = self.spreads.iter().map(|spread| spread.slack(group));
            for (number, width) in cells.chain(balances).chain(spreads).zip(&self.widths) {
                push_bits(&mut input, number?, *width);
            }
        }
        for root in &self.roots {
            let of_group = |group: &[u64]| group.get(*root).copied();
            let mut counts = cells.chunks_exact(self.largest.len().max(1)).map(of_group);
            let total = counts.try_fold(0_u64, |total, count| total.checked_add(count?))?;
            push_bits(&mut input, self.courses_max.checked_sub(total)?, bits(self.courses_max));
        }
        Some(input)
    }

    /// The groups' bits, and after them those of the totals' slacks, of an input or a share of one.
    pub(super) fn parts<'a>(
        &self,
        input: &'a [Field64],
    ) -> (impl Iterator<Item = &'a [Field64]>, impl Iterator<Item = &'a [Field64]>) {
        let (groups, totals) = input.split_at(self.group_bits.saturating_mul(self.groups).min(input.len()));
        (groups.chunks_exact(self.group_bits.max(1)), totals.chunks_exact(bits(self.courses_max).max(1)))
    }

    /// All numbers of one group, of its bits or shares of them.
    pub(super) fn numbers(&self, group: &[Field64]) -> Vec<Field64> {
        let mut bits = group.iter();
        self.widths.iter().map(|width| number(bits.by_ref().take(*width))).collect()
    }

    /// A group's numbers in parts: cells, slacks of balances, slacks of spreads.
    pub(super) fn sorted<'n>(&self, numbers: &'n [Field64]) -> [&'n [Field64]; 3] {
        let (cells, slacks) = numbers.split_at(self.largest.len().min(numbers.len()));
        let (balances, spreads) = slacks.split_at(self.balances.len().min(slacks.len()));
        [cells, balances, spreads]
    }

    /// The cells of a whole contribution, of its bits or shares of them.
    pub(super) fn cells_of(&self, input: &[Field64]) -> Vec<Field64> {
        let mut cells = Vec::with_capacity(self.cells());
        for group in self.parts(input).0 {
            let mut bits = group.iter();
            cells.extend(self.widths.iter().take(self.largest.len()).map(|w| number(bits.by_ref().take(*w))));
        }
        cells
    }

    fn add_cell(&mut self, shape: &Shape, at: usize) -> Result<(), Unprovable> {
        let misshapen = Unprovable::Misshapen(Misshapen { at });
        let courses = self.courses_max;
        let Some(cell) = shape.cells().get(at) else { return Err(misshapen) };
        let sum_of = |sum| shape.sum(sum).filter(|(count, _)| shape.is_count(*count)).ok_or(misshapen);
        let largest = match *cell {
            Cell::Count { within: None } => {
                self.roots.push(at);
                courses
            }
            Cell::Count { within: Some(all) } => {
                if shape.cells().get(all) != Some(&(Cell::Count { within: None })) {
                    return Err(misshapen);
                }
                self.balances.push(Balance::new(&[(1, all)], &[(1, at)], courses));
                courses
            }
            Cell::Bin { .. } => courses,
            Cell::Sum { .. } => {
                let (count, width) = sum_of(at)?;
                let largest = fitting(courses, &[width], at)?;
                self.balances.push(Balance::new(&[(width, count)], &[(1, at)], largest));
                largest
            }
            Cell::Squares { sum } => {
                let (count, width) = sum_of(sum)?;
                self.add_spread(at, sum, count, width)?
            }
            Cell::Product { x, y } => {
                let ((count, x_width), (y_count, y_width)) = (sum_of(x)?, sum_of(y)?);
                if count != y_count {
                    return Err(misshapen);
                }
                let largest = fitting(courses, &[x_width, y_width], at)?;
                self.balances.extend([
                    Balance::new(&[(x_width, y)], &[(1, at)], largest),
                    Balance::new(&[(y_width, x)], &[(1, at)], largest),
                    Balance::new(&[(1, at), (x_width * y_width, count)], &[(x_width, y), (y_width, x)], largest),
                ]);
                largest
            }
        };
        self.largest.push(largest);
        fitting(largest, &[], at).map(drop)
    }

    /// Σv² ≤ M·Σv, where the rest Σv(M − v) is at most M²/4 a course; and (Σv)² ≤ count · Σv², where
    /// the rest is at most a quarter of (courses · M)².
    fn add_spread(&mut self, at: usize, sum: usize, count: usize, width: u64) -> Result<u64, Unprovable> {
        let range = u128::from(self.courses_max).saturating_mul(u128::from(width));
        let most = range.saturating_mul(range);
        if most >= MODULUS / 4 {
            return Err(Unprovable::Spread { at });
        }
        let largest = fitting(self.courses_max, &[width, width], at)?;
        self.balances.push(Balance::new(&[(width, sum)], &[(1, at)], largest / 4));
        let most = u64::try_from(most / 4).map_err(|_| Unprovable::Spread { at })?;
        self.spreads.push(Spread { count, sum, squares: at, most });
        Ok(largest)
    }

    /// The bins of each histogram add up to its count.
    fn add_histograms(&mut self, shape: &Shape) -> Result<(), Unprovable> {
        let mut histograms: BTreeMap<(usize, u32), Vec<(u64, usize)>> = BTreeMap::new();
        for (at, cell) in shape.cells().iter().enumerate() {
            if let Cell::Bin { count, histogram } = *cell {
                if !shape.is_count(count) {
                    return Err(Unprovable::Misshapen(Misshapen { at }));
                }
                histograms.entry((count, histogram)).or_default().push((1, at));
            }
        }
        for ((count, _), bins) in histograms {
            self.check_sum(bins.len().saturating_add(1))?;
            self.balances.push(Balance::new(&[(1, count)], &bins, 0));
        }
        Ok(())
    }

    /// That so many counts together stay below the limit.
    fn check_sum(&self, counts: usize) -> Result<(), Unprovable> {
        let counts = u128::try_from(counts).unwrap_or(u128::MAX);
        let most = counts.saturating_mul(u128::from(self.courses_max));
        if most < CELL_LIMIT { Ok(()) } else { Err(Unprovable::Counts) }
    }
}

/// Why nothing can be proved of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unprovable {
    /// A cell that nothing bounds.
    Misshapen(Misshapen),
    /// The product that proves a spread could wrap: the cell of squares at this position.
    Spread { at: usize },
    /// The cell at this position could wrap in what is proved of it.
    Cell { at: usize },
    /// Counts of courses that could wrap when added up.
    Counts,
    /// No groups, no cells, or no courses.
    Nothing,
    /// More elements than any study allows.
    TooMany { elements: usize },
}

/// courses times the widths, if no relation about such a cell can wrap.
fn fitting(courses: u64, widths: &[u64], at: usize) -> Result<u64, Unprovable> {
    let largest = widths.iter().fold(u128::from(courses), |most, width| most.saturating_mul(u128::from(*width)));
    u64::try_from(largest).ok().filter(|_| largest < CELL_LIMIT).ok_or(Unprovable::Cell { at })
}

/// How many bits hold every number up to `most`.
const fn bits(most: u64) -> usize {
    (u64::BITS - most.leading_zeros()) as usize
}

fn push_bits(input: &mut Vec<Field64>, number: u64, width: usize) {
    input.extend((0..width).rev().map(|place| Field64::from(number >> place & 1)));
}

/// The number of these bits, or shares of them, the highest first.
pub(super) fn number<'a>(bits: impl Iterator<Item = &'a Field64>) -> Field64 {
    bits.fold(Field64::zero(), |number, bit| number + number + *bit)
}
