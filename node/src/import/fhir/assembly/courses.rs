//! Which courses there are, and to which of them each fact belongs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::facts::{Coded, DoseFact, EpisodeFact, Fact, Filed, Link, Origin, VisitFact};
use super::super::limits::COURSES_PER_PATIENT_MAX;
use super::super::reference::Key;
use super::super::reject::FhirWhy;
use super::Assembled;
use super::draft::Draft;

/// The courses of one patient, while facts are assigned to them.
pub(super) struct Courses {
    /// At most [`COURSES_PER_PATIENT_MAX`], each with an id of its own.
    drafts: Vec<Draft>,
    /// What is to be assigned.
    facts: Vec<Filed>,
    /// Diagnoses by the key of their Condition, from which indications are taken.
    conditions: BTreeMap<Key, Coded>,
    /// Where Encounters and doses lead.
    links: BTreeMap<Key, (Link, Option<i32>)>,
}

impl Courses {
    /// One course for each EpisodeOfCare. Where there is none, all doses are one course.
    pub(super) fn find(facts: Vec<Filed>, assembled: &mut Assembled) -> Self {
        let mut found =
            Self { drafts: Vec::new(), facts: Vec::new(), conditions: BTreeMap::new(), links: BTreeMap::new() };
        let mut ids = BTreeSet::new();
        for Filed { origin, fact } in facts {
            if let Fact::Visit(VisitFact { link, when, .. }) | Fact::Dose(DoseFact { link, when, .. }) = &fact {
                found.links.insert(origin.key.clone(), (link.clone(), when.map(|when| when.day)));
            }
            if let Fact::Episode(episode) = fact {
                found.add(&origin, episode, &mut ids, assembled);
            } else if let Fact::Condition(indication) = fact {
                origin.used.set(true);
                found.conditions.insert(origin.key.clone(), indication);
            } else {
                found.facts.push(Filed { origin, fact });
            }
        }
        if found.drafts.is_empty()
            && let Some(dose) = found.facts.iter().find(|filed| matches!(filed.fact, Fact::Dose(_)))
        {
            found.drafts.push(Draft::implied(&dose.origin));
        }
        found
    }

    /// Rejects a course beyond the limit, and one whose id another course has.
    fn add(
        &mut self,
        origin: &Rc<Origin>,
        episode: EpisodeFact,
        ids: &mut BTreeSet<String>,
        assembled: &mut Assembled,
    ) {
        if self.drafts.len() >= COURSES_PER_PATIENT_MAX {
            assembled.tell(origin, FhirWhy::TooManyCourses);
        } else if ids.insert(episode.id.clone()) {
            self.drafts.push(Draft::of(origin, episode));
        } else {
            assembled.tell(origin, FhirWhy::SameCourse);
        }
    }

    /// Gives every fact to its course: by its links, or by its date.
    pub(super) fn assign(&mut self, assembled: &mut Assembled) {
        for filed in std::mem::take(&mut self.facts) {
            // A bare Encounter is no part of any course: it only led to one.
            if let Fact::Visit(VisitFact { kind: None, .. }) = &filed.fact {
                continue;
            }
            if self.drafts.is_empty() {
                filed.origin.aside.set(Some(super::Aside::NoCourse));
                continue;
            }
            let (link, day) = filed.fact.place();
            let found = self.course_of(link, day, 0);
            if let Some(at) = assembled.sift(&filed.origin, found)
                && let Some(draft) = self.drafts.get_mut(at)
            {
                draft.piles.put(filed);
            }
        }
        for draft in &mut self.drafts {
            draft.take_indication(&self.conditions, assembled);
        }
    }

    /// The courses, with their facts.
    pub(super) fn into_drafts(self) -> Vec<Draft> {
        self.drafts
    }

    /// An index into the drafts. Links go before dates, and a single course takes all the rest.
    /// A link to no course, and a day in none or several of them, are errors.
    fn course_of(&self, link: &Link, day: Option<i32>, hops: u8) -> Result<usize, FhirWhy> {
        if let Some(course) = &link.course {
            let found = self.drafts.iter().position(|draft| draft.key.as_ref() == Some(course));
            return found.ok_or(FhirWhy::Nowhere);
        }
        // What belongs to an Encounter or a dose belongs to its course. References may go in circles.
        for key in link.visit.iter().chain(&link.part_of).filter(|_| hops < HOPS_MAX) {
            if let Some((link, its_day)) = self.links.get(key) {
                return self.course_of(link, its_day.or(day), hops.saturating_add(1));
            }
        }
        if self.drafts.len() == 1 {
            return Ok(0);
        }
        let within = |draft: &Draft| day.is_some_and(|day| draft.spans(day));
        let mut matching = self.drafts.iter().enumerate().filter(|(_, draft)| within(draft)).map(|(at, _)| at);
        match (matching.next(), matching.next()) {
            (Some(at), None) => Ok(at),
            (Some(_) | None, _) => Err(FhirWhy::WhichCourse),
        }
    }
}

/// How many references are followed from a fact to its course.
const HOPS_MAX: u8 = 4;
