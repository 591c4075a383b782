//! Contributions written past the honest way: each bound broken alone, and by all that can be tried
//! with the numbers beside it.

use prio::field::{Field64, FieldElement as _};
use prio::flp::Flp as _;
use prio::flp::Type as _;
use prio::flp::test_utils::TypeTest;

use super::{ROOT, elements, everything, everything_of, statement};
use crate::share::layout::{Layout, MODULUS};
use crate::share::relation::{Balance, Spread};
use crate::share::statement::Statement;
use crate::share::{Cell, Shape};

/// A liar's input: these cells, and for each relation the slack that holds where one does.
struct Forged {
    input: Vec<Field64>,
    /// How many relations no slack makes hold.
    broken: usize,
    /// The same with the missing slack, whatever element it is, in the place of its lowest bit: every
    /// equation holds, and not every element is a bit.
    solved: Option<Vec<Field64>>,
}

fn forge(layout: &Layout, courses: u64, cells: &[u64]) -> Forged {
    let (mut input, mut solved, mut broken, mut solvable) = (vec![], vec![], 0, true);
    let mut write = |number: i128, width: usize| {
        let bits = usize::try_from(i128::BITS - number.leading_zeros()).unwrap();
        let fits = number >= 0 && bits <= width;
        let shown = if fits { number } else { 0 };
        let bits = (0..width).rev().map(|place| Field64::from(u64::try_from(shown >> place & 1).unwrap()));
        let start = input.len();
        input.extend(bits);
        solved.extend_from_slice(&input[start..]);
        if !fits {
            broken += 1;
            solvable &= width > 0;
            if let Some(last) = solved.last_mut().filter(|_| width > 0) {
                let p = i128::try_from(MODULUS).unwrap();
                *last = Field64::from(u64::try_from(number.rem_euclid(p)).unwrap());
            }
        }
    };
    for group in cells.chunks(cells_of_a_group(layout)) {
        let balances = layout.balances.iter().map(|balance| missing(balance, group));
        let spreads = layout.spreads.iter().map(|spread| rest(spread, group));
        let numbers = group.iter().copied().map(i128::from).chain(balances).chain(spreads);
        numbers.zip(&layout.widths).for_each(|(number, width)| write(number, *width));
    }
    for root in &layout.roots {
        let total: i128 = cells.chunks(cells_of_a_group(layout)).map(|group| i128::from(group[*root])).sum();
        let width = usize::try_from(u64::BITS - courses.leading_zeros()).unwrap();
        write(i128::from(courses) - total, width);
    }
    Forged { input, broken, solved: Some(solved).filter(|_| solvable) }
}

fn cells_of_a_group(layout: &Layout) -> usize {
    layout.widths.len() - layout.balances.len() - layout.spreads.len()
}

/// The slack of a balance, below 0 where there is none: found by what its equation lacks.
fn missing(balance: &Balance, group: &[u64]) -> i128 {
    let lacks = u128::from(u64::from(balance.sum(&elements(group)).unwrap()));
    let lacks = i128::try_from(lacks).unwrap();
    let p = i128::try_from(MODULUS).unwrap();
    if lacks > p / 2 { lacks - p } else { lacks }
}

fn rest(spread: &Spread, group: &[u64]) -> i128 {
    let [count, sum, squares] = spread.pick(group).unwrap().map(i128::from);
    count * squares - sum * sum
}

fn refused(statement: &Statement, input: &[Field64], why: &str) {
    let test = TypeTest { flp: statement, name: Some(why), input, expected_output: None, expect_valid: false };
    test.run::<3>();
}

