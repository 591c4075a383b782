//! A lay text as its file has it: sentences with places in braces for what a grant says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One version in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    pub(super) version: String,
    pub(super) language: String,
    pub(super) opening: String,
    /// With `{list}`.
    pub(super) what_for: String,
    /// With `{who}`.
    pub(super) who: String,
    /// With `{list}`.
    pub(super) categories: String,
    /// With `{list}`; left out where a grant makes none.
    pub(super) conditions: String,
    /// With `{from}` and `{until}`.
    pub(super) time: String,
    /// With `{cap}` and `{worth}`.
    pub(super) cap: String,
    pub(super) worth_none: String,
    pub(super) worth_one: String,
    /// With `{n}`.
    pub(super) worth: String,
    pub(super) closing: String,
    pub(super) disclosure: Disclosures,
    pub(super) who_may: Askers,
    pub(super) category: Categories,
    /// By DUO shorthand; that of `DS` with `{diseases}`.
    pub(super) purpose: BTreeMap<String, String>,
    /// By DUO shorthand.
    pub(super) modifier: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disclosures {
    pub(super) dp_only: String,
    pub(super) exact_also: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Askers {
    pub(super) any_study: String,
    /// Where a condition of the grant keeps companies out.
    pub(super) any_study_of_no_company: String,
    pub(super) academic_only: String,
    /// With `{ids}`.
    pub(super) studies: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Categories {
    pub(super) demographics: String,
    pub(super) treatment: String,
    pub(super) outcomes: String,
    pub(super) adverse_events: String,
}
