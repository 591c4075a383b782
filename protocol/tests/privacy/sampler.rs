//! The sampler in use against the vectors of the reference implementation, and the noise of members against its own
//! distribution.

use prio::dp::Rational;
use prio::dp::distributions::DiscreteGaussian;
use prio::vdaf::xof::SeedStreamTurboShake128;
use rand::SeedableRng as _;
use rand::distr::Distribution as _;
use serde::Deserialize;
use statrs::distribution::{ChiSquared, ContinuousCDF as _, Normal};
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::plan::{Grouping, Mode, Plan};
use sumac_protocol::privacy::{NoiseSeed, SIGMA_UNITS_PER_ONE, noise_vector};
use sumac_protocol::question::compile;

use crate::release::dictionary;

/// Draws of the reference implementation of Canonne, Kamath & Steinke, as `prio` publishes them.
#[derive(Deserialize)]
struct Vector {
    seed: String,
    std_num: u128,
    std_denom: u128,
    samples: Vec<i128>,
}

macro_rules! published {
    ($($sigma:literal),*) => {
        [$(($sigma, include_str!(concat!("../../vectors/discrete_gaussian/discrete_gauss_", $sigma, ".json")))),*]
    };
}

const VECTORS: [(&str, &str); 6] = published!("2.342", "3", "9", "100", "41293847", "9999999999999999999999");

#[test]
fn the_sampler_in_use_draws_the_published_samples() {
    for (sigma, vector) in VECTORS {
        let vector: Vector = serde_json::from_str(vector).unwrap();
        let gaussian =
            DiscreteGaussian::new(Rational::from_unsigned(vector.std_num, vector.std_denom).unwrap()).unwrap();
        let mut stream = SeedStreamTurboShake128::from_seed(Digest::from_hex(&vector.seed).unwrap().0);
        let drawn: Vec<i128> =
            vector.samples.iter().map(|_| i128::try_from(gaussian.sample(&mut stream)).unwrap()).collect();
        assert_eq!(drawn, vector.samples, "σ {sigma}");
        assert!(drawn.len() >= 49, "σ {sigma}: {} samples tell little", drawn.len());
    }
}

/// σ of the noise that is drawn for the tests of its distribution, in units of 2^-20: below 1, odd, of a count, of a
/// sum, of squares at a small price, and the largest that a plan may name in practice.
const SIGMAS: [u64; 7] = [600_000, 1 << 20, 2_455_765, 8 << 20, 52_428_801, 4_200 << 20, 3_000_000_007 << 20];
/// Draws of each.
const DRAWS: usize = 20_000;
/// A true sampler passes all tests with a chance of 99.9 %; the seeds are fixed, so these draws do or do not.
const DOUBT: f64 = 0.001 / 14.0;

/// The noise of one member in cells of these σ: one row a σ.
fn drawn(sigmas: &[u64]) -> Vec<Vec<i128>> {
    const GROUPS: usize = 1_000;
    let mut plan = compile("SELECT count(*) FROM courses GROUP BY arm", &dictionary(), Mode::Dp).unwrap();
    let values = (0..GROUPS).map(|group| group.to_string()).collect();
    plan.group_by = vec![Grouping { field: "arm".to_owned(), values, bands: None }];
    let block = plan.blocks[0].clone();
    plan.blocks = sigmas.iter().map(|sigma| sumac_protocol::plan::Block { sigma: *sigma, ..block.clone() }).collect();
    let mut rows = vec![Vec::with_capacity(DRAWS); sigmas.len()];
    for batch in 0..DRAWS / GROUPS {
        for group in noise_of(&plan, batch).chunks_exact(sigmas.len()) {
            rows.iter_mut().zip(group).for_each(|(row, cell)| row.push(*cell));
        }
    }
    rows
}

fn noise_of(plan: &Plan, batch: usize) -> Vec<i128> {
    let manifest = Digest::of(Label::Manifest, &[&batch.to_le_bytes()]);
    noise_vector(plan, &NoiseSeed::from_bytes([17; 32]), manifest).unwrap().cells().to_vec()
}

