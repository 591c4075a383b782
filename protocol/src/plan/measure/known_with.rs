//! Which measures are known of the same courses, by their definitions alone.
//!
//! Without noise, the difference of two counts is a count too: of those who have the one value and not the other.

use super::{Gain, Measure, MissingEndpoint, Timepoint};

impl Measure {
    /// Whether every course that has a value of this measure has one of `other` too, whatever its records say. Then the
    /// difference of their counts tells how many have the other value alone. Sound, not complete: `false` says nothing.
    #[must_use]
    pub fn known_only_with(&self, other: &Self) -> bool {
        use Measure::{AdverseEvent, Missing, Reached, Response, TimeTo};
        let (this, other) = (self.unclipped(), other.unclipped());
        if this == other || matches!(other, Missing { .. }) {
            return true;
        }
        match (this, other) {
            (Response { missing: MissingEndpoint::NonResponder, .. }, _) => this.non_responders(other),
            // Who has an endpoint and the baseline that it takes is known, whatever becomes of those without one.
            (_, Response { instrument, at, at_least, missing: MissingEndpoint::NonResponder }) => {
                let wanted = Totals { instrument, at: Some(*at), baseline: needs(*at_least) };
                this.totals().is_some_and(|mine| mine.hold(&wanted))
            }
            (Self::Is { field, .. }, Self::Is { field: theirs, .. }) => field == theirs,
            (Reached { kind, .. }, TimeTo { kind: theirs, .. })
            | (TimeTo { kind, .. }, TimeTo { kind: theirs, .. }) => kind == theirs,
            // Who had it by the later day, or was seen beyond it, is known on the earlier one as well.
            (Reached { kind, by }, Reached { kind: theirs, by: earlier }) => kind == theirs && by >= earlier,
            // An event that was written down without any session is known, and nothing else of that course.
            (AdverseEvent { kind, by }, AdverseEvent { kind: theirs, by: later }) => kind == theirs && by <= later,
            (AdverseEvent { .. }, _) => false,
            (_, Self::Sessions { .. } | Self::AdverseEvents { .. } | AdverseEvent { .. }) => this.needs_sessions(),
            _ => {
                let (mine, theirs) = (this.totals(), other.totals());
                mine.zip(theirs).is_some_and(|(mine, theirs)| mine.hold(&theirs))
            }
        }
    }

    /// Whether a threshold of `other` lies somewhere in the range of this number, so that the bins of a histogram of it and the
    /// yeses of the other may tell of those between the threshold and the next edge.
    #[must_use]
    pub fn is_cut_by(&self, other: &Self) -> bool {
        match (self.unclipped(), other.unclipped()) {
            (Self::Score { instrument, at }, Self::Remission { instrument: theirs, at: then, .. })
            | (
                Self::Change { instrument, at }
                | Self::PercentChange { instrument, at }
                | Self::ChangeFraction { instrument, at, .. },
                Self::Response { instrument: theirs, at: then, .. }
                | Self::Deteriorated { instrument: theirs, at: then },
            ) => instrument == theirs && at == then,
            _ => false,
        }
    }

    /// Both are responses that count who has no endpoint as no, and one is known with the other.
    fn non_responders(&self, other: &Self) -> bool {
        let (
            Self::Response { instrument, at, at_least, missing: MissingEndpoint::NonResponder },
            Self::Response { instrument: theirs, at: then, at_least: other, missing: MissingEndpoint::NonResponder },
        ) = (self, other)
        else {
            return false;
        };
        instrument == theirs && at == then && needs(*at_least).hold(needs(*other))
    }

    /// Which totals must be there for it to be known; `None` for what no total decides alone.
    fn totals(&self) -> Option<Totals<'_>> {
        let of = |instrument, at, baseline| Some(Totals { instrument, at, baseline });
        match self {
            Self::Baseline { instrument } => of(instrument, None, Needs::Any),
            Self::Score { instrument, at } | Self::Remission { instrument, at, .. } => {
                of(instrument, Some(*at), Needs::Nothing)
            }
            Self::Change { instrument, at } | Self::Deteriorated { instrument, at } => {
                of(instrument, Some(*at), Needs::Any)
            }
            Self::PercentChange { instrument, at } | Self::ChangeFraction { instrument, at, .. } => {
                of(instrument, Some(*at), Needs::AboveZero)
            }
            Self::Response { instrument, at, at_least, missing: MissingEndpoint::LeftOut } => {
                of(instrument, Some(*at), needs(*at_least))
            }
            Self::Response { missing: MissingEndpoint::NonResponder, .. }
            | Self::Field(_)
            | Self::Is { .. }
            | Self::Clip { .. }
            | Self::Missing { .. }
            | Self::Sessions { .. }
            | Self::DosePerKilogram { .. }
            | Self::CumulativeDose
            | Self::Peak { .. }
            | Self::AdverseEvent { .. }
            | Self::AdverseEvents { .. }
            | Self::Reached { .. }
            | Self::Foretold(_)
            | Self::TimeTo { .. } => None,
        }
    }

    /// Whether it is known only of courses with sessions.
    const fn needs_sessions(&self) -> bool {
        matches!(
            self,
            Self::Sessions { .. }
                | Self::DosePerKilogram { .. }
                | Self::CumulativeDose
                | Self::Peak { .. }
                | Self::AdverseEvents { .. }
        )
    }

    pub(super) fn unclipped(&self) -> &Self {
        let mut within = self;
        while let Self::Clip { of, .. } = within {
            within = of;
        }
        within
    }
}

