//! Encounter and Procedure: sessions of a kind that a code system named `session-kind` tells.
//!
//! No external system has codes for preparation and integration, so nothing else makes a session of
//! them. Any Encounter still links what happened in it to its course.

use super::super::codes::Concept;
use super::super::element::{Element, Flaw};
use super::super::facts::{Fact, VisitFact};
use super::super::names;
use super::super::tally::Aside;
use super::super::when::When;
use super::{Context, Found};

/// A meeting. One of a known kind is a session if it is over; any other only links.
pub(super) fn encounter(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    let mut kind = None;
    for concept in root.each("type")? {
        kind = kind.or(context.codes.session_kind(&Concept::read(&concept)?));
    }
    let status = root.text("status")?;
    if status == Some("entered-in-error") || (kind.is_some() && status != Some("finished")) {
        return Ok(Some(Aside::Status));
    }
    let mut link = context.link(root, "encounter")?;
    link.course = link.course.or(context.aliases.all_of(root, "episodeOfCare")?.into_iter().next());
    let number = found.sift(number(root));
    let period = found.sift(root.child("period"));
    let start = period.as_ref().and_then(|period| found.sift(When::of(period, "start", context.today)));
    let end = period.as_ref().and_then(|period| found.sift(When::of(period, "end", context.today)));
    let minutes = start.and_then(|start| found.sift(context.minutes(root, start, end)));
    let aside = kind.is_none().then_some(Aside::Frame);
    found.facts.push(Fact::Visit(VisitFact { kind, number, when: start, minutes, link }));
    Ok(aside)
}

/// A session of a known kind, if it took place.
pub(super) fn procedure(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    let concept = Concept::of(root, "code")?.unwrap_or_default();
    let Some(kind) = context.codes.session_kind(&concept) else { return Ok(Some(Aside::NoKnownCode)) };
    if root.text("status")? != Some("completed") {
        return Ok(Some(Aside::Status));
    }
    let link = context.link(root, "encounter")?;
    let number = found.sift(number(root));
    let span = found.sift(context.span(root, "performed"));
    let minutes = span.and_then(|(start, end)| found.sift(context.minutes(root, start, end)));
    let when = span.map(|(start, _)| start);
    found.facts.push(Fact::Visit(VisitFact { kind: Some(kind), number, when, minutes, link }));
    Ok(None)
}

/// The session's number, where Sumac wrote it.
fn number(root: &Element<'_>) -> Result<Option<u16>, Flaw> {
    let Some(extension) = root.extension(names::SESSION)? else { return Ok(None) };
    let number = extension.number("valuePositiveInt")?;
    Ok(number.and_then(|number| number.parse().ok()))
}
