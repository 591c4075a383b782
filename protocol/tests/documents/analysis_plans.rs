//! Exact studies whose planned queries give each other's answers away, refused one by one.

use sumac_protocol::analysis_plan::check_analysis_plan;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::charter::{Charter, Label};
use sumac_protocol::document::study::{PlannedQuery, Study};
use sumac_protocol::plan::Mode;
use sumac_protocol::question::compile;

use crate::cast::{exact_study, genesis, study};

const CHANGE: &str = "mean(change(phq9, day => 28, from => 14, to => 31))";

fn planning(queries: &[&str]) -> Study {
    let planned = |query: &&str| PlannedQuery { query: (*query).to_owned(), times: 1 };
    Study { plans: queries.iter().map(planned).collect(), ..exact_study() }
}

fn refused(study: &Study, charter: &Charter) -> Option<&'static str> {
    let dictionary = Dictionary::ketamine().unwrap();
    for planned in &study.plans {
        compile(&planned.query, &dictionary, Mode::Exact).unwrap();
    }
    let why = check_analysis_plan(study, charter, &dictionary).err()?;
    assert!(!why.to_string().is_empty() && !why.remedy().is_empty());
    Some(why.code())
}

struct Case {
    why: &'static str,
    queries: Vec<String>,
    refused: Option<&'static str>,
}

const OVERLAP: Option<&str> = Some("planned-queries-overlap");
const AT: &str = "day => 28, from => 14, to => 31";

/// The mean change, of these courses and by these groups.
fn of(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| format!("SELECT {CHANGE} FROM courses {part}")).collect()
}

fn every_case_holds(cases: &[Case]) {
    for Case { why, queries, refused: want } in cases {
        let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
        assert_eq!(refused(&planning(&queries), &genesis()), *want, "{why}");
        let turned: Vec<&str> = queries.into_iter().rev().collect();
        assert_eq!(refused(&planning(&turned), &genesis()), *want, "{why}, the other way round");
    }
}

#[test]
fn two_planned_queries_over_courses_that_may_be_the_same_are_refused() {
    every_case_holds(&[
        Case { why: "one query", queries: of(&["GROUP BY route"]), refused: None },
        Case {
            why: "one GROUP BY in the other",
            queries: of(&["GROUP BY route", "GROUP BY route, sex"]),
            refused: OVERLAP,
        },
        Case { why: "a margin beside its groups", queries: of(&["", "GROUP BY sex"]), refused: OVERLAP },
        Case {
            why: "who has no sex is in one only",
            queries: of(&["GROUP BY route", "GROUP BY sex"]),
            refused: OVERLAP,
        },
        Case { why: "part and whole", queries: of(&["", "WHERE sex = 'female'"]), refused: OVERLAP },
        Case { why: "x and not x", queries: of(&["WHERE sex = 'female'", "WHERE NOT sex = 'female'"]), refused: None },
        Case {
            why: "x, not x and everybody",
            queries: of(&["WHERE sex = 'female'", "WHERE NOT sex = 'female'", ""]),
            refused: OVERLAP,
        },
        Case { why: "two values", queries: of(&["WHERE route = 'iv'", "WHERE route = 'im'"]), refused: None },
        Case {
            why: "a value in common",
            queries: of(&["WHERE route IN ('iv', 'im')", "WHERE route IN ('im', 'sc')"]),
            refused: OVERLAP,
        },
        Case { why: "two fields", queries: of(&["WHERE route = 'iv'", "WHERE sex = 'female'"]), refused: OVERLAP },
        Case {
            why: "ranges that touch",
            queries: of(&["WHERE baseline(phq9) <= 14", "WHERE baseline(phq9) >= 15"]),
            refused: None,
        },
        Case {
            why: "ranges that share a value",
            queries: of(&["WHERE baseline(phq9) <= 15", "WHERE baseline(phq9) >= 15"]),
            refused: OVERLAP,
        },
    ]);
}

