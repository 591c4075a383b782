//! Numbers as people read them: as many places as tell them apart, the same for all of one column.

/// Decimal places for numbers that stand below each other: enough for three digits of the largest.
pub(super) fn places(values: impl Iterator<Item = f64>) -> usize {
    let largest = values.filter(|value| value.is_finite()).fold(0.0, |largest: f64, value| largest.max(value.abs()));
    match largest {
        x if x >= 1_000.0 => 0,
        x if x >= 100.0 => 1,
        x if x >= 1.0 || x <= 0.0 => 2,
        x if x >= 0.1 => 3,
        x if x >= 0.001 => 5,
        _ => 7,
    }
}

/// A number with so many places; never `-0`.
pub(super) fn fixed(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    let zero = text.starts_with('-') && !text.contains(|sign: char| ('1'..='9').contains(&sign));
    if zero { text.trim_start_matches('-').to_owned() } else { text }
}

/// Both ends of an interval.
pub(super) fn span([low, high]: [f64; 2], places: usize) -> String {
    format!("{} … {}", fixed(low, places), fixed(high, places))
}

/// The probability of what was seen if there were nothing: three places, and never 0.
pub(super) fn p_value(p: Option<f64>) -> String {
    match p {
        None => "p –".to_owned(),
        Some(p) if p < 0.001 => "p < 0.001".to_owned(),
        Some(p) => format!("p = {p:.3}"),
    }
}

/// A number as text that reads back as the same number; for programs.
pub(super) fn exact(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { value.to_string() }
}

/// A count as a number to calculate with. Exact up to 2^32, which no cohort reaches.
pub(super) fn of_count(n: u64) -> f64 {
    // Counts of courses are far below 2^53; a larger one is shown as the largest exact.
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

/// A share of something, in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::{fixed, p_value, places, span};

    #[test]
    fn numbers_of_a_column_have_as_many_places_as_tell_them_apart_and_no_negative_zero() {
        let cases: [(&[f64], &str, &str); 7] = [
            (&[-9.57, 3.0], "-9.57", "scores"),
            (&[12_345.6], "12346", "large numbers need no fractions"),
            (&[431.25], "431.2", "hundreds"),
            (&[-0.001], "-0.00100", "small coefficients are not rounded away"),
            (&[-0.0], "0.00", "negative zero"),
            (&[], "0.00", "a column of nothing"),
            (&[f64::NAN, 2.0], "NaN", "what is not finite sets no places"),
        ];
        for (values, want, why) in cases {
            assert_eq!(fixed(values.first().copied().unwrap_or(0.0), places(values.iter().copied())), want, "{why}");
        }
        assert_eq!(fixed(-0.004, 2), "0.00");
        assert_eq!(span([-1.0, 2.5], 1), "-1.0 … 2.5");
        assert_eq!([p_value(None), p_value(Some(0.0)), p_value(Some(0.25))], ["p –", "p < 0.001", "p = 0.250"]);
    }
}
