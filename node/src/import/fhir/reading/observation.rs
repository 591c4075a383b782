//! Observation: totals and items of instruments, vital signs of sessions, times to event.

use sumac_protocol::dictionary::{Instrument, Vital};

use super::super::codes::{Asked, Concept, Sign};
use super::super::element::{Element, Flaw};
use super::super::facts::{Fact, ItemFact, Link, Measured, ScoreFact, Slot, TimeFact, VitalFact};
use super::super::names;
use super::super::quantity::Quantity;
use super::super::tally::Aside;
use super::super::when::When;
use super::{Context, Found, score};

/// What an Observation, or a component of one, is about.
enum Meaning<'d> {
    /// How long until this kind of event.
    Time(String),
    /// A number of a session that says which it is.
    Slot(Slot),
    /// What a monitor or a scale showed.
    Sign(Sign),
    /// A total.
    Total(&'d Instrument),
    /// One answer, by its number from 1.
    Item(&'d Instrument, u16),
}

/// Everything that an Observation and its components tell, each on its own.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    if !matches!(root.text("status")?, Some("final" | "amended" | "corrected")) {
        return Ok(Some(Aside::Status));
    }
    let mut told = Vec::new();
    let mut aside = Aside::NoKnownCode;
    for element in [root.clone()].into_iter().chain(root.each("component")?) {
        let concept = Concept::of(&element, "code")?.unwrap_or_default();
        if let Some(Asked::Panel(_)) = context.codes.asked(&concept) {
            aside = Aside::Frame;
        } else if let Some(meaning) = meaning(&element, &concept, context)? {
            if element.child("dataAbsentReason")?.is_some() {
                aside = Aside::NoValue;
            } else {
                told.push((element, meaning));
            }
        }
    }
    if told.is_empty() {
        return Ok(Some(aside));
    }
    let when = context.span(root, "effective")?.map(|(start, _)| start);
    let when = root.needed("effective[x]", when)?;
    let link = context.link(root, "encounter")?;
    for (element, meaning) in told {
        let fact = fact(&element, meaning, when, &link, context);
        found.facts.extend(found_or_told(fact, &mut found.flaws));
    }
    Ok(None)
}

/// The fact; if there is none, why is told.
fn found_or_told(fact: Result<Fact, Flaw>, flaws: &mut Vec<Flaw>) -> Option<Fact> {
    fact.map_err(|flaw| flaws.push(flaw)).ok()
}

/// What it is about, if the dictionary knows that.
fn meaning<'d>(
    element: &Element<'_>,
    concept: &Concept<'_>,
    context: &Context<'d>,
) -> Result<Option<Meaning<'d>>, Flaw> {
    if let Some(kind) = context.codes.time_to_event(concept) {
        return Ok(Some(Meaning::Time(kind)));
    }
    if let Some(extension) = element.extension(names::VITAL)? {
        let name = extension.text("valueCode")?;
        if name == Some(names::WEIGHT) {
            return Ok(Some(Meaning::Sign(Sign::Weight)));
        }
        let slot = Slot::ALL.into_iter().find(|slot| name == Some(slot.name()));
        return Ok(slot.map(Meaning::Slot));
    }
    let sign = context.codes.sign(concept).map(Meaning::Sign);
    Ok(sign.or_else(|| match context.codes.asked(concept)? {
        Asked::Total(instrument) => Some(Meaning::Total(instrument)),
        Asked::Item(instrument, number) => Some(Meaning::Item(instrument, number)),
        Asked::Panel(_) => None,
    }))
}

/// The value, held against the dictionary.
fn fact(
    element: &Element<'_>,
    meaning: Meaning<'_>,
    when: When,
    link: &Link,
    context: &Context<'_>,
) -> Result<Fact, Flaw> {
    let link = link.clone();
    match meaning {
        Meaning::Time(kind) => {
            let happened = element.needed("valueBoolean", element.flag("valueBoolean")?)?;
            Ok(Fact::Time(TimeFact { kind, happened, when, link }))
        }
        Meaning::Slot(slot) => {
            let measured = Measured::Slot(slot, vital(element, slot.vital(), context)?);
            Ok(Fact::Vital(VitalFact { measured, when, link }))
        }
        Meaning::Sign(sign) => {
            let measured = match sign {
                Sign::Weight => {
                    let weight = element.needed("valueQuantity", Quantity::of(element, "valueQuantity")?)?;
                    let checked = context.codes.dictionary.check_weight(&weight.kilograms()?);
                    Measured::Weight(checked.map_err(|why| weight.flaw(why))?)
                }
                Sign::Vital(of) => Measured::Sign(of, vital(element, of, context)?),
            };
            Ok(Fact::Vital(VitalFact { measured, when, link }))
        }
        Meaning::Total(instrument) => {
            let digits = element.needed("value[x]", score::total(element)?)?;
            let checked = context.codes.dictionary.check_score(&instrument.id, &digits);
            let value = checked.map_err(|why| Flaw { value: digits, ..element.flaw(why) })?;
            Ok(Fact::Score(ScoreFact { instrument: instrument.id.clone(), value, when, link }))
        }
        Meaning::Item(instrument, number) => {
            let score = element.needed("value[x]", score::answer(element, instrument, number)?)?;
            Ok(Fact::Item(ItemFact { instrument: instrument.id.clone(), number, score: Some(score), when, link }))
        }
    }
}

/// A vital sign in the one unit that it has.
fn vital(element: &Element<'_>, of: Vital, context: &Context<'_>) -> Result<u16, Flaw> {
    let quantity = element.needed("valueQuantity", Quantity::of(element, "valueQuantity")?)?;
    let (units, want): (&[&str], _) = match of {
        Vital::Systolic => (&["mm[Hg]", "mmHg", "mm Hg"], "mm[Hg]"),
        Vital::Spo2 => (&["%"], "%"),
        Vital::HeartRate => (&["/min", "{beats}/min", "beats/minute", "bpm", "{Beats}/min"], "/min"),
        _ => (&[], "one that is read"),
    };
    let digits = quantity.in_any(units, want)?;
    // Monitors tell whole numbers; some systems add a zero behind the point.
    let checked = context.codes.dictionary.check_vital(of, digits);
    checked.map_err(|why| quantity.flaw(why))
}
