//! Values of records against the dictionary: what an importer asks for each cell.

use std::collections::BTreeSet;

use crate::record::{Course, FieldValue};

use super::decimal::{Decimal, DecimalFlaw, show};
use super::name::{listed, nearest};
use super::{Dictionary, Field, FieldKind, Instrument, UNKNOWN};

/// Furthest day from the first dose that a record may hold, either way: 100 years.
pub const DAYS_MAX: i32 = 36_525;

/// Why a value of a record cannot be kept. Says nothing about rows or files; those are the importer's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// No such instrument.
    #[error("`{id}` is not an instrument of the dictionary")]
    NoSuchInstrument {
        /// What stood there.
        id: String,
        /// An instrument it may have meant.
        near: Option<String>,
        /// The instruments there are.
        known: Vec<String>,
    },
    /// No such field.
    #[error("`{id}` is not a field of the dictionary")]
    NoSuchField {
        /// What stood there.
        id: String,
        /// A field it may have meant.
        near: Option<String>,
        /// The fields there are.
        known: Vec<String>,
    },
    /// Nothing where a value belongs.
    #[error("`{of}` is empty")]
    Empty {
        /// Whose value.
        of: String,
    },
    /// A decimal comma, or a comma between thousands: nobody can tell which.
    #[error("`{text}` for `{of}` has a comma")]
    Comma {
        /// Whose value.
        of: String,
        /// What stood there.
        text: String,
    },
    /// No number.
    #[error("`{text}` for `{of}` is not a number")]
    NotANumber {
        /// Whose value.
        of: String,
        /// What stood there.
        text: String,
    },
    /// More decimal places than are kept; rounding is the clinic's decision, not the importer's.
    #[error("`{text}` for `{of}` has more than {decimals} decimal places")]
    TooPrecise {
        /// Whose value.
        of: String,
        /// What stood there.
        text: String,
        /// Places that are kept.
        decimals: u8,
    },
    /// A number that cannot be.
    #[error("{value} for `{of}` is outside {min} to {max}")]
    OutOfRange {
        /// Whose value.
        of: String,
        /// The value as a decimal.
        value: String,
        /// Smallest as a decimal.
        min: String,
        /// Largest as a decimal.
        max: String,
    },
    /// Not one of a closed category's codes.
    #[error("`{value}` is not a value of `{of}`")]
    NoSuchValue {
        /// Whose value.
        of: String,
        /// What stood there.
        value: String,
        /// A code it may have meant.
        near: Option<String>,
        /// The codes there are.
        known: Vec<String>,
    },
    /// Neither yes nor no.
    #[error("`{text}` for `{of}` is neither yes nor no")]
    NotYesNo {
        /// Whose value.
        of: String,
        /// What stood there.
        text: String,
    },
    /// A value of another type than the field's.
    #[error("the value of `{of}` is of another type than the field")]
    WrongType {
        /// Whose value.
        of: String,
    },
    /// A day more than 100 years away.
    #[error("day {day} of `{of}` is further than {DAYS_MAX} days from the first dose")]
    Day {
        /// Whose day.
        of: String,
        /// The day.
        day: i32,
    },
    /// One instrument twice on one day.
    #[error("`{of}` stands twice on day {day}")]
    Twice {
        /// Which instrument.
        of: String,
        /// The day.
        day: i32,
    },
}

