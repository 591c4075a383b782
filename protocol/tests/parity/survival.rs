//! Survival curves of the reference answers.

use serde_json::Value;
use sumac_protocol::answer::{Found as Told, Survival, Test};

use crate::asked::{Asked, estimate};
use crate::table::{Found, Ours};
use crate::trials::code;

/// Of everybody, of each group, and what compares them.
pub(crate) fn survival(asked: &Asked<'_>) -> Found {
    let days = asked.query.get("bucket_days").map_or(1, |days| days.as_i64().unwrap());
    let until = (i64::from(asked.pooling.trial.last_day) + days - 1).div_euclid(days) * days;
    let event = asked.query["event"].as_str().unwrap();
    let ask = |grouped: &str| {
        let text =
            format!("SELECT survival({event}, bucket => {days}, until => {until}) AS free FROM courses{grouped}");
        asked.pooling.ask(&text).unwrap()
    };
    let all = ask("");
    let Told::Survival(overall) = &estimate(&all, "", "free").found else { panic!() };
    let mut found = curve("overall", overall, &asked.answer["overall"]);
    let told = ask(&asked.grouped());
    for (group, want) in asked.answer["by"].as_object().unwrap() {
        let Told::Survival(curve_of) = &estimate(&told, &code(group), "free").found else { panic!() };
        found.extend(curve(&format!("by.{group}"), curve_of, want));
        let rate = curve_of.events_per_100_days;
        found.insert(format!("rate_per_100_person_days.{group}"), Ours::Derived(rate));
    }
    let [comparison] = told.comparisons.as_slice() else { panic!() };
    let Test::Logrank(logrank) = &comparison.test else { panic!() };
    found.insert("logrank.chi2".to_owned(), Ours::Derived(logrank.statistic));
    found.insert("logrank.p".to_owned(), Ours::Probability(logrank.p));
    found.insert("rate_ratio".to_owned(), Ours::Derived(logrank.rate_ratio));
    found
}

fn curve(path: &str, told: &Survival, want: &Value) -> Found {
    let mut found = Found::from([
        (format!("{path}.n"), Ours::Exact(told.n as f64)),
        (format!("{path}.events"), Ours::Exact(told.events as f64)),
        (format!("{path}.person_time"), Ours::Exact(told.person_days.unwrap() as f64)),
        (format!("{path}.median"), Ours::Derived(told.median.map(f64::from))),
    ]);
    for (day, _) in want["surv_at"].as_object().unwrap() {
        let by: u32 = day.parse().unwrap();
        let last = told.value.iter().rev().find(|step| step.day <= by);
        found.insert(format!("{path}.surv_at.{day}"), Ours::Derived(Some(last.map_or(1.0, |step| step.s))));
    }
    for (row, step) in told.value.iter().enumerate() {
        let whole = [u64::from(step.day), step.at_risk, step.events, step.censored];
        for (column, number) in whole.into_iter().enumerate() {
            found.insert(format!("{path}.table.{row}.{column}"), Ours::Exact(number as f64));
        }
        found.insert(format!("{path}.table.{row}.4"), Ours::Derived(Some(step.s)));
        found.insert(format!("{path}.table.{row}.5"), Ours::Derived(Some(step.se)));
    }
    found
}
