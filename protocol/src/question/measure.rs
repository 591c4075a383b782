//! What is measured: numbers, and yes or no.

use crate::dictionary::{Better, FieldKind, Fraction, Instrument, show};
use crate::plan::{Gain, Measure, MissingEndpoint, Mode, Quantity};

use super::arguments::{
    BASELINE, CHANGE, CLIP, DETERIORATED, MISSING, PCT_CHANGE, PEAK, RELIABLE_CHANGE, REMISSION, RESPONSE, SCORE, same,
};
use super::flaw::{Flaw, QuestionError};
use super::reader::{Reader, Scale};
use super::syntax::{Call, Node};

/// A number with its range.
pub(super) struct Number {
    pub(super) measure: Measure,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) decimals: u8,
    pub(super) reference_sd: Option<u32>,
    /// The range it is clipped to in `dp` mode, unless the question clips it.
    pub(super) change_clip: Option<(i64, i64)>,
}

impl Number {
    pub(super) fn scale<'s>(&self, of: &'s str) -> Scale<'s> {
        Scale { of, min: self.min, max: self.max, decimals: self.decimals }
    }

    /// The quantity of its mean. A clip becomes the quantity's bounds.
    pub(super) fn quantity(self, mode: Mode) -> Quantity {
        let Self { measure, min, max, decimals, reference_sd, change_clip } = self;
        let (min, max) = match (mode, change_clip) {
            (Mode::Dp, Some((low, high))) => (low.max(min), high.min(max)),
            (Mode::Dp, None) | (Mode::Exact, _) => (min, max),
        };
        let measure = match measure {
            Measure::Clip { of, .. } => *of,
            Measure::Field(_)
            | Measure::Baseline { .. }
            | Measure::Score { .. }
            | Measure::Change { .. }
            | Measure::Response { .. }
            | Measure::Remission { .. }
            | Measure::Deteriorated { .. }
            | Measure::PercentChange { .. }
            | Measure::ChangeFraction { .. }
            | Measure::Is { .. }
            | Measure::AdverseEvents { .. }
            | Measure::TimeTo { .. }
            | Measure::Sessions { .. }
            | Measure::DosePerKilogram { .. }
            | Measure::CumulativeDose
            | Measure::Peak { .. }
            | Measure::AdverseEvent { .. }
            | Measure::Reached { .. }
            | Measure::Foretold(_)
            | Measure::Missing { .. } => measure,
        };
        Quantity { measure, min, max, decimals, reference_sd, joint: None }
    }
}

