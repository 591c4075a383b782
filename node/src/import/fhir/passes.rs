//! The other passes: in each, the patients whose key falls into it, whole.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use sumac_protocol::record::Record;

use super::super::Progress;
use super::super::limits::{BATCH_ENTRIES, BATCH_PATIENTS};
use super::assembly::{self, Patient};
use super::codes::Codes;
use super::element::{Element, Flaw};
use super::facts::{Filed, Origin};
use super::files::{FhirFiles, Resource};
use super::limits::FACTS_PER_PATIENT_MAX;
use super::reading::{self, Context, Found};
use super::reference::{Aliases, Key};
use super::reject::{FhirReject, FhirWhy, shortened};
use super::survey::{Survey, short};
use super::tally::{Aside, FhirTold};
use super::{FhirReading, FhirSink, FhirStopped};

/// Everything that passes share.
pub(super) struct Passes<'p, S> {
    /// Tells the system of identifiers and the day that counts as today.
    pub(super) reading: &'p FhirReading<'p>,
    /// The dictionary, by codes.
    pub(super) codes: &'p Codes<'p>,
    /// Made by the first pass: how many passes and patients there are, and the medicines.
    pub(super) survey: &'p Survey,
    /// Grows with every pass and is handed back at the end.
    pub(super) told: FhirTold,
    /// Its first error stops the import.
    pub(super) sink: &'p mut S,
}

impl<S: FhirSink> Passes<'_, S> {
    /// Makes every pass, and hands each patient over once.
    pub(super) fn make(mut self, files: &FhirFiles) -> Result<FhirTold, FhirStopped<S::Error>> {
        for pass in 0..self.survey.passes {
            let patients = self.gather(files, pass)?;
            let (mut batch, mut entries) = (BTreeMap::new(), 0_usize);
            for (key, patient) in patients {
                let Some((pseudonym, record)) = self.finish(&key, patient)? else { continue };
                entries = entries.saturating_add(entries_of(&record));
                batch.insert(pseudonym, record);
                if batch.len() >= BATCH_PATIENTS || entries >= BATCH_ENTRIES {
                    self.keep(std::mem::take(&mut batch))?;
                    entries = 0;
                }
            }
            self.keep(batch)?;
        }
        Ok(self.told)
    }

    /// Hands a batch to the sink and tells how far the import is. An empty one is no step.
    fn keep(&mut self, batch: BTreeMap<String, Record>) -> Result<(), FhirStopped<S::Error>> {
        if batch.is_empty() {
            return Ok(());
        }
        self.told.patients = self.told.patients.saturating_add(u64::try_from(batch.len()).unwrap_or(u64::MAX));
        self.sink.keep(batch).map_err(FhirStopped::Sink)?;
        self.sink.progress(Progress::Keeping { patients: self.told.patients, of: self.survey.patients });
        Ok(())
    }

    /// Reads every file again and keeps in memory only the patients of this pass.
    /// A line that tells its patient early is skipped without becoming a tree.
    fn gather(&mut self, files: &FhirFiles, pass: u64) -> Result<BTreeMap<Key, Patient>, FhirStopped<S::Error>> {
        let passes = self.survey.passes;
        let mut patients = BTreeMap::new();
        for file in files.each() {
            let wanted = |line: &[u8]| part_of_line(line, passes).is_none_or(|part| part == pass);
            file.each_resource::<FhirStopped<S::Error>>(wanted, |resource| {
                let root = Element::root(&resource.value, &resource.kind);
                let whose = whose(&resource, &root);
                if part(whose.as_ref().ok().and_then(Option::as_ref), passes) == pass {
                    self.file(&resource, &root, whose, &mut patients)?;
                }
                Ok(())
            })?;
        }
        Ok(patients)
    }

    /// Reads one resource and files it under its patient.
    fn file(
        &mut self,
        resource: &Resource<'_>,
        root: &Element<'_>,
        whose: Result<Option<Key>, Flaw>,
        patients: &mut BTreeMap<Key, Patient>,
    ) -> Result<(), FhirStopped<S::Error>> {
        let origin = Rc::new(Origin {
            file: Arc::clone(&resource.file.name),
            place: resource.place,
            kind: resource.kind.clone(),
            key: resource.key.clone(),
            used: Cell::new(false),
            aside: Cell::new(None),
        });
        let of_patient = reading::is_of_a_patient(&resource.kind) || resource.kind == "Patient";
        let whose = match whose {
            Err(flaw) => return self.reject(&origin, flaw),
            Ok(None) if of_patient => return self.reject(&origin, root.needed::<()>("subject", None).err()),
            Ok(whose) => whose.filter(|_| of_patient),
        };
        if let Some(patient) = whose.as_ref().and_then(|key| patients.get(key))
            && let Some(before) = patient.seen.get(&resource.key)
        {
            if *before == content(&resource.value) {
                self.told.set_aside(&resource.kind, Aside::Repeated);
                return Ok(());
            }
            return self.reject(&origin, root.flaw(FhirWhy::OtherContent));
        }
        let context = Context {
            codes: self.codes,
            aliases: resource.aliases,
            medicines: &self.survey.medicines,
            system: self.reading.identifier_system,
            today: self.reading.today,
        };
        let Found { facts, flaws, aside, unknown } = reading::read(&resource.kind, root, &context);
        unknown.iter().for_each(|(of, code)| self.told.meet_unknown(of, code));
        for flaw in flaws {
            self.reject(&origin, flaw)?;
        }
        let Some(key) = whose else {
            aside.iter().for_each(|aside| self.told.set_aside(&resource.kind, *aside));
            return Ok(());
        };
        origin.aside.set(aside);
        let patient = patients.entry(key).or_default();
        patient.seen.insert(resource.key.clone(), content(&resource.value));
        if patient.filed.len().saturating_add(facts.len()) > FACTS_PER_PATIENT_MAX {
            patient.overflowed = true;
        } else {
            patient.filed.extend(facts.into_iter().map(|fact| Filed { origin: Rc::clone(&origin), fact }));
        }
        patient.origins.push(origin);
        Ok(())
    }

    /// Makes a record of everything that is filed under one patient.
    fn finish(&mut self, key: &str, patient: Patient) -> Result<Option<(String, Record)>, FhirStopped<S::Error>> {
        let origins = patient.origins.clone();
        let assembled = assembly::assemble(key, patient, self.codes, self.survey);
        for (origin, flaw) in assembled.flaws {
            self.reject(&origin, flaw)?;
        }
        assembled.unknown.iter().for_each(|(of, code)| self.told.meet_unknown(of, code));
        for origin in origins {
            match (origin.aside.get(), origin.used.get()) {
                (Some(aside), _) => self.told.set_aside(&origin.kind, aside),
                (None, true) => self.told.take(&origin.kind),
                (None, false) => {}
            }
        }
        Ok(assembled.record)
    }

    /// Counts and lists one reject; without a flaw it does nothing. Long texts are shortened.
    fn reject(&mut self, origin: &Origin, flaw: impl Into<Option<Flaw>>) -> Result<(), FhirStopped<S::Error>> {
        let Some(Flaw { path, value, why }) = flaw.into() else { return Ok(()) };
        self.told.rejects = self.told.rejects.saturating_add(1);
        let reject = FhirReject {
            file: origin.file.to_string(),
            place: origin.place,
            resource: shortened(&origin.key),
            path: shortened(&path),
            value: shortened(&value),
            why,
        };
        self.sink.reject(&reject).map_err(FhirStopped::Sink)
    }
}

