//! Questions: a small, closed dialect of SQL, checked into a [`Plan`].
//!
//! ```sql
//! SELECT count(*), mean(change(hamd17, day => 42, from => 32, to => 72)) AS change
//! FROM courses
//! WHERE sex = 'F'
//! GROUP BY arm
//! ```
//!
//! What can be asked is listed, and everything else is refused with a caret and a remedy. There is
//! no way to name a patient, a clinic or a date, and every group comes from a closed vocabulary or from bounds
//! that the question states, so no question's shape depends on anybody's record.
//!
//! Invariant: `sqlparser` is used in `question/grammar.rs` and `question/source.rs` alone. The rest
//! sees the small tree of `question/syntax.rs`, so what the library can parse beyond the dialect
//! cannot slip through. Held by the table of refused questions in `question/tests.rs`.

use std::ops::Range;

use crate::dictionary::Dictionary;
use crate::limits::{BLOCKS_MAX, GROUPS_MAX};
use crate::plan::{Estimate, EstimateKind, Mode, Plan, Quantity, SEMANTICS_VERSION};

use estimate::Wanted;
use reader::Reader;
use source::Source;
use syntax::{Selected, Sentence};

#[expect(clippy::module_name_repetitions, reason = "its name where it is used, apart from this module")]
pub use flaw::{Flaw, QuestionError};
pub use several::{plainly, several};

pub(crate) use grammar::is_nameable;
pub(crate) use words::is_identifying;

mod arguments;
mod blocks;
mod condition;
mod course;
mod estimate;
mod flaw;
mod grammar;
mod grouping;
mod logistic;
mod measure;
mod reader;
mod render;
mod several;
mod source;
mod syntax;
mod together;
mod words;

/// Most expressions in one `SELECT` list.
const ESTIMATES_MAX: usize = 64;

/// Checks a question into a plan. Its blocks have no cost and no noise yet: pricing is apart.
///
/// In `dp` mode a change is clipped to its instrument's `change_clip` unless the question clips it;
/// in exact mode it keeps its full range.
///
/// # Errors
/// [`QuestionError`] with the place in the text, the reason and a remedy; for the first flaw found.
pub fn compile(text: &str, dictionary: &Dictionary, mode: Mode) -> Result<Plan, QuestionError> {
    let source = Source::read(text)?;
    let sentence = grammar::parse(&source)?;
    let reader = Reader { dictionary, mode };
    let Sentence { selected, filter, groups, groups_span } = &sentence;
    let mut plan = Plan {
        semantics: SEMANTICS_VERSION,
        mode,
        group_by: reader.groupings(groups)?,
        filter: filter.as_ref().map(|node| reader.condition(node)).transpose()?,
        quantities: Vec::new(),
        blocks: Vec::new(),
        estimates: Vec::new(),
        courses_per_patient: 1,
    };
    check_groups(&plan, groups_span)?;
    if let Some(beyond) = selected.get(ESTIMATES_MAX) {
        return Err(QuestionError::at(beyond.span(), Flaw::TooManyEstimates { most: ESTIMATES_MAX }));
    }
    for one in selected {
        let estimate = select(&reader, &mut plan, one, text)?;
        plan.estimates.push(estimate);
    }
    if let (Some((at, estimate)), [_, _, ..]) = (logistic_of(&plan), selected.as_slice()) {
        let span = selected.get(at).map_or(0..0, Selected::span);
        return Err(QuestionError::at(span, Flaw::NotAlone { name: estimate.name.clone() }));
    }
    plan.blocks = blocks::needed(&plan);
    if plan.blocks.len() > BLOCKS_MAX {
        let span = selected.first().map_or(0..0, Selected::span);
        return Err(QuestionError::at(span, Flaw::TooManyCells { cells: plan.blocks.len() }));
    }
    Ok(plan)
}

/// Whether a question clips anything that it asks for: in the plan a clip is the bounds of its quantity. A text that is no question
/// clips nothing.
#[must_use]
pub(crate) fn clips(text: &str) -> bool {
    let Ok(source) = Source::read(text) else { return false };
    grammar::parse(&source).is_ok_and(|sentence| sentence.selected.iter().any(|one| one.of.calls("clip")))
}

/// One expression of the `SELECT` list. A quantity that was asked for before is used again.
fn select(reader: &Reader<'_>, plan: &mut Plan, selected: &Selected, text: &str) -> Result<Estimate, QuestionError> {
    let Wanted { of, quantity, with, together } = reader.estimate(&selected.of, &plan.group_by)?;
    let (name, span) = selected.name.clone().unwrap_or_else(|| {
        let span = selected.of.span();
        let written = text.get(span.clone()).unwrap_or_default();
        (written.split_whitespace().collect::<Vec<_>>().join(" "), span)
    });
    if plan.estimates.iter().any(|earlier| earlier.name == name) {
        return Err(QuestionError::at(span, Flaw::NameTwice { name }));
    }
    let wanted: Vec<&Quantity> = quantity.iter().chain(&with).collect();
    let joint = together.then(|| set_of(plan, &wanted));
    let mut number = |quantity: Quantity| {
        let quantity = Quantity { joint, ..quantity };
        let at = plan.quantities.iter().position(|known| *known == quantity).unwrap_or_else(|| {
            plan.quantities.push(quantity);
            plan.quantities.len() - 1
        });
        // A select list, its predictors and the days of a trajectory are limited, so a position always fits.
        u32::try_from(at).unwrap_or(u32::MAX)
    };
    let quantity = quantity.map(&mut number);
    Ok(Estimate { name, of, quantity, with: with.into_iter().map(number).collect() })
}

/// The number of the set of these quantities: one that the plan has, or the next.
fn set_of(plan: &Plan, wanted: &[&Quantity]) -> u32 {
    let known = plan.quantities.iter().filter_map(|quantity| quantity.joint).max();
    let next = known.map_or(0, |last| last.saturating_add(1));
    let is_it = |set: u32| {
        let members = || plan.quantities.iter().filter(move |quantity| quantity.joint == Some(set));
        let wanted_too =
            |one: &Quantity| wanted.iter().any(|other| Quantity { joint: Some(set), ..(*other).clone() } == *one);
        members().count() == wanted.len() && members().all(wanted_too)
    };
    (0..next).find(|set| is_it(*set)).unwrap_or(next)
}

/// A round of a logistic regression: beside another, at other coefficients, it would tell of those in between.
fn logistic_of(plan: &Plan) -> Option<(usize, &Estimate)> {
    plan.estimates.iter().enumerate().find(|(_, estimate)| estimate.of == EstimateKind::Logistic)
}

fn check_groups(plan: &Plan, span: &Range<usize>) -> Result<(), QuestionError> {
    let lengths = plan.group_by.iter().map(|grouping| grouping.values.len());
    let groups = lengths.fold(1_usize, usize::saturating_mul);
    if groups > GROUPS_MAX {
        return Err(QuestionError::at(span.clone(), Flaw::TooManyGroups { groups }));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
