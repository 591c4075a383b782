//! Whether a plan's cells fit the field that contributions are shared in.
//!
//! A sum that wraps around the field's modulus decodes to another number without any sign of it,
//! so a plan that could is refused before a clinic is asked.

use crate::plan::{Block, BlockKind, Plan, Quantity};

/// p = 2^64 − 2^32 + 1, the modulus of the field (`Field64` of draft-irtf-cfrg-vdaf).
const MODULUS: u128 = (1 << 64) - (1 << 32) + 1;

/// Checks that no honest contribution, proof or noised sum of this plan can wrap.
///
/// `patients_max` is the largest of any clinic, `operators` how many contribute at most (one clinic
/// each), `aggregators` the size k of the committee. Per block: the proof that sum² ≤ count ·
/// sumsq multiplies up to (patients · courses · M)², which must stay below p/4; and the released sum
/// over all clinics with k times 2^20 standard deviations of noise must stay below p/2. (Noise
/// beyond 2^20 of its own standard deviations has probability e^−2^39.) A plan must be priced first.
///
/// # Errors
/// [`FieldError`] names the block's range and what would have to shrink.
pub fn check_field(plan: &Plan, patients_max: u64, operators: u64, aggregators: u64) -> Result<(), FieldError> {
    let courses = u128::from(patients_max).saturating_mul(u128::from(plan.courses_per_patient));
    for block in &plan.blocks {
        let width = plan.quantity_of(block).map_or(1, Quantity::width);
        if block.kind == BlockKind::Squares {
            let factor = courses.saturating_mul(u128::from(width));
            if factor.saturating_mul(factor) >= MODULUS / 4 {
                return Err(FieldError::Proof { width, patients_max });
            }
        }
        let clinics = courses.saturating_mul(u128::from(operators)).saturating_mul(largest_change(block, width));
        // 2^20 standard deviations of noise: σ in units of 2^-20 is just that number.
        let noise = u128::from(block.sigma).saturating_mul(u128::from(aggregators));
        if clinics.saturating_add(noise) >= MODULUS / 2 {
            return Err(FieldError::Sum { width, patients_max, operators });
        }
    }
    match plan.raw_max(patients_max) {
        Some(_) => Ok(()),
        None => Err(FieldError::Sum { width: widest(plan), patients_max, operators }),
    }
}

/// Why a plan does not fit the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The proof of a spread could wrap.
    #[error("a spread over a range of {width} units at {patients_max} patients a clinic overflows its proof")]
    Proof {
        /// M: the quantity's largest shifted value, in units of 10^-decimals.
        width: u64,
        /// Most patients of one clinic.
        patients_max: u64,
    },
    /// A noised sum over all clinics could wrap.
    #[error(
        "a sum over a range of {width} units, {operators} operators and {patients_max} patients each overflows the field"
    )]
    Sum {
        /// M: the quantity's largest shifted value, in units of 10^-decimals; 1 for a count.
        width: u64,
        /// Most patients of one clinic.
        patients_max: u64,
        /// Most operators that contribute.
        operators: u64,
    },
}

impl FieldError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Proof { .. } => "proof-overflows",
            Self::Sum { .. } => "sum-overflows",
        }
    }

    /// What the person who asked can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Proof { .. } | Self::Sum { width: 2.., .. } => {
                "clip the measure to a narrower range with clip(x, lo, hi)".to_owned()
            }
            Self::Sum { .. } => "ask with a larger ρ, or lower patients_max in the charter".to_owned(),
        }
    }
}

/// The largest change of a released cell by one course.
fn largest_change(block: &Block, width: u64) -> u128 {
    match block.kind {
        BlockKind::Count => 1,
        BlockKind::Sum => u128::from(width),
        BlockKind::Squares => u128::from(width).saturating_mul(u128::from(width)),
    }
}

fn widest(plan: &Plan) -> u64 {
    plan.quantities.iter().map(Quantity::width).max().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::{FieldError, MODULUS, check_field};
    use crate::plan::Mode;
    use crate::privacy::trial::{mean_of, plan};

    #[test]
    fn a_plan_that_could_wrap_is_refused_and_one_below_the_bound_is_not() {
        struct Case {
            why: &'static str,
            width: i64,
            patients_max: u64,
            operators: u64,
            sigma: u64,
            want: Option<&'static str>,
        }
        let (any, few) = (1_000, 10_000_u64);
        let cases = [
            Case { why: "an ordinary scale", width: 104, patients_max: few, operators: 50, sigma: 1 << 40, want: None },
            Case {
                why: "(10^4 · 214 748)² is just above p/4",
                width: 214_749,
                patients_max: few,
                operators: 1,
                sigma: 0,
                want: Some("proof-overflows"),
            },
            Case {
                why: "(10^4 · 214 747)² is just below p/4, and its sum of squares below p/2",
                width: 214_747,
                patients_max: few,
                operators: 1,
                sigma: 0,
                want: None,
            },
            Case {
                why: "20 000 operators still add up to less than p/2",
                width: 214_747,
                patients_max: few,
                operators: 20_000,
                sigma: 0,
                want: None,
            },
            Case {
                why: "one operator more does not",
                width: 214_747,
                patients_max: few,
                operators: 20_001,
                sigma: 0,
                want: Some("sum-overflows"),
            },
            Case {
                why: "three aggregators' noise alone fills the field",
                width: 10,
                patients_max: any,
                operators: 1,
                sigma: u64::MAX / 6,
                want: Some("sum-overflows"),
            },
            Case {
                why: "numbers that overflow 128 bits are no smaller for it",
                width: i64::MAX,
                patients_max: u64::MAX,
                operators: u64::MAX,
                sigma: u64::MAX,
                want: Some("sum-overflows"),
            },
        ];
        for Case { why, width, patients_max, operators, sigma, want } in cases {
            let mut asked = plan(Mode::Dp, &[], vec![mean_of("x", 0, width, None)]);
            asked.blocks.iter_mut().for_each(|b| b.sigma = sigma);
            let got = check_field(&asked, patients_max, operators, 3).map_err(|e| e.code());
            assert_eq!(got.err(), want, "{why}");
        }
    }

    #[test]
    fn the_modulus_is_that_of_the_field_the_shares_live_in() {
        use prio::field::{Field64, FieldElementWithInteger};
        assert_eq!(MODULUS, u128::from(Field64::modulus()));
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        for refusal in [
            FieldError::Proof { width: 9, patients_max: 1 },
            FieldError::Sum { width: 9, patients_max: 1, operators: 1 },
            FieldError::Sum { width: 1, patients_max: 1, operators: 1 },
        ] {
            assert!(!refusal.remedy().is_empty() && refusal.to_string().contains(" 1 "), "{refusal}");
        }
    }
}
