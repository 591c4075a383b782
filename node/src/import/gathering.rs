//! What has been read so far, on its way to records.

use std::collections::BTreeMap;

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::{Assessment, Course, FieldValue, Record};

use super::limits::{ASSESSMENTS_PER_COURSE_MAX, COURSES_PER_PATIENT_MAX};
use super::mapping::Mapping;
use super::reject::{Rejects, Why};
use super::{ImportError, Imported, SourceFile, UnknownCode};

/// Everything that was read and left out, with what it is read by.
pub(super) struct Gathering<'a> {
    pub(super) dictionary: &'a Dictionary,
    pub(super) mapping: &'a Mapping,
    pub(super) drafts: Drafts,
    pub(super) rejects: Rejects,
    pub(super) unknown: BTreeMap<UnknownCode, u64>,
}

/// Courses that are being read, by patient and course. Ordered, so that records do not depend on the
/// order of rows.
#[derive(Default)]
pub(super) struct Drafts {
    patients: BTreeMap<String, BTreeMap<String, Draft>>,
}

/// One course that is being read.
#[derive(Default)]
pub(super) struct Draft {
    fields: BTreeMap<String, FieldValue>,
    scores: BTreeMap<(String, i32), i64>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(dictionary: &'a Dictionary, mapping: &'a Mapping) -> Self {
        Self { dictionary, mapping, drafts: Drafts::default(), rejects: Rejects::default(), unknown: BTreeMap::new() }
    }

    pub(super) fn finish(self, rows_read: u64) -> Imported {
        let patients = self.drafts.patients.into_iter().map(|(pseudonym, courses)| {
            let courses = courses.into_iter().map(|(id, draft)| draft.finish(id)).collect();
            (pseudonym, Record { courses })
        });
        let (rejects, unknown) = (self.rejects.into_vec(), self.unknown);
        Imported { patients: patients.collect(), rejects, unknown, rows_read }
    }
}

impl Drafts {
    /// The course, a new one if it was not read before.
    pub(super) fn course_or_new(&mut self, patient: &str, course: &str) -> Result<&mut Draft, Why> {
        let courses = self.patients.entry(patient.to_owned()).or_default();
        if courses.len() >= COURSES_PER_PATIENT_MAX && !courses.contains_key(course) {
            return Err(Why::TooManyCourses);
        }
        Ok(courses.entry(course.to_owned()).or_default())
    }

    /// The course, if it was read before.
    pub(super) fn course(&mut self, patient: &str, course: &str) -> Result<&mut Draft, Why> {
        self.patients.get_mut(patient).and_then(|courses| courses.get_mut(course)).ok_or(Why::NoSuchCourse)
    }

    pub(super) fn check_patients(&self, file: SourceFile, patients_max: u64) -> Result<(), ImportError> {
        match u64::try_from(self.patients.len()) {
            Ok(patients) if patients <= patients_max => Ok(()),
            Ok(_) | Err(_) => Err(ImportError::TooManyPatients { file, patients_max }),
        }
    }
}

impl Draft {
    /// Keeps a field's value. The same value again is nothing new, another one is refused.
    pub(super) fn set_field(&mut self, field: &str, value: FieldValue) -> Result<(), Why> {
        match self.fields.get(field) {
            Some(first) if *first != value => Err(Why::OtherField { field: field.to_owned() }),
            Some(_) => Ok(()),
            None => {
                self.fields.insert(field.to_owned(), value);
                Ok(())
            }
        }
    }

    /// Keeps a total. The same total again is nothing new, another one is refused.
    pub(super) fn set_score(&mut self, instrument: &str, day: i32, value: i64) -> Result<(), Why> {
        let key = (instrument.to_owned(), day);
        match self.scores.get(&key) {
            Some(first) if *first != value => Err(Why::OtherScore { instrument: instrument.to_owned(), day }),
            Some(_) => Ok(()),
            None if self.scores.len() >= ASSESSMENTS_PER_COURSE_MAX => Err(Why::TooManyAssessments),
            None => {
                self.scores.insert(key, value);
                Ok(())
            }
        }
    }

    fn finish(self, id: String) -> Course {
        let scores = self.scores.into_iter();
        let assessments = scores.map(|((instrument, day), value)| Assessment::total(instrument, day, value)).collect();
        Course { id, fields: self.fields, assessments, ..Course::default() }
    }
}
