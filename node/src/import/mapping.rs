//! The mapping: which column of a clinic's files holds what.
//!
//! A TOML file that the clinic keeps beside its exports. It names columns and renames codes; ranges
//! and vocabularies are the dictionary's. `sumac import --example` prints documented ones, which lie in
//! `cli/mappings/`.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::SourceFile;
use super::limits::MAPPING_BYTES_MAX;
use crate::clinic::Part;

pub use flaw::MappingError;
pub(super) use redcap::{RedcapColumns, RedcapForm};
pub(super) use sections::{
    AssessmentColumns, Codes, CourseColumns, EventColumns, ItemColumns, SessionColumns, TimeColumns, WideColumn,
};

mod checks;
mod flaw;
mod redcap;
mod sections;

/// A checked mapping. Only [`Mapping::parse`] makes one. Whether its columns and names exist is known
/// only beside a file and a dictionary, so [`check`](super::check) checks that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// What stands between cells.
    pub(super) delimiter: u8,
    /// Whether numbers are written `7,5` and not `7.5`.
    pub(super) decimal_comma: bool,
    /// Texts that stand for "not known", besides the empty cell.
    pub(super) missing: BTreeSet<String>,
    /// Of the longest of these texts: most cells are longer, and need not be looked up.
    pub(super) missing_bytes_max: usize,
    pub(super) courses: Option<CourseColumns>,
    /// Totals and items that stand in the courses file, for one instrument and day each.
    pub(super) wide: Vec<WideColumn>,
    pub(super) redcap: Option<RedcapColumns>,
    pub(super) assessments: Option<AssessmentColumns>,
    pub(super) items: Option<ItemColumns>,
    pub(super) sessions: Option<SessionColumns>,
    pub(super) events: Option<EventColumns>,
    pub(super) time_to_event: Option<TimeColumns>,
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
        let written: Written = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            MappingError::Shape { line: before.matches('\n').count() + 1, message: error.message().to_owned() }
        })?;
        let missing: BTreeSet<String> = written.missing.iter().map(|marker| marker.trim().to_owned()).collect();
        let mapping = Self {
            delimiter: delimiter_byte(written.delimiter.as_deref())?,
            decimal_comma: decimal_comma(written.decimal_separator.as_deref())?,
            missing_bytes_max: missing.iter().map(String::len).max().unwrap_or(0),
            missing,
            courses: written.courses,
            wide: written.wide,
            redcap: written.redcap,
            assessments: written.assessments,
            items: written.items,
            sessions: written.sessions,
            events: written.events,
            time_to_event: written.time_to_event,
        };
        mapping.check()?;
        Ok(mapping)
    }

    /// Which parts of a record a file of this shape can tell of.
    #[must_use]
    pub fn tells(&self, file: SourceFile) -> BTreeSet<Part> {
        let one = |part| BTreeSet::from([part]);
        match file {
            SourceFile::Courses => {
                let times = self.courses.as_ref().is_some_and(|courses| !courses.time_to_event.is_empty());
                let also = [(Part::Scores, !self.wide.is_empty()), (Part::Times, times)];
                let also = also.into_iter().filter_map(|(part, told)| told.then_some(part));
                also.chain([Part::Fields]).collect()
            }
            SourceFile::Redcap => Part::ALL.into(),
            SourceFile::Assessments | SourceFile::Items => one(Part::Scores),
            SourceFile::Sessions => one(Part::Sessions),
            SourceFile::Events => one(Part::Events),
            SourceFile::TimeToEvent => one(Part::Times),
        }
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
    #[serde(default)]
    wide: Vec<WideColumn>,
    redcap: Option<RedcapColumns>,
    assessments: Option<AssessmentColumns>,
    items: Option<ItemColumns>,
    sessions: Option<SessionColumns>,
    events: Option<EventColumns>,
    time_to_event: Option<TimeColumns>,
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