#[test]
fn honest_contributions_of_every_shape_hold() {
    let bins = |n| (0..n).map(|_| Cell::Bin { count: 0, histogram: 0 });
    let moments = [ROOT, Cell::Sum { count: 0, width: 52 }, Cell::Squares { sum: 1 }];
    let many: Vec<Cell> = moments.into_iter().chain(bins(10)).collect();
    let busy = [&[9, 100, 2_000][..], &[1, 0, 2, 0, 0, 3, 0, 0, 0, 3]].concat();
    let shapes = [
        (Shape::new(1, 1, vec![ROOT]), vec![1]),
        (Shape::new(7, 100, vec![ROOT]), vec![0, 100, 0, 0, 0, 0, 0]),
        (Shape::new(1, 5, vec![ROOT, Cell::Sum { count: 0, width: 0 }]), vec![5, 0]),
        (Shape::new(10, 10_000, many.clone()), busy.repeat(10)),
        (Shape::new(2, 10_000, many), vec![0; 26]),
        (everything(3, 4), everything_of(&[Some((10, 20))]).repeat(3)),
        (everything(1, 4), everything_of(&[Some((10, 20)), Some((0, 0)), None, Some((10, 0))])),
    ];
    for (shape, cells) in shapes {
        let statement = statement(&shape);
        let input = statement.encode_measurement(&cells).unwrap();
        TypeTest::expect_valid::<3>(&statement, &input, &elements(&cells));
    }
}

#[test]
fn each_bound_broken_alone_is_refused() {
    struct Case {
        why: &'static str,
        cells: Vec<Cell>,
        values: Vec<u64>,
    }
    let within = vec![ROOT, Cell::Count { within: Some(0) }];
    let bins = vec![ROOT, Cell::Bin { count: 0, histogram: 0 }, Cell::Bin { count: 0, histogram: 0 }];
    let yes_no = vec![ROOT, Cell::Sum { count: 0, width: 1 }];
    let spread = vec![ROOT, Cell::Sum { count: 0, width: 52 }, Cell::Squares { sum: 1 }];
    let sums = [Cell::Sum { count: 0, width: 10 }, Cell::Sum { count: 0, width: 20 }, Cell::Product { x: 1, y: 2 }];
    let product: Vec<Cell> = [ROOT].into_iter().chain(sums).collect();
    let two_groups = |first: Vec<u64>| first.into_iter().chain([0, 0]).collect();
    let cases = [
        Case { why: "one course more than patients", cells: vec![ROOT], values: vec![101, 0] },
        Case { why: "each group within patients, together above", cells: vec![ROOT], values: vec![60, 41] },
        Case { why: "more values than courses", cells: within, values: two_groups(vec![5, 6]) },
        Case { why: "bins below their count", cells: bins.clone(), values: vec![5, 2, 2, 0, 0, 0] },
        Case { why: "bins above their count", cells: bins, values: vec![5, 3, 3, 0, 0, 0] },
        Case { why: "more yes than courses", cells: yes_no, values: two_groups(vec![5, 6]) },
        Case { why: "squares above M · sum", cells: spread.clone(), values: vec![2, 10, 521, 0, 0, 0] },
        Case { why: "sum² above count · squares", cells: spread.clone(), values: vec![2, 10, 49, 0, 0, 0] },
        Case { why: "squares without a course", cells: spread, values: vec![0, 0, 1, 0, 0, 0] },
        Case { why: "product above Mx · Σy", cells: product.clone(), values: vec![2, 5, 6, 61, 0, 0, 0, 0] },
        Case { why: "product above My · Σx", cells: product.clone(), values: vec![2, 3, 30, 61, 0, 0, 0, 0] },
        Case { why: "product below what is left", cells: product, values: vec![2, 19, 39, 369, 0, 0, 0, 0] },
    ];
    for Case { why, cells, values } in cases {
        let shape = Shape::new(2, 100, cells);
        let (layout, statement) = (Layout::of(&shape).unwrap(), statement(&shape));
        let forged = forge(&layout, 100, &values);
        assert_eq!(forged.broken, 1, "{why}: nothing else is broken");
        assert!(statement.encode_measurement(&values).is_err(), "{why}: the honest way refuses it");
        refused(&statement, &forged.input, why);
        if let Some(solved) = forged.solved {
            refused(&statement, &solved, &format!("{why}, with a slack that is no number of bits"));
        }
    }
}

