//! Which courses count: the `WHERE` of a question.

use serde::{Deserialize, Serialize};

use crate::dictionary::{Dictionary, UNKNOWN};
use crate::record::{Course, FieldValue};

use super::Measure;

mod apart;

/// A condition that a course meets or not; a missing value, or the code `unknown`, meets none, and
/// does not meet its opposite either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// A yes/no field that is yes.
    Flag(String),
    /// A closed category with one of these values.
    Is {
        /// The field.
        field: String,
        /// Values of the dictionary, in its order.
        values: Vec<String>,
    },
    /// A number that compares so with another.
    Compare {
        /// What is compared.
        measure: Measure,
        /// How.
        relation: Relation,
        /// With what, in the measure's units.
        value: i64,
    },
    /// A yes/no measure that is yes.
    Holds(Measure),
    /// All of these.
    All(Vec<Self>),
    /// At least one of these.
    Any(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: there is no further way")]
pub enum Relation {
    /// =
    Equal,
    /// <>
    Unequal,
    /// <
    Below,
    /// <=
    AtMost,
    /// >
    Above,
    /// >=
    AtLeast,
}

impl Relation {
    /// Whether `left` stands so to `right`.
    #[must_use]
    pub const fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Above => left > right,
            Self::AtLeast => left >= right,
        }
    }

    /// The same relation read from the other side: a < b is b > a.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::Unequal => Self::Unequal,
            Self::Below => Self::Above,
            Self::AtMost => Self::AtLeast,
            Self::Above => Self::Below,
            Self::AtLeast => Self::AtMost,
        }
    }
}

impl Condition {
    /// Whether a course meets it; `None` where a missing value leaves that open (SQL's three-valued
    /// logic). Only `Some(true)` lets a course in.
    #[must_use]
    pub fn holds(&self, dictionary: &Dictionary, course: &Course) -> Option<bool> {
        match self {
            Self::Flag(field) => match course.fields.get(field)? {
                FieldValue::Flag(yes) => Some(*yes),
                FieldValue::Category(_) | FieldValue::Number(_) => None,
            },
            Self::Is { field, values } => match course.fields.get(field)? {
                FieldValue::Category(code) if code == UNKNOWN => None,
                FieldValue::Category(code) => Some(values.contains(code)),
                FieldValue::Flag(_) | FieldValue::Number(_) => None,
            },
            Self::Compare { measure, relation, value } => {
                Some(relation.holds(measure.value(dictionary, course)?, *value))
            }
            Self::Holds(measure) => Some(measure.value(dictionary, course)? != 0),
            Self::All(parts) => decided_by(false, parts, dictionary, course),
            Self::Any(parts) => decided_by(true, parts, dictionary, course),
            Self::Not(part) => part.holds(dictionary, course).map(|met| !met),
        }
    }

    /// Every field and measure it reads.
    pub(super) fn visit<'a>(&'a self, field: &mut impl FnMut(&'a str), measure: &mut impl FnMut(&'a Measure)) {
        match self {
            Self::Flag(name) | Self::Is { field: name, .. } => field(name),
            Self::Compare { measure: read, .. } | Self::Holds(read) => measure(read),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.visit(field, measure)),
            Self::Not(part) => part.visit(field, measure),
        }
    }
}

/// One part that is `verdict` decides; otherwise an open part leaves it open.
fn decided_by(verdict: bool, parts: &[Condition], dictionary: &Dictionary, course: &Course) -> Option<bool> {
    let mut open = false;
    for part in parts {
        match part.holds(dictionary, course) {
            Some(met) if met == verdict => return Some(verdict),
            Some(_) => {}
            None => open = true,
        }
    }
    (!open).then_some(!verdict)
}

#[cfg(test)]
mod tests {
    use super::{Condition, Relation};
    use crate::dictionary::Dictionary;
    use crate::record::{Course, FieldValue};

    #[test]
    fn what_is_not_known_is_neither_true_nor_false() {
        let dictionary = Dictionary::parse("name = 'd'\nversion = 1").unwrap();
        let mut course = Course::default();
        course.fields.insert("yes".into(), FieldValue::Flag(true));
        course.fields.insert("no".into(), FieldValue::Flag(false));
        course.fields.insert("open".into(), FieldValue::Category("unknown".into()));
        let flag = |name: &str| Condition::Flag(name.into());
        let (yes, no, open) = (flag("yes"), flag("no"), flag("absent"));
        let unknown = Condition::Is { field: "open".into(), values: vec!["unknown".into(), "iv".into()] };
        let not = |part: &Condition| Condition::Not(Box::new(part.clone()));
        let cases = [
            (not(&open), None, "the opposite of a missing value is missing"),
            (unknown.clone(), None, "the code unknown is missing"),
            (not(&unknown), None, "also in the opposite"),
            (Condition::All(vec![yes.clone(), open.clone()]), None, "yes and missing"),
            (Condition::All(vec![open.clone(), no.clone()]), Some(false), "one no decides"),
            (Condition::Any(vec![open.clone(), yes.clone()]), Some(true), "one yes decides"),
            (Condition::Any(vec![no, open]), None, "no or missing"),
            (Condition::All(vec![]), Some(true), "nothing asked"),
            (not(&yes), Some(false), "not yes"),
        ];
        for (condition, want, why) in cases {
            assert_eq!(condition.holds(&dictionary, &course), want, "{why}");
        }
    }

    #[test]
    fn a_relation_read_from_the_other_side_says_the_same() {
        use Relation::{Above, AtLeast, AtMost, Below, Equal, Unequal};
        for relation in [Equal, Unequal, Below, AtMost, Above, AtLeast] {
            for (a, b) in [(1, 2), (2, 2), (3, 2)] {
                assert_eq!(relation.holds(a, b), relation.mirrored().holds(b, a), "{relation:?} {a} {b}");
            }
        }
    }
}
