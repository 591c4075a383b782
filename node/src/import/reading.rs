//! Reading one patient's rows: what has been told so far, with what it is read by.

use sumac_protocol::record::{Course, Record};

use super::cell::Lens;
use super::draft::{Draft, Drafts};
use super::limits::ENTRIES_PER_PATIENT_MAX;
use super::reject::{Rejects, Why};
use super::table::{Cell, Column, Row};

/// Everything that one patient's rows told so far, and what was left out.
pub(super) struct Reading<'l> {
    pub(super) lens: Lens<'l>,
    pub(super) rejects: Rejects,
    drafts: Drafts<'l>,
}

/// Of which course a row tells.
#[derive(Clone, Copy)]
pub(super) struct Whose<'r> {
    pub(super) course: &'r str,
    /// The cell that names the course.
    pub(super) cell: Cell<'r>,
    /// Whether the row is enough for the course to be one.
    pub(super) begins: bool,
}

impl<'l> Reading<'l> {
    pub(super) fn new(lens: Lens<'l>) -> Self {
        Self { lens, drafts: Drafts::default(), rejects: Rejects::default() }
    }

    /// The draft of a row's course; `None` if it became a reject.
    pub(super) fn open(&mut self, whose: Whose<'_>) -> Option<(&mut Draft<'l>, &mut Rejects)> {
        let Self { drafts, rejects, .. } = self;
        let draft = rejects.sift(whose.cell, drafts.open(whose.course, whose.begins))?;
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

    /// The patient's record and how many entries it has, or none if no row told of a course, or if there
    /// is more than any patient has.
    pub(super) fn finish(&mut self, pseudonym: &str) -> Option<(Record, usize)> {
        let drafts = std::mem::take(&mut self.drafts).into_courses();
        if drafts.is_empty() {
            return None;
        }
        let (lens, rejects) = (self.lens, &mut self.rejects);
        let first = drafts.iter().find_map(|(_, draft)| draft.origin());
        let courses = drafts.into_iter().filter_map(|(id, draft)| draft.finish(&id, lens, rejects));
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
}

/// Assessments, sessions and events of a course; sixteen items weigh as much as one assessment.
fn weigh(course: &Course) -> usize {
    let assessments: usize = course.assessments.iter().map(|assessment| 1 + assessment.items.len() / 16).sum();
    assessments + course.sessions.len() + course.events.len()
}
