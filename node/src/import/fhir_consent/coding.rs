//! Codes of a Consent, looked up in the systems that say something about research. A code is one of its system or none:
//! `HRESCH` of a clinic's own list may mean the opposite.

use sumac_protocol::document::duo::{Permission, is_modifier, shorthand};
use sumac_protocol::document::study::ConsentCategory;

use super::schema::{Coding, Concept};

/// What a code of `provision.code` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    /// A permission of the Data Use Ontology.
    Permission(Permission),
    /// A condition of it.
    Modifier(&'static str),
    /// A disease of the Mondo ontology.
    Disease(String),
}

/// What a concept says: all of its codes must be understood, and say the same.
pub(super) fn term(concept: &Concept) -> Option<Term> {
    let mut terms = concept.coding.iter().map(term_of);
    let first = terms.next()??;
    terms.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

fn term_of(coding: &Coding) -> Option<Term> {
    let id = coding.code().replace('_', ":");
    if coding.code_of(&DUO).is_some() {
        let short = shorthand(&id)?;
        let permission = Permission::from_code(short).map(Term::Permission);
        return permission.or_else(|| is_modifier(short).then_some(Term::Modifier(short)));
    }
    coding.code_of(&MONDO)?;
    let digits = id.strip_prefix("MONDO:")?;
    let is_number = digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(Term::Disease(id))
}

/// Whether a purpose of use is research; none if it is not known.
pub(super) fn is_research(coding: &Coding) -> Option<bool> {
    let code = coding.code_of(&ACT_REASON)?;
    if RESEARCH.contains(&code) {
        return Some(true);
    }
    ELSEWHERE.contains(&code).then_some(false)
}

/// Whether a purpose looks like research, whatever its system: enough for a no.
pub(super) fn may_be_research(coding: &Coding) -> bool {
    RESEARCH.contains(&coding.code())
}

/// The action that a concept names, if all of its codes are understood and are one.
pub(super) fn action(concept: &Concept) -> Option<&str> {
    one_code(concept, &CONSENT_ACTION)
}

/// The scope of a Consent.
pub(super) fn scope(concept: &Concept) -> Option<&str> {
    one_code(concept, &CONSENT_SCOPE)
}

fn one_code<'c>(concept: &'c Concept, system: &[&str]) -> Option<&'c str> {
    let mut codes = concept.coding.iter().map(|coding| coding.code_of(system));
    let first = codes.next()??;
    codes.all(|other| other == Some(first)).then_some(first)
}

/// Which kinds of record a class of resources touches; none if the class is not known.
pub(super) fn categories(class: &Coding) -> Option<&'static [ConsentCategory]> {
    use ConsentCategory::{AdverseEvents, Demographics, Outcomes, Treatment};
    match class.code_of(&RESOURCE_TYPES)? {
        "Patient" => Some(&[Demographics]),
        "MedicationAdministration"
        | "MedicationStatement"
        | "MedicationRequest"
        | "Procedure"
        | "CarePlan"
        | "Encounter"
        | "EpisodeOfCare"
        | "Condition" => Some(&[Treatment]),
        "Observation" | "QuestionnaireResponse" => Some(&[Outcomes]),
        "AdverseEvent" => Some(&[AdverseEvents]),
        _ => None,
    }
}

/// Whether a policy rule is an opt-in (yes) or an opt-out (no); none if it is neither. An opt-out is one in any system.
pub(super) fn opted(coding: &Coding) -> Option<bool> {
    match coding.code() {
        "OPTOUT" | "OPTOUTE" => Some(false),
        "OPTIN" | "OPTINR" if coding.code_of(&ACT_CODE).is_some() => Some(true),
        _ => None,
    }
}

const DUO: [&str; 4] = [
    "http://purl.obolibrary.org/obo/duo.owl",
    "https://purl.obolibrary.org/obo/duo.owl",
    "http://purl.obolibrary.org/obo/duo",
    "http://purl.obolibrary.org/obo/",
];
const MONDO: [&str; 4] = [
    "http://purl.obolibrary.org/obo/mondo.owl",
    "https://purl.obolibrary.org/obo/mondo.owl",
    "http://purl.obolibrary.org/obo/mondo",
    "http://purl.obolibrary.org/obo/",
];
const ACT_REASON: [&str; 3] = [
    "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "http://hl7.org/fhir/v3/ActReason",
    "urn:oid:2.16.840.1.113883.5.8",
];
const ACT_CODE: [&str; 3] = [
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "http://hl7.org/fhir/v3/ActCode",
    "urn:oid:2.16.840.1.113883.5.4",
];
const CONSENT_ACTION: [&str; 2] =
    ["http://terminology.hl7.org/CodeSystem/consentaction", "http://hl7.org/fhir/consentaction"];
const CONSENT_SCOPE: [&str; 2] =
    ["http://terminology.hl7.org/CodeSystem/consentscope", "http://hl7.org/fhir/consentscope"];
const RESOURCE_TYPES: [&str; 1] = ["http://hl7.org/fhir/resource-types"];

/// Codes of HL7's v3-ActReason that are research. Others of its branch, as marketing research, are not.
const RESEARCH: [&str; 4] = ["HRESCH", "BIORCH", "CLINTRCH", "DSRCH"];
/// Codes of it that are something else.
const ELSEWHERE: [&str; 14] = [
    "TREAT",
    "ETREAT",
    "CAREMGT",
    "CLINTRL",
    "HPAYMT",
    "HOPERAT",
    "HMARKT",
    "PUBHLTH",
    "PATRQT",
    "FAMRQT",
    "PATADMIN",
    "HSYSADMIN",
    "COVERAGE",
    "ETREATMENT",
];
