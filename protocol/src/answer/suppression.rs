//! Which groups are too small to be shown. Every committee member decides alone and all must
//! agree bit for bit, so this is integer arithmetic only.

use num_bigint::BigInt;

use crate::plan::{BlockKind, Estimate, EstimateKind, Mode, Plan};
use crate::privacy::SIGMA_UNITS_PER_ONE;

mod complement;
mod exact;
mod merging;
mod moments;
mod people;

/// What is not shown of opened cells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: groups and bins")]
pub struct HeldBack {
    /// For each group, whether it is held back.
    pub groups: Vec<bool>,
    /// The bins, by their positions within a group and rising, that are counted with one before them, in every group: see
    /// [`Plan::merged_into`]. Empty with noise.
    pub merged: Vec<u32>,
}

/// Which groups are held back, in group order: [`hold_back`]'s.
#[must_use]
pub fn suppress(plan: &Plan, opened: &[i128], cohort_min: u64, aggregators: u32) -> Vec<bool> {
    hold_back(plan, opened, cohort_min, aggregators).groups
}

/// Which groups are held back, and which bins are merged.
///
/// `opened` holds the noised sums of [`Plan::opened_blocks`], group by group. In `dp` mode a group
/// is shown if one of its estimates rests on counts of which each is at least cohort_min + 1.65·√k·σ of that count, for a
/// trajectory those of one day.
///
/// In exact mode bins that are small in a group are merged with their neighbours first, in all groups alike, where nothing but
/// the bins is told of their number. Then a group is held back if anything that its cells tell of people is neither 0 nor at
/// least `cohort_min`: its counts, its bins and what lies between the edges of two histograms, both sides of whatever has
/// two values, and the differences of counts of which one contains the other; or if its sums may be found to be those of
/// fewer. Then further groups are held back with it, so that
/// nobody finds what is missing by taking what is shown from totals that are known from elsewhere:
/// for every small number there stay groups between which at least `cohort_min` can be moved, up in some and down in others,
/// without any total changing (the hypercube method of Repsilber, 1994). If there are no such groups, nothing is shown.
/// A patient has one course in an exact plan, so that counts of courses are counts of people; a
/// plan of more shows nothing.
///
/// Whatever is malformed is held back, and in exact mode everything beside it: a vector that is not
/// of this plan, a plan that opens no counts, more yeses than answers.
#[must_use]
pub fn hold_back(plan: &Plan, opened: &[i128], cohort_min: u64, aggregators: u32) -> HeldBack {
    let (groups, blocks) = (plan.group_count(), plan.opened_blocks());
    let nothing_shown = || HeldBack { groups: vec![true; groups], merged: Vec::new() };
    if blocks.is_empty() || Some(opened.len()) != groups.checked_mul(blocks.len()) {
        return nothing_shown();
    }
    match plan.mode {
        Mode::Dp => {
            let enough = Enough { cohort_min, aggregators };
            let shows = |cells: &[i128]| {
                let count = |at: usize| blocks.binary_search(&at).ok().and_then(|place| cells.get(place).copied());
                plan.estimates.iter().any(|asked| is_shown(plan, asked, enough, count))
            };
            let held = opened.chunks_exact(blocks.len()).map(|cells| !shows(cells));
            HeldBack { groups: held.collect(), merged: Vec::new() }
        }
        Mode::Exact => exact::held_back(plan, &blocks, opened, cohort_min).unwrap_or_else(nothing_shown),
    }
}

/// The smallest count with which [`suppress`] shows all of a group, where all its counts are the same and,
/// in exact mode, everybody's answer is. Stays at the largest number where the noise is beyond it.
#[must_use]
pub fn least_shown(plan: &Plan, cohort_min: u64, aggregators: u32) -> u64 {
    let sigmas = plan.opened_blocks().into_iter().filter_map(|position| plan.blocks.get(position));
    let sigma = match plan.mode {
        Mode::Dp => sigmas.map(|block| block.sigma).max().unwrap_or(0),
        Mode::Exact => 0,
    };
    let wanted = BigInt::from(sigma).pow(2) * aggregators * (165_u32 * 165);
    let unit = BigInt::from(SIGMA_UNITS_PER_ONE) * SIGMA_UNITS_PER_ONE * (100_u32 * 100);
    let root = (&wanted / &unit).sqrt();
    let beyond = if &root * &root * unit < wanted { root + 1_u32 } else { root };
    u64::try_from(beyond).map_or(u64::MAX, |beyond| cohort_min.saturating_add(beyond))
}