/// The totals without which a number is missing.
struct Totals<'m> {
    instrument: &'m str,
    at: Option<Timepoint>,
    baseline: Needs,
}

/// What must be known of the baseline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Any,
    AboveZero,
    /// It and the endpoint in one of the instrument's bands, which need not hold every total.
    InBands,
}

impl Totals<'_> {
    /// Whether whoever has these totals has the others.
    fn hold(&self, other: &Self) -> bool {
        self.instrument == other.instrument
            && (other.at.is_none() || self.at == other.at)
            && self.baseline.hold(other.baseline)
    }
}

impl Needs {
    /// Whether a baseline that meets this meets the other.
    fn hold(self, other: Self) -> bool {
        match other {
            Self::Nothing => true,
            Self::Any => self != Self::Nothing,
            Self::AboveZero | Self::InBands => self == other,
        }
    }
}

const fn needs(gain: Gain) -> Needs {
    match gain {
        Gain::Points(_) => Needs::Any,
        Gain::OfBaseline(_) => Needs::AboveZero,
        Gain::Bands(_) => Needs::InBands,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Timepoint;
    use super::{Gain, Measure, MissingEndpoint};
    use crate::dictionary::{Dictionary, Fraction};
    use crate::record::{Assessment, Course, Event, Micrograms, Session, TimeToEvent};

    fn measures() -> Vec<Measure> {
        let mut all = vec![Measure::Field("age".into()), Measure::Field("weight".into())];
        for instrument in ["phq9", "gad7"] {
            let instrument = || instrument.to_owned();
            all.push(Measure::Baseline { instrument: instrument() });
            for day in [14, 28] {
                let at = Timepoint { day, from: day - 7, to: day + 6 };
                let change = Measure::Change { instrument: instrument(), at };
                all.push(Measure::Clip { of: Box::new(change.clone()), low: -3, high: 3 });
                all.extend([Measure::Score { instrument: instrument(), at }, change]);
                all.push(Measure::Deteriorated { instrument: instrument(), at });
                all.push(Measure::PercentChange { instrument: instrument(), at });
                all.push(Measure::Missing { of: Box::new(Measure::Score { instrument: instrument(), at }) });
                all.extend([4, 9].map(|limit| Measure::Remission { instrument: instrument(), at, limit }));
                for missing in [MissingEndpoint::LeftOut, MissingEndpoint::NonResponder] {
                    for at_least in [Gain::OfBaseline(Fraction { num: 1, den: 2 }), Gain::Points(5), Gain::Bands(1)] {
                        all.push(Measure::Response { instrument: instrument(), at, at_least, missing });
                    }
                }
            }
        }
        all.extend([Measure::CumulativeDose, Measure::Sessions { kind: None }]);
        for kind in ["headache", "nausea"] {
            let kind = || kind.to_owned();
            all.push(Measure::AdverseEvents { kind: kind() });
            all.push(Measure::TimeTo { kind: kind(), days: 7, until: 28 });
            for by in [7, 28] {
                all.extend([Measure::AdverseEvent { kind: kind(), by }, Measure::Reached { kind: kind(), by }]);
            }
        }
        all
    }

    /// Courses with and without each of three totals, with a baseline of 0, with and without a session, an adverse event
    /// and a time to event.
    fn courses() -> Vec<Course> {
        let mut courses = Vec::new();
        for present in 0..256_u32 {
            let mut course = Course::default();
            if present & 16 != 0 {
                course.sessions.push(Session { dose_ug: Some(Micrograms(50_000)), ..Session::default() });
            }
            if present & 32 != 0 {
                course.events.push(Event { kind: "nausea".into(), day: 10, ..Event::default() });
            }
            if present & 64 != 0 {
                let happened = present & 128 != 0;
                course.time_to_event.push(TimeToEvent { kind: "nausea".into(), day: 10, happened });
            }
            for (bit, day, value) in [(1, 0, 20), (2, 14, 9), (4, 28, 3), (8, 0, 0)] {
                if present & bit != 0 {
                    course.assessments.push(Assessment {
                        instrument: "phq9".into(),
                        day,
                        value,
                        ..Assessment::default()
                    });
                }
            }
            courses.push(course);
        }
        courses
    }

    #[test]
    fn what_is_known_only_with_another_is_never_known_without_it() {
        let dictionary = Dictionary::parse(crate::dictionary::KETAMINE).unwrap();
        let mut claims = 0;
        for this in measures() {
            for other in measures() {
                if this.known_only_with(&other) {
                    claims += 1;
                    for course in courses() {
                        let [mine, theirs] = [&this, &other].map(|measure| measure.value(&dictionary, &course));
                        assert!(mine.is_none() || theirs.is_some(), "{this:?} without {other:?}: {course:?}");
                    }
                }
            }
        }
        assert!(claims > 100, "{claims}");
        assert!(measures().iter().all(|measure| measure.known_only_with(measure)));
    }

    #[test]
    fn a_histogram_is_cut_by_thresholds_of_its_own_number_alone() {
        let all = measures();
        let at = Timepoint { day: 14, from: 7, to: 20 };
        let score = Measure::Score { instrument: "phq9".into(), at };
        assert_eq!(all.iter().filter(|other| score.is_cut_by(other)).count(), 2, "two limits of remission");
    }
}
