//! What staff witness: forms on paper, and FHIR Consents.

use serde_json::{Value, json};

use crate::rig::{Desk, refused};

/// Whose key, for whom, with which words; the exit, the code if it has one, and why.
type Case<'a> = (&'a str, &'a str, &'a [&'a str], i32, &'a str, &'a str);

#[test]
fn what_staff_witness_counts_and_what_they_may_not_witness_changes_nothing() {
    let desk = Desk::open();
    let (anna, stranger) = (desk.path("anna.key"), desk.path("stranger.key"));
    let (name, nothing) = (desk.patients[0].clone(), desk.path("nothing.key"));
    let grant = ["--form", "paper 7", "--purpose", "HMB"];
    let witness = |key: &str, name: &str, words: &[&str]| {
        desk.consent(&[&["witness", "--yes", "--key", key, "--pseudonym", name], words].concat())
    };
    let control = "two\nlines";
    let cases: [Case<'_>; 9] = [
        (&stranger, &name, &grant, 1, "statement-no-staff", "somebody who does not work here"),
        (&anna, "nobody", &grant, 1, "no-such-patient", "an unknown patient"),
        (&nothing, &name, &grant, 1, "file", "no key at all"),
        (&anna, &name, &["--form", "paper 7"], 2, "", "neither a grant nor a withdrawal"),
        (&anna, &name, &["--form", "7", "--purpose", "HMB", "--revoke"], 2, "", "both"),
        (&anna, &name, &["--form", "7", "--purpose", "DS"], 1, "statement-no-disease", "no disease"),
        (&anna, &name, &["--form", "7", "--purpose", "FAME"], 1, "statement-unknown-code", "no such purpose"),
        (&anna, &name, &["--form", "7", "--purpose", "HMB", "--days", "4000"], 2, "", "for ever"),
        (&anna, &name, &["--form", control, "--purpose", "HMB"], 1, "statement-text", "a form of two lines"),
    ];
    for (key, name, words, exit, code, why) in cases {
        let ended = witness(key, name, words);
        if code.is_empty() {
            assert_eq!(ended.exit, Some(exit), "{why}: {}", ended.text());
        } else {
            refused(&ended, exit, code, why);
        }
    }
    assert_eq!(desk.statements(), 0, "nothing was added");

    let said = witness(&anna, &name, &grant);
    assert_eq!(said.exit, Some(0), "{}", said.text());
    assert!(said.text().contains("acknowledged at position 0") && said.text().contains("You can say no at any time"));
    let line = desk.line(&name);
    assert_eq!((line.standing.as_str(), line.on_paper, line.days_left), ("granted", true, Some(729)), "{line:?}");
    let soon = desk.consent(&["list", "--expiring", "30", "--format", "json"]).json::<Vec<Value>>();
    assert!(soon.is_empty(), "nobody's grant ends within a month: {soon:?}");
    assert_eq!(witness(&desk.path("ben.key"), &name, &["--form", "paper 8", "--revoke"]).exit, Some(0));
    assert_eq!(desk.line(&name).standing, "withdrawn");
}

#[test]
fn a_key_of_the_patients_own_is_not_overruled_by_paper_that_says_more() {
    let desk = Desk::open();
    let (anna, name) = (desk.path("anna.key"), desk.patients[0].clone());
    let key = desk.granted(&name, "pia");
    let witness =
        |words: &[&str]| desk.consent(&[&["witness", "--yes", "--key", &anna, "--pseudonym", &name], words].concat());
    refused(&witness(&["--form", "7", "--purpose", "GRU"]), 1, "statement-out-of-line", "more than was granted");
    assert_eq!(witness(&["--form", "8", "--revoke"]).exit, Some(0), "paper may end anything");
    assert_eq!(desk.line(&name).standing, "withdrawn");
    refused(&witness(&["--form", "9", "--purpose", "HMB"]), 1, "statement-out-of-line", "more than nothing");
    assert_eq!(desk.at_home(&key, &["grant"]).exit, Some(0), "the key may");
    assert_eq!(desk.line(&name).standing, "granted");
}

/// A FHIR Consent to health research, or against it.
fn consent(pseudonym: &str, way: &str) -> Value {
    json!({
        "resourceType": "Consent", "status": "active", "dateTime": "2026-01-03",
        "scope": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "research" }] },
        "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
        "patient": { "reference": format!("Patient/{pseudonym}") },
        "provision": { "type": way, "code": [{ "coding": [
            { "system": "http://purl.obolibrary.org/obo/duo.owl", "code": "DUO:0000006" }] }] },
    })
}

