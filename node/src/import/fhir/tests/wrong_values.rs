//! Values, references and resources that are wrong in files that are right: each is a reject that
//! says where, and everything else is read.

use serde_json::{Value, json};

use super::super::names;
use super::super::tally::Aside;
use super::{dose, episode, import_all, patient, phq9, with, without};

/// A sound patient with a course, one dose and one score; the cases spoil it.
fn sound() -> Vec<Value> {
    vec![patient("p", "P1"), episode("e", "p"), dose("d", "p", "2026-01-05", 36.0), phq9("o", "p", "2026-01-04", 19)]
}

/// How much of the sound patient is left: courses, sessions, assessments.
type Left = Option<(usize, usize, usize)>;

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row for each wrong value")]
fn a_wrong_value_is_a_reject_and_the_rest_is_read() {
    let all: Left = Some((1, 1, 1));
    let quantity = "/valueQuantity/value";
    let cases: Vec<(Vec<Value>, &str, &str, Left, &str)> = vec![
        (
            vec![with(phq9("x", "p", "2026-02-01", 1), quantity, 28)],
            "out-of-range",
            "Observation",
            all,
            "above the range",
        ),
        (vec![with(phq9("x", "p", "2026-02-01", 1), quantity, -1)], "out-of-range", "Observation", all, "below it"),
        (vec![phq9("x", "p", "2026-02-01", 7.5)], "too-precise", "Observation", all, "half a point"),
        (
            vec![phq9("x", "p", "2026-02-01", 9_007_199_254_740_993_u64)],
            "out-of-range",
            "Observation",
            all,
            "past 2^53, where JSON readers round",
        ),
        (vec![phq9("x", "p", "2026-02-01", 1e300)], "not-a-number", "Observation", all, "far past it"),
        (
            vec![phq9("x", "p", "2026-02-01", "7")],
            "wrong-shape",
            "Observation.valueQuantity.value",
            all,
            "a text for a number",
        ),
        (
            vec![without(phq9("x", "p", "2026-02-01", 7), "/valueQuantity")],
            "absent",
            "Observation.value[x]",
            all,
            "no value",
        ),
        (
            vec![without(phq9("x", "p", "2026-02-01", 7), "/effectiveDateTime")],
            "absent",
            "Observation.effective[x]",
            all,
            "no date",
        ),
        (vec![phq9("x", "p", "2026-13-01", 7)], "not-a-date", "Observation.effectiveDateTime", all, "no such month"),
        (vec![phq9("x", "p", "2026-02", 7)], "not-to-the-day", "Observation.effectiveDateTime", all, "no day"),
        (vec![phq9("x", "p", "2026-07-01", 7)], "future", "Observation.effectiveDateTime", all, "after today"),
        (vec![phq9("x", "p", "1901-01-01", 7)], "day-out-of-range", "Observation", all, "before anybody's time"),
        (vec![phq9("x", "p", "2026-01-04", 18)], "other-value", "Observation", all, "another total on one day"),
        (
            vec![with(phq9("x", "p", "2026-02-01", 7), "/code", json!(7))],
            "wrong-shape",
            "Observation.code",
            all,
            "a code that is a number",
        ),
        (
            vec![with(phq9("x", "p", "2026-02-01", 7), "/subject", json!("p"))],
            "wrong-shape",
            "Observation.subject",
            all,
            "a subject that is a text",
        ),
        (vec![without(phq9("x", "p", "2026-02-01", 7), "/subject")], "absent", "Observation.subject", all, "nobody's"),
        (vec![phq9("x", "q", "2026-02-01", 7)], "no-such-patient", "Patient", all, "a reference into nowhere"),
        (vec![phq9("o", "p", "2026-02-01", 7)], "other-content", "Observation", all, "an id twice"),
        (
            vec![with(
                phq9("x", "p", "2026-02-01", 7),
                "/extension",
                json!([
                { "url": names::EPISODE, "valueReference": { "reference": "EpisodeOfCare/gone" } }]),
            )],
            "nowhere",
            "Observation",
            all,
            "a course that is not there",
        ),
        (
            vec![
                episode("e", "p"),
                with(episode("e2", "p"), "/identifier", json!([{ "system": names::COURSE_ID, "value": "e" }])),
            ],
            "same-course",
            "EpisodeOfCare",
            all,
            "a course id twice",
        ),
        (
            vec![with(patient("p2", "P2"), "/identifier/0/system", "urn:other")],
            "no-identifier",
            "Patient",
            all,
            "no pseudonym",
        ),
        (
            vec![with(
                patient("p2", "P2"),
                "/identifier",
                json!([
                { "system": super::SYSTEM, "value": "A" }, { "system": super::SYSTEM, "value": "B" }]),
            )],
            "two-identifiers",
            "Patient.identifier[1]",
            all,
            "two pseudonyms",
        ),
        (vec![patient("p2", &"P".repeat(65))], "bad-pseudonym", "Patient.identifier[0]", all, "a pseudonym too long"),
        (vec![patient("p2", "P\u{7}2")], "bad-pseudonym", "Patient.identifier[0]", all, "one that cannot be seen"),
        (
            vec![with(patient("p2", "P2"), "/birthDate", "soon")],
            "not-a-date",
            "Patient.birthDate",
            all,
            "no birth date",
        ),
        (
            vec![dose("x", "p", "2026-01-07", 400.0)],
            "dose-over-limit",
            "MedicationAdministration.dosage.dose",
            Some((1, 2, 1)),
            "more than is believed",
        ),
        (
            vec![without(dose("x", "p", "2026-01-07", 40.0), "/dosage/dose/unit")],
            "no-unit",
            "MedicationAdministration.dosage.dose",
            Some((1, 2, 1)),
            "40 of what",
        ),
        (
            vec![with(dose("x", "p", "2026-01-07", 0.5), "/dosage/dose/unit", "mg/kg")],
            "unit",
            "MedicationAdministration.dosage.dose",
            Some((1, 2, 1)),
            "by body weight",
        ),
        (
            vec![with(dose("x", "p", "2026-01-07", 40.0), "/effectivePeriod/end", "2026-01-07T08:00:00Z")],
            "dose-undated",
            "EpisodeOfCare",
            None,
            "it ends before it begins, so it might be the first",
        ),
        (
            vec![with(dose("x", "p", "2026-01-07", 40.0), "/effectivePeriod/start", "2026-01")],
            "dose-undated",
            "EpisodeOfCare",
            None,
            "a dose of an unknown day",
        ),
        (
            vec![with(
                without(dose("x", "p", "2026-01-07", 40.0), "/medicationCodeableConcept"),
                "/medicationReference",
                json!({ "reference": "Medication/gone" }),
            )],
            "nowhere",
            "MedicationAdministration.medicationReference",
            all,
            "a medicine that is not there",
        ),
        (
            vec![with(dose("x", "p", "2026-01-07", 40.0), "/effectivePeriod/end", "2026-01-09T08:00:00Z")],
            "out-of-range",
            "MedicationAdministration",
            Some((1, 2, 1)),
            "an infusion of two days",
        ),
    ];
    for (more, code, path, left, why) in cases {
        let mut resources = sound();
        resources.extend(more);
        let (_, basket) = import_all(&resources).unwrap();
        let found = basket.rejects.iter().find(|reject| reject.why.code() == code && reject.path.starts_with(path));
        assert!(found.is_some(), "{why}: {:?}", basket.rejects);
        let record = basket.records.get("P1");
        let got = record.map(|record| {
            let course = &record.courses[0];
            (record.courses.len(), course.sessions.len(), course.assessments.len())
        });
        assert_eq!(got, left, "{why}: {:?}", basket.rejects);
    }
}

