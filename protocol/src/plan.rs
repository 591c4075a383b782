//! A plan: a checked, canonical question, in integers only.
//!
//! Every node derives the plan from the signed query on its own, and the plan's hash must agree
//! before anything is debited. A plan fixes the groups, the cells of a contribution, their bounds,
//! how their privacy cost is split, and the noise.
//!
//! A contribution is one *raw* vector: for each group, for each block, one cell. Raw cells are
//! counts, sums and sums of squares of values shifted to begin at 0, so all are non-negative.
//! Before noise they are re-centred about the middle of the range (a public linear map, applied to
//! shares), which halves their sensitivity: the *released* vector.

use serde::{Deserialize, Serialize};

use crate::cost::RhoMicro;
use crate::dictionary::Fraction;
use crate::digest::{Digest, Label};

pub use cells::{Measured, RawCells};
pub use condition::{Condition, Relation};
pub use grouping::{Bands, Grouping};
pub use measure::{COEFFICIENT_UNITS, Doses, Foretold, Gain, Measure, MissingEndpoint, Part, Timepoint, WEIGHT_UNITS};

mod canonical;
mod cells;
mod condition;
mod describe;
mod grouping;
mod measure;
mod merged;

/// Counted up whenever the meaning of any question changes; bound into every plan and query.
pub const SEMANTICS_VERSION: u32 = 2;

/// A checked question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`SEMANTICS_VERSION`] of the node that made it.
    pub semantics: u32,
    /// Whether noise is added.
    pub mode: Mode,
    /// The closed categories and bands that groups are made of, outermost first. None: one group of all.
    pub group_by: Vec<Grouping>,
    /// Which courses count. None: all.
    pub filter: Option<Condition>,
    /// What is measured: at most one number per course each.
    pub quantities: Vec<Quantity>,
    /// The cells of one group, in order. Each block is one cell per group.
    pub blocks: Vec<Block>,
    /// What was asked for, in the order of the question.
    pub estimates: Vec<Estimate>,
    /// Most courses that one patient contributes; the first that match.
    pub courses_per_patient: u32,
}

/// Differentially private, or exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete: the two modes of a study")]
pub enum Mode {
    /// Noise bounds what an answer says about a person.
    Dp,
    /// No noise; only small groups are held back.
    Exact,
}

/// Something measured: an integer per course, from 0 to `max - min` once shifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// How the number is found in a course.
    pub measure: Measure,
    /// Smallest value, in units of 10^-decimals. Values below are clipped to it.
    pub min: i64,
    /// Largest value, in units of 10^-decimals. Values above are clipped to it.
    pub max: i64,
    /// Decimal places of the unit.
    pub decimals: u8,
    /// A spread from the literature, in units of 10^-decimals, for intervals whose measured spread
    /// drowns in noise. Public; never from the data.
    pub reference_sd: Option<u32>,
    /// Which set it belongs to: the quantities of one set are missing in a course as soon as one of them is, so that all
    /// of them have the same courses. None: it is missing alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint: Option<u32>,
}

impl Quantity {
    /// M: the largest shifted value.
    #[must_use]
    pub const fn width(&self) -> u64 {
        self.max.saturating_sub(self.min).unsigned_abs()
    }
}

/// One cell per group, with its part of the privacy cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Which quantity it is of; none for a count of all matching courses.
    pub quantity: Option<u32>,
    /// What is added up.
    pub kind: BlockKind,
    /// Its part of the query's cost; 0 in exact mode. One course is in one bin of a histogram, so its bins are paid for
    /// together, by the first of them.
    pub rho: RhoMicro,
    /// The standard deviation of the noise that *each* aggregator adds to the released cell, in
    /// units of 2^-20; 0 in exact mode.
    pub sigma: u64,
}

/// What a cell adds up, over the courses of a group. v is the shifted value, M its largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "complete for this version of the plan; a new block is a new semantics version"
)]
pub enum BlockKind {
    /// Raw and released: how many courses have a value (without a quantity: how many match).
    Count,
    /// Raw Σv; released 2Σv − M·n, so one course changes it by at most M.
    Sum,
    /// Raw Σv²; released Σ(2(2v − M)² − M²) = 8Σv² − 8MΣv + M²·n, so one course changes it by at
    /// most M².
    Squares,
    /// Raw and released: how many courses have a value from `from` to `to`, both included. The bins of one quantity and
    /// width are one histogram, and hold every value that can be.
    Bin {
        /// How many values a bin of this histogram has, unless an end of the range cuts it: names the histogram.
        width: u64,
        /// Smallest shifted value.
        from: u64,
        /// Largest shifted value.
        to: u64,
    },
    /// Raw Σvw with another quantity of the same set, whose largest value is N; released Σ(2v − M)(2w − N) = 4Σvw −
    /// 2NΣv − 2MΣw + MN·n, so one course changes it by at most MN.
    Product {
        /// The other quantity.
        with: u32,
    },
}

