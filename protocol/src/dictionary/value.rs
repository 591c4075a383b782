//! Values of records against the dictionary: what an importer asks for each cell.

use crate::record::FieldValue;

use super::decimal::{Decimal, DecimalFlaw, show};
use super::name::nearest;
use super::{Dictionary, Field, FieldKind, Instrument, UNKNOWN};

pub use error::ValueError;
pub use session::Vital;
pub use vocabulary::Vocabulary;

mod course;
mod error;
mod session;
mod vocabulary;

/// Furthest day from the first dose that a record may hold, either way: 100 years.
pub const DAYS_MAX: i32 = 36_525;

impl Dictionary {
    /// A total as text, in units of 10^-decimals of its instrument.
    ///
    /// # Errors
    /// [`ValueError`] if there is no such instrument, or the text is no total it can have.
    pub fn check_score(&self, instrument: &str, value_text: &str) -> Result<i64, ValueError> {
        let instrument = self.known_instrument(instrument)?;
        let Instrument { id, min, max, decimals, .. } = instrument;
        check_number(id, value_text, *min, *max, *decimals)
    }

    /// A field's value as text. Codes and yes/no are read without regard to capitals; `unknown`
    /// is a value of every closed category.
    ///
    /// # Errors
    /// [`ValueError`] if there is no such field, or the text is no value it can have.
    pub fn check_field(&self, field: &str, text: &str) -> Result<FieldValue, ValueError> {
        let field = self.known_field(field)?;
        let of = || field.id.clone();
        let trimmed = text.trim_matches([' ', '\t']);
        if trimmed.is_empty() {
            return Err(ValueError::Empty { of: of() });
        }
        match &field.kind {
            FieldKind::Category { values } => {
                let known = values.iter().map(String::as_str).chain([UNKNOWN]);
                let found = known.into_iter().find(|value| value.eq_ignore_ascii_case(trimmed));
                found.map(|value| FieldValue::Category(value.to_owned())).ok_or_else(|| no_such_value(field, trimmed))
            }
            FieldKind::Flag => match trimmed.to_ascii_lowercase().as_str() {
                "yes" | "true" | "1" => Ok(FieldValue::Flag(true)),
                "no" | "false" | "0" => Ok(FieldValue::Flag(false)),
                _ => Err(ValueError::NotYesNo { of: of(), text: trimmed.to_owned() }),
            },
            FieldKind::Number { min, max, decimals, .. } => {
                check_number(&field.id, trimmed, *min, *max, *decimals).map(FieldValue::Number)
            }
        }
    }

    /// The instrument of this name in any spelling, as [`Dictionary::instrument`], or what there is.
    ///
    /// # Errors
    /// [`ValueError::NoSuchInstrument`] with the one it may have meant, and all there are.
    pub fn known_instrument(&self, id: &str) -> Result<&Instrument, ValueError> {
        self.instrument(id).ok_or_else(|| {
            let known: Vec<String> = self.instruments().iter().map(|instrument| instrument.id.clone()).collect();
            let near = nearest(id, known.iter().map(String::as_str));
            ValueError::NoSuchInstrument { id: id.to_owned(), near, known }
        })
    }

    /// The field of this name in any spelling, as [`Dictionary::field`], or what there is.
    ///
    /// # Errors
    /// [`ValueError::NoSuchField`] with the one it may have meant, and all there are.
    pub fn known_field(&self, id: &str) -> Result<&Field, ValueError> {
        self.field(id).ok_or_else(|| {
            let known: Vec<String> = self.fields().iter().map(|field| field.id.clone()).collect();
            let near = nearest(id, known.iter().map(String::as_str));
            ValueError::NoSuchField { id: id.to_owned(), near, known }
        })
    }
}

fn no_such_value(field: &Field, value: &str) -> ValueError {
    let known = match &field.kind {
        FieldKind::Category { values } => values.clone(),
        FieldKind::Flag | FieldKind::Number { .. } => Vec::new(),
    };
    let near = nearest(value, known.iter().map(String::as_str));
    ValueError::NoSuchValue { of: field.id.clone(), value: value.to_owned(), near, known }
}

fn check_number(of: &str, text: &str, min: i64, max: i64, decimals: u8) -> Result<i64, ValueError> {
    let value = Decimal::parse(text).and_then(|decimal| decimal.scaled(decimals)).map_err(|flaw| {
        let (of, text) = (of.to_owned(), text.trim().to_owned());
        match flaw {
            DecimalFlaw::Empty => ValueError::Empty { of },
            DecimalFlaw::Comma => ValueError::Comma { of, text },
            DecimalFlaw::NotDecimal => ValueError::NotANumber { of, text },
            DecimalFlaw::TooPrecise => ValueError::TooPrecise { of, text, decimals },
            DecimalFlaw::TooLong => {
                ValueError::OutOfRange { of, value: text, min: show(min, decimals), max: show(max, decimals) }
            }
        }
    })?;
    check_range(of, value, min, max, decimals)
}

fn check_range(of: &str, value: i64, min: i64, max: i64, decimals: u8) -> Result<i64, ValueError> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    let [value, min, max] = [value, min, max].map(|number| show(number, decimals));
    Err(ValueError::OutOfRange { of: of.to_owned(), value, min, max })
}
