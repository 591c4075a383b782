//! A query of the reference answers in the words of the dialect, and what its answer says.

use serde_json::Value;
use sumac_protocol::answer::{Answer, Estimate, Found as Told, Mean, Quantile, Shares, Test, TwoMeans};

use crate::pooling::Pooling;
use crate::regression;
use crate::survival;
use crate::table::{Found, Ours};
use crate::trials::code;
use crate::why_missing;

/// One query of the reference answers.
pub(crate) struct Asked<'a> {
    pub(crate) pooling: &'a Pooling<'a>,
    /// The query itself.
    pub(crate) query: &'a Value,
    /// Its answer, for the names of groups and quantiles.
    pub(crate) answer: &'a Value,
}

/// The quantiles of the reference answers.
const SHARES: [&str; 7] = ["0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"];

impl<'a> Asked<'a> {
    pub(crate) const fn of(pooling: &'a Pooling<'a>, query: &'a Value) -> Self {
        Self { pooling, query, answer: query }
    }

    /// Every number that we say of it.
    pub(crate) fn found(&self) -> Found {
        let asked = Self { query: &self.query["query"], answer: &self.query["answer"], ..*self };
        match asked.query["measure"].as_str().unwrap() {
            "count" => asked.counts(),
            "distribution" | "change" | "mean" => asked.distributions(&asked.number()),
            "pct_change" => asked.percents(),
            "histogram" => asked.histogram(),
            "missing_share" | "share" => asked.shares_of_groups(),
            "response_rate" | "remission_rate" | "event_rate" => asked.rates(),
            "paired_t" => asked.paired(),
            "t_test" => asked.t_tests(),
            "anova" => asked.anova(),
            "correlation" => regression::correlation(&asked),
            "linear_regression" => regression::linear(&asked),
            "logistic_regression" => regression::logistic(&asked),
            "survival" => survival::survival(&asked),
            "cox" => Found::from([("*".to_owned(), missing("cox"))]),
            other => panic!("{other} is not known"),
        }
    }

    /// The number that a query is of, in the dialect.
    pub(crate) fn number(&self) -> String {
        if let Some(field) = self.query.get("variable") {
            return field.as_str().unwrap().to_owned();
        }
        let of = |word: &str| self.query.get(word).and_then(Value::as_str);
        match (of("measure"), of("timepoint")) {
            (_, Some("baseline")) => self.baseline(),
            (Some("change" | "paired_t" | "t_test" | "anova"), _) => self.at("change", ""),
            (Some("pct_change"), _) => self.at("pct_change", ""),
            _ => self.at("score", ""),
        }
    }

    pub(crate) fn instrument(&self) -> String {
        self.query.get("instrument").map_or("BDI", |name| name.as_str().unwrap()).replace('-', "_")
    }

    pub(crate) fn baseline(&self) -> String {
        format!("baseline({})", self.instrument())
    }

    /// A function of the timepoint.
    pub(crate) fn at(&self, function: &str, more: &str) -> String {
        let [day, from, to] = [
            &self.query["timepoint"]["target"],
            &self.query["timepoint"]["window"][0],
            &self.query["timepoint"]["window"][1],
        ];
        format!("{function}({}, day => {day}, from => {from}, to => {to}{more})", self.instrument())
    }

    pub(crate) fn grouped(&self) -> String {
        let Some(fields) = self.query.get("group_by").and_then(Value::as_array) else { return String::new() };
        let fields = fields.iter().map(|field| field.as_str().unwrap().replace("site", "centre"));
        format!(" GROUP BY {}", fields.collect::<Vec<_>>().join(", "))
    }

    fn ask(&self, selected: &str) -> Result<Answer, String> {
        self.pooling.ask(&format!("SELECT {selected} FROM courses{}", self.grouped()))
    }

    /// Each group of the reference answer, as the beginning of its paths and our name of it.
    fn groups(&self) -> Vec<(String, String)> {
        if self.query.get("group_by").is_none() {
            return vec![(String::new(), String::new())];
        }
        let of_groups = self.answer.get("by_arm").unwrap_or(self.answer).as_object().unwrap();
        of_groups.keys().map(|group| (format!("{group}."), code(group))).collect()
    }

    fn counts(&self) -> Found {
        let cohort_min = self.query.get("min_cell").map_or(1, |min| min.as_u64().unwrap());
        let text = format!("SELECT count(*) AS n FROM courses{}", self.grouped());
        let answer = self.pooling.ask_with(&text, cohort_min).unwrap();
        let said = |group: &str| match answer.groups.iter().find(|known| known.key.to_string() == group).unwrap() {
            held if held.suppressed => Ours::Word("suppressed"),
            shown => {
                let Told::Count(count) = &shown.estimates[0].found else { panic!() };
                Ours::Exact(count.value as f64)
            }
        };
        self.groups().into_iter().map(|(path, group)| (path.trim_end_matches('.').to_owned(), said(&group))).collect()
    }

