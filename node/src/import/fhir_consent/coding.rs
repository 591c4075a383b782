//! Codings of a Consent, looked up in the systems that say something about research.

use serde_json::Value;
use sumac_protocol::document::duo::{Permission, is_modifier, shorthand};
use sumac_protocol::document::study::ConsentCategory;

/// One code with its system; the system is empty where none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code<'v> {
    pub(super) system: &'v str,
    pub(super) code: &'v str,
}

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

/// The codes of a Coding.
pub(super) fn of_coding(coding: &Value) -> Option<Code<'_>> {
    let code = coding.get("code").and_then(Value::as_str)?;
    Some(Code { system: coding.get("system").and_then(Value::as_str).unwrap_or_default(), code })
}

/// The codes of a CodeableConcept: different words for one thing.
pub(super) fn of_concept(concept: &Value) -> Vec<Code<'_>> {
    concept.get("coding").and_then(Value::as_array).into_iter().flatten().filter_map(of_coding).collect()
}

/// What the codes of one concept say, if one of them can be understood; the first one.
pub(super) fn term(codes: &[Code<'_>]) -> Option<Term> {
    codes.iter().find_map(|Code { system, code }| {
        if system.contains("/duo") || code.starts_with("DUO") {
            let id = code.replace('_', ":");
            let short = shorthand(&id)?;
            return Permission::from_code(short)
                .map(Term::Permission)
                .or_else(|| is_modifier(short).then_some(Term::Modifier(short)));
        }
        let disease = code.replace('_', ":");
        let digits = disease.strip_prefix("MONDO:")?;
        let is_number = digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(Term::Disease(disease))
    })
}

/// Whether a purpose of use is research; none if it is not known.
pub(super) fn is_research(code: &str) -> Option<bool> {
    if RESEARCH.contains(&code) {
        return Some(true);
    }
    ELSEWHERE.contains(&code).then_some(false)
}

/// Which kinds of record a class of resources touches; none if the class is not known.
pub(super) fn categories(class: &str) -> Option<&'static [ConsentCategory]> {
    use ConsentCategory::{AdverseEvents, Demographics, Outcomes, Treatment};
    match class {
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
