//! `logistic(y, x1, x2, …)`: one round of a logistic regression by Newton's method. The coefficients of a round are part of
//! its text, so that every round is a question of its own, which the analysis plan of an exact study lists.

use crate::limits::COLUMNS_OF_REGRESSION_MAX;
use crate::plan::{COEFFICIENT_UNITS, EstimateKind, Foretold, Measure, Mode, Part, Quantity};

use super::arguments::LOGISTIC;
use super::estimate::{Wanted, share_of};
use super::flaw::{Flaw, QuestionError};
use super::reader::{Reader, Scale};
use super::syntax::{Call, Node};
use super::together::each_once;

impl Reader<'_> {
    /// `logistic(y, x1, …, at => (…))`, over courses that have all. Without `at`, from nothing.
    pub(super) fn logistic(&self, call: &Call) -> Result<Wanted, QuestionError> {
        call.limited(&LOGISTIC)?;
        if self.mode == Mode::Dp {
            return Err(QuestionError::at(call.span.clone(), Flaw::ExactOnly { function: call.name.clone() }));
        }
        let (y, predictors) = match call.positional.as_slice() {
            [y, predictors @ ..] if !predictors.is_empty() => (y, predictors),
            [] | [..] => return Err(call.missing("a predictor", LOGISTIC.usage)),
        };
        let quantity = share_of(self.yes_no(y)?);
        let (columns, nodes) = self.columns_of(predictors)?;
        if columns.len() > COLUMNS_OF_REGRESSION_MAX {
            let flaw = Flaw::TooManyColumns { columns: columns.len(), most: COLUMNS_OF_REGRESSION_MAX };
            return Err(QuestionError::at(call.span.clone(), flaw));
        }
        each_once(&quantity, &columns, &nodes)?;
        let at = match call.argument("at") {
            Some(node) => self.coefficients(node, &columns)?,
            None => vec![0; columns.len().saturating_add(1)],
        };
        let foretold = |part: Part| {
            let of = Foretold { of: columns.clone(), at: at.clone(), part };
            let max = of.most();
            let measure = Measure::Foretold(Box::new(of));
            Quantity { measure, min: 0, max, decimals: 0, reference_sd: None, joint: None }
        };
        // The columns are limited, so a place always fits.
        let places = (0..columns.len()).map(|place| u32::try_from(place).unwrap_or(u32::MAX));
        let parts = [Part::Chance, Part::Surprise, Part::Weight].into_iter().chain(places.map(Part::Weighted));
        let with = columns.iter().cloned().chain(parts.map(foretold)).collect();
        Ok(Wanted { of: EstimateKind::Logistic, quantity: Some(quantity), with, together: true })
    }

    /// One coefficient for the constant and one for each column, in units of 2^-30.
    fn coefficients(&self, node: &Node, columns: &[Quantity]) -> Result<Vec<i64>, QuestionError> {
        let want = columns.len().saturating_add(1);
        let listed = if let Node::List { items, .. } = node { Some(items) } else { None };
        let Some(items) = listed.filter(|items| items.len() == want) else {
            let what = listed.map_or_else(|| node.kind().to_owned(), |items| format!("a list of {}", items.len()));
            let instead = format!("write {want} whole numbers: for the constant, and for each column");
            let wanted = "a coefficient for every column";
            return Err(QuestionError::at(node.span(), Flaw::WrongKind { what, wanted, instead }));
        };
        let mut at = Vec::with_capacity(want);
        for (place, item) in items.iter().enumerate() {
            let column = place.checked_sub(1).and_then(|column| columns.get(column));
            let most = column.map_or(CONSTANT_MAX, steepest);
            let scale = Scale { of: "coefficients, in units of 2^-30", min: -most, max: most, decimals: 0 };
            at.push(self.number_on(&scale, item)?);
        }
        Ok(at)
    }
}

/// A coefficient takes its column, from one end to the other, through at most this much of the exponent. A steeper one
/// would be a threshold: the sum of its chances would count those on one side of it.
const THROUGH_MAX: i64 = 32;
/// Of the constant.
const CONSTANT_MAX: i64 = 64 * COEFFICIENT_UNITS;

/// The steepest coefficient of a column, in units of 2^-30 by the column's own unit.
fn steepest(column: &Quantity) -> i64 {
    let one = 10_i64.saturating_pow(u32::from(column.decimals));
    let width = i64::try_from(column.width()).unwrap_or(i64::MAX).max(1);
    (THROUGH_MAX * COEFFICIENT_UNITS).saturating_mul(one).div_euclid(width)
}
