//! What a patient said, in the forms of other systems, and back.

use sumac_federation::trial::DICTIONARY;
use sumac_node::export::{fhir, iso27560};
use sumac_node::import::fhir_consent::{ConsentDefaults, ConsentOutcome, ImportedConsent, read_consents};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::consent::{Action, Grant, Who};
use sumac_protocol::document::study::ConsentCategory;

use super::rig::{Desk, grant, no, now, pia, stella, yes};

/// The Bundle of what P1 said, read again as a form of somebody else's.
fn there_and_back(desk: &Desk) -> ImportedConsent {
    let held = desk.clinic().held("P1", now()).unwrap().unwrap();
    let bundle = fhir::consents(&held, &Dictionary::parse(DICTIONARY).unwrap()).to_string();
    let defaults = ConsentDefaults { now: now(), rho_year: RhoMicro(1), identifier_system: None };
    let mut imported = read_consents(&[bundle.as_bytes()], defaults).unwrap();
    assert_eq!((imported.len(), imported[0].pseudonym.as_str()), (1, "P1"));
    imported.remove(0)
}

#[test]
fn a_grant_that_goes_out_as_fhir_comes_back_as_no_more_than_it_was() {
    let desk = Desk::new();
    let said = Grant {
        purposes: vec!["DS".into(), "POA".into()],
        diseases: vec!["MONDO:0002009".into()],
        modifiers: vec!["IRB".into(), "NCU".into()],
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes],
        ..grant()
    };
    desk.say(&pia(), Action::Grant(said.clone())).unwrap();
    let ConsentOutcome::Grant { grant: back, .. } = there_and_back(&desk).outcome else { panic!("a grant") };
    let mut purposes = back.purposes.clone();
    purposes.sort_unstable();
    assert_eq!(purposes, said.purposes);
    assert_eq!((&back.diseases, &back.modifiers), (&said.diseases, &said.modifiers));
    assert_eq!(back.categories, said.categories);
    assert_eq!(back.not_after, said.not_after);
    assert!(back.not_before > said.not_before, "never before it was signed");
    desk.say(&pia(), Action::Grant(Grant { who: Who::AcademicOnly, ..grant() })).unwrap();
    assert_eq!(
        there_and_back(&desk).outcome,
        ConsentOutcome::Ended,
        "who may ask has no word in FHIR, so nothing is allowed, and the grant before it has ended"
    );
    desk.say(&pia(), no()).unwrap();
    assert!(matches!(there_and_back(&desk).outcome, ConsentOutcome::Withdrawal { said_by: Some(_) }));
}

#[test]
fn a_record_after_iso_27560_names_every_event_and_the_state_they_lead_to() {
    let desk = Desk::new();
    let record = || iso27560::record(&desk.clinic().held("P1", now()).unwrap().unwrap(), "Harbour", now());
    assert_eq!(
        (&record()["consent_state"], &record()["purposes"]),
        (&"consent_unknown".into(), &serde_json::json!([]))
    );
    desk.say(&pia(), yes()).unwrap();
    let given = record();
    assert_eq!(given["consent_state"], "consent_given");
    assert_eq!(given["pii_principal_id"], pia().principal().to_string());
    assert_eq!(given["pii_controllers"][0]["party_name"], "Harbour");
    let purpose = &given["purposes"][0];
    assert_eq!((&purpose["purpose"], &purpose["lawful_basis"]), (&"DUO:HMB".into(), &"consent".into()));
    for name in ["schema_version", "record_id", "privacy_notice", "withdrawal_method"] {
        assert!(!given[name].is_null(), "{name}");
    }
    desk.paper(&stella(), &pia().principal(), no()).unwrap();
    let ended = record();
    assert_eq!(ended["consent_state"], "consent_withdrawn");
    let states: Vec<&str> =
        ended["events"].as_array().unwrap().iter().map(|event| event["event_state"].as_str().unwrap()).collect();
    assert_eq!(states, ["consent_given", "consent_withdrawn"]);
    assert_eq!(ended["events"][1]["event_by"]["method"], "paper");
    assert_ne!(ended["record_id"], given["record_id"]);
}

#[test]
fn what_was_revoked_in_part_is_in_force_in_no_list_and_no_export() {
    let desk = Desk::new();
    desk.say(&pia(), Action::Grant(Grant { purposes: vec!["GRU".into()], ..grant() })).unwrap();
    desk.say(&pia(), Action::Revoke(sumac_protocol::document::consent::Revoke { purposes: Some(vec!["HMB".into()]) }))
        .unwrap();
    assert_eq!(desk.line("P1").purposes, ["POA"]);
    let held = desk.clinic().held("P1", now()).unwrap().unwrap();
    let record = iso27560::record(&held, "Harbour", now());
    let purposes: Vec<&str> =
        record["purposes"].as_array().unwrap().iter().map(|purpose| purpose["purpose"].as_str().unwrap()).collect();
    assert_eq!(purposes, ["DUO:POA"]);
    let ConsentOutcome::Grant { grant: back, .. } = there_and_back(&desk).outcome else { panic!("a grant") };
    assert_eq!(back.purposes, ["POA"]);
}
