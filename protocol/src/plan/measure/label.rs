//! What a measure is called where there is no room for a sentence.

use super::{Doses, Measure, Timepoint};

impl Measure {
    /// A short name, as in `baseline(PHQ-9)` or `change(PHQ-9, day 28)`; a field's own.
    #[must_use]
    pub fn label(&self) -> String {
        let of_day =
            |function: &str, instrument: &str, at: &Timepoint| format!("{function}({instrument}, day {})", at.day);
        match self {
            Self::Field(field) => field.clone(),
            Self::Baseline { instrument } => format!("baseline({instrument})"),
            Self::Score { instrument, at } => of_day("score", instrument, at),
            Self::Change { instrument, at } => of_day("change", instrument, at),
            Self::Response { instrument, at, .. } => of_day("response", instrument, at),
            Self::Remission { instrument, at, .. } => of_day("remission", instrument, at),
            Self::Deteriorated { instrument, at } => of_day("deteriorated", instrument, at),
            Self::Clip { of, .. } => of.label(),
            Self::PercentChange { instrument, at } | Self::ChangeFraction { instrument, at, .. } => {
                of_day("pct_change", instrument, at)
            }
            Self::Sessions { kind } => format!("sessions({})", kind.as_deref().unwrap_or_default()),
            Self::AdverseEvents { kind } => format!("events({kind})"),
            Self::Is { field, value } => format!("{field}={value}"),
            Self::TimeTo { kind, .. } => format!("time to {kind}"),
            Self::DosePerKilogram { which } => {
                let which = match which {
                    Doses::First => "first",
                    Doses::Mean => "mean",
                    Doses::Max => "max",
                };
                format!("dose_mg_per_kg({which})")
            }
            Self::CumulativeDose => "cumulative_dose_mg()".to_owned(),
            Self::Peak { instrument } => format!("peak({instrument})"),
            Self::AdverseEvent { kind, by } | Self::Reached { kind, by } => format!("event({kind}, by day {by})"),
            Self::Missing { of } => format!("missing({})", of.label()),
            Self::Foretold(_) => "foretold".to_owned(),
        }
    }
}
