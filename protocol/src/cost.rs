//! The privacy cost ρ of zero-concentrated differential privacy, as an integer.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// A privacy cost in millionths of ρ. An integer, so every node's ledger adds to the same total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RhoMicro(pub u64);

impl RhoMicro {
    /// What is left after paying `cost`, or `None` if this cannot cover it.
    #[must_use]
    pub const fn after(self, cost: Self) -> Option<Self> {
        match self.0.checked_sub(cost.0) {
            Some(left) => Some(Self(left)),
            None => None,
        }
    }

    /// Both together; a sum past the largest number stays there, so it can never wrap to a small cost.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for RhoMicro {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self(0), Self::plus)
    }
}

impl fmt::Display for RhoMicro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / 1_000_000;
        let fraction = format!("{:06}", self.0 % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { write!(f, "ρ {whole}") } else { write!(f, "ρ {whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::RhoMicro;

    #[test]
    fn a_budget_covers_a_cost_to_the_last_millionth_and_no_further() {
        struct Case {
            why: &'static str,
            have: u64,
            cost: u64,
            left: Option<u64>,
        }
        let cases = [
            Case { why: "an exact fit is allowed", have: 500_000, cost: 500_000, left: Some(0) },
            Case { why: "one millionth short is refused", have: 499_999, cost: 500_000, left: None },
            Case { why: "a free query changes nothing", have: 7, cost: 0, left: Some(7) },
        ];
        for Case { why, have, cost, left } in cases {
            assert_eq!(RhoMicro(have).after(RhoMicro(cost)), left.map(RhoMicro), "{why}");
        }
    }

    #[test]
    fn a_cost_reads_as_a_decimal_without_trailing_zeros() {
        assert_eq!(RhoMicro(1_052_356).to_string(), "ρ 1.052356");
        assert_eq!(RhoMicro(100_000).to_string(), "ρ 0.1");
        assert_eq!(RhoMicro(2_000_000).to_string(), "ρ 2");
    }

    #[test]
    fn a_sum_never_wraps_to_a_small_cost() {
        assert_eq!([RhoMicro(u64::MAX), RhoMicro(2)].into_iter().sum::<RhoMicro>(), RhoMicro(u64::MAX));
    }
}
