//! The dictionary as its author wrote it, before any check beyond the shape of each value.
//!
//! Every table is read by itself, so that a mistake in one hides none in another.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::coding::WrittenCoding;
use super::{Band, BaselineRule, Better, ConsentCategory, Fraction, Onset};

/// What stands before the first table. `instrument`, `field` and the others are read apart.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenHead {
    pub(super) name: Spanned<String>,
    pub(super) version: u32,
    #[serde(default)]
    pub(super) baseline: BaselineRule,
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
    pub(super) reference_source: Option<Spanned<String>>,
    pub(super) better: Better,
    pub(super) bands: Option<Spanned<Vec<Band>>>,
    pub(super) response: Option<Spanned<WrittenResponse>>,
    pub(super) remission: Option<Spanned<WrittenRemission>>,
    pub(super) mcid: Option<Spanned<WrittenChange>>,
    pub(super) reliable_change: Option<Spanned<u32>>,
    pub(super) recall_days: Option<Spanned<u32>>,
    pub(super) per_session: Option<Spanned<bool>>,
    pub(super) ordinal: Option<Spanned<bool>>,
    #[serde(default)]
    pub(super) rates_change: bool,
    pub(super) items: Option<Spanned<WrittenItems>>,
    pub(super) suicide_item: Option<Spanned<u16>>,
    pub(super) loinc: Option<Spanned<String>>,
    pub(super) loinc_panel: Option<Spanned<String>>,
    pub(super) source: Spanned<String>,
    pub(super) licence: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenResponse {
    pub(super) at_least: Option<Fraction>,
    pub(super) points: Option<u32>,
    pub(super) bands: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRemission {
    pub(super) at_most: Option<i64>,
    pub(super) at_least: Option<i64>,
}

/// A number of points, or a share of the baseline.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a whole number, or `{ of_baseline = { num = 1, den = 5 } }`")]
pub(super) enum WrittenChange {
    Points(u32),
    Share(WrittenShare),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenShare {
    pub(super) of_baseline: Fraction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenItems {
    pub(super) count: u16,
    pub(super) min: u8,
    pub(super) max: u8,
    pub(super) kept: bool,
    #[serde(default)]
    pub(super) domains: Vec<Vec<u16>>,
    #[serde(default)]
    pub(super) loinc: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenField {
    pub(super) id: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) kind: WrittenKind,
    pub(super) category: ConsentCategory,
    pub(super) values: Option<Spanned<Vec<String>>>,
    pub(super) coding: Option<BTreeMap<String, Spanned<WrittenCoding>>>,
    pub(super) told_by: Option<Spanned<WrittenToldBy>>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenToldBy {
    pub(super) at_home: Option<String>,
    pub(super) in_session: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSession {
    pub(super) kinds: Spanned<Vec<String>>,
    pub(super) minutes_max: Spanned<u16>,
    pub(super) weight: Spanned<WrittenBounds>,
    pub(super) systolic: Spanned<WrittenBounds>,
    pub(super) spo2: Spanned<WrittenBounds>,
    pub(super) heart_rate: Spanned<WrittenBounds>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBounds {
    pub(super) min: u16,
    pub(super) max: u16,
    pub(super) loinc: Option<String>,
}

/// A code of a list that needs nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCode {
    pub(super) id: Spanned<String>,
    pub(super) coding: Option<Spanned<WrittenCoding>>,
    pub(super) source: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRoute {
    pub(super) id: Spanned<String>,
    pub(super) dose_mg_max: Spanned<u32>,
    pub(super) bioavailability: Option<Spanned<WrittenBioavailability>>,
    pub(super) coding: Option<Spanned<WrittenCoding>>,
    pub(super) source: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBioavailability {
    pub(super) from: u8,
    pub(super) to: u8,
    #[serde(default)]
    pub(super) disputed: bool,
    pub(super) source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenEvents {
    pub(super) severities: Spanned<Vec<String>>,
    pub(super) relatedness: Spanned<Vec<String>>,
    pub(super) onset_minutes_max: Spanned<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenEventKind {
    pub(super) id: Spanned<String>,
    pub(super) onset: Onset,
    pub(super) coding: Option<Spanned<WrittenCoding>>,
    pub(super) source: Option<Spanned<String>>,
}
