//! How far answers lie from the truth, beside those of one trusted curator: who would hold all records, draw noise once
//! and pay the same ρ for the same estimates.
//!
//! `cargo bench -p sumac-protocol --bench accuracy` prints a table over cohorts drawn from a real trial, and fails where k
//! members err by more than 1.05·√k of the curator. `tests/bench/smartnoise.py` gives it rows of its own to answer: with
//! `rows EPSILON RUNS`, lines of `arm baseline endpoint` come in, and one line for each committee, group and
//! estimate goes out.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement ends at the first fault")]
#![expect(clippy::print_stdout, reason = "it prints its table")]
#![expect(clippy::disallowed_methods, reason = "it is told what to measure by arguments")]

use std::collections::BTreeMap;
use std::io::stdin;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_protocol::answer::{AnswerInput, Found, Operators, answer};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::Digest;
use sumac_protocol::plan::{Mode, Plan};
use sumac_protocol::privacy::{NoiseSeed, epsilon, largest_rho, noise_vector, price};
use sumac_protocol::question::compile;
use sumac_protocol::record::{Assessment, Course, FieldValue};

const QUESTION: &str = "SELECT count(*) AS courses,
    mean(clip(change(hamd17, day => 42, from => 32, to => 72), -30, 15)) AS change,
    rate(response(hamd17, day => 42, from => 32, to => 72)) AS response
    FROM courses GROUP BY arm";
const DICTIONARY: &str = include_str!("../dictionaries/duloxetine.toml");
const SCORES: &str = include_str!("../../tests/data/real/hamd_duloxetine.csv");
const DELTA_PER_1E12: u64 = 1_000_000;
/// Answers of each side.
const RUNS: usize = 10_000;
/// Committees of the table; 1 is the curator.
const COMMITTEES: [u32; 3] = [2, 3, 5];
/// How many times √k the error may be.
const ABOVE_ROOT: f64 = 1.05;
const NORMAL_995: f64 = 2.575_829_303_548_9;

/// An arm, HAM-D17 at baseline, and at week six.
type Row = (String, i64, i64);

fn dictionary() -> Dictionary {
    Dictionary::parse(DICTIONARY).unwrap()
}

fn plan(rho: RhoMicro) -> Plan {
    price(compile(QUESTION, &dictionary(), Mode::Dp).unwrap(), rho).unwrap()
}

/// The released cells of these patients before any noise.
fn released(plan: &Plan, rows: &[Row]) -> Vec<i128> {
    let course = |(arm, baseline, endpoint): &Row| {
        let fields = BTreeMap::from([("arm".to_owned(), FieldValue::Category(arm.clone()))]);
        let assessments = vec![Assessment::total("HAMD17", 0, *baseline), Assessment::total("HAMD17", 42, *endpoint)];
        [Course { id: "1".to_owned(), fields, assessments, ..Course::default() }]
    };
    let courses: Vec<[Course; 1]> = rows.iter().map(course).collect();
    let cells = plan.raw_cells(&dictionary(), courses.iter().map(<[Course; 1]>::as_slice));
    let raw: Vec<i128> = cells.expose().iter().copied().map(i128::from).collect();
    plan.recentre(&raw).unwrap()
}

/// Every figure of the answer, by group and name.
fn figures(plan: &Plan, released: &[i128], k: u32) -> Vec<(String, f64)> {
    let suppressed = vec![false; plan.group_count()];
    let operators = Operators { asked: 5, counted: 5 };
    let said = answer(AnswerInput {
        plan,
        study: "accuracy",
        release: Digest([0; 32]),
        rho: RhoMicro(1),
        delta_per_1e12: DELTA_PER_1E12,
        operators,
        cohort_min: 1,
        aggregators: k,
        suppressed: &suppressed,
        merged: &[],
        released,
    });
    let mut figures = vec![];
    for group in said.unwrap().groups {
        for estimate in group.estimates {
            let value = if let Found::Count(count) = &estimate.found {
                count.value as f64
            } else if let Found::Mean(mean) = &estimate.found {
                mean.value.unwrap()
            } else if let Found::Rate(rate) = &estimate.found {
                rate.value.unwrap()
            } else {
                panic!("{estimate:?} was not asked for");
            };
            figures.push((format!("{} {}", group.key, estimate.name), value));
        }
    }
    figures
}

