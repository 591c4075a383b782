//! Sessions: Encounters and Procedures of a known kind, and doses.

use std::rc::Rc;

use sumac_protocol::dictionary::{UNKNOWN, Vocabulary};
use sumac_protocol::record::{Micrograms, Session};

use super::super::codes::Codes;
use super::super::facts::{DoseFact, GivenFact, Link, Origin, VisitFact};
use super::super::reference::Key;
use super::super::reject::FhirWhy;
use super::super::tally::Aside;
use super::super::when::When;
use super::Assembled;
use super::piles::Piles;

/// The sessions of one course, in the order of their numbers.
pub(super) struct Sessions {
    /// Whether Sumac wrote them: then nothing is found by its day.
    pub(super) exact: bool,
    /// In the order of their numbers.
    pub(super) each: Vec<Meeting>,
}

/// One session, with what it takes to find it again.
pub(super) struct Meeting {
    /// The first resource that told of it.
    pub(super) origin: Rc<Origin>,
    /// The Encounter, Procedure and doses that it is made of.
    keys: Vec<Key>,
    /// When the first dose began; without a dose, when it began.
    pub(super) start: When,
    /// When the last dose ended, if that is known.
    pub(super) end: Option<When>,
    /// Whether a dose was added. Sessions with one are preferred when finding by day.
    dosed: bool,
    /// What the record will hold.
    pub(super) session: Session,
}

impl Sessions {
    /// Takes visits, doses and other medicines off their piles.
    pub(super) fn build(
        piles: &mut Piles,
        exact: bool,
        day_0: i32,
        codes: &Codes<'_>,
        assembled: &mut Assembled,
    ) -> Self {
        let mut sessions = Self { exact, each: Vec::new() };
        for (origin, visit) in std::mem::take(&mut piles.visits) {
            let met = Meeting::of_visit(&origin, visit, day_0);
            sessions.each.extend(assembled.sift(&origin, met));
        }
        for (origin, dose) in std::mem::take(&mut piles.doses) {
            sessions.dose(&origin, dose, day_0, codes, assembled);
        }
        sessions.number();
        for (origin, given) in std::mem::take(&mut piles.given) {
            sessions.give(&origin, given, assembled);
        }
        sessions
    }

    /// The session that something belongs to: by its links, else as the only one of its day that fits.
    pub(super) fn find(&mut self, link: &Link, when: Option<When>) -> Result<Option<&mut Meeting>, FhirWhy> {
        let at = self.position(link, when)?;
        Ok(at.and_then(|at| self.each.get_mut(at)))
    }

    /// The same, to look at.
    pub(super) fn position(&self, link: &Link, when: Option<When>) -> Result<Option<usize>, FhirWhy> {
        let linked = link.part_of.iter().chain(&link.visit);
        let mut linked = linked.filter_map(|key| self.each.iter().position(|meeting| meeting.keys.contains(key)));
        if let Some(at) = linked.next() {
            return Ok(Some(at));
        }
        let Some(when) = when.filter(|_| !self.exact) else { return Ok(None) };
        let of_day = |dosed: bool| {
            let each = self.each.iter().enumerate();
            let fits = move |meeting: &Meeting| meeting.start.day == when.day && (meeting.dosed || !dosed);
            each.filter(move |(_, meeting)| fits(meeting)).map(|(at, meeting)| (at, meeting.start))
        };
        let dosed: Vec<(usize, When)> = of_day(true).collect();
        let fitting = if dosed.is_empty() { of_day(false).collect() } else { dosed };
        match (fitting.as_slice(), when.instant) {
            ([], _) => Ok(None),
            ([(at, _)], _) => Ok(Some(*at)),
            ([_, _, ..], None) => Err(FhirWhy::WhichSession),
            ([(first, _), _, ..], Some(instant)) => {
                let begun = fitting.iter().rev().find(|(_, start)| start.instant.is_some_and(|start| start <= instant));
                Ok(Some(begun.map_or(*first, |(at, _)| *at)))
            }
        }
    }

    /// The sessions that the dictionary allows.
    pub(super) fn into_record(self, codes: &Codes<'_>, assembled: &mut Assembled) -> Vec<Session> {
        let mut sound = Vec::new();
        for Meeting { origin, session, .. } in self.each {
            let flaws = codes.dictionary.check_session(&session);
            if flaws.is_empty() {
                sound.push(session);
            }
            flaws.into_iter().for_each(|flaw| assembled.tell(&origin, flaw));
        }
        sound
    }

