//! One step of Newton's method for a logistic regression, from the sums of one group.
//!
//! Everything is counted in integers up to the score Σ(y − μ)x and the information Σμ(1 − μ)xx′, about the weighted means of
//! the columns, of which the rest follows.

use nalgebra::{DMatrix, DVector};

use crate::answer::cells::Cells;
use crate::answer::form::{Coefficients, Logistic};
use crate::answer::interval::{NORMAL_975, count_of, finite, nearest, normal_two_sided, whole};
use crate::answer::joint::inverse;
use crate::plan::{BlockKind, COEFFICIENT_UNITS, Estimate, Foretold, Measure, Quantity, WEIGHT_UNITS};

/// The raw sums of one group.
struct Round<'a> {
    cells: &'a Cells<'a>,
    y: u32,
    columns: Vec<(u32, &'a Quantity)>,
    /// The numbers of chance, surprise and weight, and of the weight times each column.
    chance: u32,
    surprise: u32,
    weight: u32,
    weighted: Vec<u32>,
    at: &'a [i64],
    n: i128,
}

/// The step of one group. `None` where the plan lacks a block, which a checked plan does not.
pub(super) fn logistic(cells: &Cells<'_>, asked: &Estimate) -> Option<Logistic> {
    let round = Round::of(cells, asked)?;
    let yes = round.sum(round.y)?;
    let varies = |column: &usize| round.scatter(*column, *column).is_some_and(|scatter| scatter > 0.0);
    let (columns, still): (Vec<usize>, Vec<usize>) = (0..round.columns.len()).partition(varies);
    let step = round.step(&columns);
    let labels = |columns: &[usize]| -> Vec<String> {
        columns.iter().filter_map(|at| round.columns.get(*at)).map(|(_, column)| column.measure.label()).collect()
    };
    let names: Vec<String> = ["const".to_owned()].into_iter().chain(labels(&columns)).collect();
    let value = step.as_ref().and_then(|step| round.told(&columns, &names, step));
    let moved = step.as_ref().filter(|_| value.is_some());
    Some(Logistic {
        n: count_of(round.n),
        events: count_of(yes),
        at: round.at.to_vec(),
        next: moved.and_then(|step| round.next(&columns, step)),
        step: moved.map(|step| step.largest()),
        log_likelihood: round.log_likelihood().filter(|_| round.n > 0),
        left_out: labels(&still),
        value,
    })
}

/// Where Newton's method goes, `const` first.
struct Step {
    by: Vec<f64>,
    /// Of the coefficients, by the information.
    variances: Vec<f64>,
}

impl Step {
    /// The largest of its parts, in standard errors of their coefficients.
    fn largest(&self) -> f64 {
        let parts = self.by.iter().zip(&self.variances).filter_map(|(by, variance)| finite(by.abs() / variance.sqrt()));
        parts.fold(0.0, f64::max)
    }
}

impl<'a> Round<'a> {
    fn of(cells: &'a Cells<'a>, asked: &Estimate) -> Option<Self> {
        let y = asked.quantity?;
        let count = (asked.with.len().checked_sub(3)?) / 2;
        let (columns, parts) = asked.with.split_at_checked(count)?;
        let [chance, surprise, weight, weighted @ ..] = parts else { return None };
        let Measure::Foretold(foretold) = &cells.plan.quantity(*chance)?.measure else { return None };
        let Foretold { at, .. } = foretold.as_ref();
        let column = |number: &u32| Some((*number, cells.plan.quantity(*number)?));
        Some(Self {
            cells,
            y,
            columns: columns.iter().map(column).collect::<Option<_>>()?,
            chance: *chance,
            surprise: *surprise,
            weight: *weight,
            weighted: weighted.to_vec(),
            at,
            n: cells.cell(BlockKind::Count, Some(y))?.value,
        })
    }

    fn width(&self, number: u32) -> Option<i128> {
        self.cells.plan.quantity(number).map(|quantity| i128::from(quantity.width()))
    }

    /// Σv: half of what was released and M·n.
    fn sum(&self, number: u32) -> Option<i128> {
        let released = self.cells.cell(BlockKind::Sum, Some(number))?.value;
        Some(released.checked_add(self.width(number)?.checked_mul(self.n)?)?.div_euclid(2))
    }

    /// Σvw: a quarter of what was released, 2NΣv and 2MΣw, less MN·n.
    fn product(&self, one: u32, other: u32) -> Option<i128> {
        let (first, with) = (one.min(other), one.max(other));
        let released = self.cells.cell(BlockKind::Product { with }, Some(first))?.value;
        let [m, other_m] = [self.width(one)?, self.width(other)?];
        let by_one = self.sum(one)?.checked_mul(other_m)?.checked_mul(2)?;
        let by_other = self.sum(other)?.checked_mul(m)?.checked_mul(2)?;
        let all = m.checked_mul(other_m)?.checked_mul(self.n)?;
        let four = released.checked_add(by_one)?.checked_add(by_other)?.checked_sub(all)?;
        Some(four.div_euclid(4))
    }

    fn number(&self, column: usize) -> Option<(u32, &Quantity)> {
        self.columns.get(column).map(|(number, quantity)| (*number, *quantity))
    }

    /// Units of a column in one.
    fn one(&self, column: usize) -> Option<f64> {
        Some(10_f64.powi(i32::from(self.number(column)?.1.decimals)))
    }

