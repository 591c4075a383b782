//! A plan in plain words, for whoever is asked to pay for it or to take part in it.

use std::collections::BTreeSet;

use crate::dictionary::{BaselineRule, Better, ConsentCategory, Dictionary, Field, FieldKind, show};

use super::condition::Relation;
use super::measure::{Doses, Gain, MissingEndpoint, Timepoint};
use super::{Condition, Estimate, EstimateKind, Measure, Mode, Plan, Quantity};

impl Plan {
    /// The kinds of records that the question reads, for matching it with each patient's consent: of
    /// what is measured, of the filter and of the groups.
    #[must_use]
    pub fn categories(&self, dictionary: &Dictionary) -> BTreeSet<ConsentCategory> {
        let field = |name: &str| dictionary.field(name).map(|field| field.category);
        let measure = |measure: &Measure| measure.category(dictionary);
        let mut touched: BTreeSet<ConsentCategory> =
            self.quantities.iter().filter_map(|quantity| measure(&quantity.measure)).collect();
        touched.extend(self.group_by.iter().filter_map(|grouping| match &grouping.bands {
            Some(bands) => measure(&bands.measure),
            None => field(&grouping.field),
        }));
        if let Some(filter) = &self.filter {
            let (mut fields, mut measures) = (Vec::new(), Vec::new());
            filter.visit(&mut |name| fields.push(name), &mut |read| measures.push(read));
            touched.extend(fields.into_iter().filter_map(field));
            touched.extend(measures.into_iter().filter_map(measure));
        }
        touched
    }

    /// The question in plain words, one line each for what is asked, of whom, in which groups, and
    /// what of a patient's records it reads.
    #[must_use]
    pub fn describe(&self, dictionary: &Dictionary) -> String {
        let words = Words(dictionary);
        let mut lines: Vec<String> = self
            .estimates
            .iter()
            .map(|estimate| format!("{}: {}", estimate.name, words.estimate(self, estimate)))
            .collect();
        lines.push(match &self.filter {
            None => "over all courses".to_owned(),
            Some(filter) => format!("over courses where {}", words.condition(filter)),
        });
        for grouping in &self.group_by {
            let what = match &grouping.bands {
                Some(bands) => format!("band of {}", words.measure(&bands.measure)),
                None => grouping.field.clone(),
            };
            lines.push(format!("for each {what} apart: {}", grouping.values.join(", ")));
        }
        lines.push(match self.courses_per_patient {
            1 => "each patient counts with one course, the first that matches".to_owned(),
            n => format!("each patient counts with at most {n} courses, the first that match"),
        });
        let reads: Vec<&str> = self.categories(dictionary).into_iter().map(ConsentCategory::name).collect();
        let reads = if reads.is_empty() { "only that there is a course".to_owned() } else { reads.join(", ") };
        lines.push(format!("reads: {reads}"));
        lines.push(match self.mode {
            Mode::Dp => "answers carry noise that hides each patient".to_owned(),
            Mode::Exact => {
                "answers are exact: small groups are held back, which protects against an honest committee only, and \
                 nothing carries (ε, δ)"
                    .to_owned()
            }
        });
        lines.join("\n")
    }
}

struct Words<'a>(&'a Dictionary);

