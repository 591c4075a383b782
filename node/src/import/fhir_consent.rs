//! FHIR R4 Consents become what staff may witness: what a patient allowed elsewhere, as a statement on paper.
//!
//! Nothing here is a statement yet. Each patient's resources come to one of three things: a grant, a withdrawal, or
//! nothing that is about research; a member of staff reads why, and signs. The rules are made so that a mistake only
//! ever means no:
//!
//! * Of several resources of one patient the strictest wins: any deny ends everything, and of several permits only what
//!   all of them allow is left.
//! * What cannot be understood means no: an unknown code that narrows, a modifier extension, a date to the month.
//! * A grant is for health research at the most, unless a code of the Data Use Ontology says more; always under noise,
//!   and always with an end.

use std::collections::BTreeMap;

use serde_json::Value;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::consent::{Disclosure, Grant, LayText, Who};
use sumac_protocol::limits::CODES_MAX;
use sumac_protocol::moment::{Millis, Moment};

use super::fhir::parse_tree;
use meaning::{Meaning, Permit};

mod coding;
mod dates;
mod meaning;
mod merging;
mod provision;
mod resource;
#[cfg(test)]
mod tests;

/// What one patient's Consents come to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedConsent {
    /// The clinic's name for the patient, as the resources give it.
    pub pseudonym: String,
    /// What a member of staff may witness.
    pub outcome: ConsentOutcome,
    /// What each resource came to, in the order of the files.
    pub resources: Vec<ReadConsent>,
}

/// What may be witnessed for one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: yes, no, or nothing about research")]
#[expect(clippy::large_enum_variant, reason = "most are grants")]
pub enum ConsentOutcome {
    /// A grant.
    Grant(Grant),
    /// A withdrawal of everything.
    Withdrawal,
    /// Nothing: no resource is about research and in force.
    Nothing,
}

/// What one resource came to, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadConsent {
    /// Its id, or its place in the files, from 1.
    pub name: String,
    /// `permit`, `deny`, `not-understood` or `not-about-research`.
    pub came_to: &'static str,
    /// The reason in words.
    pub why: String,
}

/// What an import adds to what resources say.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct ConsentDefaults {
    /// The moment of the import.
    pub now: Moment,
    /// The cap on privacy cost in any 365 days: FHIR has no word for it.
    pub rho_year: RhoMicro,
}

/// Why files of Consents are not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FhirConsentError {
    /// Not JSON, or JSON that names something twice.
    #[error("resource {place} is no JSON that can be read: {why}")]
    NoJson {
        /// Its place, from 1.
        place: usize,
        /// What the reader stumbled over.
        why: String,
    },
    /// A Consent whose patient cannot be told. Whom a deny is about must be known before anybody's consent is taken.
    #[error("{name}: the patient's pseudonym cannot be told from `patient`")]
    NoPatient {
        /// Which resource.
        name: String,
    },
    /// No Consent among the resources.
    #[error("there is no Consent among the {resources} resources")]
    NoConsent {
        /// How many there are.
        resources: usize,
    },
}

impl FhirConsentError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoJson { .. } => "fhir-consent-no-json",
            Self::NoPatient { .. } => "fhir-consent-no-patient",
            Self::NoConsent { .. } => "fhir-consent-none",
        }
    }

    /// What the person at the desk can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoJson { .. } => "give FHIR R4 as JSON: a Bundle, single resources, or NDJSON".into(),
            Self::NoPatient { .. } => {
                "name the patient by identifier, as Patient/PSEUDONYM, or with the Patient in the same file".into()
            }
            Self::NoConsent { .. } => "check that these are the files you mean".into(),
        }
    }
}

