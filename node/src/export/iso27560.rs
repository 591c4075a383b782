//! What a patient consented to, as a record after ISO/IEC TS 27560:2023.
//!
//! Field names follow the specification's: a record with its schema version, the principal, the controller, purposes
//! with their lawful basis, and the events that led here. The specification sets no serialisation; this one is JSON.
//! A reader's copy: the statements that were signed are the truth, and each event names its own by digest.

use serde_json::{Value, json};
use sumac_protocol::document::consent::{Action, Disclosure, Grant, Statement, Who};
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::moment::Moment;

use super::fhir::instant;
use super::{Held, HeldStatement};

/// The record of one patient at a moment. The controller's name is the charter's.
#[must_use]
pub fn record(held: &Held, controller: &str, now: Moment) -> Value {
    let grants = || held.statements.iter().filter_map(|statement| granted(&statement.says));
    let latest = grants().next_back();
    let in_force = held.standing == "granted";
    let purposes: Vec<Value> =
        latest.map(|grant| held.purposes.iter().map(|code| purpose(code, grant)).collect()).unwrap_or_default();
    let events: Vec<Value> = held.statements.iter().map(event).collect();
    let last = held.statements.last().map(|statement| statement.document.digest().hex());
    json!({
        "schema_version": SCHEMA,
        "record_id": last,
        "record_created": instant(now),
        "pii_principal_id": held.key.map(|key| key.to_string()),
        "pii_controllers": [{ "party_id": held.clinic.to_string(), "party_name": controller, "party_type": "controller" }],
        "privacy_notice": latest.map(|grant| json!({
            "version": grant.lay_text.version,
            "language": grant.lay_text.language,
            "digest": grant.lay_text.digest.hex(),
        })),
        "consent_state": state(held),
        "consent_in_force": in_force,
        "purposes": purposes,
        "withdrawal_method": "a signed statement with the same key, at any time, or on paper with the clinic's staff; \
                              it needs no reason",
        "privacy_rights": ["withdraw", "access", "erasure"],
        "jurisdiction": Value::Null,
        "events": events,
    })
}

/// One purpose of a grant.
fn purpose(code: &str, grant: &Grant) -> Value {
    let categories: Vec<&str> = grant.categories.iter().map(|category| name(*category)).collect();
    let recipients = match &grant.who {
        Who::AnyStudy => json!("any study that the federation's stewards put in force"),
        Who::AcademicOnly => json!("studies of academic organisations"),
        Who::Studies(ids) => json!(ids),
    };
    let methods = match grant.disclosure {
        Disclosure::DpOnly => "sums over many patients, with noise (differential privacy)",
        Disclosure::ExactAlso => "sums over many patients, with noise, and in exact studies without",
    };
    json!({
        "purpose": format!("DUO:{code}"),
        "purpose_type": "research",
        "diseases": grant.diseases,
        "conditions": grant.modifiers,
        "lawful_basis": "consent",
        "pii_information": categories,
        "sensitive_pii_category": "health",
        "processing_methods": [methods],
        "recipient_third_parties": recipients,
        "storage_locations": ["the clinic's own node"],
        "valid_from": instant(grant.not_before),
        "valid_until": instant(grant.not_after),
        "privacy_cost_max_per_365_days": grant.rho_year.to_string(),
    })
}

/// One statement as an event.
fn event(statement: &HeldStatement) -> Value {
    let says = &statement.says;
    let (kind, state) = match &says.action {
        Action::Grant(_) => ("explicit_consent", "consent_given"),
        Action::Revoke(revoke) if revoke.purposes.is_some() => ("withdrawal_in_part", "consent_changed"),
        Action::Revoke(_) => ("withdrawal", "consent_withdrawn"),
        Action::Erase => ("withdrawal_and_erasure", "consent_withdrawn"),
    };
    let by = says.witness.as_ref().map_or_else(
        || json!({ "entity_id": says.patient.to_string(), "method": "signature" }),
        |witness| json!({ "entity_id": witness.by.to_string(), "method": "paper", "form": witness.form }),
    );
    json!({
        "event_id": statement.document.digest().hex(),
        "event_time": instant(says.made_at),
        "event_type": kind,
        "event_state": state,
        "event_by": by,
        "ledger_position": statement.position,
    })
}

/// The state in the specification's words.
fn state(held: &Held) -> &'static str {
    match held.standing.as_str() {
        "granted" => "consent_given",
        "not_yet" => "consent_not_yet_valid",
        "expired" => "consent_expired",
        "withdrawn" | "erased" => "consent_withdrawn",
        "contradictory" => "consent_invalidated",
        _ => "consent_unknown",
    }
}

const fn granted(says: &Statement) -> Option<&Grant> {
    match &says.action {
        Action::Grant(grant) => Some(grant),
        Action::Revoke(_) | Action::Erase => None,
    }
}

const fn name(category: ConsentCategory) -> &'static str {
    match category {
        ConsentCategory::Demographics => "demographics",
        ConsentCategory::Treatment => "treatment",
        ConsentCategory::Outcomes => "outcomes",
        ConsentCategory::AdverseEvents => "adverse events",
    }
}

/// The specification and the version of this serialisation.
const SCHEMA: &str = "ISO/IEC TS 27560:2023; sumac 1";