/// When a noised count is large enough to be shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Enough {
    pub(crate) cohort_min: u64,
    /// k: how many aggregators each added full noise.
    pub(crate) aggregators: u32,
}

impl Enough {
    /// Whether a noised count is at least cohort_min + 1.65·√k·σ, which is decided as
    /// (count − cohort_min)² · 100² · 2^40 ≥ 165² · k · σ² (σ in units of 2^-20).
    fn is_count(self, count: i128, sigma: u64) -> bool {
        let beyond = BigInt::from(count) - self.cohort_min;
        let wanted = BigInt::from(sigma).pow(2) * self.aggregators * (165_u32 * 165);
        beyond >= BigInt::ZERO && beyond.pow(2) * SIGMA_UNITS_PER_ONE * SIGMA_UNITS_PER_ONE * (100_u32 * 100) >= wanted
    }
}

/// Whether a noised estimate rests on enough courses to be shown: each of its counts is large enough, or that of at least one
/// day of a trajectory. What the estimates beside it rest on does not matter, as each cell has noise of its own.
///
/// `count` tells the noised count at a position of a block within the group.
pub(crate) fn is_shown(plan: &Plan, asked: &Estimate, enough: Enough, count: impl Fn(usize) -> Option<i128>) -> bool {
    let is_enough = |quantity: Option<u32>| are_enough(plan, quantity, enough, &count);
    let mut quantities = asked.quantity.iter().chain(&asked.with).copied().map(Some);
    match asked.of {
        EstimateKind::Count => is_enough(None),
        EstimateKind::Trajectory => quantities.any(is_enough),
        EstimateKind::Mean
        | EstimateKind::Rate
        | EstimateKind::Sum
        | EstimateKind::Variance
        | EstimateKind::Stddev
        | EstimateKind::Quantile { .. }
        | EstimateKind::Histogram { .. }
        | EstimateKind::Correlation
        | EstimateKind::Linear
        | EstimateKind::Logistic
        | EstimateKind::Survival
        | EstimateKind::EventsPer { .. } => quantities.all(is_enough),
    }
}

/// Whether enough courses have a value of a quantity; without one, whether enough match.
pub(crate) fn are_enough(
    plan: &Plan,
    quantity: Option<u32>,
    enough: Enough,
    count: impl Fn(usize) -> Option<i128>,
) -> bool {
    let at = plan.block_position(BlockKind::Count, quantity);
    let block = at.and_then(|at| plan.blocks.get(at));
    at.and_then(count).zip(block).is_some_and(|(count, block)| enough.is_count(count, block.sigma))
}

#[cfg(test)]
mod tests {
    use super::{least_shown, suppress};
    use crate::plan::{EstimateKind, Measure, Mode, Plan, Quantity, Timepoint};
    use crate::privacy::trial::{Asked, count, mean_of, plan, rate_of, released};

    fn exact() -> Plan {
        plan(Mode::Exact, &[], vec![count(), rate_of("response")])
    }

    fn noised(sigma: u64) -> Plan {
        let mut plan = plan(Mode::Dp, &[], vec![count(), mean_of("change", -27, 27, None)]);
        plan.blocks.iter_mut().for_each(|block| block.sigma = sigma);
        plan
    }

