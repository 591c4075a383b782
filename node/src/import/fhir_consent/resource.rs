//! One Consent: whether it is in force and about research, and what it comes to.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use sumac_protocol::moment::{Millis, Moment};

use super::coding::{opted, scope};
use super::dates::moment;
use super::meaning::{Meaning, No, Permit};
use super::provision::{self, Provision, Reading};
use super::schema::{Concept, Element, null_in};
use super::versions::Version;

/// What a resource is called in a report.
pub(super) fn name(resource: &Value, place: usize) -> String {
    let id = resource.get("id").and_then(Value::as_str);
    id.map_or_else(|| format!("resource {place}"), |id| format!("Consent/{}", id.escape_default()))
}

/// What a Consent means for research at a moment.
pub(super) fn meaning(consent: &Value, version: Version, now: Moment) -> Meaning {
    if version == Version::Older {
        return Meaning::Elsewhere("there is a newer version of it, which counts".into());
    }
    let meaning = judged(consent, now).unwrap_or_else(|no| no.said(said_by(consent)));
    match (version, meaning) {
        (Version::Unclear(_), deny @ Meaning::Deny { .. }) => deny,
        (Version::Unclear(why), _) => No::unclear(why.into()).said(None),
        (Version::Newest | Version::Older, meaning) => meaning,
    }
}

fn judged(consent: &Value, now: Moment) -> Result<Meaning, No> {
    match consent.get("status").and_then(Value::as_str).unwrap_or_default() {
        "active" => active(consent, now),
        status @ ("draft" | "proposed") => {
            Ok(Meaning::Elsewhere(format!("its status is `{status}`, so it is not in force")))
        }
        // What was in force once is ended; an old no that is over forbids nothing.
        status @ ("inactive" | "entered-in-error") => {
            let why = format!("its status is `{status}`, so it is not in force any more");
            let said = active(consent, now);
            let allowed = matches!(said, Ok(Meaning::Permit(_)) | Err(No::Grant("not-understood", _)));
            let about_research = scope_of(consent).is_ok_and(|scope| scope == "research");
            Ok(if allowed && about_research { Meaning::Ended(why) } else { Meaning::Elsewhere(why) })
        }
        "rejected" => Err(No::Denied("it was rejected".into())),
        other => Err(No::unclear(format!("its status is `{}`", other.escape_default()))),
    }
}

/// What it means where it is in force.
fn active(consent: &Value, now: Moment) -> Result<Meaning, No> {
    if let Some(place) = null_in(consent, "Consent") {
        return Err(No::unclear(format!("`{place}` is null, which FHIR does not have")));
    }
    let element = Element::of(consent, "Consent", &KNOWN)?;
    for name in ["modifierExtension", "implicitRules"] {
        if element.has(name) {
            return Err(No::unclear(format!("it has `{name}`, which may change all it says")));
        }
    }
    let provision = element.value("provision").map(|value| Provision::read(value, &element.place("provision")));
    let (provision, opted) = (provision.transpose()?, base(&element)?);
    beside(&element)?;
    match scope_of(consent)?.as_str() {
        "research" => research(&element, consent, provision.as_ref(), opted, now).map(Meaning::Permit),
        "patient-privacy" => privacy(provision.as_ref(), opted, now),
        scope @ ("treatment" | "adr") => {
            if provision.iter().flat_map(Provision::denies).any(|deny| deny.names_research(now)) {
                return Err(No::Denied(format!("its scope is `{scope}`, and it rules research out by name")));
            }
            Ok(Meaning::Elsewhere(format!("its scope is `{scope}`")))
        }
        _ => Err(No::unclear("its scope is not known".into())),
    }
}

