//! An adversary who knows every total and everything that is shown, against the groups that are held back.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::held_back;

/// One kind of number over a table: what is shown of it, and every total along every field of more than one value.
struct Adversary {
    values: Vec<usize>,
    held: Vec<bool>,
    truth: Vec<i128>,
}

impl Adversary {
    fn knowing(values: &[usize], held: &[bool], numbers: &[Vec<u64>], kind: usize) -> Self {
        let truth = numbers.iter().map(|numbers| i128::from(numbers[kind])).collect();
        Self { values: values.to_vec(), held: held.to_vec(), truth }
    }

    /// The groups of each line along a field, as sets of positions.
    fn lines(&self) -> Vec<Vec<usize>> {
        let (mut lines, mut stride) = (Vec::new(), 1);
        for values in self.values.iter().rev() {
            if *values > 1 {
                let firsts = (0..self.truth.len()).filter(|group| group / stride % values == 0);
                lines.extend(firsts.map(|first| (0..*values).map(|at| first + at * stride).collect::<Vec<_>>()));
            }
            stride *= values;
        }
        lines
    }

    /// Whether the equations leave one value only: whether the unit row is in the span of the lines, by elimination over
    /// the whole numbers.
    fn solves(&self, group: usize) -> bool {
        let unknown: Vec<usize> = (0..self.truth.len()).filter(|at| self.held[*at]).collect();
        let row = |line: &Vec<usize>| unknown.iter().map(|at| i128::from(line.contains(at))).collect::<Vec<_>>();
        let mut rows: Vec<Vec<i128>> = self.lines().iter().map(row).collect();
        let mut wanted: Vec<i128> = unknown.iter().map(|at| i128::from(*at == group)).collect();
        for column in 0..unknown.len() {
            let Some(at) = rows.iter().position(|row| row[column] != 0) else { continue };
            let pivot = rows.swap_remove(at);
            rows.iter_mut().for_each(|row| eliminate(row, &pivot, column));
            eliminate(&mut wanted, &pivot, column);
        }
        wanted.iter().all(|left| *left == 0)
    }

    /// How many different values a held group of a table of one or two fields may have, less one, among whole numbers
    /// that are not negative and have these totals: by flows through the other held groups.
    fn width(&self, group: usize) -> i128 {
        let wide: Vec<usize> = self.values.iter().copied().filter(|values| *values > 1).collect();
        match wide[..] {
            [_] => self.truth.iter().zip(&self.held).filter(|(_, held)| **held).map(|(number, _)| number).sum(),
            [_, columns] => {
                let (row, column) = (group / columns, group % columns);
                let up = self.flow(columns, group, (false, column), (true, row));
                let down = self.flow(columns, group, (true, row), (false, column)).min(self.truth[group]);
                up + down
            }
            _ => panic!("{wide:?}"),
        }
    }

    /// Most that can go from one place to another: from a row to a column a held group grows, the other way one shrinks.
    fn flow(&self, columns: usize, but: usize, from: (bool, usize), to: (bool, usize)) -> i128 {
        let (mut numbers, mut total) = (self.truth.clone(), 0);
        loop {
            let mut came: Vec<Step> = Vec::new();
            let mut waiting = VecDeque::from([from]);
            while let Some(place) = waiting.pop_front() {
                for group in (0..numbers.len()).filter(|group| self.held[*group] && *group != but) {
                    let (row, column) = ((true, group / columns), (false, group % columns));
                    let next = if place == row {
                        column
                    } else if place == column && numbers[group] > 0 {
                        row
                    } else {
                        continue;
                    };
                    if next != from && came.iter().all(|step| step.to != next) {
                        came.push(Step { to: next, from: place, through: group });
                        waiting.push_back(next);
                    }
                }
            }
            let (mut path, mut place) = (Vec::new(), to);
            while place != from {
                let Some(step) = came.iter().find(|step| step.to == place) else { return total };
                path.push((step.through, step.from.0));
                place = step.from;
            }
            let most =
                path.iter().filter(|(_, grows)| !grows).map(|(group, _)| numbers[*group]).min().unwrap_or(ENDLESS);
            path.iter().for_each(|(group, grows)| numbers[*group] += if *grows { most } else { -most });
            total += most;
            if total >= ENDLESS {
                return ENDLESS;
            }
        }
    }
}

/// One step of a flow between a row (true) and a column, through the group where they meet.
struct Step {
    from: (bool, usize),
    to: (bool, usize),
    through: usize,
}

