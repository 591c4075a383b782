//! The rules, by what they look at.

use std::fmt;

use crate::tidy::tree::Tree;

pub(crate) mod crates;
pub(crate) mod shape;
pub(crate) mod size;
pub(crate) mod texts;

/// A rule lists what breaks it.
pub(crate) type Rule = fn(&Tree) -> Vec<Offence>;

/// One thing that breaks a rule.
#[derive(Debug)]
pub(crate) struct Offence {
    /// File and line.
    place: String,
    /// What is wrong there.
    what: String,
}

impl Offence {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Checks that a rule finds exactly these places in a small tree.
fn finds(rule: Rule, files: &[(&str, &str)], places: &[&str]) {
    let offences = rule(&Tree::of(files.iter().copied()));
    let found: Vec<&str> = offences.iter().map(|offence| offence.place.as_str()).collect();
    assert_eq!(found, places, "in {files:#?}");
}
