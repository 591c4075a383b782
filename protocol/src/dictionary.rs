//! The dictionary: instruments, fields and closed vocabularies that all nodes share.
//!
//! It is a TOML text signed into the charter, so every node has the same bounds and the same
//! categories. Bounds make privacy computable (they give sensitivities), closed vocabularies make
//! groups that do not depend on anybody's record, and another field of medicine is another file.
//!
//! All numbers are whole, in units of 10^-decimals of their instrument or field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use category::ConsentCategory;
pub use coding::{Coding, System};
pub use event::{Code, EventKind, EventRules, Onset};
pub use field::{Field, FieldKind, ToldBy, UNKNOWN};
#[expect(clippy::module_name_repetitions, reason = "their names where they are used, apart from this module")]
pub use flaw::{DictionaryError, DictionaryFlaw};
pub use fractions::{CHANGE_FRACTIONS_RANGE_MAX, ChangeFractions};
pub use instrument::{Band, Better, Fraction, ImportantChange, Instrument, ResponseRule};
pub use items::Items;
pub use name::nearest;
pub use reading::{PLACEHOLDER, SEEN};
pub use session::{Bioavailability, Bounds, Route, SessionRules};
pub use value::{DAYS_MAX, ValueError, Vital, Vocabulary};

pub use decimal::show as decimal_text;

pub(crate) use decimal::{Decimal, DecimalFlaw, show};
pub(crate) use name::{fold, listed};

mod about;
mod category;
mod check;
mod check_codes;
mod check_field;
mod check_instrument;
mod check_items;
mod check_session;
mod coding;
mod decimal;
mod event;
mod field;
mod flaw;
mod fractions;
mod instrument;
mod items;
mod name;
mod reading;
mod session;
mod value;
mod written;

/// Widest range of an instrument or field, 2^27: squares of changes then stay below 2^56.
pub const RANGE_MAX: u64 = 1 << 27;

/// Most decimal places of an instrument or field.
pub const DECIMALS_MAX: u8 = 6;

/// The text of the dictionary of ketamine treatment, as it is signed into charters.
pub const KETAMINE: &str = include_str!("../dictionaries/ketamine.toml");

/// A checked dictionary. Only [`Dictionary::parse`] makes one, so every range, rule and name in it
/// is sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dictionary {
    name: String,
    version: u32,
    baseline: BaselineRule,
    instruments: Vec<Instrument>,
    fields: Vec<Field>,
    session: Option<SessionRules>,
    events: Option<EventRules>,
    #[serde(rename = "time_to_event")]
    times: Vec<Code>,
    #[serde(rename = "comedication")]
    comedications: Vec<Code>,
    /// Where each folded name stands in the lists above.
    #[serde(skip)]
    places: BTreeMap<String, Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Instrument(usize),
    Field(usize),
}

/// Which assessment is a course's baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: another rule is another semantics version")]
pub enum BaselineRule {
    /// The last one on or before day 0, the day of the first dose. The default.
    #[default]
    #[serde(rename = "last_on_or_before_0")]
    LastOnOrBefore0,
    /// The one with the highest total strictly before day 0, as some clinics define it.
    #[serde(rename = "highest_before_0")]
    HighestBefore0,
}

impl Dictionary {
    /// Reads and checks a dictionary.
    ///
    /// # Errors
    /// [`DictionaryError`] with the line of the first flaw and what to do about it.
    pub fn parse(text: &str) -> Result<Self, DictionaryError> {
        Self::parse_all(text).map_err(|flaws| {
            let none = DictionaryError { line: 1, flaw: DictionaryFlaw::Shape { message: String::new() } };
            flaws.into_iter().next().unwrap_or(none)
        })
    }

    /// Reads and checks a dictionary, and goes on behind a flaw.
    ///
    /// # Errors
    /// Every flaw that does not hide behind another, by line; at least one.
    pub fn parse_all(text: &str) -> Result<Self, Vec<DictionaryError>> {
        check::check(text)
    }

    /// The dictionary of ketamine treatment that ships with Sumac: instruments, paradigms, routes,
    /// adverse events. A federation adopts its text, [`KETAMINE`], or one of its own.
    ///
    /// # Errors
    /// None: a test reads it. The type is [`parse`](Self::parse)'s.
    pub fn ketamine() -> Result<Self, DictionaryError> {
        Self::parse(KETAMINE)
    }

    /// What the dictionary is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counted up by its authors.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Which assessment is the baseline.
    #[must_use]
    pub const fn baseline(&self) -> BaselineRule {
        self.baseline
    }

    /// All instruments, in the order of the text.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// All fields, in the order of the text.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What sessions may hold, if the dictionary has sessions.
    #[must_use]
    pub const fn session(&self) -> Option<&SessionRules> {
        self.session.as_ref()
    }

    /// What adverse events may hold, if the dictionary has them.
    #[must_use]
    pub const fn events(&self) -> Option<&EventRules> {
        self.events.as_ref()
    }

    /// What is waited for: the kinds of time to event.
    #[must_use]
    pub fn times_to_event(&self) -> &[Code] {
        &self.times
    }

    /// The classes of other medicines that matter.
    #[must_use]
    pub fn comedications(&self) -> &[Code] {
        &self.comedications
    }

    /// The instrument of this name in any spelling: `phq9`, `PHQ-9` and `phq_9` are one.
    #[must_use]
    pub fn instrument(&self, name: &str) -> Option<&Instrument> {
        // Most names are written as the dictionary writes them.
        if let Some(same) = self.instruments.iter().find(|instrument| instrument.id == name) {
            return Some(same);
        }
        match self.places.get(&fold(name))? {
            Place::Instrument(at) => self.instruments.get(*at),
            Place::Field(_) => None,
        }
    }

    /// The field of this name, without regard to capitals, hyphens and underscores.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        if let Some(same) = self.fields.iter().find(|field| field.id == name) {
            return Some(same);
        }
        match self.places.get(&fold(name))? {
            Place::Field(at) => self.fields.get(*at),
            Place::Instrument(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
