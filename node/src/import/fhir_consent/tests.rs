use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::{Action, Disclosure, Grant, Statement, Witness};
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Signer;
use zeroize::Zeroizing;

use super::{ConsentDefaults, ConsentOutcome, Due, ImportedConsent, read_consents};

/// 15 February 2026.
const NOW: Moment = Moment(1_771_113_600_000);

/// 3 January 2026, the day on which those of the table were given.
const GIVEN: Moment = Moment(1_767_398_400_000);

fn defaults() -> ConsentDefaults<'static> {
    ConsentDefaults { now: NOW, rho_year: RhoMicro(500_000), identifier_system: None }
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
    /// `nothing`, and what the resources came to.
    want: String,
    resources: Value,
}

fn variants() -> Vec<Variant> {
    serde_json::from_str(include_str!("variants.json")).unwrap()
}

#[test]
fn every_variant_comes_to_what_it_says() {
    let variants = variants();
    assert!(variants.len() >= 110, "{}", variants.len());
    for Variant { why, want, resources } in variants {
        let imported = read(&resources);
        assert_eq!(imported.len(), 1, "{why}");
        let ImportedConsent { pseudonym, outcome, resources } = &imported[0];
        assert_eq!(pseudonym, "P1", "{why}");
        assert!(resources.iter().all(|read| !read.why.is_empty()), "{why}");
        let came_to = || resources.iter().map(|read| read.came_to).collect::<BTreeSet<_>>();
        match outcome {
            ConsentOutcome::Grant { grant, .. } => said_is(grant, &want, &why),
            ConsentOutcome::Withdrawal { .. } | ConsentOutcome::Ended | ConsentOutcome::Nothing => {
                let (first, rest) = want.split_once(' ').unwrap();
                let word = if *outcome == ConsentOutcome::Nothing { "nothing" } else { "withdrawal" };
                assert_eq!((word, came_to()), (first, rest.split(' ').collect()), "{why}: {resources:?}");
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
        assert_eq!(grant.not_after.since(GIVEN).0 / 86_400_000, 730, "{why}: two years from the day it was given");
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
        ConsentOutcome::Grant { grant, .. } => Some(grant),
        ConsentOutcome::Withdrawal { .. } | ConsentOutcome::Ended | ConsentOutcome::Nothing => None,
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
        ("two who differ", json!({ "reference": "Patient/P1", "identifier": { "system": "urn:ssn", "value": "BOB" } })),
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

#[test]
fn a_pseudonym_that_is_told_in_two_ways_is_told_in_none() {
    let patient = |identifiers: Value| json!({ "resourceType": "Patient", "id": "x", "identifier": identifiers });
    let of = |system: &str, value: &str| json!({ "system": system, "value": value });
    let consent = json!({ "resourceType": "Consent", "status": "active", "patient": { "reference": "Patient/x" } });
    let other =
        json!({ "resourceType": "Consent", "status": "active", "patient": { "identifier": of("urn:a", "P1") } });
    let both = json!([of("urn:a", "P1"), of("urn:b", "P2")]);
    type Case = (&'static str, Vec<Value>, Option<&'static str>, Option<&'static str>);
    let cases: [Case; 9] = [
        ("one identifier", vec![patient(json!([of("urn:a", "P1")])), consent.clone()], None, Some("P1")),
        ("two, and none is named", vec![patient(both.clone()), consent.clone()], None, None),
        ("the named one of two", vec![patient(both.clone()), consent.clone()], Some("urn:b"), Some("P2")),
        ("a named one that nobody has", vec![patient(both), consent.clone()], Some("urn:c"), None),
        (
            "two Patients of one id",
            vec![patient(json!([of("urn:a", "P1")])), consent.clone(), patient(json!([of("urn:a", "P2")]))],
            None,
            None,
        ),
        ("no list", vec![patient(of("urn:a", "P1")), consent.clone()], None, None),
        ("an id of the other system's, where a system is named", vec![consent], Some("urn:a"), None),
        ("by identifier of the named system", vec![other.clone()], Some("urn:a"), Some("P1")),
        ("by identifier of another system", vec![other], Some("urn:b"), None),
    ];
    for (why, resources, system, want) in cases {
        let text = json!({ "resourceType": "Bundle", "entry": entries(&Value::from(resources)) }).to_string();
        let told = read_consents(&[text.as_bytes()], ConsentDefaults { identifier_system: system, ..defaults() });
        assert_eq!(told.ok().map(|told| told[0].pseudonym.clone()), want.map(str::to_owned), "{why}");
    }
}

/// What the ledger has: `grant`, `paper`, `import` (on paper, from FHIR), `no`, `paper-no`, each `@` the day on which it
/// was signed; the imported ones were given on the day before.
fn said(words: &str) -> Vec<Statement> {
    let one = |word: &str| {
        let (verb, at) = word.split_once('@').unwrap();
        let made_at = day(at.parse().unwrap());
        let key = Signer::from_seed(&Zeroizing::new([9; 32])).principal();
        let action = match verb {
            "no" | "paper-no" => Action::Revoke(sumac_protocol::document::consent::Revoke { purposes: None }),
            _ => Action::Grant(given(made_at, Moment(made_at.0 - 86_400_000), verb == "import")),
        };
        let witness = verb.contains('p').then(|| Witness { by: key, form: "7".into() });
        Statement { clinic: key, patient: key, sequence: 0, previous: None, made_at, action, witness }
    };
    words.split_whitespace().map(one).collect()
}

fn given(signed: Moment, from: Moment, imported: bool) -> Grant {
    let text = serde_json::to_string(&variants()[0].resources[0]).unwrap();
    let ConsentOutcome::Grant { mut grant, .. } =
        read_consents(&[text.as_bytes()], defaults()).unwrap()[0].outcome.clone()
    else {
        panic!("a grant")
    };
    grant.not_before = if imported { from } else { signed };
    if !imported {
        grant.lay_text.version = "2".into();
    }
    grant
}

const fn day(number: u64) -> Moment {
    Moment(GIVEN.0 + number * 86_400_000)
}

#[test]
fn what_is_imported_counts_only_where_it_is_newer_than_what_the_ledger_has() {
    let grant = |at: u64| ConsentOutcome::Grant { grant: given(day(at), day(at), true), given: day(at) };
    let no = |at: Option<u64>| ConsentOutcome::Withdrawal { said_by: at.map(day) };
    let cases = [
        ("", "none", grant(5), "witness", "nothing was said yet"),
        ("import@6", "granted", grant(5), "stands", "the same again"),
        ("import@6", "expired", grant(5), "stands", "the same again, when it is over: it is not prolonged"),
        ("import@6", "granted", grant(4), "older", "an older one"),
        ("import@6", "granted", grant(7), "witness", "a newer one"),
        ("import@6 paper-no@8", "withdrawn", grant(5), "older", "the same file, after the patient withdrew on paper"),
        ("import@6 paper-no@8", "withdrawn", grant(8), "older", "on the day of the withdrawal"),
        ("import@6 paper-no@8", "withdrawn", grant(9), "witness", "a new form, after the withdrawal"),
        ("grant@6", "granted", grant(5), "older", "a form from before the patient's own word"),
        ("grant@6", "granted", no(Some(5)), "older", "an old no, after the patient signed a yes"),
        ("grant@6", "granted", no(Some(7)), "witness", "a newer no"),
        ("grant@6", "granted", no(None), "witness", "a no without a date is said now"),
        ("import@6", "granted", no(Some(4)), "older", "a no from before the form"),
        ("import@6 paper-no@8", "withdrawn", no(Some(9)), "stands", "no is no already"),
        ("import@6 paper-no@8", "withdrawn", no(None), "stands", "whenever it was said"),
        ("", "none", no(Some(1)), "witness", "a no is noted, also where nobody said yes"),
        ("import@6", "granted", ConsentOutcome::Ended, "witness", "what was given on paper was ended"),
        ("grant@6", "granted", ConsentOutcome::Ended, "nothing", "what the patient's key signed was not"),
        ("", "none", ConsentOutcome::Ended, "nothing", "nothing was given"),
        ("import@6", "granted", ConsentOutcome::Nothing, "nothing", "nothing asks for nothing"),
    ];
    for (words, standing, outcome, want, why) in cases {
        let said = said(words);
        let due = Due::of(&outcome, standing, &said.iter().collect::<Vec<_>>());
        let got = match due {
            Due::Witness(_) => "witness",
            Due::Stands => "stands",
            Due::Older { .. } => "older",
            Due::Nothing => "nothing",
        };
        assert_eq!(got, want, "{why}: `{words}`");
    }
}
