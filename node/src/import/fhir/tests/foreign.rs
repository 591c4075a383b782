//! Courses as other systems write them: what belongs together, and what is unknown.

use serde_json::{Value, json};
use sumac_protocol::record::FieldValue;

use super::super::names;
use super::super::tally::Aside;
use super::{SYSTEM, TODAY, bundle, dose, episode, import, import_all, patient, phq9, with, without};

fn vital(id: &str, loinc: &str, at: &str, value: f64, unit: &str) -> Value {
    json!({ "resourceType": "Observation", "id": id, "status": "final",
            "subject": { "reference": "Patient/p" }, "effectiveDateTime": at,
            "code": { "coding": [{ "system": "http://loinc.org", "code": loinc }] },
            "valueQuantity": { "value": value, "unit": unit, "system": names::UCUM, "code": unit } })
}

#[test]
fn a_session_has_what_was_measured_before_and_during_it() {
    let resources = [
        patient("p", "P1"),
        dose("d", "p", "2026-01-05", 36.0),
        vital("a", "8480-6", "2026-01-05T08:40:00Z", 121.0, "mm[Hg]"),
        vital("b", "8480-6", "2026-01-05T08:55:00Z", 124.0, "mm[Hg]"),
        vital("c", "8480-6", "2026-01-05T09:20:00Z", 151.0, "mm[Hg]"),
        vital("d1", "8480-6", "2026-01-05T09:30:00Z", 147.0, "mm[Hg]"),
        vital("e", "8480-6", "2026-01-05T20:00:00Z", 180.0, "mm[Hg]"),
        vital("f", "2708-6", "2026-01-05T08:50:00Z", 90.0, "%"),
        vital("g", "2708-6", "2026-01-05T09:15:00Z", 94.0, "%"),
        vital("h", "8867-4", "2026-01-05T09:15:00Z", 99.0, "/min"),
        vital("i", "29463-7", "2026-01-05T08:00:00Z", 158.7, "[lb_av]"),
        vital("j", "29463-7", "2026-01-05T18:00:00Z", 75.0, "kg"),
        vital("k", "8867-4", "2026-01-09T09:15:00Z", 60.0, "/min"),
    ];
    let (told, basket) = import_all(&resources).unwrap();
    assert_eq!(basket.rejects, []);
    let session = &basket.course().sessions[0];
    let vitals = session.vitals;
    assert_eq!((vitals.systolic_before, vitals.systolic_highest), (Some(124), Some(151)), "not the evening's");
    assert_eq!((vitals.spo2_lowest, vitals.heart_rate_highest), (Some(94), Some(99)), "not before the dose");
    assert_eq!(session.weight_g.map(|weight| weight.0), Some(71_985), "the nearest, in pounds");
    assert_eq!(told.aside.get(&("Observation".to_owned(), Aside::NoSession)), Some(&3));
}

#[test]
fn doses_of_one_encounter_are_one_session_and_others_are_their_own() {
    let inside = |id: &str, start: &str, end: &str, mg: f64| {
        let one = with(dose(id, "p", "2026-01-05", mg), "/effectivePeriod", json!({ "start": start, "end": end }));
        with(one, "/context", json!({ "reference": "Encounter/v" }))
    };
    let resources = [
        patient("p", "P1"),
        inside("d1", "2026-01-05T09:00:00Z", "2026-01-05T09:02:00Z", 50.0),
        inside("d2", "2026-01-05T09:20:00Z", "2026-01-05T09:22:00Z", 25.0),
        dose("d3", "p", "2026-01-05", 10.0),
        dose("d4", "p", "2026-01-08", 60.0),
    ];
    let (_, basket) = import_all(&resources).unwrap();
    assert_eq!(basket.rejects, []);
    let course = basket.course();
    assert_eq!(course.id, "1", "no EpisodeOfCare names it");
    let got: Vec<_> = course.sessions.iter().map(|s| (s.number, s.day, s.dose_ug.map(|d| d.0), s.minutes)).collect();
    assert_eq!(got, [(1, 0, Some(75_000), Some(22)), (2, 0, Some(10_000), Some(40)), (3, 3, Some(60_000), Some(40))]);
}

