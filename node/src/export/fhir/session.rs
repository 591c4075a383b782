//! A session: its Encounter, its dose, other medicines, vital signs and experience.

use serde_json::{Value, json};
use sumac_protocol::dictionary::{Bounds, Vital};
use sumac_protocol::record::{Course, Session};

use super::course::episode_of;
use super::wording::{concept, extension, observation_category, quantity};
use super::{Writer, assessment, date, number, object};
use crate::import::fhir::NOT_RECORDED;
use crate::import::fhir::names::{self, vocabulary};

/// The session and everything that happened in it.
pub(super) fn write(writer: &mut Writer<'_>, course: &Course, session: &Session) {
    let class = json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB" });
    let body = json!({
        "extension": [extension(names::SESSION, "valuePositiveInt", session.number.into())],
        "status": "finished",
        "class": class,
        "type": [concept(vocabulary::SESSION_KIND, &session.kind, None)],
        "subject": writer.patient(),
        "episodeOfCare": [writer.reference("EpisodeOfCare", &episode_of(course))],
        "period": { "start": date(session.day) },
    });
    writer.write("Encounter", &encounter_of(course, session.number), true, body);
    if has_dose(session) {
        dose(writer, course, session);
    }
    for (class, yes) in &session.given {
        given(writer, course, session, class, *yes);
    }
    vitals(writer, course, session);
    for (instrument, total) in &session.experience {
        assessment::write_experience(writer, course, session, instrument, *total);
    }
}

/// What a session's Encounter is called.
pub(super) fn encounter_of(course: &Course, number: u16) -> String {
    format!("session {number} of {}", course.id)
}

/// What a session's dose is called.
pub(super) fn dose_of(course: &Course, number: u16) -> String {
    format!("dose of session {number} of {}", course.id)
}

/// Whether anything is known to have been given.
pub(super) const fn has_dose(session: &Session) -> bool {
    session.molecule.is_some() || session.route.is_some() || session.dose_ug.is_some() || session.minutes.is_some()
}

/// A molecule that is not known is written as such, for FHIR requires a medicine.
fn dose(writer: &mut Writer<'_>, course: &Course, session: &Session) {
    let rules = writer.dictionary.session();
    let molecule = session.molecule.as_deref().unwrap_or(NOT_RECORDED);
    let coding = rules.and_then(|rules| rules.molecules.iter().find(|code| code.id == molecule));
    let medicine = concept(vocabulary::MOLECULE, molecule, coding.map(|code| &code.coding));
    let route = session.route.as_ref().map(|route| {
        let coding = rules.and_then(|rules| rules.route(route)).map(|route| &route.code.coding);
        concept(vocabulary::ROUTE, route, coding)
    });
    let amount = session.dose_ug.map(|dose| quantity(number(i64::from(dose.0), 3), "mg"));
    // FHIR wants an amount beside a route; without one, the route stands in an extension.
    let (route, alone) = if amount.is_some() { (route, None) } else { (None, session.route.as_ref()) };
    let alone = alone.map(|route| extension(names::ROUTE, "valueCode", route.as_str().into()));
    let dosage = object(vec![("route", route.unwrap_or_default()), ("dose", amount.unwrap_or_default())]);
    let (at, period) = match session.minutes {
        None => (Value::from(date(session.day)), Value::Null),
        Some(minutes) => (Value::Null, period(session.day, minutes)),
    };
    let body = json!({
        "extension": alone.into_iter().collect::<Vec<_>>(),
        "status": "completed",
        "medicationCodeableConcept": medicine,
        "subject": writer.patient(),
        "context": writer.reference("Encounter", &encounter_of(course, session.number)),
        "effectiveDateTime": at,
        "effectivePeriod": period,
        "dosage": dosage,
    });
    writer.write("MedicationAdministration", &dose_of(course, session.number), true, body);
}

/// From a nominal midnight on, for so many minutes.
fn period(day: i32, minutes: u16) -> Value {
    let end = day.saturating_add(i32::from(minutes / 1_440));
    let (hour, minute) = (minutes % 1_440 / 60, minutes % 60);
    json!({ "start": format!("{}T00:00:00Z", date(day)), "end": format!("{}T{hour:02}:{minute:02}:00Z", date(end)) })
}

/// A no is written too, as not done: it is another thing than not knowing.
fn given(writer: &mut Writer<'_>, course: &Course, session: &Session, class: &str, yes: bool) {
    let coding = writer.dictionary.comedications().iter().find(|code| code.id == class).map(|code| &code.coding);
    let body = json!({
        "status": if yes { "completed" } else { "not-done" },
        "medicationCodeableConcept": concept(vocabulary::COMEDICATION, class, coding),
        "subject": writer.patient(),
        "context": writer.reference("Encounter", &encounter_of(course, session.number)),
        "effectiveDateTime": date(session.day),
    });
    writer.write(
        "MedicationAdministration",
        &format!("{class} in session {} of {}", session.number, course.id),
        true,
        body,
    );
}

/// Writes nothing without session rules, which tell the codes. Weight is in kg.
fn vitals(writer: &mut Writer<'_>, course: &Course, session: &Session) {
    let Some(rules) = writer.dictionary.session() else { return };
    let of = |vital| rules.vital(vital);
    let vitals = &session.vitals;
    let measured: [(&str, &Bounds, &str, Option<u16>); 4] = [
        ("systolic_before", of(Vital::Systolic), "mm[Hg]", vitals.systolic_before),
        ("systolic_highest", of(Vital::Systolic), "mm[Hg]", vitals.systolic_highest),
        ("spo2_lowest", of(Vital::Spo2), "%", vitals.spo2_lowest),
        ("heart_rate_highest", of(Vital::HeartRate), "/min", vitals.heart_rate_highest),
    ];
    let measured = measured
        .into_iter()
        .filter_map(|(name, bounds, unit, value)| Some((name, bounds, quantity(Value::from(value?), unit))));
    let weight = session.weight_g.map(|weight| quantity(number(i64::from(weight.0), 3), "kg"));
    let weight = weight.map(|weight| (names::WEIGHT, &rules.weight, weight));
    for (name, bounds, value) in measured.chain(weight) {
        let loinc = bounds.loinc.as_ref().map(|code| json!({ "system": "http://loinc.org", "code": code }));
        let own = json!({ "system": names::VITAL_SYSTEM, "code": name });
        let body = json!({
            "extension": [extension(names::VITAL, "valueCode", name.into())],
            "status": "final",
            "category": observation_category("vital-signs"),
            "code": { "coding": loinc.into_iter().chain([own]).collect::<Vec<_>>() },
            "subject": writer.patient(),
            "encounter": writer.reference("Encounter", &encounter_of(course, session.number)),
            "effectiveDateTime": date(session.day),
            "valueQuantity": value,
        });
        writer.write("Observation", &format!("{name} of session {} of {}", session.number, course.id), true, body);
    }
}
