//! The `GROUP BY` of a question: closed categories and bands with public bounds, so that there are the same groups
//! whoever is in them.

use crate::dictionary::{FieldKind, show};
use crate::limits::BANDS_MAX;
use crate::plan::{Grouping, Measure};

use super::arguments::{BAND, same};
use super::flaw::{Flaw, QuestionError};
use super::reader::Reader;
use super::syntax::{Call, Node};

/// Most fields to group by.
const GROUPINGS_MAX: usize = 3;

impl Reader<'_> {
    pub(super) fn groupings(&self, nodes: &[Node]) -> Result<Vec<Grouping>, QuestionError> {
        if let Some(beyond) = nodes.get(GROUPINGS_MAX) {
            let flaw = Flaw::TooManyGroupings { got: nodes.len(), most: GROUPINGS_MAX };
            return Err(QuestionError::at(beyond.span(), flaw));
        }
        let mut groupings: Vec<Grouping> = Vec::new();
        for node in nodes {
            let grouping = self.grouping(node)?;
            if groupings.iter().any(|earlier| earlier.field == grouping.field) {
                return Err(QuestionError::at(node.span(), Flaw::GroupTwice { name: grouping.field }));
            }
            groupings.push(grouping);
        }
        Ok(groupings)
    }

    fn grouping(&self, node: &Node) -> Result<Grouping, QuestionError> {
        let wrong = |what: String, instead: &str| {
            let flaw = Flaw::WrongKind { what, wanted: "a closed category", instead: instead.to_owned() };
            Err(QuestionError::at(node.span(), flaw))
        };
        let (name, span) = match node {
            Node::Word { name, span } => (name, span),
            Node::Call(call) if same("band", &call.name) => return self.band(call),
            Node::Call(call) => return Err(self.misplaced(call, "a closed category")),
            Node::Number { .. }
            | Node::Text { .. }
            | Node::Truth { .. }
            | Node::Star { .. }
            | Node::List { .. }
            | Node::Not(_)
            | Node::All(_)
            | Node::Any(_)
            | Node::Compare { .. }
            | Node::Among { .. }
            | Node::Between { .. } => return wrong(node.kind().to_owned(), "name a field of the dictionary"),
        };
        let field = self.field(name, span)?;
        match &field.kind {
            FieldKind::Category { values } => Ok(Grouping::category(field.id.clone(), values.clone())),
            FieldKind::Flag => Ok(Grouping::flag(field.id.clone())),
            FieldKind::Number { .. } => {
                wrong(format!("the number `{name}`"), "cut it into bands: `band(age, 18, 30, 45, 65)`")
            }
        }
    }

    /// `band(x, 18, 30, 45, 65)`: below 18, from 18, from 30, from 45, from 65.
    fn band(&self, call: &Call) -> Result<Grouping, QuestionError> {
        let (of, bounds) = match call.positional.as_slice() {
            [of, bounds @ ..] if call.named.is_empty() && !bounds.is_empty() => (of, bounds),
            _ => {
                // Arguments with a name, or too few: said as for every function.
                let [_] = call.checked(&BAND)?;
                let (function, usage) = (call.name.clone(), BAND.usage);
                let flaw = Flaw::MissingArgument { function, argument: "a bound", usage };
                return Err(QuestionError::at(call.span.clone(), flaw));
            }
        };
        if let Some(beyond) = bounds.get(BANDS_MAX - 1) {
            let flaw = Flaw::TooManyBands { got: bounds.len().saturating_add(1), most: BANDS_MAX };
            return Err(QuestionError::at(beyond.span(), flaw));
        }
        let number = self.number(of)?;
        if let Measure::Clip { of: inner, .. } = &number.measure {
            let instead = format!("cut the number itself: `band({}, …)`", inner.label());
            let what = "a clipped number".to_owned();
            return Err(QuestionError::at(of.span(), Flaw::WrongKind { what, wanted: "a number to cut", instead }));
        }
        let label = number.measure.label();
        let mut scale = number.scale(&label);
        // Below the smallest number there is nobody.
        scale.min = scale.min.saturating_add(1);
        let mut cuts: Vec<i64> = Vec::new();
        for node in bounds {
            let cut = self.number_on(&scale, node)?;
            if cuts.last().is_some_and(|last| *last >= cut) {
                let text =
                    cuts.iter().chain([&cut]).map(|cut| show(*cut, scale.decimals)).collect::<Vec<_>>().join(", ");
                return Err(QuestionError::at(node.span(), Flaw::Bands { text }));
            }
            cuts.push(cut);
        }
        Ok(Grouping::banded(number.measure, cuts, number.decimals))
    }
}
