//! A statement of consent or withdrawal, with the document as it was signed.
//!
//! A reader's copy: where it is read back, it is a form that staff witness, and no patient's signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sumac_protocol::document::consent::{Action, Disclosure, Grant, Who};
use sumac_protocol::document::duo::{MODIFIERS, PERMISSIONS};
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::moment::Moment;

use super::super::HeldStatement;
use super::Writer;
use super::wording::hl7;
use crate::import::fhir::date_of;

/// One statement. Only the last grant can be in force, for what is left of it, and only if the patient stands so now; a
/// grant that counts from later on is no more than proposed.
pub(super) fn write(writer: &mut Writer<'_>, statement: &HeldStatement, last: bool, last_grant: bool) {
    let (says, held) = (&statement.says, writer.held);
    let status = match (&says.action, held.standing.as_str()) {
        (Action::Grant(_), "granted") if last_grant => "active",
        (Action::Grant(_), "not_yet") if last_grant => "proposed",
        (Action::Revoke(_) | Action::Erase, "withdrawn" | "erased" | "contradictory" | "none") if last => "active",
        (Action::Grant(_) | Action::Revoke(_) | Action::Erase, _) => "inactive",
    };
    let in_force = matches!(status, "active" | "proposed");
    let (rule, provision) = match &says.action {
        Action::Grant(grant) if in_force => {
            ("OPTIN", permit(&Grant { purposes: held.purposes.clone(), ..grant.clone() }))
        }
        Action::Grant(grant) => ("OPTIN", permit(grant)),
        Action::Revoke(_) | Action::Erase => ("OPTOUT", json!({ "type": "deny" })),
    };
    let document = STANDARD.encode(statement.document.to_json());
    let body = json!({
        "status": status,
        "scope": hl7("http://terminology.hl7.org/CodeSystem/consentscope", "research"),
        "category": [hl7("http://loinc.org", "59284-0")],
        "patient": writer.patient(),
        "dateTime": instant(says.made_at),
        "policyRule": hl7("http://terminology.hl7.org/CodeSystem/v3-ActCode", rule),
        "sourceAttachment": { "contentType": "application/json", "title": "signed statement (DSSE)", "data": document },
        "provision": provision,
    });
    writer.write("Consent", &format!("statement {}", statement.position), false, body);
}

/// What a grant permits, in the terms that FHIR, DUO and Mondo have for it. Where they have none, as for who may ask, it
/// says so as an actor, which a reader that does not know it has to take for a no. The signed document says the rest.
fn permit(grant: &Grant) -> Value {
    let duo = grant.purposes.iter().chain(&grant.modifiers).filter_map(|code| duo(code));
    let diseases = grant.diseases.iter().map(|code| hl7("http://purl.obolibrary.org/obo/mondo.owl", code));
    let mut provision = json!({
        "type": "permit",
        "period": { "start": instant(grant.not_before), "end": instant(grant.not_after) },
        "code": duo.chain(diseases).collect::<Vec<_>>(),
    });
    let Value::Object(elements) = &mut provision else { return provision };
    let classes: Vec<Value> = grant.categories.iter().copied().map(class).collect();
    if classes.len() < CATEGORIES {
        elements.insert("class".to_owned(), classes.into());
    }
    let who = match &grant.who {
        Who::AnyStudy => None,
        Who::AcademicOnly => Some("academic organisations only".to_owned()),
        Who::Studies(ids) => Some(format!("these studies only: {}", ids.join(", "))),
    };
    if let Some(who) = who {
        let role = hl7("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP");
        elements.insert("actor".to_owned(), json!([{ "role": role, "reference": { "display": who } }]));
    }
    if grant.disclosure == Disclosure::DpOnly {
        let action = hl7("http://terminology.hl7.org/CodeSystem/consentaction", "disclose");
        elements.insert("provision".to_owned(), json!([{ "type": "deny", "action": [action] }]));
    }
    provision
}

/// The class of resources that stands for a kind of record.
fn class(category: ConsentCategory) -> Value {
    let code = match category {
        ConsentCategory::Demographics => "Patient",
        ConsentCategory::Treatment => "MedicationAdministration",
        ConsentCategory::Outcomes => "Observation",
        ConsentCategory::AdverseEvents => "AdverseEvent",
    };
    json!({ "system": "http://hl7.org/fhir/resource-types", "code": code })
}

/// How many kinds of record there are.
const CATEGORIES: usize = 4;

/// A DUO term by its shorthand.
fn duo(shorthand: &str) -> Option<Value> {
    let modifiers = MODIFIERS.iter().map(|(short, id, _)| (*short, *id));
    let (_, id) = PERMISSIONS.into_iter().chain(modifiers).find(|(short, _)| *short == shorthand)?;
    Some(hl7("http://purl.obolibrary.org/obo/duo.owl", id))
}

/// A moment as FHIR writes it, in UTC.
pub(crate) fn instant(at: Moment) -> String {
    const DAY_MS: u64 = 86_400_000;
    let date = i32::try_from(at.0 / DAY_MS).ok().and_then(date_of).map_or_else(String::new, |date| date.to_string());
    let ms = at.0 % DAY_MS;
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    format!("{date}T{:02}:{:02}:{:02}.{ms:03}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::{Moment, instant};

    #[test]
    fn a_moment_is_written_in_utc_to_the_millisecond() {
        assert_eq!(instant(Moment(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(instant(Moment(1_767_606_000_025)), "2026-01-05T09:40:00.025Z");
    }
}
