//! The `GROUP BY` of a question: closed categories only, so that there are the same groups whoever is
//! in them.

use crate::dictionary::FieldKind;
use crate::plan::Grouping;

use super::flaw::{Flaw, QuestionError};
use super::reader::Reader;
use super::syntax::Node;

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
            Node::Call(call) => return Err(self.misplaced(call, "a closed category")),
            Node::Number { .. }
            | Node::Text { .. }
            | Node::Truth { .. }
            | Node::Star { .. }
            | Node::Not(_)
            | Node::All(_)
            | Node::Any(_)
            | Node::Compare { .. }
            | Node::Among { .. }
            | Node::Between { .. } => return wrong(node.kind().to_owned(), "name a field of the dictionary"),
        };
        let field = self.field(name, span)?;
        match &field.kind {
            FieldKind::Category { values } => Ok(Grouping { field: field.id.clone(), values: values.clone() }),
            FieldKind::Flag => wrong(format!("the yes/no `{name}`"), "ask twice: `WHERE x` and `WHERE NOT x`"),
            FieldKind::Number { .. } => wrong(format!("the number `{name}`"), "filter ranges with WHERE instead"),
        }
    }
}
