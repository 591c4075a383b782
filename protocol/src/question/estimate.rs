//! The `SELECT` list of a question.

use crate::dictionary::{DecimalFlaw, Fraction, Instrument, fold, show};
use crate::limits::DAYS_OF_TRAJECTORY_MAX;
use crate::plan::{EstimateKind, Grouping, Measure, Mode, Quantity, Timepoint};

use super::arguments::{COUNT, HISTOGRAM, MEAN, MEDIAN, QUANTILE, RATE, STDDEV, SUM, Signature, TRAJECTORY, VARIANCE};
use super::flaw::{Flaw, QuestionError};
use super::measure::Number;
use super::reader::{Reader, Scale};
use super::syntax::{Call, Node};

/// What one expression of the `SELECT` list estimates, and of what.
pub(super) struct Wanted {
    pub(super) of: EstimateKind,
    pub(super) quantity: Option<Quantity>,
    pub(super) with: Vec<Quantity>,
    /// Whether only courses count that have all of them.
    pub(super) together: bool,
}

impl Wanted {
    const fn of(of: EstimateKind, quantity: Quantity) -> Self {
        Self { of, quantity: Some(quantity), with: Vec::new(), together: false }
    }
}

impl Reader<'_> {
    /// One expression of the `SELECT` list.
    pub(super) fn estimate(&self, node: &Node, groups: &[Grouping]) -> Result<Wanted, QuestionError> {
        match node {
            Node::Call(call) => self.total(node, call),
            Node::Star { span } => Err(QuestionError::at(span.clone(), Flaw::Star {})),
            Node::Word { name, span } if groups.iter().any(|group| fold(&group.field) == fold(name)) => {
                Err(QuestionError::at(span.clone(), Flaw::GroupSelected { name: name.clone() }))
            }
            Node::Word { name, span } => {
                // A name that does not exist is told so first.
                if self.dictionary.instrument(name).is_none() {
                    self.field(name, span)?;
                }
                Err(QuestionError::at(span.clone(), Flaw::NotAnEstimate { what: "a value of one course" }))
            }
            Node::Number { .. }
            | Node::Text { .. }
            | Node::Truth { .. }
            | Node::List { .. }
            | Node::Not(_)
            | Node::All(_)
            | Node::Any(_)
            | Node::Compare { .. }
            | Node::Among { .. }
            | Node::Between { .. } => Err(QuestionError::at(node.span(), Flaw::NotAnEstimate { what: node.kind() })),
        }
    }

    fn total(&self, node: &Node, call: &Call) -> Result<Wanted, QuestionError> {
        let of_number = |of, signature: &Signature| {
            let [number] = call.checked(signature)?;
            Ok(Wanted::of(of, self.told_exactly(self.averaged(number)?)))
        };
        match fold(&call.name).as_str() {
            "count" => count(call).map(|()| Wanted {
                of: EstimateKind::Count,
                quantity: None,
                with: Vec::new(),
                together: false,
            }),
            "mean" => of_number(EstimateKind::Mean, &MEAN),
            "sum" => of_number(EstimateKind::Sum, &SUM),
            "variance" => of_number(EstimateKind::Variance, &VARIANCE),
            "stddev" => of_number(EstimateKind::Stddev, &STDDEV),
            "median" => {
                let [of] = call.checked(&MEDIAN)?;
                let share = Fraction { num: 1, den: 2 };
                Ok(Wanted::of(EstimateKind::Quantile { share }, self.told_exactly(self.number(of)?)))
            }
            "quantile" => self.quantile(call),
            "histogram" => self.histogram(call),
            "trajectory" => self.trajectory(call),
            "correlation" => self.correlation(call),
            "linear" => self.linear(call),
            "logistic" => self.logistic(call),
            "survival" => self.survival(call),
            // Folded, a name has no underscore.
            "eventsper" => self.events_per(call),
            "rate" => {
                let [of] = call.checked(&RATE)?;
                Ok(Wanted::of(EstimateKind::Rate, share_of(self.yes_no(of)?)))
            }
            // The share of courses without a value.
            "missing" => Ok(Wanted::of(EstimateKind::Rate, share_of(self.yes_no(node)?))),
            _ => Err(self.misplaced(call, "a total")),
        }
    }

    /// A number whose sums mean something.
    pub(super) fn averaged(&self, of: &Node) -> Result<Number, QuestionError> {
        let number = self.number(of)?;
        let instrument = number.measure.instrument().and_then(|id| self.dictionary.instrument(id));
        if let Some(levels) = instrument.filter(|instrument| instrument.ordinal) {
            return Err(QuestionError::at(of.span(), Flaw::Levels { instrument: levels.id.clone() }));
        }
        Ok(number)
    }

    /// The quantity of a number. Without noise a percent change is told as the fraction that it is, unless it is clipped or
    /// the instrument has too many of them; then, as in all that is not read off a histogram, in tenths of a percent.
    fn told_exactly(&self, number: Number) -> Quantity {
        let clipped = matches!(number.measure, Measure::Clip { .. });
        let quantity = number.quantity(self.mode);
        let Measure::PercentChange { instrument, at } = &quantity.measure else { return quantity };
        let Some(known) = self.dictionary.instrument(instrument).filter(|_| self.mode == Mode::Exact && !clipped)
        else {
            return quantity;
        };
        let Some(max) = known.change_fractions().len().checked_sub(1).and_then(|last| i64::try_from(last).ok()) else {
            return quantity;
        };
        let measure =
            Measure::ChangeFraction { instrument: instrument.clone(), at: *at, min: known.min, max: known.max };
        Quantity { measure, min: 0, max, decimals: 0, reference_sd: None, joint: None }
    }

    /// `quantile(x, 0.9)`: a share above 0 and below 1, to at most six decimals.
    fn quantile(&self, call: &Call) -> Result<Wanted, QuestionError> {
        let [of, share] = call.checked(&QUANTILE)?;
        let quantity = self.told_exactly(self.number(of)?);
        let decimal = self.decimal(share)?;
        let precise = decimal.scaled(SHARE_DECIMALS).map_err(|flaw| match flaw {
            DecimalFlaw::TooPrecise => {
                let (text, of) = (decimal.to_string(), "a share of the courses".to_owned());
                QuestionError::at(share.span(), Flaw::TooPrecise { text, of, decimals: SHARE_DECIMALS })
            }
            DecimalFlaw::Empty | DecimalFlaw::Comma | DecimalFlaw::NotDecimal | DecimalFlaw::TooLong => {
                QuestionError::at(share.span(), Flaw::NotANumber { text: decimal.to_string() })
            }
        })?;
        let most = 10_u64.pow(u32::from(SHARE_DECIMALS));
        let reduced = u64::try_from(precise).ok().filter(|share| *share < most);
        let reduced = reduced.and_then(|share| Fraction::reduced(share, most)).ok_or_else(|| {
            let (value, of) = (decimal.to_string(), "a share of the courses".to_owned());
            let (min, max) = ("above 0".to_owned(), "below 1".to_owned());
            QuestionError::at(share.span(), Flaw::OutOfRange { value, of, min, max })
        })?;
        Ok(Wanted::of(EstimateKind::Quantile { share: reduced }, quantity))
    }

    /// `histogram(x, width)`: bins begin at multiples of the width.
    fn histogram(&self, call: &Call) -> Result<Wanted, QuestionError> {
        let [of, width] = call.checked(&HISTOGRAM)?;
        let number = self.number(of)?;
        let one = 10_i64.pow(u32::from(number.decimals));
        let scale = Scale {
            of: "the width of a bin",
            min: 1,
            max: number.max.saturating_sub(number.min).max(one),
            ..number.scale("")
        };
        let width = u64::try_from(self.number_on(&scale, width)?).unwrap_or(1);
        Ok(Wanted::of(EstimateKind::Histogram { width }, number.quantity(self.mode)))
    }

    /// `trajectory(i, days => (0, 7, 28), within => 3)`: day 0 is the baseline. Without `within`, each day reaches half
    /// way to its neighbours, and the last as far behind as before.
    fn trajectory(&self, call: &Call) -> Result<Wanted, QuestionError> {
        let [node] = call.checked(&TRAJECTORY)?;
        let known = self.instrument_with_baseline(node)?;
        if known.ordinal {
            return Err(QuestionError::at(node.span(), Flaw::Levels { instrument: known.id.clone() }));
        }
        let days = self.days(call)?;
        let within = match call.argument("within") {
            None => None,
            Some(node) => {
                let scale =
                    Scale { of: "days around each", min: 0, max: i64::from(crate::dictionary::DAYS_MAX), decimals: 0 };
                Some(i32::try_from(self.number_on(&scale, node)?).unwrap_or(0))
            }
        };
        let mut with = Vec::with_capacity(days.len());
        for (place, day) in days.iter().enumerate() {
            with.push(score_on(known, *day, window(&days, place, within)));
        }
        Ok(Wanted { of: EstimateKind::Trajectory, quantity: None, with, together: false })
    }

    /// Rising days from 0.
    fn days(&self, call: &Call) -> Result<Vec<i32>, QuestionError> {
        let listed = call.argument("days").ok_or_else(|| call.missing("days", TRAJECTORY.usage))?;
        let Node::List { items, span } = listed else {
            let (what, instead) = (listed.kind().to_owned(), format!("write `{}`", TRAJECTORY.usage));
            return Err(QuestionError::at(listed.span(), Flaw::WrongKind { what, wanted: "a list of days", instead }));
        };
        if let Some(beyond) = items.get(DAYS_OF_TRAJECTORY_MAX) {
            return Err(QuestionError::at(beyond.span(), Flaw::TooManyEstimates { most: DAYS_OF_TRAJECTORY_MAX }));
        }
        let scale = Scale { of: "days", min: 0, max: i64::from(crate::dictionary::DAYS_MAX), decimals: 0 };
        let mut days: Vec<i32> = Vec::new();
        for item in items {
            let day = i32::try_from(self.number_on(&scale, item)?).unwrap_or(0);
            if days.last().is_some_and(|last| *last >= day) {
                let text = days.iter().chain([&day]).map(|day| show(i64::from(*day), 0)).collect::<Vec<_>>().join(", ");
                return Err(QuestionError::at(item.span(), Flaw::DaysFall { text }));
            }
            days.push(day);
        }
        if days.is_empty() {
            return Err(QuestionError::at(span.clone(), Flaw::DaysFall { text: String::new() }));
        }
        Ok(days)
    }
}

