//! Whether two filters can let the same course in.

use super::{Condition, Relation};

impl Condition {
    /// Whether no course can meet both, by the conditions alone and whatever its records say. Sound, not complete: where
    /// it is not seen at once, the answer is no.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        if self.denies(other) || other.denies(self) {
            return true;
        }
        match (self, other) {
            (Self::Any(parts), whole) | (whole, Self::Any(parts)) => parts.iter().all(|part| part.excludes(whole)),
            (Self::All(parts), whole) | (whole, Self::All(parts)) => parts.iter().any(|part| part.excludes(whole)),
            (Self::Is { field, values }, Self::Is { field: theirs, values: others }) => {
                field == theirs && !values.iter().any(|value| others.contains(value))
            }
            (
                Self::Compare { measure, relation, value },
                Self::Compare { measure: theirs, relation: other, value: bound },
            ) => measure == theirs && relation.excludes(*value, *other, *bound),
            (_, _) => false,
        }
    }

    fn denies(&self, other: &Self) -> bool {
        matches!(self, Self::Not(denied) if **denied == *other)
    }
}

impl Relation {
    /// Whether no number stands so to `value` and as `other` to `bound`.
    fn excludes(self, value: i64, other: Self, bound: i64) -> bool {
        match (self, other) {
            (Self::Equal, _) => !other.holds(value, bound),
            (_, Self::Equal) => !self.holds(bound, value),
            (Self::Unequal, _) | (_, Self::Unequal) => false,
            _ => {
                let ((low, high), (from, to)) = (self.span(value), other.span(bound));
                low.max(from) > high.min(to)
            }
        }
    }

    /// The smallest and the largest number that stands so to `value`; `Unequal` spans all of them.
    const fn span(self, value: i64) -> (i64, i64) {
        match self {
            Self::Equal => (value, value),
            Self::Unequal => (i64::MIN, i64::MAX),
            Self::Below => (i64::MIN, value.saturating_sub(1)),
            Self::AtMost => (i64::MIN, value),
            Self::Above => (value.saturating_add(1), i64::MAX),
            Self::AtLeast => (value, i64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dictionary::Dictionary;
    use crate::plan::{Condition, Measure, Relation};
    use crate::record::{Course, FieldValue};

    fn conditions() -> Vec<Condition> {
        use Relation::{Above, AtLeast, AtMost, Below, Equal, Unequal};
        let mut all = vec![Condition::Flag("told".into())];
        for values in [vec!["iv"], vec!["im"], vec!["iv", "im"], vec!["im", "oral"]] {
            let values = values.into_iter().map(str::to_owned).collect();
            all.push(Condition::Is { field: "route".into(), values });
        }
        for relation in [Equal, Unequal, Below, AtMost, Above, AtLeast] {
            for value in [3, 4] {
                all.push(Condition::Compare { measure: Measure::Field("age".into()), relation, value });
            }
        }
        let plain = all.clone();
        all.extend(plain.iter().map(|part| Condition::Not(Box::new(part.clone()))));
        let pairs: Vec<_> = all.iter().zip(all.iter().skip(2)).map(|(a, b)| vec![a.clone(), b.clone()]).collect();
        all.extend(pairs.iter().cloned().map(Condition::All));
        all.extend(pairs.iter().cloned().map(Condition::Any));
        all.extend(pairs.into_iter().map(|pair| Condition::Not(Box::new(Condition::All(pair)))));
        all
    }

    #[test]
    fn no_course_meets_two_conditions_that_exclude_each_other() {
        let dictionary = Dictionary::parse("name = 'd'\nversion = 1").unwrap();
        let mut courses = Vec::new();
        for told in [None, Some(false), Some(true)] {
            for route in [None, Some("iv"), Some("im"), Some("oral"), Some("nasal"), Some("unknown")] {
                for age in [None, Some(2), Some(3), Some(4), Some(5)] {
                    let mut course = Course::default();
                    course.fields.extend(told.map(|told| ("told".into(), FieldValue::Flag(told))));
                    course.fields.extend(route.map(|route| ("route".into(), FieldValue::Category(route.into()))));
                    course.fields.extend(age.map(|age| ("age".into(), FieldValue::Number(age))));
                    courses.push(course);
                }
            }
        }
        let (all, mut apart) = (conditions(), 0);
        for one in &all {
            for other in &all {
                assert_eq!(one.excludes(other), other.excludes(one), "{one:?} {other:?}");
                if one.excludes(other) {
                    apart += 1;
                    let both = |course: &&Course| {
                        [one, other].iter().all(|part| part.holds(&dictionary, course) == Some(true))
                    };
                    assert_eq!(courses.iter().find(both), None, "{one:?} {other:?}");
                }
            }
        }
        assert!(apart > 100, "{apart}");
        for condition in &all {
            assert!(condition.excludes(&Condition::Not(Box::new(condition.clone()))), "{condition:?}");
        }
    }
}
