//! What the cells of a contribution are, and so what can be proved of them.

use crate::digest::{Digest, Label};
use crate::plan::{Block, BlockKind, Plan, Quantity};

/// The cells of one group, how many groups there are, and how many courses a clinic can have at
/// most. Both sides derive it from plan and charter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    groups: usize,
    courses_max: u64,
    cells: Vec<Cell>,
}

/// One cell of a group. Positions are those of cells in the same group; v, x and y are values of one
/// course, shifted to begin at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: what this circuit can prove; another cell is another circuit")]
pub enum Cell {
    /// A number of courses. Without `within`, all groups together have at most the clinic's courses.
    Count {
        /// The count that it is a part of.
        within: Option<usize>,
    },
    /// A number of courses in one bin. The bins of one histogram make up its count.
    Bin {
        /// The count that is binned.
        count: usize,
        /// Which histogram of the group.
        histogram: u32,
    },
    /// Σv over the courses of a count.
    Sum {
        /// The count of these courses.
        count: usize,
        /// M: the largest v.
        width: u64,
    },
    /// Σv² of the values of a sum.
    Squares {
        /// Their sum.
        sum: usize,
    },
    /// Σxy over courses that have both values.
    Product {
        /// The sum of x.
        x: usize,
        /// The sum of y over the same courses.
        y: usize,
    },
}

impl Shape {
    /// A shape of `groups` times these cells, for a clinic with at most `courses_max` courses that
    /// count.
    #[must_use]
    pub const fn new(groups: usize, courses_max: u64, cells: Vec<Cell>) -> Self {
        Self { groups, courses_max, cells }
    }

    /// The shape of contributions to a plan by a clinic with at most `patients_max` patients.
    ///
    /// # Errors
    /// [`Misshapen`] if a block stands without the count or the sum that bounds it, which no question
    /// compiles to.
    pub fn of(plan: &Plan, patients_max: u64) -> Result<Self, Misshapen> {
        let courses_max = patients_max.saturating_mul(u64::from(plan.courses_per_patient));
        let cell = |(at, block)| cell(plan, block).ok_or(Misshapen { at });
        let cells = plan.blocks.iter().enumerate().map(cell).collect::<Result<_, _>>()?;
        Ok(Self { groups: plan.group_count(), courses_max, cells })
    }

    /// How many groups.
    #[must_use]
    pub const fn groups(&self) -> usize {
        self.groups
    }

    /// Most courses that a clinic can count.
    #[must_use]
    pub const fn courses_max(&self) -> u64 {
        self.courses_max
    }

    /// The cells of one group, in order.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The count of a sum's courses and its largest value, M.
    pub(super) fn sum(&self, at: usize) -> Option<(usize, u64)> {
        match self.cells.get(at)? {
            Cell::Sum { count, width } => Some((*count, *width)),
            Cell::Count { .. } | Cell::Bin { .. } | Cell::Squares { .. } | Cell::Product { .. } => None,
        }
    }

    /// Whether a cell is a count of courses.
    pub(super) fn is_count(&self, at: usize) -> bool {
        matches!(self.cells.get(at), Some(Cell::Count { .. }))
    }

    /// The shape's name: what both sides must have alike to decode alike.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let numbers = |cell: &Cell| match *cell {
            Cell::Count { within: None } => [0, 0, 0],
            Cell::Count { within: Some(count) } => [1, number(count), 0],
            Cell::Bin { count, histogram } => [2, number(count), u64::from(histogram)],
            Cell::Sum { count, width } => [3, number(count), width],
            Cell::Squares { sum } => [4, number(sum), 0],
            Cell::Product { x, y } => [5, number(x), number(y)],
        };
        let bytes = |n: u64| n.to_le_bytes();
        let cells: Vec<u8> = self.cells.iter().flat_map(numbers).flat_map(bytes).collect();
        Digest::of(Label::Shape, &[&bytes(number(self.groups)), &bytes(self.courses_max), &cells])
    }
}

/// A cell that nothing bounds: it names no count or sum of its group, or one of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cell {at} of a group stands without the count or the sum that it is part of")]
pub struct Misshapen {
    /// Its position in the group.
    pub at: usize,
}

fn cell(plan: &Plan, block: &Block) -> Option<Cell> {
    let of = |kind| plan.block_position(kind, block.quantity);
    match block.kind {
        BlockKind::Bin { width, .. } => {
            let (first, _) = plan.bins(block.quantity, width).next()?;
            Some(Cell::Bin { count: of(BlockKind::Count)?, histogram: u32::try_from(first).ok()? })
        }
        BlockKind::Product { with } => {
            Some(Cell::Product { x: of(BlockKind::Sum)?, y: plan.block_position(BlockKind::Sum, Some(with))? })
        }
        BlockKind::Count if block.quantity.is_none() => Some(Cell::Count { within: None }),
        BlockKind::Count => Some(Cell::Count { within: plan.block_position(BlockKind::Count, None) }),
        BlockKind::Sum => {
            Some(Cell::Sum { count: of(BlockKind::Count)?, width: plan.quantity_of(block).map(Quantity::width)? })
        }
        BlockKind::Squares => Some(Cell::Squares { sum: of(BlockKind::Sum)? }),
    }
}
