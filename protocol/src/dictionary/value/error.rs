//! What can be wrong with a value of a record.

use crate::record::{Grams, Micrograms};

use super::super::UNKNOWN;
use super::super::name::listed;
use super::DAYS_MAX;

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
    /// A list of codes that the dictionary does not have.
    #[error("the dictionary has no {of}")]
    NoVocabulary {
        /// What kind of code, in the plural.
        of: &'static str,
    },
    /// More than anybody gives by that route.
    #[error("{dose} by {route} is above {limit}")]
    DoseOverLimit {
        /// How it was given, or `any route`.
        route: String,
        /// How much was given.
        dose: Micrograms,
        /// The route's limit.
        limit: Micrograms,
    },
    /// A weight that nobody has.
    #[error("{weight} is outside {min} to {max} kg")]
    Weight {
        /// The weight.
        weight: Grams,
        /// Smallest in kilograms.
        min: u16,
        /// Largest in kilograms.
        max: u16,
    },
    /// A dose before the first dose.
    #[error("session {number} has a dose on day {day}, before the first dose")]
    DoseBeforeFirst {
        /// Which session.
        number: u16,
        /// Its day.
        day: i32,
    },
    /// Sessions that are not counted up, or not in the order of their days.
    #[error("session {number} on day {day} does not follow the one before it")]
    SessionOrder {
        /// Which session.
        number: u16,
        /// Its day.
        day: i32,
    },
    /// An event of a session that the course does not have.
    #[error("session {number} of `{of}` is not a session of the course")]
    NoSuchSession {
        /// Which event.
        of: String,
        /// Which session.
        number: u16,
    },
    /// A wait that ended before it began.
    #[error("`{of}` on day {day} lies before the first dose")]
    BeforeFirstDose {
        /// What was waited for.
        of: String,
        /// The day.
        day: i32,
    },
    /// An instrument of one session among those of a day.
    #[error("`{of}` asks about one session, and stands among the scores of a day")]
    BelongsToSession {
        /// Which instrument.
        of: String,
    },
    /// An instrument of a day in a session.
    #[error("`{of}` asks about days, and stands in a session")]
    BelongsToDay {
        /// Which instrument.
        of: String,
    },
    /// Items of an instrument whose terms do not allow them to be kept, or that has none.
    #[error("the items of `{of}` are not kept")]
    ItemsNotKept {
        /// Which instrument.
        of: String,
    },
    /// More or fewer answers than the form has items.
    #[error("{got} items of `{of}`, which has {want}")]
    ItemCount {
        /// Which instrument.
        of: String,
        /// How many there are.
        got: usize,
        /// How many there should be.
        want: u16,
    },
    /// Items that make another total.
    #[error("the items of `{of}` make {sum}, where its total is {total}")]
    ItemSum {
        /// Which instrument.
        of: String,
        /// What the items make, as a decimal.
        sum: String,
        /// What the total says, as a decimal.
        total: String,
    },
    /// A flag that another part of the course contradicts.
    #[error("`{of}` is {says}, and what is recorded of {class} says otherwise")]
    Contradicted {
        /// Which field.
        of: String,
        /// What it says.
        says: &'static str,
        /// Which class of medicine.
        class: String,
    },
    /// One thing twice where it can be but once.
    #[error("`{of}` stands twice")]
    Repeated {
        /// What.
        of: String,
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
            Self::NoVocabulary { .. } => "not-in-dictionary",
            Self::DoseOverLimit { .. } => "dose-over-limit",
            Self::Weight { .. } => "weight-out-of-range",
            Self::DoseBeforeFirst { .. } => "dose-before-first",
            Self::SessionOrder { .. } => "session-order",
            Self::NoSuchSession { .. } => "no-such-session",
            Self::BeforeFirstDose { .. } => "before-first-dose",
            Self::BelongsToSession { .. } => "belongs-to-session",
            Self::BelongsToDay { .. } => "belongs-to-day",
            Self::ItemsNotKept { .. } => "items-not-kept",
            Self::ItemCount { .. } => "item-count",
            Self::ItemSum { .. } => "item-sum",
            Self::Contradicted { .. } => "contradicted",
            Self::Repeated { .. } => "repeated",
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
            Self::OutOfRange { .. } => "check the value and its unit; a total must be of this edition".to_owned(),
            Self::NoSuchValue { known, .. } => format!("use {} or {UNKNOWN}", listed(known, "")),
            Self::NotYesNo { .. } => "write yes or no, true or false, 1 or 0".to_owned(),
            Self::WrongType { .. } => "import the course again".to_owned(),
            Self::Day { .. } => "count days from the first dose; day 0 is the day of the first dose".to_owned(),
            Self::NoVocabulary { of } => format!("leave {of} out, or adopt a dictionary that lists them"),
            Self::DoseOverLimit { .. } => {
                "check the unit: the dose of the whole session in mg, neither µg nor mg/kg nor ml".to_owned()
            }
            Self::Weight { .. } => "check the unit: kilograms, neither pounds nor the dose".to_owned(),
            Self::DoseBeforeFirst { .. } => "count days from the first dose, whose day is 0".to_owned(),
            Self::SessionOrder { .. } => "number sessions from 1 in the order in which they took place".to_owned(),
            Self::NoSuchSession { .. } => "name a session of this course, or none".to_owned(),
            Self::BeforeFirstDose { .. } => "count days from the first dose, whose day is 0".to_owned(),
            Self::BelongsToSession { .. } => "keep it with the session that it asks about".to_owned(),
            Self::BelongsToDay { .. } => "keep it with the day on which it was answered".to_owned(),
            Self::ItemsNotKept { .. } => "keep the total only: the instrument's terms decide".to_owned(),
            Self::ItemCount { .. } => "list every item in the order of the form; a blank answer is empty".to_owned(),
            Self::ItemSum { .. } => "correct the item or the total at the source".to_owned(),
            Self::Contradicted { .. } => "correct one of the two, or leave the field out: it follows".to_owned(),
            Self::Repeated { .. } => "keep it once".to_owned(),
            Self::Twice { .. } => "keep one total for each day".to_owned(),
        }
    }
}
