//! How much: the units in which doses and weights are kept.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dictionary::show;

/// A dose in micrograms, so milligrams to three decimal places. Shown as milligrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micrograms(pub u32);

/// A body weight in grams, so kilograms to three decimal places. Shown as kilograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grams(pub u32);

/// Decimal places of milligrams and of kilograms.
pub(crate) const MILLI: u8 = 3;

impl Micrograms {
    /// The dose by body weight in micrograms per kilogram, so mg/kg to three decimal places, half a
    /// microgram upwards. `None` for a weight of 0 or a result past 32 bits.
    #[must_use]
    pub fn per_kilogram(self, weight: Grams) -> Option<u32> {
        let (dose, weight) = (u64::from(self.0) * 1_000, u64::from(weight.0));
        u32::try_from((dose * 2 + weight).checked_div(weight * 2)?).ok()
    }
}

impl fmt::Display for Micrograms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mg", thousandths(self.0))
    }
}

impl fmt::Display for Grams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kg", thousandths(self.0))
    }
}

/// A number of thousandths as people write it: `36.5`, not `36.500`.
fn thousandths(number: u32) -> String {
    let text = show(i64::from(number), MILLI);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Grams, Micrograms};

    #[test]
    fn a_dose_by_weight_is_exact_to_a_thousandth_of_a_milligram_per_kilogram() {
        let cases = [
            (36_000, 72_000, Some(500), "0.5 mg/kg, the classic infusion"),
            (28_800, 72_000, Some(400), "exactly at the edge of a band"),
            (56_000, 81_500, Some(687), "0.6871 goes down"),
            (1, 2_000, Some(1), "half a microgram goes up"),
            (1, 2_001, Some(0), "less than half goes down"),
            (0, 72_000, Some(0), "nothing given"),
            (36_000, 0, None, "no weight divides nothing"),
            (u32::MAX, 1, None, "past 32 bits"),
            (u32::MAX, u32::MAX, Some(1_000), "as large as can be"),
        ];
        for (dose, weight, want, why) in cases {
            assert_eq!(Micrograms(dose).per_kilogram(Grams(weight)), want, "{why}");
        }
    }

    #[test]
    fn amounts_are_shown_in_the_units_of_a_clinic() {
        let doses = [(36_500, "36.5 mg"), (100_000, "100 mg"), (0, "0 mg"), (1, "0.001 mg")];
        doses.iter().for_each(|(dose, want)| assert_eq!(Micrograms(*dose).to_string(), *want));
        assert_eq!(Grams(72_000).to_string(), "72 kg");
    }
}