    /// Σ(y − μ), or Σ(y − μ)v of a column from its smallest value, in the column's unit.
    fn score(&self, column: Option<usize>) -> Option<f64> {
        let of = |number: u32| match column {
            None => self.sum(number),
            Some(column) => self.product(number, self.number(column)?.0),
        };
        let units = i128::from(COEFFICIENT_UNITS);
        let score = of(self.y)?.checked_mul(units)?.checked_sub(of(self.chance)?)?;
        finite(whole(score) / whole(units) / column.map_or(Some(1.0), |column| self.one(column))?)
    }

    /// The weighted mean of a column above its smallest value, in its unit.
    fn above(&self, column: usize) -> Option<f64> {
        let weighted = self.sum(*self.weighted.get(column)?)?;
        finite(whole(weighted) / whole(self.sum(self.weight)?) / self.one(column)?)
    }

    /// The information on two slopes: Σw(x − x̄)(z − z̄), both about their weighted means.
    fn scatter(&self, one: usize, other: usize) -> Option<f64> {
        let (low, high) = (one.min(other), one.max(other));
        let (weight, first, second) =
            (self.sum(self.weight)?, self.sum(*self.weighted.get(low)?)?, self.sum(*self.weighted.get(high)?)?);
        let product = self.product(*self.weighted.get(low)?, self.number(high)?.0)?;
        let scatter = product.checked_mul(weight)?.checked_sub(first.checked_mul(second)?)?;
        finite(whole(scatter) / whole(weight) / WEIGHT_UNITS as f64 / self.one(one)? / self.one(other)?)
    }

    /// Newton's step on these columns; `None` where they do not tell the coefficients apart.
    fn step(&self, columns: &[usize]) -> Option<Step> {
        let weight = whole(self.sum(self.weight)?) / WEIGHT_UNITS as f64;
        let score = self.score(None)?;
        let mut information = DMatrix::<f64>::zeros(columns.len(), columns.len());
        let mut about = DVector::<f64>::zeros(columns.len());
        let mut means = DVector::<f64>::zeros(columns.len());
        for (row, one) in columns.iter().enumerate() {
            let (above, quantity) = (self.above(*one)?, self.number(*one)?.1);
            *means.get_mut(row)? = above + quantity.min as f64 / self.one(*one)?;
            *about.get_mut(row)? = self.score(Some(*one))? - above * score;
            for (column, other) in columns.iter().enumerate() {
                *information.get_mut((row, column))? = self.scatter(*one, *other)?;
            }
        }
        let inverse = inverse(information)?;
        let slopes = &inverse * &about;
        let constant = score / weight - slopes.dot(&means);
        let of_constant = 1.0 / weight + means.dot(&(&inverse * &means));
        let by: Vec<f64> = [constant].into_iter().chain(slopes.iter().copied()).collect();
        let variances: Vec<f64> = [of_constant].into_iter().chain(inverse.diagonal().iter().copied()).collect();
        by.iter().chain(&variances).all(|number| number.is_finite()).then_some(Step { by, variances })
    }

    /// The coefficients of the constant and of these columns that were asked at, in units of 2^-30.
    fn asked_at(&self, columns: &[usize]) -> impl Iterator<Item = f64> {
        let places = [0].into_iter().chain(columns.iter().map(|column| column.saturating_add(1)));
        places.map(|place| self.at.get(place).map_or(0.0, |at| *at as f64))
    }

    fn told(&self, columns: &[usize], names: &[String], step: &Step) -> Option<Coefficients> {
        let mut rows = Coefficients::default();
        let each = names.iter().zip(self.asked_at(columns)).zip(&step.by).zip(&step.variances);
        for (((name, at), by), variance) in each {
            let (coefficient, se) = (finite(at / COEFFICIENT_UNITS as f64 + by)?, finite(variance.sqrt())?);
            let half = NORMAL_975 * se;
            let p = if se > 0.0 { normal_two_sided(coefficient / se)? } else { 0.0 };
            rows.push(name, [coefficient, se, 0.0, p], [coefficient - half, coefficient + half]);
        }
        Some(rows)
    }

    /// The coefficients of the next round. Those of columns that are left out stay.
    fn next(&self, columns: &[usize], step: &Step) -> Option<Vec<i64>> {
        let mut next = self.at.to_vec();
        let places = [0].into_iter().chain(columns.iter().map(|column| column.saturating_add(1)));
        for (place, by) in places.zip(&step.by) {
            let moved = i64::try_from(nearest(by * COEFFICIENT_UNITS as f64)).ok()?;
            let coefficient = next.get_mut(place)?;
            *coefficient = coefficient.checked_add(moved)?;
        }
        Some(next)
    }

    /// Σyη − Σln(1 + e^η), at the coefficients that were asked at.
    fn log_likelihood(&self) -> Option<f64> {
        let (constant, slopes) = self.at.split_first()?;
        let yes = self.sum(self.y)?;
        let mut exponents = *constant as f64 * whole(yes);
        for (column, slope) in slopes.iter().enumerate() {
            let (number, quantity) = self.number(column)?;
            let low = i128::from(quantity.min).checked_mul(yes)?;
            let of_yes = self.product(self.y, number)?.checked_add(low)?;
            exponents += *slope as f64 * whole(of_yes) / self.one(column)?;
        }
        finite((exponents - whole(self.sum(self.surprise)?)) / COEFFICIENT_UNITS as f64)
    }
}
