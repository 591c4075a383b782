//! FHIR R4 Consents become what staff may witness: what a patient allowed elsewhere, as a statement on paper.
//!
//! Nothing here is a statement yet. Each patient's resources come to one of three things: a grant, a withdrawal, or
//! nothing that is about research; a member of staff reads why, and signs. The rules are made so that a mistake only
//! ever means no:
//!
//! * Of several resources of one patient the strictest wins: any deny ends everything, and of several permits only what
//!   all of them allow is left. Of several versions of one the newest counts.
//! * What cannot be understood means no grant: an element of another type than FHIR's, one that nobody knows where it
//!   could narrow, an unknown code, a modifier extension, a date to the month.
//! * A deny is found wherever it stands: in a Bundle in a Bundle, contained, or among Parameters.
//! * A grant is for health research at the most, unless a code of the Data Use Ontology says more; always under noise,
//!   from the day on that the resource names, and always with an end.
//! * What is in the clinic's ledger already, or was said after it, is not said again ([`Due`]).

use std::collections::BTreeMap;

use serde_json::Value;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::consent::{Disclosure, Grant, LayText, Who};
use sumac_protocol::limits::CODES_MAX;
use sumac_protocol::moment::Moment;

use gathering::Gathered;
use meaning::{Meaning, Permit};
use merging::Together;
use patients::Pseudonyms;

pub use due::Due;

mod coding;
mod dates;
mod due;
mod gathering;
mod meaning;
mod merging;
mod patients;
mod provision;
mod resource;
mod schema;
#[cfg(test)]
mod tests;
mod versions;

/// What one patient's Consents come to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedConsent {
    /// The clinic's name for the patient, as the resources give it.
    pub pseudonym: String,
    /// What a member of staff may witness.
    pub outcome: ConsentOutcome,
    /// What each resource came to, in the order of the files.
    pub resources: Vec<ReadConsent>,
}

/// What may be witnessed for one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: yes, no, not any more, or nothing")]
#[expect(clippy::large_enum_variant, reason = "most are grants")]
pub enum ConsentOutcome {
    /// A grant.
    Grant {
        /// What is allowed, from the day on that it was given.
        grant: Grant,
        /// When the oldest of its resources was given.
        given: Moment,
    },
    /// A withdrawal of everything.
    Withdrawal {
        /// When it was said, at the latest; none where a resource that says no is not dated, which counts as now.
        said_by: Option<Moment>,
    },
    /// What was given on paper before is not in force any more.
    Ended,
    /// Nothing: no resource is about research and in force, or none that allows something can be relied on.
    Nothing,
}

/// What one resource came to, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadConsent {
    /// Its id, or its place in the files, from 1.
    pub name: String,
    /// `permit`, `deny`, `not-understood`, `not-in-force`, `permits-no-research`, `ended` or `not-about-research`.
    pub came_to: &'static str,
    /// The reason in words.
    pub why: String,
}

/// What an import adds to what resources say.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct ConsentDefaults<'s> {
    /// The system of the Patient identifier that is the pseudonym. None: Sumac's own, or the only one there is.
    pub identifier_system: Option<&'s str>,
    /// The moment of the import.
    pub now: Moment,
    /// The cap on privacy cost in any 365 days: FHIR has no word for it.
    pub rho_year: RhoMicro,
}

/// Why files of Consents are not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FhirConsentError {
    /// Not JSON, or JSON that names something twice.
    #[error("resource {place} is no JSON that can be read: {why}")]
    NoJson {
        /// Its place, from 1.
        place: usize,
        /// What the reader stumbled over.
        why: String,
    },
    /// A Consent whose patient cannot be told. Whom a deny is about must be known before anybody's consent is taken.
    #[error("{name}: the patient's pseudonym cannot be told from `patient`")]
    NoPatient {
        /// Which resource.
        name: String,
    },
    /// A resource that does not say what it is.
    #[error("resource {place} does not say what it is: its `resourceType` is no text")]
    NoKind {
        /// Its place, from 1.
        place: usize,
    },
    /// An entry that changes Consents in a way that cannot be followed here.
    #[error("an entry asks for {method} {url:?}, which cannot be followed here")]
    Unfollowed {
        /// What it asks for.
        method: String,
        /// Of what.
        url: String,
    },
    /// No Consent among the resources.
    #[error("there is no Consent among the {resources} resources")]
    NoConsent {
        /// How many there are.
        resources: usize,
    },
}

