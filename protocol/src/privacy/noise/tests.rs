use serde::Deserialize;

use super::{Noise, NoiseSeed, noise_vector};
use crate::cost::RhoMicro;
use crate::digest::{Digest, Label};
use crate::plan::{Mode, Plan};
use crate::privacy::price;
use crate::privacy::trial::{count, mean_of, plan, rate_of};

#[derive(Deserialize)]
struct Vector {
    seed: String,
    manifest: String,
    /// σ of each block, in units of 2^-20.
    sigma: Vec<u64>,
    groups: usize,
    /// Group by group, block by block.
    noise: Vec<i64>,
    seed_commitment: String,
}

fn asked() -> Plan {
    let columns = vec![count(), mean_of("change", -30, 15, Some(7)), rate_of("response")];
    price(plan(Mode::Dp, &["drug", "placebo"], columns), RhoMicro(1_052_356)).unwrap()
}

fn manifest(number: u64) -> Digest {
    Digest::of(Label::Manifest, &[&number.to_le_bytes()])
}

fn drawn(plan: &Plan, seed: u8, batch: u64) -> Vec<i128> {
    noise_vector(plan, &NoiseSeed::from_bytes([seed; 32]), manifest(batch)).unwrap().cells().to_vec()
}

#[test]
fn the_noise_of_a_known_seed_is_the_frozen_vector() {
    let vector: Vector = serde_json::from_str(include_str!("../../../vectors/noise/three_groups.json")).unwrap();
    let seed = NoiseSeed::from_bytes(Digest::from_hex(&vector.seed).unwrap().0);
    let arms = ["a", "b", "c"];
    let mut plan = plan(Mode::Dp, &arms[..vector.groups], vector.sigma.iter().map(|_| count()).collect());
    plan.blocks.iter_mut().zip(&vector.sigma).for_each(|(block, sigma)| block.sigma = *sigma);
    let noise = noise_vector(&plan, &seed, Digest::from_hex(&vector.manifest).unwrap()).unwrap();
    assert_eq!(noise.cells(), vector.noise.iter().map(|n| i128::from(*n)).collect::<Vec<_>>());
    assert_eq!(seed.commitment().hex(), vector.seed_commitment);
}

#[test]
fn asked_again_an_aggregator_can_only_send_the_same() {
    assert_eq!(drawn(&asked(), 7, 1), drawn(&asked(), 7, 1));
}

#[test]
fn another_seed_batch_or_sigma_gives_other_noise() {
    let first = drawn(&asked(), 7, 1);
    assert_ne!(drawn(&asked(), 8, 1), first, "seed");
    assert_ne!(drawn(&asked(), 7, 2), first, "manifest");
    assert_ne!(drawn(&price(asked(), RhoMicro(900_000)).unwrap(), 7, 1), first, "σ");
}

#[test]
fn no_two_cells_share_a_stream() {
    let mut wide = plan(Mode::Dp, &["a", "b", "c", "d"], vec![count(), rate_of("response"), rate_of("remission")]);
    // So much noise that two equal draws would mean one stream.
    wide.blocks.iter_mut().for_each(|b| b.sigma = 1 << 60);
    let mut cells = drawn(&wide, 7, 1);
    cells.sort_unstable();
    cells.dedup();
    assert_eq!(cells.len(), wide.cell_count());
}

#[test]
fn an_exact_plan_gets_no_noise() {
    let exact = price(Plan { mode: Mode::Exact, ..asked() }, RhoMicro(0)).unwrap();
    assert!(drawn(&exact, 7, 1).iter().all(|cell| *cell == 0));
}

#[test]
fn the_noise_of_many_batches_has_the_spread_that_was_paid_for() {
    let plan = asked();
    let runs = 1_100_u32;
    for (position, block) in plan.blocks.iter().enumerate() {
        let sigma = block.sigma as f64 / f64::from(1 << 20);
        let cells = (0..u64::from(runs)).flat_map(|run| {
            let cells = drawn(&plan, 3, run);
            [cells[position], cells[position + plan.blocks.len()]]
        });
        let (mut sum, mut squares) = (0.0, 0.0);
        for cell in cells {
            let scaled = cell as f64 / sigma;
            sum += scaled;
            squares += scaled * scaled;
        }
        let draws = f64::from(2 * runs);
        // Four standard deviations of a χ² and of a mean of so many draws.
        assert!((squares - draws).abs() < 4.0 * (2.0 * draws).sqrt(), "block {position}: {}", squares / draws);
        assert!(sum.abs() < 4.0 * draws.sqrt(), "block {position}: {}", sum / draws);
    }
}

#[test]
fn neither_seed_nor_noise_is_ever_printed() {
    assert_eq!(format!("{:?}", NoiseSeed::from_bytes([9; 32])), "NoiseSeed(…)");
    assert_eq!(format!("{:?}", Noise(vec![9])), "Noise(1 cells)");
}
