//! Answers that never change, one estimate of each kind, and the question that they answer.

use serde_json::{Value, json};
use sumac_protocol::answer::Answer;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::plan::Mode;

use crate::show::answer::about::{About, Setting};

/// One of each kind.
const QUESTION: &str = "SELECT count(*) AS courses,
  mean(change(phq9, day => 28, from => 14, to => 31)) AS change,
  rate(response(phq9, day => 28, from => 14, to => 31)) AS response,
  rate(response(phq9, day => 28, from => 14, to => 31, missing => 'non_responder')) AS response_itt,
  rate(missing(score(phq9, day => 28, from => 14, to => 31))) AS gone,
  sum(sessions(dosing)) AS doses, variance(baseline(phq9)) AS spread, stddev(baseline(phq9)) AS sd,
  median(age) AS age, histogram(baseline(phq9), 3) AS baseline,
  trajectory(phq9, days => (0, 7, 14, 28), within => 3) AS course, correlation(baseline(phq9), age) AS together,
  linear(score(phq9, day => 28, from => 14, to => 31), baseline(phq9), age) AS model,
  survival(relapse, bucket => 28, until => 168) AS relapse, events_per(nausea, 100, sessions(dosing)) AS nausea
FROM courses";

/// A group by its values, and whether it is held back.
pub(super) type Named<'a> = (&'a [&'a str], bool);

/// What an answer with these groups is about.
pub(super) fn about(group_by: &str, title: &str) -> About {
    let setting = Setting {
        study: title.to_owned(),
        approval: "Ethics board of Linden, 2026-17".to_owned(),
        federation: "Five clinics".to_owned(),
        aggregators: 3,
        made_up: None,
        randomised: false,
    };
    let text = if group_by.is_empty() { QUESTION.to_owned() } else { format!("{QUESTION} GROUP BY {group_by}") };
    About::new(&text, &Dictionary::ketamine().unwrap(), Mode::Dp, setting).unwrap()
}

/// An answer to [`QUESTION`] for these groups of a field.
pub(super) fn answer(fields: &[&str], groups: &[Named<'_>], estimates: fn(u32) -> Value) -> Answer {
    let group = |(place, (values, suppressed)): (usize, &Named<'_>)| {
        let key: serde_json::Map<String, Value> =
            fields.iter().zip(*values).map(|(field, value)| ((*field).to_owned(), json!(value))).collect();
        let place = u32::try_from(place).unwrap();
        if *suppressed {
            json!({"key": key, "suppressed": true})
        } else {
            json!({"key": key, "suppressed": false, "estimates": estimates(place)})
        }
    };
    let shown: Vec<String> =
        groups.iter().filter(|(_, suppressed)| !suppressed).map(|(values, _)| values.join("|")).collect();
    let comparisons = if shown.len() > 1 { comparisons(&shown) } else { json!([]) };
    serde_json::from_value(json!({
        "sumac": 1, "release": "X19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX18", "study": "ketamine-depression", "mode": "dp", "rho_micro": 1_052_356,
        "epsilon": 8.000_1, "delta": 1e-6, "operators": {"asked": 5, "counted": 4}, "cohort_min": 10,
        "groups": groups.iter().enumerate().map(group).collect::<Vec<_>>(), "comparisons": comparisons,
    }))
    .unwrap()
}

/// One comparison of each kind.
fn comparisons(groups: &[String]) -> Value {
    let two = &groups[..2];
    json!([
        {"name": "change", "groups": two, "test": "welch_t", "statistic": -2.54, "df": 122.2, "p": 0.0122,
         "difference": -3.0, "ci95": [-5.3, -0.7], "cohens_d": -0.445, "hedges_g": -0.442},
        {"name": "change", "groups": two, "test": "student_t", "statistic": null, "df": null, "p": null,
         "difference": -3.0, "ci95": null, "cohens_d": null, "hedges_g": null},
        {"name": "change", "groups": groups, "test": "anova", "statistic": 3.4, "df": 2.0, "df_within": 120.1, "p": 0.037},
        {"name": "response", "groups": two, "test": "chi2", "risk_difference": 0.168, "ci95": [-0.016, 0.3525],
         "odds_ratio": 2.05, "se_log_odds_ratio": 0.4, "chi2": 3.09, "df": 1.0, "p": 0.079},
        {"name": "response", "groups": groups, "test": "chi2", "risk_difference": null, "ci95": null,
         "odds_ratio": null, "se_log_odds_ratio": null, "chi2": null, "df": 2.0, "p": null},
        {"name": "relapse", "groups": groups, "test": "logrank", "statistic": 11.2, "df": 1.0, "p": 0.00081},
    ])
}

/// Numbers as a study of some size gives them; those of every group are a little different.
pub(super) fn ordinary(group: u32) -> Value {
    let by = f64::from(group % 7);
    let n = 118 - 9 * (group % 7);
    let mean = |value: f64, sd_noise: f64| {
        json!({"value": value, "n": n, "sd": 6.1, "spread": "measured", "se_sampling": 0.56, "sd_noise": sd_noise,
               "share_noise": 0.21, "ci95": [value - 1.3, value + 1.3]})
    };
    let point = |day: i32, value: f64| {
        let mut point = mean(value, 0.3);
        point["day"] = json!(day);
        point
    };
    let rate = |of: &str, name: &str, value: f64, n: u32, events: u32| {
        json!({"name": name, "of": of, "value": value, "n": n, "events": events, "se_sampling": 0.05, "sd_noise": 0.02,
               "share_noise": 0.14, "ci95": [value - 0.11, value + 0.11]})
    };
    let step = |day: u32, at_risk: u32, events: u32, s: f64| {
        json!({"day": day, "at_risk": at_risk, "events": events, "censored": 3, "s": s, "se": 0.04, "sd_noise": 0.01,
               "ci95": [(s - 0.09).max(0.0), (s + 0.08).min(1.0)]})
    };
    let mut change = mean(-9.57 + by, 0.29);
    change["name"] = json!("change");
    change["of"] = json!("mean");
    json!([
        {"name": "courses", "of": "count", "value": n + 4, "sd_noise": 3.1, "ci95": [f64::from(n) - 2.0, f64::from(n) + 10.0]},
        change,
        rate("rate", "response", 0.468, n - 8, 51),
        rate("rate", "response_itt", 0.432, n + 4, 51),
        rate("rate", "gone", 0.09, n + 4, 12),
        {"name": "doses", "of": "sum", "value": 702.0 - by, "n": n, "sd_noise": 21.0, "ci95": [660.0, 744.0]},
        {"name": "spread", "of": "variance", "value": 23.4, "n": n, "ci95": [18.2, 30.1]},
        {"name": "sd", "of": "stddev", "value": 4.84, "n": n, "ci95": [4.27, 5.49]},
        {"name": "age", "of": "quantile", "share": 0.5, "value": 41.0 + by, "n": n, "ci95": [39.0 + by, 44.0 + by]},
        {"name": "baseline", "of": "histogram", "width": 3.0, "n": n, "sd_noise": 2.0, "ci95_half": 4.0,
         "value": [[0.0, 0], [3.0, 1], [6.0, 3], [9.0, 9], [12.0, 17 + group % 5], [15.0, 31], [18.0, 28], [21.0, 14], [24.0, 12], [27.0, 2]]},
        {"name": "course", "of": "trajectory",
         "value": [point(0, 17.2), point(7, 13.1 + by / 2.0), point(14, 10.4 + by), point(28, 8.3 + by)]},
        {"name": "together", "of": "correlation", "value": 0.184, "n": n, "sd_noise": 0.03, "ci95": [-0.01, 0.364], "p": 0.061},
        {"name": "model", "of": "linear", "n": n, "df": f64::from(n) - 3.0, "left_out": ["age"],
         "value": {"coef": {"const": 3.2, "PHQ-9 at baseline": 0.41 - by / 10.0, "age": -0.0213},
                   "se": {"const": 1.1, "PHQ-9 at baseline": 0.12, "age": 0.018},
                   "sd_noise": {"const": 0.4, "PHQ-9 at baseline": 0.05, "age": 0.006},
                   "ci95": {"const": [1.0, 5.4], "PHQ-9 at baseline": [0.17 - by / 10.0, 0.65 - by / 10.0], "age": [-0.057, 0.0144]},
                   "p": {"const": 0.004, "PHQ-9 at baseline": 0.0008, "age": 0.24}}},
        {"name": "relapse", "of": "survival", "n": n, "events": 44, "median": 140, "median_ci95": [112, null],
         "value": [step(28, n, 9, 0.92), step(56, n - 12, 8, 0.84), step(84, n - 23, 7, 0.76 - by / 40.0),
                   step(112, n - 33, 8, 0.66 - by / 30.0), step(140, n - 44, 9, 0.5), step(168, n - 56, 3, 0.46 - by / 20.0)]},
        {"name": "nausea", "of": "events_per", "value": 7.4 + by, "per": 100, "events": 52, "sessions": 702, "n": n,
         "se_sampling": 1.1, "sd_noise": 0.4, "ci95": [5.1 + by, 9.7 + by]},
    ])
}

/// What is left where there is nobody, or noise leaves nothing.
pub(super) fn nothing(_: u32) -> Value {
    let mean = json!({"value": null, "n": 0, "sd": null, "spread": null, "se_sampling": null, "sd_noise": 0.0,
                      "share_noise": null, "ci95": null});
    let with = |name: &str, of: &str| {
        let mut found = mean.clone();
        found["name"] = json!(name);
        found["of"] = json!(of);
        found["events"] = json!(0);
        found
    };
    let mut point = mean.clone();
    point["day"] = json!(0);
    json!([
        {"name": "courses", "of": "count", "value": 0, "sd_noise": 0.0, "ci95": [0.0, 0.0]},
        with("change", "mean"), with("response", "rate"), with("response_itt", "rate"), with("gone", "rate"),
        {"name": "doses", "of": "sum", "value": 0.0, "n": 0, "sd_noise": 0.0, "ci95": [0.0, 0.0]},
        {"name": "spread", "of": "variance", "value": null, "n": 0, "ci95": null},
        {"name": "sd", "of": "stddev", "value": null, "n": 0, "ci95": null},
        {"name": "age", "of": "quantile", "share": 0.5, "value": null, "n": 0, "ci95": null},
        {"name": "baseline", "of": "histogram", "width": 3.0, "n": 0, "sd_noise": 0.0, "ci95_half": 0.0, "value": []},
        {"name": "course", "of": "trajectory", "value": [point]},
        {"name": "together", "of": "correlation", "value": null, "n": 0, "sd_noise": null, "ci95": null, "p": null},
        {"name": "model", "of": "linear", "n": 0, "df": 0.0, "value": null},
        {"name": "relapse", "of": "survival", "n": 0, "events": 0, "median": null, "median_ci95": [null, null], "value": []},
        {"name": "nausea", "of": "events_per", "value": null, "per": 100, "events": 0, "sessions": 0, "n": 0,
         "se_sampling": null, "sd_noise": null, "ci95": null},
    ])
}
