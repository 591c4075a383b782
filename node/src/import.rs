//! CSV files of a clinic become patient records.
//!
//! A wrong row never stops the right ones: it becomes a [`Reject`] with a remedy. A wrong file (no
//! text, no header, a column that is not there) changes nothing: it is an [`ImportError`], and there
//! are no records. Reading is pure: equal files, mapping and dictionary give equal records, which
//! have equal bytes, so importing a file twice changes nothing. Keeping the records is the caller's.
//!
//! A record is all that these files hold about a patient. Who keeps courses and assessments in two
//! files gives both at once: fields that stand in the one would be missing from records of the other.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::limits::PATIENTS_MAX;
use sumac_protocol::record::Record;

#[expect(clippy::module_name_repetitions, reason = "imported alone, `Error` would not say whose")]
pub use failure::ImportError;
pub use mapping::{Mapping, MappingError};
pub use reject::{Reject, Why, write_rejects};

use gathering::Gathering;
use table::Table;

mod assessments;
mod cell;
mod courses;
mod failure;
pub mod fhir;
mod gathering;
pub mod limits;
mod mapping;
mod reject;
mod scan;
mod table;

/// The files of one import, open for reading from their beginning. At least one is needed.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers build it; there are these two shapes of file")]
pub struct Sources<R> {
    /// A row for each course: fields, and totals of the mapping's `[[wide]]` columns.
    pub courses: Option<R>,
    /// A row for each total.
    pub assessments: Option<R>,
}

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "complete: there are these two shapes of file")]
pub enum SourceFile {
    /// A row for each course.
    Courses,
    /// A row for each total.
    Assessments,
}

/// What an import read. Holds personal records; `Debug` shows how many and nothing of them.
#[derive(PartialEq, Eq, Default)]
#[must_use = "nothing is kept until the caller stores the records"]
#[non_exhaustive]
pub struct Imported {
    /// Each patient's record, by pseudonym. Records hold only what the dictionary allows.
    pub patients: BTreeMap<String, Record>,
    /// What was left out: the courses file's rows first, each file in its own order.
    pub rejects: Vec<Reject>,
    /// How many cells held a code that the dictionary does not have. Their fields are kept as
    /// [`UNKNOWN`](sumac_protocol::dictionary::UNKNOWN), which counts as missing in every question.
    pub unknown: BTreeMap<UnknownCode, u64>,
    /// Rows of both files that had any text, headers not counted.
    pub rows_read: u64,
}

/// A code that a closed category does not have. It repeats the file's text, which may be personal
/// where a mapping names a wrong column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct UnknownCode {
    /// The dictionary's field.
    pub field: String,
    /// The code as it stood in the file, at most 1,024 bytes.
    pub code: String,
}

/// Reads the files of one import. The courses file is read first. Where it is given, it decides which
/// courses there are, and assessments of others are rejected; without it, every course with an
/// assessment row is one, and none has fields.
///
/// # Errors
/// [`ImportError`] if the mapping does not fit the dictionary or a file, or a file is no CSV text.
pub fn read_records<R: Read>(
    dictionary: &Dictionary,
    mapping: &Mapping,
    sources: Sources<R>,
) -> Result<Imported, ImportError> {
    read_within(Bounds { rows_max: limits::ROWS_MAX, patients_max: PATIENTS_MAX }, dictionary, mapping, sources)
}

/// Bounds that no test could reach with files of their real size.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    rows_max: u64,
    patients_max: u64,
}

fn read_within<R: Read>(
    bounds: Bounds,
    dictionary: &Dictionary,
    mapping: &Mapping,
    sources: Sources<R>,
) -> Result<Imported, ImportError> {
    let Sources { courses, assessments } = sources;
    if courses.is_none() && assessments.is_none() {
        return Err(ImportError::NoSource);
    }
    let courses_known = courses.is_some();
    let mut gathering = Gathering::new(dictionary, mapping);
    let mut rows_read = 0_u64;
    if let Some(source) = courses {
        let file = SourceFile::Courses;
        let columns = mapping.courses.as_ref().ok_or(ImportError::NotMapped { file })?;
        let mut table = Table::open(file, source, mapping.delimiter, bounds.rows_max)?;
        courses::read(bounds, columns, &mut table, &mut gathering)?;
        rows_read = rows_read.saturating_add(table.rows());
    }
    if let Some(source) = assessments {
        let file = SourceFile::Assessments;
        let columns = mapping.assessments.as_ref().ok_or(ImportError::NotMapped { file })?;
        let mut table = Table::open(file, source, mapping.delimiter, bounds.rows_max)?;
        assessments::read(bounds, courses_known, columns, &mut table, &mut gathering)?;
        rows_read = rows_read.saturating_add(table.rows());
    }
    Ok(gathering.finish(rows_read))
}

impl fmt::Display for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Courses => "courses",
            Self::Assessments => "assessments",
        })
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
