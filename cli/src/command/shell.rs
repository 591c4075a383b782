//! `sumac completions` and `sumac man`: what a shell and a reader of manuals need, made of the commands themselves.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use clap_complete::aot::{Shell, generate};

use crate::failure::Failure;
use crate::{commands, show};

/// Which shell.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that is to complete commands.
    #[arg(value_name = "SHELL")]
    shell: ShellName,
}

/// Shells that are known here. Others can be added when somebody has tried them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShellName {
    /// GNU bash, with its bash-completion.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
}

/// Where man pages go.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder; made if it is not there. Man pages in it are written anew.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl CompletionsArgs {
    /// Prints a script on standard output: a shell reads it, or it goes where the shell looks for such scripts.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let shell = match self.shell {
            ShellName::Bash => Shell::Bash,
            ShellName::Zsh => Shell::Zsh,
            ShellName::Fish => Shell::Fish,
        };
        let mut script = Vec::new();
        generate(shell, &mut commands(), "sumac", &mut script);
        let script = String::from_utf8(script).map_err(|why| Failure::bug(why.to_string()))?;
        script.lines().for_each(show::line);
        Ok(ExitCode::SUCCESS)
    }
}

impl ManArgs {
    /// Writes `sumac.1`, and one page for each command, as `sumac-study-new.1`.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let dir = &self.dir;
        std::fs::create_dir_all(dir).map_err(|why| Failure::file(dir, &why))?;
        let sumac = commands().disable_help_subcommand(true);
        clap_mangen::generate_to(sumac, dir).map_err(|why| Failure::file(dir, &why))?;
        show::talk(&format!("man pages are in {}; read one:", dir.display()));
        show::talk(&format!("  man {}", dir.join("sumac.1").display()));
        Ok(ExitCode::SUCCESS)
    }
}
