//! `sumac charter diff` and `sign`: what a draft changes, in words, and a steward's name under it.

use std::path::{Path, PathBuf};

use clap::Args;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::next_charter::{NextCharter, drafted_genesis};

use crate::failure::Failure;
use crate::{confirm, files, show};

/// Tell in words what a draft changes of the charter in force.
///
/// Each clinic follows a signed charter by itself, unless it protects patients less, replaces most stewards or lets
/// further members add shares up: then a person at each clinic has to say yes, and this says so.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The draft, signed or not.
    #[arg(value_name = "DRAFT")]
    draft: PathBuf,
    /// The charter file, with all its epochs.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
}

impl DiffArgs {
    /// Tells it on standard output.
    pub(super) fn run(self) -> Result<(), Failure> {
        let next = next(&self.draft, &self.charter)?;
        show::line(&from_to(&next));
        show::changes(&next.changes(), |text, first, rest| show::prose(&format!("{first}{text}"), rest));
        Ok(())
    }
}

/// Add a steward's signature to a draft, after it was told in words what the draft says.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The draft.
    #[arg(value_name = "FILE")]
    draft: PathBuf,
    /// The steward's key file.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The charter file that the draft goes on from. The first charter of a federation has none.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
    /// Sign without asking.
    #[arg(long)]
    yes: bool,
}

impl SignArgs {
    /// Tells, asks, signs. Standard output stays empty.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (threshold, count) = match &self.charter {
            Some(charter) => {
                let next = next(&self.draft, charter)?;
                show::talk(&from_to(&next));
                show::changes(&next.changes(), show::lines);
                (next.drafted().threshold, next.drafted().stewards.len())
            }
            None => {
                let genesis = first(&self.draft)?;
                show::founding(&genesis, show::lines);
                (genesis.threshold, genesis.stewards.len())
            }
        };
        confirm::yes("Sign this charter?", self.yes)?;
        super::sign(&self.draft, &self.key)?;
        show::talk(&format!("  {threshold} of {count} stewards must sign; then `sumac charter publish` or `add`"));
        Ok(())
    }
}

fn from_to(next: &NextCharter) -> String {
    let epoch = next.drafted().epoch;
    format!("from epoch {} to epoch {epoch} of {}:", epoch.saturating_sub(1), next.drafted().name)
}

fn next(draft: &Path, charter: &Path) -> Result<NextCharter, Failure> {
    let (envelope, chain) = (files::envelope(draft)?, files::chain(charter)?);
    NextCharter::of_draft(&envelope, &chain).map_err(|why| files::named(draft, why.into()))
}

/// The draft of a first charter. What a later one changes can only be told beside the one before.
fn first(draft: &Path) -> Result<Charter, Failure> {
    let charter = drafted_genesis(&files::envelope(draft)?);
    let follows =
        "name the charter file that it goes on from: `--charter FILE`; what it changes is told before it is signed";
    charter.map_err(|why| files::named(draft, why.into()).with_remedy_for("draft-follows-another", follows))
}
