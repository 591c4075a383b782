//! `sumac node`: a clinic's node.
//!
//! A node is a folder: `node.toml`, the charter, the studies, and the sealed store. What opens the
//! store, a key file or a passphrase, must not lie on the disk that it protects; the node's own secrets,
//! its signing key and the keys to its patients' keys, lie sealed in the keyring.
//!
//! An operator at night needs two of these: `run`, and `status`.

mod backup;
mod confirm;
mod door;
mod erase;
mod logging;
mod recover;
mod restore;
mod rotate;
mod run;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;
use sumac_node::control::{self, ControlError, Request, Response};
use sumac_node::home::{Home, HomeError, Settings};
use sumac_node::store::{Store, UnlockSecret};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::study::{Study, admit_study};
use sumac_protocol::principal::{Principal, Signer};
use zeroize::Zeroizing;

use crate::command::ask::Format;
use crate::failure::Failure;
use crate::{files, keys, passphrase, show};

/// A clinic's node.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// Make a node: its folder, its keys, its empty sealed store. Prints its public name.
    Init {
        /// The node's folder.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Make this file of 32 secret bytes and let it open the keyring. It must not lie on the
        /// disk it protects. Without it, a passphrase is asked for.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Where the keyring goes. Default: keyring.sealed in the folder.
        #[arg(long, value_name = "FILE")]
        keyring: Option<PathBuf>,
        /// For hubs: where to accept connections, as /ip4/0.0.0.0/tcp/4800.
        #[arg(long, value_name = "MULTIADDR")]
        listen: Option<String>,
    },
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
            Self::Init { dir, key_file, keyring, listen } => init(&dir, key_file, keyring, listen),
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

/// Makes the folder, the keyring and an empty sealed store, and prints the node's public name. On
/// any error nothing usable is left behind.
fn init(
    dir: &Path,
    key_file: Option<PathBuf>,
    keyring: Option<PathBuf>,
    listen: Option<String>,
) -> Result<ExitCode, Failure> {
    let home = Home::at(dir);
    match home.settings() {
        Err(HomeError::NoNode { .. }) => {}
        Ok(_) => return Err(HomeError::AlreadyThere { dir: dir.to_owned() }.into()),
        Err(why) => return Err(why.into()),
    }
    let absolute = |path: PathBuf| std::path::absolute(&path).map_err(|why| Failure::file(&path, &why));
    let key_file = key_file.map(absolute).transpose()?;
    let keyring = keyring.map(absolute).transpose()?.unwrap_or_else(|| PathBuf::from("keyring.sealed"));
    if let Some(path) = &key_file
        && std::path::absolute(dir).is_ok_and(|dir| path.starts_with(dir))
    {
        return Err(Failure::usage(
            format!("{} lies in the folder that it is to protect", path.display()),
            "put the key file on another medium",
        ));
    }
    let settings = Settings { listen, keyring, unlock_key_file: key_file.clone(), ..Settings::default() };
    let unlock = match &key_file {
        Some(path) => {
            let key = keys::fresh()?;
            files::write_secret(path, key.as_slice())?;
            UnlockSecret::KeyFile(*key)
        }
        None => UnlockSecret::Passphrase(new_passphrase()?),
    };
    let made = make(&home, &settings, &unlock);
    if made.is_err()
        && let Some(path) = &key_file
        && let Err(why) = std::fs::remove_file(path)
    {
        show::talk(&format!("{} opens nothing and can be deleted ({why})", path.display()));
    }
    show::line(&made?.to_string());
    Ok(ExitCode::SUCCESS)
}

/// Makes the store and, once that is whole, the settings that make the folder a node's.
fn make(home: &Home, settings: &Settings, unlock: &UnlockSecret) -> Result<Principal, Failure> {
    let seed = keys::fresh()?;
    let node = Signer::from_seed(&seed).principal();
    let paths = home.store_paths(settings);
    Store::create(&paths, unlock, seed)?.close()?;
    if let Err(why) = home.create(settings) {
        // The store is a moment old and empty; without settings it would only be in the way.
        let removed = std::fs::remove_dir_all(&paths.dir).and_then(|()| std::fs::remove_file(&paths.keyring));
        removed.unwrap_or_else(|why| tracing::debug!(%why, "the empty store stays"));
        return Err(why.into());
    }
    Ok(node)
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
    let home = Home::at(dir);
    home.settings()?;
    match control::ask(&home.control_socket(), &Request::Status) {
        Ok(_) => {
            return Err(Failure::refused(
                "node-running",
                &format!("the node in {} is running, and reads its charter when it starts", dir.display()),
                "stop it, adopt, and start it again".into(),
            ));
        }
        Err(why @ ControlError::Denied { .. }) => return Err(why.into()),
        Err(ControlError::NotRunning { .. } | ControlError::Refused { .. } | ControlError::Broken { .. }) => {}
    }
    let chain = match charter {
        Some(path) => {
            let newer = files::chain(path)?;
            let mut chain = if home.charter_file().exists() { home.charter()? } else { newer.clone() };
            chain.follow(&newer).map_err(|why| files::named(path, why.into()))?;
            chain
        }
        None => self::charter(&home)?,
    };
    // Everything is read before anything is written: a wrong file changes nothing.
    let mut envelopes = Vec::new();
    for path in studies {
        let envelope = files::envelope(path)?;
        envelope.claim::<Study>().map_err(|why| files::named(path, why.into()))?;
        if let Err(why) = admit_study(&envelope, &chain) {
            show::talk(&format!("{}: kept, and not in force: {why}", path.display()));
        }
        envelopes.push(envelope);
    }
    home.put_charter(&chain)?;
    envelopes.iter().try_for_each(|envelope| home.put_study(envelope))?;
    show::talk(&format!(
        "charter epoch {} ({}), studies in force: {}",
        chain.current().epoch,
        chain.current().digest(),
        home.studies(&chain)?.len()
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

/// Asks for a new passphrase of the keyring.
fn new_passphrase() -> Result<Zeroizing<String>, Failure> {
    passphrase::new("the node's keyring", NO_TERMINAL)
}

/// What to do where nobody can be asked.
const NO_TERMINAL: &str = "use a key file: `sumac node init --key-file FILE`";
