//! Decimal text to scaled integers and back, without floating point.

use std::fmt;

/// A number as people write it: `unscaled` × 10^-`places`, with no trailing zeros behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    unscaled: i64,
    places: u8,
}

/// Why a text is no usable decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecimalFlaw {
    /// Nothing but spaces.
    Empty,
    /// A comma stands in it: `7,5`.
    Comma,
    /// Something else than digits, one point and a leading minus.
    NotDecimal,
    /// More digits than any instrument or field has.
    TooLong,
    /// More decimal places than the instrument or field has.
    TooPrecise,
}

/// Most digits on either side of the point: ten million times the largest range of an instrument.
const DIGITS_MAX: usize = 15;

impl Decimal {
    /// Reads `-12.50`. Spaces around it are allowed; signs other than a minus, exponents, grouping
    /// and decimal commas are not, because two readers could understand them differently.
    pub(crate) fn parse(text: &str) -> Result<Self, DecimalFlaw> {
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            return Err(DecimalFlaw::Empty);
        }
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        if digits.contains(',') {
            return Err(DecimalFlaw::Comma);
        }
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(DecimalFlaw::NotDecimal),
            Some((whole, fraction)) => (whole, fraction.trim_end_matches('0')),
            None if digits.is_empty() => return Err(DecimalFlaw::NotDecimal),
            None => (digits, ""),
        };
        if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(DecimalFlaw::NotDecimal);
        }
        if whole.len() + fraction.len() > DIGITS_MAX {
            return Err(DecimalFlaw::TooLong);
        }
        let magnitude = whole.bytes().chain(fraction.bytes()).fold(0_i64, |n, digit| n * 10 + i64::from(digit - b'0'));
        let places = u8::try_from(fraction.len()).map_err(|_| DecimalFlaw::TooLong)?;
        Ok(Self { unscaled: if negative { -magnitude } else { magnitude }, places })
    }

    /// The same number in units of 10^-decimals, if it is a whole number of them.
    pub(crate) fn scaled(self, decimals: u8) -> Result<i64, DecimalFlaw> {
        let more = decimals.checked_sub(self.places).ok_or(DecimalFlaw::TooPrecise)?;
        10_i64
            .checked_pow(u32::from(more))
            .and_then(|factor| self.unscaled.checked_mul(factor))
            .ok_or(DecimalFlaw::TooLong)
    }

    /// Numerator and denominator, not reduced.
    pub(crate) fn ratio(self) -> (i64, u64) {
        (self.unscaled, 10_u64.saturating_pow(u32::from(self.places)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show(self.unscaled, self.places))
    }
}

/// Writes a scaled integer as a decimal: 75 with one decimal place is `7.5`.
#[must_use]
pub fn show(value: i64, decimals: u8) -> String {
    if decimals == 0 {
        return value.to_string();
    }
    let unit = 10_u64.saturating_pow(u32::from(decimals));
    let (whole, rest) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{whole}.{rest:0width$}", width = usize::from(decimals))
}

#[cfg(test)]
mod tests {
    use super::{Decimal, DecimalFlaw, show};

    #[test]
    fn a_decimal_becomes_a_scaled_integer_exactly_or_not_at_all() {
        let cases: [(&str, u8, Result<i64, DecimalFlaw>); 18] = [
            ("12", 0, Ok(12)),
            (" -7 ", 0, Ok(-7)),
            ("7.50", 1, Ok(75)),
            ("21.0", 0, Ok(21)),
            (".5", 2, Ok(50)),
            ("007", 0, Ok(7)),
            ("0.1", 6, Ok(100_000)),
            ("", 0, Err(DecimalFlaw::Empty)),
            ("   ", 0, Err(DecimalFlaw::Empty)),
            ("7,5", 1, Err(DecimalFlaw::Comma)),
            ("21.5", 0, Err(DecimalFlaw::TooPrecise)),
            ("5.", 0, Err(DecimalFlaw::NotDecimal)),
            ("-", 0, Err(DecimalFlaw::NotDecimal)),
            ("1e3", 0, Err(DecimalFlaw::NotDecimal)),
            ("+4", 0, Err(DecimalFlaw::NotDecimal)),
            ("NaN", 0, Err(DecimalFlaw::NotDecimal)),
            ("1.2.3", 1, Err(DecimalFlaw::NotDecimal)),
            ("9999999999999999", 0, Err(DecimalFlaw::TooLong)),
        ];
        for (text, decimals, want) in cases {
            assert_eq!(Decimal::parse(text).and_then(|d| d.scaled(decimals)), want, "{text:?} at {decimals}");
        }
    }

    #[test]
    fn a_scaled_integer_reads_as_it_was_written() {
        for (value, decimals, want) in [(75, 1, "7.5"), (-5, 2, "-0.05"), (12, 0, "12"), (100, 2, "1.00")] {
            assert_eq!(show(value, decimals), want);
        }
    }
}
