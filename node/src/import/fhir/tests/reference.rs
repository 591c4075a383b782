//! Files that others wrote, where they lie: `SUMAC_REFERENCE_DATA` names the folder.

use std::path::PathBuf;

use sumac_protocol::record::{Assessment, Event, FieldValue, Grams, Micrograms, Session, Vitals};

use super::super::tally::Aside;
use super::{Basket, FhirTold, TODAY, import};

/// The folder of reference files, or a line that says there is none.
fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("SUMAC_REFERENCE_DATA").map(|root| PathBuf::from(root).join("fhir"));
    if folder.as_ref().is_none_or(|folder| !folder.is_dir()) {
        eprintln!("skipped: SUMAC_REFERENCE_DATA names no folder with fhir files");
        return None;
    }
    folder
}

fn show(what: &str, told: &FhirTold, basket: &Basket) {
    eprintln!("{what}: {} files, {} resources, {} patients", told.files, told.resources, told.patients);
    for (kind, count) in &told.taken {
        eprintln!("  taken     {count:4} {kind}");
    }
    for ((kind, why), count) in &told.aside {
        eprintln!("  not taken {count:4} {kind}: {why}");
    }
    for ((of, code), count) in &told.unknown {
        eprintln!("  unknown   {count:4} {of}: {code}");
    }
    for reject in &basket.rejects {
        eprintln!("  rejected  {} {} {:?}: {}", reject.resource, reject.path, reject.value, reject.why);
    }
}

#[test]
fn the_worked_course_is_read_in_full() {
    let Some(folder) = reference() else { return };
    let path = folder.join("course-bundle/sample_course_bundle.json");
    let (told, basket) = import(&[path], "urn:x-federation:course-pseudonym", TODAY).unwrap();
    show("course-bundle", &told, &basket);
    assert_eq!(basket.rejects, []);
    assert_eq!(basket.records.keys().collect::<Vec<_>>(), ["b7c1"]);
    let course = basket.course();
    assert_eq!(course.id, "e1");
    let code = |text: &str| FieldValue::Category(text.to_owned());
    let fields = [
        ("age_band", code("30-44")),
        ("indication", code("mdd")),
        ("molecule", code("racemic")),
        ("paradigm", code("infusion")),
        ("route", code("iv")),
        ("sex", code("female")),
    ];
    assert_eq!(course.fields, fields.map(|(id, value)| (id.to_owned(), value)).into());
    let items = [3, 3, 2, 2, 2, 3, 2, 1, 1].map(Some).to_vec();
    let assessments = [
        Assessment::total("GAD-7", -1, 13),
        Assessment { items, ..Assessment::total("PHQ-9", -1, 19) },
        Assessment::total("PHQ-9", 32, 7),
    ];
    assert_eq!(course.assessments, assessments);
    let session = Session {
        number: 1,
        day: 0,
        kind: "dosing".into(),
        route: Some("iv".into()),
        molecule: Some("racemic".into()),
        dose_ug: Some(Micrograms(36_000)),
        minutes: Some(40),
        weight_g: Some(Grams(72_000)),
        vitals: Vitals {
            systolic_before: None,
            systolic_highest: Some(138),
            spo2_lowest: Some(98),
            heart_rate_highest: Some(84),
        },
        ..Session::default()
    };
    assert_eq!(course.sessions, [session]);
    let event = Event {
        day: 0,
        kind: "nausea".into(),
        severity: Some("mild".into()),
        serious: Some(false),
        resolved: Some(true),
        onset_minutes: Some(30),
        session: Some(1),
        ..Event::default()
    };
    assert_eq!(course.events, [event]);
    assert_eq!(told.aside.get(&("Consent".to_owned(), Aside::Consent)), Some(&1), "counted, and never a grant");
    assert_eq!(told.resources, 15);
}

#[test]
fn the_same_course_in_single_files_gives_the_same_record() {
    let Some(folder) = reference() else { return };
    // These refer to each other by the Bundle's URLs, which single files do not have.
    let (told, basket) = import(&[folder.join("course-bundle")], "urn:x-federation:course-pseudonym", TODAY).unwrap();
    show("course-bundle, all files", &told, &basket);
    assert_eq!(basket.records.len(), 1, "the Bundle's patient, once");
    assert_eq!(basket.course().sessions.len(), 1);
}

#[test]
fn foreign_examples_are_counted_and_named_without_a_record() {
    let Some(folder) = reference() else { return };
    let (told, basket) = import(&[folder.join("us-core")], "http://hospital.smarthealthit.org", TODAY).unwrap();
    show("us-core", &told, &basket);
    assert!(basket.records.is_empty(), "nobody there was given ketamine");
    assert_eq!(told.resources, 37);
}
