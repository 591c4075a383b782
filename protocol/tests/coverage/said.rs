//! What an answer says, as figures with their intervals.

use std::collections::BTreeMap;

use sumac_protocol::answer::{Answer, Found, Test};

/// One figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) value: Option<f64>,
    pub(crate) ci95: Option<[f64; 2]>,
}

/// All figures of an answer by what they are of; where groups are compared, the differences alone.
pub(crate) fn figures(answer: &Answer) -> BTreeMap<String, Figure> {
    if answer.groups.len() > 1 {
        return answer.comparisons.iter().filter_map(|comparison| difference(&comparison.test)).collect();
    }
    let shown = answer.groups.iter().flat_map(|group| &group.estimates);
    shown.flat_map(|estimate| of(&estimate.found)).map(|(part, value, ci95)| (part, Figure { value, ci95 })).collect()
}

fn difference(test: &Test) -> Option<(String, Figure)> {
    let figure = |name: &str, value, ci95| Some((name.to_owned(), Figure { value, ci95 }));
    match test {
        Test::WelchT(two) => figure("welch", Some(two.difference), two.ci95),
        Test::StudentT(two) => figure("student", Some(two.difference), two.ci95),
        Test::Chi2(shares) => figure("risk difference", shares.risk_difference, shares.ci95),
        Test::Anova(_) | Test::Logrank(_) => None,
        other => panic!("{other:?} has no figures here"),
    }
}

type Row = (String, Option<f64>, Option<[f64; 2]>);

fn of(found: &Found) -> Vec<Row> {
    let one = |value, ci95| vec![(String::new(), value, ci95)];
    match found {
        Found::Count(count) => one(Some(count.value as f64), Some(count.ci95)),
        Found::Mean(mean) => one(mean.value, mean.ci95),
        Found::Rate(rate) => one(rate.value, rate.ci95),
        Found::Sum(total) => one(Some(total.value), Some(total.ci95)),
        Found::Variance(spread) | Found::Stddev(spread) => one(spread.value, spread.ci95),
        Found::Quantile(quantile) => one(quantile.value, quantile.ci95),
        Found::Histogram(bins) => {
            let around = |courses: u64| [courses as f64 - bins.ci95_half, courses as f64 + bins.ci95_half];
            bins.value.iter().map(|(from, n)| (format!("from {from}"), Some(*n as f64), Some(around(*n)))).collect()
        }
        Found::Correlation(r) => one(r.value, r.ci95),
        Found::Linear(linear) => linear
            .value
            .iter()
            .flat_map(|rows| {
                let ends = rows.ci95.0.iter().map(|(_, ends)| Some(*ends));
                rows.coef.0.iter().zip(ends).map(|((name, coef), ends)| (name.clone(), Some(*coef), ends))
            })
            .collect(),
        Found::Survival(survival) => {
            survival.value.iter().map(|step| (format!("day {:3}", step.day), Some(step.s), Some(step.ci95))).collect()
        }
        Found::EventsPer(ratio) => one(ratio.value, ratio.ci95),
        Found::Trajectory(days) => {
            days.value.iter().map(|point| (format!("day {:2}", point.day), point.mean.value, point.mean.ci95)).collect()
        }
        Found::TooFew => Vec::new(),
        other @ (Found::Logistic(_) | _) => panic!("{other:?} has no figures here"),
    }
}