#[test]
fn a_course_without_a_first_dose_is_left_out_with_its_count() {
    let (told, basket) =
        import_all(&[patient("p", "P1"), episode("e", "p"), phq9("o", "p", "2026-01-04", 19)]).unwrap();
    assert!(basket.records.is_empty());
    assert_eq!(basket.codes(), [("no-first-dose".to_owned(), "EpisodeOfCare".to_owned())]);
    assert_eq!(told.aside.get(&("Observation".to_owned(), Aside::NoCourse)), Some(&1));
    let first = json!([{ "url": names::FIRST_DOSE, "valueDate": "2026-01-05" }]);
    let told_first = with(episode("e", "p"), "/extension", first);
    let (_, basket) = import_all(&[patient("p", "P1"), told_first, phq9("o", "p", "2026-01-04", 19)]).unwrap();
    assert_eq!(basket.course().assessments[0].day, -1, "told by the extension");
}

#[test]
fn two_patients_of_one_pseudonym_are_both_left_out() {
    let mut resources = sound();
    resources.extend([
        patient("p2", "P1"),
        dose("d2", "p2", "2026-01-06", 30.0),
        patient("p3", "P3"),
        dose("d3", "p3", "2026-01-06", 30.0),
    ]);
    let (_, basket) = import_all(&resources).unwrap();
    let same = ("same-pseudonym".to_owned(), "Patient".to_owned());
    assert_eq!(basket.codes(), [same.clone(), same]);
    assert_eq!(basket.records.keys().collect::<Vec<_>>(), ["P3"], "whoever else is there is read");
}

