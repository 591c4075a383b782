//! What resources say that a record can hold, each on its own. What they mean together is assembled
//! once all of a patient's are there.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use sumac_protocol::dictionary::Vital;
use sumac_protocol::record::{FieldValue, Grams, Micrograms};

use super::reference::Key;
use super::tally::Aside;
use super::when::{Partly, When};

/// Where a resource stood, and what became of it.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) file: Arc<str>,
    /// The line, or the number of the entry, from 1.
    pub(super) place: u64,
    pub(super) kind: String,
    /// Its type and id.
    pub(super) key: Key,
    /// Whether the record holds something of it.
    pub(super) used: Cell<bool>,
    /// Why it does not, if nothing is wrong.
    pub(super) aside: Cell<Option<Aside>>,
}

/// One fact with where it came from.
#[derive(Debug)]
pub(super) struct Filed {
    pub(super) origin: Rc<Origin>,
    pub(super) fact: Fact,
}

/// What links a fact to its course and session.
#[derive(Debug, Clone, Default)]
pub(super) struct Link {
    /// An EpisodeOfCare.
    pub(super) course: Option<Key>,
    /// An Encounter.
    pub(super) visit: Option<Key>,
    /// A dose or a procedure.
    pub(super) part_of: Vec<Key>,
}

/// No link at all.
pub(super) static NO_LINK: Link = Link { course: None, visit: None, part_of: Vec::new() };

/// A code that a resource gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coded {
    /// One of the dictionary's.
    Known(String),
    /// None of them; as it stood there, for counting.
    Unknown(String),
}

#[derive(Debug)]
pub(super) enum Fact {
    Patient(PatientFact),
    Episode(EpisodeFact),
    /// Fields that a CarePlan tells of the course.
    Plan(BTreeMap<String, FieldValue>),
    /// The indication that a Condition is.
    Condition(Coded),
    Visit(VisitFact),
    Dose(DoseFact),
    Given(GivenFact),
    Score(ScoreFact),
    Item(ItemFact),
    Vital(VitalFact),
    Time(TimeFact),
    Event(EventFact),
    AtHome(AtHomeFact),
}

#[derive(Debug)]
pub(super) struct PatientFact {
    /// None if there is no sound one; that was said.
    pub(super) pseudonym: Option<String>,
    pub(super) gender: Option<String>,
    pub(super) birth: Option<Partly>,
}

#[derive(Debug)]
pub(super) struct EpisodeFact {
    /// The course's id in the record.
    pub(super) id: String,
    /// Whether Sumac wrote it, so that nothing is to be guessed.
    pub(super) exact: bool,
    /// Day 0, if it is told, in days since 1970-01-01.
    pub(super) first_dose: Option<i32>,
    pub(super) fields: BTreeMap<String, FieldValue>,
    /// First and last day.
    pub(super) start: Option<i32>,
    pub(super) end: Option<i32>,
    pub(super) diagnoses: Vec<Key>,
}

/// An Encounter or a Procedure. Only those with a kind, or with a dose, are sessions.
#[derive(Debug)]
pub(super) struct VisitFact {
    pub(super) kind: Option<String>,
    pub(super) number: Option<u16>,
    pub(super) when: Option<When>,
    pub(super) minutes: Option<u16>,
    pub(super) link: Link,
}

#[derive(Debug)]
pub(super) struct DoseFact {
    /// None if it is not told, or wrong.
    pub(super) when: Option<When>,
    pub(super) end: Option<When>,
    pub(super) minutes: Option<u16>,
    pub(super) molecule: Option<String>,
    pub(super) route: Option<String>,
    pub(super) dose: Option<Micrograms>,
    pub(super) link: Link,
    pub(super) reasons: Vec<Key>,
}

/// Another medicine in a session, or that it was not given.
#[derive(Debug)]
pub(super) struct GivenFact {
    pub(super) class: String,
    pub(super) yes: bool,
    pub(super) when: Option<When>,
    pub(super) link: Link,
}

#[derive(Debug)]
pub(super) struct ScoreFact {
    pub(super) instrument: String,
    pub(super) value: i64,
    pub(super) when: When,
    pub(super) link: Link,
}

#[derive(Debug)]
pub(super) struct ItemFact {
    pub(super) instrument: String,
    /// From 1.
    pub(super) number: u16,
    /// None if it was left blank.
    pub(super) score: Option<u8>,
    pub(super) when: When,
    pub(super) link: Link,
}

/// Which number of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    SystolicBefore,
    SystolicHighest,
    Spo2Lowest,
    HeartRateHighest,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Measured {
    /// Which number it is stands with it.
    Slot(Slot, u16),
    Sign(Vital, u16),
    Weight(Grams),
}

#[derive(Debug)]
pub(super) struct VitalFact {
    pub(super) measured: Measured,
    pub(super) when: When,
    pub(super) link: Link,
}

#[derive(Debug)]
pub(super) struct TimeFact {
    pub(super) kind: String,
    pub(super) happened: bool,
    pub(super) when: When,
    pub(super) link: Link,
}

#[derive(Debug)]
pub(super) struct EventFact {
    pub(super) kind: String,
    pub(super) when: When,
    pub(super) severity: Option<String>,
    pub(super) serious: Option<bool>,
    pub(super) resolved: Option<bool>,
    pub(super) onset_minutes: Option<u16>,
    pub(super) relatedness: Option<String>,
    /// The session's number, where Sumac wrote it.
    pub(super) session: Option<u16>,
    pub(super) link: Link,
}

#[derive(Debug)]
pub(super) struct AtHomeFact {
    pub(super) class: String,
    pub(super) taken: bool,
    /// The last day, if it is over, in days since 1970-01-01.
    pub(super) until: Option<i32>,
    pub(super) link: Link,
}

impl Slot {
    /// Every number of a session.
    pub(super) const ALL: [Self; 4] =
        [Self::SystolicBefore, Self::SystolicHighest, Self::Spo2Lowest, Self::HeartRateHighest];

    /// What it measures.
    pub(super) const fn vital(self) -> Vital {
        match self {
            Self::SystolicBefore | Self::SystolicHighest => Vital::Systolic,
            Self::Spo2Lowest => Vital::Spo2,
            Self::HeartRateHighest => Vital::HeartRate,
        }
    }

    /// Its name in a record.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SystolicBefore => "systolic_before",
            Self::SystolicHighest => "systolic_highest",
            Self::Spo2Lowest => "spo2_lowest",
            Self::HeartRateHighest => "heart_rate_highest",
        }
    }
}
