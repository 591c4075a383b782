//! Whether contributions to a plan can be proved, summed and sent: every limit on a plan's size.
//!
//! A sum that wraps around the field's modulus decodes to another number without any sign of it, so a
//! plan that could is refused before a clinic is asked.

use super::layout::{Layout, MODULUS, Unprovable};
use super::shape::{Misshapen, Shape};
use crate::limits::{COMMITTEE_MAX, COMMITTEE_MIN, ELEMENTS_MAX_DP, ELEMENTS_MAX_EXACT, GROUPS_MAX};
use crate::plan::{BlockKind, Mode, Plan, Quantity};

pub use too_wide::TooWide;

mod too_wide;

/// Who contributes, as far as sizes depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parties {
    /// Most patients of a clinic.
    pub patients_max: u64,
    /// How many operators contribute at most, one clinic each.
    pub operators: u64,
    /// k: how many aggregators there are.
    pub aggregators: u64,
}

impl Parties {
    /// So many patients a clinic, operators and aggregators.
    #[must_use]
    pub const fn new(patients_max: u64, operators: u64, aggregators: u64) -> Self {
        Self { patients_max, operators, aggregators }
    }
}

/// Checks that no honest contribution, proof or noised sum of this plan can wrap, and that no
/// contribution is larger than a study of its mode allows. A plan must be priced first.
///
/// Per block: the proof that sum² ≤ count · sumsq multiplies up to (patients · courses · M)², which
/// must stay below p/4; and the released sum over all clinics with k times 2^20 standard deviations of
/// noise must stay below p/2. (Noise beyond 2^20 of its own standard deviations has probability
/// e^−2^39.)
///
/// # Errors
/// [`Unfit`] says which limit is passed, and by how much to shrink.
pub fn check_fit(plan: &Plan, parties: &Parties) -> Result<(), Unfit> {
    let groups = plan.group_count();
    if groups > GROUPS_MAX {
        return Err(Unfit::TooManyGroups { groups });
    }
    for block in 0..plan.blocks.len() {
        check_sum(plan, parties, block)?;
    }
    let shape = Shape::of(plan, parties.patients_max).map_err(Unfit::Misshapen)?;
    let layout = Layout::of(&shape).map_err(|why| Unfit::of(why, plan, parties))?;
    let (elements, most) = (layout.elements(), elements_max(plan));
    if elements > most { Err(Unfit::TooManyElements { elements, groups, most }) } else { Ok(()) }
}

/// Why contributions to a plan do not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// More groups than a plan may have.
    #[error("the question makes {groups} groups, where at most {GROUPS_MAX} are allowed")]
    TooManyGroups {
        /// Groups of the plan.
        groups: usize,
    },
    /// More input bits than a contribution may have.
    #[error("a contribution in {groups} groups takes {elements} elements, where {most} are allowed")]
    TooManyElements {
        /// Elements of a contribution, one a bit.
        elements: usize,
        /// Groups that they are for.
        groups: usize,
        /// Elements that are allowed in this mode.
        most: usize,
    },
    /// The proof of a spread could wrap.
    #[error("the proof of a spread overflows: {0}")]
    Proof(TooWide),
    /// A sum over all clinics, with its noise, could wrap.
    #[error("the sum over {operators} operators overflows: {wide}")]
    Sum {
        /// What it is of, and how wide it may be.
        wide: TooWide,
        /// Most operators that contribute.
        operators: u64,
    },
    /// Counts of courses that could wrap.
    #[error("counts of {patients_max} patients a clinic and the noise of {aggregators} aggregators overflow the field")]
    Counts {
        /// Most patients of one clinic.
        patients_max: u64,
        /// How many aggregators.
        aggregators: u64,
    },
    /// A plan whose blocks do not hang together.
    #[error(transparent)]
    Misshapen(Misshapen),
    /// No cells, or no patients.
    #[error("there is nothing to share: no cells, or no patients")]
    Nothing,
    /// A committee of a size that cannot be.
    #[error("a committee of {aggregators}, where there must be {COMMITTEE_MIN} to {COMMITTEE_MAX} members")]
    Committee {
        /// Its members.
        aggregators: u64,
    },
}