/// The total on a day of a trajectory, of its whole range.
fn score_on(instrument: &Instrument, day: i32, (from, to): (i32, i32)) -> Quantity {
    let Instrument { id, min, max, decimals, reference_sd, .. } = instrument;
    let measure = match day {
        0 => Measure::Baseline { instrument: id.clone() },
        _ => Measure::Score { instrument: id.clone(), at: Timepoint { day, from, to } },
    };
    Quantity { measure, min: *min, max: *max, decimals: *decimals, reference_sd: *reference_sd, joint: None }
}

/// The days around the one at this place that will do for it; never the day of the first dose or before.
fn window(days: &[i32], place: usize, within: Option<i32>) -> (i32, i32) {
    let day = days.get(place).copied().unwrap_or(0);
    if let Some(within) = within {
        return (day.saturating_sub(within).max(1), day.saturating_add(within));
    }
    let before = place.checked_sub(1).and_then(|before| days.get(before)).copied();
    let half = |from: i32, to: i32| to.saturating_sub(from) / 2;
    let reach_back = before.map_or(day, |before| half(before, day));
    let to = match days.get(place.saturating_add(1)) {
        // The middle day belongs to the later of the two.
        Some(after) => {
            day.saturating_add(half(day, *after)).min(after.saturating_sub(half(day, *after)).saturating_sub(1))
        }
        None => day.saturating_add(reach_back),
    };
    (day.saturating_sub(reach_back).max(1), to.max(day))
}

/// A yes/no, as 1 or 0.
pub(super) const fn share_of(measure: Measure) -> Quantity {
    Quantity { measure, min: 0, max: 1, decimals: 0, reference_sd: None, joint: None }
}

/// `count(*)`, and nothing else in the parentheses.
fn count(call: &Call) -> Result<(), QuestionError> {
    let [of] = call.checked(&COUNT)?;
    if matches!(of, Node::Star { .. }) {
        return Ok(());
    }
    let instead = "write `count(*)`; a mean carries how many courses have a value".to_owned();
    let flaw = Flaw::WrongKind { what: of.kind().to_owned(), wanted: "`*`", instead };
    Err(QuestionError::at(of.span(), flaw))
}

/// Most decimals of a quantile's share.
const SHARE_DECIMALS: u8 = 6;
