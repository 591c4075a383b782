//! Under noise, the intervals that an answer states hold the truth as often as they say.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a suite of tests with figures"
)]

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_federation::cast::COMMITTEES;
use sumac_federation::researcher::Question;
use sumac_federation::trial::{self, Participant, said_of};
use sumac_federation::wire::Packet;
use sumac_federation::{Federation, federation};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::manifest::Manifest;
use sumac_protocol::document::share::Share;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::limits::RHO_MAX;
use sumac_protocol::privacy::{self, NoiseSeed, SIGMA_UNITS_PER_ONE};
use sumac_protocol::round::message::Message;
use sumac_protocol::share::CellShares;

const QUESTION: &str = "SELECT count(*) AS courses,
 mean(clip(change(hamd17, day => 42, from => 32, to => 72), -30, 15)) AS change,
 rate(response(hamd17, day => 42, from => 32, to => 72)) AS response
FROM courses GROUP BY arm";
/// ε 8 at δ 1e-6.
const RHO: RhoMicro = RhoMicro(1_052_356);
const EVERYBODY: [usize; 5] = [0, 1, 2, 3, 4];
/// More than enough to tell 95 % from less than 91 and from more than 99 %.
const RUNS: u32 = 400;
/// Federations that are asked so often where every run draws a fresh cohort: an interval that holds the truth in 98 of 100 is
/// not told from more than 99 by a few hundred runs.
const FEDERATIONS: u64 = 8;
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// A federation in which a question can be asked hundreds of times.
fn rich(seed: u64) -> Federation {
    federation()
        .seed(seed)
        .policy(|policy| {
            (policy.rho_per_patient_year, policy.queries_per_study_day) = (RHO_MAX, u32::MAX);
            policy.upload_jitter_ms = 0;
        })
        .study(|study| (study.rho_total, study.rho_year, study.queries_max) = (RHO_MAX, RHO_MAX, u32::MAX))
        .caps(RHO_MAX)
        .build()
}

/// How often each interval held the truth, of how many.
#[derive(Debug, Default)]
struct Tally(BTreeMap<String, (u32, u32)>);

impl Tally {
    fn count(&mut self, what: String, interval: [f64; 2], truth: f64) {
        let (held, all) = self.0.entry(what).or_default();
        *held += u32::from(interval[0] <= truth && truth <= interval[1]);
        *all += 1;
    }

    fn assert_honest(&self) {
        for (what, (held, all)) in &self.0 {
            let share = f64::from(*held) / f64::from(*all);
            println!("{what}: {held} of {all}");
            assert!((0.91..=0.99).contains(&share), "{what}: {held} of {all} intervals hold the truth");
        }
    }
}

fn around(middle: f64, sd: f64) -> [f64; 2] {
    [middle - NORMAL_975 * sd, middle + NORMAL_975 * sd]
}

/// Gives every patient the record of somebody of the same arm, drawn with replacement.
fn redraw(federation: &mut Federation, everybody: &[Participant], rng: &mut StdRng) {
    for patient in &federation.patients {
        let arm: Vec<&Participant> = everybody.iter().filter(|other| other.arm == patient.participant.arm).collect();
        let record = arm[rng.random_range(0..arm.len())].record.clone();
        federation.nodes[patient.clinic].books.keep_record(patient.row, record);
    }
}

#[test]
fn the_stated_intervals_hold_the_truth_behind_the_sample_in_95_of_100_runs() {
    let epsilon = privacy::epsilon(RHO, 1_000_000);
    assert!((7.99..=8.0).contains(&epsilon), "{epsilon}");
    let everybody = trial::participants();
    let truth = trial::pooled(&everybody);
    let mut tally = Tally::default();
    for seed in 11..11 + FEDERATIONS {
        let (mut federation, mut rng) = (rich(seed), StdRng::seed_from_u64(seed));
        for _ in 0..RUNS {
            redraw(&mut federation, &everybody, &mut rng);
            let answer = federation.ask(QUESTION, RHO).released().answer;
            for (arm, said) in said_of(&answer) {
                tally.count(format!("mean change, {arm}"), said.change.ci95.unwrap(), truth[&arm].mean());
                tally.count(format!("response rate, {arm}"), said.response.ci95.unwrap(), truth[&arm].rate());
                tally.count(format!("courses, {arm}"), said.courses.ci95, truth[&arm].courses as f64);
            }
            federation.beat();
        }
    }
    let asked = u64::from(RUNS) * FEDERATIONS;
    assert!(tally.0.values().all(|(_, all)| u64::from(*all) == asked), "no arm was ever held back: {tally:?}");
    tally.assert_honest();
}

