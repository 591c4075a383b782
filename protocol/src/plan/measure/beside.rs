//! Which measures of one thing may be answered in one query where there is no noise.
//!
//! The difference of two sums over nearly the same people is a sum over the few in whom they differ: of those seen on the last day of
//! a longer window, of those between two thresholds. So two numbers of one thing stand beside each other only where this is ruled
//! out by what they are: the list is short, and whatever is not on it is refused.

use std::mem::discriminant;

use super::{Measure, MissingEndpoint, Timepoint};

/// What a measure is read from.
#[derive(PartialEq, Eq)]
enum Source<'m> {
    Instrument(&'m str),
    Field(&'m str),
    Event(&'m str),
    TimeToEvent(&'m str),
    Sessions,
    DoseByWeight,
    CumulativeDose,
    /// Columns of a regression, which stands alone in its question.
    Columns,
}

impl Measure {
    /// Whether the two read the same instrument, field, kind of event, sessions or doses.
    #[must_use]
    pub fn reads_what(&self, other: &Self) -> bool {
        self.source() == other.source()
    }

    /// Whether both can be answered exactly in one query. Those that read different things can. Of one instrument: its
    /// baseline and numbers of a time after the first dose; of one time point the score, one change and one threshold;
    /// one kind of number on days whose windows have no day in common. Of one field: its values. Of sessions: those of several kinds.
    #[must_use]
    pub fn stands_beside(&self, other: &Self) -> bool {
        let (this, other) = (self.unclipped(), other.unclipped());
        if this == other {
            return false;
        }
        if !this.reads_what(other) {
            return true;
        }
        match (this, other) {
            (Self::Missing { of }, Self::Missing { of: theirs }) => of.stands_beside(theirs.as_ref()),
            (Self::Missing { of }, whole) | (whole, Self::Missing { of }) => {
                let of: &Self = of;
                of == whole || of.stands_beside(whole)
            }
            (Self::Is { field, .. }, Self::Is { field: theirs, .. }) => field == theirs,
            (Self::Sessions { kind: Some(_) }, Self::Sessions { kind: Some(_) }) => true,
            (Self::Baseline { .. }, later) | (later, Self::Baseline { .. }) => {
                later.timepoint().is_some_and(|at| at.from > 0)
            }
            _ => match (this.timepoint(), other.timepoint()) {
                (Some(at), Some(then)) if at == then => this.stands_beside_then(other),
                (Some(at), Some(then)) => {
                    discriminant(this) == discriminant(other) && (at.to < then.from || then.to < at.from)
                }
                _ => false,
            },
        }
    }

    /// Whether it sets a total against the baseline, in a window that the baseline may lie in: then it is nothing for
    /// everybody in whom both are one, and the sum is that of the others.
    #[must_use]
    pub fn may_be_its_own_baseline(&self) -> bool {
        let this = self.unclipped();
        let from_baseline = this.is_change() || matches!(this, Self::Response { .. } | Self::Deteriorated { .. });
        from_baseline && this.timepoint().is_some_and(|at| at.from <= 0)
            || matches!(this, Self::Missing { of } if of.may_be_its_own_baseline())
    }

    /// Of one instrument and time point.
    fn stands_beside_then(&self, other: &Self) -> bool {
        let non_responders =
            |this: &Self| matches!(this, Self::Response { missing: MissingEndpoint::NonResponder, .. });
        let counted = |this: &Self, other: &Self| !non_responders(this) || other.known_only_with(this);
        let both = |is: fn(&Self) -> bool| is(self) && is(other);
        !both(Self::is_change) && !both(Self::is_threshold) && counted(self, other) && counted(other, self)
    }

    const fn is_change(&self) -> bool {
        matches!(self, Self::Change { .. } | Self::PercentChange { .. } | Self::ChangeFraction { .. })
    }

    const fn is_threshold(&self) -> bool {
        matches!(self, Self::Response { .. } | Self::Remission { .. } | Self::Deteriorated { .. })
    }

    const fn timepoint(&self) -> Option<Timepoint> {
        match self {
            Self::Score { at, .. }
            | Self::Change { at, .. }
            | Self::Response { at, .. }
            | Self::Remission { at, .. }
            | Self::Deteriorated { at, .. }
            | Self::PercentChange { at, .. }
            | Self::ChangeFraction { at, .. } => Some(*at),
            Self::Field(_)
            | Self::Baseline { .. }
            | Self::Clip { .. }
            | Self::Sessions { .. }
            | Self::AdverseEvents { .. }
            | Self::Is { .. }
            | Self::TimeTo { .. }
            | Self::DosePerKilogram { .. }
            | Self::CumulativeDose
            | Self::Peak { .. }
            | Self::AdverseEvent { .. }
            | Self::Reached { .. }
            | Self::Missing { .. }
            | Self::Foretold(_) => None,
        }
    }

    fn source(&self) -> Source<'_> {
        match self {
            Self::Clip { of, .. } | Self::Missing { of } => of.source(),
            Self::Field(field) | Self::Is { field, .. } => Source::Field(field),
            Self::Baseline { instrument }
            | Self::Score { instrument, .. }
            | Self::Change { instrument, .. }
            | Self::Response { instrument, .. }
            | Self::Remission { instrument, .. }
            | Self::Deteriorated { instrument, .. }
            | Self::PercentChange { instrument, .. }
            | Self::ChangeFraction { instrument, .. }
            | Self::Peak { instrument } => Source::Instrument(instrument),
            Self::AdverseEvent { kind, .. } | Self::AdverseEvents { kind } => Source::Event(kind),
            Self::Reached { kind, .. } | Self::TimeTo { kind, .. } => Source::TimeToEvent(kind),
            Self::Sessions { .. } => Source::Sessions,
            Self::DosePerKilogram { .. } => Source::DoseByWeight,
            Self::CumulativeDose => Source::CumulativeDose,
            Self::Foretold(_) => Source::Columns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Measure, Timepoint};
    use crate::dictionary::Fraction;
    use crate::plan::{Doses, Gain, MissingEndpoint};

    const LATER: Timepoint = Timepoint { day: 28, from: 14, to: 31 };

    fn score(at: Timepoint) -> Measure {
        Measure::Score { instrument: "phq9".into(), at }
    }

    fn change(at: Timepoint) -> Measure {
        Measure::Change { instrument: "phq9".into(), at }
    }

    fn remission(at: Timepoint, limit: i64) -> Measure {
        Measure::Remission { instrument: "phq9".into(), at, limit }
    }

    fn response(at_least: Gain, missing: MissingEndpoint) -> Measure {
        Measure::Response { instrument: "phq9".into(), at: LATER, at_least, missing }
    }

    #[test]
    fn two_numbers_of_one_thing_stand_beside_each_other_only_where_no_few_are_between_them() {
        let baseline = Measure::Baseline { instrument: "phq9".into() };
        let day = |from, to| Timepoint { day: 28, from, to };
        let (half, points) = (Gain::OfBaseline(Fraction { num: 1, den: 2 }), Gain::Points(5));
        let (observed, everybody) = (MissingEndpoint::LeftOut, MissingEndpoint::NonResponder);
        let missing = |of: Measure| Measure::Missing { of: Box::new(of) };
        let clip = |of: Measure| Measure::Clip { of: Box::new(of), low: 7, high: 8 };
        let sessions = |kind: Option<&str>| Measure::Sessions { kind: kind.map(str::to_owned) };
        let dose = |which| Measure::DosePerKilogram { which };
        let reached = |by| Measure::Reached { kind: "nausea".into(), by };
        let route = |value: &str| Measure::Is { field: "route".into(), value: value.into() };
        let cases = [
            (score(LATER), change(LATER), true, "one assessment, less its baseline"),
            (score(LATER), remission(LATER, 4), true, "a number and its one threshold"),
            (change(LATER), response(half, observed), true, "a change and its one threshold"),
            (baseline.clone(), change(LATER), true, "who has the one has the other, or is counted apart"),
            (score(LATER), score(Timepoint { day: 60, from: 50, to: 70 }), true, "two visits"),
            (score(LATER), Measure::Field("age".into()), true, "two things"),
            (route("iv"), route("im"), true, "values that exclude each other"),
            (sessions(Some("dosing")), sessions(Some("integration")), true, "two kinds"),
            (missing(score(LATER)), score(LATER), true, "who has it, and who has not"),
            (change(LATER), response(points, everybody), true, "who changed is among those who respond or not"),
            (change(LATER), response(half, everybody), false, "a change from 0 is no response"),
            (score(day(14, 31)), score(day(14, 30)), false, "the one who came on day 31"),
            (score(LATER), score(Timepoint { day: 27, ..LATER }), false, "the same, from another day"),
            (change(day(14, 31)), change(day(15, 31)), false, "nested windows of change"),
            (remission(day(14, 31), 4), remission(day(14, 30), 4), false, "nested windows of remission"),
            (missing(score(day(14, 31))), missing(score(day(14, 30))), false, "nested windows of who is missing"),
            (score(Timepoint { day: 0, from: -7, to: 0 }), baseline.clone(), false, "the baseline by another name"),
            (remission(LATER, 4), remission(LATER, 5), false, "those at 5"),
            (remission(LATER, 4), response(half, observed), false, "thresholds of two kinds"),
            (response(half, observed), response(points, observed), false, "two gains"),
            (score(LATER), clip(score(LATER)), false, "those beyond the bound"),
            (remission(LATER, 8), clip(score(LATER)), true, "refused for its clip"),
            (change(LATER), Measure::PercentChange { instrument: "phq9".into(), at: LATER }, false, "two changes"),
            (change(LATER), score(Timepoint { day: 60, from: 50, to: 70 }), false, "the baselines of who left"),
            (sessions(None), sessions(Some("dosing")), false, "the sessions of other kinds"),
            (dose(Doses::First), dose(Doses::Max), false, "those whose dose was raised"),
            (reached(7), reached(8), false, "those on day 8"),
            (baseline, Measure::Peak { instrument: "phq9".into() }, false, "not on the list"),
        ];
        for (one, other, beside, why) in cases {
            assert_eq!(one.stands_beside(&other), beside, "{why}");
            assert_eq!(other.stands_beside(&one), beside, "{why}, the other way round");
            assert!(!one.stands_beside(&one), "twice the same");
        }
    }

    #[test]
    fn a_change_to_a_day_that_the_baseline_may_be_of_is_told() {
        let before = Timepoint { day: 0, from: -30, to: 3 };
        assert!(change(before).may_be_its_own_baseline());
        assert!(Measure::Missing { of: Box::new(change(before)) }.may_be_its_own_baseline());
        assert!(!change(Timepoint { from: 1, ..before }).may_be_its_own_baseline());
        assert!(!score(before).may_be_its_own_baseline(), "a total alone is set against nothing");
    }
}
