//! Functions of the dialect and their arguments.

use crate::dictionary::{DAYS_MAX, fold, nearest};
use crate::limits::PREDICTORS_MAX;
use crate::plan::Timepoint;

use super::flaw::{Flaw, QuestionError};
use super::reader::{Reader, Scale};
use super::syntax::{Call, Node};
use super::words;

/// What a function takes, and how it is used.
pub(super) struct Signature {
    /// How many arguments stand without a name.
    pub(super) positional: usize,
    /// The named ones.
    pub(super) named: &'static [&'static str],
    pub(super) usage: &'static str,
}

pub(super) const COUNT: Signature = Signature { positional: 1, named: &[], usage: "count(*)" };
pub(super) const MEAN: Signature =
    Signature { positional: 1, named: &[], usage: "mean(score(phq9, day => 28, from => 14, to => 31))" };
pub(super) const RATE: Signature =
    Signature { positional: 1, named: &[], usage: "rate(response(phq9, day => 28, from => 14, to => 31))" };
pub(super) const SUM: Signature = Signature { positional: 1, named: &[], usage: "sum(sessions(dosing))" };
pub(super) const VARIANCE: Signature = Signature { positional: 1, named: &[], usage: "variance(baseline(phq9))" };
pub(super) const STDDEV: Signature = Signature { positional: 1, named: &[], usage: "stddev(baseline(phq9))" };
pub(super) const MEDIAN: Signature = Signature { positional: 1, named: &[], usage: "median(baseline(phq9))" };
pub(super) const QUANTILE: Signature = Signature { positional: 2, named: &[], usage: "quantile(baseline(phq9), 0.9)" };
pub(super) const HISTOGRAM: Signature = Signature { positional: 2, named: &[], usage: "histogram(baseline(phq9), 5)" };
pub(super) const TRAJECTORY: Signature = Signature {
    positional: 1,
    named: &["days", "within"],
    usage: "trajectory(phq9, days => (0, 7, 14, 28), within => 3)",
};
pub(super) const CORRELATION: Signature = Signature {
    positional: 2,
    named: &[],
    usage: "correlation(baseline(phq9), score(phq9, day => 28, from => 14, to => 31))",
};
pub(super) const LINEAR: Signature = Signature {
    positional: PREDICTORS_MAX + 1,
    named: &[],
    usage: "linear(score(phq9, day => 28, from => 14, to => 31), baseline(phq9), age, sex)",
};
pub(super) const LOGISTIC: Signature = Signature {
    positional: PREDICTORS_MAX + 1,
    named: &["at"],
    usage: "logistic(response(phq9, day => 28, from => 14, to => 31), baseline(phq9), sex)",
};
pub(super) const SURVIVAL: Signature =
    Signature { positional: 1, named: &["bucket", "until"], usage: "survival(relapse, bucket => 7, until => 364)" };
pub(super) const EVENTS_PER: Signature =
    Signature { positional: 3, named: &[], usage: "events_per(nausea, 100, sessions(dosing))" };
pub(super) const PCT_CHANGE: Signature = Signature {
    positional: 1,
    named: &["day", "from", "to"],
    usage: "pct_change(phq9, day => 28, from => 14, to => 31)",
};
pub(super) const BASELINE: Signature = Signature { positional: 1, named: &[], usage: "baseline(phq9)" };
pub(super) const SCORE: Signature =
    Signature { positional: 1, named: &["day", "from", "to"], usage: "score(phq9, day => 28, from => 14, to => 31)" };
pub(super) const CHANGE: Signature =
    Signature { positional: 1, named: &["day", "from", "to"], usage: "change(phq9, day => 28, from => 14, to => 31)" };
pub(super) const CLIP: Signature = Signature { positional: 3, named: &[], usage: "clip(baseline(phq9), 5, 20)" };
pub(super) const RESPONSE: Signature = Signature {
    positional: 1,
    named: &["day", "from", "to", "at_least", "missing"],
    usage: "response(phq9, day => 28, from => 14, to => 31, at_least => 0.5)",
};
pub(super) const REMISSION: Signature = Signature {
    positional: 1,
    named: &["day", "from", "to", "at_most", "at_least"],
    usage: "remission(phq9, day => 28, from => 14, to => 31, at_most => 4)",
};

pub(super) const DETERIORATED: Signature = Signature {
    positional: 1,
    named: &["day", "from", "to"],
    usage: "deteriorated(phq9, day => 28, from => 14, to => 31)",
};
pub(super) const RELIABLE_CHANGE: Signature = Signature {
    positional: 1,
    named: &["day", "from", "to", "by"],
    usage: "reliable_change(phq9, day => 28, from => 14, to => 31, by => 5)",
};
pub(super) const SESSIONS: Signature = Signature { positional: 1, named: &[], usage: "sessions(dosing)" };
pub(super) const DOSE_MG_PER_KG: Signature = Signature { positional: 1, named: &[], usage: "dose_mg_per_kg(mean)" };
pub(super) const CUMULATIVE_DOSE_MG: Signature = Signature { positional: 0, named: &[], usage: "cumulative_dose_mg()" };
pub(super) const PEAK: Signature = Signature { positional: 1, named: &[], usage: "peak(cadss)" };
pub(super) const EVENT: Signature = Signature { positional: 1, named: &["by"], usage: "event(relapse, by => 180)" };
pub(super) const MISSING: Signature =
    Signature { positional: 1, named: &[], usage: "missing(score(phq9, day => 28, from => 14, to => 31))" };
