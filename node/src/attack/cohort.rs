//! Invented patients for the attacks.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use sumac_protocol::dictionary::KETAMINE;
use sumac_protocol::record::{Course, Record};

use super::{AttackError, Target};
use crate::synthetic::{Generator, plain_course};

/// So many patients' records, all unlike the attacked patient's; the first is that patient's, if wanted.
pub(super) fn records(target: &Target<'_>, patients: usize, attacked: bool) -> Result<Vec<Record>, AttackError> {
    let mut seed = [0_u8; 8];
    getrandom::fill(&mut seed).map_err(|_| AttackError::NoRandomness)?;
    let seed = u64::from_le_bytes(seed);
    let generator = (target.charter.dictionary == KETAMINE).then(|| Generator::new("ketamine", seed)).transpose()?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut records = Vec::with_capacity(patients);
    for number in 0..patients {
        let mut course = match &generator {
            Some(generator) => {
                let drawn = generator.course(0, u64::try_from(number).unwrap_or(u64::MAX))?.course;
                Course { id: "1".to_owned(), ..drawn }
            }
            None => plain_course(&target.dictionary, &mut rng),
        };
        if attacked && number == 0 {
            target.words.make_target(&mut course);
        } else {
            target.words.make_other(&mut course, rng.random_range(0..CHOICES));
        }
        records.push(Record { courses: vec![course] });
    }
    Ok(records)
}

/// The record of the patient who is attacked.
pub(super) fn attacked(target: &Target<'_>) -> Result<Record, AttackError> {
    Ok(records(target, 1, true)?.pop().unwrap_or_default())
}

/// Groups are drawn evenly from as many.
const CHOICES: usize = 1 << 20;
