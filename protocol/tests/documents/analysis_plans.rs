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

#[test]
fn planned_queries_whose_difference_may_be_one_person_are_refused() {
    struct Case {
        why: &'static str,
        queries: Vec<String>,
        refused: Option<&'static str>,
    }
    let of = |parts: &[&str]| -> Vec<String> {
        parts.iter().map(|part| format!("SELECT {CHANGE} FROM courses {part}")).collect()
    };
    let any = |queries: &[&str]| -> Vec<String> { queries.iter().map(|query| format!("SELECT {query}")).collect() };
    let overlap = Some("planned-queries-overlap");
    let at = "day => 28, from => 14, to => 31";
    let cases = [
        Case { why: "one query", queries: of(&["GROUP BY route"]), refused: None },
        Case {
            why: "a grouping that holds the other's",
            queries: of(&["GROUP BY route", "GROUP BY route, sex"]),
            refused: overlap,
        },
        Case { why: "a margin beside its groups", queries: of(&["", "GROUP BY sex"]), refused: overlap },
        Case {
            why: "a course without a sex is in one table only",
            queries: of(&["GROUP BY route", "GROUP BY sex"]),
            refused: overlap,
        },
        Case { why: "part and whole", queries: of(&["", "WHERE sex = 'female'"]), refused: overlap },
        Case { why: "x and not x", queries: of(&["WHERE sex = 'female'", "WHERE NOT sex = 'female'"]), refused: None },
        Case {
            why: "x, not x and everybody",
            queries: of(&["WHERE sex = 'female'", "WHERE NOT sex = 'female'", ""]),
            refused: overlap,
        },
        Case {
            why: "two values of one field",
            queries: of(&["WHERE route = 'iv'", "WHERE route = 'im'"]),
            refused: None,
        },
        Case {
            why: "values in common",
            queries: of(&["WHERE route IN ('iv', 'im')", "WHERE route IN ('im', 'sc')"]),
            refused: overlap,
        },
        Case { why: "two fields", queries: of(&["WHERE route = 'iv'", "WHERE sex = 'female'"]), refused: overlap },
        Case {
            why: "ranges that touch",
            queries: of(&["WHERE baseline(phq9) <= 14", "WHERE baseline(phq9) >= 15"]),
            refused: None,
        },
        Case {
            why: "ranges that share a value",
            queries: of(&["WHERE baseline(phq9) <= 15", "WHERE baseline(phq9) >= 15"]),
            refused: overlap,
        },
        Case {
            why: "another time point of one instrument",
            queries: any(&[&format!("{CHANGE} FROM courses"), "mean(baseline(phq9)) FROM courses"]),
            refused: overlap,
        },
        Case {
            why: "other instruments",
            queries: any(&["mean(baseline(phq9)) FROM courses", "mean(baseline(gad7)) FROM courses GROUP BY sex"]),
            refused: None,
        },
        Case {
            why: "everybody less those who answered",
            queries: any(&["count(*) FROM courses", "mean(baseline(gad7)) FROM courses"]),
            refused: overlap,
        },
        Case {
            why: "the same in one query, where the answer sees it",
            queries: any(&["count(*), mean(baseline(gad7)), mean(baseline(phq9)) FROM courses"]),
            refused: None,
        },
        Case {
            why: "those who just respond",
            queries: any(&[&format!(
                "rate(response(phq9, {at})) AS a, rate(response(phq9, {at}, at_least => 0.51)) AS b FROM courses"
            )]),
            refused: Some("planned-query-bounds"),
        },
        Case {
            why: "those above the lower clip",
            queries: any(&[
                "mean(clip(baseline(phq9), 0, 9)) AS a, mean(clip(baseline(phq9), 0, 10)) AS b FROM courses",
            ]),
            refused: Some("planned-query-bounds"),
        },
        Case {
            why: "three values and their squares are three counts",
            queries: any(&["mean(clip(baseline(phq9), 8, 10)) FROM courses"]),
            refused: Some("planned-query-few-values"),
        },
    ];
    for Case { why, queries, refused: want } in &cases {
        let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
        assert_eq!(refused(&planning(&queries), &genesis()), *want, "{why}");
    }
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
