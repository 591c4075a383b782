//! The facts of one course, by what they are.

use std::rc::Rc;

use super::super::facts::{
    AtHomeFact, DoseFact, EventFact, Fact, Filed, GivenFact, ItemFact, Link, NO_LINK, Origin, ScoreFact, TimeFact,
    VisitFact, VitalFact,
};
use super::Plan;

/// A fact with where it came from.
pub(super) type Told<T> = (Rc<Origin>, T);

/// The facts of one course. Whoever makes something of a pile takes it.
#[derive(Default)]
pub(super) struct Piles {
    /// All of their resources.
    pub(super) origins: Vec<Rc<Origin>>,
    /// Fields that CarePlans tell.
    pub(super) plans: Vec<Told<Plan>>,
    /// Meetings of a known kind.
    pub(super) visits: Vec<Told<VisitFact>>,
    /// What was given.
    pub(super) doses: Vec<Told<DoseFact>>,
    /// Other medicines in sessions.
    pub(super) given: Vec<Told<GivenFact>>,
    /// Totals.
    pub(super) scores: Vec<Told<ScoreFact>>,
    /// Answers.
    pub(super) items: Vec<Told<ItemFact>>,
    /// What monitors and scales showed.
    pub(super) vitals: Vec<Told<VitalFact>>,
    /// Times to event.
    pub(super) times: Vec<Told<TimeFact>>,
    /// Adverse events.
    pub(super) events: Vec<Told<EventFact>>,
    /// Medicines at home.
    pub(super) at_home: Vec<Told<AtHomeFact>>,
}

impl Piles {
    /// Puts a fact on its pile. What a course is made of, and not filled with, is on none.
    pub(super) fn put(&mut self, Filed { origin, fact }: Filed) {
        if self.origins.last().is_none_or(|last| !Rc::ptr_eq(last, &origin)) {
            self.origins.push(Rc::clone(&origin));
        }
        match fact {
            Fact::Patient(_) | Fact::Episode(_) | Fact::Condition(_) => {}
            Fact::Plan(fact) => self.plans.push((origin, fact)),
            Fact::Visit(fact) => self.visits.push((origin, fact)),
            Fact::Dose(fact) => self.doses.push((origin, fact)),
            Fact::Given(fact) => self.given.push((origin, fact)),
            Fact::Score(fact) => self.scores.push((origin, fact)),
            Fact::Item(fact) => self.items.push((origin, fact)),
            Fact::Vital(fact) => self.vitals.push((origin, fact)),
            Fact::Time(fact) => self.times.push((origin, fact)),
            Fact::Event(fact) => self.events.push((origin, fact)),
            Fact::AtHome(fact) => self.at_home.push((origin, fact)),
        }
    }
}

impl Fact {
    /// What links it, and on which day it was, in days since 1970-01-01.
    pub(super) fn place(&self) -> (&Link, Option<i32>) {
        match self {
            Self::Visit(fact) => (&fact.link, fact.when.map(|when| when.day)),
            Self::Dose(fact) => (&fact.link, fact.when.map(|when| when.day)),
            Self::Given(fact) => (&fact.link, fact.when.map(|when| when.day)),
            Self::Score(fact) => (&fact.link, Some(fact.when.day)),
            Self::Item(fact) => (&fact.link, Some(fact.when.day)),
            Self::Vital(fact) => (&fact.link, Some(fact.when.day)),
            Self::Time(fact) => (&fact.link, Some(fact.when.day)),
            Self::Event(fact) => (&fact.link, Some(fact.when.day)),
            Self::AtHome(fact) => (&fact.link, fact.until),
            Self::Patient(_) | Self::Episode(_) | Self::Plan(_) | Self::Condition(_) => (&NO_LINK, None),
        }
    }
}
