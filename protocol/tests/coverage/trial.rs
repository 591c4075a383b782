//! Many runs of one question: cohort, cells, noise, suppression, answer.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_protocol::answer::{Answer, AnswerInput, Operators, answer, suppress};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::Digest;
use sumac_protocol::plan::{BlockKind, Mode, Plan, RawCells};
use sumac_protocol::privacy::{NoiseSeed, noise_vector, price};
use sumac_protocol::question::compile;
use sumac_protocol::record::Course;

use crate::kinds::Kind;
use crate::said::{Figure, figures};

pub(crate) const RHO: RhoMicro = RhoMicro(1_000_000);
pub(crate) const AGGREGATORS: u8 = 3;
pub(crate) const COHORT_MIN: u64 = 10;

/// One question, and what each person of the population adds to its cells.
pub(crate) struct Trial<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) plan: Plan,
    people: Vec<Vec<(usize, i128)>>,
    /// Of how many people one has a value.
    people_per_value: f64,
    truth: BTreeMap<String, Figure>,
}

/// What the runs of one size showed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By part of the answer: intervals that held the truth, and all.
    pub(crate) held: BTreeMap<String, (u32, u32)>,
    /// By part of the answer: half of every interval's width.
    pub(crate) halves: BTreeMap<String, Vec<f64>>,
    /// Answers that had no interval.
    pub(crate) without: u32,
    /// Answers that were held back.
    pub(crate) suppressed: u32,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(kind: &'a Kind, dictionary: &Dictionary, courses: &[Course]) -> Self {
        let plan =
            compile(kind.question, dictionary, Mode::Dp).unwrap_or_else(|e| panic!("{}", e.render(kind.question)));
        let plan = price(plan, RHO).unwrap();
        let cells = |course: &Course| -> Vec<(usize, i128)> {
            let mut raw = RawCells::zero(&plan);
            raw.add_patient(&plan, dictionary, std::slice::from_ref(course));
            raw.expose().iter().enumerate().filter(|(_, v)| **v != 0).map(|(at, v)| (at, i128::from(*v))).collect()
        };
        let people: Vec<_> = courses.iter().map(cells).collect();
        // Of several days, on the last.
        let counts = |at: &usize| plan.blocks[at % plan.blocks.len()].kind == BlockKind::Count;
        let last = (0..plan.blocks.len()).rev().find(counts).unwrap();
        let counted = |cells: &&Vec<(usize, i128)>| cells.iter().any(|(at, _)| at % plan.blocks.len() == last);
        let with_value = people.iter().filter(counted).count();
        assert!(with_value > 0, "nobody has a value for {}", kind.question);
        let people_per_value = people.len() as f64 / with_value as f64;
        let mut trial = Self { kind, plan, people, people_per_value, truth: BTreeMap::new() };
        let all = trial.sum(trial.people.iter());
        trial.truth = figures(&trial.exactly(&all));
        trial
    }

    /// So many runs with cohorts in which so many courses have a value, give or take chance.
    pub(crate) fn run(&self, size: u32, runs: u32) -> Tally {
        let mut tally = Tally::default();
        let mut rng = StdRng::seed_from_u64(u64::from(size));
        let drawn = (f64::from(size) * self.people_per_value).round() as u32;
        for run in 0..runs {
            let cohort: Vec<_> = (0..drawn).map(|_| &self.people[rng.random_range(0..self.people.len())]).collect();
            let cells = self.sum(cohort.into_iter());
            let truth = if self.kind.of_the_cohort { figures(&self.exactly(&cells)) } else { self.truth.clone() };
            let noise = self.noise(u64::from(size) << 32 | u64::from(run));
            let released: Vec<i128> = cells.iter().zip(noise).map(|(cell, noise)| cell + noise).collect();
            tally.count(&truth, &self.release(released));
        }
        tally
    }

    fn sum<'b>(&self, people: impl Iterator<Item = &'b Vec<(usize, i128)>>) -> Vec<i128> {
        let mut raw = vec![0; self.plan.cell_count()];
        people.flatten().for_each(|(at, value)| raw[*at] += value);
        self.plan.recentre(&raw).unwrap()
    }

    fn noise(&self, run: u64) -> Vec<i128> {
        let mut manifest = [0; 32];
        manifest[..8].copy_from_slice(&run.to_le_bytes());
        let mut sum = vec![0; self.plan.cell_count()];
        for member in 1..=AGGREGATORS {
            let noise = noise_vector(&self.plan, &NoiseSeed::from_bytes([member; 32]), Digest(manifest)).unwrap();
            sum.iter_mut().zip(noise.cells()).for_each(|(cell, drawn)| *cell += drawn);
        }
        sum
    }

    /// As a committee and the researcher's client: small groups are held back and zeroed, the rest is read.
    fn release(&self, mut released: Vec<i128>) -> Answer {
        let blocks = self.plan.blocks.len();
        let opened = self.plan.opened_blocks();
        let counts: Vec<i128> = released.chunks(blocks).flat_map(|group| opened.iter().map(|at| group[*at])).collect();
        let held_back = suppress(&self.plan, &counts, COHORT_MIN, AGGREGATORS.into());
        for (group, held_back) in released.chunks_mut(blocks).zip(&held_back) {
            if *held_back {
                group.fill(0);
            }
        }
        read(&self.plan, &released, &held_back)
    }

    fn exactly(&self, cells: &[i128]) -> Answer {
        let plan = Plan { mode: Mode::Exact, ..self.plan.clone() };
        let nobody = |group: &[i128]| group.iter().all(|cell| *cell == 0);
        let empty: Vec<bool> = cells.chunks(self.plan.blocks.len()).map(nobody).collect();
        read(&plan, cells, &empty)
    }
}

