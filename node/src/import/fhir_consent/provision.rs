//! Provisions: what is permitted, less what is denied inside it.

use std::collections::BTreeSet;

use serde_json::Value;
use sumac_protocol::document::disease::includes;
use sumac_protocol::document::duo::Permission;
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::moment::Moment;

use super::coding::{Term, categories, is_research, of_coding, of_concept, term};
use super::dates::period;
use super::meaning::{No, Permit};
use super::merging::both;

/// What a Consent on research permits. `opted`: what its base policy is, if it names one.
pub(super) fn read(consent: &Value, opted: Option<bool>, now: Moment) -> Result<Permit, No> {
    let shown = consent.to_string();
    let Some(root) = consent.get("provision") else {
        return Err(match opted {
            Some(false) => No::Denied("it opts out".into()),
            Some(true) => No::Unclear("it opts in, and does not say for what".into()),
            None => No::Unclear("it has no provision".into()),
        });
    };
    let mut permit = match (root.get("type").and_then(Value::as_str), opted) {
        (Some("permit"), Some(true) | None) => narrowed(root, permitted(root, shown)?, now)?,
        (Some("permit"), Some(false)) => exceptions(root, vec![permitted(root, shown.clone())?], &shown, now)?,
        // A base of no with exceptions: each exception that permits counts, and all of them together.
        (Some("deny") | None, _) if opted != Some(true) && has_nested(root, "permit") => {
            exceptions(root, Vec::new(), &shown, now)?
        }
        (Some("deny"), _) => {
            denied(root, None, now)?;
            return Err(No::Denied("it rules some uses out and permits none".into()));
        }
        (None, Some(false)) => return Err(No::Denied("it opts out".into())),
        (None, Some(true) | None) => return Err(No::Unclear("its provision is neither permit nor deny".into())),
        (Some(other), _) => return Err(No::Unclear(format!("its provision is of type `{other}`"))),
    };
    if permit.until.is_some_and(|until| until <= now) {
        return Err(No::Denied("its time is over".into()));
    }
    if permit.purposes.contains(&Permission::DiseaseSpecific) && permit.diseases.is_empty() {
        permit.purposes.remove(&Permission::DiseaseSpecific);
        if permit.purposes.is_empty() {
            return Err(No::Unclear("it is for research on a disease, and names none that is known".into()));
        }
    }
    if permit.purposes.is_empty() || permit.categories.is_empty() {
        return Err(No::Denied("what it permits, its exceptions take back".into()));
    }
    Ok(permit)
}

fn nested(of: &Value) -> impl Iterator<Item = &Value> {
    of.get("provision").and_then(Value::as_array).into_iter().flatten()
}

fn has_nested(of: &Value, kind: &str) -> bool {
    nested(of).any(|inner| inner.get("type").and_then(Value::as_str) == Some(kind))
}

/// The nested permits of a base of no, and what stands beside them; what all of them allow.
fn exceptions(root: &Value, first: Vec<Permit>, shown: &str, now: Moment) -> Result<Permit, No> {
    let mut permits = first;
    for inner in nested(root) {
        match inner.get("type").and_then(Value::as_str) {
            Some("permit") => permits.push(narrowed(inner, permitted(inner, shown.to_owned())?, now)?),
            Some("deny") => {}
            _ => return Err(No::Unclear("a nested provision is neither permit nor deny".into())),
        }
    }
    let mut permits = permits.into_iter();
    let first = permits.next().ok_or_else(|| No::Denied("it opts out".into()))?;
    let mut all = permits.fold(first, |all, next| both(&all, &next));
    for inner in nested(root).filter(|inner| inner.get("type").and_then(Value::as_str) == Some("deny")) {
        all = denied(inner, Some(all), now)?.unwrap_or_else(nothing);
    }
    Ok(all)
}

