//! How many queries a study may still ask, by whoever counts: the coordinator, and each clinic itself.

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

/// Whether study and charter allow one more query.
///
/// # Errors
/// A refusal with the number that is used up.
pub fn within_quotas(inquiry: &Inquiry, asked: Asked) -> Result<(), Refused> {
    let used_up = |used: usize, most: u32| used >= usize::try_from(most).unwrap_or(usize::MAX);
    let Asked { this_text, in_all, today } = asked;
    let times = inquiry.study().planned(&inquiry.query().text).map(|planned| planned.times);
    if times.is_some_and(|most| used_up(this_text, most)) {
        return Err(Refused {
            code: "plan-used-up".into(),
            says: format!(
                "this question of the analysis plan was asked {this_text} time(s), as often as the study allows"
            ),
            remedy: "use the release that was made, or have the stewards sign a new study".into(),
        });
    }
    if used_up(in_all, inquiry.study().queries_max) {
        return Err(Refused {
            code: "quota-used-up".into(),
            says: format!("{in_all} queries were asked in this study, as many as it allows"),
            remedy: "the stewards can sign a study with a larger quota".into(),
        });
    }
    if used_up(today, inquiry.charter().policy.queries_per_study_day) {
        return Err(Refused {
            code: "daily-quota-used-up".into(),
            says: format!("{today} queries were asked in this study in 24 hours, as many as the charter allows"),
            remedy: "ask again tomorrow".into(),
        });
    }
    Ok(())
}
