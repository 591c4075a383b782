//! `sumac consent`: a clinic's part in what its patients decide.
//!
//! Staff witness what was said on paper, replace a lost key two together, see who is in and who is out, and show the
//! ledger that all of it is in; whoever has a receipt can check it. None of it opens a record. What patients sign themselves is `sumac patient`'s business.

mod as_of;
mod export;
mod import;
mod ledger;
mod list;
mod paper;
mod replace_key;
mod verify;
mod witness;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::command::ask::Format;
use crate::failure::Failure;

/// Consents at a clinic.
#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    Import(import::ImportConsentArgs),
    Witness(witness::WitnessArgs),
    #[command(subcommand)]
    ReplaceKey(replace_key::ReplaceKeyCommand),
    /// List who is in, who is out, and why. No record is opened.
    List {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Only grants that end within so many days.
        #[arg(long, value_name = "DAYS")]
        expiring: Option<u64>,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    AsOf(as_of::AsOfArgs),
    Export(export::ExportConsentArgs),
    Ledger(ledger::LedgerArgs),
    Verify(verify::VerifyArgs),
}

impl ConsentCommand {
    /// Asks the clinic's running node; only what is witnessed is signed here.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Import(args) => args.run()?,
            Self::Witness(args) => args.run()?,
            Self::ReplaceKey(command) => command.run()?,
            Self::List { dir, expiring, format } => list::run(&dir, expiring, format)?,
            Self::AsOf(args) => args.run()?,
            Self::Export(args) => args.run()?,
            Self::Ledger(args) => args.run()?,
            Self::Verify(args) => args.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The node answered another question than was asked: our fault, never the person's. It happens only where the command and
/// the node are of different releases.
fn another() -> Failure {
    Failure::bug("another answer than was asked for")
}
