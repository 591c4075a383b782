//! Adverse events, times to event, and medicines at home.

use std::rc::Rc;

use sumac_protocol::record::{Course, Event, TimeToEvent};

use super::super::codes::Codes;
use super::super::facts::{EventFact, Origin};
use super::super::reject::FhirWhy;
use super::super::tally::Aside;
use super::Assembled;
use super::piles::Piles;
use super::sessions::Sessions;

/// Puts everything else into the course.
pub(super) fn happen(
    piles: &mut Piles,
    sessions: &Sessions,
    day_0: i32,
    codes: &Codes<'_>,
    course: &mut Course,
    assembled: &mut Assembled,
) {
    let exact = sessions.exact;
    for (origin, fact) in std::mem::take(&mut piles.events) {
        let event = event(fact, (!exact).then_some(sessions), day_0, codes);
        let event = assembled.sift(&origin, event);
        let flaws = event.as_ref().map(|event| codes.dictionary.check_event(event)).unwrap_or_default();
        if flaws.is_empty() {
            origin.used.set(event.is_some());
            course.events.extend(event);
        }
        flaws.into_iter().for_each(|flaw| assembled.tell(&origin, flaw));
    }
    for (origin, fact) in std::mem::take(&mut piles.times) {
        let day = fact.when.day.saturating_sub(day_0);
        let time = TimeToEvent { kind: fact.kind, day, happened: fact.happened };
        wait(&origin, time, codes, course, assembled);
    }
    for (origin, fact) in std::mem::take(&mut piles.at_home) {
        if fact.until.is_some_and(|until| until < day_0) {
            // It was over before the course began.
            origin.aside.set(Some(Aside::Status));
            continue;
        }
        origin.used.set(true);
        *course.at_home.entry(fact.class).or_insert(fact.taken) |= fact.taken;
    }
    for (origin, fields) in std::mem::take(&mut piles.plans) {
        origin.used.set(true);
        for (field, value) in fields.into_iter().filter(|_| !exact) {
            course.fields.entry(field).or_insert(value);
        }
    }
}

/// An adverse event, with its session and onset where they can be told.
fn event(fact: EventFact, sessions: Option<&Sessions>, day_0: i32, codes: &Codes<'_>) -> Result<Event, FhirWhy> {
    let EventFact { kind, when, severity, serious, resolved, onset_minutes, relatedness, session, link } = fact;
    let mut event = Event {
        day: when.day.saturating_sub(day_0),
        kind,
        severity,
        serious,
        resolved,
        onset_minutes,
        relatedness,
        session,
    };
    let Some(sessions) = sessions else { return Ok(event) };
    let meeting = match event.session {
        Some(_) => None,
        None => sessions.position(&link, Some(when))?.and_then(|at| sessions.each.get(at)),
    };
    if let Some(meeting) = meeting {
        event.session = Some(meeting.session.number);
        let onset = meeting.start.minutes_until(when).flatten().and_then(|minutes| u16::try_from(minutes).ok());
        let most = codes.dictionary.events().map_or(0, |rules| rules.onset_minutes_max);
        event.onset_minutes = event.onset_minutes.or(onset.filter(|onset| *onset <= most));
    }
    Ok(event)
}

/// A time to event, unless another was told for its kind.
fn wait(origin: &Rc<Origin>, time: TimeToEvent, codes: &Codes<'_>, course: &mut Course, assembled: &mut Assembled) {
    let flaws = codes.dictionary.check_time_to_event(&time);
    if !flaws.is_empty() {
        flaws.into_iter().for_each(|flaw| assembled.tell(origin, flaw));
    } else if course.time_to_event.iter().any(|before| before.kind == time.kind && *before != time) {
        assembled.tell(origin, FhirWhy::OtherValue);
    } else {
        origin.used.set(true);
        if !course.time_to_event.contains(&time) {
            course.time_to_event.push(time);
        }
    }
}