impl Reader<'_> {
    /// A number: a numeric field, `baseline`, `score`, `change` or `clip`.
    pub(super) fn number(&self, node: &Node) -> Result<Number, QuestionError> {
        match node {
            Node::Word { name, span } => {
                let field = self.field(name, span)?;
                let FieldKind::Number { min, max, decimals, reference_sd, .. } = field.kind else {
                    return Err(not_a_number(node, format!("`{name}`, which is not a number"), "rate"));
                };
                let measure = Measure::Field(field.id.clone());
                Ok(Number { measure, min, max, decimals, reference_sd, change_clip: None })
            }
            Node::Call(call) if same("baseline", &call.name) => {
                let [instrument] = call.checked(&BASELINE)?;
                let known = self.instrument_with_baseline(instrument)?;
                Ok(total(known, Measure::Baseline { instrument: known.id.clone() }))
            }
            Node::Call(call) if same("score", &call.name) => {
                let [instrument] = call.checked(&SCORE)?;
                let known = self.instrument_of_days(instrument)?;
                let at = self.timepoint(call, &SCORE)?;
                Ok(total(known, Measure::Score { instrument: known.id.clone(), at }))
            }
            Node::Call(call) if same("change", &call.name) => {
                let [instrument] = call.checked(&CHANGE)?;
                let known = self.instrument_with_baseline(instrument)?;
                let at = self.endpoint(call, &CHANGE)?;
                let measure = Measure::Change { instrument: known.id.clone(), at };
                let change_clip = known.change_clip;
                Ok(Number { min: -known.width(), max: known.width(), change_clip, ..total(known, measure) })
            }
            Node::Call(call) if same("clip", &call.name) => self.clip(call),
            Node::Call(call) if same("pct_change", &call.name) => self.percent_change(call),
            Node::Call(call) if same("peak", &call.name) => {
                let [instrument] = call.checked(&PEAK)?;
                let known = self.instrument_of_sessions(instrument)?;
                Ok(total(known, Measure::Peak { instrument: known.id.clone() }))
            }
            Node::Call(call) if same("sessions", &call.name) => self.sessions(call),
            Node::Call(call) if same("dose_mg_per_kg", &call.name) => self.dose_per_kilogram(call),
            Node::Call(call) if same("cumulative_dose_mg", &call.name) => self.cumulative_dose(call),
            Node::Call(call) => Err(self.misplaced(call, "a number")),
            Node::Number { .. }
            | Node::Text { .. }
            | Node::Truth { .. }
            | Node::Star { .. }
            | Node::List { .. }
            | Node::Not(_)
            | Node::All(_)
            | Node::Any(_)
            | Node::Compare { .. }
            | Node::Among { .. }
            | Node::Between { .. } => Err(not_a_number(node, node.kind().to_owned(), "mean")),
        }
    }

    /// `clip(x, low, high)`: values beyond are moved to the bound. Bounds outside the range of x are
    /// the ends of that range, so that they do not buy noise for values that cannot be.
    fn clip(&self, call: &Call) -> Result<Number, QuestionError> {
        let [of, low, high] = call.checked(&CLIP)?;
        let inner = self.number(of)?;
        if matches!(inner.measure, Measure::Clip { .. }) {
            let instead = "clip once, to the narrower bounds".to_owned();
            let what = "a clipped number".to_owned();
            return Err(QuestionError::at(of.span(), Flaw::WrongKind { what, wanted: "a number to clip", instead }));
        }
        let scale = inner.scale("the measure");
        let (asked_low, asked_high) = (self.number_in_units(&scale, low)?, self.number_in_units(&scale, high)?);
        let (min, max) = (asked_low.max(inner.min), asked_high.min(inner.max));
        if asked_low >= asked_high || min >= max {
            let [low_text, high_text, min, max] =
                [asked_low, asked_high, inner.min, inner.max].map(|number| show(number, inner.decimals));
            let span = low.span().start..high.span().end;
            return Err(QuestionError::at(span, Flaw::EmptyClip { low: low_text, high: high_text, min, max }));
        }
        let measure = Measure::Clip { of: Box::new(inner.measure), low: min, high: max };
        Ok(Number { measure, min, max, change_clip: None, ..inner })
    }

    /// `pct_change(i, …)`, in tenths of a percent. With noise it is clipped to −100…100 unless the question clips it.
    fn percent_change(&self, call: &Call) -> Result<Number, QuestionError> {
        let [node] = call.checked(&PCT_CHANGE)?;
        let known = self.instrument_with_baseline(node)?;
        let instrument = known.id.clone();
        if known.min < 0 {
            let (reason, instead) = ("goes below 0, so a percentage of its baseline means nothing", "use `change(…)`");
            return Err(QuestionError::at(node.span(), Flaw::NoDirection { instrument, reason, instead }));
        }
        let at = self.endpoint(call, &PCT_CHANGE)?;
        let max = known.max.saturating_sub(1).saturating_mul(1_000).max(1_000);
        let (measure, change_clip) = (Measure::PercentChange { instrument, at }, Some((-1_000, 1_000)));
        Ok(Number { measure, min: -1_000, max, decimals: 1, reference_sd: None, change_clip })
    }

    /// A yes/no: a flag, `response` or `remission`.
    pub(super) fn yes_no(&self, node: &Node) -> Result<Measure, QuestionError> {
        match node {
            Node::Word { name, span } => {
                let field = self.field(name, span)?;
                match field.kind {
                    FieldKind::Flag => Ok(Measure::Field(field.id.clone())),
                    FieldKind::Number { .. } => Err(not_yes_no(node, format!("the number `{name}`"))),
                    FieldKind::Category { .. } => Err(not_yes_no(node, format!("the category `{name}`"))),
                }
            }
            Node::Call(call) if same("response", &call.name) => self.response(call),
            Node::Call(call) if same("remission", &call.name) => self.remission(call),
            Node::Call(call) if same("deteriorated", &call.name) => {
                let [node] = call.checked(&DETERIORATED)?;
                let known = self.instrument_with_direction(node)?;
                let at = self.endpoint(call, &DETERIORATED)?;
                Ok(Measure::Deteriorated { instrument: known.id.clone(), at })
            }
            Node::Call(call) if same("reliable_change", &call.name) => self.reliable_change(call),
            Node::Call(call) if same("event", &call.name) => self.event(call),
            Node::Call(call) if same("missing", &call.name) => {
                let [of] = call.checked(&MISSING)?;
                self.missing(of)
            }
            Node::Call(call) => Err(self.misplaced(call, "a yes/no")),
            Node::Number { .. }
            | Node::Text { .. }
            | Node::Truth { .. }
            | Node::Star { .. }
            | Node::List { .. }
            | Node::Not(_)
            | Node::All(_)
            | Node::Any(_)
            | Node::Compare { .. }
            | Node::Among { .. }
            | Node::Between { .. } => Err(not_yes_no(node, node.kind().to_owned())),
        }
    }

    fn response(&self, call: &Call) -> Result<Measure, QuestionError> {
        let [node] = call.checked(&RESPONSE)?;
        let known = self.instrument_with_direction(node)?;
        let instrument = known.id.clone();
        let at = self.endpoint(call, &RESPONSE)?;
        let at_least = match call.argument("at_least") {
            Some(share) => Gain::OfBaseline(self.share(share, known.better)?),
            None => known.response.map(Gain::from).ok_or_else(|| {
                let flaw = Flaw::NoRule { rule: "response", instrument: instrument.clone(), usage: RESPONSE.usage };
                QuestionError::at(call.span.clone(), flaw)
            })?,
        };
        if matches!(at_least, Gain::OfBaseline(_)) && known.min < 0 {
            let (reason, instead) =
                ("goes below 0, so a share of its baseline means nothing", "use `change(…)` or `reliable_change(…)`");
            return Err(QuestionError::at(node.span(), Flaw::NoDirection { instrument, reason, instead }));
        }
        let missing = match call.argument("missing") {
            None => MissingEndpoint::LeftOut,
            Some(Node::Text { value, .. }) if value.eq_ignore_ascii_case("non_responder") => {
                MissingEndpoint::NonResponder
            }
            Some(other) => {
                let instead = "write `missing => 'non_responder'`, or leave it out for observed cases".to_owned();
                let what = other.kind().to_owned();
                let flaw = Flaw::WrongKind { what, wanted: "`'non_responder'`", instead };
                return Err(QuestionError::at(other.span(), flaw));
            }
        };
        Ok(Measure::Response { instrument, at, at_least, missing })
    }

    /// An improvement of at least so many points: those of the dictionary, or the question's own.
    fn reliable_change(&self, call: &Call) -> Result<Measure, QuestionError> {
        let [node] = call.checked(&RELIABLE_CHANGE)?;
        let known = self.instrument_with_direction(node)?;
        let instrument = known.id.clone();
        let at = self.endpoint(call, &RELIABLE_CHANGE)?;
        let points = match call.argument("by") {
            Some(points) => {
                let scale = Scale { of: &known.id, min: 1, max: known.width(), decimals: known.decimals };
                u32::try_from(self.number_on(&scale, points)?).unwrap_or(u32::MAX)
            }
            None => known.reliable_change.ok_or_else(|| {
                let usage = RELIABLE_CHANGE.usage;
                let flaw = Flaw::NoRule { rule: "reliable-change", instrument: instrument.clone(), usage };
                QuestionError::at(call.span.clone(), flaw)
            })?,
        };
        Ok(Measure::Response { instrument, at, at_least: Gain::Points(points), missing: MissingEndpoint::LeftOut })
    }

    /// The share of the baseline that makes a response: above 0, and at most 1 where lower is better.
    fn share(&self, node: &Node, better: Better) -> Result<Fraction, QuestionError> {
        let decimal = self.decimal(node)?;
        let (num, den) = decimal.ratio();
        let most = if better == Better::Higher { 100 } else { 1 };
        let fits = |fraction: &Fraction| u64::from(fraction.num) <= most * u64::from(fraction.den);
        let share = u64::try_from(num).ok().and_then(|num| Fraction::reduced(num, den)).filter(fits);
        share.ok_or_else(|| {
            let (value, of) = (decimal.to_string(), "a share of the baseline".to_owned());
            let (min, max) = ("above 0".to_owned(), most.to_string());
            QuestionError::at(node.span(), Flaw::OutOfRange { value, of, min, max })
        })
    }

    fn remission(&self, call: &Call) -> Result<Measure, QuestionError> {
        let [node] = call.checked(&REMISSION)?;
        let known = self.instrument_of_days(node)?;
        let instrument = known.id.clone();
        let (rule, other, reason, instead) = match known.better {
            Better::Lower => ("at_most", "at_least", "is better lower", "write `at_most => …`"),
            Better::Higher => ("at_least", "at_most", "is better higher", "write `at_least => …`"),
            Better::Neutral => {
                let (reason, instead) = ("has no direction of recovery", "use `score(…)`");
                return Err(QuestionError::at(node.span(), Flaw::NoDirection { instrument, reason, instead }));
            }
        };
        if let Some(wrong) = call.named.iter().find(|argument| same(other, &argument.name)) {
            let flaw = Flaw::NoDirection { instrument, reason, instead };
            return Err(QuestionError::at(wrong.name_span.clone(), flaw));
        }
        let at = self.timepoint(call, &REMISSION)?;
        let limit = match call.argument(rule) {
            Some(limit) => self.number_on(&total(known, Measure::Field(String::new())).scale(&known.id), limit)?,
            None => known.remission.ok_or_else(|| {
                let flaw = Flaw::NoRule { rule: "remission", instrument: instrument.clone(), usage: REMISSION.usage };
                QuestionError::at(call.span.clone(), flaw)
            })?,
        };
        Ok(Measure::Remission { instrument, at, limit })
    }

    fn instrument_of_days(&self, node: &Node) -> Result<&Instrument, QuestionError> {
        let known = self.instrument(node)?;
        if known.per_session {
            return Err(QuestionError::at(node.span(), Flaw::OfSession { instrument: known.id.clone() }));
        }
        Ok(known)
    }

    fn instrument_of_sessions(&self, node: &Node) -> Result<&Instrument, QuestionError> {
        let known = self.instrument(node)?;
        if !known.per_session {
            return Err(QuestionError::at(node.span(), Flaw::OfDay { instrument: known.id.clone() }));
        }
        Ok(known)
    }

    fn instrument_with_direction(&self, node: &Node) -> Result<&Instrument, QuestionError> {
        let known = self.instrument_with_baseline(node)?;
        if known.better == Better::Neutral {
            let (instrument, reason) = (known.id.clone(), "has no direction of recovery");
            return Err(QuestionError::at(
                node.span(),
                Flaw::NoDirection { instrument, reason, instead: "use `change(…)`" },
            ));
        }
        Ok(known)
    }

    pub(super) fn instrument_with_baseline(&self, node: &Node) -> Result<&Instrument, QuestionError> {
        let known = self.instrument_of_days(node)?;
        if known.rates_change {
            return Err(QuestionError::at(node.span(), Flaw::NoBaseline { instrument: known.id.clone() }));
        }
        Ok(known)
    }
}

/// A total of an instrument, with its range.
fn total(instrument: &Instrument, measure: Measure) -> Number {
    let Instrument { min, max, decimals, reference_sd, .. } = *instrument;
    Number { measure, min, max, decimals, reference_sd, change_clip: None }
}

fn not_a_number(node: &Node, what: String, estimate: &str) -> QuestionError {
    let instead = match estimate {
        "rate" => "use `rate(…)` for a yes/no, or GROUP BY for a category".to_owned(),
        _ => {
            "use a numeric field, `baseline(…)`, `score(…)`, `change(…)`, `clip(…)`, `sessions(…)`, a dose or `peak(…)`"
                .to_owned()
        }
    };
    QuestionError::at(node.span(), Flaw::WrongKind { what, wanted: "a number", instead })
}

fn not_yes_no(node: &Node, what: String) -> QuestionError {
    let instead =
        "use a yes/no field, `response(…)`, `remission(…)`, `event(…)` or `missing(…)`; `mean(…)` is for numbers"
            .to_owned();
    QuestionError::at(node.span(), Flaw::WrongKind { what, wanted: "a yes/no", instead })
}
