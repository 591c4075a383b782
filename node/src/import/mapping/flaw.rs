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
    /// No section of a file.
    #[error("the mapping has neither `[courses]` nor `[assessments]`, nor a section for any other file")]
    Nothing,
    /// A key without which a section means nothing.
    #[error("the mapping lacks `{key}`")]
    Needed {
        /// Which key.
        key: String,
    },
    /// A key of another place.
    #[error("`{key}` does not belong there")]
    Misplaced {
        /// Which key.
        key: String,
    },
    /// Something that is the same in all rows although a column tells it, or that cannot be.
    #[error("`{key}` cannot be fixed")]
    Fixed {
        /// Which key.
        key: String,
    },
    /// `[[wide]]` without the file that its columns stand in.
    #[error("the mapping has `[[wide]]`, whose columns stand in the courses file, and no `[courses]`")]
    WideAlone,
    /// An empty column name.
    #[error("`{key}` names no column")]
    NoColumn {
        /// Which key.
        key: String,
    },
    /// Codes of a field or column that is not read.
    #[error("`{section}.codes.{field}` renames codes of a field that `{section}` does not read")]
    CodesAlone {
        /// Where.
        section: String,
        /// Which field.
        field: String,
    },
    /// Some sections number their sessions and some do not.
    #[error("some of `[[redcap.sessions]]` have a `number` and some have none")]
    NumbersMixed,
    /// Events name sessions by a number that sessions do not have.
    #[error("`session` of adverse events names a session by its number, and sessions have no `number`")]
    Unnumbered,
    /// The day of an event that no record can have.
    #[error("`redcap.days.{event}` is {day}, further than {DAYS_MAX} days from the first dose")]
    EventDay {
        /// Which event of the project.
        event: String,
        /// The day.
        day: i32,
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
            Self::Shape { .. } | Self::Needed { .. } | Self::Misplaced { .. } => "mapping-shape",
            Self::Fixed { .. } => "mapping-fixed",
            Self::Delimiter { .. } => "mapping-delimiter",
            Self::DecimalSeparator { .. } => "mapping-decimal-separator",
            Self::Nothing => "mapping-empty",
            Self::WideAlone => "mapping-wide-without-courses",
            Self::NoColumn { .. } => "mapping-no-column",
            Self::CodesAlone { .. } => "mapping-codes-without-field",
            Self::NumbersMixed => "mapping-numbers-mixed",
            Self::Unnumbered => "mapping-unnumbered",
            Self::Day { .. } | Self::EventDay { .. } => "mapping-day",
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
                              with a row for each total; `sumac import --example long` shows every section"
                .to_owned(),
            Self::Needed { key } => format!("add `{key}`; `sumac import --example` prints mappings with every key"),
            Self::Misplaced { key } => format!(
                "take `{key}` out: `patient` and `course` belong to a file's own section, `form` to those in `[redcap]`"
            ),
            Self::Fixed { key } => {
                format!("take `{key}` out, or the column of the same name; only codes can be fixed")
            }
            Self::WideAlone => "add `[courses]` with `patient` and `course`".to_owned(),
            Self::NoColumn { key } => format!("give `{key}` a name from the file's first row, or take the key out"),
            Self::CodesAlone { section, field } => format!("add `{field} = \"column\"` to `{section}`, or take it out"),
            Self::NumbersMixed => "give each of them a `number`, or none".to_owned(),
            Self::Unnumbered => "give sessions a `number`, or take `session` out".to_owned(),
            Self::Day { .. } | Self::EventDay { .. } => {
                "count days from the first dose; day 0 is the day of the first dose".to_owned()
            }
            Self::ColumnTwice { .. } => "take one of the two out".to_owned(),
            Self::ScoreTwice { second, .. } => format!("give `{second}` its own day, or take it out"),
        }
    }
}
