//! Totals as Observations, their items as a QuestionnaireResponse, and times to event.

use serde_json::{Value, json};
use sumac_protocol::record::{Assessment, Course, Session, TimeToEvent};

use super::course::of_course;
use super::session::encounter_of;
use super::wording::{concept, observation_category, quantity};
use super::{Writer, date, number};
use crate::import::fhir::names::{self, vocabulary};

/// A total, and the answers that it comes from where they are kept.
pub(super) fn write(writer: &mut Writer<'_>, course: &Course, assessed: &Assessment) {
    let Assessment { instrument, day, value, items } = assessed;
    let what = format!("{instrument} on day {day} of {}", course.id);
    let answers = format!("answers to {what}");
    let mut body = total(writer, instrument, *value, *day);
    let mut extra = vec![("extension", json!([of_course(writer, course)]))];
    if !items.is_empty() {
        extra.push(("derivedFrom", json!([writer.reference("QuestionnaireResponse", &answers)])));
        write_items(writer, course, &answers, assessed);
    }
    extend(&mut body, extra);
    writer.write("Observation", &what, true, body);
}

/// A total that asks about one session, linked to that session's Encounter.
pub(super) fn write_experience(
    writer: &mut Writer<'_>,
    course: &Course,
    session: &Session,
    instrument: &str,
    value: i64,
) {
    let encounter = writer.reference("Encounter", &encounter_of(course, session.number));
    let mut body = total(writer, instrument, value, session.day);
    extend(&mut body, vec![("encounter", encounter)]);
    writer.write("Observation", &format!("{instrument} of session {} of {}", session.number, course.id), true, body);
}

/// True means that it happened on that day; false, that it had not by then.
pub(super) fn write_time(writer: &mut Writer<'_>, course: &Course, waited: &TimeToEvent) {
    let TimeToEvent { kind, day, happened } = waited;
    let coding = writer.dictionary.times_to_event().iter().find(|code| code.id == *kind).map(|code| &code.coding);
    let body = json!({
        "extension": [of_course(writer, course)],
        "status": "final",
        "code": concept(vocabulary::TIME_TO_EVENT, kind, coding),
        "subject": writer.patient(),
        "effectiveDateTime": date(*day),
        "valueBoolean": happened,
    });
    writer.write("Observation", &format!("time to {kind} of {}", course.id), true, body);
}

/// An Observation without its links. The value is a decimal, as its instrument counts.
fn total(writer: &Writer<'_>, instrument: &str, value: i64, day: i32) -> Value {
    let known = writer.dictionary.instrument(instrument);
    let mut code = concept(vocabulary::INSTRUMENT, instrument, None);
    if let (Some(loinc), Some(Value::Array(codings))) =
        (known.and_then(|known| known.loinc.as_ref()), code.get_mut("coding"))
    {
        codings.push(json!({ "system": "http://loinc.org", "code": loinc }));
    }
    json!({
        "status": "final",
        "category": observation_category("survey"),
        "code": code,
        "subject": writer.patient(),
        "effectiveDateTime": date(day),
        "valueQuantity": quantity(number(value, known.map_or(0, |known| known.decimals)), "{score}"),
    })
}

/// Blank items are written without an answer, so that numbers stay in their places.
fn write_items(writer: &mut Writer<'_>, course: &Course, what: &str, assessed: &Assessment) {
    let item = |(number, score): (u16, &Option<u8>)| match score {
        Some(score) => json!({ "linkId": number.to_string(), "answer": [{ "valueInteger": score }] }),
        None => json!({ "linkId": number.to_string() }),
    };
    let items: Vec<Value> = (1..).zip(&assessed.items).map(item).collect();
    let body = json!({
        "extension": [of_course(writer, course)],
        "questionnaire": format!("{}{}", names::QUESTIONNAIRE_PREFIX, assessed.instrument),
        "status": "completed",
        "subject": writer.patient(),
        "authored": date(assessed.day),
        "item": items,
    });
    writer.write("QuestionnaireResponse", what, true, body);
}

/// Adds elements to a resource.
fn extend(body: &mut Value, elements: Vec<(&str, Value)>) {
    if let Value::Object(body) = body {
        body.extend(elements.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
}
