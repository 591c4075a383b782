//! The adversary's best test, run against releases with and without one patient.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::plan::{Mode, Plan};
use sumac_protocol::privacy::price;
use sumac_protocol::question::compile;

use crate::adversary::Adversary;
use crate::bound::mu_at_least;
use crate::release::{AGGREGATORS, Committee, cells, dictionary, patient};

/// Releases of each side. `SUMAC_AUDIT_RUNS=20000` makes more of them, which brings the bound closer to μ.
const RUNS: u32 = 2_000;
/// Where between the two means the thresholds lie, fixed before any run: in parts of μ.
const THRESHOLDS: [f64; 3] = [0.25, 0.5, 0.75];

struct Shape {
    why: &'static str,
    question: &'static str,
    rho: RhoMicro,
}

const SHAPES: [Shape; 3] = [
    Shape { why: "a count", question: "SELECT count(*) AS courses FROM courses", rho: RhoMicro(500_000) },
    Shape {
        why: "a mean with its squares, in groups",
        question: "SELECT mean(clip(change(hamd17, day => 42, from => 32, to => 72), -30, 15)) AS change
                   FROM courses GROUP BY arm",
        rho: RhoMicro(1_052_356),
    },
    Shape {
        why: "a count, a mean and two rates, in groups",
        question: "SELECT count(*) AS courses,
                   mean(clip(change(hamd17, day => 42, from => 32, to => 72), -30, 15)) AS change,
                   rate(response(hamd17, day => 42, from => 32, to => 72)) AS response,
                   rate(remission(hamd17, day => 42, from => 32, to => 72)) AS remission
                   FROM courses GROUP BY arm",
        rho: RhoMicro(800_000),
    },
];

fn runs() -> u32 {
    std::env::var("SUMAC_AUDIT_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

impl Shape {
    fn plan(&self) -> Plan {
        price(compile(self.question, &dictionary(), Mode::Dp).unwrap(), self.rho).unwrap()
    }

    /// √2ρ: what the price allows the adversary to tell.
    fn promised(&self) -> f64 {
        (2.0 * self.rho.0 as f64 / 1e6).sqrt()
    }
}

/// A clinic's patients, and one whose change is at the clip, who responded and remitted: every cell of the group
/// changes as much as one patient can change it.
fn neighbours(plan: &Plan) -> [Vec<u64>; 2] {
    let mut patients: Vec<_> =
        (0..20).map(|n| patient(["drug", "placebo"][n % 2], 22, 22 - i64::try_from(n).unwrap())).collect();
    let without = cells(plan, &patients);
    patients.push(patient("drug", 40, 5));
    [without, cells(plan, &patients)]
}

/// The lower bound on μ that the adversary proves, where members draw the noise of `drawn`.
fn proved(plan: &Plan, drawn: &Plan, seed: u64) -> f64 {
    let sides = neighbours(plan);
    let elsewhere = cells(plan, &[patient("drug", 30, 12), patient("placebo", 25, 25)]);
    let sides = sides.map(|clinic| [clinic, elsewhere.clone()]);
    let total =
        |clinics: &[Vec<u64>; 2]| -> Vec<u64> { clinics[0].iter().zip(&clinics[1]).map(|(a, b)| a + b).collect() };
    let adversary = Adversary::new(plan, drawn, &total(&sides[0]), &total(&sides[1]));
    let committee = Committee::new(plan, drawn);
    let mut rng = StdRng::seed_from_u64(seed);
    let scores = sides.map(|clinics| {
        let mut one = || {
            let (seeds, manifest): ([[u8; 32]; AGGREGATORS], _) = (rng.random(), Digest(rng.random()));
            // Any member may be the honest one; the adversary knows the seeds of all others.
            let honest = rng.random_range(0..AGGREGATORS);
            let others = seeds.iter().enumerate().filter(|(at, _)| *at != honest);
            let known: Vec<Vec<i128>> = others.map(|(_, seed)| committee.noise(*seed, manifest)).collect();
            adversary.score(&committee.release(&clinics, seeds, manifest), &known)
        };
        (0..runs()).map(|_| one()).collect::<Vec<f64>>()
    });
    // A score is normal with variance μ² and mean −μ²/2 or μ²/2, so that these lie between.
    let thresholds = THRESHOLDS.map(|part| (part - 0.5) * adversary.mu.powi(2));
    mu_at_least(&scores[0], &scores[1], &thresholds)
}

/// The same plan with half the noise: what no member draws.
fn halved(plan: &Plan) -> Plan {
    let mut drawn = plan.clone();
    drawn.blocks.iter_mut().for_each(|block| block.sigma /= 2);
    drawn
}

fn audited(at: usize) {
    let shape = &SHAPES[at];
    let (plan, promised) = (shape.plan(), shape.promised());
    let seed = u64::try_from(at).unwrap();
    let (full, half) = (proved(&plan, &plan, seed), proved(&plan, &halved(&plan), seed));
    println!(
        "{}: μ promised {promised:.3}, proved {full:.3}; with half the noise {half:.3}; {} runs a side",
        shape.why,
        runs()
    );
    assert!(full <= promised, "{}: the noise does not protect as the price says", shape.why);
    assert!(full > 0.6 * promised, "{}: a bound of {full} is too weak to find anything", shape.why);
    assert!(half > promised, "{}: half the noise goes unnoticed", shape.why);
}

#[test]
fn of_a_count_nobody_can_tell_more_than_the_price_allows_and_half_the_noise_is_noticed() {
    audited(0);
}

#[test]
fn of_a_mean_with_squares_in_groups_nobody_can_tell_more_and_half_the_noise_is_noticed() {
    audited(1);
}

#[test]
fn of_several_measures_in_groups_nobody_can_tell_more_and_half_the_noise_is_noticed() {
    audited(2);
}

#[test]
fn the_patient_of_the_audit_changes_every_block_as_much_as_one_patient_can() {
    for shape in &SHAPES {
        let plan = shape.plan();
        let [without, with] = neighbours(&plan);
        let mu = Adversary::new(&plan, &plan, &without, &with).mu;
        let part = mu / shape.promised();
        assert!((0.9999..=1.0).contains(&part), "{}: the audit is at {part} of the worst case", shape.why);
    }
}
