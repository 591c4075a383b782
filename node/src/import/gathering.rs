//! What has been read so far, with what it is read by.

use sumac_protocol::record::{Course, Record};

use super::cell::Lens;
use super::draft::{Draft, Drafts};
use super::limits::ENTRIES_PER_PATIENT_MAX;
use super::reject::{Rejects, Why};
use super::table::{Cell, Column, Row};

/// Everything that was read and left out in one reading of the files.
pub(super) struct Gathering<'l> {
    pub(super) lens: Lens<'l>,
    pub(super) drafts: Drafts<'l>,
    pub(super) rejects: Rejects,
}

/// Of whom a row tells.
#[derive(Clone, Copy)]
pub(super) struct Whose<'r> {
    pub(super) patient: &'r str,
    pub(super) course: &'r str,
    /// The cell that names the course.
    pub(super) cell: Cell<'r>,
    /// Whether the row is enough for the course to be one.
    pub(super) begins: bool,
}

impl<'l> Gathering<'l> {
    pub(super) fn new(lens: Lens<'l>, rejects: Rejects) -> Self {
        Self { lens, drafts: Drafts::default(), rejects }
    }

    /// The draft of a row's course; `None` if it became a reject.
    pub(super) fn open(&mut self, whose: Whose<'_>) -> Option<(&mut Draft<'l>, &mut Rejects)> {
        let Self { drafts, rejects, .. } = self;
        let draft = rejects.sift(whose.cell, drafts.open(whose.patient, whose.course, whose.begins))?;
        Some((draft, rejects))
    }

    /// What an optional cell says, read by `read`; `None` if there is no such column, the cell says
    /// nothing, or it became a reject.
    pub(super) fn optional<T>(
        &mut self,
        row: &Row<'_>,
        column: Option<&Column>,
        read: impl FnOnce(&str, Lens<'l>, &mut Rejects) -> Result<T, Why>,
    ) -> Option<T> {
        let cell = row.cell(column?);
        let text = self.rejects.sift(cell, cell.known(self.lens.mapping))??;
        let read = read(text, self.lens, &mut self.rejects);
        self.rejects.sift(cell, read)
    }
}

/// A patient's record, or none if there is more than any patient has.
pub(super) fn finish(
    pseudonym: &str,
    courses: Vec<(Box<str>, Draft<'_>)>,
    lens: Lens<'_>,
    rejects: &mut Rejects,
) -> Option<(Record, usize)> {
    let first = courses.iter().find_map(|(_, draft)| draft.origin());
    let courses = courses.into_iter().filter_map(|(id, draft)| draft.finish(&id, lens, rejects));
    let courses: Vec<Course> = courses.collect();
    let entries = courses.iter().map(weigh).sum();
    match first {
        Some(origin) if entries > ENTRIES_PER_PATIENT_MAX => {
            rejects.leave_out(origin, pseudonym, Why::TooManyEntries { entries });
            None
        }
        Some(_) | None => Some((Record { courses }, entries)),
    }
}

/// Assessments, sessions and events of a course; sixteen items weigh as much as one assessment.
fn weigh(course: &Course) -> usize {
    let assessments: usize = course.assessments.iter().map(|assessment| 1 + assessment.items.len() / 16).sum();
    assessments + course.sessions.len() + course.events.len()
}
