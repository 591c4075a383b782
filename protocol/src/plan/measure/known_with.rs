//! Which measures are known of the same courses, by their definitions alone.
//!
//! Without noise, the difference of two counts is a count too: of those who have the one value and not the other.

use super::{Measure, MissingEndpoint};

impl Measure {
    /// Whether every course that has a value of this measure has one of `other` too, whatever its records say. Then the
    /// difference of their counts tells how many have the other value alone. Sound, not complete: `false` says nothing.
    #[must_use]
    pub fn known_only_with(&self, other: &Self) -> bool {
        use Measure::{Baseline, Change, Remission, Response, Score};
        let (this, other) = (self.unclipped(), other.unclipped());
        let reads = |instrument: &str| other.instrument() == Some(instrument);
        match (this, other) {
            (Score { at, .. } | Remission { at, .. }, Score { at: theirs, .. } | Remission { at: theirs, .. }) => {
                at == theirs && this.instrument().is_some_and(reads)
            }
            (
                Change { instrument, .. } | Response { instrument, missing: MissingEndpoint::LeftOut, .. },
                Baseline { .. },
            ) => reads(instrument),
            (
                Change { instrument, at } | Response { instrument, at, missing: MissingEndpoint::LeftOut, .. },
                Score { at: theirs, .. } | Remission { at: theirs, .. },
            )
            | (
                Response { instrument, at, missing: MissingEndpoint::LeftOut, .. },
                Change { at: theirs, .. } | Response { at: theirs, .. },
            )
            | (
                Response { instrument, at, missing: MissingEndpoint::NonResponder, .. },
                Response { at: theirs, missing: MissingEndpoint::NonResponder, .. },
            ) => reads(instrument) && at == theirs,
            (this, other) => this == other,
        }
    }

    /// Whether the two read the same thing and differ in a bound or a threshold alone. Then the difference of their sums,
    /// or of their yeses, tells of those between the two alone, however few.
    #[must_use]
    pub fn differs_by_a_bound(&self, other: &Self) -> bool {
        if self == other {
            return false;
        }
        match (self.unclipped(), other.unclipped()) {
            (Self::Response { instrument, at, .. }, Self::Response { instrument: theirs, at: then, .. })
            | (Self::Remission { instrument, at, .. }, Self::Remission { instrument: theirs, at: then, .. }) => {
                instrument == theirs && at == then
            }
            (this, other) => this == other,
        }
    }

    /// Whether the two read the same instrument or the same field.
    #[must_use]
    pub fn reads_what(&self, other: &Self) -> bool {
        let same = |mine: Option<&str>, theirs: Option<&str>| mine.is_some() && mine == theirs;
        same(self.instrument(), other.instrument()) || same(self.field(), other.field())
    }

    fn unclipped(&self) -> &Self {
        let mut within = self;
        while let Self::Clip { of, .. } = within {
            within = of;
        }
        within
    }
}

#[cfg(test)]
mod tests {
    use super::super::Timepoint;
    use super::{Measure, MissingEndpoint};
    use crate::dictionary::{Dictionary, Fraction};
    use crate::record::{Assessment, Course};

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
                all.extend([4, 9].map(|limit| Measure::Remission { instrument: instrument(), at, limit }));
                for missing in [MissingEndpoint::LeftOut, MissingEndpoint::NonResponder] {
                    let at_least = Fraction { num: 1, den: 2 };
                    all.push(Measure::Response { instrument: instrument(), at, at_least, missing });
                }
            }
        }
        all
    }

    /// Courses with and without each of three totals, and with a baseline of 0.
    fn courses() -> Vec<Course> {
        let mut courses = Vec::new();
        for present in 0..16_u32 {
            let mut course = Course::default();
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
    fn thresholds_and_clips_of_one_thing_are_told_from_other_things() {
        let all = measures();
        let differing = |this: &Measure| all.iter().filter(|other| this.differs_by_a_bound(other)).count();
        let baseline = Measure::Baseline { instrument: "phq9".into() };
        assert_eq!(differing(&baseline), 0);
        let at = Timepoint { day: 14, from: 7, to: 20 };
        assert_eq!(differing(&Measure::Remission { instrument: "phq9".into(), at, limit: 4 }), 1, "the other limit");
        let clipped = Measure::Clip { of: Box::new(baseline.clone()), low: 0, high: 9 };
        assert!(clipped.differs_by_a_bound(&baseline) && clipped.reads_what(&baseline));
        assert!(!Measure::Field("age".into()).reads_what(&baseline));
    }
}
