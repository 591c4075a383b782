//! Rows and cells that were left out, and the file that tells the clinic about them.

use std::io::{self, Write};

use sumac_protocol::dictionary::{DAYS_MAX, ValueError};

use super::SourceFile;
use super::limits::{ASSESSMENTS_PER_COURSE_MAX, CELL_BYTES_MAX, COURSES_PER_PATIENT_MAX, ID_BYTES_MAX};
use super::table::Cell;

/// One cell or row that was left out. Everything else of its file was read.
///
/// `value` and the text of `why` repeat what stood in the file: they may be personal and stay at the
/// clinic, out of logs and messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reject {
    /// Which file.
    pub file: SourceFile,
    /// The line on which the row begins, as a text editor counts: the header is on line 1.
    pub row: u64,
    /// The column's name; empty if the row as a whole was left out.
    pub column: String,
    /// What stood there, cut after 1,024 bytes; empty if the row as a whole was left out.
    pub value: String,
    /// Why it was left out.
    pub why: Why,
}

/// Why a cell or row was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// The dictionary does not allow the value, or does not know the instrument.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// More or fewer cells than columns.
    #[error("the row has {cells} cells, where the header has {columns}")]
    CellCount {
        /// Cells of the row.
        cells: usize,
        /// Cells of the header.
        columns: usize,
    },
    /// No patient, course, instrument or day.
    #[error("there is no {what}")]
    Absent {
        /// What should stand there.
        what: &'static str,
    },
    /// A cell of free text, or worse, where a code or number belongs.
    #[error("the cell has {bytes} bytes, where at most {CELL_BYTES_MAX} are read")]
    CellTooLong {
        /// Bytes of the cell.
        bytes: usize,
    },
    /// An id that is too long for one.
    #[error("the id has {bytes} bytes, where at most {ID_BYTES_MAX} are kept")]
    IdTooLong {
        /// Bytes of the id.
        bytes: usize,
    },
    /// An id with a line end, a tab or another character that cannot be seen.
    #[error("the id has characters that cannot be seen")]
    IdUnprintable,
    /// Something else than a whole number of days.
    #[error("`{text}` is not a whole number of days")]
    NotADay {
        /// What stood there.
        text: String,
    },
    /// A date, which records never hold.
    #[error("`{text}` looks like a date")]
    Date {
        /// What stood there.
        text: String,
    },
    /// A day more than 100 years away; also what spreadsheets make of dates.
    #[error("day {text} is further than {DAYS_MAX} days from the first dose")]
    DayTooFar {
        /// What stood there.
        text: String,
    },
    /// A point in a number of a file whose decimals have a comma: nobody can tell what it means.
    #[error("`{text}` has a point, and the mapping says that decimals have a comma")]
    Point {
        /// What stood there.
        text: String,
    },
    /// The second of two totals that contradict each other; the first in the file was kept.
    #[error("{instrument} on day {day} of this course was another value before")]
    OtherScore {
        /// Whose total.
        instrument: String,
        /// The day.
        day: i32,
    },
    /// The second of two values that contradict each other; the first in the file was kept.
    #[error("`{field}` of this course was another value before")]
    OtherField {
        /// Which field.
        field: String,
    },
    /// An assessment of a course that the courses file does not have for this patient.
    #[error("the courses file has no such course of this patient")]
    NoSuchCourse,
    /// One patient with too many courses.
    #[error("the patient has {COURSES_PER_PATIENT_MAX} courses already")]
    TooManyCourses,
    /// One course with too many assessments.
    #[error("the course has {ASSESSMENTS_PER_COURSE_MAX} assessments already")]
    TooManyAssessments,
}

impl Why {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Value(error) => error.code(),
            Self::CellCount { .. } => "cell-count",
            Self::Absent { .. } => "absent",
            Self::CellTooLong { .. } => "cell-too-long",
            Self::IdTooLong { .. } => "id-too-long",
            Self::IdUnprintable => "id-unprintable",
            Self::NotADay { .. } => "not-a-day",
            Self::Date { .. } => "date",
            Self::DayTooFar { .. } => "day-too-far",
            Self::Point { .. } => "decimal-point",
            Self::OtherScore { .. } => "other-score",
            Self::OtherField { .. } => "other-field",
            Self::NoSuchCourse => "no-such-course",
            Self::TooManyCourses => "too-many-courses",
            Self::TooManyAssessments => "too-many-assessments",
        }
    }

    /// What whoever keeps the file can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        let text = match self {
            Self::Value(error @ ValueError::NoSuchInstrument { .. }) => {
                return format!("{}; a code of your own gets a line in `assessments.instruments`", error.remedy());
            }
            Self::Value(error @ ValueError::Comma { .. }) => {
                return format!("{}, or set `decimal_separator = \",\"` for the whole file", error.remedy());
            }
            Self::Value(error) => return error.remedy(),
            Self::Absent { what } => return format!("fill in the {what}, or take the row out"),
            Self::CellCount { .. } => "put quotes around cells that hold the delimiter",
            Self::CellTooLong { .. } => "check which column the mapping names; free text is not read",
            Self::IdTooLong { .. } => "use a shorter pseudonym, and check which column the mapping names",
            Self::IdUnprintable => "take line ends and tabs out of the id",
            Self::NotADay { .. } | Self::Date { .. } | Self::DayTooFar { .. } => {
                "write whole days since the first dose, as `28`; day 0 is the day of the first dose"
            }
            Self::Point { .. } => "write `7,5`, and nothing between thousands; or correct `decimal_separator`",
            Self::OtherScore { .. } => "keep one total for each instrument and day; the first was read",
            Self::OtherField { .. } => "keep one value for each course; the first was read",
            Self::NoSuchCourse => "correct the ids, or add the course to the courses file",
            Self::TooManyCourses => "check which column the mapping's `patient` names",
            Self::TooManyAssessments => "check which column the mapping's `course` names",
        };
        text.to_owned()
    }
}

