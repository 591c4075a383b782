//! `sumac node init`: a node from nothing, with its request to be listed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sumac_node::home::{Home, HomeError, Settings};
use sumac_node::store::{Store, UnlockSecret};
use sumac_protocol::document::join::Join;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::Signer;
use zeroize::Zeroizing;

use super::NO_TERMINAL;
use super::wish::Wish;
use crate::failure::Failure;
use crate::{files, keys, passphrase, show};

/// Make a node: its folder, its keys, its empty sealed store. Prints its public name.
///
/// Beside them it writes join.json, a signed request to be listed in a charter, and prints it as a line to paste and a QR
/// code to scan.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Make this file of 32 secret bytes and let it open the keyring. It must not lie on the disk it protects. Without
    /// it, a passphrase is asked for.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Where the keyring goes. Default: keyring.sealed in the folder.
    #[arg(long, value_name = "FILE")]
    keyring: Option<PathBuf>,
    /// For hubs: where to accept connections, as /ip4/0.0.0.0/tcp/4800.
    #[arg(long, value_name = "MULTIADDR")]
    listen: Option<String>,
    #[command(flatten)]
    wish: Wish,
}

impl InitArgs {
    /// Makes it.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let Self { dir, key_file, keyring, listen, wish } = self;
        init(&dir, key_file, keyring, listen, &wish)
    }
}

/// Makes the folder, the keyring and an empty sealed store, and prints the node's public name. On
/// any error nothing usable is left behind.
fn init(
    dir: &Path,
    key_file: Option<PathBuf>,
    keyring: Option<PathBuf>,
    listen: Option<String>,
    wish: &Wish,
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
    let made = make(&home, &settings, &unlock, wish);
    if made.is_err()
        && let Some(path) = &key_file
        && let Err(why) = std::fs::remove_file(path)
    {
        show::talk(&format!("{} opens nothing and can be deleted ({why})", path.display()));
    }
    let (request, join) = made?;
    show::line(&join.key.to_string());
    wish.tell(&request, &join, &home.join_file());
    Ok(ExitCode::SUCCESS)
}

/// Makes the store and the request and, once those are whole, the settings that make the folder a node's.
fn make(home: &Home, settings: &Settings, unlock: &UnlockSecret, wish: &Wish) -> Result<(Envelope, Join), Failure> {
    let seed = keys::fresh()?;
    let signer = Signer::from_seed(&seed);
    // What cannot be listed is told before there is anything to take away again.
    let join = wish.of(signer.principal(), home.dir())?;
    let request = Envelope::sign(&join, &signer)?;
    let paths = home.store_paths(settings);
    Store::create(&paths, unlock, seed)?.close()?;
    let file = home.join_file();
    let made = files::write(&file, &(request.to_json() + "\n")).and_then(|()| Ok(home.create(settings)?));
    if let Err(why) = made {
        // The store is a moment old and empty; without settings it would only be in the way.
        let removed = std::fs::remove_dir_all(&paths.dir)
            .and_then(|()| std::fs::remove_file(&paths.keyring))
            .and_then(|()| std::fs::remove_file(&file));
        removed.unwrap_or_else(|why| tracing::debug!(%why, "something of the empty store stays"));
        return Err(why);
    }
    Ok((request, join))
}

/// Asks for a new passphrase of the keyring.
pub(super) fn new_passphrase() -> Result<Zeroizing<String>, Failure> {
    passphrase::new("the node's keyring", NO_TERMINAL)
}
