//! Estimates of several quantities of the same courses, and of how long something took.

use crate::dictionary::{DAYS_MAX, FieldKind};
use crate::limits::{BUCKETS_MAX, COLUMNS_OF_REGRESSION_MAX, EVENTS_COUNTED_MAX, SESSIONS_COUNTED_MAX};
use crate::plan::{EstimateKind, Measure, Quantity};

use super::arguments::{CORRELATION, EVENTS_PER, LINEAR, SURVIVAL, same};
use super::course::named;
use super::estimate::{Wanted, share_of};
use super::flaw::{Flaw, QuestionError};
use super::reader::{Reader, Scale};
use super::syntax::{Call, Node};
use super::words;

impl Reader<'_> {
    /// `correlation(x, y)`, over courses that have both.
    pub(super) fn correlation(&self, call: &Call) -> Result<Wanted, QuestionError> {
        let [x, y] = call.checked(&CORRELATION)?;
        let quantity = self.averaged(x)?.quantity(self.mode);
        let with = vec![self.averaged(y)?.quantity(self.mode)];
        each_once(&quantity, &with, &[y])?;
        Ok(Wanted { of: EstimateKind::Correlation, quantity: Some(quantity), with, together: true })
    }

    /// `linear(y, x1, x2, …)`, over courses that have all. A category becomes a column for each of its values but the
    /// first, with which the others are compared.
    pub(super) fn linear(&self, call: &Call) -> Result<Wanted, QuestionError> {
        call.limited(&LINEAR)?;
        let (y, predictors) = match call.positional.as_slice() {
            [y, predictors @ ..] if !predictors.is_empty() => (y, predictors),
            [] | [..] => return Err(call.missing("a predictor", LINEAR.usage)),
        };
        let quantity = self.averaged(y)?.quantity(self.mode);
        let (with, nodes) = self.columns_of(predictors)?;
        if with.len() > COLUMNS_OF_REGRESSION_MAX {
            let flaw = Flaw::TooManyColumns { columns: with.len(), most: COLUMNS_OF_REGRESSION_MAX };
            return Err(QuestionError::at(call.span.clone(), flaw));
        }
        each_once(&quantity, &with, &nodes)?;
        Ok(Wanted { of: EstimateKind::Linear, quantity: Some(quantity), with, together: true })
    }

    /// The columns of all predictors, each with where it is written.
    pub(super) fn columns_of<'n>(
        &self,
        predictors: &'n [Node],
    ) -> Result<(Vec<Quantity>, Vec<&'n Node>), QuestionError> {
        let (mut with, mut nodes) = (Vec::new(), Vec::new());
        for node in predictors {
            let columns = self.columns(node)?;
            nodes.extend(columns.iter().map(|_| node));
            with.extend(columns);
        }
        Ok((with, nodes))
    }

    /// The columns of one predictor.
    fn columns(&self, node: &Node) -> Result<Vec<Quantity>, QuestionError> {
        if let Node::Word { name, span } = node {
            let field = self.field(name, span)?;
            let is = |value: &String| Measure::Is { field: field.id.clone(), value: value.clone() };
            match &field.kind {
                FieldKind::Flag => return Ok(vec![share_of(Measure::Field(field.id.clone()))]),
                FieldKind::Category { values } => {
                    return Ok(values.iter().skip(1).map(|value| share_of(is(value))).collect());
                }
                FieldKind::Number { .. } => {}
            }
        }
        if let Node::Call(call) = node
            && words::YES_NO.iter().any(|known| same(known, &call.name))
        {
            return Ok(vec![share_of(self.yes_no(node)?)]);
        }
        Ok(vec![self.averaged(node)?.quantity(self.mode)])
    }

    /// `survival(kind, bucket => 7, until => 364)`: the horizon is the question's, never the data's.
    pub(super) fn survival(&self, call: &Call) -> Result<Wanted, QuestionError> {
        let [node] = call.checked(&SURVIVAL)?;
        let kinds = self.dictionary.times_to_event().iter().map(|code| code.id.as_str());
        let kind = named(node, "something that is waited for", kinds)?;
        let number = |name: &'static str, min: i64| {
            let node = call.argument(name).ok_or_else(|| call.missing(name, SURVIVAL.usage))?;
            let scale = Scale { of: "days", min, max: i64::from(DAYS_MAX), decimals: 0 };
            self.number_on(&scale, node).map(|days| (days, node.span()))
        };
        let (days, _) = number("bucket", 1)?;
        let (until, span) = number("until", days)?;
        let buckets = until.div_euclid(days);
        if buckets > BUCKETS_MAX {
            let (value, of) = (until.to_string(), format!("what buckets of {days} days reach"));
            let (min, max) = (days.to_string(), days.saturating_mul(BUCKETS_MAX).to_string());
            return Err(QuestionError::at(span, Flaw::OutOfRange { value, of, min, max }));
        }
        let whole = |days: i64| u32::try_from(days).unwrap_or(0);
        let measure = Measure::TimeTo { kind, days: whole(days), until: whole(buckets.saturating_mul(days)) };
        let quantity = counted(measure, buckets.saturating_add(1).saturating_mul(2));
        Ok(Wanted { of: EstimateKind::Survival, quantity: Some(quantity), with: Vec::new(), together: false })
    }

    /// `events_per(kind, 100, sessions)`, over courses whose sessions were recorded.
    pub(super) fn events_per(&self, call: &Call) -> Result<Wanted, QuestionError> {
        let [node, per, against] = call.checked(&EVENTS_PER)?;
        let kinds = self.dictionary.events().map(|rules| rules.kinds.as_slice()).unwrap_or_default();
        let kind = named(node, "a kind of adverse event", kinds.iter().map(|kind| kind.code.id.as_str()))?;
        let scale = Scale { of: "so many sessions", min: 1, max: 1_000_000, decimals: 0 };
        let per = u32::try_from(self.number_on(&scale, per)?).unwrap_or(1);
        let sessions = if matches!(against, Node::Call(_)) {
            self.number(against)?.quantity(self.mode)
        } else {
            named(against, "`sessions`", ["sessions"])?;
            counted(Measure::Sessions { kind: None }, SESSIONS_COUNTED_MAX)
        };
        if !matches!(sessions.measure, Measure::Sessions { .. }) {
            let instead = "write `sessions`, or `sessions(dosing)`".to_owned();
            let (what, wanted) = ("another number".to_owned(), "a number of sessions");
            return Err(QuestionError::at(against.span(), Flaw::WrongKind { what, wanted, instead }));
        }
        let quantity = Some(counted(Measure::AdverseEvents { kind }, EVENTS_COUNTED_MAX));
        Ok(Wanted { of: EstimateKind::EventsPer { per }, quantity, with: vec![sessions], together: true })
    }
}

/// A whole number from 0.
const fn counted(measure: Measure, max: i64) -> Quantity {
    Quantity { measure, min: 0, max, decimals: 0, reference_sd: None, joint: None }
}

/// Whether no variable stands twice; `nodes` are where those of `with` are written.
pub(super) fn each_once(quantity: &Quantity, with: &[Quantity], nodes: &[&Node]) -> Result<(), QuestionError> {
    for (place, (one, node)) in with.iter().zip(nodes).enumerate() {
        let mut earlier = [quantity].into_iter().chain(with.iter().take(place));
        if earlier.any(|known| known.measure == one.measure) {
            return Err(QuestionError::at(node.span(), Flaw::SameTwice { name: one.measure.label() }));
        }
    }
    Ok(())
}