/// One expression of the `SELECT` list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// The name after `AS`, or the expression as it was written.
    pub name: String,
    /// What is estimated.
    pub of: EstimateKind,
    /// Which quantity; none for a count, and for what has one quantity a point.
    pub quantity: Option<u32>,
    /// The other quantities, in the order of the question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<u32>,
}

/// What an estimate tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EstimateKind {
    /// How many courses match.
    Count,
    /// The mean of a quantity. Needs its Count, Sum and Squares blocks.
    Mean,
    /// The share of courses for which a yes/no quantity is yes. Needs its Count and Sum blocks.
    Rate,
    /// All values of a quantity together. Needs its Count and Sum blocks.
    Sum,
    /// The variance of a quantity among courses, n − 1 in the denominator. Needs what a mean needs.
    Variance,
    /// The square root of the variance.
    Stddev,
    /// The value below which this share of courses lies, by R's type 7. Needs its Count block and the histogram of single
    /// values.
    Quantile {
        /// The share; 1/2 for a median.
        share: Fraction,
    },
    /// How many courses have a value in each bin. Needs its Count block and the bins.
    Histogram {
        /// Values of a bin, in units of 10^-decimals. Bins begin at multiples of it.
        width: u64,
    },
    /// Pearson's correlation of a quantity with the one of `with`. Needs the Count, Sums, Squares and Product of their set.
    Correlation,
    /// A quantity as a linear function of those in `with`, by least squares. Needs the Count, Sums, Squares and Products of
    /// their set.
    Linear,
    /// One round of a logistic regression of a yes/no. In `with` are its columns, then what is foretold of a course: chance,
    /// surprise, weight, and the weight times each column. Needs the Count and Sums of their set, and the Products of its
    /// score and information.
    Logistic,
    /// The share of courses to which nothing happened yet, day by day, by Kaplan and Meier. Needs the histogram of a
    /// [`Measure::TimeTo`].
    Survival,
    /// How often something happened for so many of what it is counted against, which is in `with`. Needs what a
    /// correlation needs.
    EventsPer {
        /// So many.
        per: u32,
    },
    /// The means of the quantities of `with`, one for each day.
    Trajectory,
}

/// A place in the vector of cells could not be found: the vector is not of this plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a vector of {got} cells, where this plan has {want}")]
pub struct WrongLength {
    /// Cells of the plan.
    pub want: usize,
    /// Cells that came.
    pub got: usize,
}

impl Plan {
    /// How many groups there are: the product of all categories, whether or not anyone is in them.
    #[must_use]
    pub fn group_count(&self) -> usize {
        self.group_by.iter().map(|g| g.values.len()).product()
    }

    /// How many cells a contribution has.
    #[must_use]
    pub fn cell_count(&self) -> usize {
        self.group_count() * self.blocks.len()
    }

    /// The key of each group in cell order: field and value, outermost first.
    #[must_use]
    pub fn group_keys(&self) -> Vec<Vec<(String, String)>> {
        let mut keys: Vec<Vec<(String, String)>> = vec![Vec::new()];
        for grouping in &self.group_by {
            keys = keys
                .iter()
                .flat_map(|key| {
                    grouping.values.iter().map(move |value| {
                        let mut longer = key.clone();
                        longer.push((grouping.field.clone(), value.clone()));
                        longer
                    })
                })
                .collect();
        }
        keys
    }

    /// The quantity a block is of.
    #[must_use]
    pub fn quantity_of(&self, block: &Block) -> Option<&Quantity> {
        self.quantity(block.quantity?)
    }

    /// The position within a group of the block of this kind and quantity.
    #[must_use]
    pub fn block_position(&self, kind: BlockKind, quantity: Option<u32>) -> Option<usize> {
        let own = self.blocks.iter().position(|b| b.kind == kind && b.quantity == quantity);
        own.or_else(|| {
            // The quantities of a set have one count.
            let set = self.quantity(quantity?)?.joint.filter(|_| kind == BlockKind::Count)?;
            let of_set = |block: &Block| self.quantity_of(block).is_some_and(|known| known.joint == Some(set));
            self.blocks.iter().position(|block| block.kind == kind && of_set(block))
        })
    }

    /// A quantity by its number.
    #[must_use]
    pub fn quantity(&self, number: u32) -> Option<&Quantity> {
        self.quantities.get(usize::try_from(number).ok()?)
    }

    /// The positions within a group of the bins of a quantity's histogram of this width, from the smallest values; empty
    /// where the plan has none.
    pub fn bins(&self, quantity: Option<u32>, width: u64) -> impl Iterator<Item = (usize, &Block)> {
        let of = move |block: &Block| {
            block.quantity == quantity && matches!(block.kind, BlockKind::Bin { width: known, .. } if known == width)
        };
        self.blocks.iter().enumerate().filter(move |(_, block)| of(block))
    }

