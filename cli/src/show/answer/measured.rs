//! What a measure is called on an axis, and its unit, from the dictionary.

use sumac_protocol::dictionary::{Dictionary, FieldKind};
use sumac_protocol::plan::{Doses, Measure};

/// What is measured in a few words, and in which unit; empty for none.
pub(super) fn measured(measure: &Measure, dictionary: &Dictionary) -> (String, String) {
    let points = || "points".to_owned();
    let share = || "%".to_owned();
    match measure {
        Measure::Field(field) => (plain(field), unit_of(field, dictionary)),
        Measure::Baseline { instrument } => (format!("{instrument} at baseline"), points()),
        Measure::Score { instrument, at } => (format!("{instrument} on day {}", at.day), points()),
        Measure::Change { instrument, at } => (format!("change in {instrument} to day {}", at.day), points()),
        Measure::Clip { of, .. } => measured(of, dictionary),
        Measure::Response { instrument, at, .. } => (format!("response on {instrument} at day {}", at.day), share()),
        Measure::Remission { instrument, at, .. } => (format!("remission on {instrument} at day {}", at.day), share()),
        Measure::Deteriorated { instrument, at } => (format!("worse {instrument} at day {}", at.day), share()),
        Measure::PercentChange { instrument, at } | Measure::ChangeFraction { instrument, at, .. } => {
            (format!("change in {instrument} to day {}", at.day), "% of baseline".to_owned())
        }
        Measure::Sessions { kind } => {
            let kind = kind.as_deref().map_or_else(String::new, |kind| format!("{} ", plain(kind)));
            (format!("{kind}sessions"), "sessions".to_owned())
        }
        Measure::AdverseEvents { kind } => (format!("adverse events ({})", plain(kind)), "events".to_owned()),
        Measure::Is { field, value } => (format!("{} {}", plain(field), plain(value)), share()),
        Measure::TimeTo { kind, .. } => (format!("time to {}", plain(kind)), "days".to_owned()),
        Measure::DosePerKilogram { which } => {
            let which = match which {
                Doses::First => "first",
                Doses::Mean => "mean",
                Doses::Max => "highest",
            };
            (format!("{which} dose"), "mg/kg".to_owned())
        }
        Measure::CumulativeDose => ("dose over all sessions".to_owned(), "mg".to_owned()),
        Measure::Peak { instrument } => (format!("highest {instrument} of any session"), points()),
        Measure::AdverseEvent { kind, by } | Measure::Reached { kind, by } => {
            (format!("{} by day {by}", plain(kind)), share())
        }
        Measure::Missing { of } => (format!("no value for {}", measured(of, dictionary).0), share()),
        Measure::Foretold(_) | _ => (measure.label(), String::new()),
    }
}

/// A name of the dictionary without its underscores.
pub(super) fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// The unit of a number; of what is yes or no none.
fn unit_of(field: &str, dictionary: &Dictionary) -> String {
    match dictionary.field(field).map(|field| &field.kind) {
        Some(FieldKind::Number { unit: Some(unit), .. }) => unit.clone(),
        Some(FieldKind::Number { .. } | FieldKind::Category { .. } | FieldKind::Flag) | None => String::new(),
    }
}
