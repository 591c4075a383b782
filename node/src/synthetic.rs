//! Courses of treatment that nobody had: for trying Sumac out, for benchmarks, never for findings.
//!
//! Equal seeds give equal courses, whatever order they are asked for in. Rates follow published ones
//! where there are any; the shipped parameters say which. The main property of the field is kept:
//! most late scores are missing, and more of them where treatment did not help.

use std::fmt;

use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution as _, Normal};
use sha2::{Digest as _, Sha256};
use sumac_protocol::dictionary::{Dictionary, KETAMINE};

#[expect(clippy::module_name_repetitions, reason = "imported by name")]
pub use course::{Consented, SyntheticCourse};
pub use files::write_clinic;
use plain::plain_course;
pub use records::records;
use spec::Spec;

mod context;
mod course;
mod files;
mod plain;
mod records;
mod sessions;
mod spec;

/// A source of synthetic courses.
#[derive(Debug, Clone)]
pub struct Generator {
    spec: Spec,
    dictionary: Dictionary,
    seed: u64,
}

/// What cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntheticError {
    /// There are no parameters for this dictionary.
    #[error("there is nothing to draw courses of `{dictionary}` from")]
    NoParameters {
        /// The dictionary's name.
        dictionary: String,
    },
    /// The shipped parameters cannot be read, or cannot be drawn from.
    #[error("the parameters cannot be drawn from: {why}")]
    Parameters {
        /// What is wrong with them.
        why: String,
    },
    /// A file that cannot be written.
    #[error("no files can be written into {folder}: {why}")]
    File {
        /// The folder.
        folder: String,
        /// What the operating system says.
        why: String,
    },
}

impl SyntheticError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoParameters { .. } => "no-synthetic-parameters",
            Self::Parameters { .. } => "bad-synthetic-parameters",
            Self::File { .. } => "file",
        }
    }

    /// What the person who asked can do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoParameters { .. } => "use the dictionary `ketamine`".into(),
            Self::File { .. } => "name a folder that can be written and is not there yet".into(),
            Self::Parameters { .. } => "this is a fault of Sumac; please report it".into(),
        }
    }
}

impl Generator {
    /// Courses of the dictionary of this name, from this seed.
    ///
    /// # Errors
    /// [`SyntheticError`].
    pub fn new(dictionary: &str, seed: u64) -> Result<Self, SyntheticError> {
        if dictionary != "ketamine" {
            return Err(SyntheticError::NoParameters { dictionary: dictionary.into() });
        }
        let parameters = |why: &dyn fmt::Display| SyntheticError::Parameters { why: why.to_string() };
        let spec = Spec::ketamine().map_err(|why| parameters(&why))?;
        let dictionary = Dictionary::parse(KETAMINE).map_err(|why| parameters(&why))?;
        Ok(Self { spec, dictionary, seed })
    }

    /// Course number `number` of clinic number `clinic`, both from 0: each course is another patient.
    ///
    /// # Errors
    /// [`SyntheticError::Parameters`] if a parameter is no parameter of its distribution.
    pub fn course(&self, clinic: u32, number: u64) -> Result<SyntheticCourse, SyntheticError> {
        let sites = &self.spec.sites;
        let kind = usize::try_from(clinic).unwrap_or(usize::MAX) % sites.len().max(1);
        let site = sites.get(kind).ok_or_else(|| SyntheticError::Parameters { why: "no kind of clinic".into() })?;
        let mut own = self.stream(b"site", clinic, 0);
        let effect = normal(0.0, self.spec.site_sd)?.sample(&mut own);
        let mut rng = self.stream(b"course", clinic, number);
        course::draw(&self.spec, site, effect, &mut rng)
    }

    /// Randomness of its own for each clinic and course.
    fn stream(&self, what: &[u8], clinic: u32, number: u64) -> Xoshiro256PlusPlus {
        let version = self.spec.version.to_le_bytes();
        let (seed, clinic, number) = (self.seed.to_le_bytes(), clinic.to_le_bytes(), number.to_le_bytes());
        let hash = Sha256::new_with_prefix(what).chain_update(version).chain_update(seed);
        Xoshiro256PlusPlus::from_seed(hash.chain_update(clinic).chain_update(number).finalize().into())
    }
}

fn normal(mean: f64, sd: f64) -> Result<Normal<f64>, SyntheticError> {
    Normal::new(mean, sd).map_err(|why| SyntheticError::Parameters { why: why.to_string() })
}

#[cfg(test)]
mod tests;
