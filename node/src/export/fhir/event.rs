//! An adverse event.

use serde_json::{Value, json};
use sumac_protocol::record::{Course, Event};

use super::course::of_course;
use super::session::{dose_of, encounter_of, has_dose};
use super::wording::{concept, extension, hl7};
use super::{Writer, date};
use crate::import::fhir::names::{self, vocabulary};
use crate::import::fhir::{OUTCOME_HL7, SERIOUSNESS_HL7, SEVERITY_HL7};

/// The event in FHIR's own elements, and in extensions where FHIR has none.
pub(super) fn write(writer: &mut Writer<'_>, course: &Course, number: usize, event: &Event) {
    let kinds = writer.dictionary.events().map(|rules| rules.kinds.as_slice()).unwrap_or_default();
    let coding = kinds.iter().find(|kind| kind.code.id == event.kind).map(|kind| &kind.code.coding);
    let mut extensions = vec![of_course(writer, course)];
    let mut add = |url, name, value: Option<Value>| extensions.extend(value.map(|value| extension(url, name, value)));
    add(names::SESSION, "valuePositiveInt", event.session.map(Value::from));
    add(names::ONSET, "valueUnsignedInt", event.onset_minutes.map(Value::from));
    add(names::RELATEDNESS, "valueCode", event.relatedness.as_deref().map(Value::from));
    // HL7 requires one of its own three where there is a severity; others stand in an extension.
    let known = event.severity.as_deref().filter(|severity| SEVERITIES_HL7.contains(severity));
    let other = event.severity.as_deref().filter(|_| known.is_none());
    add(names::SEVERITY, "valueCode", other.map(Value::from));
    let seriousness = event.serious.map(|yes| hl7(SERIOUSNESS_HL7, if yes { "serious" } else { "non-serious" }));
    let outcome = event.resolved.map(|yes| hl7(OUTCOME_HL7, if yes { "resolved" } else { "ongoing" }));
    let session = event.session.and_then(|number| course.sessions.iter().find(|met| met.number == number));
    let encounter = session.map(|session| writer.reference("Encounter", &encounter_of(course, session.number)));
    let suspect = session.filter(|session| has_dose(session)).map(|session| {
        let causality = event
            .relatedness
            .as_deref()
            .map(|word| json!([{ "assessment": concept(vocabulary::RELATEDNESS, word, None) }]));
        let dose = writer.reference("MedicationAdministration", &dose_of(course, session.number));
        super::object(vec![("instance", dose), ("causality", causality.unwrap_or_default())])
    });
    let body = json!({
        "extension": extensions,
        "actuality": "actual",
        "event": concept(vocabulary::EVENT_KIND, &event.kind, coding),
        "subject": writer.patient(),
        "encounter": encounter,
        "date": date(event.day),
        "seriousness": seriousness,
        "severity": known.map(|severity| hl7(SEVERITY_HL7, severity)),
        "outcome": outcome,
        "suspectEntity": suspect.into_iter().collect::<Vec<_>>(),
    });
    writer.write("AdverseEvent", &format!("event {number} of {}", course.id), true, body);
}

/// The list that FHIR requires.
const SEVERITIES_HL7: [&str; 3] = ["mild", "moderate", "severe"];
