//! One Consent: whose it is, whether it is in force and about research, and what it comes to.

use std::collections::BTreeMap;

use serde_json::Value;
use sumac_protocol::moment::{Millis, Moment};

use super::Found;
use super::coding::{Code, of_concept};
use super::dates::moment;
use super::meaning::{Meaning, No};
use super::provision;

/// What kind of resource a value is.
pub(super) fn kind(resource: &Value) -> &str {
    resource.get("resourceType").and_then(Value::as_str).unwrap_or_default()
}

/// What a resource is called in a report.
pub(super) fn name(resource: &Value, place: usize) -> String {
    let id = resource.get("id").and_then(Value::as_str);
    id.map_or_else(|| format!("resource {place}"), |id| format!("Consent/{id}"))
}

/// The pseudonyms of the patients among the resources, by what refers to them.
pub(super) struct Pseudonyms(BTreeMap<String, String>);

impl Pseudonyms {
    /// Those of all Patients that have an identifier.
    pub(super) fn of(resources: &[Found]) -> Self {
        let mut known = BTreeMap::new();
        for Found { url, resource } in resources {
            let identifiers = resource.get("identifier").and_then(Value::as_array);
            let value = identifiers.into_iter().flatten().find_map(|one| one.get("value").and_then(Value::as_str));
            let (Some(value), "Patient") = (value, kind(resource)) else { continue };
            known.extend(url.clone().map(|url| (url, value.to_owned())));
            let id = resource.get("id").and_then(Value::as_str);
            known.extend(id.map(|id| (format!("Patient/{id}"), value.to_owned())));
        }
        Self(known)
    }

    /// Whose Consent it is: by identifier, by a Patient in the files, or by the id in `Patient/ID`.
    pub(super) fn of_consent(&self, consent: &Value) -> Option<String> {
        let patient = consent.get("patient")?;
        if let Some(value) = patient.pointer("/identifier/value").and_then(Value::as_str) {
            return Some(value.to_owned());
        }
        let reference = patient.get("reference").and_then(Value::as_str)?;
        let by_id = || reference.strip_prefix("Patient/").filter(|id| !id.is_empty() && !id.contains('/'));
        self.0.get(reference).cloned().or_else(|| by_id().map(str::to_owned))
    }
}

/// What a Consent means for research at a moment.
pub(super) fn meaning(consent: &Value, now: Moment) -> Meaning {
    judge(consent, now).unwrap_or_else(Meaning::from)
}

fn judge(consent: &Value, now: Moment) -> Result<Meaning, No> {
    let status = consent.get("status").and_then(Value::as_str).unwrap_or_default();
    match status {
        "active" => {}
        "draft" | "proposed" | "inactive" | "entered-in-error" => {
            return Ok(Meaning::Elsewhere(format!("its status is `{status}`, so it is not in force")));
        }
        "rejected" => return Err(No::Denied("it was rejected".into())),
        other => return Err(No::Unclear(format!("its status is `{other}`"))),
    }
    for name in ["modifierExtension", "implicitRules"] {
        if consent.get(name).is_some() {
            return Err(No::Unclear(format!("it has `{name}`, which may change all it says")));
        }
    }
    if let Some(text) = consent.get("dateTime")
        && moment(text, Millis(0))? > now
    {
        return Err(No::Unclear("it was given in the future".into()));
    }
    let scopes = consent.get("scope").map(of_concept).unwrap_or_default();
    let scope = scopes.iter().find(|code| code.system.ends_with("/consentscope")).map(|code| code.code);
    match scope {
        Some("research") => provision::read(consent, opted(consent)?, now).map(Meaning::Permit),
        Some("patient-privacy") => privacy(consent, now),
        Some(scope @ ("treatment" | "adr")) => Ok(Meaning::Elsewhere(format!("its scope is `{scope}`"))),
        _ => Err(No::Unclear("its scope is missing or not known".into())),
    }
}

/// A Consent on privacy in general never allows research, and may rule it out.
fn privacy(consent: &Value, now: Moment) -> Result<Meaning, No> {
    if opted(consent)? == Some(false) {
        return Err(No::Denied("its scope is privacy in general, and it opts out".into()));
    }
    let root = consent.get("provision");
    let nested = root.and_then(|root| root.get("provision")).and_then(Value::as_array);
    for part in root.into_iter().chain(nested.into_iter().flatten()) {
        if part.get("type").and_then(Value::as_str) == Some("deny") {
            provision::denied(part, None, now)?;
        }
    }
    Ok(Meaning::Elsewhere("its scope is privacy in general, and it rules no research out".into()))
}

/// Whether the base policy is yes or no; none where the resource names neither.
fn opted(consent: &Value) -> Result<Option<bool>, No> {
    let codes = consent.get("policyRule").map(of_concept).unwrap_or_default();
    let mut opted = None;
    for Code { code, .. } in codes {
        opted = match code {
            "OPTIN" | "OPTINR" if opted != Some(false) => Some(true),
            "OPTOUT" | "OPTOUTE" => Some(false),
            "OPTIN" | "OPTINR" => opted,
            other => return Err(No::Unclear(format!("its policy rule is `{other}`"))),
        };
    }
    Ok(opted)
}
