//! Every count that the reference software found, of courses, scores, changes, responses and events, is
//! found again in what was imported. Means and tests are the business of answers, not of an import.

use std::collections::BTreeMap;

use serde_json::Value;
use sumac_protocol::record::{Course, FieldValue};

use super::{Trial, btheb, duloxetine, uis};

/// A course's scores of one instrument where a query wants them.
#[derive(Clone, Copy)]
struct Scores {
    baseline: Option<i64>,
    endpoint: Option<i64>,
}

/// One query of the reference.
struct Query<'q> {
    asked: &'q Value,
    answer: &'q Value,
    /// What one point of its instrument is in the records.
    point: i64,
}

impl Query<'_> {
    fn word(&self, key: &str) -> &str {
        self.asked[key].as_str().unwrap_or_default()
    }

    /// The total closest to the target inside the window; on a tie the later day.
    fn scores(&self, course: &Course) -> Scores {
        let of = |day: i64, from: i64, to: i64| {
            let all = course.assessments.iter().filter(|found| found.instrument == self.word("instrument"));
            let inside = all.filter(|found| (from..=to).contains(&found.day.into()));
            inside.min_by_key(|found| (day.abs_diff(found.day.into()), -found.day)).map(|found| found.value)
        };
        let window = &self.asked["timepoint"];
        let [from, to] = [0, 1].map(|end| window["window"][end].as_i64().unwrap_or(0));
        Scores { baseline: of(0, 0, 0), endpoint: of(window["target"].as_i64().unwrap_or(0), from, to) }
    }

    /// How a course counts: not at all, without what is counted, or with it.
    fn counted(&self, course: &Course) -> Option<bool> {
        let Scores { baseline, endpoint } = self.scores(course);
        let both = baseline.zip(endpoint);
        let event = || course.time_to_event.iter().find(|found| found.kind == self.word("event"));
        match self.word("measure") {
            "count" => Some(false),
            "distribution" if self.word("variable") == "age" => course.fields.contains_key("age").then_some(false),
            "distribution" | "histogram" | "mean" => endpoint.map(|_| false),
            "missing_share" => Some(endpoint.is_none()),
            "pct_change" => both.filter(|(before, _)| *before > 0).map(|_| false),
            "change" | "paired_t" | "correlation" | "anova" => both.map(|_| false),
            "share" => both.map(|(before, after)| after > before),
            "response_rate" if self.word("imputation") == "non_responder" => {
                baseline.map(|before| endpoint.is_some_and(|after| halved(before, after)))
            }
            "response_rate" => both.map(|(before, after)| halved(before, after)),
            "remission_rate" => {
                let most: i64 = self.word("threshold").trim_start_matches("<=").parse().unwrap();
                both.map(|(_, after)| after <= most * self.point)
            }
            "survival" => event().map(|found| found.happened),
            "event_rate" => event().filter(|found| found.happened || found.day > 180).map(|found| found.day <= 180),
            other => panic!("nobody counts `{other}`"),
        }
    }

    /// Courses that count, and those with what is counted, by group.
    fn tally(&self, trial: &Trial, by: &[&str]) -> BTreeMap<String, (u64, u64)> {
        let mut groups = BTreeMap::<String, (u64, u64)>::new();
        for course in trial.courses() {
            let Some(with) = self.counted(course) else { continue };
            let key: Vec<&str> = by.iter().map(|field| spelled(field, &course.fields[*field])).collect();
            let group = groups.entry(key.join("|")).or_default();
            *group = (group.0 + 1, group.1 + u64::from(with));
        }
        groups
    }

    /// Holds the answer's counts to the imported courses. Gives back how many there were.
    fn holds(&self, trial: &Trial, id: &str) -> usize {
        // A dictionary may have no field of that name: it could tell who somebody is.
        let called = |field| if field == "site" { "stratum" } else { field };
        let by = self.asked["group_by"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let by: Vec<&str> = by.map(called).collect();
        let found = self.tally(trial, &by);
        match self.word("measure") {
            "count" => {
                let least = self.asked["min_cell"].as_u64().unwrap_or(0);
                let said = self.answer.as_object().unwrap();
                // A group that is too small is a word there, and no number here.
                let said: BTreeMap<&str, Option<u64>> =
                    said.iter().map(|(group, n)| (group.as_str(), n.as_u64())).collect();
                let shown = found.iter().map(|(group, (n, _))| (group.as_str(), Some(*n).filter(|n| *n >= least)));
                assert_eq!(shown.collect::<BTreeMap<_, _>>(), said, "{id}");
                return said.len();
            }
            "histogram" => {
                let width = self.asked["bin_width"].as_i64().unwrap() * self.point;
                let mut bins = BTreeMap::<String, u64>::new();
                for total in trial.courses().filter_map(|course| self.scores(course).endpoint) {
                    *bins.entry((total / width * width / self.point).to_string()).or_default() += 1;
                }
                let said = self.answer.as_object().unwrap();
                assert_eq!(bins, said.iter().map(|(bin, n)| (bin.clone(), n.as_u64().unwrap())).collect(), "{id}");
                return said.len();
            }
            _ => {}
        }
        let overall = self.tally(trial, &[])[""];
        let wanted = ["by", "by_arm"].iter().find_map(|key| self.answer.get(key)).unwrap_or(self.answer);
        let mut groups: Vec<(&str, &Value, (u64, u64))> =
            found.iter().map(|(group, counted)| (group.as_str(), &wanted[group], *counted)).collect();
        if by.is_empty() || self.word("measure") == "anova" {
            groups = vec![("", self.answer, overall)];
        }
        if let Some(said) = self.answer.get("overall") {
            groups.push(("overall", said, overall));
        }
        for (group, said, (n, with)) in &groups {
            assert_eq!(said["n"].as_u64(), Some(*n), "{id}: {group}");
            for key in ["missing", "events"] {
                if let Some(said) = said.get(key) {
                    assert_eq!(said.as_u64(), Some(*with), "{id}: {group}");
                }
            }
        }
        groups.len()
    }
}

fn halved(before: i64, after: i64) -> bool {
    before > 0 && (before - after) * 2 >= before
}

/// A field as the reference calls it.
fn spelled<'v>(field: &str, value: &'v FieldValue) -> &'v str {
    match value {
        FieldValue::Category(code) if field == "episode_length" && code == "short" => "<6m",
        FieldValue::Category(code) if field == "episode_length" && code == "long" => ">6m",
        FieldValue::Category(code) => code,
        FieldValue::Flag(yes) => {
            if *yes {
                "Yes"
            } else {
                "No"
            }
        }
        FieldValue::Number(number) => panic!("{number} is no group"),
    }
}

/// What has no count of its own, or the same again.
const NOT_COUNTED: [&str; 4] = ["t_test", "linear_regression", "logistic_regression", "cox"];

#[test]
fn every_count_of_the_reference_is_found_in_what_was_imported() {
    let sets = [(Some(duloxetine()), 1, 166), (btheb(), 1, 82), (uis(), 1_000, 31)];
    for (trial, point, counts) in sets {
        let Some(trial) = trial else { continue };
        let mut held = 0;
        for query in trial.expected["queries"].as_array().unwrap() {
            let (id, asked, answer) = (&query["id"], &query["query"], &query["answer"]);
            let query = Query { asked, answer, point };
            if !NOT_COUNTED.contains(&query.word("measure")) {
                held += query.holds(&trial, id.as_str().unwrap());
            }
        }
        assert_eq!(held, counts, "as many counts as the reference has");
    }
}
