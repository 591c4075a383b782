//! `sumac studies`: which studies a charter lists, and what those at hand say of themselves.
//!
//! A charter names studies by digest. What they say stands in their own files, which a node keeps and a researcher was
//! given; one that is not at hand is told by its digest.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use serde::Serialize;
use sumac_node::home::Home;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::study::Study;
use sumac_protocol::envelope::Verified;
use sumac_protocol::moment::Moment;
use sumac_protocol::plan::Mode;

use crate::command::ask::Format;
use crate::command::node;
use crate::failure::Failure;
use crate::{asking, files, show};

/// Whose studies.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").args(["charter", "dir"]).required(true)))]
pub(crate) struct StudiesArgs {
    /// Signed studies, for what they say.
    #[arg(value_name = "STUDY", conflicts_with = "dir")]
    studies: Vec<PathBuf>,
    /// The charter file.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
    /// A node's folder, with the studies that it keeps.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// A study that the charter lists.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    /// Its digest in hex.
    pub(crate) digest: String,
    /// What it says; none where its file is not at hand.
    #[serde(flatten)]
    pub(crate) known: Option<Known>,
}

/// What a study says of itself, as far as people ask before they ask in it.
#[derive(Debug, Serialize)]
pub(crate) struct Known {
    /// Its short name.
    pub(crate) id: String,
    /// Its title.
    pub(crate) title: String,
    /// Whether its answers carry noise.
    pub(crate) mode: Mode,
    /// Most that it may cost a patient, in millionths of ρ; 0 in an exact study.
    pub(crate) rho_total: RhoMicro,
    /// The same in any 365 days.
    pub(crate) rho_year: RhoMicro,
    /// Most queries over its life.
    pub(crate) queries_max: u32,
    /// Questions in its analysis plan; 0 in a study with noise.
    pub(crate) planned: usize,
    /// When it begins, in milliseconds since 1970.
    pub(crate) valid_from: Moment,
    /// When it is over.
    pub(crate) valid_until: Moment,
    /// Whether questions are taken now.
    pub(crate) open: bool,
}

impl StudiesArgs {
    /// Lists what the charter lists, in its order.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let (chain, studies) = self.gathered()?;
        let now = asking::now();
        let listed: Vec<Listed> = chain.current().studies.iter().map(|digest| listed(*digest, &studies, now)).collect();
        match self.format {
            Format::Json => show::json(&listed)?,
            Format::Table => show::studies(&listed, chain.current().policy.delta_per_1e12),
        }
        if listed.iter().any(|study| study.known.is_none()) {
            show::talk("a charter names studies by digest: give their files too, to see what they say");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The charter, and the studies in force whose files are at hand.
    fn gathered(&self) -> Result<(CharterChain, Vec<Verified<Study>>), Failure> {
        match (&self.charter, &self.dir) {
            (Some(charter), _) => {
                let chain = files::chain(charter)?;
                let read = |path: &PathBuf| files::study(path, &chain).map_err(|why| files::named(path, why));
                let studies = self.studies.iter().map(read).collect::<Result<_, _>>()?;
                Ok((chain, studies))
            }
            (None, Some(dir)) => {
                let home = Home::at(dir);
                let chain = node::charter(&home)?;
                let studies = home.studies(&chain)?;
                Ok((chain, studies))
            }
            (None, None) => Err(Failure::usage("a charter is missing", "give --charter or --dir")),
        }
    }
}

/// What is known of the study with this digest.
fn listed(digest: Digest, studies: &[Verified<Study>], now: Moment) -> Listed {
    let found = studies.iter().find(|study| study.digest() == digest);
    let known = found.map(|study| Known {
        id: study.id.clone(),
        title: study.title.clone(),
        mode: study.mode,
        rho_total: study.rho_total,
        rho_year: study.rho_year,
        queries_max: study.queries_max,
        planned: study.plans.len(),
        valid_from: study.valid_from,
        valid_until: study.valid_until,
        open: study.open_at(now),
    });
    Listed { digest: digest.hex(), known }
}
