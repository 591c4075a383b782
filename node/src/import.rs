//! CSV files of a clinic become patient records.
//!
//! A wrong row never stops the right ones: it becomes a [`Reject`] with a remedy. A wrong file (no
//! text, no header, a column that is not there) changes nothing: [`check`] reads all files to their
//! ends before anything is kept, and is the only way to a [`Checked`] import. Reading is pure: equal
//! files, mapping and dictionary give equal records, which have equal bytes, so importing a file twice
//! changes nothing, and an import that was interrupted is finished by running it again.
//!
//! A record is all that the files of one import hold about a patient. Who keeps courses and assessments
//! in two files gives both at once: what stands in the one would be missing from records of the other.
//!
//! Memory is flat: rows of one patient may stand anywhere, so large files are read several times, each
//! time for a share of the patients, and nothing is ever written down in the clear on the way.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io::{Read, Seek};

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::Record;

pub use checking::{Checked, check};
#[expect(clippy::module_name_repetitions, reason = "imported alone, `Error` would not say whose")]
pub use failure::ImportError;
pub use keeping::{Halted, Progress, Sink, Totals};
pub use mapping::{Mapping, MappingError};
pub use reject::{Reject, RejectFile, Why};

mod cell;
mod census;
mod checking;
mod draft;
mod failure;
pub mod fhir;
pub mod fhir_consent;
mod gathering;
mod keeping;
mod layout;
pub mod limits;
mod mapping;
mod reading;
mod reject;
mod rows;
mod scan;
mod table;

/// The files of one import. They are read more than once, so each must be a file and not a pipe.
pub type Sources<R> = BTreeMap<SourceFile, R>;

/// Which of the files. In this order they are read, so that courses are known before what belongs to
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "complete: there are these shapes of file")]
pub enum SourceFile {
    /// A row for each course: fields, medicines at home, times to events, and `[[wide]]` columns.
    Courses,
    /// A REDCap export: a row for each record, event and repeated instrument.
    Redcap,
    /// A row for each total.
    Assessments,
    /// A row for each answered item.
    Items,
    /// A row for each session.
    Sessions,
    /// A row for each adverse event.
    Events,
    /// A row for each thing that was waited for.
    TimeToEvent,
}

impl SourceFile {
    /// Every shape, in the order of reading.
    pub const ALL: [Self; 7] =
        [Self::Courses, Self::Redcap, Self::Assessments, Self::Items, Self::Sessions, Self::Events, Self::TimeToEvent];

    /// What it is called: also its section of the mapping.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Courses => "courses",
            Self::Redcap => "redcap",
            Self::Assessments => "assessments",
            Self::Items => "items",
            Self::Sessions => "sessions",
            Self::Events => "events",
            Self::TimeToEvent => "time_to_event",
        }
    }
}

/// What an import read, all of it in memory. Holds personal records; `Debug` shows how many and
/// nothing of them.
#[derive(PartialEq, Eq, Default)]
#[must_use = "nothing is kept until the caller stores the records"]
#[non_exhaustive]
pub struct Imported {
    /// Each patient's record, by pseudonym. Records hold only what the dictionary allows.
    pub patients: BTreeMap<String, Record>,
    /// What was left out, in the order in which it was found.
    pub rejects: Vec<Reject>,
    /// How many cells held a code that the dictionary does not have. They are kept as
    /// [`UNKNOWN`](sumac_protocol::dictionary::UNKNOWN), which counts as missing in every question.
    pub unknown: BTreeMap<UnknownCode, u64>,
    /// Rows of all files that had any text, headers not counted.
    pub rows_read: u64,
}

/// A code that a closed category does not have. It repeats the file's text, which may be personal
/// where a mapping names a wrong column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct UnknownCode {
    /// The dictionary's field or list.
    pub field: String,
    /// The code as it stood in the file, at most 1,024 bytes; `…` for all that came after the first
    /// [`UNKNOWN_CODES_MAX`](limits::UNKNOWN_CODES_MAX).
    pub code: String,
}

/// Reads the files of one small import into memory. The courses file is read first. Where it or a
/// REDCap export is given, it decides which courses there are, and rows of others are rejected;
/// without it, every course that a row names is one.
///
/// # Errors
/// [`ImportError`] if the mapping does not fit the dictionary or a file, or a file is no CSV text.
pub fn read_records<R: Read + Seek + Send>(
    dictionary: &Dictionary,
    mapping: &Mapping,
    sources: Sources<R>,
) -> Result<Imported, ImportError> {
    let mut memory = Imported::default();
    match check(dictionary, mapping, sources, &mut |_| ())?.keep(&mut memory) {
        Ok(Totals { rows, unknown, .. }) => Ok(Imported { unknown, rows_read: rows, ..memory }),
        Err(Halted::Files(error)) => Err(error),
        Err(Halted::Sink(never)) => match never {},
    }
}

impl Sink for Imported {
    type Error = Infallible;

    fn keep(&mut self, batch: BTreeMap<String, Record>) -> Result<(), Infallible> {
        self.patients.extend(batch);
        Ok(())
    }

    fn leave_out(&mut self, reject: Reject) -> Result<(), Infallible> {
        self.rejects.push(reject);
        Ok(())
    }
}

impl fmt::Display for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { patients, rejects, unknown, rows_read } = self;
        let cells = unknown.values().fold(0, |sum: u64, count| sum.saturating_add(*count));
        f.debug_struct("Imported")
            .field("patients", &patients.len())
            .field("rejects", &rejects.len())
            .field("unknown", &cells)
            .field("rows_read", rows_read)
            .finish()
    }
}

#[cfg(test)]
mod tests;
