//! Architecture and style, held by tests that read the source tree.
//!
//! Each rule is a function from a [`Tree`] to its offences. It is run twice: here on this repository, and
//! beside its definition on a few lines written to break it, so that a rule that has gone blind is
//! noticed. What clippy can see (lengths of functions, `unwrap`, casts) is left to clippy, except where one
//! attribute in one file could turn it off unseen.

use std::path::Path;

use tidy::rules::{self, Rule};
use tidy::tree::Tree;

mod tidy {
    pub(crate) mod lexer;
    pub(crate) mod manifest;
    pub(crate) mod modules;
    pub(crate) mod rules;
    pub(crate) mod source;
    pub(crate) mod tree;
}

#[test]
fn arrows_between_crates_point_inward() {
    holds(rules::crates::arrows_point_inward);
}

#[test]
fn every_crate_inherits_the_lints() {
    holds(rules::crates::lints_are_inherited);
}

#[test]
fn every_dependency_is_used() {
    holds(rules::crates::dependencies_are_used);
}

#[test]
fn every_dependency_has_a_reason_in_the_architecture() {
    holds(rules::crates::dependencies_have_reasons);
}

#[test]
fn the_network_library_and_the_index_are_named_in_their_own_places_only() {
    holds(rules::crates::libraries_keep_to_their_places);
}

#[test]
fn the_protocol_has_no_clock_no_files_and_no_order_of_chance() {
    holds(rules::crates::protocol_is_pure);
}

#[test]
fn no_file_is_longer_than_four_hundred_lines_of_code() {
    holds(rules::size::files_are_short);
}

#[test]
fn half_of_all_files_have_at_most_a_hundred_and_fifty_lines_of_code() {
    holds(rules::size::the_median_file_is_short);
}

#[test]
fn doc_comments_are_at_least_fifteen_lines_in_a_hundred_of_every_crate() {
    holds(rules::size::public_things_are_explained);
}

#[test]
fn every_file_is_part_of_a_crate() {
    holds(rules::shape::every_file_is_reachable);
}

#[test]
fn no_file_or_module_has_a_name_that_says_nothing() {
    holds(rules::shape::names_say_something);
}

#[test]
fn no_code_panics_outside_tests() {
    holds(rules::shape::nothing_panics_outside_tests);
}

#[test]
fn unfinished_work_has_an_owner() {
    holds(rules::shape::unfinished_work_has_an_owner);
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    holds(rules::shape::no_lint_is_silenced);
}

#[test]
fn no_test_is_ignored_sleeps_or_expects_a_panic() {
    holds(rules::shape::tests_are_honest);
}

#[test]
fn secrets_cannot_be_copied_or_written_out() {
    holds(rules::shape::secrets_stay_single);
}

#[test]
fn every_test_that_a_document_names_exists() {
    holds(rules::texts::named_tests_exist);
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    holds(rules::texts::links_lead_somewhere);
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    holds(rules::texts::nothing_names_the_workplace);
}

/// Runs a rule on this repository and lists every offence.
fn holds(rule: Rule) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let offences = rule(&Tree::read(&root).unwrap_or_else(|why| panic!("{}: {why}", root.display())));
    let listed: Vec<String> = offences.iter().map(ToString::to_string).collect();
    assert!(offences.is_empty(), "{} offences\n{}\n", listed.len(), listed.join("\n"));
}
