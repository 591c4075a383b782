//! `sumac`: the one binary, for clinics, researchers, patients and stewards.
//!
//! Standard output is data, standard error is talk. Exit codes: 0 done, 1 refused, 2 wrong usage,
//! 3 a node cannot be reached, 4 too few clinics or every group held back, 70 a fault of ours.

mod asking;
mod command;
mod confirm;
mod demo;
mod doctor;
mod examples;
mod failure;
mod files;
mod join_text;
mod keys;
mod passphrase;
mod price;
mod questions;
mod show;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
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
    let sumac = match commands().try_get_matches().and_then(|typed| Sumac::from_arg_matches(&typed)) {
        Ok(sumac) => sumac,
        Err(why) => {
            if why.use_stderr() {
                return if why.print().is_ok() { ExitCode::from(2) } else { ExitCode::from(70) };
            }
            // What was asked for, as `--help`: data like any other.
            show::line(why.render().to_string().trim_end());
            return written(ExitCode::SUCCESS);
        }
    };
    match sumac.command.run() {
        Ok(code) => written(code),
        Err(failure) => failure.report(),
    }
}

/// Everything that can be typed, with an example of each: what help, completions and man pages are made of.
pub(crate) fn commands() -> clap::Command {
    examples::below(Sumac::command())
}

/// The exit code of a command that did what it was asked, unless its output went nowhere.
fn written(code: ExitCode) -> ExitCode {
    show::all_written().map_or_else(|failure| failure.report(), |()| code)
}

#[cfg(test)]
mod tests {
    fn assert_fits(command: &mut clap::Command) {
        for help in [command.render_help(), command.render_long_help()] {
            let help = help.to_string();
            let wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{}: {wide:#?}", command.get_name());
        }
        command.get_subcommands_mut().for_each(assert_fits);
    }

    #[test]
    fn every_help_text_fits_eighty_columns() {
        let mut sumac = super::commands();
        sumac.build();
        assert_fits(&mut sumac);
    }
}
