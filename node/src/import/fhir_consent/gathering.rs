//! Finding the Consents and Patients of files: wherever they stand, for a deny inside another resource is a deny.

use serde_json::{Map, Value};

use super::FhirConsentError;
use crate::import::fhir::parse_tree;

/// A Consent or a Patient, and the full URL by which a Bundle's entries refer to it.
pub(super) struct Found {
    pub(super) url: Option<String>,
    pub(super) resource: Value,
}

/// What stands in the files.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) consents: Vec<Found>,
    pub(super) patients: Vec<Found>,
    /// Ids of Consents that an entry deletes.
    pub(super) deleted: Vec<String>,
    /// How many resources there are in all.
    pub(super) resources: usize,
}

impl Gathered {
    /// Takes a text apart: one value, or a value a line.
    pub(super) fn take(&mut self, text: &[u8]) -> Result<(), FhirConsentError> {
        if let Ok(value) = parse_tree(text) {
            return self.visit(&value, None);
        }
        for (line, place) in text.split(|byte| *byte == b'\n').zip(1..) {
            if !line.trim_ascii().is_empty() {
                let value = parse_tree(line).map_err(|why| FhirConsentError::NoJson { place, why: why.to_string() })?;
                self.visit(&value, None)?;
            }
        }
        Ok(())
    }

    /// Looks at every resource in a value: entries of Bundles in Bundles, contained ones, and those of Parameters.
    fn visit(&mut self, value: &Value, url: Option<&str>) -> Result<(), FhirConsentError> {
        match value {
            Value::Array(values) => values.iter().try_for_each(|inner| self.visit(inner, None)),
            Value::Object(parts) => {
                self.note(value, parts, url)?;
                let full_url = parts.get("fullUrl").and_then(Value::as_str);
                parts
                    .iter()
                    .try_for_each(|(name, inner)| self.visit(inner, if name == "resource" { full_url } else { None }))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn note(&mut self, value: &Value, parts: &Map<String, Value>, url: Option<&str>) -> Result<(), FhirConsentError> {
        if let Some(Value::Object(request)) = parts.get("request") {
            self.requested(request, parts)?;
        }
        let Some(kind) = parts.get("resourceType") else { return Ok(()) };
        self.resources = self.resources.saturating_add(1);
        let kind = kind.as_str().ok_or(FhirConsentError::NoKind { place: self.resources })?;
        let found = || Found { url: url.map(str::to_owned), resource: value.clone() };
        match kind {
            "Consent" => self.consents.push(found()),
            "Patient" => self.patients.push(found()),
            _ => {}
        }
        Ok(())
    }

    /// What an entry of a Bundle asks for: a Consent that it deletes is not in force any more.
    fn requested(&mut self, request: &Map<String, Value>, entry: &Map<String, Value>) -> Result<(), FhirConsentError> {
        let text = |of: &Map<String, Value>, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
        let method = text(request, "method").unwrap_or_default();
        let url = text(request, "url").or_else(|| text(entry, "fullUrl")).unwrap_or_default();
        if !matches!(method.as_str(), "DELETE" | "PATCH") || !url.contains("Consent") {
            return Ok(());
        }
        let unfollowed = || FhirConsentError::Unfollowed { method: method.clone(), url: url.clone() };
        let id = url.rsplit_once("Consent/").map(|(_, id)| id).ok_or_else(unfollowed)?;
        let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if method != "DELETE" || !plain {
            return Err(unfollowed());
        }
        self.deleted.push(id.to_owned());
        Ok(())
    }
}
