//! The assessments file: a row for each total of an instrument.

use std::io::Read;

use sumac_protocol::dictionary::{Dictionary, Instrument};

use super::cell::pointed;
use super::gathering::Gathering;
use super::mapping::{AssessmentColumns, Mapping};
use super::reject::Why;
use super::table::{Cell, Column, Row, Table};
use super::{Bounds, ImportError, SourceFile};

/// Reads every row. A wrong cell rejects its row; a row whose total is not known adds no assessment.
/// If `courses_known`, the courses that were read before are all there are.
pub(super) fn read<R: Read>(
    bounds: Bounds,
    courses_known: bool,
    columns: &AssessmentColumns,
    table: &mut Table<R>,
    gathering: &mut Gathering<'_>,
) -> Result<(), ImportError> {
    check_renames(columns, gathering.dictionary)?;
    let places = Places {
        columns,
        courses_known,
        patient: table.column("assessments.patient", &columns.patient)?,
        course: table.column("assessments.course", &columns.course)?,
        instrument: table.column("assessments.instrument", &columns.instrument)?,
        day: table.column("assessments.day", &columns.day)?,
        value: table.column("assessments.value", &columns.value)?,
    };
    while let Some(row) = table.next_row(&mut gathering.rejects)? {
        // What is wrong has become a reject by now; there is nothing else to do for the row.
        let _read: Option<()> = read_row(&row, &places, gathering);
        gathering.drafts.check_patients(SourceFile::Assessments, bounds.patients_max)?;
    }
    Ok(())
}

struct Places<'m> {
    columns: &'m AssessmentColumns,
    courses_known: bool,
    patient: Column,
    course: Column,
    instrument: Column,
    day: Column,
    value: Column,
}

impl Places<'_> {
    /// The instrument as the dictionary knows it.
    fn instrument<'d>(
        &self,
        cell: Cell<'_>,
        dictionary: &'d Dictionary,
        mapping: &Mapping,
    ) -> Result<&'d Instrument, Why> {
        let written = cell.needed("instrument", mapping)?;
        let name = self.columns.instruments.get(written).map_or(written, String::as_str);
        Ok(dictionary.known_instrument(name)?)
    }
}

/// Whether every instrument that the mapping renames becomes one that the dictionary has.
fn check_renames(columns: &AssessmentColumns, dictionary: &Dictionary) -> Result<(), ImportError> {
    columns.instruments.iter().try_for_each(|(code, name)| {
        let key = || format!("assessments.instruments.{code}");
        let found = dictionary.known_instrument(name).map(|_| ());
        found.map_err(|error| ImportError::NotInDictionary { key: key(), error: Box::new(error) })
    })
}

/// `None` if a cell was rejected, and with it the row.
fn read_row(row: &Row<'_>, places: &Places<'_>, gathering: &mut Gathering<'_>) -> Option<()> {
    let Gathering { dictionary, mapping, drafts, rejects, .. } = gathering;
    let [patient, course, named, dated, valued] =
        [&places.patient, &places.course, &places.instrument, &places.day, &places.value].map(|at| row.cell(at));
    let patient_id = rejects.sift(patient, patient.id("patient", mapping))?;
    let course_id = rejects.sift(course, course.id("course", mapping))?;
    let instrument = rejects.sift(named, places.instrument(named, dictionary, mapping))?;
    let day = rejects.sift(dated, dated.day(mapping))?;
    let total = rejects.sift(valued, total(valued, instrument, dictionary, mapping))?;
    let draft = if places.courses_known {
        drafts.course(patient_id, course_id)
    } else {
        drafts.course_or_new(patient_id, course_id)
    };
    let draft = rejects.sift(course, draft)?;
    total.map_or(Some(()), |total| rejects.sift(valued, draft.set_score(&instrument.id, day, total)))
}

/// The total in units of 10^-decimals, or `None` if it is not known.
fn total(
    cell: Cell<'_>,
    instrument: &Instrument,
    dictionary: &Dictionary,
    mapping: &Mapping,
) -> Result<Option<i64>, Why> {
    let Some(text) = cell.known(mapping)? else { return Ok(None) };
    Ok(Some(dictionary.check_score(&instrument.id, &pointed(text, mapping)?)?))
}