/// More than any number of these tests.
const ENDLESS: i128 = 1 << 40;

fn eliminate(row: &mut [i128], pivot: &[i128], column: usize) {
    let (mine, theirs) = (row[column], pivot[column]);
    for (cell, other) in row.iter_mut().zip(pivot) {
        *cell = *cell * theirs - other * mine;
    }
    let common = row.iter().fold(0, |common, cell| divisor(common, cell.abs()));
    if common > 1 {
        row.iter_mut().for_each(|cell| *cell /= common);
    }
}

fn divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// Tables of up to three fields, with many empty and many small groups, and two kinds of numbers of which the second is
/// a part of the first.
fn tables() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<u64>>, u64)> {
    let number = prop_oneof![2 => Just(0_u64), 3 => 1..12_u64, 4 => 10..40_u64];
    prop::collection::vec(1..=4_usize, 1..=3).prop_flat_map(move |values| {
        let groups = values.iter().product::<usize>();
        let numbers = (number.clone(), 0..=100_u64).prop_map(|(all, share)| vec![all, all * share / 100]);
        (Just(values), prop::collection::vec(numbers, groups), 2..=12_u64)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn who_knows_every_total_and_all_that_is_shown_finds_no_small_number((values, numbers, cohort_min) in tables()) {
        let held = held_back(&values, &numbers, &[], cohort_min);
        let fields = values.iter().filter(|values| **values > 1).count();
        let everything = held.iter().all(|held| *held);
        for group in 0..numbers.len() {
            for kind in 0..2 {
                if (1..cohort_min).contains(&numbers[group][kind]) {
                    prop_assert!(held[group], "a small number is shown");
                    // Where no box is wide enough nothing is shown, and the totals alone say what they say.
                    if everything || fields == 0 {
                        continue;
                    }
                    let adversary = Adversary::knowing(&values, &held, &numbers, kind);
                    prop_assert!(!adversary.solves(group), "solved: {values:?} {numbers:?} {held:?} {group} {kind}");
                    if fields < 3 {
                        let width = adversary.width(group);
                        prop_assert!(width >= i128::from(cohort_min), "{width}: {numbers:?} {held:?} {group} {kind}");
                    }
                }
            }
        }
        prop_assert_eq!(held_back(&values, &numbers, &[], cohort_min), held, "every member derives the same");
    }
}

#[test]
fn as_few_groups_as_keep_the_small_ones_are_held_back() {
    struct Case {
        why: &'static str,
        values: &'static [usize],
        people: &'static [u64],
        held: &'static [usize],
    }
    let cases = [
        Case { why: "nothing is small", values: &[3], people: &[10, 20, 0], held: &[] },
        Case { why: "the total less two groups is the third", values: &[3], people: &[4, 30, 20], held: &[0, 2] },
        Case { why: "an empty group hides nobody", values: &[3], people: &[4, 0, 20], held: &[0, 2] },
        Case { why: "two small ones hide each other", values: &[3], people: &[4, 6, 20], held: &[0, 1] },
        Case { why: "two too small ones do not", values: &[3], people: &[4, 5, 20], held: &[0, 1, 2] },
        Case { why: "there is nothing to hide behind", values: &[3], people: &[4, 0, 0], held: &[0, 1, 2] },
        Case { why: "a table of one group", values: &[1, 1], people: &[4], held: &[0] },
        Case { why: "a field of one value is no help", values: &[1, 3], people: &[4, 20, 30], held: &[0, 1] },
        Case { why: "rows and columns both", values: &[2, 3], people: &[3, 40, 20, 50, 60, 30], held: &[0, 2, 3, 5] },
    ];
    for Case { why, values, people, held } in cases {
        let numbers: Vec<Vec<u64>> = people.iter().map(|people| vec![*people]).collect();
        let got = held_back(values, &numbers, &[], 10);
        let got: Vec<usize> = (0..got.len()).filter(|at| got[*at]).collect();
        assert_eq!(got, held, "{why}");
    }
}

#[test]
fn a_group_whose_sums_are_those_of_a_few_is_hidden_like_a_small_one() {
    let numbers: Vec<Vec<u64>> = [40, 30, 20].map(|people| vec![people]).into();
    assert_eq!(held_back(&[3], &numbers, &[true, false, false], 10), [true, false, true]);
    assert_eq!(held_back(&[3], &numbers, &[false; 3], 10), [false; 3]);
}
