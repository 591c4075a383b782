//! Provisions: what is permitted, less what is denied inside it.

use std::collections::BTreeSet;

use serde_json::Value;
use sumac_protocol::document::disease::includes;
use sumac_protocol::document::duo::Permission;
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::moment::{Millis, Moment};

use super::coding::{Term, action, categories, is_research, may_be_research, term};
use super::dates::period;
use super::meaning::{No, Permit};
use super::merging::{both, earliest};
use super::schema::{Coding, Concept, Element, Period};

/// A provision as it was read, with all that is nested in it.
#[derive(Debug)]
pub(super) struct Provision {
    kind: Option<Kind>,
    period: Option<Period>,
    actions: Vec<Concept>,
    purposes: Vec<Coding>,
    classes: Vec<Coding>,
    codes: Vec<Concept>,
    /// The first element that is there and cannot be kept to.
    under: Option<&'static str>,
    nested: Vec<Self>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Permit,
    Deny,
}

/// What a Consent is read with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'v> {
    /// The moment of the import.
    pub(super) now: Moment,
    /// When the Consent was given.
    pub(super) given: Moment,
    /// It, as it was read.
    pub(super) shown: &'v Value,
}

impl Provision {
    /// Reads a provision. Whatever is not of its declared type is an error with its place.
    pub(super) fn read(value: &Value, place: &str) -> Result<Self, No> {
        let element = Element::of(value, place, &KNOWN)?;
        let kind = match element.part::<String>("type")?.as_deref() {
            None => None,
            Some("permit") => Some(Kind::Permit),
            Some("deny") => Some(Kind::Deny),
            Some(other) => return Err(No::unclear(format!("`{place}` is of type `{other}`"))),
        };
        let nested = element.values("provision")?.iter().zip(0_u32..);
        let inner = |(inner, number)| Self::read(inner, &format!("{place}.provision[{number}]"));
        Ok(Self {
            kind,
            period: element.part("period")?,
            actions: element.list("action")?,
            purposes: element.list("purpose")?,
            classes: element.list("class")?,
            codes: element.list("code")?,
            under: UNKEPT.into_iter().find(|name| element.has(name)),
            nested: nested.map(inner).collect::<Result<_, _>>()?,
        })
    }

    fn has_nested(&self, kind: Kind) -> bool {
        self.nested.iter().any(|inner| inner.kind == Some(kind))
    }

    /// Every deny in it, itself included, however deep.
    pub(super) fn denies(&self) -> Vec<&Self> {
        let own = (self.kind == Some(Kind::Deny)).then_some(self);
        own.into_iter().chain(self.nested.iter().flat_map(Self::denies)).collect()
    }

    /// Whether its time is over. A time that cannot be understood never is.
    fn is_over(&self, now: Moment) -> bool {
        matches!(period(self.period.as_ref()), Ok((_, Some(until))) if until <= now)
    }

    /// Whether it rules research out by name.
    pub(super) fn names_research(&self, now: Moment) -> bool {
        !self.is_over(now) && self.purposes.iter().any(may_be_research)
    }

    /// Whether a deny says anything about the use for research. What cannot be understood may.
    pub(super) fn touches_research(&self, now: Moment) -> bool {
        let elsewhere = |coding: &Coding| is_research(coding) == Some(false);
        // Answers are sums under noise in any case, and nobody's record is disclosed or corrected.
        let harmless = |concept: &Concept| matches!(action(concept), Some("disclose" | "correct"));
        let all_elsewhere = !self.purposes.is_empty() && self.purposes.iter().all(elsewhere);
        let all_harmless = !self.actions.is_empty() && self.actions.iter().all(harmless);
        !self.is_over(now) && !all_elsewhere && !all_harmless
    }
}

