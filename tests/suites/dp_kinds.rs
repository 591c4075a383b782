//! Every kind of estimate, through full rounds: commitments, shares with proofs, freezes, noise, release.
//!
//! The intervals themselves are tried a thousand times each by `protocol/tests/coverage`, without a wire; here fifty rounds each
//! show that what a round releases is what is tried there.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests with figures")]

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_federation::trial::Participant;
use sumac_federation::{Federation, federation};
use sumac_node::synthetic::Generator;
use sumac_protocol::answer::{Answer, AnswerInput, Operators, answer};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::Digest;
use sumac_protocol::limits::RHO_MAX;
use sumac_protocol::plan::{Mode, Plan};
use sumac_protocol::question::compile;
use sumac_protocol::record::{Course, Record};

use kinds::{KINDS, Kind};
use said::figures;

#[path = "../../protocol/tests/coverage/kinds.rs"]
mod kinds;
#[path = "../../protocol/tests/coverage/said.rs"]
mod said;

const DICTIONARY: &str = include_str!("../../protocol/dictionaries/ketamine.toml");
const RHO: RhoMicro = RhoMicro(1_000_000);
const ROUNDS: u32 = 50;
/// Noise is fresh in every run, and the parts of one answer fail together: intervals that hold the truth in 92 of 100, as they all
/// must, do so in fewer than 36 of 50 rounds once in 190,000 tries. Those that hold it in 60 of 100 are found in 946 of 1,000.
const LEAST: f64 = 0.72;
/// Patients of each of the five clinics.
const PATIENTS: usize = 60;

/// Everybody of whom synthetic courses are told.
fn population() -> Vec<Course> {
    let generator = Generator::new("ketamine", 28).unwrap();
    (0..5)
        .flat_map(|clinic| (0..600).map(move |number| (clinic, number)))
        .map(|(clinic, number)| generator.course(clinic, number).unwrap().course)
        .collect()
}

fn participants(population: &[Course]) -> Vec<Participant> {
    let participant = |(number, course): (usize, &Course)| Participant {
        site: (number % 5).to_string(),
        pseudonym: number.to_string(),
        arm: String::new(),
        sex: String::new(),
        record: Record { courses: vec![course.clone()] },
    };
    population.iter().take(5 * PATIENTS).enumerate().map(participant).collect()
}

/// What these courses come to without noise, whatever the size of a group.
fn exactly(plan: &Plan, dictionary: &Dictionary, courses: &[&Course]) -> Answer {
    let plan = Plan { mode: Mode::Exact, ..plan.clone() };
    let cells = plan.raw_cells(dictionary, courses.iter().map(|course| std::slice::from_ref(*course)));
    let raw: Vec<i128> = cells.expose().iter().map(|cell| i128::from(*cell)).collect();
    let released = plan.recentre(&raw).unwrap();
    let empty: Vec<bool> =
        released.chunks(plan.blocks.len()).map(|group| group.iter().all(|cell| *cell == 0)).collect();
    let input = AnswerInput {
        plan: &plan,
        study: "kinds",
        release: Digest([0; 32]),
        rho: RHO,
        delta_per_1e12: 1_000_000,
        operators: Operators { asked: 5, counted: 5 },
        cohort_min: 10,
        aggregators: 3,
        suppressed: &empty,
        merged: &[],
        released: &released,
    };
    answer(input).unwrap()
}

/// Gives every patient the record of somebody of the population.
fn redraw<'a>(federation: &mut Federation, population: &'a [Course], rng: &mut StdRng) -> Vec<&'a Course> {
    let mut cohort = Vec::new();
    for patient in &federation.patients {
        let course = &population[rng.random_range(0..population.len())];
        federation.nodes[patient.clinic].books.keep_record(patient.row, Record { courses: vec![course.clone()] });
        cohort.push(course);
    }
    cohort
}

/// By part of the answer, how many of all intervals held the truth.
fn held(
    kind: &Kind,
    federation: &mut Federation,
    population: &[Course],
    rng: &mut StdRng,
) -> BTreeMap<String, (u32, u32)> {
    let dictionary = Dictionary::parse(DICTIONARY).unwrap();
    let plan = compile(kind.question, &dictionary, Mode::Dp).unwrap();
    let behind = exactly(&plan, &dictionary, &population.iter().collect::<Vec<_>>());
    let mut held: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let cohort = redraw(federation, population, rng);
        let own = kind.of_the_cohort.then(|| exactly(&plan, &dictionary, &cohort));
        let said = figures(&federation.ask(kind.question, RHO).released().answer);
        for (part, figure) in figures(own.as_ref().unwrap_or(&behind)) {
            let (Some([low, high]), Some(truth)) = (said.get(&part).and_then(|said| said.ci95), figure.value) else {
                continue;
            };
            let (held, all) = held.entry(part).or_default();
            *held += u32::from(low - 1e-9 <= truth && truth <= high + 1e-9);
            *all += 1;
        }
        federation.beat();
    }
    held
}

#[test]
fn every_kind_of_estimate_holds_the_truth_behind_fifty_full_rounds() {
    let population = population();
    let mut federation = federation()
        .seed(28)
        .dictionary(DICTIONARY)
        .participants(participants(&population))
        .policy(|policy| {
            (policy.rho_per_patient_year, policy.queries_per_study_day) = (RHO_MAX, u32::MAX);
            policy.upload_jitter_ms = 0;
        })
        .study(|study| (study.rho_total, study.rho_year, study.queries_max) = (RHO_MAX, RHO_MAX, u32::MAX))
        .caps(RHO_MAX)
        .build();
    let mut rng = StdRng::seed_from_u64(28);
    let mut flaws = Vec::new();
    for kind in &KINDS {
        let held = held(kind, &mut federation, &population, &mut rng);
        let (of, all) = held.values().fold((0, 0), |(of, all), part| (of + part.0, all + part.1));
        let [least, _] = kind.bounds;
        println!("{}: {of} of {all} hold the truth; of a thousand, {:.0} % must", kind.name, 100.0 * least);
        if all < ROUNDS || f64::from(of) < LEAST * f64::from(all) {
            flaws.push(format!("{}: {of} of {all}", kind.name));
        }
    }
    assert!(flaws.is_empty(), "{flaws:?}");
}
