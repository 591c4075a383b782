//! MedicationAdministration: a dose of the course, or another medicine given in a session.

use sumac_protocol::dictionary::Vocabulary;
use sumac_protocol::record::Micrograms;

use super::super::codes::{Concept, Medicine};
use super::super::element::{Element, Flaw};
use super::super::facts::{DoseFact, Fact, GivenFact, Link};
use super::super::names;
use super::super::quantity::Quantity;
use super::super::tally::Aside;
use super::{Context, Found};

/// A dose, or another medicine. A dose that was not given is none.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    let status = root.text("status")?.unwrap_or_default();
    // A dose that was stopped was begun: it counts, and may be the first.
    let (given, not_given) = (matches!(status, "completed" | "stopped"), status == "not-done");
    if !given && !not_given {
        return Ok(Some(Aside::Status));
    }
    let medicine = context.medicine(root)?;
    let link = context.link(root, "context")?;
    let molecule = match medicine {
        Medicine::Molecule(molecule) => Some(molecule),
        Medicine::NotRecorded => None,
        Medicine::Class(class) => {
            let when = found.sift(context.span(root, "effective")).map(|(start, _)| start);
            found.facts.push(Fact::Given(GivenFact { class, yes: given, when, link }));
            return Ok(None);
        }
        Medicine::Other(shown) => {
            found.unknown.push(("medicine", shown));
            return Ok(Some(Aside::NoKnownCode));
        }
    };
    if not_given {
        return Ok(Some(Aside::Status));
    }
    dose(root, context, molecule, link, found);
    Ok(None)
}

/// A dose. Whatever of it is wrong is left out; that it was given stays.
fn dose(root: &Element<'_>, context: &Context<'_>, molecule: Option<String>, link: Link, found: &mut Found) {
    let span = found.sift(context.span(root, "effective"));
    let minutes = span.and_then(|(start, end)| found.sift(context.minutes(root, start, end)));
    let reasons = found.sift(context.aliases.all_of(root, "reasonReference").map(Some)).unwrap_or_default();
    let dosage = found.sift(root.child("dosage"));
    let route = dosage.as_ref().and_then(|dosage| found.sift(Concept::of(dosage, "route")));
    let route = route.and_then(|route| context.codes.route(&route)).map(|coded| found.code("route", coded));
    let route = route.or_else(|| found.sift(route_alone(root, context)));
    let dose = dosage.and_then(|dosage| found.sift(amount(&dosage, route.as_deref(), context)));
    let (when, end) = span.map_or((None, None), |(start, end)| (Some(start), end));
    found.facts.push(Fact::Dose(DoseFact { when, end, minutes, molecule, route, dose, link, reasons }));
}

/// A route that Sumac wrote without an amount.
fn route_alone(root: &Element<'_>, context: &Context<'_>) -> Result<Option<String>, Flaw> {
    let Some(extension) = root.extension(names::ROUTE)? else { return Ok(None) };
    let Some(code) = extension.text("valueCode")? else { return Ok(None) };
    context.codes.dictionary.check_code(Vocabulary::Route, code).map(Some).map_err(|why| extension.flaw(why))
}

/// The dose in all, as milligrams, under the limit of its route.
fn amount(dosage: &Element<'_>, route: Option<&str>, context: &Context<'_>) -> Result<Option<Micrograms>, Flaw> {
    let Some(quantity) = Quantity::of(dosage, "dose")? else { return Ok(None) };
    let checked = context.codes.dictionary.check_dose(route, &quantity.milligrams()?);
    checked.map(Some).map_err(|why| quantity.flaw(why))
}
