//! Courses that are being read: what rows told so far, on its way to a record.

use sumac_protocol::record::{Event, FieldValue, TimeToEvent};

use super::limits::{ASSESSMENTS_PER_COURSE_MAX, COURSES_PER_PATIENT_MAX, SESSIONS_PER_COURSE_MAX};
use super::reject::{Origin, Why};

pub(super) use session::SessionDraft;

mod finishing;
mod session;

/// The courses of one patient that are being read, in the order of their ids, so that records do not
/// depend on the order of rows.
#[derive(Default)]
pub(super) struct Drafts<'l>(Vec<(Box<str>, Draft<'l>)>);

/// One course that is being read.
#[derive(Default)]
pub(super) struct Draft<'l> {
    fields: Vec<(&'l str, FieldValue, Origin<'l>)>,
    /// Sorted by instrument and day.
    scores: Vec<(ScoreKey, Score<'l>)>,
    sessions: Vec<SessionDraft<'l>>,
    events: Vec<(Event, Origin<'l>)>,
    times: Vec<TimeToEvent>,
    at_home: Vec<(&'l str, bool)>,
}

/// The place of an instrument in the dictionary, and a day.
pub(super) type ScoreKey = (u16, i32);

/// What is known of one instrument on one day.
struct Score<'l> {
    total: Option<i64>,
    answers: Option<Box<Answers>>,
    origin: Origin<'l>,
}

/// The score of each item in the order of the form; `None` for one that no row told.
struct Answers(Vec<Option<u8>>);

impl<'l> Drafts<'l> {
    /// The course; if it was not read before, a new one where `begins`, else none.
    pub(super) fn open(&mut self, course: &str, begins: bool) -> Result<&mut Draft<'l>, Why> {
        let at = match self.0.binary_search_by(|(id, _)| id.as_ref().cmp(course)) {
            Ok(at) => at,
            Err(_) if !begins => return Err(Why::NoSuchCourse),
            Err(_) if self.0.len() >= COURSES_PER_PATIENT_MAX => return Err(Why::TooManyCourses),
            Err(at) => {
                self.0.insert(at, (course.into(), Draft::default()));
                at
            }
        };
        self.0.get_mut(at).map(|(_, draft)| draft).ok_or(Why::NoSuchCourse)
    }

    /// Every course with its id.
    pub(super) fn into_courses(self) -> Vec<(Box<str>, Draft<'l>)> {
        self.0
    }
}

impl<'l> Draft<'l> {
    /// Keeps a field's value. The same value again is nothing new, another one is refused.
    pub(super) fn set_field(&mut self, field: &'l str, value: FieldValue, origin: Origin<'l>) -> Result<(), Why> {
        match self.fields.iter().find(|(id, ..)| *id == field) {
            Some((_, first, _)) if *first != value => Err(Why::OtherField { field: field.to_owned() }),
            Some(_) => Ok(()),
            None => {
                self.fields.push((field, value, origin));
                Ok(())
            }
        }
    }

    /// Keeps whether a class of medicine is taken at home. The same again is nothing new, another
    /// answer is refused.
    pub(super) fn set_at_home(&mut self, class: &'l str, taken: bool) -> Result<(), Why> {
        match self.at_home.iter().find(|(id, _)| *id == class) {
            Some((_, first)) if *first != taken => Err(Why::OtherField { field: class.to_owned() }),
            Some(_) => Ok(()),
            None => {
                self.at_home.push((class, taken));
                Ok(())
            }
        }
    }

    /// Keeps a total. The same total again is nothing new, another one is refused.
    pub(super) fn set_total(
        &mut self,
        key: ScoreKey,
        instrument: &str,
        total: i64,
        origin: Origin<'l>,
    ) -> Result<(), Why> {
        let score = self.score(key, origin)?;
        match score.total {
            Some(first) if first != total => Err(Why::OtherScore { instrument: instrument.to_owned(), day: key.1 }),
            Some(_) => Ok(()),
            None => {
                (score.total, score.origin) = (Some(total), origin);
                Ok(())
            }
        }
    }

    /// Keeps the score of an item by its number from 1, of a form of `count`. The same score again is
    /// nothing new, another one is refused.
    pub(super) fn set_item(
        &mut self,
        key: ScoreKey,
        instrument: &str,
        (item, count): (u16, u16),
        answer: u8,
        origin: Origin<'l>,
    ) -> Result<(), Why> {
        let score = self.score(key, origin)?;
        let answers = score.answers.get_or_insert_with(|| Box::new(Answers(vec![None; usize::from(count)])));
        let place = usize::from(item).checked_sub(1).and_then(|at| answers.0.get_mut(at));
        match place {
            Some(Some(first)) if *first != answer => {
                Err(Why::OtherItem { instrument: instrument.to_owned(), day: key.1, item })
            }
            Some(place) => {
                *place = Some(answer);
                Ok(())
            }
            None => Err(Why::Absent { what: "item of this number" }),
        }
    }

    /// Keeps a session. One without a number is another one, unless it says the same.
    pub(super) fn add_session(&mut self, session: SessionDraft<'l>) -> Result<(), Why> {
        if let Some(have) = self.sessions.iter_mut().find(|have| have.is_same(&session)) {
            return have.add(session);
        }
        if self.sessions.len() >= SESSIONS_PER_COURSE_MAX {
            return Err(Why::TooManySessions);
        }
        self.sessions.push(session);
        Ok(())
    }

    /// Keeps an adverse event, unless one says the same.
    pub(super) fn add_event(&mut self, event: Event, origin: Origin<'l>) -> Result<(), Why> {
        if self.events.iter().any(|(have, _)| *have == event) {
            return Ok(());
        }
        if self.events.len() >= SESSIONS_PER_COURSE_MAX {
            return Err(Why::TooManySessions);
        }
        self.events.push((event, origin));
        Ok(())
    }

    /// Keeps how long something took. The same again is nothing new, another day or ending is refused.
    pub(super) fn add_time(&mut self, time: TimeToEvent) -> Result<(), Why> {
        match self.times.iter().find(|have| have.kind == time.kind) {
            Some(first) if *first != time => Err(Why::OtherTime { kind: time.kind }),
            Some(_) => Ok(()),
            None => {
                self.times.push(time);
                Ok(())
            }
        }
    }

    /// Where one of the things came from that make up the course; none if there are none.
    pub(super) fn origin(&self) -> Option<Origin<'l>> {
        let score = self.scores.first().map(|(_, score)| score.origin);
        let session = || self.sessions.first().map(|session| session.origin);
        let event = || self.events.first().map(|(_, origin)| *origin);
        score.or_else(session).or_else(event).or_else(|| self.fields.first().map(|(_, _, origin)| *origin))
    }

    fn score(&mut self, key: ScoreKey, origin: Origin<'l>) -> Result<&mut Score<'l>, Why> {
        let at = match self.scores.binary_search_by(|(have, _)| have.cmp(&key)) {
            Ok(at) => at,
            Err(_) if self.scores.len() >= ASSESSMENTS_PER_COURSE_MAX => return Err(Why::TooManyAssessments),
            Err(at) => {
                self.scores.insert(at, (key, Score { total: None, answers: None, origin }));
                at
            }
        };
        self.scores.get_mut(at).map(|(_, score)| score).ok_or(Why::TooManyAssessments)
    }
}