/// Rows that a record would have in tables.
fn entries_of(record: &Record) -> usize {
    record.courses.iter().map(|course| course.assessments.len() + course.sessions.len() + course.events.len() + 1).sum()
}

/// None for kinds that belong to no patient. A subject that cannot be read is a flaw.
fn whose(resource: &Resource<'_>, root: &Element<'_>) -> Result<Option<Key>, Flaw> {
    if resource.kind != "Patient" && !reading::is_of_a_patient(&resource.kind) {
        return Ok(None);
    }
    reading::patient_of(&resource.kind, &resource.key, root, resource.aliases)
}

/// In which pass a patient comes; what has none comes in the first.
fn part(patient: Option<&Key>, passes: u64) -> u64 {
    patient.map_or(0, |key| short(key).checked_rem(passes).unwrap_or(0))
}

/// The same of a line that was not read in full yet; none if only that can tell.
fn part_of_line(line: &[u8], passes: u64) -> Option<u64> {
    let Light { kind, id, subject, patient } = serde_json::from_slice(line).ok()?;
    if kind == "Patient" {
        return Some(part(Some(&format!("Patient/{}", id?)), passes));
    }
    if !reading::is_of_a_patient(&kind) {
        return Some(0);
    }
    let reference = subject.and_then(|to| to.reference).or(patient.and_then(|to| to.reference))?;
    Some(part(Some(&Aliases::default().key(reference.trim())), passes))
}

/// The little of a line that tells its pass; all other members are skipped.
#[derive(Deserialize)]
struct Light {
    /// Needed: a line without it is read in full.
    #[serde(rename = "resourceType")]
    kind: String,
    /// Looked at for a Patient only, whose key it makes.
    id: Option<String>,
    /// Goes before `patient` where both refer to something.
    subject: Option<LightReference>,
    /// Where kinds without a `subject` name whom they are about.
    patient: Option<LightReference>,
}

/// A reference, where it is told by `reference`.
#[derive(Deserialize)]
struct LightReference {
    reference: Option<String>,
}

/// What a resource says, as a number: without `meta` and `text`, which change with every export.
fn content(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    if let Value::Object(object) = value {
        for (name, value) in object.iter().filter(|(name, _)| !matches!(name.as_str(), "meta" | "text")) {
            name.hash(&mut hasher);
            value.to_string().hash(&mut hasher);
        }
    }
    hasher.finish()
}