fn of_units(sigma: u64) -> f64 {
    sigma as f64 / SIGMA_UNITS_PER_ONE as f64
}

/// P(X ≤ x) of the discrete Gaussian, at a number of places in rising order. Beyond σ of 10,000 the normal distribution
/// at x + 1/2 is nearer than 10^-9 to it, and stands for it.
fn chances_up_to(sigma: f64, places: &[i128]) -> Vec<f64> {
    if sigma > 10_000.0 {
        let normal = Normal::standard();
        return places.iter().map(|x| normal.cdf((*x as f64 + 0.5) / sigma)).collect();
    }
    let density = |x: i128| (-(x as f64 / sigma).powi(2) / 2.0).exp();
    let end = (sigma * 12.0).ceil() as i128 + 2;
    let whole: f64 = (-end..=end).map(density).sum();
    let (mut next, mut sum) = (-end, 0.0);
    let mut chance = |place: &i128| {
        while next <= *place && next <= end {
            sum += density(next);
            next += 1;
        }
        sum / whole
    };
    places.iter().map(&mut chance).collect()
}

/// The p-value of Pearson's χ² over bins that each hold a fortieth or more of a discrete Gaussian of this σ.
fn chi_square(drawn: &[i128], sigma: f64) -> f64 {
    let normal = Normal::standard();
    let mut edges: Vec<i128> =
        (1..40).map(|at| (normal.inverse_cdf(f64::from(at) / 40.0) * sigma).round() as i128).collect();
    edges.dedup();
    let mut chances = chances_up_to(sigma, &edges);
    chances.push(1.0);
    let mut below = 0.0;
    let mut statistic = 0.0;
    for (at, chance) in chances.iter().enumerate() {
        let inside = |x: &&i128| (at == 0 || **x > edges[at - 1]) && edges.get(at).is_none_or(|edge| **x <= *edge);
        let (seen, wanted) = (drawn.iter().filter(inside).count() as f64, (chance - below) * drawn.len() as f64);
        statistic += (seen - wanted).powi(2) / wanted;
        below = *chance;
    }
    1.0 - ChiSquared::new(edges.len() as f64).unwrap().cdf(statistic)
}

/// The p-value of Kolmogorov's and Smirnov's largest distance; for a lattice it is too large, which is on the safe side.
fn kolmogorov_smirnov(drawn: &[i128], sigma: f64) -> f64 {
    let mut sorted = drawn.to_vec();
    sorted.sort_unstable();
    let mut places = sorted.clone();
    places.dedup();
    let n = sorted.len() as f64;
    let distance = places.iter().zip(chances_up_to(sigma, &places)).fold(0.0_f64, |most, (place, chance)| {
        most.max((sorted.partition_point(|x| x <= place) as f64 / n - chance).abs())
    });
    let scaled = distance * (n.sqrt() + 0.12 + 0.11 / n.sqrt());
    let term = |j: f64| (-1.0_f64).powf(j - 1.0) * (-2.0 * (j * scaled).powi(2)).exp();
    (2.0 * (1..=100).map(|j| term(f64::from(j))).sum::<f64>()).clamp(0.0, 1.0)
}

#[test]
fn the_noise_of_a_member_has_the_distribution_that_its_sigma_says() {
    for (row, sigma) in drawn(&SIGMAS).iter().zip(SIGMAS) {
        let sigma = of_units(sigma);
        let (bins, distance) = (chi_square(row, sigma), kolmogorov_smirnov(row, sigma));
        println!("σ {sigma}: p {bins:.4} by bins, {distance:.4} by distance");
        assert!(bins > DOUBT && distance > DOUBT, "σ {sigma}: {bins} by bins, {distance} by distance");
    }
}

#[test]
fn a_twentieth_more_or_less_noise_than_was_said_would_be_noticed() {
    for (row, sigma) in drawn(&SIGMAS).iter().zip(SIGMAS) {
        for wrong in [0.95, 1.05] {
            let bins = chi_square(row, of_units(sigma) * wrong);
            assert!(bins < DOUBT, "{wrong} of σ {}: {bins}", of_units(sigma));
        }
    }
}