/// Reads the Consents of these texts, each a Bundle, a resource, or NDJSON, patient by patient in the order of their
/// pseudonyms.
///
/// # Errors
/// [`FhirConsentError`]: then nothing of any file counts.
pub fn read_consents(texts: &[&[u8]], defaults: ConsentDefaults) -> Result<Vec<ImportedConsent>, FhirConsentError> {
    let mut resources = Vec::new();
    for text in texts {
        unfold(text, &mut resources)?;
    }
    let pseudonyms = resource::Pseudonyms::of(&resources);
    let mut patients: BTreeMap<String, Vec<(ReadConsent, Meaning)>> = BTreeMap::new();
    let consents = || resources.iter().zip(1..).filter(|(found, _)| resource::kind(&found.resource) == "Consent");
    for (found, place) in consents() {
        let name = resource::name(&found.resource, place);
        let pseudonym =
            pseudonyms.of_consent(&found.resource).ok_or(FhirConsentError::NoPatient { name: name.clone() })?;
        let meaning = resource::meaning(&found.resource, defaults.now);
        let (came_to, why) = (meaning.came_to(), meaning.why());
        patients.entry(pseudonym).or_default().push((ReadConsent { name, came_to, why }, meaning));
    }
    if patients.is_empty() {
        return Err(FhirConsentError::NoConsent { resources: resources.len() });
    }
    let imported = |(pseudonym, read): (String, Vec<(ReadConsent, Meaning)>)| {
        let (resources, meanings): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        let outcome = match merging::strictest(meanings) {
            None => ConsentOutcome::Nothing,
            Some(None) => ConsentOutcome::Withdrawal,
            Some(Some(permit)) => grant(permit, defaults).map_or(ConsentOutcome::Withdrawal, ConsentOutcome::Grant),
        };
        ImportedConsent { pseudonym, outcome, resources }
    };
    Ok(patients.into_iter().map(imported).collect())
}

/// A resource, and the full URL by which a Bundle's entries refer to it.
struct Found {
    url: Option<String>,
    resource: Value,
}

/// Takes a text apart into resources: one value, or a value a line; of a Bundle its entries.
fn unfold(text: &[u8], resources: &mut Vec<Found>) -> Result<(), FhirConsentError> {
    let mut take = |value: Value| {
        if resource::kind(&value) != "Bundle" {
            return resources.push(Found { url: None, resource: value });
        }
        for entry in value.get("entry").and_then(Value::as_array).into_iter().flatten() {
            let url = entry.get("fullUrl").and_then(Value::as_str).map(str::to_owned);
            resources.extend(entry.get("resource").map(|resource| Found { url, resource: resource.clone() }));
        }
    };
    let whole = parse_tree(text);
    if let Ok(value) = whole {
        take(value);
        return Ok(());
    }
    for (line, place) in text.split(|byte| *byte == b'\n').zip(1..) {
        if !line.trim_ascii().is_empty() {
            take(parse_tree(line).map_err(|why| FhirConsentError::NoJson { place, why: why.to_string() })?);
        }
    }
    Ok(())
}

/// The grant that a permit makes; none if nothing is left that could be granted.
fn grant(permit: Permit, defaults: ConsentDefaults) -> Option<Grant> {
    let Permit { purposes, modifiers, diseases, categories, from, until, shown } = permit;
    let not_before = from.unwrap_or(defaults.now);
    let not_after = until.unwrap_or(not_before + Millis(TERM_DAYS * Millis::DAY.0));
    let lists = [purposes.len(), modifiers.len(), diseases.len()];
    if purposes.is_empty() || categories.is_empty() || not_before >= not_after || lists.iter().any(|n| *n > CODES_MAX) {
        return None;
    }
    Some(Grant {
        purposes: purposes.into_iter().map(|purpose| purpose.code().to_owned()).collect(),
        modifiers: modifiers.into_iter().collect(),
        diseases: diseases.into_iter().collect(),
        categories: categories.into_iter().collect(),
        who: Who::AnyStudy,
        disclosure: Disclosure::DpOnly,
        not_before,
        not_after,
        rho_year: defaults.rho_year,
        // What was shown is the form of the other system; its text is not here, so the resources stand for it.
        lay_text: LayText {
            version: "fhir-r4".to_owned(),
            language: "und".to_owned(),
            digest: Digest::of(Label::LayText, &[shown.as_bytes()]),
        },
    })
}

/// How long a grant without an end holds: two years, as a patient's own does by default.
const TERM_DAYS: u64 = 730;
