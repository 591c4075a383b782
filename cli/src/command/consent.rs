//! `sumac consent`: what a clinic and an outsider do with consents and the ledger they are in.

mod ledger;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;

/// What can be done with consents, beside what patients do themselves.
#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    Ledger(ledger::LedgerArgs),
    Verify(verify::VerifyArgs),
}

impl ConsentCommand {
    /// Does it.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Ledger(args) => args.run(),
            Self::Verify(args) => args.run(),
        }
    }
}
