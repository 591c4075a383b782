//! `sumac explain`: what a question would cost, and how precise its answer would be.
//!
//! The answer is often "too few": noise that hides one patient among fifty hides much else. Better to
//! hear it here, for nothing, than after a year's budget is spent.
//!
//! Nothing here reads a record or talks to a node.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::study::admit_study;
use sumac_protocol::explain::{COHORTS, explain};
use sumac_protocol::plan::Mode;

use crate::command::ask::Format;
use crate::failure::Failure;
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
    /// The price, as ρ.
    #[arg(long, value_name = "RHO", allow_negative_numbers = true)]
    rho: Option<f64>,
    /// The price, as the largest ε at the charter's δ.
    #[arg(long, value_name = "EPSILON", conflicts_with = "rho", allow_negative_numbers = true)]
    epsilon: Option<f64>,
    /// Cohort sizes to explain it for, in patients over all groups.
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
        let mode = match &self.study {
            Some(path) => admit_study(&files::envelope(path)?, &chain)?.mode,
            None => Mode::Dp,
        };
        asking::compiled(&self.question, charter, mode)?;
        let rho = asking::cost_of(charter, self.rho, self.epsilon, mode)?;
        let plan = asking::plan(&self.question, charter, mode, rho)?;
        let cohorts = if self.cohort.is_empty() { COHORTS.to_vec() } else { self.cohort };
        let k = charter.committees.first().map_or(0, Vec::len);
        let clinics = u64::try_from(charter.contributors().count()).unwrap_or(u64::MAX);
        let explained =
            explain(&plan, u32::try_from(k).unwrap_or(u32::MAX), clinics, charter.policy.delta_per_1e12, &cohorts);
        match self.format {
            Format::Json => show::json(&explained)?,
            Format::Table => {
                let dictionary = Dictionary::parse(&charter.dictionary)
                    .map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
                show::line(&plan.describe(&dictionary));
                show::explanation(&explained);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
