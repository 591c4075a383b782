//! `sumac key`: key files for people.
//!
//! Stewards, researchers and patients are keys to the network and nothing else. A key file is never
//! overwritten, and nobody but its owner may read it; whoever loses it is somebody new.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;
use crate::{keys, show};

/// Key files.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key file of 32 secret bytes and print its public name.
    New {
        /// Where to write it. Never overwrites.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the public name of a key file.
    Show {
        /// The key file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

impl KeyCommand {
    /// Prints the `did:key` by which documents name the key. The secret never leaves its file.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let signer = match self {
            Self::New { out } => keys::make(&out)?,
            Self::Show { file } => keys::signer(&file)?,
        };
        show::line(&signer.principal().to_string());
        Ok(ExitCode::SUCCESS)
    }
}
