//! Exact answers beside the pooled calculation of three real trials: every number of the reference answers, of records
//! split over 2, 3, 5 and 9 clinics and over the real sites, through the code of a release without noise.
//!
//! The trial of duloxetine comes with this repository; the other two are found through `SUMAC_REFERENCE_DATA`. Each number
//! is one line of the output: query, number, ours, expected, difference.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "tests with figures; a wrong fixture should stop them"
)]

mod asked;
mod pooling;
mod regression;
mod survival;
mod table;
mod traps;
mod trials;

use std::collections::BTreeSet;

use asked::Asked;
use pooling::Pooling;
use table::Table;
use trials::Trial;

/// What the reference answers tell and the dialect does not, for each a reason. Anything else that is missing is a failure.
const MISSING: [(&str, &str); 5] = [
    ("min", "one patient's value: the dialect has no min and no max"),
    ("max", "one patient's value: the dialect has no min and no max"),
    ("mann_whitney", "ranks of one patient against another: not among the comparisons of the dialect"),
    ("fisher_p", "not among the comparisons of the dialect, which are by χ²"),
    ("cox", "needs the covariates of everybody at risk on each day of an event: not a sum over patients"),
];

fn told(name: &str) {
    let Some(trial) = Trial::read(name) else {
        println!("skipped: {name} is not here; set SUMAC_REFERENCE_DATA to the folder that holds real/{name}.csv");
        return;
    };
    let pooling = Pooling::of(&trial);
    let mut table = Table::default();
    for query in trial.expected["queries"].as_array().unwrap() {
        let found = Asked::of(&pooling, query).found();
        table.compare(name, query["id"].as_str().unwrap(), &query["answer"], found);
    }
    table.print();
    assert!(table.wrong.is_empty(), "{} numbers of {name} differ:\n{}", table.wrong.len(), table.wrong.join("\n"));
    let known: BTreeSet<&str> = MISSING.iter().map(|(_, why)| *why).collect();
    let strange: Vec<_> = table.missing.iter().filter(|(_, why)| !known.contains(why.as_str())).collect();
    assert!(strange.len() == trial.cannot, "{name}: {strange:#?}");
    assert!(table.compared > 200, "{} numbers of {name} compared", table.compared);
}

/// The reason of a kind of number that the dialect does not tell.
fn why_missing(kind: &str) -> &'static str {
    MISSING.iter().find(|(known, _)| *known == kind).unwrap().1
}

#[test]
fn every_number_of_the_trial_of_duloxetine_is_that_of_the_pooled_calculation() {
    told("hamd_duloxetine");
}

#[test]
fn every_number_of_the_trial_of_beating_the_blues_is_that_of_the_pooled_calculation() {
    told("bdi_btheb");
}

#[test]
fn every_number_of_the_trial_of_residential_treatment_is_that_of_the_pooled_calculation() {
    told("uis_relapse");
}
