//! A course: its EpisodeOfCare with every field, its indication, and everything in it.

use serde_json::{Value, json};
use sumac_protocol::dictionary::FieldKind;
use sumac_protocol::record::{Course, FieldValue};

use super::wording::{concept, extension};
use super::{Writer, assessment, category, date, event, number, session};
use crate::import::fhir::names;

/// The course and everything in it.
pub(super) fn write(writer: &mut Writer<'_>, course: &Course) {
    let mut inside = vec![extension(names::FIRST_DOSE, "valueDate", date(0).into())];
    inside.extend(course.fields.iter().map(|(id, value)| field(writer, id, value)));
    let paradigm = category(course, PARADIGM).map(|code| coded(writer, PARADIGM, code));
    let indication = category(course, INDICATION).map(|code| coded(writer, INDICATION, code));
    let condition = format!("indication of {}", course.id);
    let diagnosis = indication.as_ref().map(|_| json!({ "condition": writer.reference("Condition", &condition) }));
    let finished = course.fields.get(COMPLETED) == Some(&FieldValue::Flag(true));
    let episode = json!({
        "extension": [{ "url": names::COURSE, "extension": inside }],
        "identifier": [{ "system": names::COURSE_ID, "value": course.id }],
        "status": if finished { "finished" } else { "active" },
        "type": paradigm.into_iter().collect::<Vec<_>>(),
        "diagnosis": diagnosis.into_iter().collect::<Vec<_>>(),
        "patient": writer.patient(),
        "period": { "start": date(0) },
    });
    writer.write("EpisodeOfCare", &episode_of(course), true, episode);
    if let Some(code) = indication {
        let confirmed = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
        let status = super::wording::hl7(confirmed, "confirmed");
        let body = json!({ "verificationStatus": status, "code": code, "subject": writer.patient() });
        writer.write("Condition", &condition, false, body);
    }
    for (class, taken) in &course.at_home {
        at_home(writer, course, class, *taken);
    }
    for met in &course.sessions {
        session::write(writer, course, met);
    }
    for assessed in &course.assessments {
        assessment::write(writer, course, assessed);
    }
    for (number, happened) in course.events.iter().enumerate() {
        event::write(writer, course, number, happened);
    }
    for waited in &course.time_to_event {
        assessment::write_time(writer, course, waited);
    }
}

/// What a course's EpisodeOfCare is called.
pub(super) fn episode_of(course: &Course) -> String {
    format!("course {}", course.id)
}

/// The extension that names a resource's course.
pub(super) fn of_course(writer: &Writer<'_>, course: &Course) -> Value {
    extension(names::EPISODE, "valueReference", writer.reference("EpisodeOfCare", &episode_of(course)))
}

/// A category's value with the dictionary's codes.
fn coded(writer: &Writer<'_>, field: &str, code: &str) -> Value {
    let coding = writer.dictionary.field(field).and_then(|field| field.coding.get(code));
    concept(field, code, coding)
}

/// One field, exactly: its name and its value.
fn field(writer: &Writer<'_>, id: &str, value: &FieldValue) -> Value {
    let (name, value) = match value {
        FieldValue::Category(code) => ("valueCode", Value::from(code.as_str())),
        FieldValue::Flag(flag) => ("valueBoolean", Value::from(*flag)),
        FieldValue::Number(value) => {
            let decimals = match writer.dictionary.field(id).map(|field| &field.kind) {
                Some(FieldKind::Number { decimals, .. }) => *decimals,
                Some(FieldKind::Category { .. } | FieldKind::Flag) | None => 0,
            };
            ("valueDecimal", number(*value, decimals))
        }
    };
    let parts = [extension(names::FIELD_ID, "valueCode", id.into()), extension(names::FIELD_VALUE, name, value)];
    json!({ "url": names::FIELD, "extension": parts })
}

/// A class of medicine at home; one that is not taken is said to be not taken.
fn at_home(writer: &mut Writer<'_>, course: &Course, class: &str, taken: bool) {
    let coding = writer.dictionary.comedications().iter().find(|code| code.id == class).map(|code| &code.coding);
    let body = json!({
        "status": if taken { "active" } else { "not-taken" },
        "medicationCodeableConcept": concept(names::vocabulary::COMEDICATION, class, coding),
        "subject": writer.patient(),
        "context": writer.reference("EpisodeOfCare", &episode_of(course)),
    });
    writer.write("MedicationStatement", &format!("{class} at home in {}", course.id), false, body);
}

/// Fields with a place in FHIR besides the extension.
const PARADIGM: &str = "paradigm";
/// The field that is a Condition.
const INDICATION: &str = "indication";
/// The flag that ends an EpisodeOfCare.
const COMPLETED: &str = "course_completed";