/// What a Consent on research permits. `opted`: what its base policy is, if it names one.
pub(super) fn read(root: Option<&Provision>, opted: Option<bool>, with: Reading<'_>) -> Result<Permit, No> {
    let Some(root) = root else {
        return Err(match opted {
            Some(false) => No::Denied("it opts out".into()),
            Some(true) => No::unclear("it opts in, and does not say for what".into()),
            None => No::unclear("it has no provision".into()),
        });
    };
    let permit = match (root.kind, opted) {
        (Some(Kind::Permit), Some(false)) => narrowed(root, with).map_err(otherwise_opted_out)?,
        (Some(Kind::Permit), Some(true) | None) => narrowed(root, with)?,
        (Some(Kind::Deny) | None, _) if opted != Some(true) && root.has_nested(Kind::Permit) => {
            exceptions(root, with).map_err(otherwise_opted_out)?
        }
        (_, Some(false)) => return Err(No::Denied("it opts out".into())),
        (Some(Kind::Deny), _) => {
            for deny in root.denies().into_iter().filter(|deny| deny.touches_research(with.now)) {
                denied(deny, None)?;
            }
            return Err(No::no_research("it rules some uses out and permits none".into()));
        }
        (None, Some(true) | None) => return Err(No::unclear("its provision is neither permit nor deny".into())),
    };
    whole(permit, with.now)
}

/// A permit of which something is left, and that is not over.
fn whole(mut permit: Permit, now: Moment) -> Result<Permit, No> {
    if permit.until.is_some_and(|until| until <= now) {
        return Err(No::not_in_force("its time is over".into()));
    }
    if permit.purposes.contains(&Permission::DiseaseSpecific) && permit.diseases.is_empty() {
        permit.purposes.remove(&Permission::DiseaseSpecific);
        if permit.purposes.is_empty() {
            return Err(No::unclear("it is for research on a disease, and names none that is known".into()));
        }
    }
    if permit.purposes.is_empty() || permit.categories.is_empty() {
        return Err(No::Denied("what it permits, its exceptions take back".into()));
    }
    Ok(permit)
}

/// Where the base is no, an exception that is for something else leaves the no.
fn otherwise_opted_out(no: No) -> No {
    match no {
        No::Grant("permits-no-research", why) => No::Denied(format!("it opts out, and {why}")),
        other @ (No::Denied(_) | No::Grant(..)) => other,
    }
}

/// The nested permits of a base of no, and what stands beside them; what all of them allow.
fn exceptions(root: &Provision, with: Reading<'_>) -> Result<Permit, No> {
    if let Some(name) = root.under {
        return Err(No::unclear(format!("its base is a no under `{name}`, which cannot be kept to")));
    }
    let mut all: Option<Permit> = None;
    for inner in root.nested.iter().filter(|inner| inner.kind == Some(Kind::Permit)) {
        let next = narrowed(inner, with)?;
        all = Some(all.map_or_else(|| next.clone(), |have| both(&have, &next)));
    }
    let mut all = all.ok_or_else(|| No::Denied("it opts out".into()))?;
    let (from, until) = period(root.period.as_ref())?;
    (all.from, all.until) = (all.from.max(from.unwrap_or(all.from)), earliest(all.until, until));
    less_denies(root, all, with)
}

/// A permit less the denies nested in it, and within the permits nested in it: the stricter word stands.
fn narrowed(of: &Provision, with: Reading<'_>) -> Result<Permit, No> {
    let mut left = permitted(of, with)?;
    for inner in of.nested.iter().filter(|inner| inner.kind == Some(Kind::Permit)) {
        left = both(&left, &narrowed(inner, with)?);
    }
    less_denies(of, left, with)
}

fn less_denies(of: &Provision, permit: Permit, with: Reading<'_>) -> Result<Permit, No> {
    let mut left = permit;
    for inner in &of.nested {
        match inner.kind {
            None => return Err(No::unclear("a nested provision is neither permit nor deny".into())),
            Some(Kind::Permit) => {}
            Some(Kind::Deny) => {
                for deny in inner.denies().into_iter().filter(|deny| deny.touches_research(with.now)) {
                    left = denied(deny, Some(left))?;
                }
            }
        }
    }
    Ok(left)
}

