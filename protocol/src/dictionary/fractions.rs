//! Every percent change that an instrument can show, as fractions in lowest terms.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// The distinct fractions (endpoint − baseline)/baseline of an instrument, rising: 1,660 for a total from 0 to 52. A change in
/// percent is then a whole number, its place in this list, and a histogram of places loses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeFractions {
    min: i64,
    max: i64,
    /// Above and below the line.
    fractions: Vec<(i64, i64)>,
}

impl ChangeFractions {
    /// Of totals from `min` to `max`. Instruments of more than [`CHANGE_FRACTIONS_RANGE_MAX`] steps have none: no study has
    /// room for so many.
    #[must_use]
    pub fn of(min: i64, max: i64) -> Self {
        let mut fractions = Vec::new();
        if max.abs_diff(min) <= CHANGE_FRACTIONS_RANGE_MAX && min >= 0 {
            for baseline in min.max(1)..=max {
                for endpoint in min..=max {
                    let common = divisor(endpoint.abs_diff(baseline), baseline.unsigned_abs());
                    let common = i64::try_from(common).unwrap_or(1).max(1);
                    fractions.push(((endpoint - baseline) / common, baseline / common));
                }
            }
        }
        fractions.sort_unstable_by(|(a, b), (c, d)| (a * d).cmp(&(c * b)));
        fractions.dedup();
        Self { min, max, fractions }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fractions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fractions.is_empty()
    }

    /// The fraction at a place: above and below the line.
    #[must_use]
    pub fn fraction(&self, place: usize) -> Option<(i64, i64)> {
        self.fractions.get(place).copied()
    }

    /// The place of a change; `None` for a baseline of 0 and for totals out of range.
    #[must_use]
    pub fn place(&self, baseline: i64, endpoint: i64) -> Option<i64> {
        let range = self.min..=self.max;
        if baseline <= 0 || !range.contains(&baseline) || !range.contains(&endpoint) {
            return None;
        }
        let change = endpoint - baseline;
        let place = self.fractions.binary_search_by(|(above, below)| (above * baseline).cmp(&(change * below)));
        place.ok().and_then(|place| i64::try_from(place).ok())
    }
}

/// A list that is made when it is first asked for. What was made says nothing new, so two are always equal.
#[derive(Clone, Default)]
pub(super) struct MadeOnce(OnceLock<Arc<ChangeFractions>>);

impl MadeOnce {
    pub(super) fn of(&self, min: i64, max: i64) -> &ChangeFractions {
        self.0.get_or_init(|| Arc::new(ChangeFractions::of(min, max)))
    }
}

impl fmt::Debug for MadeOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MadeOnce")
    }
}

impl PartialEq for MadeOnce {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for MadeOnce {}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// Widest instrument whose percent changes are listed, in steps: 10,000 pairs, some 6,000 fractions.
pub const CHANGE_FRACTIONS_RANGE_MAX: u64 = 100;

#[cfg(test)]
mod tests {
    use super::ChangeFractions;

    #[test]
    fn every_change_has_one_place_and_places_rise_with_it() {
        let phq9 = ChangeFractions::of(0, 27);
        assert_eq!(ChangeFractions::of(0, 52).len(), 1_660, "as many as the design counts");
        assert_eq!(phq9.place(20, 10), phq9.place(2, 1), "half is half");
        assert_eq!(phq9.place(20, 0), Some(0), "all of it is the first");
        for (baseline, endpoint) in [(0, 5), (28, 5), (5, 28), (-1, 5), (5, -1)] {
            assert_eq!(phq9.place(baseline, endpoint), None, "{baseline} {endpoint}");
        }
        let mut seen = vec![];
        for baseline in 1..=27_i64 {
            for endpoint in 0..=27_i64 {
                let place = usize::try_from(phq9.place(baseline, endpoint).unwrap()).unwrap();
                let (above, below) = phq9.fraction(place).unwrap();
                assert_eq!(above * baseline, (endpoint - baseline) * below);
                seen.push((place, (endpoint - baseline) as f64 / baseline as f64));
            }
        }
        seen.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert!(seen.windows(2).all(|pair| pair[0].0 == pair[1].0 || pair[0].1 < pair[1].1));
        assert!(ChangeFractions::of(0, 101).is_empty() && ChangeFractions::of(-1, 5).is_empty());
    }
}
