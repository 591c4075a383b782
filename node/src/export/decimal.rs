//! Scaled integers as people write numbers.

/// A value in units of 10^-decimals, without zeros at its end: 36,000 with three decimals is `36`.
pub(super) fn digits(value: i64, decimals: u8) -> String {
    let unit = 10_u64.saturating_pow(u32::from(decimals));
    let (whole, rest) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let rest = format!("{rest:0width$}", width = usize::from(decimals));
    format!("{sign}{whole}.{}", rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn a_number_has_no_digit_that_says_nothing() {
        let cases =
            [(36_000, 3, "36"), (36_500, 3, "36.5"), (-5, 2, "-0.05"), (0, 3, "0"), (453, 1, "45.3"), (12, 0, "12")];
        for (value, decimals, want) in cases {
            assert_eq!(digits(value, decimals), want);
        }
    }
}