    /// n, sums, mean, spread and quantiles of a number in whole units.
    fn distributions(&self, number: &str) -> Found {
        let means = self.ask(&format!("mean({number}) AS mean")).unwrap();
        let mut found = self.quantiles(number);
        for (path, group) in self.groups() {
            let Told::Mean(mean) = &estimate(&means, &group, "mean").found else { panic!() };
            // Sums are in units of the number's decimals: of one trial's totals these are thousandths.
            let units = if number.contains("(BDI)") { 1e3 } else { 1.0 };
            let [sum, sum_sq] = [mean.sum.unwrap() as f64 / units, mean.sum_sq.unwrap() as f64 / units / units];
            for (name, ours) in [("sum", sum), ("sum_sq", sum_sq)] {
                if self.says(&path, name) {
                    found.insert(format!("{path}{name}"), Ours::Exact(ours));
                }
            }
            found.extend(said_of_mean(&path, mean));
        }
        found
    }

    /// Of percent changes the sums are not whole.
    fn percents(&self) -> Found {
        let number = self.number();
        let selected = format!("mean({number}) AS mean, sum({number}) AS sum, variance({number}) AS variance");
        let told = self.ask(&selected).unwrap();
        let mut found = self.quantiles(&number);
        for (path, group) in self.groups() {
            let [mean, sum, variance] = ["mean", "sum", "variance"].map(|name| &estimate(&told, &group, name).found);
            let (Told::Mean(mean), Told::Sum(sum), Told::Variance(variance)) = (mean, sum, variance) else { panic!() };
            let (n, average) = (mean.n as f64, mean.value.unwrap());
            let squares = variance.value.unwrap() * (n - 1.0) + n * average * average;
            found.insert(format!("{path}sum"), Ours::Derived(Some(sum.value)));
            found.insert(format!("{path}sum_sq"), Ours::Derived(Some(squares)));
            found.extend(said_of_mean(&path, mean));
        }
        found
    }

    fn says(&self, path: &str, name: &str) -> bool {
        let of_group = if path.is_empty() { self.answer } else { &self.answer[path.trim_end_matches('.')] };
        of_group.get(name).is_some()
    }

    fn quantiles(&self, number: &str) -> Found {
        let mut found = Found::new();
        let each = SHARES.iter().enumerate().map(|(at, share)| format!("quantile({number}, {share}) AS q{at}"));
        let asked = self.groups().iter().any(|(path, _)| self.says(path, "quantiles"));
        let told = asked.then(|| self.ask(&each.collect::<Vec<_>>().join(", ")));
        for (path, group) in self.groups() {
            for end in ["min", "max"] {
                if self.says(&path, end) {
                    found.insert(format!("{path}{end}"), missing(end));
                }
            }
            for (at, share) in SHARES.iter().enumerate().filter(|_| self.says(&path, "quantiles")) {
                let ours = match told.as_ref().unwrap() {
                    Err(why) => Ours::Missing(why.clone()),
                    Ok(told) => Ours::Derived(quantile(told, &group, &format!("q{at}")).value),
                };
                found.insert(format!("{path}quantiles.{share}"), ours);
            }
        }
        found
    }

    fn histogram(&self) -> Found {
        let told = self.ask(&format!("histogram({}, {}) AS bins", self.number(), self.query["bin_width"])).unwrap();
        let Told::Histogram(histogram) = &estimate(&told, "", "bins").found else { panic!() };
        let bins = histogram.value.iter().filter(|(_, courses)| *courses > 0);
        bins.map(|(lowest, courses)| (lowest.to_string(), Ours::Exact(*courses as f64))).collect()
    }

    /// How many of how many, without a comparison.
    fn shares_of_groups(&self) -> Found {
        let (of, events) = match self.query["measure"].as_str().unwrap() {
            "missing_share" => (format!("missing({})", self.at("score", "")), "missing"),
            _ => (self.at("deteriorated", ""), "events"),
        };
        let told = self.ask(&format!("rate({of}) AS rate")).unwrap();
        let mut found = Found::new();
        for (path, group) in self.groups() {
            let Told::Rate(rate) = &estimate(&told, &group, "rate").found else { panic!() };
            found.insert(format!("{path}n"), Ours::Exact(rate.n as f64));
            found.insert(format!("{path}{events}"), Ours::Exact(rate.events as f64));
            found.insert(format!("{path}share"), Ours::Derived(rate.value));
        }
        found
    }

    fn rates(&self) -> Found {
        let of = match self.query["measure"].as_str().unwrap() {
            "event_rate" => format!("event({}, by => {})", self.query["event"].as_str().unwrap(), self.query["by_day"]),
            "remission_rate" => {
                let limit = self.query["threshold"].as_str().unwrap().trim_start_matches("<=");
                self.at("remission", &format!(", at_most => {limit}"))
            }
            _ => {
                let missing = self.query.get("imputation").map_or("", |_| ", missing => 'non_responder'");
                self.at("response", &format!(", at_least => 0.5{missing}"))
            }
        };
        let told = self.ask(&format!("rate({of}) AS rate")).unwrap();
        let mut found = Found::from([("fisher_p".to_owned(), missing("fisher_p"))]);
        for (path, group) in self.groups() {
            let Told::Rate(rate) = &estimate(&told, &group, "rate").found else { panic!() };
            found.insert(format!("by_arm.{path}n"), Ours::Exact(rate.n as f64));
            found.insert(format!("by_arm.{path}events"), Ours::Exact(rate.events as f64));
            found.insert(format!("rate.{group}"), Ours::Derived(rate.value));
        }
        let [comparison] = told.comparisons.as_slice() else { panic!() };
        let Test::Chi2(shares) = &comparison.test else { panic!() };
        found.extend(said_of_shares(shares));
        found
    }

