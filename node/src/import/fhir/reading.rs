//! One resource to facts, one file for each type.
//!
//! A wrong element is left out and told; a resource is left out as a whole only where it says nothing
//! without that element.

use std::collections::BTreeMap;

use super::codes::{Codes, Concept, Medicine};
use super::element::{Element, Flaw};
use super::facts::{Coded, Fact, Link};
use super::names;
use super::reference::{Aliases, Key};
use super::reject::FhirWhy;
use super::tally::Aside;
use super::when::When;

mod condition;
mod episode;
mod event;
mod medication;
mod observation;
mod patient;
mod plan;
mod questionnaire;
mod score;
mod statement;
mod visit;

pub(super) use condition::INDICATION;
pub(crate) use event::{OUTCOME_HL7, SERIOUSNESS_HL7, SEVERITY_HL7};
pub(super) use patient::pseudonym;

/// What resources are read by.
pub(super) struct Context<'c> {
    /// The dictionary, by codes.
    pub(super) codes: &'c Codes<'c>,
    /// Where references lead.
    pub(super) aliases: &'c Aliases,
    /// What Medication resources are.
    pub(super) medicines: &'c BTreeMap<Key, Medicine>,
    /// The system of the identifier that is the pseudonym.
    pub(super) system: &'c str,
    /// Days since 1970-01-01.
    pub(super) today: i32,
}

/// What one resource gave.
#[derive(Default)]
pub(super) struct Found {
    /// What it says.
    pub(super) facts: Vec<Fact>,
    /// What of it is wrong.
    pub(super) flaws: Vec<Flaw>,
    /// Why there are neither facts nor flaws.
    pub(super) aside: Option<Aside>,
    /// Codes that the dictionary does not have, with what they are.
    pub(super) unknown: Vec<(&'static str, String)>,
}

/// Reads a resource of this type.
pub(super) fn read(kind: &str, root: &Element<'_>, context: &Context<'_>) -> Found {
    let mut found = Found::default();
    let read = match kind {
        "Patient" => patient::read(root, context, &mut found),
        "EpisodeOfCare" => episode::read(root, context, &mut found),
        "CarePlan" => plan::read(root, context, &mut found),
        "Condition" => condition::read(root, context, &mut found),
        "Encounter" => visit::encounter(root, context, &mut found),
        "Procedure" => visit::procedure(root, context, &mut found),
        "MedicationAdministration" => medication::read(root, context, &mut found),
        "MedicationStatement" => statement::read(root, context, &mut found),
        "Observation" => observation::read(root, context, &mut found),
        "QuestionnaireResponse" => questionnaire::read(root, context, &mut found),
        "AdverseEvent" => event::read(root, context, &mut found),
        "Medication" => Ok(Some(Aside::Frame)),
        "Consent" => Ok(Some(Aside::Consent)),
        _ => Ok(Some(Aside::OtherType)),
    };
    match read {
        Ok(aside) => found.aside = aside,
        Err(flaw) => found.flaws.push(flaw),
    }
    found
}

/// Whether records hold anything of a type, so that it must say whose it is.
pub(super) fn is_of_a_patient(kind: &str) -> bool {
    const KINDS: [&str; 10] = [
        "EpisodeOfCare",
        "CarePlan",
        "Condition",
        "Encounter",
        "Procedure",
        "MedicationAdministration",
        "MedicationStatement",
        "Observation",
        "QuestionnaireResponse",
        "AdverseEvent",
    ];
    KINDS.contains(&kind)
}

/// Whose it is: a Patient's own key, else that of `subject` or `patient`.
pub(super) fn patient_of(kind: &str, key: &str, root: &Element<'_>, aliases: &Aliases) -> Result<Option<Key>, Flaw> {
    if kind == "Patient" {
        return Ok(Some(key.to_owned()));
    }
    Ok(aliases.of(root, "subject")?.or(aliases.of(root, "patient")?))
}

impl Found {
    /// What was read from an element; if it could not be, that is told and there is nothing.
    pub(super) fn sift<T>(&mut self, read: Result<Option<T>, Flaw>) -> Option<T> {
        read.unwrap_or_else(|flaw| {
            self.flaws.push(flaw);
            None
        })
    }

    /// A code; `unknown` and counted if the dictionary does not have it.
    pub(super) fn code(&mut self, of: &'static str, coded: Coded) -> String {
        match coded {
            Coded::Known(code) => code,
            Coded::Unknown(shown) => {
                self.unknown.push((of, shown));
                sumac_protocol::dictionary::UNKNOWN.to_owned()
            }
        }
    }
}

impl Context<'_> {
    /// The links of a resource: its course, its `encounter` (or what is called so here) and `partOf`.
    fn link(&self, root: &Element<'_>, visit: &str) -> Result<Link, Flaw> {
        let mut link = Link { visit: self.aliases.of(root, visit)?, ..Link::default() };
        link.part_of = self.aliases.all_of(root, "partOf")?;
        for url in [names::EPISODE, names::EPISODE_HL7] {
            if let Some(extension) = root.extension(url)? {
                link.course = self.aliases.of(&extension, "valueReference")?;
            }
        }
        // Some contexts are an EpisodeOfCare themselves.
        if link.visit.as_deref().is_some_and(|key| key.starts_with("EpisodeOfCare/")) {
            link.course = link.visit.take();
        }
        Ok(link)
    }

    /// The time of a choice like `effective[x]`: a dateTime, an instant, or a Period's start and end.
    fn span(&self, root: &Element<'_>, name: &'static str) -> Result<Option<(When, Option<When>)>, Flaw> {
        for suffix in ["DateTime", "Instant"] {
            if let Some(when) = When::of(root, &format!("{name}{suffix}"), self.today)? {
                return Ok(Some((when, None)));
            }
        }
        let Some(period) = root.child(&format!("{name}Period"))? else { return Ok(None) };
        let Some(start) = When::of(&period, "start", self.today)? else { return Ok(None) };
        let end = When::of(&period, "end", self.today)?;
        if end.is_some_and(|end| start.minutes_until(end).is_none()) {
            return Err(period.flaw(FhirWhy::Backwards));
        }
        Ok(Some((start, end)))
    }

    /// Whole minutes between start and end, within what the dictionary allows.
    fn minutes(&self, root: &Element<'_>, start: When, end: Option<When>) -> Result<Option<u16>, Flaw> {
        let Some(minutes) = end.and_then(|end| start.minutes_until(end)).flatten() else { return Ok(None) };
        let checked = self.codes.dictionary.check_minutes(&minutes.to_string());
        checked.map(Some).map_err(|why| root.flaw(why))
    }

    /// What the medicine of this resource is.
    fn medicine(&self, root: &Element<'_>) -> Result<Medicine, Flaw> {
        if let Some(concept) = Concept::of(root, "medicationCodeableConcept")? {
            return Ok(self.codes.medicine(&concept));
        }
        let reference = root.child("medicationReference")?;
        let reference = root.needed("medication[x]", reference)?;
        let Some(target) = reference.text("reference")? else { return Err(reference.flaw(FhirWhy::Absent)) };
        if let Some(inside) = target.strip_prefix('#') {
            for contained in root.each("contained")? {
                if contained.text("id")? == Some(inside) {
                    let concept = Concept::of(&contained, "code")?.unwrap_or_default();
                    return Ok(self.codes.medicine(&concept));
                }
            }
            return Err(reference.flaw(FhirWhy::Nowhere));
        }
        let known = self.medicines.get(&self.aliases.key(target)).cloned();
        known.ok_or_else(|| Flaw { value: target.to_owned(), ..reference.flaw(FhirWhy::Nowhere) })
    }
}
