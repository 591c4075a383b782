//! Patient: pseudonym, enrolled key, and gender where every course tells the same.

use serde_json::{Value, json};

use super::{PATIENT, Writer, category};
use crate::import::fhir::names;

/// The patient: never a name, an address or a date of birth, which no record holds.
pub(super) fn write(writer: &mut Writer<'_>) {
    let held = writer.held;
    let mut identifiers = vec![json!({ "system": names::PSEUDONYM, "value": held.pseudonym })];
    let key = held.key.map(|key| json!({ "system": names::PATIENT_KEY, "value": key.to_string() }));
    identifiers.extend(key);
    let courses = held.record.iter().flat_map(|record| &record.courses);
    let mut told = courses.map(|course| category(course, SEX));
    let first = told.next().flatten().filter(|sex| GENDERS.contains(sex));
    let gender = first.filter(|first| told.all(|sex| sex == Some(*first)));
    let gender = gender.map_or(Value::Null, Value::from);
    writer.write("Patient", PATIENT, false, json!({ "identifier": identifiers, "gender": gender }));
}

/// The field that is FHIR's gender, where its value is one of FHIR's.
const SEX: &str = "sex";
/// All that FHIR allows. Another value stays in the field of its course only.
const GENDERS: [&str; 4] = ["female", "male", "other", "unknown"];