/// What a permit allows, without what is nested in it.
fn permitted(of: &Provision, with: Reading<'_>) -> Result<Permit, No> {
    if let Some(name) = of.under {
        return Err(No::unclear(format!("it permits under `{name}`, which cannot be kept to")));
    }
    if !of.actions.is_empty() && !of.actions.iter().any(|concept| action(concept) == Some("use")) {
        return Err(No::no_research("it permits something, and not `use`".into()));
    }
    let research = of.purposes.iter().any(|coding| is_research(coding) == Some(true));
    if !research && !of.purposes.is_empty() {
        return Err(No::no_research("it permits other purposes than research".into()));
    }
    let (mut purposes, mut modifiers, mut diseases) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for concept in &of.codes {
        match term(concept) {
            Some(Term::Permission(permission)) => {
                purposes.insert(permission);
            }
            Some(Term::Modifier(code)) => {
                modifiers.insert(code.to_owned());
            }
            Some(Term::Disease(code)) => {
                diseases.insert(code);
            }
            None => return Err(No::unclear(format!("its code {} is not known, and may narrow it", named(concept)))),
        }
    }
    if purposes.is_empty() {
        if !research {
            return Err(No::unclear("it does not say for what".into()));
        }
        let narrow =
            if diseases.is_empty() { Permission::HealthMedicalBiomedical } else { Permission::DiseaseSpecific };
        purposes.insert(narrow);
    } else if research {
        purposes = purposes.into_iter().map(for_health).collect();
    }
    let ((from, until), given) = (period(of.period.as_ref())?, with.given);
    let (from, term) = (from.map_or(given, |from| from.max(given)), given + Millis(TERM_DAYS * Millis::DAY.0));
    let (until, shown) = (Some(until.unwrap_or(term)), with.shown.to_string());
    Ok(Permit { purposes, modifiers, diseases, categories: touched(of)?, given, from, until, shown })
}

/// The codes of a concept, as a report names them.
fn named(concept: &Concept) -> String {
    let codes = concept.coding.iter().map(|coding| format!("`{} {}`", coding.system(), coding.code()));
    let codes: Vec<String> = codes.collect();
    if codes.is_empty() { "without a coding".to_owned() } else { codes.join(" with ") }
}

/// What is left of a permission where health research is the purpose.
const fn for_health(permission: Permission) -> Permission {
    match permission {
        Permission::NoRestriction | Permission::GeneralResearch => Permission::HealthMedicalBiomedical,
        same @ (Permission::HealthMedicalBiomedical | Permission::DiseaseSpecific | Permission::PopulationOrigins) => {
            same
        }
    }
}

/// The kinds of record that a permit touches: all, or those of its classes.
fn touched(of: &Provision) -> Result<BTreeSet<ConsentCategory>, No> {
    if of.classes.is_empty() {
        return Ok(ALL.into());
    }
    let touched: BTreeSet<_> = of.classes.iter().filter_map(categories).flatten().copied().collect();
    if touched.is_empty() {
        Err(No::unclear("it permits classes of data that are not known".into()))
    } else {
        Ok(touched)
    }
}

/// What a deny that touches research leaves of a permit. Whatever narrows the deny in a way that cannot be kept to
/// makes it deny all; what it permits in turn counts for nothing.
fn denied(of: &Provision, from: Option<Permit>) -> Result<Permit, No> {
    let all = || No::Denied("it rules research out".into());
    let Some(mut permit) = from else { return Err(all()) };
    if let Some(name) = of.under {
        return Err(No::Denied(format!("it rules something out under `{name}`, which cannot be kept to")));
    }
    if of.codes.is_empty() && of.classes.is_empty() {
        return Err(all());
    }
    for class in &of.classes {
        let gone = categories(class).ok_or_else(all)?;
        permit.categories.retain(|category| !gone.contains(category));
    }
    for concept in &of.codes {
        match term(concept) {
            Some(Term::Permission(gone)) => {
                permit.purposes.retain(|left| !gone.includes(*left) && !left.includes(gone));
            }
            // Research on a disease cannot be taken out of health research as a whole.
            Some(Term::Disease(gone)) if permit.purposes == BTreeSet::from([Permission::DiseaseSpecific]) => {
                permit.diseases.retain(|left| !includes(left, &gone) && !includes(&gone, left));
            }
            Some(Term::Disease(_) | Term::Modifier(_)) | None => return Err(all()),
        }
    }
    Ok(permit)
}

/// The elements of a provision.
const KNOWN: [&str; 13] = [
    "id",
    "type",
    "period",
    "actor",
    "action",
    "securityLabel",
    "purpose",
    "class",
    "code",
    "dataPeriod",
    "data",
    "provision",
    "modifierExtension",
];
/// Those that narrow it in a way that no grant can say.
const UNKEPT: [&str; 5] = ["modifierExtension", "actor", "data", "dataPeriod", "securityLabel"];

const ALL: [ConsentCategory; 4] = [
    ConsentCategory::Demographics,
    ConsentCategory::Treatment,
    ConsentCategory::Outcomes,
    ConsentCategory::AdverseEvents,
];

/// How long a grant without an end holds from the day it was given: two years, as a patient's own does by default.
const TERM_DAYS: u64 = 730;