/// Squared errors of each figure over many answers with the noise of k members: one row a figure.
fn errors(plan: &Plan, truth: &[i128], k: u32, runs: usize) -> Vec<Vec<f64>> {
    let want = figures(plan, truth, k);
    let mut rng = StdRng::seed_from_u64(u64::from(k));
    let mut errors = vec![Vec::with_capacity(runs); want.len()];
    for _ in 0..runs {
        let manifest = Digest(rng.random());
        let mut noised = truth.to_vec();
        for _ in 0..k {
            let noise = noise_vector(plan, &NoiseSeed::from_bytes(rng.random()), manifest).unwrap();
            noised.iter_mut().zip(noise.cells()).for_each(|(cell, drawn)| *cell += drawn);
        }
        for ((errors, (_, value)), (_, want)) in errors.iter_mut().zip(figures(plan, &noised, k)).zip(&want) {
            errors.push((value - want).powi(2));
        }
    }
    errors
}

/// The root of the mean squared error, and the standard error of its logarithm.
fn root_mean(squares: &[f64]) -> (f64, f64) {
    let n = squares.len() as f64;
    let mean = squares.iter().sum::<f64>() / n;
    let variance = squares.iter().map(|square| (square - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean.sqrt(), (variance / n).sqrt() / mean / 2.0)
}

/// The trial's participants who were scored at baseline and in the window.
fn trial() -> Vec<Row> {
    let mut scores: BTreeMap<(&str, &str), Vec<(i64, i64)>> = BTreeMap::new();
    for row in SCORES.lines().skip(1) {
        let [_, _, id, arm, "HAMD17", day, value] = row.split(',').collect::<Vec<_>>()[..] else { continue };
        scores.entry((id, arm)).or_default().push((day.parse().unwrap(), value.parse().unwrap()));
    }
    let ends = |((_, arm), scores): ((&str, &str), Vec<(i64, i64)>)| {
        let baseline = scores.iter().find(|(day, _)| *day == 0)?.1;
        let inside = scores.iter().filter(|(day, _)| (32..=72).contains(day));
        let endpoint = inside.min_by_key(|(day, _)| ((day - 42).abs(), -day))?.1;
        Some((arm.to_owned(), baseline, endpoint))
    };
    scores.into_iter().filter_map(ends).collect()
}

fn table() -> bool {
    let trial = trial();
    println!("{RUNS} answers of each side; root mean squared errors, and their ratio with its 99 % interval");
    println!("|patients|ε|k|group and estimate|curator|k members|ratio|99 % interval|at most|");
    let mut good = true;
    for (patients, wanted) in [(trial.len(), 8.0), (2_000, 1.0), (2_000, 8.0)] {
        let mut rng = StdRng::seed_from_u64(1);
        let rows: Vec<Row> = (0..patients).map(|_| trial[rng.random_range(0..trial.len())].clone()).collect();
        let plan = plan(largest_rho(wanted, DELTA_PER_1E12));
        let truth = released(&plan, &rows);
        let curator = errors(&plan, &truth, 1, RUNS);
        for k in COMMITTEES {
            let members = errors(&plan, &truth, k, RUNS);
            for (((name, _), curator), members) in figures(&plan, &truth, k).iter().zip(&curator).zip(&members) {
                let ((one, one_se), (many, many_se)) = (root_mean(curator), root_mean(members));
                let (ratio, wide) = (many / one, (NORMAL_995 * one_se.hypot(many_se)).exp());
                let most = ABOVE_ROOT * f64::from(k).sqrt();
                let (low, high) = (ratio / wide, ratio * wide);
                println!(
                    "|{patients}|{wanted}|{k}|{name}|{one:.4}|{many:.4}|{ratio:.3}|{low:.3} to {high:.3}|{most:.3}|"
                );
                good &= ratio <= most;
            }
        }
    }
    good
}

fn rows(rho: RhoMicro, runs: usize) {
    let row = |line: String| {
        let [arm, baseline, endpoint] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("no row: {line}") };
        (arm.to_owned(), baseline.parse().unwrap(), endpoint.parse().unwrap())
    };
    let rows: Vec<Row> = stdin().lines().map(|line| row(line.unwrap())).collect();
    let plan = plan(rho);
    let truth = released(&plan, &rows);
    println!("epsilon {}", epsilon(rho, DELTA_PER_1E12));
    for k in [1, 3] {
        for ((name, value), squares) in figures(&plan, &truth, k).iter().zip(errors(&plan, &truth, k, runs)) {
            println!("{k} {name} {value} {}", root_mean(&squares).0);
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => assert!(table(), "k members err by more than {ABOVE_ROOT}·√k of a trusted curator"),
        ["rows", most, runs] => rows(largest_rho(most.parse().unwrap(), DELTA_PER_1E12), runs.parse().unwrap()),
        [..] => panic!("give nothing, or: rows EPSILON RUNS"),
    }
}