#[test]
fn what_two_planned_queries_tell_together_of_a_few_people_is_refused() {
    let any = |queries: &[String]| queries.iter().map(|query| format!("SELECT {query} FROM courses")).collect();
    every_case_holds(&[
        Case {
            why: "another time point of one instrument",
            queries: any(&[CHANGE.into(), "mean(baseline(phq9))".into()]),
            refused: OVERLAP,
        },
        Case {
            why: "other instruments, of which everybody has one",
            queries: any(&["mean(baseline(phq9))".into(), "mean(baseline(gad7))".into()]),
            refused: OVERLAP,
        },
        Case {
            why: "everybody less those who answered",
            queries: any(&["count(*)".into(), "mean(baseline(gad7))".into()]),
            refused: OVERLAP,
        },
        Case {
            why: "whom another query's filter lets in",
            queries: vec![
                "SELECT mean(baseline(phq9)) FROM courses".into(),
                format!("SELECT mean(score(gad7, {AT})) FROM courses WHERE baseline(phq9) <= 20"),
            ],
            refused: OVERLAP,
        },
    ]);
}

#[test]
fn what_one_planned_query_tells_of_a_few_people_is_refused() {
    let one = |query: &str| vec![format!("SELECT {query} FROM courses")];
    let response = |name: &str, share: &str| format!("rate(response(phq9, {AT}, at_least => {share})) AS {name}");
    let (bounds, clipped) = (Some("planned-query-bounds"), Some("planned-query-clip"));
    every_case_holds(&[
        Case {
            why: "the same in one query, where the answer sees it",
            queries: one("count(*), mean(baseline(gad7)), mean(baseline(phq9))"),
            refused: None,
        },
        Case {
            why: "those who just respond",
            queries: one(&[response("a", "0.5"), response("b", "0.51")].join(", ")),
            refused: bounds,
        },
        Case {
            why: "those above the lower clip",
            queries: one("mean(clip(baseline(phq9), 0, 9)) AS a, mean(clip(baseline(phq9), 0, 10)) AS b"),
            refused: clipped,
        },
        Case { why: "a tail of few", queries: one("mean(Clip(baseline(phq9), 20, 27))"), refused: clipped },
        Case {
            why: "a threshold, and another by a clip",
            queries: one(&format!(
                "rate(remission(phq9, {AT}, at_most => 8)), mean(clip(score(phq9, {AT}), 7, 8)) AS c"
            )),
            refused: clipped,
        },
        Case {
            why: "the one seen on day 31",
            queries: one("mean(score(phq9, day => 28, from => 14, to => 31)) AS a, \
                 mean(score(phq9, day => 28, from => 14, to => 30)) AS b"),
            refused: bounds,
        },
        Case {
            why: "the baseline by another name",
            queries: one("mean(score(phq9, day => 0, from => -7, to => 0)) AS a, mean(baseline(phq9)) AS b"),
            refused: bounds,
        },
        Case {
            why: "two histograms of one number",
            queries: one("histogram(baseline(phq9), 2) AS a, histogram(baseline(phq9), 3) AS b"),
            refused: bounds,
        },
        Case {
            why: "what a trial asks of one time point",
            queries: one(&format!(
                "mean(baseline(phq9)) AS b, mean(score(phq9, {AT})) AS s, {CHANGE} AS c, rate(remission(phq9, {AT})) AS r"
            )),
            refused: None,
        },
    ]);
}

#[test]
fn where_groups_of_one_may_be_shown_or_noise_is_added_any_queries_stand_side_by_side() {
    let queries = ["SELECT count(*) FROM courses", "SELECT count(*) FROM courses GROUP BY sex"];
    let mut test_data = genesis();
    test_data.label = Some(Label::TestData);
    assert_eq!(
        refused(&planning(&queries), &test_data),
        Some("planned-queries-overlap"),
        "the label alone is not enough"
    );
    test_data.policy.cohort_min = 1;
    assert_eq!(refused(&planning(&queries), &test_data), None);
    assert_eq!(refused(&study(), &genesis()), None);
}
