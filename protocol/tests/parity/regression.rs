//! Correlations and regressions of the reference answers.

use serde_json::Value;
use sumac_protocol::answer::{Coefficients, Found as Told};

use crate::asked::{Asked, estimate};
use crate::table::{Found, Ours};

pub(crate) fn correlation(asked: &Asked<'_>) -> Found {
    let text = format!("SELECT correlation({}, {}) AS r FROM courses", asked.baseline(), asked.at("score", ""));
    let told = asked.pooling.ask(&text).unwrap();
    let Told::Correlation(correlation) = &estimate(&told, "", "r").found else { panic!() };
    Found::from([
        ("n".to_owned(), Ours::Exact(correlation.n as f64)),
        ("r".to_owned(), Ours::Derived(correlation.value)),
        ("p".to_owned(), Ours::Probability(correlation.p)),
    ])
}

pub(crate) fn linear(asked: &Asked<'_>) -> Found {
    let text = format!("SELECT linear({}, {}) AS fit FROM courses", explained(asked), predictors(asked));
    let told = asked.pooling.ask(&text).unwrap();
    let Told::Linear(linear) = &estimate(&told, "", "fit").found else { panic!() };
    let mut found = coefficients(linear.value.as_ref().unwrap());
    found.insert("n".to_owned(), Ours::Exact(linear.n as f64));
    found.insert("df_resid".to_owned(), Ours::Exact(linear.df));
    found.insert("r2".to_owned(), Ours::Derived(linear.r2));
    found.insert("sigma".to_owned(), Ours::Derived(linear.sigma));
    found
}

pub(crate) fn logistic(asked: &Asked<'_>) -> Found {
    let mut at = String::new();
    for _ in 0..ROUNDS {
        let (y, x) = (explained(asked), predictors(asked));
        let told = asked.pooling.ask(&format!("SELECT logistic({y}, {x}{at}) AS fit FROM courses")).unwrap();
        let Told::Logistic(logistic) = &estimate(&told, "", "fit").found else { panic!() };
        // Coefficients are whole numbers of 2^-30, so no step can be much smaller.
        if logistic.step.unwrap() < 1e-6 {
            let mut found = coefficients(logistic.value.as_ref().unwrap());
            found.insert("n".to_owned(), Ours::Exact(logistic.n as f64));
            found.insert("loglik".to_owned(), Ours::Derived(logistic.log_likelihood));
            return found;
        }
        let next: Vec<String> = logistic.next.as_ref().unwrap().iter().map(ToString::to_string).collect();
        at = format!(", at => ({})", next.join(", "));
    }
    panic!("{ROUNDS} rounds are not enough")
}

/// Most rounds of a logistic regression.
const ROUNDS: usize = 8;

/// What is explained.
fn explained(asked: &Asked<'_>) -> String {
    match asked.query["y"].as_str().unwrap() {
        "endpoint" => asked.at("score", ""),
        "response" => asked.at("response", ", at_least => 0.5"),
        "beck" => asked.baseline(),
        _ => "event(return_to_drug_use, by => 180)".to_owned(),
    }
}

fn predictors(asked: &Asked<'_>) -> String {
    let predictor = |name: &Value| match name.as_str().unwrap() {
        "baseline" | "beck" => asked.baseline(),
        "site" => "centre".to_owned(),
        field => field.to_owned(),
    };
    asked.query["x"].as_array().unwrap().iter().map(predictor).collect::<Vec<_>>().join(", ")
}

/// Each coefficient under the name that the reference answers give it.
fn coefficients(told: &Coefficients) -> Found {
    let mut found = Found::new();
    let rows = told.coef.0.iter().zip(&told.se.0).zip(&told.p.0);
    for (((label, coef), (_, se)), (_, p)) in rows {
        let name = match label.split_once('=') {
            Some(("centre", value)) => format!("site_{value}"),
            Some((field, value)) => format!("{field}_{value}"),
            None if label == "baseline(BDI)" => "beck".to_owned(),
            None if label.starts_with("baseline(") => "baseline".to_owned(),
            None => label.clone(),
        };
        found.insert(format!("coef.{name}"), Ours::Coefficient(Some(*coef)));
        found.insert(format!("se.{name}"), Ours::Coefficient(Some(*se)));
        found.insert(format!("p.{name}"), Ours::Probability(Some(*p)));
    }
    found
}
