//! The score of an answer: a number, or a code that is worth one.

use sumac_protocol::dictionary::{Instrument, ValueError};

use super::super::codes::Concept;
use super::super::element::{Element, Flaw};
use super::super::names;

/// The score of an item's answer, whatever `value[x]` it has; none if it has none.
pub(super) fn answer(element: &Element<'_>, instrument: &Instrument, number: u16) -> Result<Option<u8>, Flaw> {
    let Some(digits) = digits(element, instrument)? else { return Ok(None) };
    // Scores are whole; some systems write them as decimals.
    let whole = digits.strip_suffix(".0").unwrap_or(&digits);
    let of = format!("{} item {number}", instrument.id);
    let bounds = instrument.items.as_ref().map_or((0, u8::MAX), |items| (items.min, items.max));
    let score = whole.parse::<u8>().ok().filter(|score| (bounds.0..=bounds.1).contains(score));
    let outside =
        || ValueError::OutOfRange { of, value: digits.clone(), min: bounds.0.to_string(), max: bounds.1.to_string() };
    score.map(Some).ok_or_else(|| Flaw { value: digits.clone(), ..element.flaw(outside()) })
}

/// The digits of a total: of a quantity, whatever its unit, a plain number, or text.
pub(super) fn total(element: &Element<'_>) -> Result<Option<String>, Flaw> {
    for name in ["valueInteger", "valueDecimal"] {
        if let Some(digits) = element.number(name)? {
            return Ok(Some(digits));
        }
    }
    if let Some(quantity) = element.child("valueQuantity")? {
        return quantity.number("value");
    }
    // Some systems write the number as text.
    Ok(element.text("valueString")?.map(str::to_owned))
}

/// The digits of an answer: written as a number, or worth one.
fn digits(element: &Element<'_>, instrument: &Instrument) -> Result<Option<String>, Flaw> {
    if let Some(digits) = total(element)? {
        return Ok(Some(digits));
    }
    if let Some(coding) = element.child("valueCoding")? {
        return coded(&coding, instrument).map(Some);
    }
    let Some(concept) = element.child("valueCodeableConcept")? else { return Ok(None) };
    let mut last = None;
    for coding in concept.each("coding")? {
        match coded(&coding, instrument) {
            Ok(digits) => return Ok(Some(digits)),
            Err(flaw) => last = Some(flaw),
        }
    }
    last.map_or(Ok(None), Err)
}

/// What a coded answer is worth: HL7's extension says, or it is one of LOINC's four for how often
/// something bothered over two weeks, which the PHQ and GAD forms have (answer list LL358-3).
fn coded(coding: &Element<'_>, instrument: &Instrument) -> Result<String, Flaw> {
    for url in names::ORDINALS {
        if let Some(extension) = coding.extension(url)?
            && let Some(digits) = extension.number("valueDecimal")?
        {
            return Ok(digits);
        }
    }
    let concept = Concept::single(coding)?;
    // Elsewhere the same four words are worth one to four.
    let from_zero_to_three = instrument.items.as_ref().is_some_and(|items| (items.min, items.max) == (0, 3));
    let code = concept.code_in(sumac_protocol::dictionary::System::Loinc.url()).filter(|_| from_zero_to_three);
    let worth = code.and_then(|code| FREQUENCIES.iter().position(|known| *known == code));
    let unknown = || ValueError::NotANumber { of: instrument.id.clone(), text: concept.shown() };
    worth.map(|worth| worth.to_string()).ok_or_else(|| Flaw { value: concept.shown(), ..coding.flaw(unknown()) })
}

/// Not at all, several days, more than half the days, nearly every day: 0 to 3.
const FREQUENCIES: [&str; 4] = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"];
