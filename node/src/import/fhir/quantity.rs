//! Amounts with their units, converted exactly, digit by digit.

use super::element::{Element, Flaw};
use super::names::UCUM;
use super::reject::FhirWhy;

/// An amount as it was written.
pub(super) struct Quantity<'v> {
    /// For its path.
    element: Element<'v>,
    /// The digits.
    value: String,
    /// The UCUM code, or what stands for a person to read.
    unit: Option<&'v str>,
}

impl<'v> Quantity<'v> {
    /// The Quantity of this name below; none if it has no value.
    pub(super) fn of(parent: &Element<'v>, name: &str) -> Result<Option<Self>, Flaw> {
        let Some(element) = parent.child(name)? else { return Ok(None) };
        let Some(value) = element.number("value")? else { return Ok(None) };
        let code = if element.text("system")? == Some(UCUM) { element.text("code")? } else { None };
        let unit = code.or(element.text("unit")?);
        Ok(Some(Self { element, value, unit }))
    }

    /// The same as milligrams.
    pub(super) fn milligrams(&self) -> Result<String, Flaw> {
        match self.unit()? {
            "mg" => Ok(self.value.clone()),
            "g" => Ok(shifted(&self.value, 3)),
            "ug" | "mcg" | "µg" => Ok(shifted(&self.value, -3)),
            _ => Err(self.flaw(FhirWhy::Unit { want: "mg, g or ug" })),
        }
    }

    /// The same as kilograms, pounds rounded to the gram.
    pub(super) fn kilograms(&self) -> Result<String, Flaw> {
        match self.unit()? {
            "kg" => Ok(self.value.clone()),
            "g" => Ok(shifted(&self.value, -3)),
            "[lb_av]" | "lb" | "lbs" => {
                pounds(&self.value).ok_or_else(|| self.flaw(FhirWhy::Unit { want: "a weight in pounds" }))
            }
            _ => Err(self.flaw(FhirWhy::Unit { want: "kg, g or [lb_av]" })),
        }
    }

    /// The digits, if the unit is one of these; no unit at all is taken for it.
    pub(super) fn in_any(&self, units: &[&str], want: &'static str) -> Result<&str, Flaw> {
        let known = self.unit.is_none_or(|unit| units.contains(&unit));
        if known { Ok(&self.value) } else { Err(self.flaw(FhirWhy::Unit { want })) }
    }

    /// Something wrong with the value.
    pub(super) fn flaw(&self, why: impl Into<FhirWhy>) -> Flaw {
        let shown = self.unit.map_or_else(|| self.value.clone(), |unit| format!("{} {unit}", self.value));
        Flaw { value: shown, ..self.element.flaw(why) }
    }

    /// A unit, which an amount that is converted must have.
    fn unit(&self) -> Result<&'v str, Flaw> {
        self.unit.ok_or_else(|| self.flaw(FhirWhy::NoUnit))
    }
}

/// A decimal times 10^places. What is no plain decimal stays as it is, and is refused later.
fn shifted(value: &str, places: i32) -> String {
    let (sign, magnitude) = value.strip_prefix('-').map_or(("", value), |rest| ("-", rest));
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return value.to_owned();
    }
    let count = usize::try_from(places.unsigned_abs()).unwrap_or(0);
    let (whole, fraction) = if places >= 0 {
        let fraction = format!("{fraction:0<count$}");
        let (up, rest) = fraction.split_at_checked(count).unwrap_or((&fraction, ""));
        (format!("{whole}{up}"), rest.to_owned())
    } else {
        let whole = format!("{whole:0>width$}", width = count + 1);
        let at = whole.len().saturating_sub(count);
        let (rest, down) = whole.split_at_checked(at).unwrap_or((&whole, ""));
        (rest.to_owned(), format!("{down}{fraction}"))
    };
    let fraction = fraction.trim_end_matches('0');
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Pounds as kilograms: 0.45359237 each (the international pound of 1959), half a gram upwards.
fn pounds(value: &str) -> Option<String> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= 6)?;
    let number: u128 = format!("{whole}{fraction}").parse().ok().filter(|number| *number < 1_000_000_000_000)?;
    let unit = 10_u128.pow(places + 5);
    let grams = (number * 45_359_237 * 2 + unit) / (unit * 2);
    Some(shifted(&grams.to_string(), -3))
}

#[cfg(test)]
mod tests {
    use super::{pounds, shifted};

    #[test]
    fn the_point_moves_and_no_digit_is_lost() {
        let cases = [
            ("0.036", 3, "36"),
            ("1.5", 3, "1500"),
            ("36000", -3, "36"),
            ("500", -3, "0.5"),
            ("1", -3, "0.001"),
            ("-2.5", 3, "-2500"),
            ("72000.5", -3, "72.0005"),
            ("0", 3, "0"),
            ("1e21", 3, "1e21"),
        ];
        for (value, places, want) in cases {
            assert_eq!(shifted(value, places), want, "{value} by {places}");
        }
    }

    #[test]
    fn pounds_are_rounded_to_the_gram() {
        assert_eq!(pounds("158.7"), Some("71.985".to_owned()));
        assert_eq!(pounds("1"), Some("0.454".to_owned()));
        assert_eq!(pounds("-5"), None);
        assert_eq!(pounds("99999999999999"), None);
    }
}