impl Words<'_> {
    fn estimate(&self, plan: &Plan, estimate: &Estimate) -> String {
        let quantity = estimate.quantity.and_then(|at| plan.quantities.get(usize::try_from(at).ok()?));
        match (estimate.of, quantity) {
            (EstimateKind::Trajectory, _) => {
                let of = estimate.with.iter().filter_map(|at| plan.quantity(*at));
                let days: Vec<String> = of.map(|quantity| self.measure(&quantity.measure)).collect();
                format!("the means of {}", days.join("; "))
            }
            (EstimateKind::Count, _) | (_, None) => "how many courses there are".to_owned(),
            (EstimateKind::Mean, Some(quantity)) => self.ranged("the mean of", quantity),
            (EstimateKind::Rate, Some(quantity)) => {
                format!("the share of courses with {}", self.measure(&quantity.measure))
            }
            (EstimateKind::Sum, Some(quantity)) => self.ranged("the sum of", quantity),
            (EstimateKind::Variance, Some(quantity)) => self.ranged("the variance of", quantity),
            (EstimateKind::Stddev, Some(quantity)) => self.ranged("the standard deviation of", quantity),
            (EstimateKind::Quantile { share }, Some(quantity)) => {
                let what = format!("the value that {}/{} of courses lie below, of", share.num, share.den);
                self.ranged(&what, quantity)
            }
            (EstimateKind::Histogram { width }, Some(quantity)) => {
                let width = show(i64::try_from(width).unwrap_or(i64::MAX), quantity.decimals);
                self.ranged(&format!("how many courses are in each bin of {width} of"), quantity)
            }
            (EstimateKind::Logistic, Some(quantity)) => {
                let what = self.measure(&quantity.measure);
                format!("one round of a logistic regression of {what} on {}", self.columns(plan, estimate))
            }
            (EstimateKind::Linear, Some(quantity)) => {
                let what = self.measure(&quantity.measure);
                format!("a linear regression of {what} on {}", self.columns(plan, estimate))
            }
            (EstimateKind::Correlation, Some(quantity)) => {
                let what = self.measure(&quantity.measure);
                format!("the correlation of {what} with {}", self.columns(plan, estimate))
            }
            (EstimateKind::EventsPer { per }, Some(quantity)) => {
                format!("{}, for {per} of {}", self.measure(&quantity.measure), self.columns(plan, estimate))
            }
            (EstimateKind::Survival, Some(quantity)) => {
                format!("the share of courses to which nothing happened yet, by {}", self.measure(&quantity.measure))
            }
        }
    }

    /// What an estimate is taken on besides its first quantity; what a round foretells is no column.
    fn columns(&self, plan: &Plan, estimate: &Estimate) -> String {
        let measures = estimate.with.iter().filter_map(|at| plan.quantity(*at)).map(|quantity| &quantity.measure);
        let columns = measures.filter(|measure| !matches!(measure, Measure::Foretold(_)));
        columns.map(|measure| self.measure(measure)).collect::<Vec<_>>().join(", ")
    }

    fn ranged(&self, what: &str, quantity: &Quantity) -> String {
        if matches!(quantity.measure, Measure::ChangeFraction { .. }) {
            return format!("{what} {}", self.measure(&quantity.measure));
        }
        let [min, max] = [quantity.min, quantity.max].map(|bound| show(bound, quantity.decimals));
        let unit = self.unit(&quantity.measure);
        format!("{what} {}, each value moved into {min} to {max}{unit}", self.measure(&quantity.measure))
    }

    fn measure(&self, measure: &Measure) -> String {
        match measure {
            Measure::Field(field) => field.clone(),
            Measure::Baseline { instrument } => format!("the {instrument} total at baseline ({})", self.baseline()),
            Measure::Score { instrument, at } => format!("the {instrument} total on {}", when(*at)),
            Measure::Change { instrument, at } => {
                format!("the change of {instrument} from baseline ({}) to {}", self.baseline(), when(*at))
            }
            Measure::Clip { of, low, high } => {
                let [low, high] = [low, high].map(|bound| show(*bound, self.decimals(of)));
                format!("{}, moved into {low} to {high}", self.measure(of))
            }
            Measure::Response { instrument, at, at_least, missing } => {
                let absent = match missing {
                    MissingEndpoint::LeftOut => "courses without that total left out",
                    MissingEndpoint::NonResponder => "courses without that total counted as no",
                };
                let gain = match at_least {
                    Gain::OfBaseline(share) => format!("{}/{} of its baseline", share.num, share.den),
                    Gain::Points(points) => format!("{} points", show(i64::from(*points), self.decimals(measure))),
                    Gain::Bands(bands) => format!("{bands} of its severity bands"),
                };
                format!("{instrument} better by at least {gain} ({}) on {}, {absent}", self.baseline(), when(*at))
            }
            Measure::Remission { instrument, at, limit } => {
                let higher = self.0.instrument(instrument).is_some_and(|i| i.better == Better::Higher);
                let side = if higher { "at least" } else { "at most" };
                let limit = show(*limit, self.decimals(measure));
                format!("{instrument} of {side} {limit} on {}", when(*at))
            }
            Measure::Deteriorated { instrument, at } => {
                format!("{instrument} worse than at baseline ({}) on {}", self.baseline(), when(*at))
            }
            Measure::PercentChange { instrument, at } | Measure::ChangeFraction { instrument, at, .. } => {
                let (baseline, when) = (self.baseline(), when(*at));
                format!("the change of {instrument} in percent of its baseline ({baseline}) to {when}")
            }
            Measure::Sessions { kind: Some(kind) } => format!("the number of {kind} sessions"),
            Measure::Sessions { kind: None } => "the number of sessions".to_owned(),
            Measure::AdverseEvents { kind } => format!("the number of adverse events `{kind}`"),
            Measure::Is { field, value } => format!("{field} being {value}"),
            Measure::TimeTo { kind, days, until } => {
                format!("the time to `{kind}` in steps of {days} days up to day {until}")
            }
            Measure::DosePerKilogram { which } => {
                let which = match which {
                    Doses::First => "the first",
                    Doses::Mean => "the mean",
                    Doses::Max => "the highest",
                };
                format!("{which} dose by body weight")
            }
            Measure::CumulativeDose => "the dose over all sessions".to_owned(),
            Measure::Peak { instrument } => format!("the highest {instrument} of any session"),
            Measure::AdverseEvent { kind, by } => format!("an adverse event `{kind}` by day {by}"),
            Measure::Reached { kind, by } => {
                format!("`{kind}` by day {by}, courses not followed up for so long left out")
            }
            Measure::Missing { of } => format!("no value for {}", self.measure(of)),
            Measure::Foretold(_) => "what a logistic function of the columns foretells".to_owned(),
        }
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Flag(field) => format!("{field} is yes"),
            Condition::Is { field, values } => format!("{field} is {}", values.join(" or ")),
            Condition::Compare { measure, relation, value } => {
                let sign = match relation {
                    Relation::Equal => "exactly",
                    Relation::Unequal => "other than",
                    Relation::Below => "below",
                    Relation::AtMost => "at most",
                    Relation::Above => "above",
                    Relation::AtLeast => "at least",
                };
                let value = show(*value, self.decimals(measure));
                format!("{} is {sign} {value}{}", self.measure(measure), self.unit(measure))
            }
            Condition::Holds(measure) => self.measure(measure),
            Condition::All(parts) => self.joined(parts, " and "),
            Condition::Any(parts) => self.joined(parts, " or "),
            Condition::Not(part) => format!("not ({})", self.condition(part)),
        }
    }

    fn joined(&self, parts: &[Condition], word: &str) -> String {
        let part = |part: &Condition| match part {
            Condition::All(_) | Condition::Any(_) => format!("({})", self.condition(part)),
            Condition::Flag(_)
            | Condition::Is { .. }
            | Condition::Compare { .. }
            | Condition::Holds(_)
            | Condition::Not(_) => self.condition(part),
        };
        parts.iter().map(part).collect::<Vec<_>>().join(word)
    }

    fn baseline(&self) -> &'static str {
        match self.0.baseline() {
            BaselineRule::LastOnOrBefore0 => "the last on or before day 0",
            BaselineRule::HighestBefore0 => "the highest before day 0",
        }
    }

    fn decimals(&self, measure: &Measure) -> u8 {
        match measure {
            Measure::DosePerKilogram { .. } => return 3,
            Measure::CumulativeDose | Measure::PercentChange { .. } => return 1,
            Measure::Clip { of, .. } => return self.decimals(of),
            Measure::Field(_)
            | Measure::Baseline { .. }
            | Measure::Score { .. }
            | Measure::Change { .. }
            | Measure::Response { .. }
            | Measure::Remission { .. }
            | Measure::Deteriorated { .. }
            | Measure::Sessions { .. }
            | Measure::Peak { .. }
            | Measure::AdverseEvent { .. }
            | Measure::Reached { .. }
            | Measure::Is { .. }
            | Measure::ChangeFraction { .. }
            | Measure::AdverseEvents { .. }
            | Measure::TimeTo { .. }
            | Measure::Foretold(_)
            | Measure::Missing { .. } => {}
        }
        let instrument = measure.instrument().and_then(|name| self.0.instrument(name));
        instrument.map(|instrument| instrument.decimals).unwrap_or_else(|| {
            match self.field(measure).map(|field| &field.kind) {
                Some(FieldKind::Number { decimals, .. }) => *decimals,
                Some(FieldKind::Category { .. } | FieldKind::Flag) | None => 0,
            }
        })
    }

    fn unit(&self, measure: &Measure) -> String {
        match measure {
            Measure::DosePerKilogram { .. } => return " mg/kg".to_owned(),
            Measure::CumulativeDose => return " mg".to_owned(),
            Measure::PercentChange { .. } => return " %".to_owned(),
            Measure::Clip { of, .. } => return self.unit(of),
            Measure::Field(_)
            | Measure::Baseline { .. }
            | Measure::Score { .. }
            | Measure::Change { .. }
            | Measure::Response { .. }
            | Measure::Remission { .. }
            | Measure::Deteriorated { .. }
            | Measure::Sessions { .. }
            | Measure::Peak { .. }
            | Measure::AdverseEvent { .. }
            | Measure::Reached { .. }
            | Measure::Is { .. }
            | Measure::ChangeFraction { .. }
            | Measure::AdverseEvents { .. }
            | Measure::TimeTo { .. }
            | Measure::Foretold(_)
            | Measure::Missing { .. } => {}
        }
        match self.field(measure).map(|field| &field.kind) {
            Some(FieldKind::Number { unit: Some(unit), .. }) => format!(" {unit}"),
            Some(FieldKind::Number { .. } | FieldKind::Category { .. } | FieldKind::Flag) | None => String::new(),
        }
    }

    fn field(&self, measure: &Measure) -> Option<&Field> {
        measure.field().and_then(|name| self.0.field(name))
    }
}

fn when(at: Timepoint) -> String {
    format!("day {} (the closest within days {} to {})", at.day, at.from, at.to)
}