#[test]
fn on_fixed_records_the_stated_noise_alone_covers_their_own_figures() {
    let mut federation = rich(12);
    let truth = trial::pooled(federation.consenting(&EVERYBODY));
    let mut tally = Tally::default();
    for _ in 0..RUNS {
        let answer = federation.ask(QUESTION, RHO).released().answer;
        for (arm, said) in said_of(&answer) {
            let (mean, rate) = (around(said.change.value.unwrap(), said.change.sd_noise), said.response.value.unwrap());
            tally.count(format!("mean change, {arm}"), mean, truth[&arm].mean());
            tally.count(format!("response rate, {arm}"), around(rate, said.response.sd_noise), truth[&arm].rate());
            tally.count(format!("courses, {arm}"), said.courses.ci95, truth[&arm].courses as f64);
        }
        federation.beat();
    }
    tally.assert_honest();
}

/// The seed that each member of the first committee committed to, as its own generator drew it.
fn seeds(federation: &Federation, question: &Question) -> Vec<NoiseSeed> {
    let tape = federation.tape();
    let commitments = |packet: &Packet| {
        let Message::Announce(call) = &packet.message else { return None };
        (call.query.digest() == question.id()).then(|| call.commitments.clone())
    };
    let call = tape.iter().find_map(commitments);
    let member = |(envelope, member): (&Envelope, &usize)| {
        let node = &federation.nodes[*member];
        let commitment = envelope.claim::<Commitment>().unwrap().verify(&node.key()).unwrap();
        let drawn = node.rng.drawn.as_ref().unwrap().iter().map(|bytes| NoiseSeed::from_bytes(*bytes));
        drawn.into_iter().find(|seed| seed.commitment() == commitment.noise_seed).unwrap()
    };
    call.unwrap().iter().zip(&COMMITTEES[0]).map(member).collect()
}

#[test]
fn what_a_release_holds_is_the_sum_and_the_full_noise_of_every_member() {
    let mut federation = rich(13);
    federation.wire.tape = Some(Vec::new());
    federation.nodes.iter_mut().for_each(|node| node.rng.drawn = Some(Vec::new()));
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question).unwrap();
    let file = federation.wait(&question).released();
    let plan = federation.inquiry(&question).plan().clone();
    let mut released = CellShares::zero(plan.cell_count());
    for (envelope, member) in file.proof.shares.iter().zip(COMMITTEES[0]) {
        let share = envelope.claim::<Share>().unwrap().verify(&federation.nodes[member].key()).unwrap();
        released.add(&CellShares::from_bytes(&share.cells.0, plan.cell_count()).unwrap()).unwrap();
    }
    let manifest = federation.tape().iter().find_map(|packet| {
        let Message::Manifest(envelope) = &packet.message else { return None };
        Some(envelope.claim::<Manifest>().unwrap().digest())
    });
    let noise = seeds(&federation, &question);
    let noise = noise.iter().map(|seed| privacy::noise_vector(&plan, seed, manifest.unwrap()).unwrap());
    let noise: Vec<Vec<i128>> = noise.map(|noise| noise.cells().to_vec()).collect();
    let clinics = federation.nodes.iter().map(|node| node.books.cells_seen[0].clone());
    let raw = clinics.fold(vec![0_i128; plan.cell_count()], |sum, cells| {
        sum.iter().zip(cells).map(|(sum, cell)| sum + i128::from(cell)).collect()
    });
    let truth = plan.recentre(&raw).unwrap();
    for (cell, released) in released.to_integers().iter().enumerate() {
        let left = released - truth[cell] - noise[0][cell] - noise[1][cell];
        assert_eq!(left, noise[2][cell], "cell {cell}: what two members cannot subtract is the third's noise");
    }
    assert!(noise[2].iter().filter(|cell| **cell != 0).count() > plan.cell_count() / 2);
}

#[test]
fn the_noise_of_the_one_member_whose_seed_is_unknown_has_its_full_variance() {
    let mut federation = rich(14);
    let question = federation.compose(QUESTION, RHO);
    let plan = federation.inquiry(&question).plan().clone();
    let draws = 2_000;
    let mut squares = vec![0.0; plan.cell_count()];
    let mut rng = StdRng::seed_from_u64(14);
    for _ in 0..draws {
        let seeds: [NoiseSeed; 3] = std::array::from_fn(|_| NoiseSeed::from_bytes(rng.random()));
        let manifest = sumac_protocol::digest::Digest(rng.random());
        let noise = seeds.map(|seed| privacy::noise_vector(&plan, &seed, manifest).unwrap());
        for (cell, square) in squares.iter_mut().enumerate() {
            let sum: i128 = noise.iter().map(|noise| noise.cells()[cell]).sum();
            let residual = sum - noise[0].cells()[cell] - noise[1].cells()[cell];
            *square += (residual as f64).powi(2) / f64::from(draws);
        }
    }
    for (cell, variance) in squares.iter().enumerate() {
        let sigma = plan.blocks[cell % plan.blocks.len()].sigma as f64 / SIGMA_UNITS_PER_ONE as f64;
        let ratio = variance / sigma.powi(2);
        // The relative standard error of a variance of 2,000 draws is √(2/2000) = 3.2 %.
        assert!((0.87..=1.13).contains(&ratio), "cell {cell}: σ {sigma}, variance {ratio} of σ²");
    }
}
