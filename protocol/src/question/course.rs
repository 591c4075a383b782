//! What a course's sessions, doses and events tell: numbers and yes/no that no instrument has.

use crate::dictionary::{DAYS_MAX, fold, nearest};
use crate::limits::{CUMULATIVE_DOSE_MG_MAX, SESSIONS_COUNTED_MAX};
use crate::plan::{Doses, Measure};

use super::arguments::{CUMULATIVE_DOSE_MG, DOSE_MG_PER_KG, EVENT, SESSIONS, same};
use super::flaw::{Flaw, QuestionError};
use super::measure::Number;
use super::reader::{Reader, Scale};
use super::syntax::{Call, Node};

impl Reader<'_> {
    /// `sessions(kind)`.
    pub(super) fn sessions(&self, call: &Call) -> Result<Number, QuestionError> {
        let [node] = call.checked(&SESSIONS)?;
        let kinds = self.dictionary.session().map(|rules| rules.kinds.as_slice()).unwrap_or_default();
        let kind = Some(named(node, "a kind of session", kinds.iter().map(String::as_str))?);
        Ok(number(Measure::Sessions { kind }, SESSIONS_COUNTED_MAX, 0))
    }

    /// `dose_mg_per_kg(first | mean | max)`. The largest that can be is the highest limit of any route at the lowest
    /// weight.
    pub(super) fn dose_per_kilogram(&self, call: &Call) -> Result<Number, QuestionError> {
        let [node] = call.checked(&DOSE_MG_PER_KG)?;
        let which = match named(node, "first, mean or max", ["first", "mean", "max"])?.as_str() {
            "first" => Doses::First,
            "mean" => Doses::Mean,
            _ => Doses::Max,
        };
        let rules = self.dictionary.session().ok_or_else(|| no_sessions(call))?;
        let dose = rules.routes.iter().map(|route| i64::from(route.dose_max.0)).max().unwrap_or(0);
        let most = dose.div_euclid(i64::from(rules.weight.min).max(1)).max(1);
        Ok(number(Measure::DosePerKilogram { which }, most, 3))
    }

    /// `cumulative_dose_mg()`.
    pub(super) fn cumulative_dose(&self, call: &Call) -> Result<Number, QuestionError> {
        let [] = call.checked(&CUMULATIVE_DOSE_MG)?;
        self.dictionary.session().ok_or_else(|| no_sessions(call))?;
        Ok(number(Measure::CumulativeDose, CUMULATIVE_DOSE_MG_MAX * 10, 1))
    }

    /// `event(kind, by => day)`: of what is waited for, or of adverse events. A kind that is both is what is waited for,
    /// because only that says how long a course was followed.
    pub(super) fn event(&self, call: &Call) -> Result<Measure, QuestionError> {
        let [node] = call.checked(&EVENT)?;
        let times: Vec<&str> = self.dictionary.times_to_event().iter().map(|code| code.id.as_str()).collect();
        let adverse = self.dictionary.events().map(|rules| rules.kinds.as_slice()).unwrap_or_default();
        let kinds = times.iter().copied().chain(adverse.iter().map(|kind| kind.code.id.as_str()));
        let kind = named(node, "a kind of event", kinds)?;
        let Some(day) = call.argument("by") else {
            let flaw = Flaw::MissingArgument { function: call.name.clone(), argument: "by", usage: EVENT.usage };
            return Err(QuestionError::at(call.span.clone(), flaw));
        };
        let days = Scale { of: "days", min: 0, max: i64::from(DAYS_MAX), decimals: 0 };
        let by = i32::try_from(self.number_on(&days, day)?).unwrap_or(DAYS_MAX);
        Ok(if times.contains(&kind.as_str()) {
            Measure::Reached { kind, by }
        } else {
            Measure::AdverseEvent { kind, by }
        })
    }

    /// `missing(x)`: of a number or a yes/no.
    pub(super) fn missing(&self, of: &Node) -> Result<Measure, QuestionError> {
        let number = self.number(of).map(|number| number.measure);
        let of_measure = number.or_else(|not_a_number| self.yes_no(of).map_err(|_| not_a_number))?;
        if matches!(of_measure, Measure::Missing { .. }) {
            let instead = "leave one `missing` out: whether a value is missing is always known".to_owned();
            let flaw = Flaw::WrongKind { what: "`missing(…)`".to_owned(), wanted: "a number or yes/no", instead };
            return Err(QuestionError::at(of.span(), flaw));
        }
        // A bound changes no missing value, so that both spellings are one plan.
        let inner = if let Measure::Clip { of, .. } = of_measure { of } else { Box::new(of_measure) };
        Ok(Measure::Missing { of: inner })
    }
}

/// A word of a closed list, in the list's spelling.
pub(super) fn named<'a>(
    node: &Node,
    wanted: &'static str,
    known: impl IntoIterator<Item = &'a str>,
) -> Result<String, QuestionError> {
    let known: Vec<&str> = known.into_iter().collect();
    let Node::Word { name, span } = node else {
        let instead = "name it without quotes".to_owned();
        return Err(QuestionError::at(node.span(), Flaw::WrongKind { what: node.kind().to_owned(), wanted, instead }));
    };
    known.iter().find(|word| same(word, name)).map(|word| (*word).to_owned()).ok_or_else(|| {
        let near = nearest(name, known.iter().copied());
        let known = known.iter().map(|word| (*word).to_owned()).collect();
        QuestionError::at(span.clone(), Flaw::UnknownWord { name: fold(name), wanted, near, known })
    })
}

const fn number(measure: Measure, max: i64, decimals: u8) -> Number {
    Number { measure, min: 0, max, decimals, reference_sd: None, change_clip: None }
}

fn no_sessions(call: &Call) -> QuestionError {
    QuestionError::at(call.span.clone(), Flaw::NoSessions { function: call.name.clone() })
}
