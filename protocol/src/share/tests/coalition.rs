//! What k − 1 members hold tells nothing of what was shared; what all hold tells it all.
//!
//! Members of a coalition hold their own shares, what all see, and every member's verifier share; of these they compute
//! what the roles do, down to their shares of the cells. Each such view becomes a row of numbers. Half of the rows teach a
//! classifier what tells two contributions apart, the other half is classified by it.

use prio::codec::Encode as _;
use prio::vdaf::test_utils::TestVectorClient as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use statrs::distribution::{ContinuousCDF as _, Normal};
use zeroize::Zeroizing;

use super::vectors::{random_bytes, vdaf};
use super::{ROOT, Shape};
use crate::share::{Cell, CellShares, Circuit, Split, Verification};

const MEMBERS: u8 = 3;
/// Contributions of each kind.
const RUNS: usize = 400;
/// All features and all coalitions together mistake chance for a difference once in a million; the seed is fixed.
const DOUBT: f64 = 1e-6;

fn shape() -> Shape {
    let sum = Cell::Sum { count: 0, width: 52 };
    let bins = [Cell::Bin { count: 0, histogram: 0 }; 2];
    Shape::new(1, 100, [vec![ROOT, sum, Cell::Squares { sum: 1 }], bins.to_vec()].concat())
}

/// Nobody, and a clinic full of patients at the end of the range.
const FAR_APART: [[u64; 5]; 2] = [[0; 5], [100, 5_200, 270_400, 0, 100]];

/// What the members of a coalition see and compute of one contribution.
fn view(circuit: &Circuit, cells: &[u64], coalition: &[usize], rng: &mut StdRng) -> Vec<f64> {
    let (key, nonce): ([u8; 32], [u8; 16]) = (rng.random(), rng.random());
    let split = split(cells, nonce, rng);
    let task = |(role, input): (usize, &'_ Zeroizing<Vec<u8>>)| {
        let task = Verification { key: &key, context: b"a view", role, nonce: &nonce, public: &split.public, input };
        circuit.begin(&task).unwrap()
    };
    let (pending, said): (Vec<_>, Vec<_>) = split.inputs.iter().enumerate().map(task).unzip();
    let heard: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
    let finished = pending.into_iter().map(|pending| circuit.finish(b"a view", pending, &heard).unwrap());
    let cell_shares: Vec<CellShares> = finished.collect();
    let mut sum = CellShares::zero(cells.len());
    let mut bytes = [split.public.as_slice(), &said.concat()].concat();
    for member in coalition {
        bytes.extend(split.inputs[*member].iter());
        bytes.extend(cell_shares[*member].to_bytes());
        sum.add(&cell_shares[*member]).unwrap();
    }
    bytes.extend(sum.to_bytes());
    bytes.into_iter().map(f64::from).collect()
}

/// A split whose randomness is the test's own.
fn split(cells: &[u64], nonce: [u8; 16], rng: &mut StdRng) -> Split {
    let mut random = vec![0; random_bytes(MEMBERS)];
    rng.fill(random.as_mut_slice());
    let vdaf = vdaf(&shape(), MEMBERS);
    let (public, inputs) = vdaf.shard_with_random(b"a view", &cells.to_vec(), &nonce, &random).unwrap();
    let inputs = inputs.iter().map(|input| Zeroizing::new(input.get_encoded().unwrap())).collect();
    Split { public: public.get_encoded().unwrap(), inputs }
}

/// Views of both contributions.
fn views(coalition: &[usize], seed: u64) -> [Vec<Vec<f64>>; 2] {
    let circuit = Circuit::of_shape(&shape(), u64::from(MEMBERS)).unwrap();
    let mut rng = StdRng::seed_from_u64(seed);
    FAR_APART.map(|cells| (0..RUNS).map(|_| view(&circuit, &cells, coalition, &mut rng)).collect())
}

/// Mean and variance of a feature.
fn moments(rows: &[Vec<f64>], feature: usize) -> (f64, f64) {
    let n = rows.len() as f64;
    let mean = rows.iter().map(|row| row[feature]).sum::<f64>() / n;
    (mean, rows.iter().map(|row| (row[feature] - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// The largest of all features' distances between two means, in standard errors.
fn largest_distance([a, b]: &[Vec<Vec<f64>>; 2]) -> f64 {
    let distance = |feature| {
        let ((mean_a, var_a), (mean_b, var_b)) = (moments(a, feature), moments(b, feature));
        (mean_a - mean_b).abs() / ((var_a + var_b) / RUNS as f64 + f64::EPSILON).sqrt()
    };
    (0..a[0].len()).map(distance).fold(0.0, f64::max)
}

/// How many of the second halves a naive classifier that learnt from the first halves takes for what they are: it adds
/// up, over all features, which of the two means is nearer.
fn classified([a, b]: &[Vec<Vec<f64>>; 2]) -> u32 {
    let half = RUNS / 2;
    let learnt = |feature| {
        let ((mean_a, var_a), (mean_b, var_b)) = (moments(&a[..half], feature), moments(&b[..half], feature));
        let middle = f64::midpoint(mean_a, mean_b);
        move |row: &Vec<f64>| (row[feature] - middle) * (mean_b - mean_a) / (var_a + var_b + 1.0)
    };
    let features: Vec<_> = (0..a[0].len()).map(learnt).collect();
    let score = |row: &Vec<f64>| features.iter().map(|feature| feature(row)).sum::<f64>();
    let right = a[half..].iter().filter(|row| score(row) < 0.0).count()
        + b[half..].iter().filter(|row| score(row) > 0.0).count();
    u32::try_from(right).unwrap()
}

#[test]
fn what_any_members_but_one_hold_and_hear_does_not_tell_two_contributions_apart() {
    let normal = Normal::standard();
    for honest in 0..usize::from(MEMBERS) {
        let coalition: Vec<usize> = (0..usize::from(MEMBERS)).filter(|member| *member != honest).collect();
        let views = views(&coalition, u64::try_from(honest).unwrap());
        let (features, distance, right) = (views[0][0].len(), largest_distance(&views), classified(&views));
        let limit = normal.inverse_cdf(1.0 - DOUBT / (2.0 * features as f64 * f64::from(MEMBERS)));
        assert!(distance < limit, "without member {honest}: {distance} standard errors, where chance allows {limit}");
        // Of 400 guesses a coin gets 200, give or take 10.
        let off = (f64::from(right) - RUNS as f64 / 2.0).abs() / (RUNS as f64 / 4.0).sqrt();
        let limit = normal.inverse_cdf(1.0 - DOUBT / (2.0 * f64::from(MEMBERS)));
        assert!(off < limit, "without member {honest}: {right} of {RUNS} are told apart");
    }
}

#[test]
fn what_all_members_hold_together_tells_every_contribution() {
    let views = views(&[0, 1, 2], 7);
    assert!(largest_distance(&views) > 1e3);
    assert_eq!(usize::try_from(classified(&views)).unwrap(), RUNS);
}

#[test]
fn one_byte_of_a_view_that_leant_towards_the_contribution_would_be_noticed() {
    let mut views = views(&[0, 1], 8);
    let mut rng = StdRng::seed_from_u64(9);
    for (row, lean) in
        views.iter_mut().zip([0_u8, 128]).flat_map(|(rows, lean)| rows.iter_mut().map(move |r| (r, lean)))
    {
        *row.last_mut().unwrap() = f64::from(rng.random_range(0..=127) + lean);
    }
    assert!(largest_distance(&views) > 20.0);
    assert!(classified(&views) > 300);
}