#[test]
fn the_same_resource_again_is_counted_and_changes_nothing() {
    let (_, once) = import_all(&sound()).unwrap();
    let twice: Vec<Value> = sound()
        .into_iter()
        .chain(sound().into_iter().map(|one| with(one, "/meta", json!({ "versionId": "2" }))))
        .collect();
    let (told, again) = import_all(&twice).unwrap();
    assert_eq!(once.records, again.records);
    assert_eq!(again.rejects, []);
    assert_eq!(told.aside.values().sum::<u64>(), 4);
}

#[test]
fn what_is_no_fact_is_set_aside_with_its_reason() {
    let status = |resource: Value, status: &str| with(resource, "/status", status);
    let cases = [
        (status(phq9("x", "p", "2026-02-01", 7), "preliminary"), Aside::Status, "not final"),
        (status(phq9("x", "p", "2026-02-01", 7), "entered-in-error"), Aside::Status, "an error"),
        (status(dose("x", "p", "2026-01-01", 30.0), "not-done"), Aside::Status, "never given: day 0 stays"),
        (status(dose("x", "p", "2026-01-01", 30.0), "in-progress"), Aside::Status, "not over"),
        (
            with(phq9("x", "p", "2026-02-01", 7), "/code/coding/0/code", "4548-4"),
            Aside::NoKnownCode,
            "a laboratory value",
        ),
        (
            json!({ "resourceType": "Consent", "id": "x", "status": "active", "patient": { "reference": "Patient/p" } }),
            Aside::Consent,
            "consent",
        ),
        (json!({ "resourceType": "Observashun", "id": "x" }), Aside::OtherType, "a type that does not exist"),
        (json!({ "resourceType": "ImagingStudy", "id": "x" }), Aside::OtherType, "a type of others"),
        (
            with(
                without(phq9("x", "p", "2026-02-01", 7), "/valueQuantity"),
                "/dataAbsentReason",
                json!({ "text": "refused" }),
            ),
            Aside::NoValue,
            "not answered",
        ),
    ];
    for (resource, aside, why) in cases {
        let kind = resource["resourceType"].as_str().unwrap().to_owned();
        let mut resources = sound();
        resources.push(resource);
        let (told, basket) = import_all(&resources).unwrap();
        assert_eq!(told.aside.get(&(kind, aside)), Some(&1), "{why}: {told:?}");
        assert_eq!(basket.rejects, [], "{why}");
        let course = basket.course();
        assert_eq!((course.sessions[0].day, course.sessions.len(), course.assessments.len()), (0, 1, 1), "{why}");
    }
}
