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
mod price;
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Sumac;

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
        let mut sumac = Sumac::command();
        sumac.build();
        assert_fits(&mut sumac);
    }
}
