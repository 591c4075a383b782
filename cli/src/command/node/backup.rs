//! `sumac node backup`: a sealed copy of a node, taken while it works.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sumac_node::control::{self, ControlError, Request, Response, Upkeep, Upkept};
use sumac_node::home::Home;
use sumac_node::store::{BackupReport, Store};
use sumac_protocol::octets::Octets;

use crate::command::ask::Format;
use crate::command::node::{for_programs, unlock};
use crate::failure::Failure;
use crate::show;

/// Copy the node, sealed as it is, into a new folder. It may go on running meanwhile.
///
/// The keyring is not in the copy, and without the keyring and its unlock secret the copy opens nothing. A copy of
/// the keyring made with --keyring-copy opens the backup for as long as both exist: keep it on another medium, and
/// destroy it when a patient is erased.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The folder to make. It must not be there yet.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Copy the sealed keyring to this file too, outside the backup and best on another medium.
    #[arg(long, value_name = "FILE")]
    keyring_copy: Option<PathBuf>,
    /// How the report is printed: as JSON or, with `table`, in words only. Default: words and, where standard output is no
    /// terminal, JSON on it.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

impl BackupArgs {
    /// Asks the running node; if none runs, opens the store itself.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let home = Home::at(&self.dir);
        let settings = home.settings()?;
        let to = whole(&self.to)?;
        if to.starts_with(whole(&self.dir)?) {
            return Err(Failure::refused(
                "backup-inside-store",
                &format!("{} lies in the node's own folder, and would be lost with it", to.display()),
                "name a folder outside, best on another disk".into(),
            ));
        }
        let keyring_to = self.keyring_copy.as_deref().map(whole).transpose()?;
        let papers = home.papers()?;
        let beside = papers.iter().map(|(name, bytes)| (name.clone(), Octets(bytes.clone()))).collect();
        let request = Upkeep::Backup { to: to.clone(), keyring_to: keyring_to.clone(), beside };
        let report = match ask(&home, request)? {
            Some(Upkept::BackedUp(report)) => report,
            Some(Upkept::Renewed) => return Err(Failure::bug("another answer than was asked for")),
            None => {
                let (store, _) = Store::open(&home.store_paths(&settings), &unlock(&home)?)?;
                let report = store.backup(&to, &papers, keyring_to.as_deref());
                // Also where there is no backup: else the index would be made anew at the next start.
                let closed = store.close();
                let report = report?;
                closed?;
                report
            }
        };
        tell(&report, &to, keyring_to.as_deref());
        for_programs(&report, self.format)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks the node that runs in a folder; `None` if none does.
pub(super) fn ask(home: &Home, upkeep: Upkeep) -> Result<Option<Upkept>, Failure> {
    match control::ask(&home.control_socket(), &Request::Upkeep(upkeep)) {
        Ok(Response::Upkept(upkept)) => Ok(Some(upkept)),
        Ok(_) => Err(Failure::bug("another answer than was asked for")),
        Err(ControlError::NotRunning { .. }) => Ok(None),
        Err(why) => Err(why.into()),
    }
}

/// A path that means the same to the node.
pub(super) fn whole(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|why| Failure::file(path, &why))
}

/// Says what the backup holds and where, and what is to be done with the keyring.
fn tell(report: &BackupReport, to: &Path, keyring_to: Option<&Path>) {
    let files = show::counted(report.files, "file");
    show::talk(&format!("{files} in {}, up to entry {} of the journal", to.display(), report.sequence));
    match keyring_to {
        Some(file) => show::talk(&format!(
            "a copy of the keyring is in {}: keep it away from the backup, and destroy it when a patient is erased",
            file.display()
        )),
        None => show::talk("the keyring is not in it: without the keyring and its unlock secret, it opens nothing"),
    }
}
