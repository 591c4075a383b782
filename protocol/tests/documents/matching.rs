//! Which grants cover which studies.

use sumac_protocol::document::consent::{Disclosure, Grant, Who, grant_covers};
use sumac_protocol::document::study::{ConsentCategory, Organisation, Study};

use crate::cast::{exact_study, grant, study};

fn codes(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_purpose_is_allowed_by_the_same_or_a_broader_one_only() {
    struct Case {
        why: &'static str,
        grant: &'static str,
        of: &'static str,
        study: &'static str,
        on: &'static str,
        code: Option<&'static str>,
    }
    let cases = [
        Case { why: "anything, for all research", grant: "NRES", of: "", study: "GRU", on: "", code: None },
        Case { why: "all research includes health", grant: "GRU", of: "", study: "HMB", on: "", code: None },
        Case { why: "health includes a disease", grant: "HMB", of: "", study: "DS", on: "mdd", code: None },
        Case { why: "the same disease", grant: "DS", of: "mdd ptsd", study: "DS", on: "mdd", code: None },
        Case { why: "another disease", grant: "DS", of: "ptsd", study: "DS", on: "mdd", code: Some("no-disease") },
        Case { why: "one disease more", grant: "DS", of: "mdd", study: "DS", on: "mdd ocd", code: Some("no-disease") },
        Case { why: "a study on no disease", grant: "DS", of: "mdd", study: "DS", on: "", code: Some("no-disease") },
        Case {
            why: "a disease is not all health",
            grant: "DS",
            of: "mdd",
            study: "HMB",
            on: "mdd",
            code: Some("no-purpose"),
        },
        Case {
            why: "health is not all research",
            grant: "HMB",
            of: "",
            study: "GRU",
            on: "",
            code: Some("no-purpose"),
        },
        Case { why: "nor ancestry", grant: "HMB", of: "", study: "POA", on: "", code: Some("no-purpose") },
        Case {
            why: "every purpose must be allowed",
            grant: "HMB",
            of: "",
            study: "HMB POA",
            on: "",
            code: Some("no-purpose"),
        },
        Case { why: "by one of several", grant: "HMB POA", of: "", study: "HMB POA", on: "", code: None },
        Case { why: "an unknown grant", grant: "ALL", of: "", study: "HMB", on: "", code: Some("no-purpose") },
        Case { why: "an unknown study", grant: "NRES", of: "", study: "???", on: "", code: Some("no-purpose") },
        Case { why: "a study for nothing", grant: "NRES", of: "", study: "", on: "", code: Some("no-purpose") },
    ];
    for Case { why, grant: purposes, of, study: duo, on, code } in cases {
        let grant = Grant { purposes: codes(purposes), diseases: codes(of), ..grant() };
        let mut study = study();
        (study.purpose.duo, study.purpose.disease) = (codes(duo), codes(on));
        assert_eq!(grant_covers(&grant, &study).err().map(|why| why.code()), code, "{why}");
    }
}

#[test]
fn every_condition_of_the_grant_must_be_met() {
    use Organisation::{Academic, Commercial, Public};
    let cases = [
        ("no condition", "", "", Commercial, true, true),
        ("non-commercial use, by a company", "NCU", "", Commercial, false, true),
        ("commercial use, by a university", "NCU", "", Academic, true, false),
        ("a company", "NPU", "", Commercial, false, false),
        ("a public body's commercial use", "NPU", "", Public, true, true),
        ("neither: a university", "NPUNCU", "", Academic, false, true),
        ("neither: a company", "NPUNCU", "", Commercial, false, false),
        ("neither: commercial use", "NPUNCU", "", Public, true, false),
        ("words do not make a company academic", "NPU", "NPU", Commercial, false, false),
        ("a board's approval, met", "IRB", "IRB TS", Academic, false, true),
        ("a board's approval, not met", "IRB", "TS", Academic, false, false),
        ("one of two met", "IRB PUB", "IRB", Academic, false, false),
        ("an unknown condition", "ZZZ", "IRB", Academic, false, false),
    ];
    for (why, asked, met, organisation, commercial, covered) in cases {
        let grant = Grant { modifiers: codes(asked), ..grant() };
        let mut study = study();
        study.purpose.modifiers_met = codes(met);
        (study.purpose.organisation, study.purpose.commercial) = (organisation, commercial);
        let got = grant_covers(&grant, &study).err().map(|why| why.code());
        assert_eq!(got, (!covered).then_some("no-modifier"), "{why}");
    }
    let mut declared = study();
    declared.purpose.duo.push("PUB".into());
    let grant = Grant { modifiers: codes("PUB"), ..grant() };
    assert_eq!(grant_covers(&grant, &declared), Ok(()), "a modifier of the study's own purpose counts as met");
}

#[test]
fn categories_askers_and_exactness_are_allowed_one_by_one() {
    type Case = (&'static str, fn(&mut Grant, &mut Study), Option<&'static str>);
    let cases: [Case; 9] = [
        ("as it is", |_, _| (), None),
        ("a category more", |_, s| s.categories.push(ConsentCategory::AdverseEvents), Some("no-category")),
        ("academic, by a university", |g, _| g.who = Who::AcademicOnly, None),
        (
            "academic, by a public body",
            |g, s| {
                g.who = Who::AcademicOnly;
                s.purpose.organisation = Organisation::Public;
            },
            Some("no-who"),
        ),
        ("this study by name", |g, _| g.who = Who::Studies(vec!["tide-1".into()]), None),
        ("another study by name", |g, _| g.who = Who::Studies(vec!["tide-2".into()]), Some("no-who")),
        ("no study at all", |g, _| g.who = Who::Studies(vec![]), Some("no-who")),
        ("exact under a grant for noise", |_, s| *s = exact_study(), Some("no-disclosure")),
        (
            "exact where that is allowed",
            |g, s| {
                g.disclosure = Disclosure::ExactAlso;
                *s = exact_study();
            },
            None,
        ),
    ];
    for (why, change, code) in cases {
        let (mut grant, mut study) = (grant(), study());
        change(&mut grant, &mut study);
        let got = grant_covers(&grant, &study).err();
        assert!(got.iter().all(|why| !why.remedy().is_empty()));
        assert_eq!(got.map(|why| why.code()), code, "{why}");
    }
}
