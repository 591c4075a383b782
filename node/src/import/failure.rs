//! Why a file as a whole was not read.

use std::io;

use sumac_protocol::dictionary::ValueError;
use sumac_protocol::limits::PATIENTS_MAX;

use super::SourceFile;
use super::limits::{COLUMNS_MAX, ROW_BYTES_MAX};

/// Why nothing was imported. The operator's move: no record was made, so none can have changed.
///
/// Texts hold names of columns and keys, never a value of a row.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Neither file was given.
    #[error("there is no file to import")]
    NoSource,
    /// A file that the mapping says nothing about.
    #[error("there is a file of {file}, and the mapping has no `[{file}]`")]
    NotMapped {
        /// Which file.
        file: SourceFile,
    },
    /// The mapping names a field or instrument that the dictionary does not have.
    #[error("`{key}` of the mapping: {error}")]
    NotInDictionary {
        /// The mapping's key.
        key: String,
        /// Which name, and one it may have meant.
        error: Box<ValueError>,
    },
    /// Nothing that tells the day of what a section reads.
    #[error("the mapping has no `{key}`, and the {file} file has no column of events")]
    NoDay {
        /// Which file.
        file: SourceFile,
        /// The key that could tell it.
        key: String,
    },
    /// A pipe, or something else that cannot be read twice.
    #[error("the {file} file cannot be read from its beginning again: {source}")]
    NoFile {
        /// Which file.
        file: SourceFile,
        /// What the system said.
        source: io::Error,
    },
    /// A file that somebody wrote to.
    #[error("the {file} file was not the same when it was read again")]
    Changed {
        /// Which file.
        file: SourceFile,
    },
    /// The file could not be read to its end.
    #[error("the {file} file cannot be read: {source}")]
    Unreadable {
        /// Which file.
        file: SourceFile,
        /// What the system said.
        source: io::Error,
    },
    /// An empty file.
    #[error("the {file} file is empty")]
    NoHeader {
        /// Which file.
        file: SourceFile,
    },
    /// Bytes of another encoding.
    #[error("line {line} of the {file} file is not UTF-8")]
    NotUtf8 {
        /// Which file.
        file: SourceFile,
        /// Where, from 1.
        line: u64,
    },
    /// A NUL byte: UTF-16, a spreadsheet's own format, or a damaged file.
    #[error("line {line} of the {file} file has a NUL byte, so it is not a text file")]
    Nul {
        /// Which file.
        file: SourceFile,
        /// Where, from 1.
        line: u64,
    },
    /// A row longer than any.
    #[error("the row on line {line} of the {file} file has more than {ROW_BYTES_MAX} bytes")]
    RowTooLong {
        /// Which file.
        file: SourceFile,
        /// Where it begins, from 1.
        line: u64,
    },
    /// A quote that is never closed, so the rest of the file would be one cell.
    #[error("the quote on line {line} of the {file} file is never closed")]
    QuoteOpen {
        /// Which file.
        file: SourceFile,
        /// Where it opens, from 1.
        line: u64,
    },
    /// Text behind a closing quote: the quotes do not belong together.
    #[error("line {line} of the {file} file has text behind a closing quote")]
    AfterQuote {
        /// Which file.
        file: SourceFile,
        /// Where, from 1.
        line: u64,
    },
    /// More columns than any export.
    #[error("the {file} file has {columns} columns, where at most {COLUMNS_MAX} are read")]
    TooManyColumns {
        /// Which file.
        file: SourceFile,
        /// Cells of the first row.
        columns: usize,
    },
    /// A column that the mapping names and the file lacks.
    #[error("`{key}` of the mapping names the column `{column}`; the {file} file has {}", listed(.columns))]
    NoSuchColumn {
        /// Which file.
        file: SourceFile,
        /// The mapping's key.
        key: String,
        /// The column that is not there.
        column: String,
        /// A column it may have meant.
        near: Option<String>,
        /// The columns that are there, in the file's order.
        columns: Vec<String>,
    },
    /// A column that the mapping names and the file has more than once.
    #[error("`{key}` of the mapping names the column `{column}`, which the {file} file has more than once")]
    ColumnTwice {
        /// Which file.
        file: SourceFile,
        /// The mapping's key.
        key: String,
        /// Which column.
        column: String,
    },
    /// More rows than are read at once.
    #[error("the {file} file has more than {rows_max} rows")]
    TooManyRows {
        /// Which file.
        file: SourceFile,
        /// The most that are read.
        rows_max: u64,
    },
    /// More patients than a clinic may hold.
    #[error("the files have more than {patients_max} patients")]
    TooManyPatients {
        /// The most that a clinic holds.
        patients_max: u64,
    },
    /// The system has no room for another thread.
    #[error("no thread could be started to read the files: {source}")]
    NoThread {
        /// What the system said.
        source: io::Error,
    },
}

