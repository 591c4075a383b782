//! The names of Sumac's own extensions and code systems, for what FHIR has no place for.
//!
//! They are URNs, so they need no server and promise no page. Import and export share them, which is
//! what lets a record come back as it was.

/// Extension of an `EpisodeOfCare`, as Sumac writes it: the course as a whole. It holds
/// [`FIRST_DOSE`] and one [`FIELD`] for each field; nothing about the course is guessed then.
pub const COURSE: &str = "urn:x-sumac:fhir:course";
/// The date of the first dose, `valueDate`: day 0. Inside [`COURSE`], or alone on an `EpisodeOfCare`
/// of any other system that knows it.
pub const FIRST_DOSE: &str = "urn:x-sumac:fhir:first-dose";
/// One field of a course: [`FIELD_ID`] and [`FIELD_VALUE`].
pub const FIELD: &str = "urn:x-sumac:fhir:field";
/// The field's name in the dictionary, `valueCode`.
pub const FIELD_ID: &str = "id";
/// Its value: `valueCode`, `valueBoolean` or `valueDecimal`.
pub const FIELD_VALUE: &str = "value";
/// The number of a session of the course, `valuePositiveInt`.
pub const SESSION: &str = "urn:x-sumac:fhir:session";
/// The `EpisodeOfCare` that a resource belongs to, `valueReference`.
pub const EPISODE: &str = "urn:x-sumac:fhir:episode-of-care";
/// HL7's own extension for the same, which other systems use.
pub const EPISODE_HL7: &str = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare";
/// Which number of a session's vital signs this is, `valueCode`: the name of the record's own field.
pub const VITAL: &str = "urn:x-sumac:fhir:vital";
/// The value of [`VITAL`] that is the weight.
pub const WEIGHT: &str = "weight";
/// A route of which no amount is known, `valueCode`: FHIR's dosage has no place for a route alone.
pub const ROUTE: &str = "urn:x-sumac:fhir:route";
/// Minutes from the dose to the beginning of an adverse event, `valueUnsignedInt`.
pub const ONSET: &str = "urn:x-sumac:fhir:onset-minutes";
/// A severity that HL7's required list does not have, `valueCode`.
pub const SEVERITY: &str = "urn:x-sumac:fhir:severity";
/// How related an adverse event is to the treatment, `valueCode`, where no dose is named.
pub const RELATEDNESS: &str = "urn:x-sumac:fhir:relatedness";
/// HL7's extensions for the score of a coded answer.
pub const ORDINALS: [&str; 2] =
    ["http://hl7.org/fhir/StructureDefinition/ordinalValue", "http://hl7.org/fhir/StructureDefinition/itemWeight"];

/// Identifier of a patient: the clinic's pseudonym.
pub const PSEUDONYM: &str = "urn:x-sumac:pseudonym";
/// Identifier of a course: the clinic's own name for it.
pub const COURSE_ID: &str = "urn:x-sumac:course";
/// Code system of the numbers of a session's monitor.
pub const VITAL_SYSTEM: &str = "urn:x-sumac:vital";
/// Tag of a resource whose dates are nominal.
pub const NOMINAL_SYSTEM: &str = "urn:x-sumac:fhir";
/// The code of that tag.
pub const NOMINAL: &str = "nominal-dates";
/// Identifier of a patient: the key that is enrolled.
pub const PATIENT_KEY: &str = "urn:x-sumac:patient-key";
/// Identifier of a clinic: its node's key.
pub const CLINIC: &str = "urn:x-sumac:clinic";
/// Identifier of a study: its digest.
pub const STUDY: &str = "urn:x-sumac:study";
/// Identifier of a query: its digest.
pub const QUERY: &str = "urn:x-sumac:query";
/// What Sumac's code systems begin with; the vocabulary's name follows.
pub const SYSTEM_PREFIX: &str = "urn:x-sumac:";
/// What the canonical of a questionnaire begins with; the instrument's id follows.
pub const QUESTIONNAIRE_PREFIX: &str = "urn:x-sumac:questionnaire:";
/// What HL7 systems write for a LOINC panel.
pub const QUESTIONNAIRE_LOINC: &str = "http://loinc.org/q/";

/// Names of vocabularies behind [`SYSTEM_PREFIX`]. A code system of a clinic's own whose last part is
/// one of these, or the name of a field, is read alike: `urn:my-clinic:paradigm`.
pub mod vocabulary {
    /// Kinds of session.
    pub const SESSION_KIND: &str = "session-kind";
    /// Routes.
    pub const ROUTE: &str = "route";
    /// Molecules.
    pub const MOLECULE: &str = "molecule";
    /// Kinds of adverse event.
    pub const EVENT_KIND: &str = "event-kind";
    /// Severities.
    pub const SEVERITY: &str = "severity";
    /// Relatedness.
    pub const RELATEDNESS: &str = "relatedness";
    /// Kinds of time to event.
    pub const TIME_TO_EVENT: &str = "time-to-event";
    /// Classes of other medicines.
    pub const COMEDICATION: &str = "comedication";
    /// Instruments.
    pub const INSTRUMENT: &str = "instrument";
}

/// UCUM, HL7's system of units.
pub const UCUM: &str = "http://unitsofmeasure.org";
