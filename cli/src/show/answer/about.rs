//! What is known of an answer besides its numbers: the question in words, units, the study, the federation.
//!
//! All of it is derived from the release's signed parts and the charter, never from what somebody typed.

use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::charter::{Charter, Label};
use sumac_protocol::document::query::Query;
use sumac_protocol::document::study::Study;
use sumac_protocol::plan::{EstimateKind, Measure, MissingEndpoint, Mode, Plan};
use sumac_protocol::question;
use sumac_protocol::release_file::ReleaseFile;

use super::measured::{measured, plain};
use crate::failure::Failure;

/// What an answer is of.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The question as it was signed.
    pub(super) text: String,
    /// The same in plain words, one line each.
    pub(super) words: Vec<String>,
    /// What was asked for, in the order of the question, which is that of every group's estimates.
    pub(super) asked: Vec<Asked>,
    /// The fields of the groups, outermost first.
    pub(super) group_by: Vec<String>,
    /// Where it was asked.
    pub(super) setting: Setting,
}

/// The study and the federation that an answer comes from.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The study's title.
    pub(super) study: String,
    /// Who approved it, and their reference.
    pub(super) approval: String,
    /// The federation's name.
    pub(super) federation: String,
    /// Members of the committee that added it up.
    pub(super) aggregators: usize,
    /// What the charter says of the records behind it, where they are not patients' own.
    pub(super) made_up: Option<Label>,
    /// Whether the study's title says that its patients were randomised, as CONSORT asks of every report of such a
    /// trial (item 1a).
    pub(super) randomised: bool,
}

/// One expression of the question.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The name after `AS`, or the expression as it was written.
    pub(super) name: String,
    /// What is estimated.
    pub(super) of: EstimateKind,
    /// The same as the answer spells it.
    pub(super) tag: &'static str,
    /// What is measured, with its instrument: for the axis of a plot.
    pub(super) what: String,
    /// Of a histogram and a trajectory the unit of the values; of all others that of the estimate. Empty for none.
    pub(super) unit: String,
    /// What a share of courses is the share of, with what is done about those without a value.
    pub(super) endpoint: Option<Endpoint>,
}

/// How a share deals with courses that have no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// The share that has no value.
    Missing,
    /// Courses without a value are left out. With what makes it the same endpoint as another.
    Observed(String),
    /// Courses without a value count as no: intention to treat. With what makes it the same endpoint as another.
    IntentionToTreat(String),
}

impl About {
    /// What a release is about. The release is one that was put together or verified here, under this chain.
    ///
    /// # Errors
    /// A bug: such a release has all its parts.
    pub(crate) fn of(release: &ReleaseFile, chain: &CharterChain) -> Result<Self, Failure> {
        let broken = |why: &str| Failure::bug(format!("a release that was checked does not hold together: {why}"));
        let claimed = release.proof.study.claim::<Study>().map_err(|why| broken(&why.to_string()))?;
        let signed =
            |charter: &Charter| claimed.clone().verify_threshold(&charter.steward_set(), charter.threshold()).ok();
        let study = chain.epochs().rev().find_map(|charter| signed(charter)).ok_or_else(|| broken("its study"))?;
        let query = release.proof.query.claim::<Query>().map_err(|why| broken(&why.to_string()))?;
        let researchers = study.researchers.iter().copied().collect();
        let query = query.verify_any(&researchers).map_err(|why| broken(&why.to_string()))?;
        let charter = chain.named(&query.charter).ok_or_else(|| broken("its charter"))?;
        let dictionary = Dictionary::parse(&charter.dictionary).map_err(|why| broken(&why.to_string()))?;
        let setting = Setting {
            study: study.title.clone(),
            approval: format!("{}, {}", study.approving_body, study.approval_reference),
            federation: charter.name.clone(),
            aggregators: release.proof.shares.len(),
            made_up: charter.label,
            randomised: says_randomised(&study.title),
        };
        Self::new(&query.text, &dictionary, release.answer.mode, setting)
    }

    /// What a question is about, by the dictionary that it was asked under.
    pub(super) fn new(text: &str, dictionary: &Dictionary, mode: Mode, setting: Setting) -> Result<Self, Failure> {
        let plan = question::compile(text, dictionary, mode)
            .map_err(|why| Failure::question(why.code(), &why.render(text)))?;
        Ok(Self {
            text: text.to_owned(),
            words: plan.describe(dictionary).lines().map(str::to_owned).collect(),
            asked: plan.estimates.iter().map(|estimate| Asked::new(&plan, estimate, dictionary)).collect(),
            group_by: plan.group_by.iter().map(|grouping| plain(&grouping.field)).collect(),
            setting,
        })
    }
}