fn read(plan: &Plan, released: &[i128], suppressed: &[bool]) -> Answer {
    let input = AnswerInput {
        plan,
        study: "coverage",
        release: Digest([0; 32]),
        rho: RHO,
        delta_per_1e12: 1_000_000,
        operators: Operators { asked: 5, counted: 5 },
        cohort_min: COHORT_MIN,
        aggregators: AGGREGATORS.into(),
        suppressed,
        merged: &[],
        released,
    };
    answer(input).unwrap()
}

impl Tally {
    fn count(&mut self, truth: &BTreeMap<String, Figure>, answer: &Answer) {
        let compared = answer.groups.len() > 1;
        let said = figures(answer);
        if said.is_empty() && (compared || answer.groups.iter().all(|group| group.suppressed)) {
            self.suppressed += 1;
            return;
        }
        for (part, Figure { value, .. }) in truth {
            let Some([low, high]) = said.get(part).and_then(|figure| figure.ci95) else {
                self.without += 1;
                continue;
            };
            let truth = value.unwrap();
            let (held, all) = self.held.entry(part.clone()).or_default();
            // A truth that is the end itself, to a rounding.
            let near = 1e-9 * truth.abs().max(1.0);
            *held += u32::from(low - near <= truth && truth <= high + near);
            *all += 1;
            self.halves.entry(part.clone()).or_default().push((high - low) / 2.0);
        }
    }

    /// The share of all intervals that held the truth, and that of the part for which it is lowest.
    pub(crate) fn covered(&self) -> (f64, f64) {
        let share = |(held, all): (u32, u32)| f64::from(held) / f64::from(all);
        let all = self.held.values().fold((0, 0), |(held, all), part| (held + part.0, all + part.1));
        (share(all), self.held.values().copied().map(share).fold(1.0, f64::min))
    }

    /// Half the width of the part that a row of `explain` is of: the middle of all runs.
    pub(crate) fn middle_of(&self, row: &str) -> Option<f64> {
        let mut sorted = self.halves_of(row)?.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    }

    /// The same: the mean of all runs.
    pub(crate) fn mean_of(&self, row: &str) -> Option<f64> {
        let halves = self.halves_of(row)?;
        Some(halves.iter().sum::<f64>() / halves.len() as f64)
    }

    fn halves_of(&self, row: &str) -> Option<&Vec<f64>> {
        let part = row.split_once(", ").map_or("", |(_, part)| part);
        let of = |named: &&String| match part {
            // One number, or the bins of a histogram, all alike.
            "" => named.is_empty() || named.starts_with("from "),
            "difference of two groups" => ["welch", "risk difference"].contains(&named.as_str()),
            part => named.split_whitespace().eq(part.split_whitespace()),
        };
        self.halves.iter().find(|(named, _)| of(named)).map(|(_, halves)| halves)
    }
}