impl FhirConsentError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoJson { .. } => "fhir-consent-no-json",
            Self::NoPatient { .. } => "fhir-consent-no-patient",
            Self::NoKind { .. } => "fhir-consent-no-kind",
            Self::Unfollowed { .. } => "fhir-consent-unfollowed",
            Self::NoConsent { .. } => "fhir-consent-none",
        }
    }

    /// What the person at the desk can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoJson { .. } => "give FHIR R4 as JSON: a Bundle, single resources, or NDJSON".into(),
            Self::NoPatient { .. } => {
                "name the patient in one way: by identifier, as Patient/PSEUDONYM, or with one Patient in the same file; \
                 where Patients have several identifiers, say with --identifier which system is the pseudonym's"
                    .into()
            }
            Self::NoKind { .. } => "mend the export of the other system".into(),
            Self::Unfollowed { .. } => "export the Consents as they are now, instead of their changes".into(),
            Self::NoConsent { .. } => "check that these are the files you mean".into(),
        }
    }
}

/// Reads the Consents of these texts, each a Bundle, a resource, or NDJSON, patient by patient in the order of their
/// pseudonyms.
///
/// # Errors
/// [`FhirConsentError`]: then nothing of any file counts.
pub fn read_consents(texts: &[&[u8]], defaults: ConsentDefaults<'_>) -> Result<Vec<ImportedConsent>, FhirConsentError> {
    let mut gathered = Gathered::default();
    texts.iter().try_for_each(|text| gathered.take(text))?;
    if gathered.consents.is_empty() {
        return Err(FhirConsentError::NoConsent { resources: gathered.resources });
    }
    let pseudonyms = Pseudonyms::of(&gathered.patients, defaults.identifier_system);
    let consents: Vec<&Value> = gathered.consents.iter().map(|found| &found.resource).collect();
    let versions = versions::of(&consents, &gathered.deleted);
    let mut patients: BTreeMap<String, Vec<(ReadConsent, Meaning)>> = BTreeMap::new();
    for ((consent, version), place) in consents.into_iter().zip(versions).zip(1..) {
        let name = resource::name(consent, place);
        let pseudonym =
            pseudonyms.of_consent(consent).ok_or_else(|| FhirConsentError::NoPatient { name: name.clone() })?;
        let meaning = resource::meaning(consent, version, defaults.now);
        let (came_to, why) = (meaning.came_to(), meaning.why());
        patients.entry(pseudonym).or_default().push((ReadConsent { name, came_to, why }, meaning));
    }
    let imported = |(pseudonym, read): (String, Vec<(ReadConsent, Meaning)>)| {
        let (resources, meanings): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        ImportedConsent { pseudonym, outcome: outcome(merging::strictest(meanings), defaults), resources }
    };
    Ok(patients.into_iter().map(imported).collect())
}

fn outcome(together: Together, defaults: ConsentDefaults<'_>) -> ConsentOutcome {
    match together {
        Together::No(said_by) => ConsentOutcome::Withdrawal { said_by },
        Together::Ended => ConsentOutcome::Ended,
        Together::Nothing => ConsentOutcome::Nothing,
        Together::Permit(permit) => {
            let given = permit.given;
            let granted = |grant| ConsentOutcome::Grant { grant, given };
            grant(permit, defaults).map_or(ConsentOutcome::Nothing, granted)
        }
    }
}

/// The grant that a permit makes; none if nothing is left that could be granted.
fn grant(permit: Permit, defaults: ConsentDefaults<'_>) -> Option<Grant> {
    let Permit { purposes, modifiers, diseases, categories, from: not_before, until, shown, .. } = permit;
    let not_after = until.filter(|until| *until > defaults.now)?;
    let lists = [purposes.len(), modifiers.len(), diseases.len()];
    if purposes.is_empty() || categories.is_empty() || not_before >= not_after || lists.iter().any(|n| *n > CODES_MAX) {
        return None;
    }
    Some(Grant {
        purposes: purposes.into_iter().map(|purpose| purpose.code().to_owned()).collect(),
        modifiers: modifiers.into_iter().collect(),
        diseases: diseases.into_iter().collect(),
        categories: categories.into_iter().collect(),
        who: Who::AnyStudy,
        disclosure: Disclosure::DpOnly,
        not_before,
        not_after,
        rho_year: defaults.rho_year,
        // What was shown is the form of the other system; its text is not here, so the resources stand for it.
        lay_text: LayText {
            version: LAY_TEXT_VERSION.to_owned(),
            language: "und".to_owned(),
            digest: Digest::of(Label::LayText, &[shown.as_bytes()]),
        },
    })
}

/// What stands for the text that was shown.
const LAY_TEXT_VERSION: &str = "fhir-r4";
