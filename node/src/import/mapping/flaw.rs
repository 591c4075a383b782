//! What can be wrong with a mapping, before any file is read.

use sumac_protocol::dictionary::DAYS_MAX;

use crate::import::limits::MAPPING_BYTES_MAX;

/// Why a mapping cannot be used. The operator's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// More text than any mapping has.
    #[error("the mapping has {bytes} bytes, where at most {MAPPING_BYTES_MAX} are read")]
    TooLong {
        /// Bytes of the text.
        bytes: usize,
    },
    /// No TOML, a key that does not exist, a key that is not there, or a value of the wrong type.
    #[error("line {line} of the mapping: {message}")]
    Shape {
        /// Where, counted from 1.
        line: usize,
        /// The TOML reader's own words, which name the key.
        message: String,
    },
    /// Something that cannot stand between cells.
    #[error("`delimiter` is {text:?}")]
    Delimiter {
        /// What stood there.
        text: String,
    },
    /// Something that cannot stand before decimals.
    #[error("`decimal_separator` is {text:?}")]
    DecimalSeparator {
        /// What stood there.
        text: String,
    },
    /// Neither `[courses]` nor `[assessments]`.
    #[error("the mapping has neither `[courses]` nor `[assessments]`")]
    Nothing,
    /// `[[wide]]` without the file that its columns stand in.
    #[error("the mapping has `[[wide]]`, whose columns stand in the courses file, and no `[courses]`")]
    WideAlone,
    /// An empty column name.
    #[error("`{key}` names no column")]
    NoColumn {
        /// Which key.
        key: String,
    },
    /// Codes of a field that is not read.
    #[error("`courses.codes.{field}` renames codes of a field that `courses.fields` does not have")]
    CodesAlone {
        /// Which field.
        field: String,
    },
    /// A day that no record can have.
    #[error("`day` of `[[wide]]` column `{column}` is {day}, further than {DAYS_MAX} days from the first dose")]
    Day {
        /// Whose day.
        column: String,
        /// The day.
        day: i32,
    },
    /// One column for two totals.
    #[error("`[[wide]]` has the column `{column}` twice")]
    ColumnTwice {
        /// Which column.
        column: String,
    },
    /// Two columns for one total.
    #[error("`[[wide]]` columns `{first}` and `{second}` both hold {instrument} on day {day}")]
    ScoreTwice {
        /// Whose total.
        instrument: String,
        /// The day.
        day: i32,
        /// The earlier column.
        first: String,
        /// The later column.
        second: String,
    },
}

impl MappingError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "mapping-too-long",
            Self::Shape { .. } => "mapping-shape",
            Self::Delimiter { .. } => "mapping-delimiter",
            Self::DecimalSeparator { .. } => "mapping-decimal-separator",
            Self::Nothing => "mapping-empty",
            Self::WideAlone => "mapping-wide-without-courses",
            Self::NoColumn { .. } => "mapping-no-column",
            Self::CodesAlone { .. } => "mapping-codes-without-field",
            Self::Day { .. } => "mapping-day",
            Self::ColumnTwice { .. } => "mapping-column-twice",
            Self::ScoreTwice { .. } => "mapping-score-twice",
        }
    }

    /// What the author of the mapping can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::TooLong { bytes } => format!(
                "shorten it by {} bytes; the records themselves belong in their own files",
                bytes.saturating_sub(MAPPING_BYTES_MAX)
            ),
            Self::Shape { .. } => "correct that line; the shipped example shows every key".to_owned(),
            Self::Delimiter { .. } => r#"write ",", ";", "|" or "\t", or leave `delimiter` out for ",""#.to_owned(),
            Self::DecimalSeparator { .. } => r#"write "." or ",", or leave `decimal_separator` out for ".""#.to_owned(),
            Self::Nothing => "add `[courses]` for a file with a row for each course, or `[assessments]` for a file \
                              with a row for each total"
                .to_owned(),
            Self::WideAlone => "add `[courses]` with `patient` and `course`".to_owned(),
            Self::NoColumn { key } => format!("give `{key}` a name from the file's first row, or take the key out"),
            Self::CodesAlone { field } => format!("add `{field} = \"column\"` under `[courses.fields]`"),
            Self::Day { .. } => "count days from the first dose; day 0 is the day of the first dose".to_owned(),
            Self::ColumnTwice { .. } => "take one of the two out".to_owned(),
            Self::ScoreTwice { second, .. } => format!("give `{second}` its own day, or take it out"),
        }
    }
}
