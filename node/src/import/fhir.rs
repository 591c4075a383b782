//! FHIR R4 resources of a clinic become patient records.
//!
//! Bundles, NDJSON files and single resources are read, each resource on its own; what refers to one
//! patient is then put together. A wrong element never stops the right ones: it becomes a
//! [`FhirReject`]. A wrong file changes nothing: all are read to their end before the first record is
//! handed over. Equal files give equal records. What records hold nothing of is counted by name.
//!
//! Days count from the first dose, so a course without one is left out; no date is kept. Memory does
//! not grow with the files: they are read in as many passes as it takes, each for whole patients.
//!
//! Statements of consent are never made here: a Consent beside the record is passed over. What staff may witness of one
//! is [`super::fhir_consent`]'s question.

use std::collections::BTreeMap;
use std::fmt;

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::Record;

#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of CSV")]
pub use failure::FhirImportError;
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of CSV")]
pub use files::FhirFiles;
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of CSV")]
pub use reject::{FhirReject, FhirWhy, RejectWriter};
#[expect(clippy::module_name_repetitions, reason = "imported by name, beside those of CSV")]
pub use tally::{Aside, FhirTold};

pub(crate) use codes::NOT_RECORDED;
pub(crate) use reading::{OUTCOME_HL7, SERIOUSNESS_HL7, SEVERITY_HL7};
pub(super) use tree::parse as parse_tree;
pub(crate) use when::date_of;

use super::Progress;
use codes::Codes;
use passes::Passes;
use survey::Survey;

mod assembly;
mod codes;
mod document;
mod element;
mod facts;
mod failure;
mod files;
pub mod limits;
pub mod names;
mod passes;
mod quantity;
mod reading;
mod reference;
mod reject;
mod survey;
mod tally;
mod tree;
mod when;

/// What an import is read by.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers build it; these three are all that reading takes")]
pub struct FhirReading<'a> {
    /// The federation's dictionary.
    pub dictionary: &'a Dictionary,
    /// The system of the Patient identifier that is the clinic's pseudonym.
    pub identifier_system: &'a str,
    /// Today, in days since 1970-01-01: nothing in a file is later.
    pub today: i32,
}

/// Where records and rejects go, one pass after the other.
pub trait FhirSink {
    /// Why it cannot take them.
    type Error;

    /// Keeps whole records of at most [`BATCH_PATIENTS`](super::limits::BATCH_PATIENTS) patients, by
    /// pseudonym, durably when it returns. Each patient of an import comes once.
    ///
    /// # Errors
    /// Whatever stops the import.
    fn keep(&mut self, records: BTreeMap<String, Record>) -> Result<(), Self::Error>;

    /// Takes note of what was left out.
    ///
    /// # Errors
    /// Whatever stops the import.
    fn reject(&mut self, reject: &FhirReject) -> Result<(), Self::Error>;

    /// Is told how far the import is.
    fn progress(&mut self, _progress: Progress) {}
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "complete: either a file is wrong, or nothing takes the records")]
pub enum FhirStopped<E> {
    /// A file is wrong.
    #[error(transparent)]
    Files(#[from] FhirImportError),
    /// The sink cannot go on.
    #[error("records cannot be kept")]
    Sink(E),
}

/// Files that were read to their ends and can be read again: the only way to records.
#[must_use = "nothing is kept yet"]
pub struct CheckedFhir<'a> {
    reading: &'a FhirReading<'a>,
    files: &'a FhirFiles,
    codes: Codes<'a>,
    survey: Survey,
}

/// Reads all files to their ends. Nothing is kept.
///
/// # Errors
/// [`FhirImportError`] if any of them cannot be read, or is no FHIR.
pub fn check_fhir<'a>(
    reading: &'a FhirReading<'a>,
    files: &'a FhirFiles,
    progress: &mut dyn FnMut(Progress),
) -> Result<CheckedFhir<'a>, FhirImportError> {
    let codes = Codes::new(reading.dictionary);
    let survey = Survey::of(files, &codes, reading.identifier_system, progress)?;
    Ok(CheckedFhir { reading, files, codes, survey })
}

impl CheckedFhir<'_> {
    /// Reads the files again, and hands over records and rejects.
    ///
    /// # Errors
    /// [`FhirStopped`] if a file was changed since, or the sink cannot go on. Patients that were kept are
    /// kept whole; the same import again finishes it.
    pub fn keep<S: FhirSink>(&self, sink: &mut S) -> Result<FhirTold, FhirStopped<S::Error>> {
        let Self { reading, files, codes, survey } = self;
        let told = FhirTold {
            files: u64::try_from(files.each().len()).unwrap_or(u64::MAX),
            passes: survey.passes,
            resources: survey.resources,
            open_pages: survey.open_pages,
            ..FhirTold::default()
        };
        Passes { reading, codes, survey, told, sink }.make(files)
    }
}

impl fmt::Debug for CheckedFhir<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckedFhir({} resources)", self.survey.resources)
    }
}

#[cfg(test)]
pub(crate) mod tests;