impl ValueError {
    /// Never reworded once released; reject files and scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchInstrument { .. } => "no-such-instrument",
            Self::NoSuchField { .. } => "no-such-field",
            Self::Empty { .. } => "empty",
            Self::Comma { .. } => "decimal-comma",
            Self::NotANumber { .. } => "not-a-number",
            Self::TooPrecise { .. } => "too-precise",
            Self::OutOfRange { .. } => "out-of-range",
            Self::NoSuchValue { .. } => "no-such-value",
            Self::NotYesNo { .. } => "not-yes-no",
            Self::WrongType { .. } => "wrong-type",
            Self::Day { .. } => "day-out-of-range",
            Self::Twice { .. } => "twice-on-one-day",
        }
    }

    /// What whoever keeps the records can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoSuchInstrument { near: Some(near), .. }
            | Self::NoSuchField { near: Some(near), .. }
            | Self::NoSuchValue { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::NoSuchInstrument { known, .. } => {
                format!("use one of the dictionary's instruments: {}", listed(known, ""))
            }
            Self::NoSuchField { known, .. } => format!("use one of the dictionary's fields: {}", listed(known, "")),
            Self::Empty { .. } => "leave the row out; an absent value is missing".to_owned(),
            Self::Comma { text, .. } => format!("write decimals with a point: `{}`", text.trim().replace(',', ".")),
            Self::NotANumber { .. } => "write digits, with a point before decimals".to_owned(),
            Self::TooPrecise { decimals, .. } => format!("round to {decimals} decimal places at the source"),
            Self::OutOfRange { .. } => "check the value, and that it is a total of this edition".to_owned(),
            Self::NoSuchValue { known, .. } => format!("use {} or {UNKNOWN}", listed(known, "")),
            Self::NotYesNo { .. } => "write yes or no, true or false, 1 or 0".to_owned(),
            Self::WrongType { .. } => "import the course again".to_owned(),
            Self::Day { .. } => "count days from the first dose; day 0 is the day of the first dose".to_owned(),
            Self::Twice { .. } => "keep one total for each day".to_owned(),
        }
    }
}

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

    /// Everything in a course that the dictionary does not allow; empty if it is all right. Names
    /// must be spelled as in the dictionary here: this is a stored course, not something typed.
    #[must_use]
    pub fn check_course(&self, course: &Course) -> Vec<ValueError> {
        let fields = course.fields.iter().filter_map(|(id, value)| self.check_stored_field(id, value).err());
        let mut flaws: Vec<ValueError> = fields.collect();
        let mut seen = BTreeSet::new();
        for assessment in &course.assessments {
            let (of, day) = (|| assessment.instrument.clone(), assessment.day);
            match self.known_instrument(&of()) {
                Ok(known) if known.id != assessment.instrument => {
                    let near = Some(known.id.clone());
                    flaws.push(ValueError::NoSuchInstrument { id: of(), near, known: Vec::new() });
                }
                Ok(Instrument { id, min, max, decimals, .. }) => {
                    flaws.extend(check_range(id, assessment.value, *min, *max, *decimals).err());
                }
                Err(flaw) => flaws.push(flaw),
            }
            if day.unsigned_abs() > DAYS_MAX.unsigned_abs() {
                flaws.push(ValueError::Day { of: of(), day });
            }
            if !seen.insert((&assessment.instrument, day)) {
                flaws.push(ValueError::Twice { of: of(), day });
            }
        }
        flaws
    }

    fn check_stored_field(&self, id: &str, value: &FieldValue) -> Result<(), ValueError> {
        let field = self.known_field(id)?;
        if field.id != id {
            let near = Some(field.id.clone());
            return Err(ValueError::NoSuchField { id: id.to_owned(), near, known: Vec::new() });
        }
        match (&field.kind, value) {
            (FieldKind::Category { values }, FieldValue::Category(code)) => {
                let known = code == UNKNOWN || values.contains(code);
                if known { Ok(()) } else { Err(no_such_value(field, code)) }
            }
            (FieldKind::Flag, FieldValue::Flag(_)) => Ok(()),
            (FieldKind::Number { min, max, decimals, .. }, FieldValue::Number(number)) => {
                check_range(id, *number, *min, *max, *decimals).map(|_| ())
            }
            (FieldKind::Category { .. } | FieldKind::Flag | FieldKind::Number { .. }, _) => {
                Err(ValueError::WrongType { of: id.to_owned() })
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
