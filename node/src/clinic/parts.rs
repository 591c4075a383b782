//! The parts of a record, so that no import takes away what its files do not tell of.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sumac_protocol::record::{Course, Record};
use sumac_protocol::round::message::decode_stored;

use super::{Clinic, ClinicError, Kept};

/// A part of a patient's record that stands in a file of its own, or can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: a course has these parts")]
pub enum Part {
    /// Fields of the dictionary, and medicines at home.
    Fields,
    /// Totals and items.
    Scores,
    /// Sessions.
    Sessions,
    /// Adverse events.
    Events,
    /// Times to events.
    Times,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 5] = [Self::Fields, Self::Scores, Self::Sessions, Self::Events, Self::Times];

    /// What it is called in a sentence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fields => "fields",
            Self::Scores => "scores",
            Self::Sessions => "sessions",
            Self::Events => "adverse events",
            Self::Times => "times to events",
        }
    }

    /// Whether a record has it in any course.
    #[must_use]
    pub fn is_in(self, record: &Record) -> bool {
        record.courses.iter().any(|course| self.is_in_course(course))
    }

    fn is_in_course(self, course: &Course) -> bool {
        match self {
            Self::Fields => !course.fields.is_empty() || !course.at_home.is_empty(),
            Self::Scores => !course.assessments.is_empty(),
            Self::Sessions => !course.sessions.is_empty(),
            Self::Events => !course.events.is_empty(),
            Self::Times => !course.time_to_event.is_empty(),
        }
    }
}

impl Clinic {
    /// As [`Clinic::keep_records`], for records from files that tell of these parts only. A patient of whom another
    /// part is held would lose it: then nothing is kept.
    ///
    /// # Errors
    /// [`ClinicError::WouldLose`], and those of [`Clinic::keep_records`], before anything is written.
    pub fn keep_parts(&self, patients: &BTreeMap<String, Record>, told: &BTreeSet<Part>) -> Result<Kept, ClinicError> {
        for pseudonym in patients.keys() {
            let Some(row) = self.store().row(pseudonym)? else { continue };
            let Some(body) = self.store().record(row)? else { continue };
            let held: Record =
                decode_stored(&body).map_err(|why| ClinicError::Stored { what: "record", why: why.to_string() })?;
            let mut untold = Part::ALL.into_iter().filter(|part| !told.contains(part));
            if let Some(part) = untold.find(|part| part.is_in(&held)) {
                return Err(ClinicError::WouldLose { pseudonym: pseudonym.clone(), part: part.name() });
            }
        }
        self.keep_records(patients)
    }
}
