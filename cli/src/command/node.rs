//! `sumac node`: a clinic's node.
//!
//! A node is a folder: `node.toml`, the charter, the studies, and the sealed store. What opens the
//! store, a key file or a passphrase, must not lie on the disk that it protects; the node's own secrets,
//! its signing key and the keys to its patients' keys, lie sealed in the keyring.
//!
//! An operator at night needs two of these: `run`, and `status`.

mod accept;
mod backup;
mod confirm;
mod door;
mod erase;
mod init;
mod join;
mod logging;
mod recover;
mod restore;
mod rotate;
mod run;
mod wish;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;
use sumac_node::control::{self, ControlError, Request, Response};
use sumac_node::home::Home;
use sumac_node::store::UnlockSecret;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::study::{Study, admit_study};

use crate::command::ask::Format;
use crate::failure::Failure;
use crate::{files, passphrase, show};

/// A clinic's node.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    Init(init::InitArgs),
    /// Run the node until it is told to stop (Ctrl-C or SIGTERM). Prints one JSON line when ready.
    ///
    /// SIGHUP lets it read node.toml again; a line of its log says what was taken over, and what waits
    /// for a restart. Under systemd it is a service of Type=notify with a watchdog.
    Run {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        #[command(flatten)]
        door: door::DoorArgs,
    },
    /// Take a charter, and studies, into use. The node must not be running.
    Adopt {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// The charter file, with all its epochs.
        #[arg(long, value_name = "FILE")]
        charter: Option<PathBuf>,
        /// A signed study. May be given several times.
        #[arg(long, value_name = "FILE")]
        study: Vec<PathBuf>,
    },
    Join(join::JoinArgs),
    Accept(accept::AcceptArgs),
    /// How is a running node?
    Status {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Recover(recover::RecoverArgs),
    Confirm(confirm::ConfirmArgs),
    RotateKeys(rotate::RotateArgs),
    Erase(erase::EraseArgs),
}

impl NodeCommand {
    /// Makes, runs, equips or questions a node.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Init(args) => args.run(),
            Self::Join(args) => args.run(),
            Self::Accept(args) => args.run(),
            Self::Run { dir, door } => run::run(&dir, &door),
            Self::Adopt { dir, charter, study } => adopt(&dir, charter.as_deref(), &study),
            Self::Backup(args) => args.run(),
            Self::Restore(args) => args.run(),
            Self::Recover(args) => args.run(),
            Self::Confirm(args) => args.run(),
            Self::RotateKeys(args) => args.run(),
            Self::Erase(args) => args.run(),
            Self::Status { dir, format } => {
                let answer = control::ask(&socket(&dir)?, &Request::Status)?;
                let Response::Status(status) = answer else {
                    return Err(Failure::bug("another answer than was asked for"));
                };
                match format {
                    Format::Table => show::status(&status),
                    Format::Json => show::json(&status)?,
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// What was done, for programs: a terminal has had it in words, and a line of JSON helps nobody there who did not ask for it.
fn for_programs<T: Serialize>(report: &T, format: Option<Format>) -> Result<(), Failure> {
    match format {
        Some(Format::Json) => show::json(report),
        None if !std::io::stdout().is_terminal() => show::json(report),
        Some(Format::Table) | None => Ok(()),
    }
}

/// The charter that a node lives under.
pub(super) fn charter(home: &Home) -> Result<CharterChain, Failure> {
    home.settings()?;
    if home.charter_file().exists() {
        return Ok(home.charter()?);
    }
    let dir = home.dir().display();
    Err(Failure::refused(
        "no-charter",
        &format!("the node in {dir} has no charter yet"),
        format!("give it one: `sumac node adopt --dir {dir} --charter FILE --study FILE`"),
    ))
}

/// The control socket of the node in a folder that holds one.
pub(super) fn socket(dir: &Path) -> Result<PathBuf, Failure> {
    let home = Home::at(dir);
    home.settings()?;
    Ok(home.control_socket())
}

/// Takes a newer charter and studies into the folder. A charter that does not continue the one
/// there is refused: neither gap nor rollback nor fork gets in.
fn adopt(dir: &Path, charter: Option<&Path>, studies: &[PathBuf]) -> Result<ExitCode, Failure> {
    let home = stopped(dir)?;
    let chain = match charter {
        Some(path) => newer(&home, path)?,
        None => self::charter(&home)?,
    };
    keep(&home, &chain, studies)
}

/// The folder of a node that does not run.
fn stopped(dir: &Path) -> Result<Home, Failure> {
    let home = Home::at(dir);
    home.settings()?;
    match control::ask(&home.control_socket(), &Request::Status) {
        Ok(_) => Err(Failure::refused(
            "node-running",
            &format!("the node in {} is running, and reads its charter when it starts", dir.display()),
            "hand it over with `sumac charter publish --dir DIR`; or stop it, adopt, and start it again".into(),
        )),
        Err(why @ ControlError::Denied { .. }) => Err(why.into()),
        Err(ControlError::NotRunning { .. } | ControlError::Refused { .. } | ControlError::Broken { .. }) => Ok(home),
    }
}

/// The chain of a file, if it goes on from the one in the folder.
fn newer(home: &Home, path: &Path) -> Result<CharterChain, Failure> {
    let newer = files::chain(path)?;
    let mut chain = if home.charter_file().exists() { home.charter()? } else { newer.clone() };
    chain.follow(&newer).map_err(|why| files::named(path, why.into()))?;
    Ok(chain)
}

/// Puts a chain and studies into the folder. Everything is read before anything is written: a wrong file changes nothing.
fn keep(home: &Home, chain: &CharterChain, studies: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut envelopes = Vec::new();
    for path in studies {
        let envelope = files::envelope(path)?;
        envelope.claim::<Study>().map_err(|why| files::named(path, why.into()))?;
        if let Err(why) = admit_study(&envelope, chain) {
            show::talk(&format!("{}: kept, and not in force: {why}", path.display()));
        }
        envelopes.push(envelope);
    }
    home.put_charter(chain)?;
    envelopes.iter().try_for_each(|envelope| home.put_study(envelope))?;
    show::talk(&format!(
        "charter epoch {} ({}), studies in force: {}",
        chain.current().epoch,
        chain.current().digest(),
        home.studies(chain)?.len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// The secret that opens a node's keyring: its key file, or a passphrase asked for at the terminal.
pub(super) fn unlock(home: &Home) -> Result<UnlockSecret, Failure> {
    let settings = home.settings()?;
    if let Some(key) = home.key_file(&settings)? {
        return Ok(key);
    }
    Ok(UnlockSecret::Passphrase(passphrase::ask("Passphrase of the node's keyring: ", NO_TERMINAL)?))
}

/// What to do where nobody can be asked.
const NO_TERMINAL: &str = "use a key file: `sumac node init --key-file FILE`";
