//! Patient: the pseudonym that the clinic chose, gender and birth date. Nothing else is looked at; a
//! name is never read.

use sumac_protocol::limits::PSEUDONYM_BYTES_MAX;

use super::super::element::{Element, Flaw};
use super::super::facts::{Fact, PatientFact};
use super::super::reject::FhirWhy;
use super::super::tally::Aside;
use super::super::when::Partly;
use super::{Context, Found};

/// The patient. Without a sound pseudonym the fact stands, so that what refers to it is not taken for
/// nobody's.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    let pseudonym = found.sift(pseudonym(root, context.system).map(Some)).map(str::to_owned);
    let gender = found.sift(root.text("gender")).map(str::to_owned);
    let birth = found.sift(Partly::of(root, "birthDate"));
    found.facts.push(Fact::Patient(PatientFact { pseudonym, gender, birth }));
    Ok(None)
}

/// The value of the one identifier of that system.
pub(in super::super) fn pseudonym<'v>(root: &Element<'v>, system: &str) -> Result<&'v str, Flaw> {
    let mut pseudonym: Option<(&str, Element<'_>)> = None;
    for identifier in root.each("identifier")? {
        if identifier.text("system")? != Some(system) {
            continue;
        }
        let Some(value) = identifier.text("value")? else { continue };
        if pseudonym.as_ref().is_some_and(|(before, _)| *before != value) {
            return Err(identifier.flaw(FhirWhy::TwoIdentifiers { system: system.to_owned() }));
        }
        pseudonym = Some((value, identifier));
    }
    let (value, element) = pseudonym.ok_or_else(|| root.flaw(FhirWhy::NoIdentifier { system: system.to_owned() }))?;
    if value.len() > PSEUDONYM_BYTES_MAX || value.chars().any(char::is_control) {
        return Err(Flaw { value: value.to_owned(), ..element.flaw(FhirWhy::Pseudonym) });
    }
    Ok(value)
}