    #[test]
    fn an_exact_group_is_shown_only_if_no_cell_of_it_is_small() {
        struct Case {
            why: &'static str,
            /// Courses, answers, and the released 2·yes − answers.
            opened: [i128; 3],
            suppressed: bool,
        }
        let cases = [
            Case { why: "nobody is nobody's secret", opened: [0, 0, 0], suppressed: false },
            Case { why: "ten of each side", opened: [20, 20, 0], suppressed: false },
            Case { why: "nine courses", opened: [9, 0, 0], suppressed: true },
            Case { why: "nine answers", opened: [20, 9, -9], suppressed: true },
            Case { why: "all ten say no", opened: [10, 10, -10], suppressed: false },
            Case { why: "all ten say yes", opened: [10, 10, 10], suppressed: false },
            Case { why: "nine of nineteen say yes", opened: [19, 19, -1], suppressed: true },
            Case { why: "nine of nineteen say no", opened: [19, 19, 1], suppressed: true },
            Case { why: "one of forty says no", opened: [40, 40, 38], suppressed: true },
            Case { why: "more yeses than answers", opened: [40, 20, 40], suppressed: true },
            Case { why: "nine of twenty did not answer", opened: [20, 11, -11], suppressed: true },
            Case { why: "ten of twenty-one did not answer", opened: [21, 11, -11], suppressed: false },
            Case { why: "more answers than people", opened: [20, 21, -21], suppressed: true },
            Case { why: "half a yes", opened: [40, 40, 1], suppressed: true },
            Case { why: "fewer than nobody", opened: [-20, 0, 0], suppressed: true },
        ];
        for Case { why, opened, suppressed } in cases {
            assert_eq!(suppress(&exact(), &opened, 10, 3), [suppressed], "{why}");
        }
    }

    #[test]
    fn what_several_estimates_of_one_query_tell_together_is_not_small_either() {
        let measured = |of, measure| {
            let quantity = Quantity { measure, min: 0, max: 27, decimals: 0, reference_sd: None, joint: None };
            Asked { name: "x", of, quantity: Some(quantity) }
        };
        let (instrument, at) = (|| "phq9".to_owned(), Timepoint { day: 28, from: 14, to: 31 });
        let change = Measure::Change { instrument: instrument(), at };
        let baseline = Measure::Baseline { instrument: instrument() };
        let asked = vec![measured(EstimateKind::Mean, change), measured(EstimateKind::Mean, baseline)];
        let nested = plan(Mode::Exact, &[], asked);
        // So many have the one, and so many the other; nobody is remarkable.
        let cells = |plan: &Plan, [one, other]: [usize; 2]| {
            let value = |at: usize, have: usize| (at < have).then(|| [9, 12, 13, 14, 18][at % 5]);
            let courses: Vec<_> = (0..40).map(|at| (0, vec![value(at, one), value(at, other)])).collect();
            released(plan, &courses)
        };
        for (counts, held, why) in [
            ([30, 30], false, "all with a baseline came back"),
            ([30, 40], false, "ten did not"),
            ([30, 39], true, "nine did not"),
            ([30, 29], true, "a change without a baseline is nobody's"),
        ] {
            assert_eq!(suppress(&nested, &cells(&nested, counts), 10, 3), [held], "{why}");
        }
        let age = |name: &str| measured(EstimateKind::Mean, Measure::Field(name.to_owned()));
        let apart = plan(Mode::Exact, &[], vec![age("age"), age("weight")]);
        assert_eq!(suppress(&apart, &cells(&apart, [30, 29]), 10, 3), [false], "neither is a part of the other");
        let mut twice = plan(Mode::Exact, &[], vec![mean_of("clipped", 3, 4, None)]);
        assert_eq!(twice.opened_blocks(), [0, 1], "a mean of two values is two counts");
        assert_eq!(suppress(&twice, &[30, -28], 10, 3), [true], "one of thirty has the higher value");
        assert_eq!(suppress(&twice, &[30, -10], 10, 3), [false]);
        twice.courses_per_patient = 2;
        assert_eq!(suppress(&twice, &[30, -10], 10, 3), [true], "thirty courses may be fifteen people");
    }

