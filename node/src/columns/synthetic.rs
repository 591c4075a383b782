//! Courses that nobody had: for measuring. Drawn row by row from a seed, so a row is the same in every run.
//!
//! The vocabularies and visits are those of ketamine clinics in outline; the scores follow no model, and say
//! nothing about anybody.

use std::collections::BTreeMap;

use sumac_protocol::record::{Assessment, Course, FieldValue};

/// The dictionary of the courses.
pub const DICTIONARY: &str = include_str!("synthetic/dictionary.toml");

/// Courses by row, one for each patient.
#[derive(Debug, Clone, Copy)]
pub struct Synthetic {
    /// Another seed draws other courses.
    pub seed: u64,
}

impl Synthetic {
    /// The course of one patient.
    #[must_use]
    pub fn course(&self, row: u32) -> Course {
        let mut draw = Draw::new(self.seed, row);
        let mut fields = BTreeMap::new();
        for (id, values) in CATEGORIES {
            // One in fifty is not known.
            if draw.below(50) > 0
                && let Some(value) = values.get(draw.below(values.len()))
            {
                fields.insert((*id).to_owned(), FieldValue::Category((*value).to_owned()));
            }
        }
        fields.insert("treatment_resistant".to_owned(), FieldValue::Flag(draw.below(3) == 0));
        fields.insert("weight".to_owned(), FieldValue::Number(450 + draw.number(700)));
        let mut assessments = Vec::with_capacity(12);
        for (instrument, max) in [("GAD-7", 21), ("PHQ-9", 27)] {
            let baseline = max / 2 + draw.number(max / 2);
            for (target, around, kept) in VISITS {
                if draw.below(100) < *kept {
                    let day = target + i32::try_from(draw.below(2 * around + 1)).unwrap_or(0)
                        - i32::try_from(*around).unwrap_or(0);
                    let value = if day <= 0 { baseline } else { draw.number(baseline) };
                    let day = if *target == 0 { day.min(0) } else { day };
                    assessments.push(Assessment::total(instrument, day, value));
                }
            }
        }
        Course { id: "1".to_owned(), fields, assessments, ..Course::default() }
    }

    /// Whether the patient of a row consents: four in five do.
    #[must_use]
    pub fn consents(&self, row: u32) -> bool {
        Draw::new(!self.seed, row).below(5) > 0
    }
}

/// A small generator, the same everywhere (SplitMix64, Steele, Lea and Flood 2014). For made-up rows only.
struct Draw(u64);

impl Draw {
    fn new(seed: u64, row: u32) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ u64::from(row).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to just below `end`; 0 if `end` is 0.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        self.next().checked_rem(end).and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
    }

    /// A number from 0 to `most`, which is not negative.
    fn number(&mut self, most: i64) -> i64 {
        i64::try_from(self.below(usize::try_from(most).map_or(1, |most| most.saturating_add(1)))).unwrap_or(0)
    }
}

/// Fields and their codes, as the dictionary has them.
const CATEGORIES: &[(&str, &[&str])] = &[
    ("paradigm", &["infusion", "kap_low", "kap_high", "esketamine", "home_lozenge", "other"]),
    ("molecule", &["racemic", "s", "r", "other"]),
    ("route", &["iv", "im", "sc", "oral", "sublingual", "nasal", "rectal", "topical", "other"]),
    ("setting", &["clinic_medical", "office", "home_supervised", "telehealth", "other"]),
    ("indication", &["mdd", "bipolar", "gad", "ptsd", "ocd", "alcohol", "opioid", "pain", "other"]),
    ("sex", &["f", "m", "x"]),
    ("age_band", &["18_29", "30_44", "45_59", "60_74", "75_up"]),
];

/// Visits: the day, how far off it may be, and how many of a hundred come.
const VISITS: &[(i32, usize, usize)] =
    &[(0, 2, 97), (1, 0, 60), (7, 2, 80), (14, 2, 75), (28, 3, 80), (90, 10, 60), (180, 20, 40)];

#[cfg(test)]
mod tests {
    use super::{DICTIONARY, Synthetic};
    use sumac_protocol::dictionary::Dictionary;

    #[test]
    fn every_course_keeps_to_its_dictionary_and_is_the_same_again() {
        let dictionary = Dictionary::parse(DICTIONARY).unwrap();
        let drawn = Synthetic { seed: 7 };
        for row in 0..2_000 {
            let course = drawn.course(row);
            assert_eq!(dictionary.check_course(&course), [], "row {row}");
            assert_eq!(course, Synthetic { seed: 7 }.course(row));
        }
        assert_ne!(drawn.course(1), Synthetic { seed: 8 }.course(1));
        let consenting = (0..10_000).filter(|row| drawn.consents(*row)).count();
        assert!((7_500..8_500).contains(&consenting), "{consenting} of 10,000");
    }
}
