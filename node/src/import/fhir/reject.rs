//! What of a FHIR import was left out, and the file that tells the clinic about it.

use std::io::{self, Write};

use sumac_protocol::dictionary::ValueError;
use sumac_protocol::limits::PSEUDONYM_BYTES_MAX;

use super::limits::{COURSE_ID_BYTES_MAX, COURSES_PER_PATIENT_MAX, FACTS_PER_PATIENT_MAX, VALUE_BYTES_SHOWN};

/// One element, resource, course or patient that was left out. Everything else was read.
///
/// `resource`, `value` and the text of `why` repeat what stood in the file: they may be personal and
/// stay at the clinic, out of logs and messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FhirReject {
    /// Which file.
    pub file: String,
    /// The line of an NDJSON file, or the number of a Bundle's entry, from 1.
    pub place: u64,
    /// Type and id of the resource, as in `Observation/ob1`.
    pub resource: String,
    /// The element, as in `Observation.valueQuantity.value`; the type alone for all of it.
    pub path: String,
    /// What stood there, cut after 1,024 bytes; empty if nothing did, or more than one value.
    pub value: String,
    /// Why it was left out.
    pub why: FhirWhy,
}

/// Why something was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FhirWhy {
    /// The dictionary does not allow the value.
    #[error(transparent)]
    Value(Box<ValueError>),
    /// Another type of JSON than FHIR has there.
    #[error("this is not {want}")]
    Shape {
        /// What belongs there.
        want: &'static str,
    },
    /// An element without which the resource says nothing.
    #[error("there is nothing here")]
    Absent,
    /// No date of FHIR's form, or none that exists.
    #[error("this is no date, or a time without a time zone")]
    NotADate,
    /// A year or a month.
    #[error("the day is not told")]
    NotToTheDay,
    /// After today.
    #[error("this lies in the future")]
    Future,
    /// A period that ends before it begins.
    #[error("the period ends before it begins")]
    Backwards,
    /// An amount without its unit.
    #[error("there is no unit")]
    NoUnit,
    /// A unit that is not converted.
    #[error("the unit is not {want}")]
    Unit {
        /// What can be read.
        want: &'static str,
    },
    /// A patient who has no identifier of the system that the clinic chose.
    #[error("there is no identifier of the system `{system}`")]
    NoIdentifier {
        /// The system.
        system: String,
    },
    /// A patient with more than one.
    #[error("there is more than one identifier of the system `{system}`")]
    TwoIdentifiers {
        /// The system.
        system: String,
    },
    /// A pseudonym that is too long, or cannot be seen.
    #[error(
        "this cannot be a pseudonym: it is longer than {PSEUDONYM_BYTES_MAX} bytes, or has characters that cannot be seen"
    )]
    Pseudonym,
    /// Two patients of one pseudonym: nobody can tell whose is what.
    #[error("another patient has the same pseudonym")]
    SamePseudonym,
    /// A course id that is too long, or cannot be seen.
    #[error(
        "this cannot be a course id: it is longer than {COURSE_ID_BYTES_MAX} bytes, or has characters that cannot be seen"
    )]
    CourseId,
    /// Two courses of one id.
    #[error("another course of this patient has the same id")]
    SameCourse,
    /// Resources of a patient who is not there.
    #[error("{resources} resources refer to this patient, who is not in these files")]
    NoSuchPatient {
        /// How many.
        resources: u64,
    },
    /// A reference to something that is not there.
    #[error("what this refers to is not in these files")]
    Nowhere,
    /// One id with two contents; the first was read.
    #[error("a resource of this type and id was another one before")]
    OtherContent,
    /// No dose, so no day 0.
    #[error("there is no first dose, so there is no day 0; {resources} resources were left out")]
    NoFirstDose {
        /// How many resources of the course.
        resources: u64,
    },
    /// A dose of which nobody knows when it was given: it might be the first.
    #[error("a dose has no date, so nobody can tell which was the first")]
    DoseUndated,
    /// A date outside every course, or inside two.
    #[error("nobody can tell which of the patient's courses this belongs to")]
    WhichCourse,
    /// A day with several sessions.
    #[error("nobody can tell which session of the day this belongs to")]
    WhichSession,
    /// The second of two values that contradict each other; the first was kept.
    #[error("this was another value before")]
    OtherValue,
    /// Answers without a total, and some are blank.
    #[error("there is no total, and not every item has an answer")]
    NoTotal,
    /// More facts than one patient has.
    #[error("the patient has more than {FACTS_PER_PATIENT_MAX} facts")]
    TooManyFacts,
    /// More courses than one patient has.
    #[error("the patient has {COURSES_PER_PATIENT_MAX} courses already")]
    TooManyCourses,
}

impl From<ValueError> for FhirWhy {
    fn from(error: ValueError) -> Self {
        Self::Value(Box::new(error))
    }
}

