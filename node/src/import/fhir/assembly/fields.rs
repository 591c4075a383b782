//! Fields of a course that other parts of the files tell, each only where nothing else did.

use std::collections::BTreeSet;

use sumac_protocol::dictionary::{FieldKind, UNKNOWN};
use sumac_protocol::record::{Course, FieldValue};

use super::super::codes::Codes;
use super::super::facts::PatientFact;
use super::super::when::{Partly, date_of};

/// Sex from the gender, age from the birth date as far as it is known, molecule and route from the
/// sessions where all agree.
pub(super) fn derive(who: &PatientFact, day_0: i32, codes: &Codes<'_>, course: &mut Course) {
    if let Some(gender) = &who.gender {
        set(codes, course, SEX, gender);
    }
    if let Some(birth) = who.birth {
        if let Some(age) = age(birth, day_0) {
            set(codes, course, AGE, &age.to_string());
        }
        if let Some(band) = age_band(birth, day_0, codes) {
            set(codes, course, AGE_BAND, &band);
        }
    }
    let one = |values: BTreeSet<&String>| match (values.first(), values.len()) {
        (Some(only), 1) => Some((*only).clone()),
        (Some(_) | None, _) => None,
    };
    let molecule = one(course.sessions.iter().filter_map(|session| session.molecule.as_ref()).collect());
    let route = one(course.sessions.iter().filter_map(|session| session.route.as_ref()).collect());
    for (field, value) in [(MOLECULE, molecule), (ROUTE, route)] {
        if let Some(value) = value {
            set(codes, course, field, &value);
        }
    }
}

/// Sets a field that the dictionary has and the course does not hold yet. A word that a category does
/// not have is `unknown`.
fn set(codes: &Codes<'_>, course: &mut Course, field: &str, text: &str) {
    let Some(known) = codes.dictionary.field(field) else { return };
    let value = codes.dictionary.check_field(&known.id, text).ok();
    let value = value.or_else(|| match known.kind {
        FieldKind::Category { .. } => Some(FieldValue::Category(UNKNOWN.to_owned())),
        FieldKind::Flag | FieldKind::Number { .. } => None,
    });
    if let Some(value) = value {
        course.fields.entry(known.id.clone()).or_insert(value);
    }
}

/// The age in whole years on day 0, if the birth date leaves only one.
fn age(birth: Partly, day_0: i32) -> Option<i32> {
    let (oldest, youngest) = (years(birth.from, day_0)?, years(birth.to, day_0)?);
    (oldest == youngest).then_some(oldest)
}

/// The band that every possible age lies in.
fn age_band(birth: Partly, day_0: i32, codes: &Codes<'_>) -> Option<String> {
    let FieldKind::Category { values } = &codes.dictionary.field(AGE_BAND)?.kind else { return None };
    let band = |age: i32| values.iter().find(|band| in_band(band, age));
    let (oldest, youngest) = (band(years(birth.from, day_0)?)?, band(years(birth.to, day_0)?)?);
    (oldest == youngest).then(|| oldest.clone())
}

/// Whether a band written `18-29` or `65+` holds an age.
fn in_band(band: &str, age: i32) -> bool {
    if let Some(from) = band.strip_suffix('+').and_then(|from| from.parse::<i32>().ok()) {
        return age >= from;
    }
    let ends = band.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    ends.is_some_and(|(from, to): (i32, i32)| (from..=to).contains(&age))
}

/// Birthdays between two days; none if the second lies before the first.
fn years(birth: i32, day: i32) -> Option<i32> {
    let (birth, day) = (date_of(birth)?, date_of(day)?);
    let passed = (u8::from(day.month()), day.day()) >= (u8::from(birth.month()), birth.day());
    let years = day.year() - birth.year() - i32::from(!passed);
    (years >= 0).then_some(years)
}

/// Fields that other parts of a FHIR file tell, where the dictionary has them.
const SEX: &str = "sex";
/// In years, at the first dose.
const AGE: &str = "age";
/// Which of the dictionary's bands the age lies in.
const AGE_BAND: &str = "age_band";
/// What all sessions were about.
const MOLECULE: &str = "molecule";
/// How it was given in all sessions.
const ROUTE: &str = "route";

#[cfg(test)]
mod tests {
    use super::{Partly, age, in_band, years};

    #[test]
    fn an_age_is_told_only_where_the_birth_date_leaves_one() {
        let year = Partly { from: 5_113, to: 5_478 };
        let day = Partly { from: 5_113, to: 5_113 };
        assert_eq!(age(year, 20_458), None, "born 1984: 41 or 42 on 2026-01-05");
        assert_eq!(age(day, 20_458), Some(42), "born 1984-01-01");
        assert_eq!(years(20_458, 5_113), None, "treated before birth");
        assert_eq!(years(5_113 + 59, 20_458 + 54), Some(41), "born on 29 February, on 28 February");
        assert_eq!(years(5_113 + 59, 20_458 + 55), Some(42), "on 1 March");
    }

    #[test]
    fn a_band_holds_both_of_its_ends() {
        for (band, age, want) in [("18-29", 18, true), ("18-29", 29, true), ("18-29", 30, false), ("65+", 65, true)] {
            assert_eq!(in_band(band, age), want, "{age} in {band}");
        }
        assert!(!in_band("others", 30));
    }
}
