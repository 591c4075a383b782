//! What to know before asking, in sentences: how many patients would make an answer useful, where a clip would help, and which
//! groups would be held back. Every number is found by explaining the question again.

use super::assumed::{Assumed, PER_SESSION, unclipped};
use super::{Expected, of_size, three_digits};
use crate::answer::least_shown;
use crate::cost::RhoMicro;
use crate::dictionary::{Dictionary, ImportantChange, Instrument, show};
use crate::plan::{Estimate, EstimateKind, Measure, Mode, Plan, Quantity};
use crate::privacy::price;

/// The sentences on a priced plan, for cohorts of these sizes.
///
/// `aggregators` is k, `cohort_min` the smallest group that the charter lets be shown.
#[must_use]
pub fn advise(plan: &Plan, dictionary: &Dictionary, aggregators: u32, cohort_min: u64, cohorts: &[u64]) -> Vec<String> {
    let least = least_shown(plan, cohort_min, aggregators);
    let mut told = vec![held_back(plan, least, cohorts)];
    for (at, estimate) in plan.estimates.iter().enumerate() {
        told.extend(clip(plan, dictionary, aggregators, at, estimate, cohorts));
        let Some(goal) = Goal::of(plan, dictionary, estimate) else { continue };
        told.push(goal.reached(plan, aggregators, at, estimate, least));
    }
    told
}

/// Which groups would be held back.
fn held_back(plan: &Plan, least: u64, cohorts: &[u64]) -> String {
    let groups = u64::try_from(plan.group_count()).unwrap_or(u64::MAX).max(1);
    let about = if plan.mode == Mode::Dp { "about " } else { "" };
    let each = |patients: &u64| {
        let even = patients.checked_div(groups).unwrap_or(0);
        if even < least {
            let whole = if groups == 1 { "the answer".to_owned() } else { format!("all {groups}, if they are even,") };
            return format!("at {patients} patients {whole} would be");
        }
        if groups == 1 {
            return format!("at {patients} patients nothing would be");
        }
        let share = (least.saturating_mul(100)).div_ceil((*patients).max(1));
        format!("at {patients} patients those with less than {share} % of them would be")
    };
    let sizes: Vec<String> = cohorts.iter().map(each).collect();
    format!("Groups of fewer than {about}{least} courses are held back: {}.", sizes.join("; "))
}

/// How precise an answer has to be, and by what measure.
struct Goal {
    /// In the estimate's own unit.
    within: f64,
    /// And for each course of the group so much more.
    per_course: f64,
    why: String,
}

impl Goal {
    fn of(plan: &Plan, dictionary: &Dictionary, estimate: &Estimate) -> Option<Self> {
        let first = estimate.quantity.or_else(|| estimate.with.first().copied());
        let quantity = first.and_then(|number| plan.quantity(number));
        let flat = |within: f64, why: &str| Some(Self { within, per_course: 0.0, why: why.to_owned() });
        let tenth = |of: f64, why: &str| Some(Self { within: 0.0, per_course: of / 10.0, why: why.to_owned() });
        match estimate.of {
            EstimateKind::Count | EstimateKind::Histogram { .. } => tenth(1.0, "a tenth of the group"),
            EstimateKind::Sum => {
                let (quantity, assumed) = (quantity?, Assumed::of(plan, quantity?));
                let mean = (quantity.min as f64 + assumed.mean) / one(quantity);
                tenth(mean.abs(), "a tenth of the sum that is assumed")
            }
            EstimateKind::Rate | EstimateKind::Survival => flat(0.1, "ten of a hundred"),
            EstimateKind::Correlation => flat(0.2, "a fifth, which tells a weak correlation from a strong one"),
            EstimateKind::EventsPer { per } => {
                flat(f64::from(per) * PER_SESSION / 2.0, "half the rate that is assumed")
            }
            EstimateKind::Variance => {
                let spread = Assumed::of(plan, quantity?).sd / one(quantity?);
                flat(spread * spread / 2.0, "half the variance that is assumed")
            }
            EstimateKind::Stddev => {
                flat(Assumed::of(plan, quantity?).sd / one(quantity?) / 4.0, "a quarter of the spread that is assumed")
            }
            EstimateKind::Mean | EstimateKind::Quantile { .. } | EstimateKind::Trajectory => {
                Some(Self::of_number(plan, dictionary, quantity?))
            }
            // A column's coefficient is in a unit of its own, for which nothing is known to matter.
            EstimateKind::Linear | EstimateKind::Logistic => None,
        }
    }

    /// The smallest change that patients notice; where the dictionary has none, half a spread.
    fn of_number(plan: &Plan, dictionary: &Dictionary, quantity: &Quantity) -> Self {
        let instrument = scored(&quantity.measure).and_then(|id| dictionary.instrument(id));
        let known = instrument.and_then(|known| known.mcid.map(|change| (known, change)));
        let (within, why) = match known {
            Some((known, ImportantChange::Points(points))) => (
                f64::from(points) / one(quantity),
                format!("the smallest change of the {} that patients notice", known.id),
            ),
            Some((known, ImportantChange::OfBaseline(share))) => {
                let middle = (known.min as f64 + known.max as f64) / 2.0 / one(quantity);
                let share = f64::from(share.num) / f64::from(share.den);
                let why = format!(
                    "the smallest change of the {} that patients notice: {:.0} % of a baseline in the middle of its range",
                    known.id,
                    share * 100.0
                );
                (middle * share, why)
            }
            None => {
                let why = "half the spread that is assumed, for want of an important change in the dictionary";
                (Assumed::of(plan, quantity).sd / one(quantity) / 2.0, why.to_owned())
            }
        };
        Self { within, per_course: 0.0, why }
    }

