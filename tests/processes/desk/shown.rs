//! What the clinic shows of its ledger, and what others check of it without asking anybody.

use std::fs;

use serde_json::Value;

use crate::rig::{Desk, altered, refused};

/// A patient's statement with its receipt, as the patient's program kept them.
fn kept(key: &str) -> (std::path::PathBuf, Value) {
    let files = fs::read_dir(format!("{key}.receipts")).unwrap().map(|entry| entry.unwrap().path());
    let file = files.into_iter().find(|path| path.to_str().unwrap().contains("receipt-")).unwrap();
    let kept = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    (file, kept)
}

#[test]
fn a_receipt_is_checked_offline_and_a_forged_one_is_refused_wherever_it_was_changed() {
    let desk = Desk::open();
    let key = desk.granted(&desk.patients[0].clone(), "pia");
    desk.granted(&desk.patients[1].clone(), "pat");
    let (_, kept) = kept(&key);
    let (receipt, statement) = (kept["receipt"].to_string(), kept["statement"].to_string());
    let (charter, said) = (desk.path("charter.json"), desk.write("statement.json", &statement));
    let verify = |receipt: &str, more: &[&str]| {
        desk.clinics.sumac(&[&["consent", "verify", receipt, "--charter", &charter], more].concat())
    };
    let good = desk.write("receipt.json", &receipt);
    let held = verify(&good, &["--statement", &said]);
    assert_eq!(held.exit, Some(0), "{}", held.text());
    assert!(held.text().contains("has the statement in its ledger, at position 0"), "{}", held.text());
    let forgeries = altered(&receipt, 23);
    assert!(forgeries.len() > 20, "{}", forgeries.len());
    for (at, forged) in forgeries {
        let ended = verify(&desk.write("forged.json", &forged), &["--statement", &said]);
        assert_eq!(ended.exit, Some(1), "changed at {at}: {}\n{forged}", ended.text());
        assert!(ended.text().contains("error["), "changed at {at}: {}", ended.text());
    }
    let other = self::kept(&desk.path("pat.key")).1;
    let other = desk.write("other.json", other["statement"].to_string());
    refused(&verify(&good, &["--statement", &other]), 1, "ledger-other-statement", "another's statement");
    refused(&verify(&said, &[]), 1, "ledger-bad-receipt", "the statement as its own receipt");
    refused(&verify(&desk.path("nothing.json"), &[]), 1, "file", "no such file");
    let ended = desk.clinics.sumac(&["consent", "verify", &good, "--charter", &said]);
    assert_eq!(ended.exit, Some(1), "a statement as the charter: {}", ended.text());
}

#[test]
fn a_ledger_only_grows_and_a_file_of_it_with_one_byte_changed_is_refused() {
    let desk = Desk::open();
    let key = desk.granted(&desk.patients[0].clone(), "pia");
    let (head, growth) = (desk.path("head.json"), desk.path("growth.json"));
    desk.done(&["ledger", "--out", &head]);
    refused(&desk.consent(&["ledger", "--out", &head]), 1, "file", "it is there already");
    desk.granted(&desk.patients[1].clone(), "pat");
    let grown = desk.done(&["ledger", "--since", &head, "--out", &growth]);
    assert!(grown.contains("only grew") && grown.contains("by 1 statement"), "{grown}");
    let text = fs::read_to_string(&head).unwrap();
    for (at, forged) in altered(&text, 23) {
        let ended = desk.consent(&["ledger", "--since", &desk.write("forged.json", &forged)]);
        assert_eq!(ended.exit, Some(1), "changed at {at}: {}\n{forged}", ended.text());
        assert!(ended.text().contains("error["), "changed at {at}: {}", ended.text());
    }
    let receipt = kept(&key).1;
    let (receipt, charter) = (desk.write("receipt.json", receipt["receipt"].to_string()), desk.path("charter.json"));
    let verify =
        |newer: &str| desk.clinics.sumac(&["consent", "verify", &receipt, "--charter", &charter, "--head", newer]);
    let held = verify(&growth);
    assert!(held.exit == Some(0) && held.text().contains("still begins with it"), "{}", held.text());
    assert_eq!(verify(&head).exit, Some(0), "the head alone does not contradict the receipt");
    let text = fs::read_to_string(&growth).unwrap();
    for (at, forged) in altered(&text, 31) {
        let ended = verify(&desk.write("forged.json", &forged));
        assert_eq!(ended.exit, Some(1), "changed at {at}: {}\n{forged}", ended.text());
    }
}

#[test]
fn a_patients_own_program_refuses_a_receipt_that_was_forged_in_its_folder() {
    let desk = Desk::open();
    let key = desk.granted(&desk.patients[0].clone(), "pia");
    desk.granted(&desk.patients[1].clone(), "pat");
    let good = desk.at_home(&key, &["receipts"]);
    assert!(good.exit == Some(0) && good.text().contains("the receipt holds"), "{}", good.text());
    let ((file, kept), (_, other)) = (kept(&key), self::kept(&desk.path("pat.key")));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut forged = kept.clone();
        change(&mut forged);
        forged.to_string()
    };
    let text = kept.to_string();
    let cases = [
        ("another's receipt", with(&|kept| kept["receipt"] = other["receipt"].clone())),
        ("another's statement", with(&|kept| kept["statement"] = other["statement"].clone())),
        ("another position", with(&|kept| kept["receipt"]["position"] = 1.into())),
        ("another salt", with(&|kept| kept["receipt"]["salt"] = other["receipt"]["salt"].clone())),
        ("another proof", with(&|kept| kept["receipt"]["proof"] = other["receipt"]["proof"].clone())),
        ("a head that nobody signed", with(&|kept| kept["receipt"]["head"]["signatures"] = Value::Array(Vec::new()))),
        ("cut off", text[..text.len() / 2].to_owned()),
        ("empty", String::new()),
    ];
    for (why, forged) in cases {
        fs::write(&file, &forged).unwrap();
        let ended = desk.at_home(&key, &["receipts"]);
        assert_eq!(ended.exit, Some(1), "{why}: {}\n{forged}", ended.text());
        assert!(ended.text().contains("error["), "{why}: {}", ended.text());
    }
    fs::write(&file, &text).unwrap();
    assert_eq!(desk.at_home(&key, &["receipts"]).exit, Some(0), "the true one again");
}

#[test]
fn a_patients_consents_are_exported_for_others_and_nobody_elses() {
    let desk = Desk::open();
    let name = desk.patients[0].clone();
    desk.granted(&name, "pia");
    let export = |name: &str, format: &str| desk.consent(&["export", "--pseudonym", name, "--format", format]);
    let fhir: Value = export(&name, "fhir").json();
    assert_eq!(fhir["resourceType"], "Bundle");
    let kinds =
        fhir["entry"].as_array().unwrap().iter().map(|entry| entry["resource"]["resourceType"].as_str().unwrap());
    assert_eq!(kinds.collect::<Vec<_>>(), ["Patient", "Consent"]);
    let iso: Value = export(&name, "iso27560").json();
    let key = desk.line(&name).key.unwrap().to_string();
    assert_eq!((&iso["pii_principal_id"], &iso["consent_state"]), (&key.into(), &"consent_given".into()), "{iso}");
    for other in desk.patients.iter().skip(1) {
        assert!(!fhir.to_string().contains(other) && !iso.to_string().contains(other), "{other} is in it");
    }
    refused(&export("nobody", "fhir"), 1, "no-such-patient", "an unknown patient");
    assert_eq!(export(&name, "pdf").exit, Some(2), "no such format");
}