pub(super) const BAND: Signature = Signature { positional: 1, named: &[], usage: "band(age, 18, 30, 45, 65)" };

impl Call {
    /// Refuses arguments that the function does not have, and returns the ones without a name.
    pub(super) fn checked<const N: usize>(&self, signature: &Signature) -> Result<[&Node; N], QuestionError> {
        self.limited(signature)?;
        let nodes: Vec<&Node> = self.positional.iter().collect();
        nodes.try_into().map_err(|_| {
            let argument = match N {
                3 if same("clip", &self.name) => "a value, a lower and an upper bound",
                3 => "three values",
                2 => "two values",
                _ => "something in its parentheses",
            };
            self.missing(argument, signature.usage)
        })
    }

    /// Refuses arguments that the function does not have.
    pub(super) fn limited(&self, signature: &Signature) -> Result<(), QuestionError> {
        let Signature { positional, named, usage } = *signature;
        let function = || self.name.clone();
        for (place, argument) in self.named.iter().enumerate() {
            let (name, span) = (argument.name.clone(), argument.name_span.clone());
            if !named.iter().any(|known| same(known, &name)) {
                let near = nearest(&name, named.iter().copied());
                let flaw = Flaw::UnknownArgument { function: function(), argument: name, near, usage };
                return Err(QuestionError::at(span, flaw));
            }
            if self.named.iter().take(place).any(|earlier| same(&earlier.name, &name)) {
                return Err(QuestionError::at(span, Flaw::ArgumentTwice { argument: name }));
            }
        }
        if let Some(beyond) = self.positional.get(positional) {
            let flaw = Flaw::TooManyArguments { function: function(), most: positional, usage };
            return Err(QuestionError::at(beyond.span(), flaw));
        }
        Ok(())
    }

    /// A named argument, if it is there.
    pub(super) fn argument(&self, name: &str) -> Option<&Node> {
        self.named.iter().find(|argument| same(&argument.name, name)).map(|argument| &argument.value)
    }

    pub(super) fn missing(&self, argument: &'static str, usage: &'static str) -> QuestionError {
        let flaw = Flaw::MissingArgument { function: self.name.clone(), argument, usage };
        QuestionError::at(self.span.clone(), flaw)
    }
}

impl Reader<'_> {
    /// `day`, `from` and `to`. All three must be said: how late a score still counts is a clinical
    /// decision, and no default would be right for an hour after a dose and a year after it alike.
    pub(super) fn timepoint(&self, call: &Call, signature: &Signature) -> Result<Timepoint, QuestionError> {
        let days = Scale { of: "days", min: -i64::from(DAYS_MAX), max: i64::from(DAYS_MAX), decimals: 0 };
        let read = |name: &'static str| {
            let node = call.argument(name).ok_or_else(|| call.missing(name, signature.usage))?;
            self.number_on(&days, node).map(|day| (day, node.span()))
        };
        let ((day, day_span), (from, _), (to, _)) = (read("day")?, read("from")?, read("to")?);
        if day < from || day > to {
            return Err(QuestionError::at(day_span, Flaw::Window { day, from, to }));
        }
        let [day, from, to] = [day, from, to].map(|number| i32::try_from(number).unwrap_or(DAYS_MAX));
        Ok(Timepoint { day, from, to })
    }

    /// A timepoint after treatment began, for what is compared with the baseline.
    pub(super) fn endpoint(&self, call: &Call, signature: &Signature) -> Result<Timepoint, QuestionError> {
        let at = self.timepoint(call, signature)?;
        if at.from < 1 {
            let span = call.argument("from").map_or(call.span.clone(), Node::span);
            return Err(QuestionError::at(span, Flaw::WindowBeforeTreatment { from: i64::from(at.from) }));
        }
        Ok(at)
    }

    /// The error for a function that does not belong where it stands.
    pub(super) fn misplaced(&self, call: &Call, wanted: &'static str) -> QuestionError {
        let (name, span) = (call.name.clone(), call.name_span.clone());
        let here = |words: &[&str]| words.iter().any(|word| same(word, &name));
        let flaw = if here(&words::ESTIMATES) {
            let instead = "totals stand in the SELECT list, one by one".to_owned();
            Flaw::WrongKind { what: format!("the total `{name}`"), wanted, instead }
        } else if here(&words::NUMBERS) {
            let instead = format!("use `mean({name}(…))`, or compare it: `{name}(…) <= 10`");
            Flaw::WrongKind { what: format!("the number `{name}`"), wanted, instead }
        } else if here(&words::YES_NO) {
            let instead = format!("use `rate({name}(…))`");
            Flaw::WrongKind { what: format!("the yes/no `{name}`"), wanted, instead }
        } else if here(&words::GROUPS) {
            let instead = "bands stand behind GROUP BY: `GROUP BY band(age, 18, 30, 45, 65)`".to_owned();
            Flaw::WrongKind { what: format!("`{name}`"), wanted, instead }
        } else if let Some(instead) = words::instead_of(&name) {
            Flaw::OtherDialect { name, instead }
        } else {
            let known = words::ESTIMATES.into_iter().chain(words::NUMBERS).chain(words::YES_NO).chain(words::GROUPS);
            let near = nearest(&name, known);
            Flaw::UnknownFunction { name, near }
        };
        QuestionError::at(span, flaw)
    }
}

/// Whether two names of functions or arguments are one.
pub(super) fn same(known: &str, written: &str) -> bool {
    fold(known) == fold(written)
}
