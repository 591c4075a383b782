//! `sumac node restore`: a backup in place of a node that is gone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sumac_node::home::Home;
use sumac_node::store::{self, RestoreReport};

use crate::command::ask::Format;
use crate::command::node::backup::whole;
use crate::command::node::{for_programs, unlock};
use crate::failure::Failure;
use crate::show;

/// Put a backup in place of a node that is gone, after checking every byte of it.
///
/// A store that is there is never overwritten: move it away first. If anything was acknowledged after the backup was
/// made, the node stays shut until `sumac node recover`, because it has forgotten budgets that were spent and consents
/// that were withdrawn. Only
/// a backup of a node that was stopped in good order, with that node's own keyring, is known to hold everything.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The node's folder. It is made if it is not there; settings, charter and studies that are there stay.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The backup.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// Where the keyring is. Default: where node.toml says.
    #[arg(long, value_name = "FILE")]
    keyring: Option<PathBuf>,
    /// The key file that opens the keyring. Default: what node.toml says.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// How the report is printed: as JSON or, with `table`, in words only. Default: words and, where standard output is no
    /// terminal, JSON on it.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

impl RestoreArgs {
    /// Checks the backup, takes in its papers, and puts the store in place.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let papers = store::files_beside(&self.from)?;
        let home = Home::at(&self.dir);
        home.take_in(&papers)?;
        let mut settings = home.settings()?;
        let before = settings.clone();
        if let Some(keyring) = &self.keyring {
            settings.keyring = whole(keyring)?;
        }
        if let Some(key_file) = &self.key_file {
            settings.unlock_key_file = Some(whole(key_file)?);
        }
        if settings != before {
            home.put_settings(&settings)?;
        }
        let report = store::restore(&home.store_paths(&settings), &self.from, &unlock(&home)?)?;
        self.tell(&report, &home.store_paths(&settings).keyring);
        for_programs(&report, self.format)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Says how far the store came back, and what is missing for it to run.
    fn tell(&self, report: &RestoreReport, keyring: &Path) {
        let dir = self.dir.display();
        show::talk(&format!("restored up to entry {} of the journal, every entry checked", report.sequence));
        if report.complete {
            show::talk("nothing is missing: the node was stopped in good order at this very entry");
            if in_another_node(keyring, &self.dir) {
                show::talk(&format!(
                    "the only keyring lies in the old node's folder: before you destroy that folder, move {} out of \
                     it, and write its new place into {dir}/node.toml (keyring = \"…\"). Without it every record is lost",
                    keyring.display()
                ));
            }
            show::talk(&format!("destroy the old folder, then start the node: sumac node run --dir {dir}"));
            return;
        }
        match report.acknowledged {
            Some(newest) => show::talk(&format!("entries up to {newest} had been acknowledged, and are missing")),
            None => show::talk("whatever was acknowledged after the backup was made is missing"),
        }
        show::talk(&format!(
            "the node stays shut: it has forgotten budgets that were spent and consents that were withdrawn. Put \
             its newest folder back, or recover it: sumac node recover --dir {dir}"
        ));
    }
}

/// Whether a keyring lies in the folder of another node, which will be destroyed.
fn in_another_node(keyring: &Path, dir: &Path) -> bool {
    let Some(folder) = keyring.parent() else { return false };
    folder.join("node.toml").exists() && !whole(dir).is_ok_and(|dir| folder == dir)
}