#[test]
fn elements_that_are_no_bits_are_refused_even_where_every_equation_holds() {
    let shape = everything(2, 50);
    let statement = statement(&shape);
    let honest = statement.encode_measurement(&everything_of(&[Some((3, 4)), None]).repeat(2)).unwrap();
    let one = Field64::one();
    let two = one + one;
    let pairs = (0..honest.len() - 1).filter(|at| honest[*at] == one && honest[at + 1] == Field64::zero());
    let at: Vec<usize> = pairs.collect();
    assert!(at.len() > 20, "places where a bit can be written as two halves");
    for at in at {
        let mut same_number = honest.clone();
        (same_number[at], same_number[at + 1]) = (Field64::zero(), two);
        refused(&statement, &same_number, &format!("1 at {at} written as twice 1 at the next"));
    }
    for at in 0..honest.len() {
        for (element, why) in [(two, "2"), (-one, "−1"), (Field64::from(u64::MAX >> 1), "a large element")] {
            let mut changed = honest.clone();
            changed[at] = element;
            refused(&statement, &changed, &format!("{why} at {at}"));
        }
    }
}

#[test]
fn a_bit_that_is_turned_is_refused_wherever_it_stands() {
    let statement = statement(&everything(2, 50));
    let honest = statement.encode_measurement(&everything_of(&[Some((3, 4)), None]).repeat(2)).unwrap();
    for at in 0..honest.len() {
        let mut turned = honest.clone();
        turned[at] = Field64::one() - turned[at];
        refused(&statement, &turned, &format!("bit {at}"));
    }
    let all = vec![Field64::one(); honest.len()];
    refused(&statement, &all, "every number at the most its bits can hold");
}

#[test]
fn numbers_as_large_as_the_field_allows_do_not_wrap_around() {
    // (courses · M)² just below p/4, where a spread is proved; and a sum just below 2^60.
    let (courses, width) = (10_000, 214_748);
    let shape = Shape::new(2, courses, vec![ROOT, Cell::Sum { count: 0, width }, Cell::Squares { sum: 1 }]);
    let (layout, at_the_edge) = (Layout::of(&shape).unwrap(), statement(&shape));
    let all_at_the_top = vec![courses, courses * width, courses * width * width, 0, 0, 0];
    let half = courses / 2;
    let all_at_both_ends = vec![courses, half * width, half * width * width, 0, 0, 0];
    for honest in [all_at_the_top, all_at_both_ends] {
        let input = at_the_edge.encode_measurement(&honest).unwrap();
        TypeTest::expect_valid::<3>(&at_the_edge, &input, &elements(&honest));
    }
    let most: Vec<u64> = layout.widths.iter().take(3).map(|width| (1 << width) - 1).collect();
    let lies = [
        ("a sum of all bits", vec![courses, most[1], most[2], 0, 0, 0]),
        ("courses of all bits", vec![most[0], most[1], most[2], 0, 0, 0]),
        ("squares of nothing", vec![0, 0, most[2], 0, 0, 0]),
        ("a sum of nothing", vec![0, most[1], 0, 0, 0, 0]),
    ];
    for (why, cells) in lies {
        let forged = forge(&layout, courses, &cells);
        refused(&at_the_edge, &forged.input, why);
        if let Some(solved) = forged.solved {
            refused(&at_the_edge, &solved, why);
        }
    }
    let refuses = |courses, width| {
        let shape = Shape::new(1, courses, vec![ROOT, Cell::Sum { count: 0, width }, Cell::Squares { sum: 1 }]);
        Layout::of(&shape).is_err()
    };
    assert!(refuses(courses, width + 1), "one step wider and the proof could wrap");
    assert!(refuses(u64::MAX, 1) && refuses(1, u64::MAX) && refuses(u64::MAX, u64::MAX));
}

#[test]
fn inputs_and_factors_of_another_length_are_refused_without_a_panic() {
    let statement = statement(&everything(1, 9));
    let input = vec![Field64::zero(); statement.input_len()];
    let factors = vec![Field64::one(); statement.joint_rand_len()];
    let valid = |input: &[Field64], factors: &[Field64]| statement.valid(&mut statement.gadget(), input, factors, 2);
    assert!(valid(&input, &factors).is_ok());
    assert!(valid(&input[1..], &factors).is_err());
    assert!(valid(&input, &factors[1..]).is_err());
    assert!(valid(&[], &[]).is_err());
    assert!(statement.valid(&mut vec![], &input, &factors, 2).is_err(), "no gadget");
    assert!(statement.truncate(input[1..].to_vec()).is_err());
    assert!(statement.decode_result(&input, 1).is_err());
}