#[test]
fn what_is_linked_or_dated_belongs_to_its_course_and_what_could_be_anybodys_does_not() {
    let ended =
        |id: &str, start: &str, end: &str| with(episode(id, "p"), "/period", json!({ "start": start, "end": end }));
    let linked = with(phq9("o4", "p", "2026-03-15", 5), "/encounter", json!({ "reference": "Encounter/v" }));
    let visit = json!({ "resourceType": "Encounter", "id": "v", "status": "finished", "class": { "code": "AMB" },
                        "subject": { "reference": "Patient/p" }, "episodeOfCare": [{ "reference": "EpisodeOfCare/a" }] });
    let resources = [
        patient("p", "P1"),
        ended("a", "2026-01-01", "2026-02-01"),
        ended("b", "2026-04-01", "2026-05-01"),
        dose("d1", "p", "2026-01-05", 36.0),
        dose("d2", "p", "2026-04-05", 36.0),
        phq9("o1", "p", "2026-01-04", 20),
        phq9("o2", "p", "2026-04-04", 15),
        phq9("o3", "p", "2026-03-15", 10),
        linked,
        visit,
    ];
    let (_, basket) = import_all(&resources).unwrap();
    let rejected: Vec<_> = basket.rejects.iter().map(|r| (r.resource.as_str(), r.why.code())).collect();
    assert_eq!(rejected, [("Observation/o3", "which-course")]);
    let courses = &basket.records["P1"].courses;
    let scores = |at: usize| courses[at].assessments.iter().map(|a| (a.day, a.value)).collect::<Vec<_>>();
    assert_eq!((scores(0), scores(1)), (vec![(-1, 20), (69, 5)], vec![(-1, 15)]));
}

#[test]
fn answers_become_items_and_their_sum_where_no_total_is_told() {
    let codes = ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"];
    let item = |code: &&str| {
        json!({ "linkId": format!("/{code}"), "answer": [{ "valueCoding": {
        "system": "http://loinc.org", "code": "LA6570-1" } }] })
    };
    let response = |items: Vec<Value>| {
        json!({ "resourceType": "QuestionnaireResponse", "id": "q", "status": "completed",
        "subject": { "reference": "Patient/p" }, "authored": "2026-01-04T10:00:00Z",
        "item": [{ "linkId": "group", "item": items }] })
    };
    let whole: Vec<Value> = codes.iter().map(item).collect();
    let with_dose = |response: Value| [patient("p", "P1"), dose("d", "p", "2026-01-05", 36.0), response];
    let (_, basket) = import_all(&with_dose(response(whole.clone()))).unwrap();
    let course = basket.course();
    assert_eq!((course.assessments[0].value, course.assessments[0].items.len()), (18, 9));
    let (_, basket) = import_all(&with_dose(response(whole[..8].to_vec()))).unwrap();
    assert_eq!(basket.codes(), [("no-total".to_owned(), "QuestionnaireResponse".to_owned())], "one is blank");
    let strange = with(response(whole), "/item/0/item/3/answer/0/valueCoding/code", "LA99-9");
    let (_, basket) = import_all(&with_dose(strange)).unwrap();
    let codes: Vec<String> = basket.codes().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["no-total", "not-a-number"], "an answer that is worth nothing known");
}

#[test]
fn items_that_do_not_make_the_total_are_left_out_and_the_total_stays() {
    let items: Vec<Value> =
        (1..=9).map(|n| json!({ "linkId": n.to_string(), "answer": [{ "valueInteger": 1 }] })).collect();
    let response = json!({ "resourceType": "QuestionnaireResponse", "id": "q", "status": "completed",
        "questionnaire": "urn:x-sumac:questionnaire:PHQ-9", "subject": { "reference": "Patient/p" },
        "authored": "2026-01-04", "item": items });
    let resources =
        [patient("p", "P1"), dose("d", "p", "2026-01-05", 36.0), response, phq9("o", "p", "2026-01-04", 19)];
    let (_, basket) = import_all(&resources).unwrap();
    let assessed = &basket.course().assessments[0];
    assert_eq!((assessed.value, assessed.items.len()), (19, 0));
    assert_eq!(basket.rejects.len(), 1, "{:?}", basket.rejects);
}

#[test]
fn codes_that_the_dictionary_does_not_have_are_unknown_and_counted() {
    let route = json!({ "coding": [{ "system": "http://snomed.info/sct", "code": "418091004" }] });
    let event = json!({ "resourceType": "AdverseEvent", "id": "a", "actuality": "actual", "date": "2026-01-05",
        "subject": { "reference": "Patient/p" }, "event": { "text": "hiccups" } });
    let named = json!({ "resourceType": "AdverseEvent", "id": "b", "actuality": "actual", "date": "2026-01-06",
        "subject": { "reference": "Patient/p" }, "event": { "text": "Double vision" } });
    let antibiotic = with(
        dose("x", "p", "2026-01-04", 500.0),
        "/medicationCodeableConcept",
        json!({ "coding": [{ "system": "http://www.whocc.no/atc", "code": "J01CA04" }] }),
    );
    let resources = [
        patient("p", "P1"),
        with(dose("d", "p", "2026-01-05", 36.0), "/dosage/route", route),
        event,
        named,
        antibiotic,
    ];
    let (told, basket) = import_all(&resources).unwrap();
    assert_eq!(basket.rejects, []);
    let course = basket.course();
    assert_eq!(course.sessions[0].route.as_deref(), Some("unknown"));
    assert_eq!(course.events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["unknown", "double_vision"]);
    assert_eq!(course.sessions.len(), 1, "an antibiotic is no dose, and its day is not day 0");
    let mut unknown: Vec<_> = told.unknown.keys().map(|(of, _)| of.as_str()).collect();
    unknown.sort_unstable();
    assert_eq!(unknown, ["event", "medicine", "route"]);
}

