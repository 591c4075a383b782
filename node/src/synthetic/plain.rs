//! Courses of any dictionary, drawn evenly from what it allows: they say nothing of any field of medicine, and so suit
//! where only the shape of records matters.

use rand::{Rng, RngExt as _};
use sumac_protocol::dictionary::{Dictionary, FieldKind};
use sumac_protocol::record::{Assessment, Course, FieldValue};

/// A course with a value in every field that nothing else in a course tells, and a total of every instrument that belongs
/// to days: the day before the first dose, and after one, four and six weeks.
#[must_use]
pub(super) fn plain_course<R: Rng>(dictionary: &Dictionary, rng: &mut R) -> Course {
    let mut course = Course { id: "1".to_owned(), ..Course::default() };
    for field in dictionary.fields().iter().filter(|field| field.told_by.is_none()) {
        let value = match &field.kind {
            FieldKind::Category { values } => {
                let Some(last) = values.len().checked_sub(1) else { continue };
                let Some(value) = values.get(rng.random_range(0..=last)) else { continue };
                FieldValue::Category(value.clone())
            }
            FieldKind::Flag => FieldValue::Flag(rng.random()),
            FieldKind::Number { min, max, .. } => FieldValue::Number(rng.random_range(*min..=*max)),
        };
        course.fields.insert(field.id.clone(), value);
    }
    for instrument in dictionary.instruments().iter().filter(|instrument| !instrument.per_session) {
        let days = DAYS.into_iter().filter(|day| *day > 0 || !instrument.rates_change);
        for day in days {
            let total = rng.random_range(instrument.min..=instrument.max);
            course.assessments.push(Assessment::total(&*instrument.id, day, total));
        }
    }
    course.put_in_order();
    course
}

/// One before the first dose, three after it.
const DAYS: [i32; 4] = [-1, 7, 28, 42];

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::Xoshiro256PlusPlus;
    use sumac_protocol::dictionary::{Dictionary, KETAMINE};
    use sumac_protocol::record::FieldValue;

    use super::plain_course;

    #[test]
    fn every_value_drawn_is_one_that_the_dictionary_allows() {
        let duloxetine = include_str!("../../../protocol/dictionaries/duloxetine.toml");
        for text in [KETAMINE, duloxetine] {
            let dictionary = Dictionary::parse(text).unwrap();
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
            for _ in 0..200 {
                let course = plain_course(&dictionary, &mut rng);
                assert!(!course.fields.is_empty() && !course.assessments.is_empty());
                for (name, value) in &course.fields {
                    if let FieldValue::Category(code) = value {
                        assert_eq!(dictionary.check_field(name, code).as_ref(), Ok(value), "{name}");
                    }
                }
                for score in &course.assessments {
                    let instrument = dictionary.instrument(&score.instrument).unwrap();
                    assert!((instrument.min..=instrument.max).contains(&score.value), "{}", score.instrument);
                }
            }
        }
    }
}
