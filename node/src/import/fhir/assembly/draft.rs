//! One course on its way to a record.

use std::collections::BTreeMap;
use std::rc::Rc;

use sumac_protocol::record::{Course, FieldValue};

use super::super::codes::Codes;
use super::super::facts::{Coded, EpisodeFact, Origin, PatientFact};
use super::super::reading::INDICATION;
use super::super::reference::Key;
use super::super::reject::FhirWhy;
use super::super::tally::Aside;
use super::piles::Piles;
use super::sessions::Sessions;
use super::{Assembled, events, fields, scores, signs};

/// One course, with its facts.
pub(super) struct Draft {
    /// The EpisodeOfCare, or the first dose found: flaws of the whole course are told of it.
    origin: Rc<Origin>,
    /// Its EpisodeOfCare.
    pub(super) key: Option<Key>,
    /// Its id in the record.
    id: String,
    /// Whether Sumac wrote it: then everything is told, and nothing is guessed.
    exact: bool,
    /// In days since 1970-01-01. Where it is told, doses are not searched for day 0.
    told_first_dose: Option<i32>,
    /// In days since 1970-01-01. Without it no fact finds this course by its date.
    start: Option<i32>,
    /// In days since 1970-01-01, and part of the period; none for one that goes on.
    end: Option<i32>,
    /// In the order of the EpisodeOfCare: the first known indication counts.
    diagnoses: Vec<Key>,
    /// What is known of it so far.
    fields: BTreeMap<String, FieldValue>,
    /// What was assigned to it.
    pub(super) piles: Piles,
}

impl Draft {
    /// A course as its EpisodeOfCare tells it.
    pub(super) fn of(origin: &Rc<Origin>, episode: EpisodeFact) -> Self {
        let EpisodeFact { id, exact, first_dose, fields, start, end, diagnoses } = episode;
        Self {
            origin: Rc::clone(origin),
            key: Some(origin.key.clone()),
            id,
            exact,
            told_first_dose: first_dose,
            start,
            end,
            diagnoses,
            fields,
            piles: Piles::default(),
        }
    }

    /// The one course of a patient of whom only doses are known.
    pub(super) fn implied(dose: &Rc<Origin>) -> Self {
        Self {
            origin: Rc::clone(dose),
            key: None,
            id: IMPLIED_ID.to_owned(),
            exact: false,
            told_first_dose: None,
            start: None,
            end: None,
            diagnoses: Vec::new(),
            fields: BTreeMap::new(),
            piles: Piles::default(),
        }
    }

    /// Whether a day lies in its period. Without a start it has none.
    pub(super) fn spans(&self, day: i32) -> bool {
        self.start.is_some_and(|start| start <= day) && self.end.is_none_or(|end| day <= end)
    }

    /// The first diagnosis that is an indication, else the first reason of a dose.
    pub(super) fn take_indication(&mut self, conditions: &BTreeMap<Key, Coded>, assembled: &mut Assembled) {
        if self.exact || self.fields.contains_key(INDICATION) {
            return;
        }
        for missing in
            self.diagnoses.iter().filter(|key| key.starts_with("Condition/") && !conditions.contains_key(*key))
        {
            let flaw = super::Flaw {
                path: "EpisodeOfCare.diagnosis.condition".to_owned(),
                value: missing.clone(),
                why: FhirWhy::Nowhere,
            };
            assembled.flaws.push((Rc::clone(&self.origin), flaw));
        }
        let reasons = self.piles.doses.iter().flat_map(|(_, dose)| &dose.reasons);
        let told: Vec<&Coded> = self.diagnoses.iter().chain(reasons).filter_map(|key| conditions.get(key)).collect();
        let known = told.iter().find_map(|coded| match coded {
            Coded::Known(code) => Some(code.clone()),
            Coded::Unknown(_) => None,
        });
        let code = known.or_else(|| match told.first() {
            Some(Coded::Unknown(shown)) => {
                assembled.unknown.push((INDICATION, shown.clone()));
                Some(sumac_protocol::dictionary::UNKNOWN.to_owned())
            }
            Some(Coded::Known(_)) | None => None,
        });
        self.fields.extend(code.map(|code| (INDICATION.to_owned(), FieldValue::Category(code))));
    }

    /// The course, if it has a first dose and the dictionary allows it.
    pub(super) fn finish(mut self, who: &PatientFact, codes: &Codes<'_>, assembled: &mut Assembled) -> Option<Course> {
        let day_0 = match self.day_0() {
            Ok(day) => day,
            Err(why) => {
                assembled.tell(&self.origin, why);
                return self.abandon();
            }
        };
        let mut course = Course { id: self.id.clone(), fields: std::mem::take(&mut self.fields), ..Course::default() };
        let mut sessions = Sessions::build(&mut self.piles, self.exact, day_0, codes, assembled);
        signs::measure(&mut self.piles, &mut sessions, assembled);
        scores::score(&mut self.piles, &mut sessions, day_0, codes, &mut course, assembled);
        events::happen(&mut self.piles, &sessions, day_0, codes, &mut course, assembled);
        course.sessions = sessions.into_record(codes, assembled);
        if !self.exact {
            fields::derive(who, day_0, codes, &mut course);
            codes.dictionary.fill_told(&mut course);
        }
        course.put_in_order();
        let flaws = codes.dictionary.check_course(&course);
        if flaws.is_empty() {
            self.origin.used.set(true);
            return Some(course);
        }
        flaws.into_iter().for_each(|flaw| assembled.tell(&self.origin, flaw));
        self.abandon()
    }

    /// The day of the first dose.
    fn day_0(&self) -> Result<i32, FhirWhy> {
        if let Some(day) = self.told_first_dose {
            return Ok(day);
        }
        let mut first: Option<i32> = None;
        for (_, dose) in &self.piles.doses {
            let day = dose.when.ok_or(FhirWhy::DoseUndated)?.day;
            first = Some(first.map_or(day, |first| first.min(day)));
        }
        let resources = u64::try_from(self.piles.origins.len()).unwrap_or(u64::MAX);
        first.ok_or(FhirWhy::NoFirstDose { resources })
    }

    /// Sets aside every resource of a course that is not kept, so that each is accounted for.
    fn abandon(&self) -> Option<Course> {
        for origin in &self.piles.origins {
            origin.aside.set(Some(Aside::NoCourse));
        }
        None
    }
}

/// The id of a course that no EpisodeOfCare names.
const IMPLIED_ID: &str = "1";
