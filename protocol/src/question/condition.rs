//! The `WHERE` of a question.

use crate::dictionary::{Field, FieldKind, UNKNOWN, nearest};
use crate::plan::{Condition, Measure, Relation};

use super::arguments::same;
use super::flaw::{Flaw, QuestionError};
use super::measure::Number;
use super::reader::Reader;
use super::syntax::Node;
use super::words;

/// What the left side of a comparison is.
enum Subject<'a> {
    Category(&'a Field, &'a [String]),
    YesNo(Condition),
    Number(Number, String),
}

impl Reader<'_> {
    pub(super) fn condition(&self, node: &Node) -> Result<Condition, QuestionError> {
        match node {
            Node::Not(part) => Ok(not(self.condition(part)?)),
            Node::All(parts) => Ok(Condition::All(self.conditions(parts)?)),
            Node::Any(parts) => Ok(Condition::Any(self.conditions(parts)?)),
            Node::Compare { relation, left, right } => self.compare(*relation, left, right),
            Node::Among { of, values, negated } => {
                let among = self.among(of, values)?;
                Ok(if *negated { not(among) } else { among })
            }
            Node::Between { of, low, high, negated } => {
                let low = self.compare(Relation::AtLeast, of, low)?;
                let between = Condition::All(vec![low, self.compare(Relation::AtMost, of, high)?]);
                Ok(if *negated { not(between) } else { between })
            }
            Node::Word { .. } | Node::Call(_) => match self.subject(node)? {
                Subject::YesNo(condition) => Ok(condition),
                Subject::Category(..) | Subject::Number(..) => Err(wrong(
                    node,
                    "a category or number alone".to_owned(),
                    "a condition",
                    "compare it: `field = 'code'`, `field >= 18`",
                )),
            },
            Node::Number { .. } | Node::Text { .. } | Node::Truth { .. } | Node::Star { .. } | Node::List { .. } => {
                Err(wrong(
                    node,
                    node.kind().to_owned(),
                    "a condition",
                    "name a field first: `field = 'code'`, `field >= 18`, or a yes/no field alone",
                ))
            }
        }
    }

    fn conditions(&self, parts: &[Node]) -> Result<Vec<Condition>, QuestionError> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn subject(&self, node: &Node) -> Result<Subject<'_>, QuestionError> {
        match node {
            Node::Word { name, span } => {
                let field = self.field(name, span)?;
                match &field.kind {
                    FieldKind::Category { values } => Ok(Subject::Category(field, values)),
                    FieldKind::Flag => Ok(Subject::YesNo(Condition::Flag(field.id.clone()))),
                    FieldKind::Number { .. } => Ok(Subject::Number(self.number(node)?, field.id.clone())),
                }
            }
            Node::Call(call) if words::YES_NO.iter().any(|name| same(name, &call.name)) => {
                Ok(Subject::YesNo(Condition::Holds(self.yes_no(node)?)))
            }
            Node::Call(call) if words::NUMBERS.iter().any(|name| same(name, &call.name)) => {
                Ok(Subject::Number(self.number(node)?, call.name.clone()))
            }
            Node::Call(call) => Err(self.misplaced(call, "a condition")),
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
            | Node::Between { .. } => Err(wrong(
                node,
                node.kind().to_owned(),
                "a field or function",
                "name a field, `baseline(…)`, `score(…)` or `change(…)` on the left",
            )),
        }
    }

    fn compare(&self, relation: Relation, left: &Node, right: &Node) -> Result<Condition, QuestionError> {
        let turned = matches!(left, Node::Number { .. } | Node::Text { .. } | Node::Truth { .. });
        let (subject, relation, value) =
            if turned { (right, relation.mirrored(), left) } else { (left, relation, right) };
        match self.subject(subject)? {
            Subject::Number(number, name) => {
                let value = self.number_on(&number.scale(&name), value)?;
                Ok(Condition::Compare { measure: number.measure, relation, value })
            }
            Subject::Category(field, known) => {
                let code = self.code(field, known, value)?;
                let is = Condition::Is { field: field.id.clone(), values: vec![code] };
                equality(relation, is, subject)
            }
            Subject::YesNo(condition) => {
                let Node::Truth { yes, .. } = value else {
                    let instead = "use it alone, or with NOT; or write `= true`, `= false`";
                    return Err(wrong(value, value.kind().to_owned(), "true or false", instead));
                };
                equality(relation, if *yes { condition } else { not(condition) }, subject)
            }
        }
    }

    fn among(&self, of: &Node, listed: &[Node]) -> Result<Condition, QuestionError> {
        match self.subject(of)? {
            Subject::Category(field, known) => {
                let codes = listed.iter().map(|value| self.code(field, known, value));
                let codes = codes.collect::<Result<Vec<String>, _>>()?;
                // In the dictionary's order and once each, so that one question has one plan.
                let values = known.iter().filter(|value| codes.contains(value)).cloned().collect();
                Ok(Condition::Is { field: field.id.clone(), values })
            }
            Subject::Number(number, name) => {
                let scale = number.scale(&name);
                let values = listed.iter().map(|value| self.number_on(&scale, value));
                let mut values = values.collect::<Result<Vec<i64>, _>>()?;
                values.sort_unstable();
                values.dedup();
                let measure: &Measure = &number.measure;
                let equal = |value| Condition::Compare { measure: measure.clone(), relation: Relation::Equal, value };
                Ok(Condition::Any(values.into_iter().map(equal).collect()))
            }
            Subject::YesNo(_) => {
                Err(wrong(of, "a yes/no".to_owned(), "a category or number", "use it alone, or with NOT"))
            }
        }
    }

    /// A code of a closed category, in the dictionary's spelling.
    fn code(&self, field: &Field, known: &[String], node: &Node) -> Result<String, QuestionError> {
        let Node::Text { value, span } = node else {
            let instead = "write the code in plain quotes: `'code'`";
            return Err(wrong(node, node.kind().to_owned(), "a quoted code", instead));
        };
        if value.eq_ignore_ascii_case(UNKNOWN) {
            return Err(QuestionError::at(span.clone(), Flaw::AskedForUnknown { field: field.id.clone() }));
        }
        known.iter().find(|code| code.eq_ignore_ascii_case(value)).cloned().ok_or_else(|| {
            let near = nearest(value, known.iter().map(String::as_str));
            let flaw =
                Flaw::UnknownValue { value: value.clone(), field: field.id.clone(), near, known: known.to_vec() };
            QuestionError::at(span.clone(), flaw)
        })
    }
}

/// Only = and <> compare what has no order.
fn equality(relation: Relation, equal: Condition, subject: &Node) -> Result<Condition, QuestionError> {
    match relation {
        Relation::Equal => Ok(equal),
        Relation::Unequal => Ok(not(equal)),
        Relation::Below | Relation::AtMost | Relation::Above | Relation::AtLeast => {
            Err(wrong(subject, "something without an order".to_owned(), "a number", "compare it with =, <> or IN"))
        }
    }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn wrong(node: &Node, what: String, wanted: &'static str, instead: &str) -> QuestionError {
    QuestionError::at(node.span(), Flaw::WrongKind { what, wanted, instead: instead.to_owned() })
}
