//! Rows of a REDCap export: each holds some forms, of which most cells of most rows are empty.
//!
//! In a row of a repeating instrument only that form holds anything. Elsewhere a form is there if any
//! of its cells is; checkboxes (`name___code`) say 0 also in forms that nobody opened.

use crate::import::ImportError;
use crate::import::layout::{Finder, Part};
use crate::import::mapping::RedcapColumns;
use crate::import::reading::{Reading, Whose};
use crate::import::reject::Why;
use crate::import::table::{Cell, Column, Row};

use super::scores;
use super::when::When;
use super::{courses, events, sessions, times};

/// A form, and what it tells.
pub(in crate::import) struct Form<'a> {
    name: &'a str,
    repeat_instrument: Option<Column>,
    /// Only looked for if the mapping says which states are accepted.
    complete: Option<Column>,
    /// Texts of `complete` as the export writes them; empty accepts forms in any state.
    accepted: &'a [String],
    /// Every column that the mapping names for it.
    columns: Vec<Column>,
    parts: Vec<Part<'a>>,
}

/// Finds every form that the mapping names.
pub(in crate::import) fn find<'a>(
    finder: &mut Finder<'_, 'a>,
    section: &'a RedcapColumns,
) -> Result<Vec<Part<'a>>, ImportError> {
    let project = Project::find(finder, section)?;
    let mut parts = Vec::new();
    for form in &section.courses {
        parts.push(project.form(finder, form.form.as_deref(), |finder| courses::find(finder, "redcap.courses", form))?);
    }
    for form in &section.assessments {
        parts.push(project.form(finder, Some(&form.form), |finder| {
            let at = "redcap.assessments.day";
            let when = sessions::find_when(finder, at, form.day.as_ref(), project.when())?;
            Ok(vec![Part::Scores(scores::Places::form(finder, form, when)?)])
        })?);
    }
    for form in &section.sessions {
        parts.push(project.form(finder, form.form.as_deref(), |finder| {
            let places = sessions::Places::find(finder, "redcap.sessions", form, project.when())?;
            Ok(vec![Part::Session(Box::new(places))])
        })?);
    }
    for form in &section.events {
        parts.push(project.form(finder, form.form.as_deref(), |finder| {
            let places = events::Places::find(finder, "redcap.events", form, project.when())?;
            Ok(vec![Part::Event(Box::new(places))])
        })?);
    }
    for form in &section.time_to_event {
        parts.push(project.form(finder, form.form.as_deref(), |finder| {
            Ok(vec![Part::Time(times::Places::find(finder, "redcap.time_to_event", form)?)])
        })?);
    }
    Ok(parts)
}

/// REDCap's own columns.
struct Project<'a> {
    section: &'a RedcapColumns,
    event: Option<Column>,
    repeat_instrument: Option<Column>,
}

impl<'a> Project<'a> {
    /// A column that the mapping names must be there; of those that REDCap names, a project without
    /// events or repeating instruments has none.
    fn find(finder: &mut Finder<'_, 'a>, section: &'a RedcapColumns) -> Result<Self, ImportError> {
        let mut find = |key: &str, named: Option<&String>, usual: &str| match named {
            Some(name) => finder.column(key, name).map(Some),
            None => finder.frame(key, usual),
        };
        let event = find("redcap.event", section.event.as_ref(), RedcapColumns::EVENT)?;
        let named = section.repeat_instrument.as_ref();
        let repeat_instrument = find("redcap.repeat_instrument", named, RedcapColumns::REPEAT_INSTRUMENT)?;
        Ok(Self { section, event, repeat_instrument })
    }

    /// `None` in a project without events: then each form must name a column for its day.
    fn when(&self) -> Option<When<'a>> {
        self.event.clone().map(|column| When::Event(column, &self.section.days))
    }

    /// Notes every column that is found meanwhile: the form is there if one of them is filled in.
    fn form<'h>(
        &self,
        finder: &mut Finder<'h, 'a>,
        name: Option<&'a str>,
        find: impl FnOnce(&mut Finder<'h, 'a>) -> Result<Vec<Part<'a>>, ImportError>,
    ) -> Result<Part<'a>, ImportError> {
        // That there is one is the mapping's own check.
        let name = name.unwrap_or_default();
        finder.found.clear();
        let parts = find(finder)?;
        let columns = std::mem::take(&mut finder.found);
        let accepted = self.section.complete.as_slice();
        let complete = format!("{name}_complete");
        let complete = if accepted.is_empty() { None } else { Some(finder.column("redcap.complete", &complete)?) };
        let repeat_instrument = self.repeat_instrument.clone();
        Ok(Part::Form(Box::new(Form { name, repeat_instrument, complete, accepted, columns, parts })))
    }
}

impl<'a> Form<'a> {
    /// A form that is there and not complete is rejected whole.
    pub(in crate::import) fn read<'l>(
        &'l self,
        row: &Row<'_>,
        whose: Whose<'_>,
        reading: &mut Reading<'l>,
    ) -> Option<()>
    where
        'a: 'l,
    {
        let mapping = reading.lens.mapping;
        let repeated = self.repeat_instrument.as_ref().map_or("", |column| row.cell(column).text);
        let blank = |cell: Cell<'_>| {
            let unticked = cell.text == "0" && cell.column.name.contains("___");
            cell.is_blank(mapping) || unticked
        };
        let elsewhere = !repeated.is_empty() && repeated != self.name;
        if elsewhere || self.columns.iter().all(|column| blank(row.cell(column))) {
            return None;
        }
        if let Some(column) = &self.complete {
            let cell = row.cell(column);
            if !self.accepted.iter().any(|state| state == cell.text) {
                let why = Why::FormIncomplete { form: self.name.to_owned() };
                return reading.rejects.sift(cell, Err(why));
            }
        }
        for part in &self.parts {
            part.read(row, whose, reading);
        }
        Some(())
    }
}
