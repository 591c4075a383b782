//! EpisodeOfCare: a course, with its paradigm, its diagnoses, and what Sumac wrote on it.

use std::collections::BTreeMap;

use sumac_protocol::record::FieldValue;

use super::super::codes::Concept;
use super::super::element::{Element, Flaw};
use super::super::facts::{Coded, EpisodeFact, Fact};
use super::super::limits::COURSE_ID_BYTES_MAX;
use super::super::names;
use super::super::reject::FhirWhy;
use super::super::tally::Aside;
use super::super::when::{Partly, When};
use super::{Context, Found};

/// A course. With Sumac's own extension everything is told by that, and nothing is guessed.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    if root.text("status")? == Some("entered-in-error") {
        return Ok(Some(Aside::Status));
    }
    let id = course_id(root)?;
    let course = root.extension(names::COURSE)?;
    let told = course.as_ref().unwrap_or(root);
    let first_dose = match told.extension(names::FIRST_DOSE)? {
        Some(extension) => When::of(&extension, "valueDate", context.today)?.map(|when| when.day),
        None => None,
    };
    let fields = match &course {
        Some(course) => exact_fields(course, context, found)?,
        None => guessed_fields(root, context, found)?,
    };
    let (start, end) = period(root, found);
    let mut diagnoses = Vec::new();
    for diagnosis in root.each("diagnosis")? {
        diagnoses.extend(context.aliases.of(&diagnosis, "condition")?);
    }
    let exact = course.is_some();
    found.facts.push(Fact::Episode(EpisodeFact { id, exact, first_dose, fields, start, end, diagnoses }));
    Ok(None)
}

/// The course's own name where Sumac wrote it, else the resource's id.
fn course_id(root: &Element<'_>) -> Result<String, Flaw> {
    let mut id = root.text("id")?;
    for identifier in root.each("identifier")? {
        if identifier.text("system")? == Some(names::COURSE_ID) {
            id = identifier.text("value")?.or(id);
        }
    }
    let id = root.needed("id", id)?;
    if id.len() > COURSE_ID_BYTES_MAX || id.chars().any(char::is_control) {
        return Err(Flaw { value: id.to_owned(), ..root.flaw(FhirWhy::CourseId) });
    }
    Ok(id.to_owned())
}

/// First and last day; a month or a year counts from its first to its last day.
fn period(root: &Element<'_>, found: &mut Found) -> (Option<i32>, Option<i32>) {
    let Some(period) = found.sift(root.child("period")) else { return (None, None) };
    let start = found.sift(Partly::of(&period, "start")).map(|start| start.from);
    let end = found.sift(Partly::of(&period, "end")).map(|end| end.to);
    if start.zip(end).is_some_and(|(start, end)| end < start) {
        found.flaws.push(period.flaw(FhirWhy::Backwards));
        return (None, None);
    }
    (start, end)
}

/// Fields as Sumac wrote them, every one by its name.
fn exact_fields(
    course: &Element<'_>,
    context: &Context<'_>,
    found: &mut Found,
) -> Result<BTreeMap<String, FieldValue>, Flaw> {
    let mut fields = BTreeMap::new();
    for extension in course.each("extension")? {
        if extension.text("url")? == Some(names::FIELD) {
            let field = exact_field(&extension, context).map(Some);
            fields.extend(found.sift(field));
        }
    }
    Ok(fields)
}

/// One field: its name, and its value as the dictionary reads it.
fn exact_field(extension: &Element<'_>, context: &Context<'_>) -> Result<(String, FieldValue), Flaw> {
    let id = extension.extension(names::FIELD_ID)?;
    let id = extension.needed("id", id)?;
    let id = id.needed("valueCode", id.text("valueCode")?)?;
    let value = extension.extension(names::FIELD_VALUE)?;
    let value = extension.needed("value", value)?;
    let flag = value.flag("valueBoolean")?.map(|flag| flag.to_string());
    let text = flag.or(value.number("valueDecimal")?).or(value.text("valueCode")?.map(str::to_owned));
    let text = value.needed("value[x]", text)?;
    let dictionary = context.codes.dictionary;
    let field = dictionary.known_field(id).map_err(|why| extension.flaw(why))?;
    let checked = dictionary.check_field(&field.id, &text);
    Ok((field.id.clone(), checked.map_err(|why| Flaw { value: text, ..value.flaw(why) })?))
}

/// The paradigm, and any category that a code system of that name tells.
fn guessed_fields(
    root: &Element<'_>,
    context: &Context<'_>,
    found: &mut Found,
) -> Result<BTreeMap<String, FieldValue>, Flaw> {
    let mut fields = BTreeMap::new();
    for kind in root.each("type")? {
        let concept = Concept::read(&kind)?;
        for (field, coded) in context.codes.fields_named(&concept) {
            let code = found.code("field", coded);
            fields.insert(field.to_owned(), FieldValue::Category(code));
        }
        if let Some(Coded::Known(code)) = context.codes.field(PARADIGM, &concept) {
            fields.entry(PARADIGM.to_owned()).or_insert(FieldValue::Category(code));
        }
    }
    Ok(fields)
}

/// The field that an EpisodeOfCare's type tells.
const PARADIGM: &str = "paradigm";
