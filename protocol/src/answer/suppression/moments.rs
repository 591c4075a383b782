//! Whether a sum and its sum of squares rest on a few people, where there is no noise.
//!
//! A group of many shows little of anybody only if many make its numbers. Where all but a few have the lowest value, the sum
//! is that of the few; with their squares, two equations for one or two unknown whole numbers. By the inequality of Cauchy and
//! Schwarz at least (Σv)² / Σv² people have a v above 0: a number that anyone can find from the answer, and which must reach
//! `cohort_min` from either end of the range.

use num_bigint::BigInt;

use crate::plan::{Block, BlockKind, Plan};

/// Whether a group's sums may be found to be those of fewer than `cohort_min`; `None` where the cells are nobody's.
///
/// `blocks` are the plan's opened blocks, `cells` one group's.
pub(super) fn rest_on_few(plan: &Plan, blocks: &[usize], cells: &[i128], cohort_min: u64) -> Option<bool> {
    let opened = |kind, quantity| {
        let position = plan.block_position(kind, quantity)?;
        let place = blocks.iter().position(|block| *block == position)?;
        cells.get(place).map(|cell| BigInt::from(*cell))
    };
    let sums = blocks.iter().filter_map(|position| plan.blocks.get(*position));
    let mut few = false;
    for block in sums.filter(|block| block.kind == BlockKind::Sum && !plan.has_two_values(block)) {
        let sums = Sums::of(plan, block, opened)?;
        few |= cohort_min > 1 && sums.rest_on_few(cohort_min);
    }
    Some(few)
}

/// Sums over the people of a group who have a value, shifted to begin at 0.
struct Sums {
    n: BigInt,
    /// Σv.
    sum: BigInt,
    /// Σv², where the plan asks for it.
    squares: Option<BigInt>,
    /// M: the largest v.
    largest: BigInt,
}

impl Sums {
    /// Reads them back from released cells. `None` where no people have such sums.
    fn of(plan: &Plan, block: &Block, opened: impl Fn(BlockKind, Option<u32>) -> Option<BigInt>) -> Option<Self> {
        let largest = BigInt::from(plan.quantity_of(block)?.width());
        let n = opened(BlockKind::Count, block.quantity)?;
        // The released sum is 2Σv − M·n, the released squares are 8Σv² − 8MΣv + M²·n.
        let sum = over(opened(BlockKind::Sum, block.quantity)? + &largest * &n, 2)?;
        let squares = match opened(BlockKind::Squares, block.quantity) {
            Some(released) => Some(over(released + 8_u32 * &largest * &sum - &largest * &largest * &n, 8)?),
            None => None,
        };
        let range = BigInt::ZERO..=&largest * &n;
        let whole = range.contains(&sum)
            && squares.as_ref().is_none_or(|squares| (sum.clone()..=&largest * &sum).contains(squares));
        whole.then_some(Self { n, sum, squares, largest })
    }

    fn rest_on_few(&self, cohort_min: u64) -> bool {
        let (n, sum, largest) = (&self.n, &self.sum, &self.largest);
        let Some(squares) = &self.squares else {
            let few = |sum: &BigInt| *sum > BigInt::ZERO && *sum < BigInt::from(cohort_min);
            return few(sum) || few(&(largest * n - sum));
        };
        let few = |sum: &BigInt, squares: &BigInt| *sum > BigInt::ZERO && sum * sum < squares * cohort_min;
        few(sum, squares)
            || few(&(largest * n - sum), &self.about(largest, squares))
            || self.nearly_all_alike(squares, cohort_min)
            || self.one_apart(squares)
    }

    /// Σ(v − c)².
    fn about(&self, middle: &BigInt, squares: &BigInt) -> BigInt {
        squares - 2_u32 * middle * &self.sum + &self.n * middle * middle
    }

    /// Whether fewer than `cohort_min` can differ from the value next to the mean: each who does adds at least 1.
    fn nearly_all_alike(&self, squares: &BigInt, cohort_min: u64) -> bool {
        if self.n == BigInt::ZERO {
            return false;
        }
        let below = &self.sum / &self.n;
        [below.clone(), below + 1_u32].iter().any(|middle| {
            let apart = self.about(middle, squares);
            apart > BigInt::ZERO && apart < BigInt::from(cohort_min)
        })
    }