impl Unfit {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooManyGroups { .. } => "too-many-groups",
            Self::TooManyElements { .. } => "too-many-elements",
            Self::Proof(_) => "proof-overflows",
            Self::Sum { .. } => "sum-overflows",
            Self::Counts { .. } => "counts-overflow",
            Self::Misshapen(_) => "misshapen-plan",
            Self::Nothing => "nothing-to-share",
            Self::Committee { .. } => "committee-size",
        }
    }

    /// What the person who asked can do next, and by how much to shrink.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::TooManyGroups { groups } => {
                format!("drop a grouping: {} times as many groups as allowed", groups.div_ceil(GROUPS_MAX))
            }
            Self::TooManyElements { elements, groups, most } => {
                let fit = groups.saturating_mul(*most) / elements.max(&1);
                let smaller = "clipping to a narrower range makes each group smaller";
                match fit {
                    0 => format!("ask for fewer estimates at a time; {smaller}"),
                    _ => format!("ask for {fit} groups instead of {groups}, or for fewer estimates; {smaller}"),
                }
            }
            Self::Proof(wide) | Self::Sum { wide, .. } => wide.remedy(),
            Self::Counts { .. } => "ask with a larger ρ, or lower patients_max in the charter".to_owned(),
            Self::Misshapen(_) => "use the same release of Sumac as the other side".to_owned(),
            Self::Nothing => "ask for at least one estimate, of clinics that may hold patients".to_owned(),
            Self::Committee { .. } => "list another committee in the charter".to_owned(),
        }
    }

    /// Why nothing can be proved of a plan's shape, in the plan's own terms.
    pub(super) fn of(why: Unprovable, plan: &Plan, parties: &Parties) -> Self {
        match why {
            Unprovable::Misshapen(cell) => Self::Misshapen(cell),
            Unprovable::Spread { at } => match TooWide::in_proof(plan, parties, at) {
                Some(wide) => Self::Proof(wide),
                None => Self::Misshapen(Misshapen { at }),
            },
            Unprovable::Cell { at } => match TooWide::in_cell(plan, parties, at) {
                Some(wide) => Self::Sum { wide, operators: 1 },
                None => Self::counts(parties),
            },
            Unprovable::Counts => Self::counts(parties),
            Unprovable::Nothing => Self::Nothing,
            Unprovable::TooMany { elements } => {
                Self::TooManyElements { elements, groups: plan.group_count(), most: elements_max(plan) }
            }
        }
    }

    /// The same where there is no plan.
    pub(super) fn of_shape(why: Unprovable) -> Self {
        match why {
            Unprovable::Misshapen(cell) => Self::Misshapen(cell),
            Unprovable::Spread { at } => Self::Proof(TooWide::cell(at)),
            Unprovable::Cell { at } => Self::Sum { wide: TooWide::cell(at), operators: 1 },
            Unprovable::Counts => Self::Counts { patients_max: u64::MAX, aggregators: 0 },
            Unprovable::Nothing => Self::Nothing,
            Unprovable::TooMany { elements } => Self::TooManyElements { elements, groups: 1, most: ELEMENTS_MAX_EXACT },
        }
    }

    const fn counts(parties: &Parties) -> Self {
        Self::Counts { patients_max: parties.patients_max, aggregators: parties.aggregators }
    }
}

/// That a block's released sum over all clinics stays below p/2, with its noise.
fn check_sum(plan: &Plan, parties: &Parties, at: usize) -> Result<(), Unfit> {
    let Some(block) = plan.blocks.get(at) else { return Ok(()) };
    let width = plan.quantity_of(block).map_or(1, Quantity::width);
    let total = released_max(plan, parties, at, width);
    if total < MODULUS / 2 {
        return Ok(());
    }
    match TooWide::in_sum(plan, parties, at, total) {
        Some(wide) => Err(Unfit::Sum { wide, operators: parties.operators }),
        None => Err(Unfit::counts(parties)),
    }
}

/// The largest released sum of a block over all clinics, of a quantity so wide, and 2^20 standard
/// deviations of every aggregator's noise: σ in units of 2^-20 is just that number.
fn released_max(plan: &Plan, parties: &Parties, at: usize, width: u64) -> u128 {
    let Some(block) = plan.blocks.get(at) else { return 0 };
    let one = match block.kind {
        BlockKind::Count | BlockKind::Bin { .. } => 1,
        BlockKind::Sum => u128::from(width),
        BlockKind::Squares => u128::from(width).saturating_mul(u128::from(width)),
        BlockKind::Product { with } => {
            u128::from(width).saturating_mul(plan.quantity(with).map_or(1, Quantity::width).into())
        }
    };
    let courses = courses_max(plan, parties).saturating_mul(u128::from(parties.operators));
    courses.saturating_mul(one).saturating_add(u128::from(block.sigma).saturating_mul(u128::from(parties.aggregators)))
}

/// Most elements of a contribution to such a plan.
const fn elements_max(plan: &Plan) -> usize {
    match plan.mode {
        Mode::Dp => ELEMENTS_MAX_DP,
        Mode::Exact => ELEMENTS_MAX_EXACT,
    }
}

/// Most courses that one clinic can count.
fn courses_max(plan: &Plan, parties: &Parties) -> u128 {
    u128::from(parties.patients_max).saturating_mul(u128::from(plan.courses_per_patient))
}