impl Asked {
    /// An estimate of the plan, in the words of the dictionary.
    fn new(plan: &Plan, estimate: &sumac_protocol::plan::Estimate, dictionary: &Dictionary) -> Self {
        let one = |at: u32| plan.quantity(at).map(|quantity| &quantity.measure);
        let first = estimate.quantity.or_else(|| estimate.with.first().copied()).and_then(one);
        let (what, unit) = first.map_or_else(|| ("courses".into(), "courses".into()), |m| measured(m, dictionary));
        let with = || {
            // What a round foretells is no column.
            let columns = estimate.with.iter().filter_map(|at| one(*at)).filter(|m| !matches!(m, Measure::Foretold(_)));
            columns.map(|measure| measured(measure, dictionary).0).collect::<Vec<_>>()
        };
        let (tag, what, unit) = match estimate.of {
            EstimateKind::Count => ("count", what, unit),
            EstimateKind::Mean => ("mean", what, unit),
            EstimateKind::Rate => ("rate", what, "%".to_owned()),
            EstimateKind::Sum => ("sum", what, unit),
            EstimateKind::Variance => ("variance", what, squared(&unit)),
            EstimateKind::Stddev => ("stddev", what, unit),
            EstimateKind::Quantile { .. } => ("quantile", what, unit),
            EstimateKind::Histogram { .. } => ("histogram", what, unit),
            EstimateKind::Correlation => ("correlation", format!("{what} with {}", with().join(", ")), String::new()),
            EstimateKind::Linear => ("linear", format!("{what} by {}", with().join(", ")), unit),
            EstimateKind::Survival => ("survival", what, "%".to_owned()),
            EstimateKind::EventsPer { per } => {
                let against = with().first().cloned().unwrap_or_else(|| "sessions".to_owned());
                let unit = format!("for {per} {against}");
                ("events_per", what, unit)
            }
            EstimateKind::Trajectory => ("trajectory", of_any_day(first, what), unit),
            EstimateKind::Logistic => ("logistic", format!("{what} by {}", with().join(", ")), String::new()),
            _ => ("", what, unit),
        };
        let endpoint = first.filter(|_| estimate.of == EstimateKind::Rate).and_then(endpoint);
        Self { name: estimate.name.clone(), of: estimate.of, tag, what, unit, endpoint }
    }

    /// Whether its values are shares, shown in percent.
    pub(super) const fn is_share(&self) -> bool {
        matches!(self.of, EstimateKind::Rate | EstimateKind::Survival)
    }

    /// Whether its values stand on a scale that begins at zero, so that the length of a bar means something.
    pub(super) const fn begins_at_zero(&self) -> bool {
        let of = self.of;
        matches!(of, EstimateKind::Count | EstimateKind::Rate | EstimateKind::EventsPer { .. })
    }

    /// What is estimated, in a few words: "median of baseline PHQ-9".
    pub(super) fn title(&self) -> String {
        let what = &self.what;
        match self.of {
            EstimateKind::Count => "number of courses".to_owned(),
            EstimateKind::Mean => format!("mean of {what}"),
            EstimateKind::Rate => format!("share of courses with {what}"),
            EstimateKind::Sum => format!("sum of {what}"),
            EstimateKind::Variance => format!("variance of {what}"),
            EstimateKind::Stddev => format!("standard deviation of {what}"),
            EstimateKind::Quantile { share } if share.num * 2 == share.den => format!("median of {what}"),
            EstimateKind::Quantile { share } => format!("quantile {}/{} of {what}", share.num, share.den),
            EstimateKind::Histogram { .. } => format!("courses by {what}"),
            EstimateKind::Correlation => format!("correlation of {what}"),
            EstimateKind::Linear => format!("linear regression, {what}"),
            EstimateKind::Survival => format!("share of courses without {}", self.awaited()),
            EstimateKind::EventsPer { .. } => format!("{what} {}", self.unit),
            EstimateKind::Trajectory => format!("mean of {what} by day"),
            EstimateKind::Logistic => format!("logistic regression, {what}"),
            _ => what.clone(),
        }
    }

    /// What a survival curve waits for.
    pub(super) fn awaited(&self) -> &str {
        self.what.strip_prefix("time to ").unwrap_or(&self.what)
    }

    /// The title with the unit, where it has one of its own.
    pub(super) fn title_and_unit(&self) -> String {
        match self.of {
            EstimateKind::Count | EstimateKind::EventsPer { .. } | EstimateKind::Correlation => self.title(),
            _ if self.unit.is_empty() => self.title(),
            EstimateKind::Mean
            | EstimateKind::Rate
            | EstimateKind::Sum
            | EstimateKind::Variance
            | EstimateKind::Stddev
            | EstimateKind::Quantile { .. }
            | EstimateKind::Histogram { .. }
            | EstimateKind::Linear
            | EstimateKind::Logistic
            | EstimateKind::Survival
            | EstimateKind::Trajectory
            | _ => format!("{}, in {}", self.title(), self.unit),
        }
    }
}

/// What a trajectory is of: its instrument, without a day.
fn of_any_day(first: Option<&Measure>, what: String) -> String {
    first.and_then(Measure::instrument).map_or(what, str::to_owned)
}

/// The unit of a variance.
fn squared(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!("{unit}²") }
}

/// What a share does about courses without a value.
fn endpoint(measure: &Measure) -> Option<Endpoint> {
    if let Measure::Response { instrument, at, at_least, missing } = measure {
        let same = format!("{instrument} {at:?} {at_least:?}");
        return Some(match missing {
            MissingEndpoint::LeftOut => Endpoint::Observed(same),
            MissingEndpoint::NonResponder => Endpoint::IntentionToTreat(same),
        });
    }
    matches!(measure, Measure::Missing { .. }).then_some(Endpoint::Missing)
}

/// Whether a title names a randomised trial.
fn says_randomised(title: &str) -> bool {
    let title = title.to_lowercase().replace('z', "s");
    let denied = ["non-randomis", "nonrandomis", "not randomis", "without randomis", "un-randomis", "unrandomis"];
    title.contains("randomis") && !denied.iter().any(|words| title.contains(words))
}

#[cfg(test)]
mod tests {
    use super::says_randomised;

    #[test]
    fn a_title_that_denies_randomisation_names_no_randomised_trial() {
        let cases = [
            ("A randomised, placebo-controlled trial", true),
            ("Randomized withdrawal of ketamine", true),
            ("A non-randomised comparison", false),
            ("Patients who were not randomized", false),
            ("A registry", false),
        ];
        for (title, want) in cases {
            assert_eq!(says_randomised(title), want, "{title}");
        }
    }
}
