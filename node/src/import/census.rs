//! How many patients there are, and which reading of the files is whose.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A pseudonym as a number. Equal pseudonyms have equal numbers in one run of the program.
pub(super) fn number(pseudonym: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    pseudonym.hash(&mut hasher);
    hasher.finish()
}

/// Counts different patients in 8 bytes for each, twice that while it is counting.
#[derive(Default)]
pub(super) struct Census {
    /// Sorted, each once.
    seen: Vec<u64>,
    fresh: Vec<u64>,
    last: Option<u64>,
}

impl Census {
    pub(super) fn count(&mut self, pseudonym: &str) {
        let number = number(pseudonym);
        // Rows of one patient mostly stand together.
        if self.last.replace(number) == Some(number) {
            return;
        }
        self.fresh.push(number);
        if self.fresh.len() >= self.seen.len().max(FRESH_MIN) {
            self.settle();
        }
    }

    /// How many there are. Two patients whose numbers are the same count once, which among ten million
    /// happens in one import of 400,000.
    pub(super) fn patients(&mut self) -> u64 {
        self.settle();
        u64::try_from(self.seen.len()).unwrap_or(u64::MAX)
    }

    /// A number that is surely not above the patients counted so far.
    pub(super) fn at_least(&self) -> u64 {
        u64::try_from(self.seen.len()).unwrap_or(u64::MAX)
    }

    fn settle(&mut self) {
        self.seen.append(&mut self.fresh);
        self.seen.sort_unstable();
        self.seen.dedup();
    }
}

/// Numbers that are gathered before they are sorted in.
const FRESH_MIN: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::{Census, FRESH_MIN};

    #[test]
    fn every_patient_counts_once_in_whatever_order_rows_stand() {
        let mut census = Census::default();
        let many = FRESH_MIN * 2 + 17;
        for _ in 0..2 {
            (0..many).for_each(|patient| census.count(&format!("P{patient}")));
        }
        assert!(census.at_least() <= many as u64);
        assert_eq!(census.patients(), many as u64);
        assert_eq!(Census::default().patients(), 0);
    }
}