impl FhirWhy {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Value(error) => error.code(),
            Self::Shape { .. } => "wrong-shape",
            Self::Absent => "absent",
            Self::NotADate => "not-a-date",
            Self::NotToTheDay => "not-to-the-day",
            Self::Future => "future",
            Self::Backwards => "backwards",
            Self::NoUnit => "no-unit",
            Self::Unit { .. } => "unit",
            Self::NoIdentifier { .. } => "no-identifier",
            Self::TwoIdentifiers { .. } => "two-identifiers",
            Self::Pseudonym => "bad-pseudonym",
            Self::SamePseudonym => "same-pseudonym",
            Self::CourseId => "bad-course-id",
            Self::SameCourse => "same-course",
            Self::NoSuchPatient { .. } => "no-such-patient",
            Self::Nowhere => "nowhere",
            Self::OtherContent => "other-content",
            Self::NoFirstDose { .. } => "no-first-dose",
            Self::DoseUndated => "dose-undated",
            Self::WhichCourse => "which-course",
            Self::WhichSession => "which-session",
            Self::OtherValue => "other-value",
            Self::NoTotal => "no-total",
            Self::TooManyFacts => "too-many-facts",
            Self::TooManyCourses => "too-many-courses",
        }
    }

    /// What whoever keeps the files can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        let text = match self {
            Self::Value(error) => return error.remedy(),
            Self::Shape { .. } => "correct the resource at its source; FHIR R4 is expected",
            Self::Absent => "fill it in at the source",
            Self::NotADate => "write `2026-01-05` or `2026-01-05T09:40:00+01:00`",
            Self::NotToTheDay => "tell the day: records count days from the first dose",
            Self::Future => "correct the date, or import again when it has come",
            Self::Backwards => "correct start and end",
            Self::NoUnit => "give `code` or `unit`: mg, g or ug for doses, kg, g or [lb_av] for weights",
            Self::Unit { .. } => "convert it at the source; a dose by body weight is given as its total in mg",
            Self::NoIdentifier { .. } | Self::TwoIdentifiers { .. } => {
                "give every patient one identifier of that system, or name another with --identifier"
            }
            Self::Pseudonym => "use a short identifier of one line as pseudonym, never a name",
            Self::SamePseudonym => "merge the two patients at the source, or choose another identifier system",
            Self::CourseId | Self::SameCourse => "give each EpisodeOfCare a short id of its own",
            Self::NoSuchPatient { .. } => "export the Patient resources with the others",
            Self::Nowhere => "export what it refers to with the others",
            Self::OtherContent => "export the newest version of each resource only",
            Self::NoFirstDose { .. } => {
                "export the MedicationAdministrations of the course, or put its first-dose extension on the EpisodeOfCare"
            }
            Self::DoseUndated => "correct the effective date of the dose that is listed here, or its status",
            Self::WhichCourse => "give the EpisodeOfCare resources periods that do not overlap, or link it to one",
            Self::WhichSession => "tell the time, or link it with `encounter` or `partOf`",
            Self::OtherValue => "keep one value at the source; the first was read",
            Self::NoTotal => "export the total as well",
            Self::TooManyFacts | Self::TooManyCourses => "check that resources refer to their own patients",
        };
        text.to_owned()
    }
}

/// Writes rejects as they come, as CSV with a header: file, place, resource, path, value, code, why,
/// remedy.
///
/// The file repeats what stood in the clinic's own files, so it is as confidential as they are. Cells
/// that a spreadsheet would run as a formula get an apostrophe in front (OWASP, "CSV Injection").
#[derive(Debug)]
pub struct RejectWriter<W: Write>(csv::Writer<W>);

impl<W: Write> RejectWriter<W> {
    /// Begins the file with its header.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub fn begin(out: W) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(["file", "place", "resource", "path", "value", "code", "why", "remedy"])?;
        Ok(Self(writer))
    }

    /// Writes one reject.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub fn write(&mut self, reject: &FhirReject) -> io::Result<()> {
        let FhirReject { file, place, resource, path, value, why } = reject;
        let (code, says) = (why.code().to_owned(), why.to_string());
        let cells = [file.clone(), place.to_string(), resource.clone(), path.clone(), value.clone()];
        let cells = cells.into_iter().chain([code, says, why.remedy()]);
        self.0.write_record(cells.map(defused)).map_err(io::Error::from)
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// Whatever writing gives.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A value as a reject repeats it: its first 1,024 bytes.
pub(super) fn shortened(value: &str) -> String {
    value.get(..value.floor_char_boundary(VALUE_BYTES_SHOWN)).unwrap_or_default().to_owned()
}

/// The cell, with an apostrophe in front if a spreadsheet could take it for a formula. Plain numbers
/// such as `-5` stay as they are.
pub(crate) fn defused(cell: String) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = cell.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if formula && !number { format!("'{cell}") } else { cell }
}