impl Reject {
    fn new(cell: Cell<'_>, why: Why) -> Self {
        let end = cell.text.floor_char_boundary(CELL_BYTES_MAX);
        let value = cell.text.get(..end).unwrap_or_default().to_owned();
        Self { file: cell.file, row: cell.line, column: cell.column.to_owned(), value, why }
    }
}

/// What was left out so far.
#[derive(Default)]
pub(super) struct Rejects(Vec<Reject>);

impl Rejects {
    /// What was read from a cell; if it could not be, that becomes a reject and there is nothing.
    pub(super) fn sift<T>(&mut self, cell: Cell<'_>, read: Result<T, Why>) -> Option<T> {
        read.map_err(|why| self.0.push(Reject::new(cell, why))).ok()
    }

    /// Leaves a row out as a whole.
    pub(super) fn leave_out(&mut self, file: SourceFile, line: u64, why: Why) {
        self.0.push(Reject::new(Cell { file, line, column: "", text: "" }, why));
    }

    pub(super) fn into_vec(self) -> Vec<Reject> {
        self.0
    }
}

/// Writes rejects as CSV with a header: file, row, column, value, code, why, remedy.
///
/// The file repeats what stood in the clinic's own files, so it is as confidential as they are. Cells
/// that a spreadsheet would run as a formula get an apostrophe in front (OWASP, "CSV Injection").
///
/// # Errors
/// Whatever writing gives.
pub fn write_rejects(rejects: &[Reject], out: impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["file", "row", "column", "value", "code", "why", "remedy"])?;
    for Reject { file, row, column, value, why } in rejects {
        let (file, row, code) = (file.to_string(), row.to_string(), why.code().to_owned());
        let cells = [file, row, column.clone(), value.clone(), code, why.to_string(), why.remedy()];
        writer.write_record(cells.map(defused))?;
    }
    writer.flush()
}

/// The cell, with an apostrophe in front if a spreadsheet could take it for a formula. Plain numbers
/// such as `-5` stay as they are.
fn defused(cell: String) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = cell.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if formula && !number { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::{Reject, SourceFile, Why, write_rejects};

    fn written(value: &str) -> Vec<String> {
        let why = Why::NotADay { text: value.to_owned() };
        let reject =
            Reject { file: SourceFile::Courses, row: 7, column: "=day".to_owned(), value: value.to_owned(), why };
        let mut out = Vec::new();
        write_rejects(&[reject], &mut out).unwrap();
        let mut rows = csv::Reader::from_reader(out.as_slice());
        rows.records().next().unwrap().unwrap().iter().map(str::to_owned).collect()
    }

    #[test]
    fn no_cell_of_the_reject_file_can_run_in_a_spreadsheet() {
        let cases = [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")", "a formula"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0", "a plus begins one"),
            ("-2+3", "'-2+3", "a minus begins one"),
            ("@SUM(1)", "'@SUM(1)", "so does an at sign"),
            ("＝1+1", "'＝1+1", "and the wide forms of these"),
            ("-5", "-5", "a number is none"),
            ("x,\"y\"\nz", "x,\"y\"\nz", "quotes, delimiters and line ends survive"),
        ];
        for (value, want, why) in cases {
            let row = written(value);
            assert_eq!(row.get(3).map(String::as_str), Some(want), "{why}");
            assert_eq!(row.get(2).map(String::as_str), Some("'=day"), "a column's name is no better");
        }
    }

    #[test]
    fn a_row_of_the_reject_file_says_where_what_why_and_what_to_do() {
        let why = Why::NotADay { text: "x".to_owned() };
        let want = ["courses", "7", "'=day", "x", "not-a-day", &why.to_string(), &why.remedy()];
        assert_eq!(written("x"), want);
    }
}
