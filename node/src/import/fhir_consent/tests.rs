use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::{Action, Disclosure, Grant, Statement, Witness};
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Signer;
use zeroize::Zeroizing;

use super::{ConsentDefaults, ConsentOutcome, ImportedConsent, read_consents};

/// 15 February 2026.
const NOW: Moment = Moment(1_771_113_600_000);

fn defaults() -> ConsentDefaults {
    ConsentDefaults { now: NOW, rho_year: RhoMicro(500_000) }
}

fn read(resources: &Value) -> Vec<ImportedConsent> {
    let text = json!({ "resourceType": "Bundle", "entry": entries(resources) }).to_string();
    read_consents(&[text.as_bytes()], defaults()).unwrap()
}

fn entries(resources: &Value) -> Vec<Value> {
    resources.as_array().unwrap().iter().map(|resource| json!({ "resource": resource })).collect()
}

/// Consents, what they come to, and why that is so.
#[derive(Deserialize)]
struct Variant {
    why: String,
    /// `grant`, its codes, the number of its categories if not 4, and its end if it names one; or `withdrawal` or
    /// `nothing`, and what each resource came to.
    want: String,
    resources: Value,
}

fn variants() -> Vec<Variant> {
    serde_json::from_str(include_str!("variants.json")).unwrap()
}

#[test]
fn every_variant_comes_to_what_it_says() {
    let variants = variants();
    assert!(variants.len() >= 60, "{}", variants.len());
    for Variant { why, want, resources } in variants {
        let imported = read(&resources);
        assert_eq!(imported.len(), 1, "{why}");
        let ImportedConsent { pseudonym, outcome, resources } = &imported[0];
        assert_eq!(pseudonym, "P1", "{why}");
        assert!(resources.iter().all(|read| !read.why.is_empty()), "{why}");
        let came_to = || resources.iter().map(|read| read.came_to).collect::<BTreeSet<_>>();
        match outcome {
            ConsentOutcome::Grant(grant) => said_is(grant, &want, &why),
            ConsentOutcome::Withdrawal => {
                let (first, rest) = want.split_once(' ').unwrap();
                assert_eq!((first, came_to()), ("withdrawal", rest.split(' ').collect()), "{why}");
            }
            ConsentOutcome::Nothing => {
                assert_eq!((want.as_str(), came_to().len()), ("nothing not-about-research", 1), "{why}");
            }
        }
    }
}

fn said_is(grant: &Grant, want: &str, why: &str) {
    let mut said: BTreeSet<String> = BTreeSet::from(["grant".to_owned()]);
    said.extend(grant.purposes.iter().chain(&grant.modifiers).chain(&grant.diseases).cloned());
    if grant.categories.len() < 4 {
        said.insert(grant.categories.len().to_string());
    }
    let until = grant.not_after.to_string();
    if want.contains("until") {
        said.extend(["until".to_owned(), until.split(' ').next().unwrap().to_owned()]);
    } else {
        assert_eq!(grant.not_after.since(NOW).0 / 86_400_000, 730, "{why}: two years");
    }
    assert_eq!(said, want.split(' ').map(str::to_owned).collect(), "{why}");
    assert_eq!((grant.disclosure, grant.rho_year), (Disclosure::DpOnly, RhoMicro(500_000)), "{why}");
    let key = Signer::from_seed(&Zeroizing::new([9; 32])).principal();
    let statement = Statement {
        clinic: key,
        patient: key,
        sequence: 0,
        previous: None,
        made_at: NOW,
        action: Action::Grant(grant.clone()),
        witness: Some(Witness { by: key, form: "FHIR".into() }),
    };
    assert_eq!(statement.check(), Ok(()), "{why}: staff can witness it");
}

#[test]
fn a_resource_more_never_allows_more() {
    let of = |resources: &Value| match read(resources).remove(0).outcome {
        ConsentOutcome::Grant(grant) => Some(grant),
        ConsentOutcome::Withdrawal | ConsentOutcome::Nothing => None,
    };
    let one = |variant: &Variant| variant.resources.as_array().unwrap()[0].clone();
    let variants = variants();
    for a in &variants {
        for b in &variants {
            let (first, both) = (of(&json!([one(a)])), of(&json!([one(a), one(b)])));
            let (Some(first), Some(both)) = (first, both) else { continue };
            let why = format!("{} and {}", a.why, b.why);
            let includes = |broad: &str, narrow: &str| {
                use sumac_protocol::document::duo::Permission;
                Permission::from_code(broad).unwrap().includes(Permission::from_code(narrow).unwrap())
            };
            let purposes = both.purposes.iter().all(|new| first.purposes.iter().any(|old| includes(old, new)));
            let modifiers = first.modifiers.iter().all(|code| both.modifiers.contains(code));
            let categories = both.categories.iter().all(|category| first.categories.contains(category));
            assert!(purposes && modifiers && categories && both.not_after <= first.not_after, "{why}");
        }
    }
}

#[test]
fn patients_are_told_apart_however_they_are_named() {
    let consent = |patient: Value| {
        json!({
            "resourceType": "Consent", "id": "c", "status": "active", "patient": patient,
            "scope": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "research" }] },
            "provision": { "type": "deny" }
        })
    };
    let bundle = json!({ "resourceType": "Bundle", "entry": [
        { "fullUrl": "urn:uuid:7", "resource": { "resourceType": "Patient", "id": "x", "identifier": [{ "value": "P7" }] } },
        { "resource": consent(json!({ "reference": "urn:uuid:7" })) },
        { "resource": consent(json!({ "reference": "Patient/x" })) },
        { "resource": consent(json!({ "reference": "Patient/P8" })) },
        { "resource": consent(json!({ "identifier": { "value": "P9" } })) },
    ] });
    let imported = read_consents(&[bundle.to_string().as_bytes()], defaults()).unwrap();
    let found: Vec<_> = imported.iter().map(|one| (one.pseudonym.as_str(), one.resources.len())).collect();
    assert_eq!(found, [("P7", 2), ("P8", 1), ("P9", 1)]);
    for (why, patient) in [
        ("a Patient that is in no file", json!({ "reference": "urn:uuid:8" })),
        ("another kind of resource", json!({ "reference": "Group/1" })),
        ("no reference", json!({ "display": "Pia" })),
    ] {
        let refused = read_consents(&[consent(patient).to_string().as_bytes()], defaults()).unwrap_err();
        assert_eq!(refused.code(), "fhir-consent-no-patient", "{why}");
    }
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_counts_for_nothing() {
    let good = json!({ "resourceType": "Consent", "status": "active", "patient": { "reference": "Patient/P1" } });
    let twice = r#"{"resourceType":"Consent","status":"draft","status":"active"}"#;
    for (why, text, code) in [
        ("no JSON", "yes".to_owned(), "fhir-consent-no-json"),
        ("a name twice", twice.to_owned(), "fhir-consent-no-json"),
        ("a broken second line", format!("{good}\n{{"), "fhir-consent-no-json"),
        ("nothing", String::new(), "fhir-consent-none"),
        ("a Patient alone", json!({ "resourceType": "Patient" }).to_string(), "fhir-consent-none"),
    ] {
        let refused = read_consents(&[text.as_bytes()], defaults()).unwrap_err();
        assert_eq!(refused.code(), code, "{why}");
        assert!(!refused.remedy().is_empty());
    }
    let lines = format!("{good}\n\n{good}\n");
    assert_eq!(read_consents(&[lines.as_bytes()], defaults()).unwrap()[0].resources.len(), 2, "lines");
}
