//! What a logistic function foretells of a course: the numbers that one round of a logistic regression adds up.
//!
//! The chance μ = 1/(1 + e^−η), η being the columns times the coefficients, is found in whole numbers, so that two machines
//! never disagree on a cell: e^−a from its series in units of 2^-48, with an error below 2^-40.

use serde::{Deserialize, Serialize};

use crate::dictionary::Dictionary;
use crate::plan::Quantity;
use crate::record::Course;

/// A number that a logistic function with given coefficients says of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "complete: a function and which of its numbers")]
pub struct Foretold {
    /// The columns, each clipped to its range.
    pub of: Vec<Quantity>,
    /// The coefficients in units of 2^-30: of the constant, and of each column in the column's own unit.
    pub at: Vec<i64>,
    /// Which number.
    pub part: Part,
}

/// Which number of a logistic function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: what Newton's method adds up")]
pub enum Part {
    /// The chance μ, in units of 2^-30.
    Chance,
    /// The weight μ(1 − μ), in units of 2^-20; at most a quarter.
    Weight,
    /// The weight times a column, from the column's smallest value, by its place.
    Weighted(u32),
    /// ln(1 + e^η), in units of 2^-30: what the course takes from the logarithm of the likelihood, beside yη.
    Surprise,
}

/// Units of a coefficient and of a chance in one.
pub const COEFFICIENT_UNITS: i64 = 1 << 30;
/// Units of a weight in one.
pub const WEIGHT_UNITS: i64 = 1 << 20;
/// η is held within this, of either sign: e^−64 is nothing.
const EXPONENT_MAX: i64 = 64;

impl Foretold {
    /// Its number for a course; `None` where a column is missing.
    #[must_use]
    pub fn value(&self, dictionary: &Dictionary, course: &Course) -> Option<i64> {
        let (constant, slopes) = self.at.split_first()?;
        let deepest = self.of.iter().map(|column| column.decimals).max().unwrap_or(0);
        let power = |decimals: u8| 10_i128.pow(u32::from(decimals));
        let mut exponent = i128::from(*constant).checked_mul(power(deepest))?;
        let mut shifted = Vec::with_capacity(self.of.len());
        for (column, slope) in self.of.iter().zip(slopes) {
            let above = column.shifted(column.measure.value(dictionary, course)?);
            let value = i128::from(column.min).checked_add(i128::from(above))?;
            let finer = power(deepest.checked_sub(column.decimals)?);
            exponent = exponent.checked_add(i128::from(*slope).checked_mul(value)?.checked_mul(finer)?)?;
            shifted.push(above);
        }
        let fixed = exponent.checked_mul(ONE / i128::from(COEFFICIENT_UNITS))?.div_euclid(power(deepest));
        let most = ONE.saturating_mul(i128::from(EXPONENT_MAX));
        let exponent = fixed.max(-most).min(most);
        let chance = chance(exponent);
        let weight = rounded(chance * (ONE - chance) / ONE, WEIGHT_UNITS);
        match self.part {
            Part::Chance => Some(rounded(chance, COEFFICIENT_UNITS)),
            Part::Weight => Some(weight),
            Part::Weighted(column) => {
                let above = *shifted.get(usize::try_from(column).ok()?)?;
                weight.checked_mul(i64::try_from(above).ok()?)
            }
            Part::Surprise => Some(rounded(surprise(exponent), COEFFICIENT_UNITS)),
        }
    }

    /// The largest number that can be.
    #[must_use]
    pub fn most(&self) -> i64 {
        match self.part {
            Part::Chance => COEFFICIENT_UNITS,
            Part::Weight => WEIGHT_UNITS / 4,
            Part::Weighted(column) => {
                let width = usize::try_from(column).ok().and_then(|at| self.of.get(at)).map_or(0, Quantity::width);
                i64::try_from(width).unwrap_or(i64::MAX).saturating_mul(WEIGHT_UNITS / 4)
            }
            Part::Surprise => COEFFICIENT_UNITS.saturating_mul(EXPONENT_MAX + 1),
        }
    }
}

/// One, in the units of the series.
const ONE: i128 = 1 << 48;
/// ln 2 in them.
const LN_2: i128 = 195_103_586_505_167;

/// 1/(1 + e^−η).
fn chance(exponent: i128) -> i128 {
    let less = falling(exponent.abs());
    let above = ONE * ONE / (ONE + less);
    if exponent < 0 { ONE - above } else { above }
}

/// ln(1 + e^η) = max(η, 0) + 2·artanh(z/(2 + z)), z = e^−|η|.
fn surprise(exponent: i128) -> i128 {
    let z = falling(exponent.abs());
    let t = z * ONE / (2 * ONE + z);
    let square = t * t / ONE;
    let (mut sum, mut power, mut odd) = (0_i128, t, 1_i128);
    while power > 0 {
        sum += power / odd;
        power = power * square / ONE;
        odd += 2;
    }
    exponent.max(0) + 2 * sum
}

/// e^−a for a of 0 or more: halved as often as ln 2 fits, the rest by Taylor's series.
fn falling(a: i128) -> i128 {
    let (halvings, rest) = (a / LN_2, a % LN_2);
    let (mut sum, mut term, mut k) = (ONE, ONE, 1_i128);
    while term != 0 {
        term = -(term * rest / ONE / k);
        sum += term;
        k += 1;
    }
    u32::try_from(halvings).ok().and_then(|halvings| sum.checked_shr(halvings)).unwrap_or(0)
}

/// From the units of the series to others, to the nearest.
fn rounded(value: i128, units: i64) -> i64 {
    let step = ONE / i128::from(units);
    i64::try_from((value + step / 2) / step).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{ONE, chance, surprise};

    #[test]
    fn chances_and_surprises_are_those_of_floats() {
        for step in -640..=640_i32 {
            let x = f64::from(step) / 10.0;
            let exponent = i128::from(step) * ONE / 10;
            let (got, want) = (chance(exponent) as f64 / ONE as f64, 1.0 / (1.0 + (-x).exp()));
            assert!((got - want).abs() < 1e-12, "{x}: {got} where {want}");
            let (got, want) = (surprise(exponent) as f64 / ONE as f64, x.max(0.0) + (-x.abs()).exp().ln_1p());
            assert!((got - want).abs() < 1e-12, "{x}: {got} where {want}");
        }
    }
}
