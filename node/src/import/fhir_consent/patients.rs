//! Whose Consent it is. Where two ways to tell disagree, nothing is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::gathering::Found;
use crate::import::fhir::names;

/// The pseudonyms of the patients among the resources, by what refers to them.
pub(super) struct Pseudonyms<'s> {
    /// The system of the identifier that is the pseudonym, if the clinic named one.
    system: Option<&'s str>,
    /// What refers to whom; several, or a pseudonym that cannot be told, where it is not clear.
    known: BTreeMap<String, BTreeSet<Option<String>>>,
}

/// An identifier, as far as it tells who is meant.
#[derive(Debug, Clone, Deserialize)]
struct Identifier {
    system: Option<String>,
    value: Option<String>,
}

impl<'s> Pseudonyms<'s> {
    /// Those of all Patients, by the identifier of a system.
    pub(super) fn of(patients: &[Found], system: Option<&'s str>) -> Self {
        let mut told = Self { system, known: BTreeMap::new() };
        for Found { url, resource } in patients {
            let pseudonym = told.of_patient(resource);
            let id = resource.get("id").and_then(Value::as_str).map(|id| format!("Patient/{id}"));
            for reference in url.iter().cloned().chain(id) {
                told.known.entry(reference).or_default().insert(pseudonym.clone());
            }
        }
        told
    }

    /// The one identifier of the system; where none was named, that of Sumac's own, or the only one there is.
    fn of_patient(&self, patient: &Value) -> Option<String> {
        let all: Vec<Identifier> = serde_json::from_value(patient.get("identifier")?.clone()).ok()?;
        let of = |system: &str| all.iter().filter(|one| one.system.as_deref() == Some(system)).collect::<Vec<_>>();
        let fit = match self.system {
            Some(system) => of(system),
            None if of(names::PSEUDONYM).is_empty() => all.iter().collect(),
            None => of(names::PSEUDONYM),
        };
        match fit.as_slice() {
            [one] => one.value.clone(),
            _ => None,
        }
    }

    /// Whose Consent it is: by identifier, by a Patient in the files, or by the id in `Patient/ID`.
    pub(super) fn of_consent(&self, consent: &Value) -> Option<String> {
        let patient = consent.get("patient")?;
        let (reference, identifier) = (patient.get("reference"), patient.get("identifier"));
        let by_reference = reference.map(|reference| self.of_reference(reference.as_str()?));
        let by_identifier = identifier.and_then(|identifier| self.of_identifier(identifier));
        match (by_reference, by_identifier) {
            (None, by_identifier) => by_identifier.flatten(),
            (Some(by_reference), None) => by_reference,
            (Some(by_reference), Some(by_identifier)) => by_reference.filter(|one| Some(one) == by_identifier.as_ref()),
        }
    }

    /// Outer none: an identifier of another system than that of the pseudonyms, which tells nothing.
    fn of_identifier(&self, identifier: &Value) -> Option<Option<String>> {
        let Ok(Identifier { system, value }) = serde_json::from_value(identifier.clone()) else { return Some(None) };
        if self.system.is_some() && system.as_deref() != self.system { None } else { Some(value) }
    }

    fn of_reference(&self, reference: &str) -> Option<String> {
        if let Some(known) = self.known.get(reference) {
            let mut told = known.iter();
            return match (told.next(), told.next()) {
                (Some(one), None) => one.clone(),
                _ => None,
            };
        }
        let id = reference.strip_prefix("Patient/").filter(|id| !id.is_empty() && !id.contains('/'))?;
        // With a system named, an id of the other system's is no pseudonym.
        self.system.is_none().then(|| id.to_owned())
    }
}