impl ImportError {
    /// Which file is at fault; none where it is the mapping, or no file at all.
    #[must_use]
    pub const fn file(&self) -> Option<SourceFile> {
        match self {
            Self::NoSource
            | Self::NotMapped { .. }
            | Self::NotInDictionary { .. }
            | Self::NoDay { .. }
            | Self::TooManyPatients { .. }
            | Self::NoThread { .. } => None,
            Self::Unreadable { file, .. }
            | Self::NoHeader { file }
            | Self::NotUtf8 { file, .. }
            | Self::Nul { file, .. }
            | Self::RowTooLong { file, .. }
            | Self::QuoteOpen { file, .. }
            | Self::AfterQuote { file, .. }
            | Self::TooManyColumns { file, .. }
            | Self::NoSuchColumn { file, .. }
            | Self::ColumnTwice { file, .. }
            | Self::NoFile { file, .. }
            | Self::Changed { file }
            | Self::TooManyRows { file, .. } => Some(*file),
        }
    }

    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSource => "import-no-source",
            Self::NotMapped { .. } => "import-not-mapped",
            Self::NotInDictionary { .. } => "import-not-in-dictionary",
            Self::NoDay { .. } => "import-no-day",
            Self::NoFile { .. } => "import-no-file",
            Self::Changed { .. } => "import-changed",
            Self::Unreadable { .. } => "import-unreadable",
            Self::NoHeader { .. } => "import-no-header",
            Self::NotUtf8 { .. } => "import-not-utf8",
            Self::Nul { .. } => "import-nul",
            Self::RowTooLong { .. } => "import-row-too-long",
            Self::QuoteOpen { .. } => "import-quote-open",
            Self::AfterQuote { .. } => "import-after-quote",
            Self::TooManyColumns { .. } => "import-too-many-columns",
            Self::NoSuchColumn { .. } => "import-no-such-column",
            Self::ColumnTwice { .. } => "import-column-twice",
            Self::TooManyRows { .. } => "import-too-many-rows",
            Self::TooManyPatients { .. } => "import-too-many-patients",
            Self::NoThread { .. } => "import-no-thread",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoSource => "name at least one file".to_owned(),
            Self::NotMapped { file } => format!("add `[{file}]` to the mapping, or leave the file out"),
            Self::NotInDictionary { key, error } => {
                let guessed = !matches!(
                    error.as_ref(),
                    ValueError::NoSuchField { near: None, .. } | ValueError::NoSuchInstrument { near: None, .. }
                );
                if guessed { error.remedy() } else { format!("take `{key}` out, or {}", error.remedy()) }
            }
            Self::NoDay { key, .. } => format!("add `{key}` with the column of the day"),
            Self::NoFile { .. } => "save it as a file first; a pipe cannot be read twice".to_owned(),
            Self::Changed { .. } => {
                "import a finished file, and import it again when it is; every patient who was kept \
                                     is kept whole"
                    .to_owned()
            }
            Self::Unreadable { .. } => "check that the file is there and may be read, then import it again".to_owned(),
            Self::NoHeader { .. } => "export it again, with the names of the columns in the first row".to_owned(),
            Self::NotUtf8 { .. } => "save it as UTF-8; a spreadsheet calls that \"CSV UTF-8\"".to_owned(),
            Self::Nul { .. } => "save it as \"CSV UTF-8\"; a workbook or a UTF-16 text cannot be read".to_owned(),
            Self::RowTooLong { .. } => "check the delimiter, the quotes and that it is a CSV file".to_owned(),
            Self::QuoteOpen { .. } => "close the quote; a quote inside a cell is written twice".to_owned(),
            Self::AfterQuote { .. } => {
                "write a quote inside a cell twice, and look for an unclosed quote on the lines before".to_owned()
            }
            Self::TooManyColumns { .. } => "export only the columns that the mapping names".to_owned(),
            Self::NoSuchColumn { columns, near, .. } => missing_column_remedy(columns, near.as_deref()),
            Self::ColumnTwice { .. } => "rename one of them in the file".to_owned(),
            Self::TooManyRows { rows_max, .. } => format!("cut it into files of at most {rows_max} rows"),
            Self::TooManyPatients { .. } => {
                format!("check which column the mapping's `patient` names; a clinic holds at most {PATIENTS_MAX}")
            }
            Self::NoThread { .. } => "end other programs, then import again".to_owned(),
        }
    }
}

fn missing_column_remedy(columns: &[String], near: Option<&str>) -> String {
    if let Some(near) = near {
        return format!("did you mean `{near}`?");
    }
    // One column with a delimiter in its name is a file whose delimiter is another one.
    let alone = match columns {
        [alone] => alone.as_str(),
        _ => "",
    };
    match [";", "\t", "|", ","].into_iter().find(|delimiter| alone.contains(delimiter)) {
        Some(delimiter) => format!("set `delimiter = {delimiter:?}` in the mapping"),
        None => "give the key a name from the file's first row".to_owned(),
    }
}

/// The columns' names, as many as a person reads.
fn listed(columns: &[String]) -> String {
    let shown: Vec<String> = columns.iter().take(LISTED_MAX).map(|name| format!("`{}`", shortened(name))).collect();
    match columns.len().saturating_sub(LISTED_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn shortened(name: &str) -> &str {
    name.get(..name.floor_char_boundary(NAME_BYTES_SHOWN)).unwrap_or_default()
}

const LISTED_MAX: usize = 30;
const NAME_BYTES_SHOWN: usize = 64;
