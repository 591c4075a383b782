//! Everything held about one patient as FHIR R4 resources.
//!
//! Codes come from the dictionary, beside Sumac's own; no code is made up. What FHIR has no place for
//! stands in the extensions that `crate::import::fhir::names` lists, so that an import gives
//! back the identical record.
//!
//! A record holds no dates. Those here are nominal: day 0, the first dose, is 1900-01-01, long before
//! any of it, and every resource that carries one says so in its `meta.tag`.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::consent::Action;
use sumac_protocol::record::{Course, FieldValue};

use super::Held;
use super::decimal::digits;
use crate::import::fhir::{date_of, names};

mod assessment;
mod consent;
mod course;
mod event;
mod patient;
mod session;
mod usage;
mod wording;

pub(crate) use consent::instant;

/// How resources refer to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: a Bundle has full URLs, and files have none")]
pub enum References {
    /// By the full URLs of a Bundle.
    InBundle,
    /// By type and id, as in NDJSON files.
    InFiles,
}

/// Everything held about one patient as one Bundle of type `collection`.
#[must_use]
pub fn bundle(held: &Held, dictionary: &Dictionary) -> Value {
    let entry = |resource: Value| {
        let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
        json!({ "fullUrl": format!("urn:uuid:{id}"), "resource": resource })
    };
    let entries: Vec<Value> = resources(held, dictionary, References::InBundle).into_iter().map(entry).collect();
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries })
}

/// What one patient said, as a Bundle of type `collection`: the Patient, and a Consent for each statement.
#[must_use]
pub fn consents(held: &Held, dictionary: &Dictionary) -> Value {
    let mut bundle = bundle(held, dictionary);
    if let Some(entries) = bundle.get_mut("entry").and_then(Value::as_array_mut) {
        let kind = |entry: &Value| entry.pointer("/resource/resourceType").and_then(Value::as_str).map(str::to_owned);
        entries.retain(|entry| matches!(kind(entry).as_deref(), Some("Patient" | "Consent")));
    }
    bundle
}

/// Everything held about one patient as resources, the Patient first. The same again gives the same.
#[must_use]
pub fn resources(held: &Held, dictionary: &Dictionary, references: References) -> Vec<Value> {
    let mut writer = Writer { held, dictionary, references, resources: Vec::new() };
    patient::write(&mut writer);
    for course in held.record.iter().flat_map(|record| &record.courses) {
        course::write(&mut writer, course);
    }
    for (number, statement) in held.statements.iter().enumerate() {
        let later = held.statements.iter().skip(number.saturating_add(1));
        let later_grant = later.clone().any(|later| matches!(later.says.action, Action::Grant(_)));
        consent::write(&mut writer, statement, later.len() == 0, !later_grant);
    }
    for used in &held.uses {
        usage::write(&mut writer, used);
    }
    writer.resources
}

/// Resources of one patient that are being written.
struct Writer<'h> {
    /// What is written.
    held: &'h Held,
    /// What its codes and numbers mean.
    dictionary: &'h Dictionary,
    /// How they refer to each other.
    references: References,
    /// What was written so far.
    resources: Vec<Value>,
}

impl Writer<'_> {
    /// The id of a resource: the same for the same thing at every export, and different from all others.
    fn id(&self, what: &str) -> String {
        let mut hasher = Sha256::new();
        for part in [self.held.clinic.bytes().as_slice(), self.held.pseudonym.as_bytes(), what.as_bytes()] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part);
        }
        uuid(&hasher.finalize())
    }

    /// A reference to the resource of this type that was, or will be, written as `what`.
    fn reference(&self, kind: &str, what: &str) -> Value {
        let id = self.id(what);
        match self.references {
            References::InBundle => json!({ "reference": format!("urn:uuid:{id}") }),
            References::InFiles => json!({ "reference": format!("{kind}/{id}") }),
        }
    }

    /// A reference to the patient, which every resource has.
    fn patient(&self) -> Value {
        self.reference("Patient", PATIENT)
    }

    /// Writes a resource, with what all have. Elements that are null or empty are left out.
    fn write(&mut self, kind: &str, what: &str, dated: bool, elements: Value) {
        let mut resource = json!({ "resourceType": kind, "id": self.id(what) });
        if let (Value::Object(resource), Value::Object(elements)) = (&mut resource, elements) {
            if dated {
                let tag = json!({ "system": names::NOMINAL_SYSTEM, "code": names::NOMINAL, "display": NOMINAL_SAYS });
                resource.insert("meta".to_owned(), json!({ "tag": [tag] }));
            }
            let said = elements.into_iter().filter(|(_, value)| !is_nothing(value));
            resource.extend(said);
        }
        self.resources.push(resource);
    }
}

/// Bytes as a UUID of version 8, which is for such digests (RFC 9562).
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().take(16).enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// FHIR has neither null nor empty lists and objects.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The nominal date of a day of a record.
fn date(day: i32) -> String {
    let date = NOMINAL_DAY_0.checked_add(day).and_then(date_of);
    date.map_or_else(String::new, |date| date.to_string())
}

/// A scaled integer as a JSON number.
fn number(value: i64, decimals: u8) -> Value {
    serde_json::from_str(&digits(value, decimals)).unwrap_or(Value::Null)
}

/// The category that a course's field holds, if it holds one.
fn category<'c>(course: &'c Course, field: &str) -> Option<&'c str> {
    match course.fields.get(field)? {
        FieldValue::Category(code) => Some(code),
        FieldValue::Flag(_) | FieldValue::Number(_) => None,
    }
}

/// Only the keys that say something.
fn object(elements: Vec<(&str, Value)>) -> Value {
    let said = elements.into_iter().filter(|(_, value)| !is_nothing(value));
    Value::Object(said.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// 1900-01-01 in days since 1970-01-01. A hundred years either way are dates of FHIR, and none of them
/// lies in the future.
const NOMINAL_DAY_0: i32 = -25_567;
/// What the Patient is called among the resources.
const PATIENT: &str = "patient";
/// What the tag says to a person.
const NOMINAL_SAYS: &str = "dates are nominal: 1900-01-01 stands for the day of the first dose";

#[cfg(test)]
mod tests;
