//! The game that noise must not let an attacker win: two worlds, with one patient and without; the attacker sees what is
//! released, knows every other record, and says which world it is.
//!
//! It uses the product's own cells, noise, suppression and re-centring. What is left out, the shares and their exchange,
//! adds up to exactly the sum of cells and noise; that it does, whole rounds show elsewhere.

use rand::RngExt as _;
use sumac_protocol::answer::suppress;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::plan::{Plan, RawCells};
use sumac_protocol::privacy::{NoiseSeed, SIGMA_UNITS_PER_ONE, member_noise, price};
use sumac_protocol::record::Record;
use zeroize::Zeroizing;

use super::bound::{most_often_right, trials_to_tell};
use super::finding::Tally;
use super::words::compile;
use super::{AttackError, Target};

/// Who looks at what was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watcher {
    /// Somebody who holds releases: what is shown, with every member's noise in it.
    Researcher,
    /// Somebody who is all members but one besides: sees the opened counts of every group, and takes their own noise away.
    AllMembersButOne,
}

/// What the attacker knows of one answer beforehand.
struct Asked {
    plan: Plan,
    /// The released cells without the patient, and without noise.
    without: Vec<i128>,
    /// What the patient adds to each.
    adds: Vec<i128>,
}

/// One game: the questions that are answered, all of whose answers the attacker sees.
pub(super) struct Game<'t> {
    target: &'t Target<'t>,
    watcher: Watcher,
    asked: Vec<Asked>,
    rho: RhoMicro,
}

impl<'t> Game<'t> {
    /// A game without answers yet.
    pub(super) const fn new(target: &'t Target<'t>, watcher: Watcher) -> Self {
        Self { target, watcher, asked: Vec::new(), rho: RhoMicro(0) }
    }

    /// Asks a question at a price, of these patients, and of the attacked one in one of the worlds. Whoever is in no
    /// cohort pays nothing.
    pub(super) fn ask(
        &mut self,
        text: &str,
        rho: RhoMicro,
        others: &[Record],
        attacked: Option<&Record>,
    ) -> Result<(), AttackError> {
        let plan = price(compile(&self.target.dictionary, text)?, rho)?;
        let without = self.released(&plan, others.iter())?;
        let with = self.released(&plan, others.iter().chain(attacked))?;
        let adds: Vec<i128> = with.iter().zip(&without).map(|(with, without)| with - without).collect();
        if adds.iter().any(|cell| *cell != 0) {
            self.rho = self.rho.plus(rho);
        }
        self.asked.push(Asked { plan, without, adds });
        Ok(())
    }

    /// Plays as often as it takes to tell an attacker who is always right from one who is right as often as this cost
    /// allows, and no longer than some seconds.
    pub(super) fn play(&self, allowed: RhoMicro) -> Result<Tally, AttackError> {
        let cells: usize = self.asked.iter().map(|asked| asked.plan.cell_count()).sum();
        let draws = u32::try_from(cells.saturating_mul(self.target.members()).max(1)).unwrap_or(u32::MAX);
        let most = (DRAWS_MAX / draws).max(TRIALS_MIN);
        let trials = trials_to_tell(most_often_right(allowed)).clamp(TRIALS.min(most), most);
        let mut rng = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        let mut right = 0;
        for _ in 0..trials {
            let took_part: bool = rng.random();
            let mut leaning = 0.0;
            for asked in &self.asked {
                leaning += self.leaning(asked, took_part)?;
            }
            // Where nothing was seen, a coin is thrown.
            let says = if leaning.abs() < NOTHING { rng.random() } else { leaning > 0.0 };
            right += u32::from(says == took_part);
        }
        Ok(Tally::of(right, trials, allowed))
    }

    /// What the questions that were asked charge the patient who took part.
    pub(super) const fn charged(&self) -> RhoMicro {
        self.rho
    }

    /// The logarithm of how much likelier an answer is with the patient than without.
    fn leaning(&self, asked: &Asked, took_part: bool) -> Result<f64, AttackError> {
        let Asked { plan, without, adds } = asked;
        let members = self.target.members();
        let mut sum: Vec<i128> = without.clone();
        if took_part {
            sum.iter_mut().zip(adds).for_each(|(cell, adds)| *cell += adds);
        }
        let mut known = vec![0_i128; sum.len()];
        for member in 0..members {
            let noise = member_noise(plan, &fresh_seed()?, Digest(*fresh()?))?;
            sum.iter_mut().zip(noise.cells()).for_each(|(cell, drawn)| *cell += drawn);
            if member > 0 && self.watcher == Watcher::AllMembersButOne {
                known.iter_mut().zip(noise.cells()).for_each(|(cell, drawn)| *cell += drawn);
            }
        }
        let unknown = if self.watcher == Watcher::AllMembersButOne { 1 } else { members };
        let seen = self.seen(plan, &sum);
        let mut leaning = 0.0;
        let blocks = plan.blocks.iter().cycle();
        for ((((block, sum), known), (without, adds)), seen) in
            blocks.zip(&sum).zip(&known).zip(without.iter().zip(adds)).zip(seen)
        {
            if seen && *adds != 0 && block.sigma > 0 {
                let sigma = block.sigma as f64 / SIGMA_UNITS_PER_ONE as f64;
                let (beyond, adds) = ((sum - known - without) as f64, *adds as f64);
                leaning +=
                    adds * (beyond - adds / 2.0) / (sigma * sigma * f64::from(u32::try_from(unknown).unwrap_or(1)));
            }
        }
        Ok(leaning)
    }

    /// Which cells of an answer the attacker sees.
    fn seen(&self, plan: &Plan, noised: &[i128]) -> Vec<bool> {
        let opened = plan.opened_blocks();
        let width = plan.blocks.len().max(1);
        let counts: Vec<i128> = noised
            .chunks_exact(width)
            .flat_map(|group| opened.iter().filter_map(|block| group.get(*block).copied()))
            .collect();
        let members = u32::try_from(self.target.members()).unwrap_or(u32::MAX);
        let cohort_min = u64::from(self.target.charter.policy.cohort_min);
        let held_back = suppress(plan, &counts, cohort_min, members);
        let group = |held_back: &bool| {
            let (held_back, opened) = (*held_back, opened.clone());
            let counted = self.watcher == Watcher::AllMembersButOne;
            (0..width).map(move |block| !held_back || (counted && opened.contains(&block)))
        };
        held_back.iter().flat_map(group).collect()
    }

    fn released<'r>(&self, plan: &Plan, records: impl Iterator<Item = &'r Record>) -> Result<Vec<i128>, AttackError> {
        let mut cells = RawCells::zero(plan);
        for record in records {
            cells.add_patient(plan, &self.target.dictionary, &record.courses);
        }
        let raw: Vec<i128> = cells.expose().iter().map(|cell| i128::from(*cell)).collect();
        Ok(plan.recentre(&raw)?)
    }
}

fn fresh() -> Result<Zeroizing<[u8; 32]>, AttackError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| AttackError::NoRandomness)?;
    Ok(bytes)
}

fn fresh_seed() -> Result<NoiseSeed, AttackError> {
    Ok(NoiseSeed::from_bytes(*fresh()?))
}

/// As many trials as are played where they take no longer than the most draws; their share is known to 2 in 100.
const TRIALS: u32 = 5_000;
/// Fewer trials than these tell little of anything.
const TRIALS_MIN: u32 = 1_000;
/// Draws of noise that take some seconds.
const DRAWS_MAX: u32 = 600_000;
/// A leaning that is none.
const NOTHING: f64 = 1e-12;
