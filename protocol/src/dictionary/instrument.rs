//! Scored instruments: questionnaires and rating scales with a total.

use serde::{Deserialize, Serialize};

use super::fractions::MadeOnce;
use super::{ChangeFractions, ConsentCategory, Items};

/// A scored instrument. All numbers are in units of 10^-decimals of the total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Instrument {
    /// Its name in records and, without regard to capitals, hyphens and underscores, in questions.
    pub id: String,
    /// Which edition: another edition with other items is another instrument.
    pub version: String,
    /// What a patient must have consented to for it to be read.
    pub category: ConsentCategory,
    /// Smallest possible total.
    pub min: i64,
    /// Largest possible total; above `min` by at most 2^27.
    pub max: i64,
    /// Decimal places of the total, 0 to 6.
    pub decimals: u8,
    /// A spread of totals or changes from the literature, never from the data.
    pub reference_sd: Option<u32>,
    /// Range to which changes are clipped in `dp` questions that name none. From the literature.
    pub change_clip: Option<(i64, i64)>,
    /// Where `reference_sd` and `change_clip` come from, or that somebody planned with them and why.
    pub reference_source: String,
    /// Which way is recovery.
    pub better: Better,
    /// Severity bands, ascending, without overlap.
    pub bands: Vec<Band>,
    /// What makes a responder.
    pub response: Option<ResponseRule>,
    /// Where remission begins: at most this where lower is better, at least this where higher is.
    pub remission: Option<i64>,
    /// Smallest change that patients notice.
    pub mcid: Option<ImportantChange>,
    /// Smallest change that is more than the error of measurement.
    pub reliable_change: Option<u32>,
    /// How many days back the questions ask.
    pub recall_days: Option<u32>,
    /// Whether it asks about one session, and so belongs to it instead of to a day.
    pub per_session: bool,
    /// Whether its value is a level and not a total: counted at or above a level, never averaged.
    pub ordinal: bool,
    /// Whether the total itself rates a change since treatment began, so that there is no baseline.
    pub rates_change: bool,
    /// Its items, where they are known.
    pub items: Option<Items>,
    /// The number of the item that asks about suicidal thoughts.
    pub suicide_item: Option<u16>,
    /// The LOINC code of the total, where one exists.
    pub loinc: Option<String>,
    /// The LOINC code of the whole questionnaire, where one exists.
    pub loinc_panel: Option<String>,
    /// Where range, bands and rules were published.
    pub source: String,
    /// Terms under which totals and items may be kept.
    pub licence: String,
    /// Made when it is first asked for.
    #[serde(skip)]
    pub(super) fractions: MadeOnce,
}

impl Instrument {
    /// max − min.
    #[must_use]
    pub const fn width(&self) -> i64 {
        self.max.saturating_sub(self.min)
    }

    /// Every percent change that it can show; none where there are too many.
    #[must_use]
    pub fn change_fractions(&self) -> &ChangeFractions {
        self.fractions.of(self.min, self.max)
    }
}

/// What makes a responder: an improvement of at least so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: a dictionary writes one of these three")]
pub enum ResponseRule {
    /// A share of the baseline.
    OfBaseline(Fraction),
    /// A number of units of the total.
    Points(u32),
    /// A number of severity bands.
    Bands(u32),
}

impl ResponseRule {
    /// The share of the baseline, if the rule is one.
    #[must_use]
    pub const fn share(self) -> Option<Fraction> {
        match self {
            Self::OfBaseline(share) => Some(share),
            Self::Points(_) | Self::Bands(_) => None,
        }
    }
}

/// The smallest change that patients notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: a dictionary writes one of these two")]
pub enum ImportantChange {
    /// A number of units of the total.
    Points(u32),
    /// A share of the baseline.
    OfBaseline(Fraction),
}

/// Which way is recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete: a total falls, rises, or is no measure of health")]
pub enum Better {
    /// Fewer points are fewer symptoms.
    Lower,
    /// More points are more well-being.
    Higher,
    /// The total describes; neither way is recovery.
    Neutral,
}

impl Better {
    /// Whether a total is at a limit or beyond it on the side of recovery; `None` where there is no such side.
    pub(crate) const fn reached(self, total: i64, limit: i64) -> Option<bool> {
        match self {
            Self::Lower => Some(total <= limit),
            Self::Higher => Some(total >= limit),
            Self::Neutral => None,
        }
    }
}

/// One severity band, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lowest total of the band.
    pub from: i64,
    /// Highest total of the band.
    pub to: i64,
    /// What the band is called.
    pub name: String,
}

/// A positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fraction {
    /// Above the line.
    pub num: u32,
    /// Below the line, never 0.
    pub den: u32,
}

impl Fraction {
    /// num/den in lowest terms, or `None` if either is 0 or does not fit 32 bits then.
    #[must_use]
    pub fn reduced(num: u64, den: u64) -> Option<Self> {
        if num == 0 || den == 0 {
            return None;
        }
        let (mut a, mut b) = (num, den);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Some(Self { num: u32::try_from(num / a).ok()?, den: u32::try_from(den / a).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::Fraction;

    #[test]
    fn a_fraction_has_one_spelling_only() {
        assert_eq!(Fraction::reduced(50, 100), Some(Fraction { num: 1, den: 2 }));
        assert_eq!(Fraction::reduced(0, 7), None, "no share at all is no rule");
        assert_eq!(Fraction::reduced(7, 0), None);
        assert_eq!(Fraction::reduced(u64::MAX, 2), None, "past 32 bits");
    }
}
