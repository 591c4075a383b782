//! A plan, put in terms of one generation's columns.

use sumac_protocol::dictionary::{Better, Fraction};
use sumac_protocol::plan::{MissingEndpoint, Relation};

use super::column::{ColumnId, Width};

/// What to open, whom to let in, which group they are in, and what to measure.
#[derive(Debug)]
pub(crate) struct Program {
    /// The columns it may open. Others refer to them by their place here.
    pub(crate) uses: Vec<(ColumnId, Width)>,
    /// Packed bytes that let a course in or not, each on its own.
    pub(crate) gates: Vec<Gate>,
    /// What else must hold.
    pub(crate) rest: Option<Test>,
    /// What each packed byte adds to the number of a course's group.
    pub(crate) groups: Vec<Part>,
    /// What numbers add to it that are cut into bands; every course that is let in has them.
    pub(crate) bands: Vec<Banded>,
    /// One for each quantity of the plan, in its order.
    pub(crate) quantities: Vec<Measured>,
}

/// The place of a column among those of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use(pub(crate) usize);

/// A table over the patterns of a packed byte.
pub(crate) type Table<T> = Box<[T; 256]>;

#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) byte: Use,
    /// 1 for patterns that are let in.
    pub(crate) pass: Table<u8>,
}

impl Gate {
    /// The first pattern that is let in and how many follow it, if they have no gap.
    pub(crate) fn span(&self) -> Option<(u8, u8)> {
        let first = self.pass.iter().position(|open| *open == 1)?;
        let last = self.pass.iter().rposition(|open| *open == 1)?;
        let whole = self.pass.get(first..=last)?.iter().all(|open| *open == 1);
        let span = (u8::try_from(first).ok()?, u8::try_from(last.checked_sub(first)?).ok()?);
        whole.then_some(span)
    }
}

#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) byte: Use,
    pub(crate) part: Table<u32>,
}

/// A number per course that is cut into bands.
#[derive(Debug)]
pub(crate) struct Banded {
    pub(crate) number: Number,
    /// Rising; a number is in the band above those that it reaches.
    pub(crate) bounds: Vec<i64>,
    /// What each band adds to the number of a group.
    pub(crate) each: u32,
}

/// A number per course, clipped to the bounds of the plan's quantity.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) number: Number,
    pub(crate) min: i32,
    pub(crate) max: i32,
    /// Which set it belongs to, whose numbers count only all together.
    pub(crate) joint: Option<u32>,
}

/// How a condition stands for a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Truth {
    No,
    Yes,
    /// A missing value leaves it open.
    Open,
}

/// A condition.
#[derive(Debug)]
pub(crate) enum Test {
    /// The same for every course.
    Always(Truth),
    /// Decided by one packed byte.
    Byte { byte: Use, truth: Table<Truth> },
    /// A number that compares so with a constant.
    Compare { number: Number, relation: Relation, value: i64 },
    /// All of these.
    All(Vec<Self>),
    /// At least one of these.
    Any(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
}

/// A number per course.
#[derive(Debug)]
pub(crate) enum Number {
    /// No course has it.
    Missing,
    /// A column's value.
    Column(Values),
    /// The total nearest to a day.
    Nearest(Nearest),
    /// The first less the second.
    Less(Box<Self>, Box<Self>),
    /// Moved into bounds.
    Clip { of: Box<Self>, low: i32, high: i32 },
    /// 1 if the total improved by at least a share of the baseline, else 0.
    Response { endpoint: Box<Self>, baseline: Box<Self>, better: Better, at_least: Fraction, missing: MissingEndpoint },
    /// 1 if a total is at a limit or beyond it, else 0.
    Remission { total: Box<Self>, better: Better, limit: i64 },
}

/// A column of numbers.
#[derive(Debug)]
pub(crate) struct Values {
    pub(crate) column: Use,
    pub(crate) code: Code,
}

/// What lies in a column of numbers.
#[derive(Debug)]
pub(crate) enum Code {
    /// A byte, and what each pattern stands for; [`MISSING`] for those without a number.
    Byte(Table<i32>),
    /// A distance of 2 bytes from a number.
    Two { from: i32 },
    /// A distance of 4 bytes from a number.
    Four { from: i32 },
}

/// Which total counts at a timepoint: the nearest to `day`, the later of two as near, the higher of two on one day.
#[derive(Debug)]
pub(crate) struct Nearest {
    pub(crate) day: i32,
    pub(crate) from: i32,
    pub(crate) to: i32,
    /// In order: every total of a tier is nearer than any of the next.
    pub(crate) tiers: Vec<Tier>,
}

/// Totals that only their days can tell apart.
#[derive(Debug)]
pub(crate) enum Tier {
    /// One total at most, and inside the window whatever its day.
    Sure(Values),
    /// Several, or such as may lie outside.
    ByDay(Vec<Candidate>),
}

/// Totals and their days.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) total: Values,
    pub(crate) day: Day,
}

/// On which day a total was taken.
#[derive(Debug)]
pub(crate) enum Day {
    /// The slot has only one.
    Always(i32),
    /// A column says; it may be the one that the total is in.
    Column(Values),
}

/// No number. Below every number that columns can make.
pub(crate) const MISSING: i32 = i32::MIN;
