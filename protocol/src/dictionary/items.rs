//! The items of an instrument: how many, how each is scored, and how they make the total.

use serde::Serialize;

/// The items of an instrument. All are scored alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Items {
    /// How many there are on the form, at least 1.
    pub count: u16,
    /// Lowest score of one.
    pub min: u8,
    /// Highest score of one.
    pub max: u8,
    /// Whether scores of items may be kept: the instrument's terms decide. Else records hold totals
    /// only.
    pub kept: bool,
    /// Groups of items of which only the highest counts, by number from 1. Every other item counts by
    /// itself.
    pub domains: Vec<Vec<u16>>,
    /// The LOINC code of each item in order, or none at all.
    pub loinc: Vec<String>,
}

impl Items {
    /// How many scores are added up: one for each domain and for each item outside of them.
    #[must_use]
    pub fn summands(&self) -> u32 {
        let grouped: usize = self.domains.iter().map(Vec::len).sum();
        let alone = usize::from(self.count).saturating_sub(grouped);
        u32::try_from(alone.saturating_add(self.domains.len())).unwrap_or(u32::MAX)
    }

    /// The sum that these answers make, or `None` if one is blank or their number is another.
    #[must_use]
    pub fn sum(&self, answers: &[Option<u8>]) -> Option<u32> {
        if answers.len() != usize::from(self.count) {
            return None;
        }
        let mut sum = 0_u32;
        let mut highest = vec![0_u8; self.domains.len()];
        for (number, answer) in (1_u16..).zip(answers) {
            let score = (*answer)?;
            let mut groups = self.domains.iter().zip(&mut highest);
            match groups.find(|(domain, _)| domain.contains(&number)) {
                Some((_, most)) => *most = score.max(*most),
                None => sum = sum.checked_add(u32::from(score))?,
            }
        }
        highest.into_iter().try_fold(sum, |sum, score| sum.checked_add(u32::from(score)))
    }
}

#[cfg(test)]
mod tests {
    use super::Items;

    fn qids() -> Items {
        let domains = vec![vec![1, 2, 3, 4], vec![6, 7, 8, 9], vec![15, 16]];
        Items { count: 16, min: 0, max: 3, kept: true, domains, loinc: Vec::new() }
    }

    #[test]
    fn of_a_domain_only_the_highest_item_counts() {
        let qids = qids();
        assert_eq!(qids.summands(), 9, "three domains and six items");
        assert_eq!(qids.sum(&[Some(3); 16]), Some(27));
        let sleep_only: Vec<Option<u8>> =
            (1..=16).map(|number| Some(if number <= 4 { number - 1 } else { 0 })).collect();
        assert_eq!(qids.sum(&sleep_only), Some(3), "0, 1, 2 and 3 of one domain");
    }

    #[test]
    fn a_blank_answer_leaves_no_sum() {
        let mut answers = vec![Some(1); 16];
        answers[7] = None;
        assert_eq!(qids().sum(&answers), None, "even where another item of the domain is higher");
        assert_eq!(qids().sum(&[Some(1); 15]), None, "an answer too few");
    }
}