    /// Adds a dose to the session of its Encounter, or makes one.
    fn dose(&mut self, origin: &Rc<Origin>, dose: DoseFact, day_0: i32, codes: &Codes<'_>, assembled: &mut Assembled) {
        let Some(when) = dose.when else {
            assembled.tell(origin, FhirWhy::DoseUndated);
            return;
        };
        let visit = dose.link.visit.clone();
        let same = |meeting: &&mut Meeting| {
            visit.as_ref().is_some_and(|visit| meeting.keys.contains(visit)) && meeting.start.day == when.day
        };
        origin.used.set(true);
        if let Some(meeting) = self.each.iter_mut().find(same) {
            meeting.add(origin, dose, when);
            return;
        }
        let kind = codes.dictionary.check_code(Vocabulary::SessionKind, DOSING).unwrap_or_else(|_| UNKNOWN.to_owned());
        let session = Session { day: when.day.saturating_sub(day_0), kind, ..Session::default() };
        let keys = visit.into_iter().collect();
        let mut meeting = Meeting { origin: Rc::clone(origin), keys, start: when, end: None, dosed: false, session };
        meeting.add(origin, dose, when);
        self.each.push(meeting);
    }

    /// Counts them: as they are numbered where Sumac wrote them, else in the order in which they began.
    fn number(&mut self) {
        if self.exact {
            self.each.sort_by_key(|meeting| meeting.session.number);
            return;
        }
        self.each.sort_by_key(|meeting| (meeting.start, meeting.origin.key.clone()));
        for (number, meeting) in (1..).zip(&mut self.each) {
            meeting.session.number = number;
        }
    }

    /// What was given once was given: a yes outweighs any no of the same session.
    fn give(&mut self, origin: &Rc<Origin>, given: GivenFact, assembled: &mut Assembled) {
        let GivenFact { class, yes, when, link } = given;
        let found = self.find(&link, when);
        match assembled.sift(origin, found) {
            None => {}
            Some(None) => origin.aside.set(Some(Aside::NoSession)),
            Some(Some(meeting)) => {
                origin.used.set(true);
                *meeting.session.given.entry(class).or_insert(yes) |= yes;
            }
        }
    }
}

impl Meeting {
    /// A visit without a date is an error: its day counts from the first dose.
    fn of_visit(origin: &Rc<Origin>, visit: VisitFact, day_0: i32) -> Result<Self, FhirWhy> {
        let VisitFact { kind, number, when, minutes, .. } = visit;
        let start = when.ok_or(FhirWhy::Absent)?;
        origin.used.set(true);
        let session = Session {
            number: number.unwrap_or_default(),
            day: start.day.saturating_sub(day_0),
            kind: kind.unwrap_or_default(),
            minutes,
            ..Session::default()
        };
        let keys = vec![origin.key.clone()];
        Ok(Self { origin: Rc::clone(origin), keys, start, end: None, dosed: false, session })
    }

    /// Adds a dose: the first tells what, how and how long; a further one of the same Encounter adds to
    /// how much, and to how long if all times are known.
    fn add(&mut self, origin: &Rc<Origin>, dose: DoseFact, when: When) {
        let DoseFact { end, minutes, molecule, route, dose, .. } = dose;
        self.keys.push(origin.key.clone());
        if !self.dosed {
            self.dosed = true;
            (self.start, self.end) = (when, end.or(Some(when)));
            (self.session.minutes, self.session.molecule, self.session.route) = (minutes, molecule, route);
            self.session.dose_ug = dose;
            return;
        }
        let sum = self.session.dose_ug.zip(dose).and_then(|(a, b)| a.0.checked_add(b.0));
        self.session.dose_ug = sum.map(Micrograms);
        (self.start, self.end) = (self.start.min(when), self.end.max(end.or(Some(when))));
        let all = minutes.and(self.session.minutes).and(self.end);
        let minutes = all.and_then(|end| self.start.minutes_until(end)).flatten();
        self.session.minutes = minutes.and_then(|minutes| u16::try_from(minutes).ok());
        self.session.molecule = self.session.molecule.take().filter(|before| Some(before) == molecule.as_ref());
        self.session.route = self.session.route.take().filter(|before| Some(before) == route.as_ref());
    }
}

/// The kind of a session in which something is given.
const DOSING: &str = "dosing";
