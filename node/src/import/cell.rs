//! What one cell says: an id, a day, a number, a code, yes or no, or nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sumac_protocol::dictionary::{DAYS_MAX, Dictionary, UNKNOWN, ValueError, Vocabulary};
use sumac_protocol::limits::PSEUDONYM_BYTES_MAX;

use super::limits::{CELL_BYTES_MAX, COURSE_BYTES_MAX};
use super::mapping::Mapping;
use super::reject::{Rejects, Why};
use super::table::Cell;

/// What cells are read by.
#[derive(Clone, Copy)]
pub(super) struct Lens<'a> {
    pub(super) dictionary: &'a Dictionary,
    pub(super) mapping: &'a Mapping,
}

/// Code in the file → the dictionary's code.
pub(super) type Renames = BTreeMap<String, String>;

impl<'t> Cell<'t> {
    /// The text, or `None` if it is empty or one of the mapping's markers for "not known".
    pub(super) fn known(self, mapping: &Mapping) -> Result<Option<&'t str>, Why> {
        if self.text.len() > CELL_BYTES_MAX {
            return Err(Why::CellTooLong);
        }
        Ok((!self.is_blank(mapping)).then_some(self.text))
    }

    /// Whether it is empty or one of the mapping's markers for "not known".
    pub(super) fn is_blank(self, mapping: &Mapping) -> bool {
        let short = self.text.len() <= mapping.missing_bytes_max;
        self.text.is_empty() || (short && mapping.missing.contains(self.text))
    }

    /// The text of a cell that a row cannot do without.
    pub(super) fn needed(self, what: &'static str, mapping: &Mapping) -> Result<&'t str, Why> {
        self.known(mapping)?.ok_or(Why::Absent { what })
    }

    /// A pseudonym.
    pub(super) fn pseudonym(self, mapping: &Mapping) -> Result<&'t str, Why> {
        self.id("patient", PSEUDONYM_BYTES_MAX, mapping)
    }

    /// A course id.
    pub(super) fn course(self, mapping: &Mapping) -> Result<&'t str, Why> {
        self.id("course", COURSE_BYTES_MAX, mapping)
    }

    fn id(self, what: &'static str, most: usize, mapping: &Mapping) -> Result<&'t str, Why> {
        let id = self.needed(what, mapping)?;
        if id.len() > most {
            return Err(Why::IdTooLong { bytes: id.len(), most });
        }
        let plain = id.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !plain && id.chars().any(is_hidden) {
            return Err(Why::IdUnprintable);
        }
        if id.starts_with(FORMULA_SIGNS) {
            return Err(Why::IdFormula);
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

/// A whole number between two bounds, both included.
pub(super) fn whole(of: &str, text: &str, min: u16, max: u16) -> Result<u16, Why> {
    let (of, own) = (of.to_owned(), text.to_owned());
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ValueError::NotANumber { of, text: own }.into());
    }
    match text.parse::<u16>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        Ok(_) | Err(_) => {
            Err(ValueError::OutOfRange { of, value: own, min: min.to_string(), max: max.to_string() }.into())
        }
    }
}

/// Yes or no, after the mapping's renames.
pub(super) fn flag(of: &str, text: &str, renames: Option<&Renames>) -> Result<bool, Why> {
    match renamed(text, renames).to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err(ValueError::NotYesNo { of: of.to_owned(), text: text.to_owned() }.into()),
    }
}

/// The dictionary's code, after the mapping's renames. One that it does not have is counted, and kept
/// as `unknown`.
pub(super) fn code(
    of: Vocabulary,
    text: &str,
    renames: Option<&Renames>,
    dictionary: &Dictionary,
    rejects: &mut Rejects,
) -> Result<String, Why> {
    match dictionary.check_code(of, renamed(text, renames)) {
        Err(ValueError::NoSuchValue { .. }) => {
            rejects.count_unknown(of.singular(), text);
            Ok(UNKNOWN.to_owned())
        }
        other => Ok(other?),
    }
}

fn renamed<'t>(text: &'t str, renames: Option<&'t Renames>) -> &'t str {
    renames.and_then(|renames| renames.get(text)).map_or(text, String::as_str)
}

/// Whether a character cannot be seen, or turns around how the text beside it is shown.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e007f}')
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

/// Signs with which a spreadsheet begins a formula.
pub(super) const FORMULA_SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
