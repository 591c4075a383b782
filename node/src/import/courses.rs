//! The courses file: a row for each course, with its fields and the totals of wide columns.

use std::collections::BTreeMap;
use std::io::Read;

use sumac_protocol::dictionary::{Dictionary, Field, FieldKind, Instrument, UNKNOWN, ValueError};
use sumac_protocol::record::FieldValue;

use super::cell::pointed;
use super::gathering::{Draft, Gathering};
use super::mapping::{CourseColumns, Mapping};
use super::reject::Why;
use super::table::{Cell, Column, Row, Table};
use super::{Bounds, ImportError, SourceFile, UnknownCode};

/// Reads every row. A wrong id rejects its row, any other wrong cell only itself.
pub(super) fn read<R: Read>(
    bounds: Bounds,
    columns: &CourseColumns,
    table: &mut Table<R>,
    gathering: &mut Gathering<'_>,
) -> Result<(), ImportError> {
    let places = Places::find(columns, table, gathering.dictionary, gathering.mapping)?;
    while let Some(row) = table.next_row(&mut gathering.rejects)? {
        read_row(&row, &places, gathering);
        gathering.drafts.check_patients(SourceFile::Courses, bounds.patients_max)?;
    }
    Ok(())
}

/// Where the file holds what both mapping and dictionary know.
struct Places<'a> {
    patient: Column,
    course: Column,
    fields: Vec<FieldPlace<'a>>,
    totals: Vec<TotalPlace<'a>>,
}

struct FieldPlace<'a> {
    column: Column,
    field: &'a Field,
    /// Code in the file → the dictionary's code.
    codes: Option<&'a BTreeMap<String, String>>,
}

struct TotalPlace<'a> {
    column: Column,
    instrument: &'a Instrument,
    day: i32,
}

impl<'a> Places<'a> {
    fn find<R: Read>(
        columns: &'a CourseColumns,
        table: &Table<R>,
        dictionary: &'a Dictionary,
        mapping: &'a Mapping,
    ) -> Result<Self, ImportError> {
        let patient = table.column("courses.patient", &columns.patient)?;
        let course = table.column("courses.course", &columns.course)?;
        let fields = columns.fields.iter().map(|(name, column)| {
            let codes = columns.codes.get(name);
            let key = format!("courses.fields.{name}");
            let field = dictionary
                .known_field(name)
                .map_err(|error| ImportError::NotInDictionary { key: key.clone(), error: Box::new(error) })?;
            check_codes(name, codes, dictionary)?;
            Ok(FieldPlace { column: table.column(&key, column)?, field, codes })
        });
        let totals = mapping.wide.iter().map(|wide| {
            let key = || format!("wide.instrument of {}", wide.column);
            let instrument = dictionary
                .known_instrument(&wide.instrument)
                .map_err(|error| ImportError::NotInDictionary { key: key(), error: Box::new(error) })?;
            Ok(TotalPlace { column: table.column("wide.column", &wide.column)?, instrument, day: wide.day })
        });
        let fields = fields.collect::<Result<_, ImportError>>()?;
        Ok(Self { patient, course, fields, totals: totals.collect::<Result<_, ImportError>>()? })
    }
}

/// Whether every code that the mapping renames becomes one that the dictionary has.
fn check_codes(
    field: &str,
    codes: Option<&BTreeMap<String, String>>,
    dictionary: &Dictionary,
) -> Result<(), ImportError> {
    codes.into_iter().flatten().try_for_each(|(code, value)| {
        let key = || format!("courses.codes.{field}.{code}");
        let checked = dictionary.check_field(field, value);
        checked.map(|_| ()).map_err(|error| ImportError::NotInDictionary { key: key(), error: Box::new(error) })
    })
}

fn read_row(row: &Row<'_>, places: &Places<'_>, gathering: &mut Gathering<'_>) {
    let Gathering { dictionary, mapping, drafts, rejects, unknown } = gathering;
    let (patient, course) = (row.cell(&places.patient), row.cell(&places.course));
    let Some(patient_id) = rejects.sift(patient, patient.id("patient", mapping)) else { return };
    let Some(course_id) = rejects.sift(course, course.id("course", mapping)) else { return };
    let Some(draft) = rejects.sift(course, drafts.course_or_new(patient_id, course_id)) else { return };
    for place in &places.fields {
        let cell = row.cell(&place.column);
        rejects.sift(cell, read_field(cell, place, draft, (dictionary, mapping), unknown));
    }
    for place in &places.totals {
        let cell = row.cell(&place.column);
        rejects.sift(cell, read_total(cell, place, draft, (dictionary, mapping)));
    }
}

fn read_field(
    cell: Cell<'_>,
    place: &FieldPlace<'_>,
    draft: &mut Draft,
    (dictionary, mapping): (&Dictionary, &Mapping),
    unknown: &mut BTreeMap<UnknownCode, u64>,
) -> Result<(), Why> {
    let Some(text) = cell.known(mapping)? else { return Ok(()) };
    let field = &place.field.id;
    let renamed = place.codes.and_then(|codes| codes.get(text));
    let checked = match (renamed, &place.field.kind) {
        (Some(value), _) => dictionary.check_field(field, value),
        (None, FieldKind::Number { .. }) => dictionary.check_field(field, &pointed(text, mapping)?),
        (None, FieldKind::Category { .. } | FieldKind::Flag) => dictionary.check_field(field, text),
    };
    let value = match checked {
        Err(ValueError::NoSuchValue { .. }) => {
            let count = unknown.entry(UnknownCode { field: field.clone(), code: text.to_owned() }).or_default();
            *count = count.saturating_add(1);
            FieldValue::Category(UNKNOWN.to_owned())
        }
        other => other?,
    };
    draft.set_field(field, value)
}

fn read_total(
    cell: Cell<'_>,
    place: &TotalPlace<'_>,
    draft: &mut Draft,
    (dictionary, mapping): (&Dictionary, &Mapping),
) -> Result<(), Why> {
    let Some(text) = cell.known(mapping)? else { return Ok(()) };
    let total = dictionary.check_score(&place.instrument.id, &pointed(text, mapping)?)?;
    draft.set_score(&place.instrument.id, place.day, total)
}
