//! Codings, units and extensions as they are written.

use serde_json::{Value, json};
use sumac_protocol::dictionary::{Coding, System};

use crate::import::fhir::names;

/// A CodeableConcept: Sumac's own code, and the first of each other system's.
pub(super) fn concept(vocabulary: &str, code: &str, coding: Option<&Coding>) -> Value {
    let mut codings = vec![json!({ "system": format!("{}{vocabulary}", names::SYSTEM_PREFIX), "code": code })];
    for system in System::ALL {
        let code = coding.and_then(|coding| coding.codes(system).first());
        codings.extend(code.map(|code| json!({ "system": system.url(), "code": code })));
    }
    json!({ "coding": codings })
}

/// A CodeableConcept of one code of HL7's.
pub(super) fn hl7(system: &str, code: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code }] })
}

/// An amount with a UCUM unit.
pub(super) fn quantity(value: Value, unit: &str) -> Value {
    let mut quantity = json!({ "unit": unit, "system": names::UCUM, "code": unit });
    if let Value::Object(quantity) = &mut quantity {
        quantity.insert("value".to_owned(), value);
    }
    quantity
}

/// An extension of one value.
pub(super) fn extension(url: &str, name: &str, value: Value) -> Value {
    let mut extension = serde_json::Map::new();
    extension.insert("url".to_owned(), url.into());
    extension.insert(name.to_owned(), value);
    Value::Object(extension)
}

/// The category of an Observation.
pub(super) fn observation_category(code: &str) -> Value {
    json!([hl7("http://terminology.hl7.org/CodeSystem/observation-category", code)])
}
