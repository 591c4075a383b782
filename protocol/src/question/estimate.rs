//! The `SELECT` list of a question.

use crate::dictionary::fold;
use crate::plan::{EstimateKind, Grouping, Measure, Quantity};

use super::arguments::{COUNT, MEAN, RATE, same};
use super::flaw::{Flaw, QuestionError};
use super::reader::Reader;
use super::syntax::{Call, Node};

impl Reader<'_> {
    /// One expression of the `SELECT` list: what it estimates, and of what.
    pub(super) fn estimate(
        &self,
        node: &Node,
        groups: &[Grouping],
    ) -> Result<(EstimateKind, Option<Quantity>), QuestionError> {
        match node {
            Node::Call(call) if same("count", &call.name) => count(call).map(|()| (EstimateKind::Count, None)),
            Node::Call(call) if same("mean", &call.name) => {
                let [of] = call.checked(&MEAN)?;
                let number = self.number(of)?;
                let instrument = number.measure.instrument().and_then(|id| self.dictionary.instrument(id));
                if let Some(levels) = instrument.filter(|instrument| instrument.ordinal) {
                    return Err(QuestionError::at(of.span(), Flaw::Levels { instrument: levels.id.clone() }));
                }
                Ok((EstimateKind::Mean, Some(number.quantity(self.mode))))
            }
            Node::Call(call) if same("rate", &call.name) => {
                let [of] = call.checked(&RATE)?;
                Ok((EstimateKind::Rate, Some(share_of(self.yes_no(of)?))))
            }
            // The share of courses without a value.
            Node::Call(call) if same("missing", &call.name) => {
                Ok((EstimateKind::Rate, Some(share_of(self.yes_no(node)?))))
            }
            Node::Call(call) => Err(self.misplaced(call, "a total")),
            Node::Star { span } => Err(QuestionError::at(span.clone(), Flaw::Star {})),
            Node::Word { name, span } if groups.iter().any(|group| fold(&group.field) == fold(name)) => {
                Err(QuestionError::at(span.clone(), Flaw::GroupSelected { name: name.clone() }))
            }
            Node::Word { name, span } => {
                // A name that does not exist is told so first.
                if self.dictionary.instrument(name).is_none() {
                    self.field(name, span)?;
                }
                Err(QuestionError::at(span.clone(), Flaw::NotAnEstimate { what: "a value of one course" }))
            }
            Node::Number { .. }
            | Node::Text { .. }
            | Node::Truth { .. }
            | Node::Not(_)
            | Node::All(_)
            | Node::Any(_)
            | Node::Compare { .. }
            | Node::Among { .. }
            | Node::Between { .. } => Err(QuestionError::at(node.span(), Flaw::NotAnEstimate { what: node.kind() })),
        }
    }
}

/// A yes/no, as 1 or 0.
const fn share_of(measure: Measure) -> Quantity {
    Quantity { measure, min: 0, max: 1, decimals: 0, reference_sd: None }
}

/// `count(*)`, and nothing else in the parentheses.
fn count(call: &Call) -> Result<(), QuestionError> {
    let [of] = call.checked(&COUNT)?;
    if matches!(of, Node::Star { .. }) {
        return Ok(());
    }
    let instead = "write `count(*)`; a mean carries how many courses have a value".to_owned();
    let flaw = Flaw::WrongKind { what: of.kind().to_owned(), wanted: "`*`", instead };
    Err(QuestionError::at(of.span(), flaw))
}
