//! The mapping: which column of a clinic's files holds what.
//!
//! A TOML file that the clinic keeps beside its exports. It names columns and renames codes; ranges
//! and vocabularies are the dictionary's. `cli/demo/duloxetine.mapping.toml` is a documented example.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sumac_protocol::dictionary::DAYS_MAX;

use super::limits::MAPPING_BYTES_MAX;

pub use flaw::MappingError;

mod flaw;

/// A checked mapping. Only [`Mapping::parse`] makes one. Whether its columns and names exist is known
/// only beside a file and a dictionary, so [`read_records`](super::read_records) checks that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// What stands between cells.
    pub(super) delimiter: u8,
    /// Whether numbers are written `7,5` and not `7.5`.
    pub(super) decimal_comma: bool,
    /// Texts that stand for "not known", besides the empty cell.
    pub(super) missing: BTreeSet<String>,
    pub(super) courses: Option<CourseColumns>,
    pub(super) assessments: Option<AssessmentColumns>,
    /// Totals that stand in the courses file, one column for each instrument and day.
    pub(super) wide: Vec<WideColumn>,
}

/// Where a courses file, with a row for each course, holds what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CourseColumns {
    pub(super) patient: String,
    pub(super) course: String,
    /// Dictionary field → column.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, String>,
    /// Dictionary field → code in the file → the dictionary's code.
    #[serde(default)]
    pub(super) codes: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where an assessments file, with a row for each total, holds what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssessmentColumns {
    pub(super) patient: String,
    pub(super) course: String,
    pub(super) instrument: String,
    pub(super) day: String,
    pub(super) value: String,
    /// Instrument in the file → the dictionary's instrument.
    #[serde(default)]
    pub(super) instruments: BTreeMap<String, String>,
}

/// A column of the courses file that holds totals of one instrument on one day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WideColumn {
    pub(super) column: String,
    pub(super) instrument: String,
    pub(super) day: i32,
}

impl Mapping {
    /// Reads and checks a mapping.
    ///
    /// # Errors
    /// [`MappingError`] with the key that is wrong and what to write instead.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        if text.len() > MAPPING_BYTES_MAX {
            return Err(MappingError::TooLong { bytes: text.len() });
        }
        let Written { delimiter, decimal_separator, missing, courses, assessments, wide } = toml::from_str(text)
            .map_err(|error| {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                MappingError::Shape { line: before.matches('\n').count() + 1, message: error.message().to_owned() }
            })?;
        let mapping = Self {
            delimiter: delimiter_byte(delimiter.as_deref())?,
            decimal_comma: decimal_comma(decimal_separator.as_deref())?,
            missing: missing.iter().map(|marker| marker.trim().to_owned()).collect(),
            courses,
            assessments,
            wide,
        };
        mapping.check()?;
        Ok(mapping)
    }

    fn check(&self) -> Result<(), MappingError> {
        if self.courses.is_none() && self.assessments.is_none() {
            return Err(if self.wide.is_empty() { MappingError::Nothing } else { MappingError::WideAlone });
        }
        if self.courses.is_none() && !self.wide.is_empty() {
            return Err(MappingError::WideAlone);
        }
        if let Some(key) = self.columns().into_iter().find_map(|(key, column)| column.trim().is_empty().then_some(key))
        {
            return Err(MappingError::NoColumn { key });
        }
        self.check_codes()?;
        self.check_wide()
    }

    /// Every key that names a column, with the column.
    fn columns(&self) -> Vec<(String, &str)> {
        let mut columns = Vec::new();
        if let Some(CourseColumns { patient, course, fields, .. }) = &self.courses {
            columns.extend([("courses.patient".to_owned(), patient.as_str()), ("courses.course".to_owned(), course)]);
            columns.extend(fields.iter().map(|(id, column)| (format!("courses.fields.{id}"), column.as_str())));
        }
        if let Some(AssessmentColumns { patient, course, instrument, day, value, .. }) = &self.assessments {
            let named =
                [("patient", patient), ("course", course), ("instrument", instrument), ("day", day), ("value", value)];
            columns.extend(named.map(|(key, column)| (format!("assessments.{key}"), column.as_str())));
        }
        columns.extend(self.wide.iter().map(|wide| ("wide.column".to_owned(), wide.column.as_str())));
        columns
    }

    fn check_codes(&self) -> Result<(), MappingError> {
        let Some(CourseColumns { fields, codes, .. }) = &self.courses else { return Ok(()) };
        match codes.keys().find(|field| !fields.contains_key(*field)) {
            Some(field) => Err(MappingError::CodesAlone { field: field.clone() }),
            None => Ok(()),
        }
    }

    fn check_wide(&self) -> Result<(), MappingError> {
        let (mut columns, mut scores) = (BTreeSet::new(), BTreeMap::new());
        for WideColumn { column, instrument, day } in &self.wide {
            if day.unsigned_abs() > DAYS_MAX.unsigned_abs() {
                return Err(MappingError::Day { column: column.clone(), day: *day });
            }
            if !columns.insert(column.trim()) {
                return Err(MappingError::ColumnTwice { column: column.clone() });
            }
            if let Some(first) = scores.insert((instrument, day), column) {
                let (first, second) = (first.clone(), column.clone());
                return Err(MappingError::ScoreTwice { instrument: instrument.clone(), day: *day, first, second });
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    delimiter: Option<String>,
    decimal_separator: Option<String>,
    #[serde(default = "usual_missing")]
    missing: Vec<String>,
    courses: Option<CourseColumns>,
    assessments: Option<AssessmentColumns>,
    #[serde(default)]
    wide: Vec<WideColumn>,
}

fn usual_missing() -> Vec<String> {
    vec![String::new(), "NA".to_owned()]
}

fn delimiter_byte(written: Option<&str>) -> Result<u8, MappingError> {
    match written {
        None | Some(",") => Ok(b','),
        Some(";") => Ok(b';'),
        Some("\t") => Ok(b'\t'),
        Some("|") => Ok(b'|'),
        Some(text) => Err(MappingError::Delimiter { text: text.to_owned() }),
    }
}

fn decimal_comma(written: Option<&str>) -> Result<bool, MappingError> {
    match written {
        None | Some(".") => Ok(false),
        Some(",") => Ok(true),
        Some(text) => Err(MappingError::DecimalSeparator { text: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests;
