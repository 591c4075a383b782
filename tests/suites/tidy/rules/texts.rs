//! Rules about documents and every other text.

use std::collections::BTreeSet;

use crate::tidy::manifest::normal;
use crate::tidy::rules::{Offence, finds};
use crate::tidy::source::declared;
use crate::tidy::tree::Tree;

/// After the words "Held by" a document names tests, and each of them exists.
pub(crate) fn named_tests_exist(tree: &Tree) -> Vec<Offence> {
    let lines = tree.sources.iter().flat_map(|s| s.all_lines());
    let functions: BTreeSet<&str> = lines.flat_map(|(_, line)| declared(&line.code, "fn")).collect();
    let mut offences = Vec::new();
    for (path, text) in documents(tree) {
        let mut inside = false;
        for (i, line) in text.lines().enumerate() {
            inside &= !line.trim().is_empty();
            let rest = line.split_once("Held by").map(|(_, rest)| rest);
            inside |= rest.is_some();
            for name in code_spans(rest.unwrap_or(line)).filter(|name| inside && is_test_name(name)) {
                if !functions.contains(name) {
                    offences.push(Offence::new(format!("{path}:{}", i + 1), format!("no test is named `{name}`")));
                }
            }
        }
    }
    offences
}

/// Links between documents lead to files of the tree.
pub(crate) fn links_lead_somewhere(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (path, text) in documents(tree) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (i, line) in text.lines().enumerate() {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
                let outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
                let whole = normal(&format!("{folder}/{target}"));
                let there = tree.texts.iter().any(|(at, _)| *at == whole || at.starts_with(&format!("{whole}/")));
                if !outside && !there {
                    offences.push(Offence::new(format!("{path}:{}", i + 1), format!("`{target}` leads nowhere")));
                }
            }
        }
    }
    offences
}

/// No text holds a path or a host of the machine that the project was written on.
pub(crate) fn nothing_names_the_workplace(tree: &Tree) -> Vec<Offence> {
    // Put together here, or this file would offend against its own rule.
    let banned: Vec<String> = [("/wo", "rk/"), ("crates", ".io"), ("py", "pi.org"), ("np", "mjs")]
        .iter()
        .map(|(head, tail)| format!("{head}{tail}"))
        .collect();
    let mut offences = Vec::new();
    for (path, text) in &tree.texts {
        for (i, line) in text.lines().enumerate() {
            let found = banned.iter().filter(|word| line.contains(word.as_str()));
            offences.extend(found.map(|word| Offence::new(format!("{path}:{}", i + 1), format!("`{word}`"))));
        }
    }
    offences
}

fn documents(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.texts.iter().filter(|(path, _)| path.ends_with(".md")).map(|(path, text)| (path.as_str(), text.as_str()))
}

/// What stands between backticks in a line.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// A sentence with underscores: three words or more.
fn is_test_name(name: &str) -> bool {
    name.matches('_').count() >= 2 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
fn a_test_that_does_not_exist_is_found() {
    let text = "*Invariant:* a. Held by `this_test_is_there` and\n`this_one_is_not`, in `a/src/lib.rs`.\n\nSee `no_such_thing` too.\n";
    let files = [("a/src/lib.rs", "#[test]\nfn this_test_is_there() {}\n"), ("ARCHITECTURE.md", text)];
    finds(named_tests_exist, &files, &["ARCHITECTURE.md:2"]);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "[a](../README.md#top) [b](https://example.org)\n[c](gone.md)\n[d](#here) [e](../deploy)\n";
    finds(links_lead_somewhere, &[("README.md", ""), ("deploy/README.md", text)], &["deploy/README.md:2"]);
}

#[test]
fn a_path_of_the_workplace_is_found() {
    let text = format!("see /wo{}/shared\nsee /workshop/\n", "rk");
    finds(nothing_names_the_workplace, &[("a.toml", text.as_str())], &["a.toml:1"]);
}
