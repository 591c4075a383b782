//! Plans and draws for the tests of prices, noise, answers and expectations.

use crate::cost::RhoMicro;
use crate::digest::{Digest, Label};
use crate::plan::{
    Block, BlockKind, Estimate, EstimateKind, Grouping, Measure, Mode, Plan, Quantity, SEMANTICS_VERSION,
};
use crate::privacy::{NoiseSeed, noise_vector};

/// One entry of a question's `SELECT` list with the quantity it is of.
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    pub(crate) of: EstimateKind,
    pub(crate) quantity: Option<Quantity>,
}

pub(crate) fn count() -> Asked {
    Asked { name: "courses", of: EstimateKind::Count, quantity: None }
}

pub(crate) fn mean_of(name: &'static str, min: i64, max: i64, reference_sd: Option<u32>) -> Asked {
    let quantity =
        Quantity { measure: Measure::Field(name.to_owned()), min, max, decimals: 0, reference_sd, joint: None };
    Asked { name, of: EstimateKind::Mean, quantity: Some(quantity) }
}

pub(crate) fn rate_of(name: &'static str) -> Asked {
    Asked { of: EstimateKind::Rate, ..mean_of(name, 0, 1, None) }
}

/// A plan that asks for these in one group for each of the values of "arm"; without any, in one
/// group of all. Not priced.
pub(crate) fn plan(mode: Mode, arms: &[&str], asked: Vec<Asked>) -> Plan {
    let values = arms.iter().map(|arm| (*arm).to_owned()).collect();
    let group_by = if arms.is_empty() { vec![] } else { vec![Grouping::category("arm".to_owned(), values)] };
    let mut plan = Plan {
        semantics: SEMANTICS_VERSION,
        mode,
        group_by,
        filter: None,
        quantities: vec![],
        blocks: vec![],
        estimates: vec![],
        courses_per_patient: 1,
    };
    for Asked { name, of, quantity } in asked {
        let tried: [(EstimateKind, &[BlockKind]); 3] = [
            (EstimateKind::Count, &[BlockKind::Count]),
            (EstimateKind::Mean, &[BlockKind::Count, BlockKind::Sum, BlockKind::Squares]),
            (EstimateKind::Rate, &[BlockKind::Count, BlockKind::Sum]),
        ];
        let (_, kinds) = tried.iter().find(|(kind, _)| *kind == of).expect("one of the three that are tried");
        let place = quantity.as_ref().map(|_| u32::try_from(plan.quantities.len()).unwrap());
        plan.quantities.extend(quantity);
        for kind in *kinds {
            plan.blocks.push(Block { quantity: place, kind: *kind, rho: RhoMicro(0), sigma: 0 });
        }
        plan.estimates.push(Estimate { name: name.to_owned(), of, quantity: place, with: vec![] });
    }
    plan
}

/// The released cells of one block list, from every course's values: one row per course, its group
/// and one optional value per quantity.
pub(crate) fn released(plan: &Plan, courses: &[(usize, Vec<Option<i64>>)]) -> Vec<i128> {
    let mut raw = vec![0_i128; plan.cell_count()];
    for (group, values) in courses {
        for (position, block) in plan.blocks.iter().enumerate() {
            let shifted = match block.quantity {
                None => Some(0),
                Some(q) => {
                    let quantity = &plan.quantities[usize::try_from(q).unwrap()];
                    values[usize::try_from(q).unwrap()].map(|v| v.clamp(quantity.min, quantity.max) - quantity.min)
                }
            };
            let cell = &mut raw[group * plan.blocks.len() + position];
            *cell += match (shifted.map(i128::from), block.kind) {
                (None, _) => 0,
                (Some(_), BlockKind::Count) => 1,
                (Some(v), BlockKind::Sum) => v,
                (Some(v), BlockKind::Squares) => v * v,
                (Some(_), kind) => panic!("{kind:?} is not tried here"),
            };
        }
    }
    plan.recentre(&raw).unwrap()
}

/// The sum of k aggregators' noise in run number `run`.
pub(crate) fn noise_of(plan: &Plan, aggregators: u8, run: u64) -> Vec<i128> {
    let manifest = Digest::of(Label::Manifest, &[&run.to_le_bytes()]);
    let mut sum = vec![0_i128; plan.cell_count()];
    for aggregator in 1..=aggregators {
        let noise = noise_vector(plan, &NoiseSeed::from_bytes([aggregator; 32]), manifest).unwrap();
        sum.iter_mut().zip(noise.cells()).for_each(|(cell, drawn)| *cell += drawn);
    }
    sum
}

/// Numbers for drawing samples, the same in every run (splitmix64, Steele, Lea & Flood 2014).
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let wide = u128::from(z ^ (z >> 31)) * u128::try_from(bound).unwrap();
        usize::try_from(wide >> 64).unwrap()
    }
}
