//! Records of any dictionary, where a trial needs some.

use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use sumac_protocol::dictionary::{Dictionary, KETAMINE};
use sumac_protocol::record::{Course, Record};

use super::{Generator, SyntheticError, plain_course};

/// So many patients' records of clinic number `clinic`, one course each: drawn after the literature where the dictionary is
/// the one of ketamine therapy, and evenly from what it allows where it is another, which then says nothing of any effect.
/// What events tell of fields is filled in, as an import does.
///
/// # Errors
/// [`SyntheticError::Parameters`], also where the text is no dictionary.
pub fn records(dictionary: &str, seed: u64, clinic: u32, patients: u64) -> Result<Vec<Record>, SyntheticError> {
    let parsed = Dictionary::parse(dictionary).map_err(|why| SyntheticError::Parameters { why: why.to_string() })?;
    let generator = (dictionary == KETAMINE).then(|| Generator::new("ketamine", seed)).transpose()?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ u64::from(clinic));
    let record = |number| {
        let mut course = match &generator {
            Some(generator) => Course { id: "1".to_owned(), ..generator.course(clinic, number)?.course },
            None => plain_course(&parsed, &mut rng),
        };
        parsed.fill_told(&mut course);
        Ok(Record { courses: vec![course] })
    };
    (0..patients).map(record).collect()
}
