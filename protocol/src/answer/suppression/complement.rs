//! Which groups are held back beside the small ones, so that totals do not give these away.
//!
//! The groups of a question are the cells of a table with one dimension for each `GROUP BY` field. Whoever knows all its
//! totals can move nothing but *boxes*: of two values for each field, 2^d groups, up by t where an even number of values
//! is the other one and down by t elsewhere. That changes no total along any field. So a small number is safe if a
//! whole box around it is held back, and if the numbers in that box leave t a range of at least `cohort_min`: everybody who knows
//! the totals and everything shown must then reckon with that many different numbers. This is the hypercube method
//! (Repsilber 1994; Giessing and Repsilber 2002), with its range taken from the numbers themselves.
//!
//! Integers only and in one order, so that every member of a committee comes to the same groups.

/// Which groups are held back, by their order in the plan. `values` says how many values each `GROUP BY` field has,
/// outermost first; `numbers` holds for each group what it tells of people, and every group tells the same things. `few` says
/// which groups are held back whatever their numbers: they are hidden by their first number, like a small one.
pub(super) fn held_back(values: &[usize], numbers: &[Vec<u64>], few: &[bool], cohort_min: u64) -> Vec<bool> {
    let table = Table::new(values, numbers, few, cohort_min);
    let small: Vec<usize> = (0..numbers.len()).filter(|group| table.small_numbers(*group).next().is_some()).collect();
    let mut held: Vec<bool> = (0..numbers.len()).map(|group| small.contains(&group)).collect();
    for group in small {
        // A table of one group has no totals but itself.
        if table.fields.is_empty() {
            continue;
        }
        // Each small number may have a box of its own.
        for number in table.small_numbers(group) {
            let Some(corners) = table.cheapest_box(group, number, &held) else { return vec![true; numbers.len()] };
            for corner in corners {
                if let Some(held) = held.get_mut(corner) {
                    *held = true;
                }
            }
        }
    }
    held
}

struct Table<'n> {
    /// Of each field with more than one value: how many, and how far apart in the order of groups neighbours are.
    fields: Vec<Field>,
    numbers: &'n [Vec<u64>],
    few: &'n [bool],
    cohort_min: u64,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    values: usize,
    stride: usize,
}

impl Field {
    fn value_of(self, group: usize) -> usize {
        group / self.stride % self.values
    }
}

impl<'n> Table<'n> {
    fn new(values: &[usize], numbers: &'n [Vec<u64>], few: &'n [bool], cohort_min: u64) -> Self {
        let mut fields = Vec::new();
        let mut stride = 1;
        for values in values.iter().copied().rev() {
            // Along a field of one value every group is a total itself.
            if values > 1 {
                fields.push(Field { values, stride });
            }
            stride *= values;
        }
        Self { fields, numbers, few, cohort_min }
    }

    fn number(&self, group: usize, number: usize) -> u64 {
        self.numbers.get(group).and_then(|numbers| numbers.get(number)).copied().unwrap_or(0)
    }

    /// Which numbers of a group are too small to be shown.
    fn small_numbers(&self, group: usize) -> impl Iterator<Item = usize> {
        let numbers = self.numbers.get(group).map_or(&[][..], Vec::as_slice);
        let few = self.few.get(group) == Some(&true);
        let small = move |at: usize, number: &u64| few && at == 0 || is_small(*number, self.cohort_min);
        numbers.iter().enumerate().filter(move |(at, number)| small(*at, number)).map(|(at, _)| at)
    }

    /// The box that keeps this number of this group and costs least: the fewest groups that were not held back yet,
    /// then the fewest people in them, then the first. `None` if there is none.
    fn cheapest_box(&self, group: usize, number: usize, held: &[bool]) -> Option<Vec<usize>> {
        let opposite = |other: &usize| self.fields.iter().all(|field| field.value_of(*other) != field.value_of(group));
        let boxes = (0..self.numbers.len()).filter(opposite).filter_map(|other| {
            let corners = self.corners(group, other);
            self.keeps(&corners, number).then(|| {
                let shown: Vec<usize> = corners
                    .iter()
                    .map(|(corner, _)| *corner)
                    .filter(|corner| held.get(*corner) == Some(&false))
                    .collect();
                let people = shown.iter().fold(0_u64, |people, corner| people.saturating_add(self.number(*corner, 0)));
                (shown.len(), people, shown)
            })
        });
        boxes.min().map(|(_, _, shown)| shown)
    }

    /// The groups of a box, each with whether it goes up when `group` does.
    fn corners(&self, group: usize, opposite: usize) -> Vec<(usize, bool)> {
        let mut corners = vec![(group, true)];
        for field in &self.fields {
            let (mine, theirs) = (field.value_of(group), field.value_of(opposite));
            let moved: Vec<(usize, bool)> = corners
                .iter()
                .map(|(corner, up)| (corner - mine * field.stride + theirs * field.stride, !up))
                .collect();
            corners.extend(moved);
        }
        corners
    }

    /// Whether at least `cohort_min` can be moved within this box, both ways together, before a number is below 0.
    fn keeps(&self, corners: &[(usize, bool)], number: usize) -> bool {
        let least = |up: bool| {
            let side = corners.iter().filter(|(_, goes)| *goes == up);
            side.map(|(corner, _)| self.number(*corner, number)).min().unwrap_or(0)
        };
        least(true).saturating_add(least(false)) >= self.cohort_min
    }
}

/// Whether so many people are too few to be shown: neither nobody nor `cohort_min`.
pub(super) fn is_small(number: u64, cohort_min: u64) -> bool {
    (1..cohort_min).contains(&number)
}

#[cfg(test)]
mod tests;
