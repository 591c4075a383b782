//! The dictionary as its author wrote it, before any check beyond the shape of each value.

use serde::Deserialize;
use toml::Spanned;

use super::{Band, BaselineRule, Better, ConsentCategory, Fraction};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) name: Spanned<String>,
    pub(super) version: u32,
    #[serde(default)]
    pub(super) baseline: BaselineRule,
    #[serde(default)]
    pub(super) instrument: Vec<WrittenInstrument>,
    #[serde(default)]
    pub(super) field: Vec<WrittenField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenInstrument {
    pub(super) id: Spanned<String>,
    pub(super) version: Spanned<String>,
    pub(super) category: ConsentCategory,
    pub(super) min: Spanned<i64>,
    pub(super) max: Spanned<i64>,
    #[serde(default)]
    pub(super) decimals: Option<Spanned<u8>>,
    pub(super) reference_sd: Option<Spanned<u32>>,
    pub(super) change_clip: Option<Spanned<(i64, i64)>>,
    pub(super) better: Better,
    pub(super) bands: Option<Spanned<Vec<Band>>>,
    pub(super) response: Option<Spanned<WrittenResponse>>,
    pub(super) remission: Option<Spanned<WrittenRemission>>,
    pub(super) mcid: Option<Spanned<u32>>,
    pub(super) recall_days: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) rates_change: bool,
    pub(super) loinc: Option<Spanned<String>>,
    pub(super) source: Spanned<String>,
    pub(super) licence: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenResponse {
    pub(super) at_least: Fraction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRemission {
    pub(super) at_most: Option<i64>,
    pub(super) at_least: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenField {
    pub(super) id: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) kind: WrittenKind,
    pub(super) category: ConsentCategory,
    pub(super) values: Option<Spanned<Vec<String>>>,
    pub(super) min: Option<Spanned<i64>>,
    pub(super) max: Option<Spanned<i64>>,
    pub(super) decimals: Option<Spanned<u8>>,
    pub(super) unit: Option<Spanned<String>>,
    pub(super) reference_sd: Option<Spanned<u32>>,
    pub(super) source: Option<Spanned<String>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum WrittenKind {
    Category,
    Flag,
    Number,
}
