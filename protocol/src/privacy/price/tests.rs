use num_bigint::BigUint;

use super::{PriceError, price};
use crate::cost::RhoMicro;
use crate::plan::{Mode, Plan};
use crate::privacy::trial::{count, mean_of, plan, rate_of};

fn question(mode: Mode) -> Plan {
    plan(mode, &["drug", "placebo"], vec![count(), mean_of("change", -30, 15, Some(7)), rate_of("response")])
}

#[test]
fn the_parts_add_up_to_the_price_to_the_last_millionth() {
    for rho in [6, 7, 8, 13, 100, 24_360, 1_052_356, 1_000_003, u64::MAX / 4] {
        let priced = price(question(Mode::Dp), RhoMicro(rho)).unwrap();
        let sum: u64 = priced.blocks.iter().map(|b| b.rho.0).sum();
        assert_eq!(sum, rho);
        assert!(priced.blocks.iter().all(|b| b.rho.0 > 0), "{rho}");
    }
}

#[test]
fn the_parts_follow_the_table() {
    let priced = price(question(Mode::Dp), RhoMicro(26_000_006)).unwrap();
    let parts: Vec<u64> = priced.blocks.iter().map(|b| b.rho.0 / 1_000_000).collect();
    assert_eq!(parts, [3, 3, 8, 3, 3, 6], "count; count, sum and squares of the mean; count and sum of the rate");
}

#[test]
fn sigma_is_the_smallest_that_the_price_pays_for() {
    for rho in [6, 1_000, 24_360, 1_052_356, 3_000_000] {
        let priced = price(question(Mode::Dp), RhoMicro(rho)).unwrap();
        for block in &priced.blocks {
            // σ²·2ρ ≥ Δ² in integers: (σ·2^20)² · 2 · ρ·10^6 ≥ Δ² · 2^40 · 10^6.
            let buys = |sigma: u64| {
                BigUint::from(sigma).pow(2) * 2_u32 * block.rho.0
                    >= BigUint::from(priced.sensitivity(block)).pow(2) * (1_u64 << 40) * 1_000_000_u32
            };
            assert!(buys(block.sigma) && !buys(block.sigma - 1), "{block:?}");
        }
    }
}

#[test]
fn a_root_that_is_whole_is_not_rounded_up() {
    // Δ = 1, ρ = 1/2: σ is exactly 1.
    let priced = price(plan(Mode::Dp, &[], vec![count()]), RhoMicro(500_000)).unwrap();
    assert_eq!(priced.blocks[0].sigma, 1 << 20);
}

#[test]
fn more_courses_of_one_patient_mean_more_noise() {
    let mut asked = plan(Mode::Dp, &[], vec![count()]);
    asked.courses_per_patient = 3;
    let priced = price(asked, RhoMicro(500_000)).unwrap();
    assert_eq!(priced.blocks[0].sigma, 3 << 20);
}

#[test]
fn pricing_twice_is_pricing_once() {
    let once = price(question(Mode::Dp), RhoMicro(77_777)).unwrap();
    assert_eq!(price(once.clone(), RhoMicro(77_777)).unwrap(), once);
}

#[test]
fn an_exact_plan_costs_nothing_and_has_no_noise() {
    let dp = price(question(Mode::Dp), RhoMicro(1_000)).unwrap();
    let exact = price(Plan { mode: Mode::Exact, ..dp }, RhoMicro(1_000)).unwrap();
    assert_eq!(exact, question(Mode::Exact));
}

#[test]
fn what_cannot_be_priced_is_refused_with_a_remedy() {
    let wide = |max| plan(Mode::Dp, &[], vec![mean_of("dose", 0, max, None)]);
    struct Case {
        why: &'static str,
        plan: Plan,
        rho: u64,
        want: PriceError,
    }
    let cases = [
        Case { why: "nothing asked", plan: plan(Mode::Dp, &[], vec![]), rho: 9, want: PriceError::Nothing },
        Case {
            why: "one millionth less than blocks",
            plan: question(Mode::Dp),
            rho: 5,
            want: PriceError::TooSmall { rho: RhoMicro(5), blocks: 6 },
        },
        Case {
            why: "M² does not fit 64 bits",
            plan: wide(1 << 33),
            rho: 1_000_000,
            want: PriceError::TooWide { width: 1 << 33 },
        },
        Case {
            why: "M² fits, but its noise does not",
            plan: wide(1 << 26),
            rho: 3,
            want: PriceError::TooWide { width: 1 << 26 },
        },
    ];
    for Case { why, plan, rho, want } in cases {
        let got = price(plan, RhoMicro(rho)).unwrap_err();
        assert_eq!(got, want, "{why}");
        assert!(!got.remedy().is_empty() && !got.code().is_empty());
    }
}
