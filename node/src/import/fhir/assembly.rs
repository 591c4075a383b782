//! From the facts of one patient to the record.
//!
//! Courses first, then what was given, because the first dose is day 0; then sessions, and what
//! happened in them; then scores, events and fields. A course without a first dose has no days and is
//! left out whole.

use std::collections::BTreeMap;
use std::rc::Rc;

use sumac_protocol::record::{FieldValue, Record};

use super::codes::Codes;
use super::element::Flaw;
use super::facts::{Fact, Filed, Origin, PatientFact};
use super::reference::Key;
use super::reject::FhirWhy;
use super::survey::Survey;
use super::tally::Aside;

use courses::Courses;

mod courses;
mod draft;
mod events;
mod fields;
mod piles;
mod scores;
mod sessions;
mod signs;

/// Fields that a CarePlan tells of the course.
type Plan = BTreeMap<String, FieldValue>;

/// Everything that refers to one patient.
#[derive(Default)]
pub(super) struct Patient {
    /// What they say, in the order of the files.
    pub(super) filed: Vec<Filed>,
    /// Every resource, also those that say nothing.
    pub(super) origins: Vec<Rc<Origin>>,
    /// What was filed already, with a digest of its content.
    pub(super) seen: BTreeMap<Key, u64>,
    /// Whether there was more than is kept.
    pub(super) overflowed: bool,
}

/// What a patient's facts came to.
#[derive(Default)]
pub(super) struct Assembled {
    /// The pseudonym and the record, if there is a course.
    pub(super) record: Option<(String, Record)>,
    /// What was left out, and where it came from.
    pub(super) flaws: Vec<(Rc<Origin>, Flaw)>,
    /// Codes that the dictionary does not have, with what they are.
    pub(super) unknown: Vec<(&'static str, String)>,
}

/// Makes the record of one patient.
pub(super) fn assemble(key: &str, patient: Patient, codes: &Codes<'_>, survey: &Survey) -> Assembled {
    let Patient { filed, origins, overflowed, .. } = patient;
    let mut assembled = Assembled::default();
    let Some(first) = origins.first() else { return assembled };
    let whole = |why| Flaw { path: "Patient".to_owned(), value: key.to_owned(), why };
    let (mut who, mut facts) = (None, Vec::new());
    for Filed { origin, fact } in filed {
        if let Fact::Patient(found) = fact {
            who = Some((origin, found));
        } else {
            facts.push(Filed { origin, fact });
        }
    }
    let Some((origin, who)) = who else {
        let resources = u64::try_from(origins.len()).unwrap_or(u64::MAX);
        assembled.flaws.push((Rc::clone(first), whole(FhirWhy::NoSuchPatient { resources })));
        return assembled;
    };
    let left_out = match &who.pseudonym {
        // Why not was told where it was read.
        None => Some(None),
        Some(pseudonym) if survey.is_shared(pseudonym) => Some(Some(FhirWhy::SamePseudonym)),
        Some(_) if overflowed => Some(Some(FhirWhy::TooManyFacts)),
        Some(_) => None,
    };
    if let Some(why) = left_out {
        assembled.flaws.extend(why.map(|why| (Rc::clone(&origin), whole(why))));
        facts.iter().for_each(|filed| filed.origin.aside.set(Some(Aside::NoCourse)));
        return assembled;
    }
    let record = record(&who, facts, codes, &mut assembled);
    if let (Some(pseudonym), false) = (who.pseudonym, record.courses.is_empty()) {
        origin.used.set(true);
        assembled.record = Some((pseudonym, record));
    } else {
        origin.aside.set(Some(Aside::NoCourse));
    }
    assembled
}

/// Every course that holds together, in the order of their ids.
fn record(who: &PatientFact, facts: Vec<Filed>, codes: &Codes<'_>, assembled: &mut Assembled) -> Record {
    let mut courses = Courses::find(facts, assembled);
    courses.assign(assembled);
    let mut record = Record::default();
    for draft in courses.into_drafts() {
        record.courses.extend(draft.finish(who, codes, assembled));
    }
    record.courses.sort_by(|a, b| a.id.cmp(&b.id));
    record
}

impl Assembled {
    /// Tells that something of a resource was left out.
    fn tell(&mut self, origin: &Rc<Origin>, why: impl Into<FhirWhy>) {
        let flaw = Flaw { path: origin.kind.clone(), value: String::new(), why: why.into() };
        self.flaws.push((Rc::clone(origin), flaw));
    }

    /// What was read; if it could not be, that is told and there is nothing.
    fn sift<T>(&mut self, origin: &Rc<Origin>, read: Result<T, FhirWhy>) -> Option<T> {
        read.map_err(|why| self.tell(origin, why)).ok()
    }
}
