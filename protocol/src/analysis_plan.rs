//! Whether the planned queries of an exact study can be answered beside each other.
//!
//! Each answer holds back what is small in it. But without noise, two answers can be taken from each other, and what is left
//! may be one person: those of both sexes less those whose sex is known, everybody less those who answered, today's
//! patients less last month's. No committee sees two answers together, so the plan itself is checked, by stewards before they sign
//! and by every node that admits a query:
//!
//! - two queries that read the same instrument or field, or of which one counts everybody, speak of courses that cannot
//!   overlap, by their filters alone. So `WHERE x` and `WHERE NOT x` may stand side by side, and neither beside
//!   the query without a filter. Other groupings of the same courses go into one query: a course without a value is in
//!   no group, so two groupings never speak of the same courses;
//! - one query asks for no two things that differ in a bound alone, for no threshold beside a histogram of the number that
//!   it cuts, and for no mean of three values, which with its squares tells how many have each.
//!
//! Where a charter of test data lets groups of one be shown there is nothing to keep, and nothing is refused.

use crate::dictionary::Dictionary;
use crate::document::charter::Charter;
use crate::document::study::Study;
use crate::envelope::Claimed;
use crate::plan::{Block, BlockKind, EstimateKind, Mode, Plan, Quantity};
use crate::question::{self, QuestionError};

/// Whether these queries, and the answers to them, are to be kept apart: an exact study, under a charter that holds small
/// groups back.
#[must_use]
pub fn keeps_apart(study: &Study, charter: &Charter) -> bool {
    study.mode == Mode::Exact && !(charter.is_test_data() && charter.policy.cohort_min <= 1)
}

/// Checks the planned queries of a study under a charter and its dictionary. Those that are no questions of this
/// dictionary cannot be asked, and are passed over.
///
/// # Errors
/// [`AnalysisPlanError`] with the first queries that give each other's answers away.
pub fn check_analysis_plan(study: &Study, charter: &Charter, dictionary: &Dictionary) -> Result<(), AnalysisPlanError> {
    if !keeps_apart(study, charter) {
        return Ok(());
    }
    let planned: Vec<(&str, Plan)> = study
        .plans
        .iter()
        .filter_map(|planned| {
            let plan = question::compile(&planned.query, dictionary, Mode::Exact).ok()?;
            Some((planned.query.as_str(), plan))
        })
        .collect();
    planned.iter().try_for_each(|(text, plan)| alone(text, plan))?;
    let mut rest = planned.as_slice();
    while let Some(((first, plan), others)) = rest.split_first() {
        if let Some((second, _)) = others.iter().find(|(_, other)| overlap(plan, other)) {
            return Err(AnalysisPlanError::Overlap { first: (*first).to_owned(), second: (*second).to_owned() });
        }
        rest = others;
    }
    Ok(())
}

/// As [`check_analysis_plan`], of a draft that a steward is about to sign; each planned query must be a question, too. A study
/// with noise has no plan to be checked, and needs no charter.
///
/// # Errors
/// [`AnalysisPlanError`].
pub fn check_draft(draft: &Claimed<Study>, under: Option<(&Charter, &Dictionary)>) -> Result<(), AnalysisPlanError> {
    let study = draft.peek();
    if study.mode != Mode::Exact {
        return Ok(());
    }
    let (charter, dictionary) = under.ok_or(AnalysisPlanError::NoCharter)?;
    for planned in &study.plans {
        question::compile(&planned.query, dictionary, Mode::Exact)
            .map_err(|why| AnalysisPlanError::Question { query: planned.query.clone(), why: Box::new(why) })?;
    }
    check_analysis_plan(study, charter, dictionary)
}

/// Why the queries of an analysis plan cannot all be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisPlanError {
    /// No charter, in whose words the plan could be read.
    #[error("the study is exact, and its planned queries cannot be read without a dictionary")]
    NoCharter,
    /// A planned query that cannot be asked.
    #[error("`{query}` is no question under this charter: {why}")]
    Question {
        /// The query.
        query: String,
        /// Why not.
        why: Box<QuestionError>,
    },
    /// The difference of two answers would tell of a few people.
    #[error("two planned queries count courses that may be the same: `{first}` and `{second}`")]
    Overlap {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// A query that asks twice for one thing, with another bound.
    #[error("`{query}` asks twice for the same with another bound or threshold, which tells of those in between")]
    Bounds {
        /// The query.
        query: String,
    },
    /// A mean of so few values that it tells how many have each.
    #[error("`{query}` asks for a mean of three values; without noise its squares tell how many have each")]
    FewValues {
        /// The query.
        query: String,
    },
}

impl AnalysisPlanError {
    /// A code that is never reworded.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCharter => "charter-missing",
            Self::Question { why, .. } => why.code(),
            Self::Overlap { .. } => "planned-queries-overlap",
            Self::Bounds { .. } => "planned-query-bounds",
            Self::FewValues { .. } => "planned-query-few-values",
        }
    }

    /// What the authors of the study can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoCharter => "name the charter file with --charter FILE".into(),
            Self::Question { why, .. } => why.remedy(),
            Self::Overlap { .. } => {
                "ask both in one query, with both fields in GROUP BY, and add its groups up; or give \
                the two filters that exclude each other, such as `x` and `NOT x`"
                    .into()
            }
            Self::Bounds { .. } => "keep one of the two".into(),
            Self::FewValues { .. } => "ask for rates, or clip less".into(),
        }
    }
}

fn alone(text: &str, plan: &Plan) -> Result<(), AnalysisPlanError> {
    let mut rest = plan.quantities.as_slice();
    while let Some((one, others)) = rest.split_first() {
        // A clip may stand in the bounds of the quantity alone; two that are the same would be one quantity.
        let again = |other: &Quantity| one.measure == other.measure || one.measure.differs_by_a_bound(&other.measure);
        if others.iter().any(again) {
            return Err(AnalysisPlanError::Bounds { query: text.to_owned() });
        }
        rest = others;
    }
    let is_bin = |block: &&Block| matches!(block.kind, BlockKind::Bin { .. });
    let in_bins: Vec<&Quantity> =
        plan.blocks.iter().filter(is_bin).filter_map(|block| plan.quantity_of(block)).collect();
    let cut = |within: &&Quantity| plan.quantities.iter().any(|other| within.measure.is_cut_by(&other.measure));
    if in_bins.iter().any(cut) {
        return Err(AnalysisPlanError::Bounds { query: text.to_owned() });
    }
    let squared = |block: &&Block| block.kind == BlockKind::Squares;
    let mut in_squares = plan.blocks.iter().filter(squared).filter_map(|block| plan.quantity_of(block));
    if in_squares.any(|quantity| quantity.width() == 2) {
        return Err(AnalysisPlanError::FewValues { query: text.to_owned() });
    }
    Ok(())
}

/// Whether two answers could be taken from each other.
fn overlap(one: &Plan, other: &Plan) -> bool {
    let apart = one.filter.as_ref().zip(other.filter.as_ref()).is_some_and(|(one, other)| one.excludes(other));
    let counts = |plan: &Plan| plan.estimates.iter().any(|estimate| estimate.of == EstimateKind::Count);
    let reads_the_same = || {
        one.quantities.iter().any(|mine| other.quantities.iter().any(|theirs| mine.measure.reads_what(&theirs.measure)))
    };
    !apart && (counts(one) || counts(other) || reads_the_same())
}
