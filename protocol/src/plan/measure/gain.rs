//! By how much a total must improve.

use serde::{Deserialize, Serialize};

use crate::dictionary::{Band, Better, Fraction, Instrument, ResponseRule};

/// By how much a total must improve to count: a share of the baseline, points, or severity bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: a dictionary writes one of these three")]
pub enum Gain {
    /// A share of the baseline.
    OfBaseline(Fraction),
    /// So many units of the total.
    Points(u32),
    /// So many severity bands of the instrument.
    Bands(u32),
}

impl From<ResponseRule> for Gain {
    fn from(rule: ResponseRule) -> Self {
        match rule {
            ResponseRule::OfBaseline(share) => Self::OfBaseline(share),
            ResponseRule::Points(points) => Self::Points(points),
            ResponseRule::Bands(bands) => Self::Bands(bands),
        }
    }
}

impl Gain {
    /// Whether the endpoint is better than the baseline by at least so much, in whole numbers. `None` where that means
    /// nothing: no direction of recovery, a share of a baseline of 0 or below, a total in no band.
    pub(super) fn reached(self, instrument: &Instrument, baseline: i64, endpoint: i64) -> Option<bool> {
        let lower = match instrument.better {
            Better::Lower => true,
            Better::Higher => false,
            Better::Neutral => return None,
        };
        let gain = |from: i64, to: i64| {
            if lower { i128::from(from) - i128::from(to) } else { i128::from(to) - i128::from(from) }
        };
        match self {
            Self::OfBaseline(_) if baseline <= 0 => None,
            Self::OfBaseline(share) => {
                Some(gain(baseline, endpoint) * i128::from(share.den) >= i128::from(share.num) * i128::from(baseline))
            }
            Self::Points(points) => Some(gain(baseline, endpoint) >= i128::from(points)),
            Self::Bands(bands) => {
                let band = |total| place(&instrument.bands, total);
                Some(gain(band(baseline)?, band(endpoint)?) >= i128::from(bands))
            }
        }
    }
}

/// The place of the band that holds a total, counted from the lowest.
fn place(bands: &[Band], total: i64) -> Option<i64> {
    let at = bands.iter().position(|band| (band.from..=band.to).contains(&total))?;
    i64::try_from(at).ok()
}
