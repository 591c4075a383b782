//! Whether the planned queries of an exact study can be answered beside each other.
//!
//! Each answer holds back what is small in it. But without noise, two answers can be taken from each other, and what is left
//! may be one person: those of both sexes less those whose sex is known, everybody less those who answered, today's
//! patients less last month's. No committee sees two answers together, so the plan itself is checked, by stewards before they sign
//! and by every node that admits a query:
//!
//! - two queries speak of courses that cannot overlap, by their filters alone. So `WHERE x` and `WHERE NOT x` may stand side by
//!   side, and neither beside the query without a filter. Anything that everybody has counts everybody, so it is of no use that
//!   two queries read different things. Other groupings of the same courses go into one query: a course without a value is in
//!   no group, so two groupings never speak of the same courses;
//! - one query asks for no two numbers of one thing but those that [`Measure::stands_beside`] lists: windows in each other, two
//!   thresholds, or the same by two names differ in a few people. Nor for a threshold beside a histogram of the number that it
//!   cuts, for two histograms of one number, for a change to a day on which the baseline may lie, for anything clipped, whose
//!   sum is that of the few beyond the bound, or for a mean of three values, which with its squares tells how many have each.
//!
//! Where a charter of test data lets groups of one be shown there is nothing to keep, and nothing is refused.

use crate::dictionary::Dictionary;
use crate::document::charter::Charter;
use crate::document::study::Study;
use crate::envelope::Claimed;
#[cfg(doc)]
use crate::plan::Measure;
use crate::plan::{Block, BlockKind, Mode, Plan, Quantity};
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
    /// A query that asks for two numbers of one thing that differ in a few people alone.
    #[error("`{query}` asks for {first} and {second}: two numbers of one thing, which differ in a few people alone")]
    Bounds {
        /// The query.
        query: String,
        /// The one, as [`Measure::label`] calls it.
        first: String,
        /// The other.
        second: String,
    },
    /// A query that clips what it asks for.
    #[error("`{query}` clips; without noise, what is left beyond a bound is the sum of a few people")]
    Clip {
        /// The query.
        query: String,
    },
    /// A change to a day that the baseline may be of.
    #[error("`{query}` asks for {what}, whose window reaches back to days on which the baseline may lie")]
    BeforeDose {
        /// The query.
        query: String,
        /// What it asks for, as [`Measure::label`] calls it.
        what: String,
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
            Self::Clip { .. } => "planned-query-clip",
            Self::BeforeDose { .. } => "planned-query-before-dose",
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
            Self::Bounds { .. } => {
                "keep one of the two; of one instrument, the baseline, the score, a change and one threshold of one time \
                 point go together, or one of these on days whose windows do not touch"
                    .into()
            }
            Self::Clip { .. } => "ask for the number as it is".into(),
            Self::BeforeDose { .. } => "begin the window on day 1 or later".into(),
            Self::FewValues { .. } => "ask for rates".into(),
        }
    }
}

fn alone(text: &str, plan: &Plan) -> Result<(), AnalysisPlanError> {
    let query = || text.to_owned();
    if question::clips(text) {
        return Err(AnalysisPlanError::Clip { query: query() });
    }
    if let Some(quantity) = plan.quantities.iter().find(|quantity| quantity.measure.may_be_its_own_baseline()) {
        return Err(AnalysisPlanError::BeforeDose { query: query(), what: quantity.measure.label() });
    }
    if let Some((first, second)) = between_few(plan) {
        let [first, second] = [first, second].map(|quantity| quantity.measure.label());
        return Err(AnalysisPlanError::Bounds { query: query(), first, second });
    }
    let squared = |block: &&Block| block.kind == BlockKind::Squares;
    let mut in_squares = plan.blocks.iter().filter(squared).filter_map(|block| plan.quantity_of(block));
    if in_squares.any(|quantity| quantity.width() == 2) {
        return Err(AnalysisPlanError::FewValues { query: query() });
    }
    Ok(())
}

/// The first two quantities that may differ in a few people alone, which are one and the same for two histograms of it.
fn between_few(plan: &Plan) -> Option<(&Quantity, &Quantity)> {
    // Values of one category go together if they are known of the same courses: alone, or in one set.
    let beside = |one: &Quantity, other: &Quantity| {
        let apart = one.measure.excludes(&other.measure) && one.joint != other.joint;
        one.measure.stands_beside(&other.measure) && !apart
    };
    let mut rest = plan.quantities.as_slice();
    while let Some((one, others)) = rest.split_first() {
        if let Some(other) = others.iter().find(|other| !beside(one, other)) {
            return Some((one, other));
        }
        rest = others;
    }
    let mut histograms: Vec<(u32, u64)> = Vec::new();
    for block in &plan.blocks {
        let (BlockKind::Bin { width, .. }, Some(number)) = (block.kind, block.quantity) else { continue };
        let quantity = plan.quantity(number)?;
        if histograms.iter().any(|(of, known)| *of == number && *known != width) {
            return Some((quantity, quantity));
        }
        if let Some(cuts) = plan.quantities.iter().find(|other| quantity.measure.is_cut_by(&other.measure)) {
            return Some((quantity, cuts));
        }
        histograms.push((number, width));
    }
    None
}

/// Whether two answers could be taken from each other.
fn overlap(one: &Plan, other: &Plan) -> bool {
    !one.filter.as_ref().zip(other.filter.as_ref()).is_some_and(|(one, other)| one.excludes(other))
}
