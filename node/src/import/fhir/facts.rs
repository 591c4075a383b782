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
    /// The file's name, as rejects show it.
    pub(super) file: Arc<str>,
    /// The line, or the number of the entry, from 1.
    pub(super) place: u64,
    /// Its type, as in `Observation`.
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
    /// The resource, shared by all facts that it gave.
    pub(super) origin: Rc<Origin>,
    /// What it says.
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

/// One thing that a resource says and a record can hold. Complete: every pile of a course has one.
#[derive(Debug)]
pub(super) enum Fact {
    /// Who the patient is.
    Patient(PatientFact),
    /// A course, from its EpisodeOfCare.
    Episode(EpisodeFact),
    /// Fields that a CarePlan tells of the course.
    Plan(BTreeMap<String, FieldValue>),
    /// The indication that a Condition is.
    Condition(Coded),
    /// A meeting that may be a session.
    Visit(VisitFact),
    /// What the course is about was given.
    Dose(DoseFact),
    /// Another medicine was given, or was not.
    Given(GivenFact),
    /// A total of an instrument.
    Score(ScoreFact),
    /// One answer of an instrument.
    Item(ItemFact),
    /// Something a monitor or a scale showed.
    Vital(VitalFact),
    /// How long until something happened.
    Time(TimeFact),
    /// Something went wrong.
    Event(EventFact),
    /// A medicine is taken at home, or is not.
    AtHome(AtHomeFact),
}

/// Who the patient is, as far as a record may know.
#[derive(Debug)]
pub(super) struct PatientFact {
    /// None if there is no sound one; that was said.
    pub(super) pseudonym: Option<String>,
    /// FHIR's code, as it stood there.
    pub(super) gender: Option<String>,
    /// The days on which the birth can have been.
    pub(super) birth: Option<Partly>,
}

/// A course, as its EpisodeOfCare tells it.
#[derive(Debug)]
pub(super) struct EpisodeFact {
    /// The course's id in the record.
    pub(super) id: String,
    /// Whether Sumac wrote it, so that nothing is to be guessed.
    pub(super) exact: bool,
    /// Day 0, if it is told, in days since 1970-01-01.
    pub(super) first_dose: Option<i32>,
    /// Fields of the course that it tells.
    pub(super) fields: BTreeMap<String, FieldValue>,
    /// First and last day.
    pub(super) start: Option<i32>,
    /// None while it goes on.
    pub(super) end: Option<i32>,
    /// Its Conditions, the first of them first.
    pub(super) diagnoses: Vec<Key>,
}

/// An Encounter or a Procedure. Only those with a kind, or with a dose, are sessions.
#[derive(Debug)]
pub(super) struct VisitFact {
    /// One of the dictionary's kinds of session; none for a visit that only links.
    pub(super) kind: Option<String>,
    /// The session's number, where Sumac wrote it.
    pub(super) number: Option<u16>,
    pub(super) when: Option<When>,
    pub(super) minutes: Option<u16>,
    pub(super) link: Link,
}

/// A dose of what the course is about.
#[derive(Debug)]
pub(super) struct DoseFact {
    /// None if it is not told, or wrong.
    pub(super) when: Option<When>,
    /// When it ended, if that is told.
    pub(super) end: Option<When>,
    pub(super) minutes: Option<u16>,
    /// One of the dictionary's molecules, or `unknown`.
    pub(super) molecule: Option<String>,
    /// One of the dictionary's routes, or `unknown`.
    pub(super) route: Option<String>,
    /// How much; none if it is not told, or not believed.
    pub(super) dose: Option<Micrograms>,
    pub(super) link: Link,
    /// The Conditions that it was given for.
    pub(super) reasons: Vec<Key>,
}

/// Another medicine in a session, or that it was not given.
#[derive(Debug)]
pub(super) struct GivenFact {
    /// One of the dictionary's classes of medicine.
    pub(super) class: String,
    /// No if the resource says that it was not done.
    pub(super) yes: bool,
    pub(super) when: Option<When>,
    pub(super) link: Link,
}

/// A total, within the range of its instrument.
#[derive(Debug)]
pub(super) struct ScoreFact {
    /// The dictionary's id.
    pub(super) instrument: String,
    /// In units of 10^-decimals of the instrument.
    pub(super) value: i64,
    pub(super) when: When,
    pub(super) link: Link,
}

/// One answer, within the range of the instrument's items.
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
    /// Systolic pressure before the dose.
    SystolicBefore,
    /// Highest systolic pressure.
    SystolicHighest,
    /// Lowest oxygen saturation.
    Spo2Lowest,
    /// Highest heart rate.
    HeartRateHighest,
}

/// A number with what it measures, within the dictionary's bounds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measured {
    /// Which number it is stands with it.
    Slot(Slot, u16),
    /// A vital sign at some time: which number of the session it is follows from when.
    Sign(Vital, u16),
    /// The body weight.
    Weight(Grams),
}

/// Something a monitor or a scale showed.
#[derive(Debug)]
pub(super) struct VitalFact {
    pub(super) measured: Measured,
    pub(super) when: When,
    pub(super) link: Link,
}

/// How long until something happened, or for how long it is known not to have.
#[derive(Debug)]
pub(super) struct TimeFact {
    /// One of the dictionary's kinds of time to event.
    pub(super) kind: String,
    /// No means that it was still waited for on that day.
    pub(super) happened: bool,
    pub(super) when: When,
    pub(super) link: Link,
}

/// An adverse event.
#[derive(Debug)]
pub(super) struct EventFact {
    /// One of the dictionary's kinds, or `unknown`.
    pub(super) kind: String,
    pub(super) when: When,
    /// One of the dictionary's severities, or `unknown`.
    pub(super) severity: Option<String>,
    /// In the regulators' sense.
    pub(super) serious: Option<bool>,
    /// Whether it was over when last asked about.
    pub(super) resolved: Option<bool>,
    /// From the dose, where Sumac wrote it.
    pub(super) onset_minutes: Option<u16>,
    /// One of the dictionary's words for that, or `unknown`.
    pub(super) relatedness: Option<String>,
    /// The session's number, where Sumac wrote it.
    pub(super) session: Option<u16>,
    pub(super) link: Link,
}

/// A class of medicine that is taken at home, or is not.
#[derive(Debug)]
pub(super) struct AtHomeFact {
    pub(super) class: String,
    /// No if the resource says that it is not taken.
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
