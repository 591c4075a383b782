//! From a draft to a course: what can only be judged when all rows are known.

use std::collections::BTreeSet;

use sumac_protocol::dictionary::{Instrument, ValueError};
use sumac_protocol::record::{Assessment, Course, Event, Session};

use super::{Draft, Score, ScoreKey, SessionDraft};
use crate::import::cell::Lens;
use crate::import::reject::{Origin, Rejects, Why};

impl<'l> Draft<'l> {
    /// The course. Whatever is given back, the dictionary allows; there is none if rows together say
    /// something that no course can be.
    pub(in crate::import) fn finish(self, id: &str, lens: Lens<'_>, rejects: &mut Rejects) -> Option<Course> {
        let first = self.origin();
        let Self { fields, scores, sessions, events, times, at_home } = self;
        let origins: Vec<(&str, Origin<'l>)> = fields.iter().map(|(id, _, origin)| (*id, *origin)).collect();
        let assessments = scores.into_iter().filter_map(|(key, score)| finish_score(key, score, lens, rejects));
        let assessments = assessments.collect();
        let sessions = finish_sessions(sessions, lens, rejects);
        let mut course = Course {
            id: id.to_owned(),
            fields: fields.into_iter().map(|(id, value, _)| (id.to_owned(), value)).collect(),
            assessments,
            events: finish_events(events, &sessions, rejects),
            sessions,
            time_to_event: times,
            at_home: at_home.into_iter().map(|(class, taken)| (class.to_owned(), taken)).collect(),
        };
        for flaw in lens.dictionary.check_course(&course) {
            let ValueError::Contradicted { ref of, says, .. } = flaw else {
                first.into_iter().for_each(|origin| rejects.leave_out(origin, id, flaw.clone().into()));
                return None;
            };
            // What sessions or medicines at home contradict follows from them.
            course.fields.remove(of);
            if let Some((_, origin)) = origins.iter().find(|(id, _)| id == of) {
                rejects.leave_out(*origin, says, flaw.into());
            }
        }
        lens.dictionary.fill_told(&mut course);
        course.put_in_order();
        Some(course)
    }
}

fn finish_score(key: ScoreKey, score: Score<'_>, lens: Lens<'_>, rejects: &mut Rejects) -> Option<Assessment> {
    let (place, day) = key;
    let instrument = lens.dictionary.instruments().get(usize::from(place))?;
    let Score { total, answers, origin } = score;
    let items = answers.map_or_else(Vec::new, |answers| answers.0);
    let Some(value) = total.or_else(|| sum(instrument, &items)) else {
        let why = Why::ItemBlank { instrument: instrument.id.clone(), day };
        rejects.leave_out(origin, "", why);
        return None;
    };
    let assessment = Assessment { items, ..Assessment::total(&instrument.id, day, value) };
    // Of a total and items that make another one, nobody can tell which is right.
    let flaw = lens.dictionary.check_assessment(&assessment).into_iter().next();
    match flaw {
        Some(flaw) => {
            rejects.leave_out(origin, "", flaw.into());
            None
        }
        None => Some(assessment),
    }
}

/// The total that the items make, in units of 10^-decimals.
fn sum(instrument: &Instrument, answers: &[Option<u8>]) -> Option<i64> {
    let sum = instrument.items.as_ref()?.sum(answers)?;
    10_i64.checked_pow(u32::from(instrument.decimals))?.checked_mul(i64::from(sum))
}

/// Sessions in the order of their numbers, or numbered in the order of their days.
fn finish_sessions(mut drafts: Vec<SessionDraft<'_>>, lens: Lens<'_>, rejects: &mut Rejects) -> Vec<Session> {
    // Of sessions on one day, those come first whose kind does in the dictionary.
    let kinds = lens.dictionary.session().map_or([].as_slice(), |rules| rules.kinds.as_slice());
    let place = |draft: &SessionDraft<'_>| kinds.iter().position(|kind| Some(kind) == draft.kind.as_ref());
    drafts.sort_by(|a, b| (a.number, a.day, place(a), &a.told).cmp(&(b.number, b.day, place(b), &b.told)));
    let mut sessions: Vec<Session> = Vec::new();
    for draft in drafts {
        let SessionDraft { told, number, day, kind, origin } = draft;
        let last = sessions.last();
        let number = number.unwrap_or_else(|| last.map_or(1, |last| last.number.saturating_add(1)));
        let (Some(day), Some(kind)) = (day, kind) else {
            let what = if day.is_none() { "day" } else { "kind" };
            rejects.leave_out(origin, &number.to_string(), Why::Absent { what });
            continue;
        };
        let session = Session { number, day, kind, ..told };
        let early = last.is_some_and(|last| session.day < last.day);
        let disorder = early.then_some(ValueError::SessionOrder { number, day });
        let flaws = lens.dictionary.check_session(&session);
        match disorder.into_iter().chain(flaws).next() {
            Some(flaw) => rejects.leave_out(origin, &number.to_string(), flaw.into()),
            None => sessions.push(session),
        }
    }
    sessions
}

/// Events, without the number of a session that there is not.
fn finish_events(events: Vec<(Event, Origin<'_>)>, sessions: &[Session], rejects: &mut Rejects) -> Vec<Event> {
    let numbers: BTreeSet<u16> = sessions.iter().map(|session| session.number).collect();
    let known = |(mut event, origin): (Event, Origin<'_>)| {
        if let Some(number) = event.session.filter(|number| !numbers.contains(number)) {
            let flaw = ValueError::NoSuchSession { of: event.kind.clone(), number };
            rejects.leave_out(origin, &number.to_string(), flaw.into());
            event.session = None;
        }
        event
    };
    events.into_iter().map(known).collect()
}