    fn is_reached(&self, row: &Expected) -> bool {
        row.half_width <= self.within + self.per_course * row.per_group
    }

    /// The fewest patients for whom it is reached, to two digits.
    fn reached(&self, plan: &Plan, aggregators: u32, at: usize, estimate: &Estimate, least: u64) -> String {
        let groups = u64::try_from(plan.group_count()).unwrap_or(u64::MAX).max(1);
        let enough =
            |patients: u64| of_size(plan, aggregators, at, patients).first().is_some_and(|row| self.is_reached(row));
        let shown = least.saturating_mul(groups);
        let mut high = shown.max(16);
        while high < PATIENTS_MOST && !enough(high) {
            high = high.saturating_mul(2);
        }
        let name = &estimate.name;
        let within = if self.within > 0.0 { format!("±{}, ", three_digits(self.within)) } else { String::new() };
        if high >= PATIENTS_MOST {
            return format!("`{name}` would not be useful with ten million patients: within {within}{}.", self.why);
        }
        let mut low = if high == shown.max(16) { high } else { high / 2 };
        while high.saturating_sub(low) > high.div_ceil(40) {
            let middle = low.midpoint(high);
            if enough(middle) { high = middle } else { low = middle }
        }
        let patients = two_digits(high.max(shown));
        format!("`{name}` would be useful from about {patients} patients up: within {within}{}.", self.why)
    }
}

/// The instrument of whose total, or of a change of it, this is.
fn scored(measure: &Measure) -> Option<&str> {
    let measure = unclipped(measure);
    let is = matches!(
        measure,
        Measure::Baseline { .. } | Measure::Score { .. } | Measure::Change { .. } | Measure::Peak { .. }
    );
    measure.instrument().filter(|_| is)
}

/// A narrower range, where a wide one makes noise most of the error.
fn clip(
    plan: &Plan,
    dictionary: &Dictionary,
    aggregators: u32,
    at: usize,
    estimate: &Estimate,
    cohorts: &[u64],
) -> Option<String> {
    let clippable = matches!(
        estimate.of,
        EstimateKind::Mean
            | EstimateKind::Sum
            | EstimateKind::Variance
            | EstimateKind::Stddev
            | EstimateKind::Correlation
            | EstimateKind::Linear
    );
    let patients = *cohorts.get(cohorts.len() / 2)?;
    let before = of_size(plan, aggregators, at, patients).into_iter().next()?;
    if plan.mode == Mode::Exact || !clippable || before.share_noise.is_none_or(|share| share < 0.5) {
        return None;
    }
    let wide = |number: &&u32| plan.quantity(**number).is_some_and(|known| is_wide(plan, known));
    let number = *estimate.quantity.iter().chain(&estimate.with).find(wide)?;
    let quantity = plan.quantity(number)?;
    let instrument = scored(&quantity.measure).and_then(|id| dictionary.instrument(id));
    let (low, high) = narrower(quantity, instrument);
    let mut clipped = plan.clone();
    let narrow = clipped.quantities.get_mut(usize::try_from(number).ok()?)?;
    (narrow.min, narrow.max) = (low, high);
    let rho: RhoMicro = plan.blocks.iter().map(|block| block.rho).sum();
    let after = of_size(&price(clipped, rho).ok()?, aggregators, at, patients).into_iter().next()?;
    let (label, [min, max, low, high]) =
        (quantity.measure.label(), [quantity.min, quantity.max, low, high].map(|value| show(value, quantity.decimals)));
    let share = before.share_noise.unwrap_or(1.0) * 100.0;
    (after.half_width < 0.8 * before.half_width).then(|| {
        format!(
            "Of the error of `{}` at {patients} patients {share:.0} % is noise, because {label} may lie anywhere from {min} to \
             {max}. If you expect it from {low} to {high}, clip(…, {low}, {high}) around it brings ±{} down to ±{}.",
            before.name,
            three_digits(before.half_width),
            three_digits(after.half_width)
        )
    })
}

/// Whether a quantity is assumed to fill only a small part of its range.
fn is_wide(plan: &Plan, quantity: &Quantity) -> bool {
    quantity.width() as f64 >= 6.0 * Assumed::of(plan, quantity).sd
}

/// The dictionary's clip of a change, else about half the range or less.
fn narrower(quantity: &Quantity, instrument: Option<&Instrument>) -> (i64, i64) {
    let (min, max) = (quantity.min, quantity.max);
    let measure = unclipped(&quantity.measure);
    let is_change = matches!(measure, Measure::Change { .. });
    if let Some((low, high)) = instrument.and_then(|known| known.change_clip).filter(|_| is_change) {
        return (low.max(min), high.min(max));
    }
    if matches!(measure, Measure::Sessions { .. } | Measure::AdverseEvents { .. }) {
        let most = if matches!(measure, Measure::Sessions { .. }) { 20 } else { 5 };
        return (min, max.min(min.saturating_add(most)));
    }
    let eighth = max.saturating_sub(min).div_euclid(8);
    (min.saturating_add(eighth), min.saturating_add(eighth.saturating_mul(5)))
}

/// How many units of a quantity make one.
fn one(quantity: &Quantity) -> f64 {
    10_f64.powi(i32::from(quantity.decimals))
}

/// Upwards.
fn two_digits(number: u64) -> u64 {
    let mut unit = 1_u64;
    while number.div_ceil(unit) >= 100 {
        unit = unit.saturating_mul(10);
    }
    number.div_ceil(unit).saturating_mul(unit)
}

/// More patients than any federation has.
const PATIENTS_MOST: u64 = 10_000_000;