/// What a permit allows, without what is nested in it.
fn permitted(of: &Value, shown: String) -> Result<Permit, No> {
    for name in ["modifierExtension", "actor", "data", "dataPeriod", "securityLabel"] {
        if of.get(name).is_some() {
            return Err(No::Unclear(format!("it permits under `{name}`, which cannot be kept to")));
        }
    }
    let actions: Vec<Vec<_>> = list(of, "action").map(of_concept).collect();
    if !actions.is_empty() && !actions.iter().flatten().any(|code| code.code == "use") {
        return Err(No::Denied("it permits something, and not `use`".into()));
    }
    let named: Vec<_> = list(of, "purpose").filter_map(of_coding).map(|code| is_research(code.code)).collect();
    let research = named.contains(&Some(true));
    if !research && list(of, "purpose").next().is_some() {
        return Err(No::Denied("it permits other purposes than research".into()));
    }
    let (mut purposes, mut modifiers, mut diseases) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for concept in list(of, "code") {
        match term(&of_concept(concept)) {
            Some(Term::Permission(permission)) => {
                purposes.insert(permission);
            }
            Some(Term::Modifier(code)) => {
                modifiers.insert(code.to_owned());
            }
            Some(Term::Disease(code)) => {
                diseases.insert(code);
            }
            None => return Err(No::Unclear(format!("its code {concept} is not known, and may narrow it"))),
        }
    }
    if purposes.is_empty() {
        if !research {
            return Err(No::Unclear("it does not say for what".into()));
        }
        let narrow =
            if diseases.is_empty() { Permission::HealthMedicalBiomedical } else { Permission::DiseaseSpecific };
        purposes.insert(narrow);
    } else if research {
        purposes = purposes.into_iter().map(for_health).collect();
    }
    let (from, until) = period(of)?;
    Ok(Permit { purposes, modifiers, diseases, categories: touched(of)?, from, until, shown })
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
fn touched(of: &Value) -> Result<BTreeSet<ConsentCategory>, No> {
    if list(of, "class").next().is_none() {
        return Ok(ALL.into());
    }
    let classes = list(of, "class").filter_map(of_coding).filter_map(|code| categories(code.code));
    let touched: BTreeSet<_> = classes.flatten().copied().collect();
    if touched.is_empty() {
        Err(No::Unclear("it permits classes of data that are not known".into()))
    } else {
        Ok(touched)
    }
}

/// A permit less the denies nested in it. What they permit in turn counts for nothing: the stricter word stands.
fn narrowed(of: &Value, permit: Permit, now: Moment) -> Result<Permit, No> {
    let mut left = permit;
    for inner in nested(of) {
        match inner.get("type").and_then(Value::as_str) {
            Some("deny") => left = denied(inner, Some(left), now)?.unwrap_or_else(nothing),
            Some("permit") => {}
            _ => return Err(No::Unclear("a nested provision is neither permit nor deny".into())),
        }
    }
    Ok(left)
}

/// What a deny leaves of a permit. Whatever narrows the deny in a way that cannot be kept to makes it deny all.
pub(super) fn denied(of: &Value, from: Option<Permit>, now: Moment) -> Result<Option<Permit>, No> {
    if period(of)?.1.is_some_and(|until| until <= now) {
        return Ok(from);
    }
    let purposes: Vec<_> =
        list(of, "purpose").map(|code| of_coding(code).and_then(|code| is_research(code.code))).collect();
    if !purposes.is_empty() && purposes.iter().all(|research| *research == Some(false)) {
        return Ok(from);
    }
    let actions: Vec<_> = list(of, "action").flat_map(of_concept).map(|code| code.code).collect();
    // Answers are sums under noise in any case, and nobody's record is disclosed or corrected.
    if !actions.is_empty() && actions.iter().all(|action| matches!(*action, "disclose" | "correct")) {
        return Ok(from);
    }
    let all = || No::Denied("it rules research out".into());
    let Some(mut permit) = from else { return Err(all()) };
    for name in ["modifierExtension", "actor", "data", "dataPeriod", "securityLabel"] {
        if of.get(name).is_some() {
            return Err(No::Denied(format!("it rules something out under `{name}`, which cannot be kept to")));
        }
    }
    let (codes, classes): (Vec<_>, Vec<_>) = (list(of, "code").collect(), list(of, "class").collect());
    if codes.is_empty() && classes.is_empty() {
        return Err(all());
    }
    for class in classes {
        let gone = of_coding(class).and_then(|code| categories(code.code)).ok_or_else(all)?;
        permit.categories.retain(|category| !gone.contains(category));
    }
    for concept in codes {
        match term(&of_concept(concept)) {
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
    Ok(Some(permit))
}

fn nothing() -> Permit {
    Permit {
        purposes: BTreeSet::new(),
        modifiers: BTreeSet::new(),
        diseases: BTreeSet::new(),
        categories: BTreeSet::new(),
        from: None,
        until: None,
        shown: String::new(),
    }
}

fn list<'v>(of: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

const ALL: [ConsentCategory; 4] = [
    ConsentCategory::Demographics,
    ConsentCategory::Treatment,
    ConsentCategory::Outcomes,
    ConsentCategory::AdverseEvents,
];
