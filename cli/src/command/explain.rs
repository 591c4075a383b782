//! `sumac explain`: what a question would cost, and how precise its answer would be.
//!
//! The answer is often "too few": noise that hides one patient among fifty hides much else. Better to
//! hear it here, for nothing, than after a year's budget is spent.
//!
//! Nothing here reads a record or talks to a node.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sumac_protocol::answer::least_shown;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::study::Study;
use sumac_protocol::explain::{COHORTS, Explanation, advise, explain};
use sumac_protocol::plan::Mode;

use crate::command::ask::Format;
use crate::failure::Failure;
use crate::price::Price;
use crate::{asking, files, show};

/// Says what a question asks, what it would cost every patient in its cohort, and what error to
/// expect. It never reads records: the size of the cohort is an argument.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The question.
    #[arg(value_name = "QUESTION")]
    question: String,
    /// The charter file.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The study; without it the question is taken as differentially private.
    #[arg(long, value_name = "FILE")]
    study: Option<PathBuf>,
    #[command(flatten)]
    price: Price,
    /// Cohort sizes to explain it for: patients over all groups.
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    cohort: Vec<u64>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl ExplainArgs {
    /// Explains with the very code that nodes price with, so that no figure is typed by hand.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let chain = files::chain(&self.charter)?;
        let charter = chain.current();
        let study = self.study.as_deref().map(|path| files::study(path, &chain)).transpose()?;
        let mode = study.as_ref().map_or(Mode::Dp, |study| study.mode);
        asking::compiled(&self.question, charter, mode)?;
        let rho = self.price.cost(charter, mode)?;
        let plan = asking::plan(&self.question, charter, mode, rho)?;
        let cohorts = if self.cohort.is_empty() { COHORTS.to_vec() } else { self.cohort };
        let k = u32::try_from(charter.committees.first().map_or(0, Vec::len)).unwrap_or(u32::MAX);
        let clinics = u64::try_from(charter.contributors().count()).unwrap_or(u64::MAX);
        let dictionary =
            Dictionary::parse(&charter.dictionary).map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        let mut explained = explain(&plan, k, clinics, charter.policy.delta_per_1e12, &cohorts);
        explained.advice = advise(&plan, &dictionary, k, charter.policy.cohort_min.into(), &cohorts);
        match self.format {
            Format::Json => show::json(&explained)?,
            Format::Table => {
                show::prose(&plan.describe(&dictionary), "  ");
                show::explanation(&explained);
            }
        }
        let dear = self.price.too_dear(charter, study.as_deref(), rho);
        let small = too_small(&explained, least_shown(&plan, u64::from(charter.policy.cohort_min), k));
        let unplanned = study.as_deref().and_then(|study| unplanned(&self.question, study));
        [unplanned, dear, small].iter().flatten().for_each(Failure::warn);
        self.price.warn_if_ignored(mode);
        Ok(ExitCode::SUCCESS)
    }
}

/// What to know before asking in an exact study whose signed plan does not hold the question.
fn unplanned(question: &str, study: &Study) -> Option<Failure> {
    if study.mode != Mode::Exact || study.planned(question).is_some() {
        return None;
    }
    let says = format!("the study {} is exact, and its signed plan does not hold this question", study.id);
    let remedy = "ask one of its own, letter for letter: `sumac study show` prints them";
    Some(Failure::refused("query-not-planned", &says, remedy.into()))
}

/// What to know before asking, where groups of the size to expect would be held back.
fn too_small(explained: &Explanation, least: u64) -> Option<Failure> {
    if least <= 1 {
        // Nothing is held back.
        return None;
    }
    let needed = least.saturating_mul(explained.groups);
    let small = explained.expected.iter().filter(|expected| expected.patients < needed);
    let largest = small.max_by_key(|expected| expected.patients)?;
    let (patients, per_group) = (largest.patients, largest.per_group);
    let (noise, pay) = if explained.mode == Mode::Dp { (" with this noise", ", or pay more") } else { ("", "") };
    Some(Failure::refused(
        "groups-too-small",
        &format!(
            "of {patients} patients some {per_group:.0} fall into each group, \
             and what rests on fewer than {least} is held back{noise}"
        ),
        format!("reach {needed} patients: widen WHERE, or group by less{pay}"),
    ))
}
