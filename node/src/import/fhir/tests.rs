//! FHIR imports as a clinic meets them: a worked course, foreign files, and mostly wrong ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::record::{Course, Record};

use super::{FhirFiles, FhirReading, FhirReject, FhirSink, FhirStopped, FhirTold, check_fhir};

mod foreign;
mod reference;
mod wrong_files;
mod wrong_values;

/// The dictionary that ships for the field.
pub(crate) fn ketamine() -> Dictionary {
    Dictionary::parse(include_str!("../../../../protocol/dictionaries/ketamine.toml")).unwrap()
}

/// 2026-06-01.
const TODAY: i32 = 20_605;

/// Keeps everything in memory.
#[derive(Default)]
pub(crate) struct Basket {
    pub(crate) records: BTreeMap<String, Record>,
    pub(crate) rejects: Vec<FhirReject>,
}

impl FhirSink for Basket {
    type Error = String;

    fn keep(&mut self, records: BTreeMap<String, Record>) -> Result<(), String> {
        for (pseudonym, record) in records {
            if self.records.insert(pseudonym.clone(), record).is_some() {
                return Err(format!("{pseudonym} came twice"));
            }
        }
        Ok(())
    }

    fn reject(&mut self, reject: &FhirReject) -> Result<(), String> {
        self.rejects.push(reject.clone());
        Ok(())
    }
}

impl Basket {
    /// The codes of all rejects with the element, sorted.
    pub(crate) fn codes(&self) -> Vec<(String, String)> {
        let mut codes: Vec<_> = self.rejects.iter().map(|r| (r.why.code().to_owned(), r.path.clone())).collect();
        codes.sort();
        codes
    }

    /// The only course of the only patient.
    pub(crate) fn course(&self) -> &Course {
        let record = self.records.values().next().expect("a record");
        assert_eq!((self.records.len(), record.courses.len()), (1, 1), "{:?}", self.rejects);
        &record.courses[0]
    }
}

/// Imports paths under the shipped dictionary.
pub(crate) fn import(paths: &[PathBuf], system: &str, today: i32) -> Result<(FhirTold, Basket), String> {
    let dictionary = ketamine();
    let reading = FhirReading { dictionary: &dictionary, identifier_system: system, today };
    let mut basket = Basket::default();
    let files = FhirFiles::find(paths).map_err(|error| error.code().to_owned())?;
    let checked = check_fhir(&reading, &files, &mut |_| ()).map_err(|error| {
        assert!(!error.remedy().is_empty() && !error.to_string().is_empty());
        error.code().to_owned()
    })?;
    let told = checked.keep(&mut basket).map_err(|stopped| match stopped {
        FhirStopped::Files(error) => error.code().to_owned(),
        FhirStopped::Sink(why) => why,
    })?;
    assert!(basket.rejects.iter().all(|r| !r.why.remedy().is_empty() && !r.why.to_string().is_empty()));
    assert_eq!(told.rejects, u64::try_from(basket.rejects.len()).unwrap());
    assert_eq!(told.patients, u64::try_from(basket.records.len()).unwrap());
    for record in basket.records.values() {
        let flaws: Vec<_> = record.courses.iter().flat_map(|course| dictionary.check_course(course)).collect();
        assert!(flaws.is_empty(), "nothing is kept that the dictionary does not allow: {flaws:?}");
    }
    Ok((told, basket))
}

/// Imports one file of this name and text.
fn import_text(name: &str, text: &[u8]) -> Result<(FhirTold, Basket), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    import(&[path], SYSTEM, TODAY)
}

/// Imports resources as one Bundle.
fn import_all(resources: &[Value]) -> Result<(FhirTold, Basket), String> {
    import_text("bundle.json", bundle(resources).to_string().as_bytes())
}

fn bundle(resources: &[Value]) -> Value {
    let entry: Vec<Value> = resources.iter().map(|resource| json!({ "resource": resource })).collect();
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entry })
}

const SYSTEM: &str = "urn:my-clinic:pseudonym";

fn patient(id: &str, pseudonym: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id, "gender": "female", "birthDate": "1984-05-06",
            "name": [{ "family": "Secret" }], "identifier": [{ "system": SYSTEM, "value": pseudonym }] })
}

fn episode(id: &str, patient: &str) -> Value {
    json!({ "resourceType": "EpisodeOfCare", "id": id, "status": "active",
            "patient": { "reference": format!("Patient/{patient}") }, "period": { "start": "2026-01-01" },
            "type": [{ "coding": [{ "system": "urn:my-clinic:paradigm", "code": "infusion" }] }] })
}

fn dose(id: &str, patient: &str, date: &str, mg: f64) -> Value {
    json!({ "resourceType": "MedicationAdministration", "id": id, "status": "completed",
            "subject": { "reference": format!("Patient/{patient}") },
            "medicationCodeableConcept": { "coding": [
                { "system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6130" }] },
            "effectivePeriod": { "start": format!("{date}T09:00:00Z"), "end": format!("{date}T09:40:00Z") },
            "dosage": { "dose": { "value": mg, "unit": "mg" }, "route": { "coding": [
                { "system": "http://snomed.info/sct", "code": "47625008" }] } } })
}

fn phq9(id: &str, patient: &str, date: &str, total: impl Into<Value>) -> Value {
    json!({ "resourceType": "Observation", "id": id, "status": "final",
            "subject": { "reference": format!("Patient/{patient}") }, "effectiveDateTime": date,
            "code": { "coding": [{ "system": "http://loinc.org", "code": "44261-6" }] },
            "valueQuantity": { "value": total.into() } })
}

/// A resource with one element set, by its JSON pointer.
fn with(mut resource: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match resource.pointer_mut(parent).unwrap() {
        Value::Object(object) => drop(object.insert(name.to_owned(), value.into())),
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value.into(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => panic!("{other} holds nothing"),
    }
    resource
}

/// A resource without one element.
fn without(mut resource: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    resource.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    resource
}
