//! Every number of the reference answers beside ours.

use std::collections::BTreeMap;

use serde_json::Value;

/// What we say of one number.
#[derive(Debug, Clone)]
pub(crate) enum Ours {
    /// A count or a sum: to the last bit.
    Exact(f64),
    /// What follows from sums by a few operations: to a billionth.
    Derived(Option<f64>),
    /// A probability: to a millionth of itself.
    Probability(Option<f64>),
    /// A coefficient of a regression or its standard error: to a millionth.
    Coefficient(Option<f64>),
    /// A word.
    Word(&'static str),
    /// Not told, and why.
    Missing(String),
}

/// Our numbers by their path in the reference answer, such as `drug.quantiles.0.5`. A path that ends in `*` is of all
/// that begin so.
pub(crate) type Found = BTreeMap<String, Ours>;

/// All comparisons.
#[derive(Debug, Default)]
pub(crate) struct Table {
    lines: Vec<String>,
    pub(crate) compared: usize,
    pub(crate) wrong: Vec<String>,
    /// Path and reason.
    pub(crate) missing: Vec<(String, String)>,
}

impl Table {
    pub(crate) fn compare(&mut self, trial: &str, query: &str, expected: &Value, mut found: Found) {
        let mut leaves = Vec::new();
        walk(String::new(), expected, &mut leaves);
        for (path, want) in leaves {
            let name = format!("{trial} {query} {path}");
            let all =
                found.iter().find(|(known, _)| known.strip_suffix('*').is_some_and(|start| path.starts_with(start)));
            let all = all.map(|(_, ours)| ours.clone());
            match found.remove(&path).or(all) {
                None => self.wrong.push(format!("{name}: nothing is said of it")),
                Some(Ours::Missing(why)) => {
                    self.lines.push(format!("{name:<78} missing: {why}"));
                    self.missing.push((name, why));
                }
                Some(ours) => self.one(&name, &ours, &want),
            }
        }
        // A survival table that is longer than it should be.
        let beyond = found.keys().filter(|path| !path.ends_with('*'));
        self.wrong.extend(beyond.map(|path| format!("{trial} {query} {path}: not in the reference answer")));
    }

    fn one(&mut self, name: &str, ours: &Ours, want: &Value) {
        self.compared += 1;
        let (got, most) = match ours {
            Ours::Exact(got) => (Some(*got), 0.0),
            Ours::Derived(got) => (*got, 1e-9),
            Ours::Probability(got) | Ours::Coefficient(got) => (*got, 1e-6),
            Ours::Word(_) | Ours::Missing(_) => (None, 0.0),
        };
        let word = if let Ours::Word(word) = ours { Some(*word) } else { None };
        let (right, difference) = match (got, want.as_f64()) {
            (Some(got), Some(want)) => {
                let difference = (got - want).abs();
                // Of a coefficient the difference itself, of everything else in terms of the number.
                let scale = if matches!(ours, Ours::Coefficient(_)) { 1.0 } else { want.abs() };
                let floor = if most > 0.0 { 1e-13 } else { 0.0 };
                (difference <= (most * scale).max(floor), difference)
            }
            (None, None) => (word.map_or(want.is_null(), |word| want == word), 0.0),
            _ => (false, f64::NAN),
        };
        let shown = got.map_or_else(|| word.unwrap_or("null").to_owned(), |got| got.to_string());
        let line = format!("{name:<78} {shown:>24} {:>24} {difference:.1e}", want.to_string());
        self.lines.push(line.clone());
        if !right {
            self.wrong.push(line);
        }
    }

    pub(crate) fn print(&self) {
        println!("{:<78} {:>24} {:>24} difference", "trial, query, number", "ours", "expected");
        for line in &self.lines {
            println!("{line}");
        }
        println!("{} compared, {} missing, {} wrong", self.compared, self.missing.len(), self.wrong.len());
    }
}

fn walk(path: String, value: &Value, leaves: &mut Vec<(String, Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != "table_columns") {
                walk(below(name), value, leaves);
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                walk(below(&at.to_string()), value, leaves);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => leaves.push((path, value.clone())),
    }
}
