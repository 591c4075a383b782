//! Invented patients for the attacks.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use sumac_protocol::record::Record;

use super::{AttackError, Target};
use crate::synthetic;

/// So many patients' records, all unlike the attacked patient's; the first is that patient's, if wanted.
pub(super) fn records(target: &Target<'_>, patients: usize, attacked: bool) -> Result<Vec<Record>, AttackError> {
    let mut seed = [0_u8; 8];
    getrandom::fill(&mut seed).map_err(|_| AttackError::NoRandomness)?;
    let seed = u64::from_le_bytes(seed);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let patients = u64::try_from(patients).unwrap_or(u64::MAX);
    let mut records = synthetic::records(&target.charter.dictionary, seed, 0, patients)?;
    for (number, course) in records.iter_mut().flat_map(|record| &mut record.courses).enumerate() {
        if attacked && number == 0 {
            target.words.make_target(course);
        } else {
            target.words.make_other(course, rng.random_range(0..CHOICES));
        }
    }
    Ok(records)
}

/// The record of the patient who is attacked.
pub(super) fn attacked(target: &Target<'_>) -> Result<Record, AttackError> {
    Ok(records(target, 1, true)?.pop().unwrap_or_default())
}

/// Groups are drawn evenly from as many.
const CHOICES: usize = 1 << 20;
