//! What one cell says: an id, a day, a number, a code, or nothing.

use std::borrow::Cow;

use sumac_protocol::dictionary::DAYS_MAX;

use super::limits::{CELL_BYTES_MAX, ID_BYTES_MAX};
use super::mapping::Mapping;
use super::reject::Why;
use super::table::Cell;

impl<'t> Cell<'t> {
    /// The text, or `None` if it is empty or one of the mapping's markers for "not known".
    pub(super) fn known(self, mapping: &Mapping) -> Result<Option<&'t str>, Why> {
        if self.text.len() > CELL_BYTES_MAX {
            return Err(Why::CellTooLong { bytes: self.text.len() });
        }
        Ok((!self.text.is_empty() && !mapping.missing.contains(self.text)).then_some(self.text))
    }

    /// The text of a cell that a row cannot do without.
    pub(super) fn needed(self, what: &'static str, mapping: &Mapping) -> Result<&'t str, Why> {
        self.known(mapping)?.ok_or(Why::Absent { what })
    }

    /// A pseudonym or course id.
    pub(super) fn id(self, what: &'static str, mapping: &Mapping) -> Result<&'t str, Why> {
        let id = self.needed(what, mapping)?;
        if id.len() > ID_BYTES_MAX {
            return Err(Why::IdTooLong { bytes: id.len() });
        }
        if id.chars().any(char::is_control) {
            return Err(Why::IdUnprintable);
        }
        Ok(id)
    }

    /// Days since the first dose.
    pub(super) fn day(self, mapping: &Mapping) -> Result<i32, Why> {
        let text = self.needed("day", mapping)?;
        let own = || text.to_owned();
        match text.parse::<i32>() {
            Ok(day) if day.unsigned_abs() <= DAYS_MAX.unsigned_abs() => Ok(day),
            Ok(_) => Err(Why::DayTooFar { text: own() }),
            Err(_) if is_dated(text) => Err(Why::Date { text: own() }),
            Err(_) => Err(Why::NotADay { text: own() }),
        }
    }
}

/// A number's text as the dictionary reads it, with a point before decimals.
pub(super) fn pointed<'t>(text: &'t str, mapping: &Mapping) -> Result<Cow<'t, str>, Why> {
    if !mapping.decimal_comma {
        return Ok(Cow::Borrowed(text));
    }
    if text.contains('.') {
        return Err(Why::Point { text: text.to_owned() });
    }
    // A second comma becomes a second point, which is no number.
    Ok(Cow::Owned(text.replace(',', ".")))
}

/// Whether a text is written like a date: digits parted at two places by the same sign, as in
/// `2024-02-29`, `29/2/24` or `29.02.2024`.
fn is_dated(text: &str) -> bool {
    ['-', '/', '.'].into_iter().any(|sign| {
        let mut parts = text.split(sign);
        let mut number = || parts.next().is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()));
        number() && number() && number()
    })
}
