//! Condition: an indication, if a course or a dose refers to it.

use super::super::codes::Concept;
use super::super::element::{Element, Flaw};
use super::super::facts::Fact;
use super::super::tally::Aside;
use super::{Context, Found};

/// An indication. Which course it is of is told by what refers to it.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    let status = Concept::of(root, "verificationStatus")?.unwrap_or_default();
    if status.has_code("refuted") || status.has_code("entered-in-error") {
        return Ok(Some(Aside::Status));
    }
    let concept = Concept::of(root, "code")?.unwrap_or_default();
    let Some(indication) = context.codes.field(INDICATION, &concept) else { return Ok(Some(Aside::NoKnownCode)) };
    found.facts.push(Fact::Condition(indication));
    Ok(None)
}

/// The field that a Condition tells.
pub(in super::super) const INDICATION: &str = "indication";
