//! What groups are made of: closed categories, and numbers cut into bands at public bounds.

use serde::{Deserialize, Serialize};

use crate::dictionary::{Dictionary, UNKNOWN, show};
use crate::record::{Course, FieldValue};

use super::Measure;

/// One part of a `GROUP BY`, with its closed list of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grouping {
    /// The field's name in the dictionary, or what is cut into bands, as in `baseline(PHQ-9)`.
    pub field: String,
    /// Its values: of a category in dictionary order, of bands from the lowest, of a flag no and yes. A course without a value, or `unknown`, is
    /// in no group.
    pub values: Vec<String>,
    /// Where a number is cut, a flag being 0 or 1; none for a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Bands>,
}

/// A number that is cut into bands. The bounds are the question's, never the data's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "complete: a number and where it is cut")]
pub struct Bands {
    /// What is cut.
    pub measure: Measure,
    /// The lowest number of each band but the first, rising, in the measure's units.
    pub bounds: Vec<i64>,
}

impl Grouping {
    /// A closed category.
    #[must_use]
    pub const fn category(field: String, values: Vec<String>) -> Self {
        Self { field, values, bands: None }
    }

    /// A number cut at rising bounds, which are in units of 10^-decimals.
    #[must_use]
    pub fn banded(measure: Measure, bounds: Vec<i64>, decimals: u8) -> Self {
        let number = |value: i64| show(value, decimals);
        let below = bounds.first().map(|first| format!("<{}", number(*first)));
        let between = bounds.windows(2).filter_map(|pair| match pair {
            [from, next] if next.checked_sub(1)? == *from => Some(number(*from)),
            [from, next] => Some(format!("{}-{}", number(*from), number(next.checked_sub(1)?))),
            _ => None,
        });
        let above = bounds.last().map(|last| format!("{}+", number(*last)));
        let values = below.into_iter().chain(between).chain(above).collect();
        Self { field: measure.label(), values, bands: Some(Bands { measure, bounds }) }
    }

    /// A yes or no: those for whom it is no, and those for whom it is yes.
    #[must_use]
    pub fn flag(field: String) -> Self {
        let values = ["no", "yes"].map(str::to_owned).to_vec();
        Self { bands: Some(Bands { measure: Measure::Field(field.clone()), bounds: vec![1] }), field, values }
    }

    /// The position of a course's value in [`Grouping::values`]; `None` where it has none.
    #[must_use]
    pub fn place(&self, dictionary: &Dictionary, course: &Course) -> Option<usize> {
        if let Some(Bands { measure, bounds }) = &self.bands {
            let value = measure.value(dictionary, course)?;
            return Some(bounds.iter().filter(|bound| **bound <= value).count());
        }
        match course.fields.get(&self.field)? {
            FieldValue::Category(code) if code != UNKNOWN => self.values.iter().position(|value| value == code),
            FieldValue::Category(_) | FieldValue::Flag(_) | FieldValue::Number(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Grouping;
    use crate::dictionary::Dictionary;
    use crate::plan::Measure;
    use crate::record::{Course, FieldValue};

    #[test]
    fn every_number_is_in_one_band_and_a_missing_one_in_none() {
        let age = Grouping::banded(Measure::Field("age".into()), vec![18, 30, 45, 46, 65], 0);
        assert_eq!(age.field, "age");
        assert_eq!(age.values, ["<18", "18-29", "30-44", "45", "46-64", "65+"]);
        let dictionary = Dictionary::parse("name = 'd'\nversion = 1").unwrap();
        let place = |value: Option<FieldValue>| {
            let mut course = Course::default();
            course.fields.extend(value.map(|value| ("age".to_owned(), value)));
            age.place(&dictionary, &course)
        };
        let cases = [(-3, 0), (17, 0), (18, 1), (29, 1), (30, 2), (45, 3), (46, 4), (64, 4), (65, 5), (120, 5)];
        for (number, want) in cases {
            assert_eq!(place(Some(FieldValue::Number(number))), Some(want), "{number}");
        }
        assert_eq!(place(None), None);
        assert_eq!(place(Some(FieldValue::Category("unknown".into()))), None);
        let told = Grouping::flag("age".into());
        let place = |yes| {
            let mut course = Course::default();
            course.fields.insert("age".into(), FieldValue::Flag(yes));
            told.values[told.place(&dictionary, &course).unwrap()].clone()
        };
        assert_eq!([place(false), place(true)], ["no", "yes"]);
        assert_eq!(told.place(&dictionary, &Course::default()), None, "not said");
        let dose = Grouping::banded(Measure::CumulativeDose, vec![5, 10], 1);
        assert_eq!(dose.values, ["<0.5", "0.5-0.9", "1.0+"]);
    }
}
