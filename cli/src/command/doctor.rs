//! `sumac doctor`: what is wrong with a node, and what to do.
//!
//! It looks and changes nothing; the node may run or not. The rules stand in `crate::doctor`.

mod hubs;
mod look;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sumac_node::home::{Home, Settings};

use crate::command::ask::Format;
use crate::doctor::{Finding, Weight, findings};
use crate::failure::Failure;
use crate::show;

/// Which node.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Warns of what goes wrong later, where a node is started all the same: a clock that is behind, no room, a secret that
/// others can read. What keeps the node shut it says itself.
pub(super) fn warn_before_start(home: &Home, settings: &Settings) {
    let found = findings(&look::before_start(home, settings));
    for Finding { code, says, remedy, .. } in found.into_iter().filter(|finding| finding.weight == Weight::Wrong) {
        Failure::refused(code, &says, remedy).warn();
    }
}

impl DoctorArgs {
    /// Looks, and tells what the rules find. A folder that is no node's is refused like everywhere.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let found = findings(&look::seen(&Home::at(&self.dir))?);
        match self.format {
            Format::Json => show::json(&found)?,
            Format::Table => {
                for finding in &found {
                    let what = match finding.weight {
                        Weight::Wrong => "WRONG",
                        Weight::Note => "note",
                    };
                    show::prose(&format!("{what:<6} {} [{}]", finding.says, finding.code), "       ");
                    show::prose(&format!("       to do: {}", finding.remedy), "              ");
                }
                if found.is_empty() {
                    show::line("nothing is wrong");
                }
            }
        }
        let wrong = found.iter().any(|finding| finding.weight == Weight::Wrong);
        Ok(if wrong { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}
