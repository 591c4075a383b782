//! `sumac`: the one binary, for clinics, researchers, patients and stewards.
//!
//! Standard output is data, standard error is talk. Exit codes: 0 done, 1 refused, 2 wrong usage,
//! 3 a node cannot be reached, 4 too few clinics or every group held back, 70 a fault of ours.

mod asking;
mod command;
mod demo;
mod failure;
mod files;
mod keys;
mod show;

use std::process::ExitCode;

use clap::Parser;
use command::Command;

/// Aggregate questions over records that never leave their clinic.
#[derive(Debug, Parser)]
#[command(name = "sumac", version, max_term_width = 80, arg_required_else_help = true)]
struct Sumac {
    #[command(subcommand)]
    command: Command,
}

/// Reads the command line, does it, and says what went wrong on standard error.
fn main() -> ExitCode {
    let sumac = match Sumac::try_parse() {
        Ok(sumac) => sumac,
        Err(why) => {
            let code = if why.use_stderr() { 2 } else { 0 };
            return if why.print().is_ok() { ExitCode::from(code) } else { ExitCode::from(70) };
        }
    };
    match sumac.command.run() {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
