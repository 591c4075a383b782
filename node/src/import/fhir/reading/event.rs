//! AdverseEvent: what went wrong, how bad it was, and in which session.

use sumac_protocol::dictionary::Vocabulary;

use super::super::codes::Concept;
use super::super::element::{Element, Flaw};
use super::super::facts::{Coded, EventFact, Fact};
use super::super::names;
use super::super::tally::Aside;
use super::super::when::When;
use super::{Context, Found};

/// An adverse event that happened; potential ones are set aside.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    if root.text("actuality")? != Some("actual") {
        return Ok(Some(Aside::Status));
    }
    let concept = Concept::of(root, "event")?;
    let concept = root.needed("event", concept)?;
    let Some(kind) = context.codes.event_kind(&concept) else { return Ok(Some(Aside::NoKnownCode)) };
    let date = When::of(root, "date", context.today)?.or(When::of(root, "detected", context.today)?);
    let when = root.needed("date", date)?;
    let kind = found.code("event", kind);
    let mut link = context.link(root, "encounter")?;
    for suspect in root.each("suspectEntity")? {
        link.part_of.extend(context.aliases.of(&suspect, "instance")?);
    }
    let event = EventFact {
        kind,
        when,
        severity: found.sift(severity(root, context)).map(|coded| found.code("severity", coded)),
        serious: found.sift(serious(root)),
        resolved: found.sift(resolved(root)),
        onset_minutes: found.sift(whole(root, names::ONSET, "valueUnsignedInt")),
        relatedness: found.sift(relatedness(root, context)).map(|coded| found.code("relatedness", coded)),
        session: found.sift(whole(root, names::SESSION, "valuePositiveInt")),
        link,
    };
    found.facts.push(Fact::Event(event));
    Ok(None)
}

/// How bad it was: Sumac's own code first, then HL7's, then any other.
fn severity(root: &Element<'_>, context: &Context<'_>) -> Result<Option<Coded>, Flaw> {
    if let Some(code) = own_code(root, names::SEVERITY, Vocabulary::Severity, context)? {
        return Ok(Some(code));
    }
    let Some(concept) = Concept::of(root, "severity")? else { return Ok(None) };
    // HL7's own codes are the dictionary's words: mild, moderate, severe.
    let hl7 = concept.code_in(SEVERITY_HL7);
    let known = hl7.and_then(|code| context.codes.dictionary.check_code(Vocabulary::Severity, code).ok());
    Ok(known.map(Coded::Known).or_else(|| context.codes.severity(&concept)))
}

/// How it was judged to be related: Sumac's own code first, then the first judgement of a suspect.
fn relatedness(root: &Element<'_>, context: &Context<'_>) -> Result<Option<Coded>, Flaw> {
    if let Some(code) = own_code(root, names::RELATEDNESS, Vocabulary::Relatedness, context)? {
        return Ok(Some(code));
    }
    for suspect in root.each("suspectEntity")? {
        for causality in suspect.each("causality")? {
            if let Some(concept) = Concept::of(&causality, "assessment")? {
                return Ok(context.codes.relatedness(&concept));
            }
        }
    }
    Ok(None)
}

/// A code in an extension of Sumac's own.
fn own_code(root: &Element<'_>, url: &str, of: Vocabulary, context: &Context<'_>) -> Result<Option<Coded>, Flaw> {
    let Some(extension) = root.extension(url)? else { return Ok(None) };
    let Some(code) = extension.text("valueCode")? else { return Ok(None) };
    let checked = context.codes.dictionary.check_code(of, code);
    Ok(Some(checked.map_or_else(|_| Coded::Unknown(code.to_owned()), Coded::Known)))
}

/// Serious in the regulators' sense: HL7's codes say so, or say why.
fn serious(root: &Element<'_>) -> Result<Option<bool>, Flaw> {
    let Some(concept) = Concept::of(root, "seriousness")? else { return Ok(None) };
    let code = concept.code_in(SERIOUSNESS_HL7).map(str::to_ascii_lowercase);
    Ok(code
        .and_then(|code| if code == "non-serious" { Some(false) } else { code.starts_with("serious").then_some(true) }))
}

/// Whether it was over. A death, and what is not known, is neither.
fn resolved(root: &Element<'_>) -> Result<Option<bool>, Flaw> {
    let Some(concept) = Concept::of(root, "outcome")? else { return Ok(None) };
    Ok(match concept.code_in(OUTCOME_HL7) {
        Some("resolved" | "resolvedWithSequelae") => Some(true),
        Some("ongoing" | "recovering") => Some(false),
        Some(_) | None => None,
    })
}

/// A whole number in an extension of Sumac's own.
fn whole(root: &Element<'_>, url: &str, name: &str) -> Result<Option<u16>, Flaw> {
    let Some(extension) = root.extension(url)? else { return Ok(None) };
    Ok(extension.number(name)?.and_then(|number| number.parse().ok()))
}

/// HL7's code systems for adverse events.
pub(crate) const SEVERITY_HL7: &str = "http://terminology.hl7.org/CodeSystem/adverse-event-severity";
/// HL7's codes for seriousness.
pub(crate) const SERIOUSNESS_HL7: &str = "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness";
/// HL7's codes for the outcome.
pub(crate) const OUTCOME_HL7: &str = "http://terminology.hl7.org/CodeSystem/adverse-event-outcome";