fn research(
    element: &Element<'_>,
    consent: &Value,
    provision: Option<&Provision>,
    opted: Option<bool>,
    now: Moment,
) -> Result<Permit, No> {
    let said = element.part::<String>("dateTime")?;
    // A no needs no date, and is found whatever the date is.
    let given = said.as_deref().map(|text| moment(text, Millis(0)));
    let at = given.as_ref().map_or(now, |given| given.as_ref().map_or(now, |at| *at));
    let permit = provision::read(provision, opted, Reading { now, given: at, shown: consent })?;
    match given {
        None => Err(No::unclear("it does not say when it was given".into())),
        Some(Err(why)) => Err(why),
        Some(Ok(at)) if at > now => Err(No::not_in_force("it was given in the future".into())),
        Some(Ok(_)) => Ok(permit),
    }
}

/// A Consent on privacy in general never allows research, and may rule it out.
fn privacy(provision: Option<&Provision>, opted: Option<bool>, now: Moment) -> Result<Meaning, No> {
    if opted == Some(false) {
        return Err(No::Denied("its scope is privacy in general, and it opts out".into()));
    }
    if provision.into_iter().flat_map(Provision::denies).any(|deny| deny.touches_research(now)) {
        return Err(No::Denied("its scope is privacy in general, and it rules research out".into()));
    }
    Ok(Meaning::Elsewhere("its scope is privacy in general, and it rules no research out".into()))
}

/// Whether the base policy is yes or no; none where the resource names neither. A no among several codes is a no.
fn base(element: &Element<'_>) -> Result<Option<bool>, No> {
    let Some(rule) = element.part::<Concept>("policyRule")? else { return Ok(None) };
    let told: Vec<Option<bool>> = rule.coding.iter().map(opted).collect();
    if told.contains(&Some(false)) {
        return Ok(Some(false));
    }
    if told.is_empty() || told.contains(&None) {
        let codes: Vec<String> = rule.coding.iter().map(|coding| coding.code().escape_default().to_string()).collect();
        return Err(No::unclear(format!("its policy rule is `{}`, which is not known", codes.join(" "))));
    }
    Ok(Some(true))
}

/// What stands beside: of its type, and nothing in it that takes the yes back.
fn beside(element: &Element<'_>) -> Result<(), No> {
    element.list::<Concept>("category")?;
    element.list::<Policy>("policy")?;
    if element.list::<Verification>("verification")?.iter().any(|one| !one.verified) {
        return Err(No::unclear("it was not verified".into()));
    }
    Ok(())
}

fn scope_of(consent: &Value) -> Result<String, No> {
    let unclear = |why: &str| No::unclear(format!("its scope {why}"));
    let concept = consent.get("scope").ok_or_else(|| unclear("is missing"))?;
    let concept: Concept =
        serde_json::from_value(concept.clone()).map_err(|why| unclear(&format!("is none: {why}")))?;
    scope(&concept).map(str::to_owned).ok_or_else(|| unclear("is not known"))
}

/// When what it says was said at the latest: a date alone lasts to its end.
fn said_by(consent: &Value) -> Option<Moment> {
    moment(consent.get("dateTime")?.as_str()?, Millis::DAY).ok()
}

/// Under which policy a Consent was made: a reference that says nothing by itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    #[serde(rename = "id")]
    _id: Option<String>,
    #[serde(rename = "authority")]
    _authority: Option<String>,
    #[serde(rename = "uri")]
    _uri: Option<String>,
}

/// Whether somebody asked the patient whether this is what was meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verification {
    #[serde(rename = "id")]
    _id: Option<String>,
    verified: bool,
    #[serde(rename = "verifiedWith")]
    _with: Option<IgnoredAny>,
    #[serde(rename = "verificationDate")]
    _date: Option<String>,
}

/// The elements of a Consent. Those that are not read say who, where and in which words, and narrow nothing.
const KNOWN: [&str; 24] = [
    "resourceType",
    "id",
    "meta",
    "implicitRules",
    "language",
    "text",
    "contained",
    "extension",
    "modifierExtension",
    "identifier",
    "status",
    "scope",
    "category",
    "patient",
    "dateTime",
    "performer",
    "organization",
    "sourceAttachment",
    "sourceReference",
    "policy",
    "policyRule",
    "verification",
    "provision",
    "sourceIdentifier",
];