#[test]
fn other_medicines_are_told_apart_by_where_they_are_taken() {
    let atc = |code: &str| json!({ "coding": [{ "system": "http://www.whocc.no/atc", "code": code }] });
    let statement = |id: &str, code: &str, status: &str| {
        json!({ "resourceType": "MedicationStatement", "id": id,
        "status": status, "subject": { "reference": "Patient/p" }, "medicationCodeableConcept": atc(code) })
    };
    let ended =
        |id: &str, end: &str| with(statement(id, "N06AB10", "completed"), "/effectivePeriod", json!({ "end": end }));
    let in_session =
        with(without(dose("m", "p", "2026-01-05", 1.0), "/dosage"), "/medicationCodeableConcept", atc("N05CD08"));
    let resources = [
        patient("p", "P1"),
        dose("d", "p", "2026-01-05", 36.0),
        statement("s1", "N05BA06", "active"),
        statement("s2", "N03AX09", "not-taken"),
        ended("s3", "2025-12"),
        in_session,
    ];
    let (told, basket) = import_all(&resources).unwrap();
    assert_eq!(basket.rejects, []);
    let course = basket.course();
    let at_home: Vec<_> = course.at_home.iter().map(|(class, taken)| (class.as_str(), *taken)).collect();
    assert_eq!(
        at_home,
        [("benzodiazepine", true), ("lamotrigine", false)],
        "what ended before the course is no part of it"
    );
    assert_eq!(course.sessions[0].given.get("benzodiazepine"), Some(&true));
    assert_eq!(course.fields.get("benzodiazepine_session"), Some(&FieldValue::Flag(true)), "a field that follows");
    assert_eq!(told.aside.get(&("MedicationStatement".to_owned(), Aside::Status)), Some(&1));
}

#[test]
fn one_import_reads_bundles_lines_and_single_resources_together() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("1.json", bundle(&[patient("p", "P1"), episode("e", "p")]).to_string());
    write("2.ndjson", format!("{}\n", dose("d", "p", "2026-01-05", 36.0)));
    write("3.json", phq9("o", "p", "2026-01-04", 19).to_string());
    write("notes.txt", "not read".to_owned());
    let (told, basket) = import(&[folder.path().to_owned()], SYSTEM, TODAY).unwrap();
    assert_eq!((told.files, told.resources), (3, 4));
    let course = basket.course();
    assert_eq!((course.sessions.len(), course.assessments.len(), course.fields.len()), (1, 1, 6));
    assert_eq!(course.fields.get("age"), Some(&FieldValue::Number(41)), "born 1984-05-06");
}

#[test]
fn references_inside_a_bundle_follow_its_urls_and_contained_medicines() {
    let inside = with(
        without(dose("d", "p", "2026-01-05", 36.0), "/medicationCodeableConcept"),
        "/medicationReference",
        json!({ "reference": "#k" }),
    );
    let inside = with(
        inside,
        "/contained",
        json!([{ "resourceType": "Medication", "id": "k", "code": { "coding": [
        { "system": "http://snomed.info/sct", "code": "373464007" }] } }]),
    );
    let inside = with(inside, "/subject/reference", "urn:uuid:1");
    let shared = with(
        without(dose("d2", "p", "2026-01-07", 40.0), "/medicationCodeableConcept"),
        "/medicationReference",
        json!({ "reference": "urn:uuid:3" }),
    );
    let medication = json!({ "resourceType": "Medication", "id": "k2", "code": { "coding": [
        { "system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6130" }] } });
    let text = json!({ "resourceType": "Bundle", "type": "searchset", "link": [{ "relation": "next", "url": "x" }],
        "entry": [
            { "fullUrl": "urn:uuid:1", "resource": without(patient("p", "P1"), "/id") },
            { "fullUrl": "urn:uuid:2", "resource": inside },
            { "fullUrl": "urn:uuid:3", "resource": medication },
            { "fullUrl": "urn:uuid:4", "resource": with(shared, "/subject/reference", "urn:uuid:1") },
            { "request": { "method": "DELETE", "url": "Patient/x" } },
        ] });
    let (told, basket) = super::import_text("b.json", text.to_string().as_bytes()).unwrap();
    assert_eq!(basket.rejects, []);
    let course = basket.course();
    assert_eq!(course.sessions.iter().map(|s| s.day).collect::<Vec<_>>(), [0, 2]);
    assert_eq!((told.open_pages, told.resources), (1, 4), "a next page is said");
}