    fn paired(&self) -> Found {
        let told = self.ask(&format!("mean({}) AS mean", self.number())).unwrap();
        let Told::Mean(mean) = &estimate(&told, "", "mean").found else { panic!() };
        let paired = mean.paired.as_ref().unwrap();
        Found::from([
            ("n".to_owned(), Ours::Exact(mean.n as f64)),
            ("t".to_owned(), Ours::Derived(paired.statistic)),
            ("df".to_owned(), Ours::Derived(paired.df)),
            ("p".to_owned(), Ours::Probability(paired.p)),
            ("dz".to_owned(), Ours::Derived(paired.dz)),
        ])
    }

    fn t_tests(&self) -> Found {
        let text = format!("SELECT mean({}) AS mean FROM courses GROUP BY arm", self.number());
        let told = self.pooling.ask(&text).unwrap();
        let [welch, student] = told.comparisons.as_slice() else { panic!() };
        let (Test::WelchT(welch), Test::StudentT(student)) = (&welch.test, &student.test) else { panic!() };
        let mut found = Found::from([
            ("mean_difference".to_owned(), Ours::Derived(Some(welch.difference))),
            ("cohens_d".to_owned(), Ours::Derived(welch.cohens_d)),
            ("hedges_g".to_owned(), Ours::Derived(welch.hedges_g)),
            ("mann_whitney.*".to_owned(), missing("mann_whitney")),
        ]);
        let mut said = |name: &str, test: &TwoMeans| {
            found.insert(format!("{name}.t"), Ours::Derived(test.statistic));
            found.insert(format!("{name}.df"), Ours::Derived(test.df));
            found.insert(format!("{name}.p"), Ours::Probability(test.p));
            for (at, end) in test.ci95.unwrap().into_iter().enumerate() {
                found.insert(format!("{name}.ci95.{at}"), Ours::Derived(Some(end)));
            }
        };
        said("t_welch", welch);
        said("t_student", student);
        found
    }

    fn anova(&self) -> Found {
        let told = self.ask(&format!("mean({}) AS mean", self.number())).unwrap();
        let [comparison] = told.comparisons.as_slice() else { panic!() };
        let Test::Anova(anova) = &comparison.test else { panic!() };
        Found::from([
            ("k".to_owned(), Ours::Exact(comparison.groups.len() as f64)),
            ("n".to_owned(), Ours::Exact(anova.df + anova.df_within + 1.0)),
            ("F".to_owned(), Ours::Derived(anova.statistic)),
            ("p".to_owned(), Ours::Probability(anova.p)),
        ])
    }
}

pub(crate) fn missing(kind: &str) -> Ours {
    Ours::Missing(why_missing(kind).to_owned())
}

pub(crate) fn estimate<'a>(answer: &'a Answer, group: &str, name: &str) -> &'a Estimate {
    let group = answer.groups.iter().find(|known| known.key.to_string() == group).unwrap();
    group.estimates.iter().find(|estimate| estimate.name == name).unwrap()
}

fn quantile<'a>(answer: &'a Answer, group: &str, name: &str) -> &'a Quantile {
    let Told::Quantile(quantile) = &estimate(answer, group, name).found else { panic!() };
    quantile
}

fn said_of_mean(path: &str, mean: &Mean) -> Found {
    Found::from([
        (format!("{path}n"), Ours::Exact(mean.n as f64)),
        (format!("{path}mean"), Ours::Derived(mean.value)),
        (format!("{path}sd"), Ours::Derived(mean.sd)),
    ])
}

fn said_of_shares(shares: &Shares) -> Found {
    let ends = shares.ci95.unwrap();
    Found::from([
        ("risk_difference".to_owned(), Ours::Derived(shares.risk_difference)),
        ("rd_ci95_wald.0".to_owned(), Ours::Derived(Some(ends[0]))),
        ("rd_ci95_wald.1".to_owned(), Ours::Derived(Some(ends[1]))),
        ("odds_ratio".to_owned(), Ours::Derived(shares.odds_ratio)),
        ("log_or".to_owned(), Ours::Derived(shares.odds_ratio.map(f64::ln))),
        ("se_log_or".to_owned(), Ours::Derived(shares.se_log_odds_ratio)),
        ("chi2.stat".to_owned(), Ours::Derived(shares.chi2)),
        ("chi2.p".to_owned(), Ours::Probability(shares.p)),
        ("chi2.df".to_owned(), Ours::Exact(shares.df)),
    ])
}
