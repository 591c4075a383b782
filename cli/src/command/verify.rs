//! `sumac verify`: check a release offline.
//!
//! Anybody with the charter can do this: a journal's reviewer, an ethics board, another researcher.
//! What it cannot tell is whether the clinics' records were true.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::release_file::{ReleaseError, ReleaseFile};

use crate::failure::Failure;
use crate::show::Destination;
use crate::{files, show};

/// Re-checks every signature of a release and recomputes every estimate, interval and n from the
/// signed shares. Needs no network. With `--format`, `--answer` or `--plot` the answer is shown as `sumac ask` shows it.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The release file.
    #[arg(value_name = "FILE")]
    release: PathBuf,
    /// The charter file of the federation that answered.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    #[command(flatten)]
    shown: Destination,
}

impl VerifyArgs {
    /// Exit code 0 only if every signature holds and every figure is what the shares add up to.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.shown.check(&[])?;
        let chain = files::chain(&self.charter)?;
        let release =
            ReleaseFile::verify(&files::read(&self.release)?, &chain).map_err(|why| self.refused(why, &chain))?;
        let answer = &release.answer;
        let holds = format!("release {} holds: every figure recomputed", answer.release);
        let shares = release.proof.shares.len();
        let (counted, asked) = (answer.operators.counted, answer.operators.asked);
        let counted = format!("  {shares} shares signed, {counted} of {asked} operators counted");
        if !self.shown.is_given() {
            [holds, counted].iter().for_each(|row| show::line(row));
            return Ok(ExitCode::SUCCESS);
        }
        // The answer is what standard output is for then.
        [holds, counted].iter().for_each(|row| show::talk(row));
        self.shown.deliver(&release, &chain)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Why the file is refused, beginning with its name.
    fn refused(&self, why: ReleaseError, chain: &CharterChain) -> Failure {
        if matches!(why, ReleaseError::OtherFederation { .. }) {
            let (name, file) = (&chain.current().name, self.charter.display());
            let says = format!("{file} is the charter of the federation `{name}`, and the query is of another: {why}");
            return files::named(&self.release, Failure::refused(why.code(), &says, why.remedy()));
        }
        if matches!(why, ReleaseError::Malformed { .. }) {
            return Failure::refused(why.code(), &format!("{} is {why}", self.release.display()), why.remedy());
        }
        files::named(&self.release, why.into())
    }
}
