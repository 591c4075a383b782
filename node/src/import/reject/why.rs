//! Why a cell or row was left out, and what can be done about it.

use sumac_protocol::dictionary::{DAYS_MAX, ValueError};

use crate::import::limits::{
    ASSESSMENTS_PER_COURSE_MAX, CELL_BYTES_MAX, COURSES_PER_PATIENT_MAX, ENTRIES_PER_PATIENT_MAX,
    SESSIONS_PER_COURSE_MAX,
};

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
    #[error("the cell has more than {CELL_BYTES_MAX} bytes")]
    CellTooLong,
    /// An id that is too long for one.
    #[error("the id has {bytes} bytes, where at most {most} are kept")]
    IdTooLong {
        /// Bytes of the id.
        bytes: usize,
        /// Bytes that are kept.
        most: usize,
    },
    /// An id with a line end, a tab, a mark of direction or another character that cannot be seen.
    #[error("the id has characters that cannot be seen")]
    IdUnprintable,
    /// An id that a spreadsheet would run.
    #[error("the id begins like a formula")]
    IdFormula,
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
    /// The second of two answers that contradict each other; the first in the file was kept.
    #[error("item {item} of {instrument} on day {day} of this course was another score before")]
    OtherItem {
        /// Whose item.
        instrument: String,
        /// The day.
        day: i32,
        /// Which item.
        item: u16,
    },
    /// Items of which one is blank, and no total: how a total is made of them is the instrument's rule.
    #[error("an item of {instrument} on day {day} is blank, and there is no total")]
    ItemBlank {
        /// Whose items.
        instrument: String,
        /// The day.
        day: i32,
    },
    /// The second of two rows of one session that contradict each other; the first was kept.
    #[error("{what} of session {number} was another value before")]
    OtherSession {
        /// What of the session.
        what: &'static str,
        /// Which session.
        number: u16,
    },
    /// The second of two times that contradict each other; the first in the file was kept.
    #[error("`{kind}` of this course had another day or ending before")]
    OtherTime {
        /// What was waited for.
        kind: String,
    },
    /// A form that nobody has said is complete.
    #[error("the form `{form}` is not marked complete")]
    FormIncomplete {
        /// Which form.
        form: String,
    },
    /// An event of a REDCap project that the mapping gives no day.
    #[error("the mapping has no day for the event `{event}`")]
    NoEventDay {
        /// Which event.
        event: String,
    },
    /// The second of two values that contradict each other; the first in the file was kept.
    #[error("`{field}` of this course was another value before")]
    OtherField {
        /// Which field.
        field: String,
    },
    /// A row of a course that the courses file does not have for this patient.
    #[error("the courses file has no such course of this patient")]
    NoSuchCourse,
    /// One patient with too many courses.
    #[error("the patient has {COURSES_PER_PATIENT_MAX} courses already")]
    TooManyCourses,
    /// One course with too many assessments.
    #[error("the course has {ASSESSMENTS_PER_COURSE_MAX} assessments already")]
    TooManyAssessments,
    /// One course with too many sessions or adverse events.
    #[error("the course has {SESSIONS_PER_COURSE_MAX} sessions or events already")]
    TooManySessions,
    /// One patient with more than any has; nothing of them was kept.
    #[error(
        "the patient has {entries} assessments, sessions and events, where at most {ENTRIES_PER_PATIENT_MAX} are kept"
    )]
    TooManyEntries {
        /// How many.
        entries: usize,
    },
}

impl Why {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Value(error) => error.code(),
            Self::CellCount { .. } => "cell-count",
            Self::Absent { .. } => "absent",
            Self::CellTooLong => "cell-too-long",
            Self::IdTooLong { .. } => "id-too-long",
            Self::IdUnprintable => "id-unprintable",
            Self::IdFormula => "id-formula",
            Self::NotADay { .. } => "not-a-day",
            Self::Date { .. } => "date",
            Self::DayTooFar { .. } => "day-too-far",
            Self::Point { .. } => "decimal-point",
            Self::OtherScore { .. } => "other-score",
            Self::OtherItem { .. } => "other-item",
            Self::ItemBlank { .. } => "item-blank",
            Self::OtherSession { .. } => "other-session",
            Self::OtherTime { .. } => "other-time",
            Self::FormIncomplete { .. } => "form-incomplete",
            Self::NoEventDay { .. } => "no-event-day",
            Self::OtherField { .. } => "other-field",
            Self::NoSuchCourse => "no-such-course",
            Self::TooManyCourses => "too-many-courses",
            Self::TooManyAssessments => "too-many-assessments",
            Self::TooManySessions => "too-many-sessions",
            Self::TooManyEntries { .. } => "too-many-entries",
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
            Self::Value(ValueError::NotANumber { text, .. }) if !number_remedy(text).is_empty() => number_remedy(text),
            Self::Value(error) => return error.remedy(),
            Self::Absent { what } => return format!("fill in the {what}, or take the row out"),
            Self::CellCount { .. } => "put quotes around cells that hold the delimiter",
            Self::CellTooLong => "check which column the mapping names; free text is not read",
            Self::IdTooLong { .. } => "use a shorter pseudonym, and check which column the mapping names",
            Self::IdUnprintable => "take line ends, tabs and marks that cannot be seen out of the id",
            Self::IdFormula => "begin the id with a letter or a digit",
            Self::NotADay { .. } | Self::Date { .. } | Self::DayTooFar { .. } => {
                "write whole days since the first dose, as `28`; day 0 is the day of the first dose"
            }
            Self::Point { .. } => "write `7,5`, and nothing between thousands; or correct `decimal_separator`",
            Self::OtherScore { .. } => "keep one total for each instrument and day; the first was read",
            Self::OtherItem { .. } => "keep one score for each item, instrument and day; the first was read",
            Self::ItemBlank { .. } => {
                "fill in the item, or give the total that the instrument's own rule makes of the rest"
            }
            Self::OtherSession { .. } => "number each session of a course differently; the first row was read",
            Self::OtherTime { .. } => "keep one day for each kind; the first was read",
            Self::FormIncomplete { .. } => "mark the form complete in REDCap, or add what it says to `redcap.complete`",
            Self::NoEventDay { event } => {
                return format!("add `{event} = …` to `[redcap.days]`, or give the form a `day`");
            }
            Self::OtherField { .. } => "keep one value for each course; the first was read",
            Self::NoSuchCourse => "correct the ids, or add the course to the courses file",
            Self::TooManyCourses => "check which column the mapping's `patient` names",
            Self::TooManyAssessments | Self::TooManySessions => "check which column the mapping's `course` names",
            Self::TooManyEntries { .. } => "check which column the mapping's `patient` names",
        };
        text.to_owned()
    }
}

/// What to write instead of some texts that are almost numbers; empty for others.
fn number_remedy(text: &str) -> &'static str {
    let digit = |c: char| c.is_ascii_digit();
    if !text.starts_with(digit) {
        ""
    } else if text.contains(':') {
        "write one whole number of minutes, as `40`"
    } else if text.contains(['-', '–', '/']) {
        "write one number, not a range or a fraction"
    } else if text.ends_with(|c: char| c.is_alphabetic() || c == '%') && !text.contains(['e', 'E', 'x']) {
        "write the number alone, without its unit"
    } else {
        ""
    }
}