    /// Whether all but one may have the same value c: then Σ(v − c)² = (Σ(v − c))², whose whole roots c are
    /// (Σv·(n − 1) ± √((n − 1)(n·Σv² − (Σv)²))) / (n(n − 1)).
    fn one_apart(&self, squares: &BigInt) -> bool {
        let (n, sum) = (&self.n, &self.sum);
        let others = n - 1_u32;
        let spread = n * squares - sum * sum;
        if others <= BigInt::ZERO || spread <= BigInt::ZERO {
            return false;
        }
        let under = &others * spread;
        let root = under.sqrt();
        if &root * &root != under {
            return false;
        }
        let by = n * &others;
        let range = BigInt::ZERO..=self.largest.clone();
        [sum * &others + &root, sum * &others - &root].iter().any(|top| {
            let (same, rest) = (top / &by, top % &by);
            let one = sum - &others * &same;
            rest == BigInt::ZERO && range.contains(&same) && range.contains(&one)
        })
    }
}

/// This over that, if it is whole.
fn over(number: BigInt, by: u32) -> Option<BigInt> {
    (&number % by == BigInt::ZERO).then(|| number / by)
}

#[cfg(test)]
mod tests {
    use super::rest_on_few;
    use crate::plan::Mode;
    use crate::privacy::trial::{mean_of, plan, released};

    #[test]
    fn sums_that_a_few_people_make_are_told_and_others_are_not() {
        struct Case {
            why: &'static str,
            values: Vec<i64>,
            few: bool,
        }
        let many = |values: &[i64]| values.iter().copied().cycle().take(40).collect::<Vec<_>>();
        let but = |all: i64, some: &[i64]| some.iter().copied().chain(vec![all; 40 - some.len()]).collect::<Vec<_>>();
        let cases = [
            Case { why: "nobody", values: vec![], few: false },
            Case { why: "an ordinary spread", values: many(&[12, 15, 19, 20, 22, 26]), few: false },
            Case { why: "everybody has the same", values: many(&[20]), few: false },
            Case { why: "everybody has the lowest", values: many(&[0]), few: false },
            Case { why: "one above the lowest", values: but(0, &[31]), few: true },
            Case { why: "two above the lowest, 31 and 32", values: but(0, &[31, 32]), few: true },
            Case { why: "nine above the lowest", values: but(0, &[7; 9]), few: true },
            Case { why: "ten above the lowest, alike", values: but(0, &[7; 10]), few: false },
            Case {
                why: "ten, of which one is most of it",
                values: but(0, &[50, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
                few: true,
            },
            Case { why: "two below the highest", values: but(52, &[50, 31]), few: true },
            Case { why: "one who differs from all others", values: but(20, &[33]), few: true },
            Case { why: "three who differ by one", values: but(20, &[21, 19, 21]), few: true },
        ];
        for Case { why, values, few } in cases {
            let plan = plan(Mode::Exact, &[], vec![mean_of("score", 0, 52, None)]);
            let courses: Vec<_> = values.iter().map(|value| (0, vec![Some(*value)])).collect();
            let cells = released(&plan, &courses);
            assert_eq!(plan.opened_blocks(), [0, 1, 2]);
            assert_eq!(rest_on_few(&plan, &[0, 1, 2], &cells, 10), Some(few), "{why}");
            assert_eq!(rest_on_few(&plan, &[0, 1, 2], &cells, 1), Some(false), "{why}, where one may be shown");
        }
    }

    #[test]
    fn sums_that_nobody_has_are_nobodys() {
        let plan = plan(Mode::Exact, &[], vec![mean_of("score", 0, 52, None)]);
        let honest = released(&plan, &[(0, vec![Some(7)]), (0, vec![Some(9)])]);
        for at in 0..3 {
            let mut cells = honest.clone();
            cells[at] -= 1_000_000;
            assert_eq!(rest_on_few(&plan, &[0, 1, 2], &cells, 10), None, "{at}");
        }
    }
}
