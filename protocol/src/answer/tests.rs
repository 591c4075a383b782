use super::{Answer, AnswerInput, Estimate, Found, Mean, Operators, Rate, answer};
use crate::cost::RhoMicro;
use crate::digest::{Digest, Label};
use crate::plan::Plan;

mod bins;
mod coverage;
mod edges;
mod held_back;
mod reference;

/// The answer to a plan whose groups are all shown.
fn told(plan: &Plan, released: &[i128], aggregators: u32) -> Answer {
    let shown = vec![false; plan.group_count()];
    answer(input(plan, released, &shown, aggregators)).unwrap()
}

fn input<'a>(plan: &'a Plan, released: &'a [i128], suppressed: &'a [bool], aggregators: u32) -> AnswerInput<'a> {
    AnswerInput {
        plan,
        study: "antidepressant-pooling",
        release: Digest::of(Label::Release, &[]),
        rho: plan.blocks.iter().map(|block| block.rho).sum::<RhoMicro>(),
        delta_per_1e12: 1_000_000,
        operators: Operators { asked: 5, counted: 5 },
        cohort_min: 10,
        aggregators,
        suppressed,
        merged: &[],
        released,
    }
}

fn mean(estimate: &Estimate) -> &Mean {
    let Found::Mean(mean) = &estimate.found else { panic!("{estimate:?} is no mean") };
    mean
}

fn rate(estimate: &Estimate) -> &Rate {
    let Found::Rate(rate) = &estimate.found else { panic!("{estimate:?} is no rate") };
    rate
}
