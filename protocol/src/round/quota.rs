//! How many queries a study may still ask, by whoever counts: the coordinator, and each clinic itself.

use serde::{Deserialize, Serialize};

use crate::document::charter::Policy;
use crate::document::study::Study;
use crate::round::inquiry::Inquiry;
use crate::round::progress::Refused;

/// The queries of a study that somebody has counted before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: a count for each quota there is")]
pub struct Asked {
    /// Queries of the same text that are not void.
    pub this_text: usize,
    /// Queries of the study that are not void.
    pub in_all: usize,
    /// Queries of the study in the last 24 hours, void or not.
    pub today: usize,
}

/// One quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete: what is left follows from the two others")]
pub struct Quota {
    /// Most queries.
    pub most: u32,
    /// Those that were asked.
    pub asked: u32,
    /// Those that can still be asked.
    pub left: u32,
}

impl Quota {
    /// A quota of which so many are used.
    #[must_use]
    pub fn of(most: u32, asked: usize) -> Self {
        let asked = u32::try_from(asked).unwrap_or(u32::MAX);
        Self { most, asked, left: most.saturating_sub(asked) }
    }

    /// Whether no further query is taken.
    #[must_use]
    pub const fn is_used_up(self) -> bool {
        self.left == 0
    }
}

impl Asked {
    /// The quota of the study's life, and that of a day.
    #[must_use]
    pub fn quotas(self, study: &Study, policy: &Policy) -> (Quota, Quota) {
        (Quota::of(study.queries_max, self.in_all), Quota::of(policy.queries_per_study_day, self.today))
    }
}

/// Whether study and charter allow one more query.
///
/// # Errors
/// A refusal with the number that is used up.
pub fn within_quotas(inquiry: &Inquiry, asked: Asked) -> Result<(), Refused> {
    let Asked { this_text, in_all, today } = asked;
    let (life, day) = asked.quotas(inquiry.study(), &inquiry.charter().policy);
    let times = inquiry.study().planned(&inquiry.query().text).map(|planned| planned.times);
    if times.is_some_and(|most| Quota::of(most, this_text).is_used_up()) {
        return Err(Refused {
            code: "plan-used-up".into(),
            says: format!(
                "this question of the analysis plan was asked {this_text} time(s), as often as the study allows"
            ),
            remedy: "use the release that was made, or have the stewards sign a new study".into(),
        });
    }
    if life.is_used_up() {
        return Err(Refused {
            code: "quota-used-up".into(),
            says: format!("{in_all} queries were asked in this study, as many as it allows"),
            remedy: "the stewards can sign a study with a larger quota".into(),
        });
    }
    if day.is_used_up() {
        return Err(Refused {
            code: "daily-quota-used-up".into(),
            says: format!("{today} queries were asked in this study in 24 hours, as many as the charter allows"),
            remedy: "ask again tomorrow".into(),
        });
    }
    Ok(())
}