    /// Whether a block is paid for by another: a bin that is not the first of its histogram.
    #[must_use]
    pub fn is_paid_by_another(&self, position: usize) -> bool {
        let Some(Block { kind: BlockKind::Bin { width, .. }, quantity, .. }) = self.blocks.get(position) else {
            return false;
        };
        self.bins(*quantity, *width).next().is_none_or(|(first, _)| first != position)
    }

    /// The largest change, in released units, that one patient can cause in a block over all
    /// groups together: L2, so courses that fall into one group add up. Of a bin: in all bins of its histogram together.
    #[must_use]
    pub fn sensitivity(&self, block: &Block) -> u64 {
        let width = self.quantity_of(block).map_or(1, Quantity::width);
        let one = match block.kind {
            BlockKind::Count | BlockKind::Bin { .. } => 1,
            BlockKind::Sum => width,
            BlockKind::Squares => width.saturating_mul(width),
            BlockKind::Product { with } => width.saturating_mul(self.quantity(with).map_or(1, Quantity::width)),
        };
        one.saturating_mul(u64::from(self.courses_per_patient))
    }

    /// Which blocks are opened before the rest, to find small groups: the counts; in exact mode
    /// also every bin, every sum, every sum of squares of a quantity of more than two values, and the product of two
    /// quantities of two values, which tells how many have which two. The sum of a quantity of two values tells with n how
    /// many have each; a sum and its squares tell whether a few people make them.
    #[must_use]
    pub fn opened_blocks(&self) -> Vec<usize> {
        let opened = |block: &Block| match block.kind {
            BlockKind::Count => true,
            BlockKind::Sum | BlockKind::Bin { .. } => self.mode == Mode::Exact,
            BlockKind::Squares => self.mode == Mode::Exact && !self.has_two_values(block),
            BlockKind::Product { with } => {
                let other = self.quantity(with).is_some_and(|quantity| quantity.width() == 1);
                self.mode == Mode::Exact && self.has_two_values(block) && other
            }
        };
        (0..self.blocks.len()).filter(|i| self.blocks.get(*i).is_some_and(opened)).collect()
    }

    /// Whether a block is of a quantity that takes two values only, as every yes or no does.
    #[must_use]
    pub fn has_two_values(&self, block: &Block) -> bool {
        self.quantity_of(block).is_some_and(|quantity| quantity.width() == 1)
    }

    /// Re-centres a raw vector, or a share of one: released = linear map of raw. Works in any ring,
    /// so aggregators apply it to shares in the field and tests to plain integers.
    ///
    /// # Errors
    /// [`WrongLength`] if the vector is not of this plan.
    pub fn recentre<R: Ring>(&self, raw: &[R]) -> Result<Vec<R>, WrongLength> {
        let wrong = WrongLength { want: self.cell_count(), got: raw.len() };
        if raw.len() != self.cell_count() {
            return Err(wrong);
        }
        let mut released = Vec::with_capacity(raw.len());
        for group in raw.chunks_exact(self.blocks.len().max(1)) {
            let cell = |kind, quantity| self.block_position(kind, quantity).and_then(|i| group.get(i)).ok_or(wrong);
            for (block, value) in self.blocks.iter().zip(group) {
                let width = self.quantity_of(block).map_or(0, Quantity::width);
                let count = || cell(BlockKind::Count, block.quantity);
                released.push(match block.kind {
                    BlockKind::Count | BlockKind::Bin { .. } => value.times(1),
                    BlockKind::Sum => value.times(2).minus(&count()?.times(width)),
                    BlockKind::Squares => {
                        let sum = cell(BlockKind::Sum, block.quantity)?.times(width).times(8);
                        value.times(8).minus(&sum).minus(&count()?.times(width).times(width).negated())
                    }
                    BlockKind::Product { with } => {
                        let other = self.quantity(with).map_or(0, Quantity::width);
                        let [x, y] = [cell(BlockKind::Sum, block.quantity)?, cell(BlockKind::Sum, Some(with))?];
                        let sums = x.times(other).times(2).minus(&y.times(width).times(2).negated());
                        value.times(4).minus(&sums).minus(&count()?.times(width).times(other).negated())
                    }
                });
            }
        }
        Ok(released)
    }

    /// The plan's name: H over its deterministic CBOR.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(Label::Plan, &[&canonical::encode(self)])
    }
}

/// What [`Plan::recentre`] needs of numbers: plain integers and field elements both have it.
pub trait Ring: Sized {
    /// This, so many times.
    #[must_use]
    fn times(&self, n: u64) -> Self;
    /// This less the other.
    #[must_use]
    fn minus(&self, other: &Self) -> Self;
    /// The other way round from zero.
    #[must_use]
    fn negated(&self) -> Self {
        self.times(0).minus(self)
    }
}

impl Ring for i128 {
    fn times(&self, n: u64) -> Self {
        self.saturating_mul(Self::from(n))
    }
    fn minus(&self, other: &Self) -> Self {
        self.saturating_sub(*other)
    }
}