    #[test]
    fn no_group_is_left_alone_and_cells_of_nobody_show_nothing() {
        let arms = plan(Mode::Exact, &["a", "b", "c"], vec![count()]);
        assert_eq!(suppress(&arms, &[3, 40, 30], 10, 3), [true, false, true], "the smaller one hides it");
        assert_eq!(suppress(&arms, &[30, 40, -1], 10, 3), [true; 3], "somebody lied");
        let noisy = plan(Mode::Dp, &["a", "b", "c"], vec![count()]);
        assert_eq!(suppress(&noisy, &[3, 40, 30], 10, 3), [true, false, false], "with noise each decides alone");
    }

    #[test]
    fn a_smallest_cohort_of_none_shows_everything_that_makes_sense() {
        assert_eq!(suppress(&exact(), &[1, 1, 1], 0, 3), [false]);
        assert_eq!(suppress(&exact(), &[1, 1, 1], 1, 3), [false]);
        assert_eq!(suppress(&exact(), &[-1, 1, 1], 0, 3), [true]);
    }

    #[test]
    fn a_noised_group_is_shown_if_one_of_its_counts_clears_the_noise() {
        struct Case {
            why: &'static str,
            sigma: u64,
            k: u32,
            opened: [i128; 2],
            suppressed: bool,
        }
        let one = 1 << 20;
        let cases = [
            Case { why: "10 + 1.65·√4·100 = 340", sigma: 100 * one, k: 4, opened: [340, 340], suppressed: false },
            Case { why: "one short in the mean", sigma: 100 * one, k: 4, opened: [340, 339], suppressed: false },
            Case { why: "one short in both", sigma: 100 * one, k: 4, opened: [339, 339], suppressed: true },
            Case { why: "a hair more noise", sigma: 100 * one + 1, k: 4, opened: [340, 340], suppressed: true },
            Case { why: "10 + 1.65·√3·1 = 12.86", sigma: one, k: 3, opened: [13, 13], suppressed: false },
            Case { why: "12 is below", sigma: one, k: 3, opened: [12, 12], suppressed: true },
            Case { why: "no noise", sigma: 0, k: 3, opened: [10, 10], suppressed: false },
            Case { why: "a large negative square", sigma: one, k: 3, opened: [-1_000, -1_000], suppressed: true },
            Case {
                why: "noise beyond all counts",
                sigma: u64::MAX,
                k: 8,
                opened: [1 << 40, 1 << 40],
                suppressed: true,
            },
            Case { why: "counts beyond all noise", sigma: one, k: 8, opened: [i128::MAX; 2], suppressed: false },
        ];
        for Case { why, sigma, k, opened, suppressed } in cases {
            assert_eq!(suppress(&noised(sigma), &opened, 10, k), [suppressed], "{why}");
        }
    }

    #[test]
    fn the_smallest_count_that_is_shown_is_shown_and_one_less_is_not() {
        let one = 1 << 20;
        for (sigma, k, want) in
            [(0, 3, 10), (100 * one, 4, 340), (100 * one + 1, 4, 341), (one, 3, 13), (7_777_777, 5, 38)]
        {
            let least = least_shown(&noised(sigma), 10, k);
            assert_eq!(least, want, "{sigma}");
            let least = i128::from(least);
            assert_eq!(suppress(&noised(sigma), &[least, least], 10, k), [false], "{sigma}");
            assert_eq!(suppress(&noised(sigma), &[least - 1, least - 1], 10, k), [true], "{sigma}");
        }
        assert_eq!(least_shown(&noised(u64::MAX), u64::MAX, u32::MAX), u64::MAX);
        assert_eq!(least_shown(&exact(), 10, 3), 10);
    }

    #[test]
    fn what_is_not_of_the_plan_shows_nothing() {
        assert_eq!(suppress(&exact(), &[20, 20], 10, 3), [true]);
        assert_eq!(suppress(&exact(), &[], 10, 3), [true]);
        let blind = plan(Mode::Exact, &["drug", "placebo"], vec![]);
        assert_eq!(suppress(&blind, &[], 10, 3), [true, true]);
    }
}