fn bundle(resources: &[Value]) -> String {
    let entries: Vec<Value> = resources.iter().map(|resource| json!({ "resource": resource })).collect();
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries }).to_string()
}

#[test]
fn fhir_consents_are_witnessed_by_staff_and_what_is_garbled_or_forged_allows_nothing() {
    let desk = Desk::open();
    let (anna, stranger) = (desk.path("anna.key"), desk.path("stranger.key"));
    let [yes, no, both] = [0, 1, 2].map(|at| desk.patients[at].clone());
    let good =
        bundle(&[consent(&yes, "permit"), consent(&no, "deny"), consent(&both, "permit"), consent(&both, "deny")]);
    let good = desk.write("good.json", good);
    let mut unnamed = consent(&yes, "permit");
    unnamed["patient"] = json!({ "display": "somebody" });
    let twice = consent(&yes, "permit").to_string().replacen('{', "{\"status\":\"inactive\",", 1);
    let cases = [
        ("cut off", bundle(&[consent(&yes, "permit")])[..300].to_owned(), "fhir-consent-no-json"),
        ("no JSON", "yes, of course".to_owned(), "fhir-consent-no-json"),
        ("a name twice", twice, "fhir-consent-no-json"),
        ("nobody's", bundle(&[unnamed]), "fhir-consent-no-patient"),
        ("no consent", bundle(&[json!({ "resourceType": "Patient", "id": "P1" })]), "fhir-consent-none"),
    ];
    for (why, content, code) in &cases {
        let bad = desk.write("bad.json", content);
        refused(&desk.consent(&["import", &bad, "--key", &anna, "--yes"]), 1, code, why);
    }
    for (why, content, code) in cases.into_iter().take(4) {
        // The good file before it is not signed either.
        let bad = desk.write("bad.json", content);
        refused(&desk.consent(&["import", &good, &bad, "--key", &anna, "--yes"]), 1, code, why);
    }
    refused(&desk.consent(&["import", &good, "--key", &stranger, "--yes"]), 1, "not-witnessed", "signed by a stranger");
    assert_eq!(desk.consent(&["import", &good]).exit, Some(2), "a folder without a key");
    let read = desk.clinics.done(&["consent", "import", &good]);
    assert!(read.text().contains("nothing was signed"), "{}", read.text());
    assert_eq!(desk.statements(), 0, "nothing was added");

    // What cannot be understood means no; who is not known here holds up nobody else.
    let mut forged = consent(&yes, "permit");
    forged["modifierExtension"] = json!([{ "url": "http://example.org/not-really", "valueBoolean": true }]);
    let forged = desk.write("forged.json", bundle(&[consent("nobody", "permit"), forged]));
    let ended = desk.consent(&["import", &forged, "--key", &anna, "--yes"]);
    refused(&ended, 1, "not-witnessed", "an unknown patient");
    assert!(ended.text().contains("nobody"), "{}", ended.text());
    assert_eq!(desk.line(&yes).standing, "withdrawn", "a modifier that nobody understands");
    desk.done(&["import", &good, "--key", &anna, "--yes"]);
    for (name, standing) in [(&yes, "granted"), (&no, "withdrawn"), (&both, "withdrawn")] {
        let line = desk.line(name);
        assert_eq!((line.standing.as_str(), line.on_paper), (standing, true), "{line:?}");
    }
}
