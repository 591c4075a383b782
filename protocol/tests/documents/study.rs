//! Every rule of a study, broken one by one, and who must have signed it.

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::study::{ConsentCategory, Organisation, PlannedQuery, Study, admit_study};
use sumac_protocol::moment::Moment;
use sumac_protocol::plan::Mode;

use crate::cast::{Anna, Ben, Cleo, Dora, Ines, admitted, chain, exact_study, second, signed, study};

#[test]
fn a_study_that_contradicts_itself_is_refused() {
    type Case = (&'static str, fn(&mut Study), &'static str);
    let cases: [Case; 23] = [
        ("no id", |s| s.id.clear(), "study-text"),
        ("a title of two lines", |s| s.title = "a\nb".into(), "study-text"),
        ("nothing a patient could read", |s| s.lay_summary.clear(), "study-text"),
        ("approved under no reference", |s| s.approval_reference = " ".into(), "study-text"),
        ("nobody may ask", |s| s.researchers.clear(), "study-count"),
        ("a researcher twice", |s| s.researchers = vec![Ines.key(); 2], "study-repeated"),
        ("no category", |s| s.categories.clear(), "study-count"),
        ("a category twice", |s| s.categories = vec![ConsentCategory::Outcomes; 2], "study-repeated"),
        ("a purpose of no ontology", |s| s.purpose.duo.push("ANY".into()), "study-unknown-code"),
        ("a permission as modifier", |s| s.purpose.modifiers_met.push("HMB".into()), "study-unknown-code"),
        ("modifiers alone", |s| s.purpose.duo = vec!["NCU".into()], "study-no-purpose"),
        ("no disease", |s| s.purpose.disease.clear(), "study-no-disease"),
        (
            "non-commercial, and commercial",
            |s| {
                s.purpose.commercial = true;
                s.purpose.modifiers_met.push("NCU".into());
            },
            "study-contradiction",
        ),
        (
            "not for profit, and a company",
            |s| {
                s.purpose.organisation = Organisation::Commercial;
                s.purpose.duo.push("NPU".into());
            },
            "study-contradiction",
        ),
        ("no ancestry, and ancestry", |s| s.purpose.duo = vec!["POA".into(), "NPOA".into()], "study-contradiction"),
        ("free under noise", |s| s.rho_year = RhoMicro(0), "study-cost"),
        ("a year over the total", |s| s.rho_year = RhoMicro(2_000_001), "study-cost"),
        ("a cost to no end", |s| s.rho_total = RhoMicro(1 << 50), "study-cost"),
        ("no query", |s| s.queries_max = 0, "study-no-queries"),
        ("over before it begins", |s| s.valid_until = s.valid_from, "study-never-open"),
        ("planned queries under noise", |s| s.plans = exact_study().plans, "study-count"),
        ("exact without a plan", |s| *s = Study { plans: vec![], ..exact_study() }, "study-count"),
        ("exact at a cost", |s| *s = Study { rho_year: RhoMicro(1), ..exact_study() }, "study-cost"),
    ];
    for (why, break_it, code) in cases {
        let mut study = study();
        break_it(&mut study);
        let got = study.check().expect_err(why);
        assert_eq!(got.code(), code, "{why}: {got}");
        assert!(!got.remedy().is_empty(), "{why}");
    }
    assert_eq!(study().check(), Ok(()));
}

#[test]
fn an_analysis_plan_names_each_query_once_and_asks_it_at_all() {
    let planned = |query: &str, times| PlannedQuery { query: query.into(), times };
    let cases = [
        ("never asked", vec![planned("SELECT 1", 0)], "study-no-queries"),
        ("written twice", vec![planned("SELECT 1", 1), planned("SELECT 1", 2)], "study-repeated"),
        ("empty", vec![planned("", 1)], "study-text"),
    ];
    for (why, plans, code) in cases {
        assert_eq!(Study { plans, ..exact_study() }.check().unwrap_err().code(), code, "{why}");
    }
    assert_eq!(exact_study().check(), Ok(()));
    assert_eq!(exact_study().planned("SELECT count(*) FROM courses").map(|plan| plan.times), Some(1));
    assert_eq!(exact_study().planned("select count(*) from courses"), None, "letter for letter");
}

#[test]
fn a_study_leaves_with_the_charter_that_drops_it_and_outlives_its_stewards() {
    let mut chain = chain();
    let envelope = signed(&study(), &[Anna, Ben]);
    assert_eq!(admit_study(&envelope, &chain).unwrap().mode, Mode::Dp);
    let previous = Some(chain.current().digest());
    let handed_over = Charter { epoch: 2, previous, stewards: vec![Cleo.key(), Dora.key()], ..second() };
    chain.extend(&signed(&handed_over, &[Anna, Cleo, Dora])).unwrap();
    assert!(admit_study(&envelope, &chain).is_ok(), "the new stewards list what the old ones signed");
    let joined = signed(&study(), &[Anna, Ben, Dora]);
    assert!(admit_study(&joined, &chain).is_ok(), "one new signature takes nothing away");
    let mixed = signed(&study(), &[Anna, Dora]);
    assert_eq!(admit_study(&mixed, &chain).unwrap_err().code(), "too-few-signatures", "one steward of each does not");
    let previous = Some(chain.current().digest());
    let emptied = Charter { epoch: 3, previous, studies: vec![], ..handed_over };
    chain.extend(&signed(&emptied, &[Cleo, Dora])).unwrap();
    assert_eq!(admit_study(&envelope, &chain).unwrap_err().code(), "study-not-listed");
}

#[test]
fn a_study_is_open_from_its_first_moment_to_just_before_its_last() {
    let study = admitted(&study());
    let cases = [
        (Moment(study.valid_from.0 - 1), false),
        (study.valid_from, true),
        (Moment(study.valid_until.0 - 1), true),
        (study.valid_until, false),
    ];
    for (now, open) in cases {
        assert_eq!(study.open_at(now), open, "{now:?}");
    }
}
