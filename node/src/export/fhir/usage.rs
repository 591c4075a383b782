//! A query that the patient was selected for, as an audit event.

use serde_json::json;

use super::super::Use;
use super::Writer;
use super::consent::instant;
use crate::clinic::ChargeState;
use crate::import::fhir::names;

/// One selection: for which study and query, when, at what price, and how it ended.
pub(super) fn write(writer: &mut Writer<'_>, used: &Use) {
    let ended = match used.state {
        ChargeState::Open => "open".to_owned(),
        ChargeState::Released { release } => format!("released {}", release.hex()),
        ChargeState::NotCounted => "not counted, given back".to_owned(),
        ChargeState::Forgotten => "charged after a recovery of the clinic".to_owned(),
        ChargeState::NoRelease => "no release, given back".to_owned(),
    };
    let named = |system: &str, value: String| json!({ "identifier": { "system": system, "value": value } });
    let body = json!({
        "type": { "system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110112", "display": "Query" },
        "action": "E",
        "recorded": instant(used.at),
        "purposeOfEvent": [{ "coding": [
            { "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HRESCH" }] }],
        "agent": [{ "who": named(names::STUDY, used.study.hex()), "requestor": true }],
        "source": { "observer": named(names::CLINIC, writer.held.clinic.to_string()) },
        "entity": [
            { "what": writer.patient() },
            { "what": named(names::QUERY, used.query.hex()), "detail": [
                { "type": "rho_micro", "valueString": used.rho.0.to_string() },
                { "type": "ended", "valueString": ended }] },
        ],
    });
    writer.write("AuditEvent", &format!("query {}", used.query.hex()), false, body);
}
