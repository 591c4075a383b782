//! What a patient consents to, in four kinds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which kind of record a field or instrument is, for matching it with a patient's consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete: statements of consent name these four")]
pub enum ConsentCategory {
    /// Age, sex, payer.
    Demographics,
    /// What was given, how, where, and why.
    Treatment,
    /// Scores and what follows from them.
    Outcomes,
    /// What went wrong.
    AdverseEvents,
}

impl ConsentCategory {
    /// Every category.
    pub const ALL: [Self; 4] = [Self::Demographics, Self::Treatment, Self::Outcomes, Self::AdverseEvents];

    /// Its name in dictionaries, studies and statements of consent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Demographics => "demographics",
            Self::Treatment => "treatment",
            Self::Outcomes => "outcomes",
            Self::AdverseEvents => "adverse_events",
        }
    }

    /// The category of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}

impl fmt::Display for ConsentCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::ConsentCategory;

    #[test]
    fn a_category_is_spelled_alike_in_code_and_in_documents() {
        for category in ConsentCategory::ALL {
            assert_eq!(ConsentCategory::from_name(category.name()), Some(category));
            assert_eq!(serde_json::to_value(category).unwrap(), category.name());
        }
        assert_eq!(ConsentCategory::from_name("Outcomes"), None);
    }
}
