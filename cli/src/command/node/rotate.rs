//! `sumac node rotate-keys`: another unlock secret, other keys in the keyring, or both.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sumac_node::control::Upkeep;
use sumac_node::home::{Home, Settings};
use sumac_node::store::{Store, StorePaths, UnlockChange, UnlockSecret, keyring_opens};
use sumac_protocol::octets::Octets;

use crate::command::node::backup::{ask, whole};
use crate::command::node::init::new_passphrase;
use crate::command::node::unlock;
use crate::failure::Failure;
use crate::{files, keys, show};

/// Replace the secret that opens the keyring, the keys in the keyring, or both. The node may go on running.
///
/// Interrupted, it is finished by giving the same command again. Older copies of the keyring still open with the older
/// secret: destroy them. The keys of single patients stay, so whoever had a copy of the keyring, its secret and the
/// folder can read records from it, and from later copies of the folder too: then make a new node.
#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Make this file of 32 secret bytes and let it open the keyring from now on. It must not lie on the disk it
    /// protects.
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase")]
    new_key_file: Option<PathBuf>,
    /// Ask for a new passphrase, and let it open the keyring from now on.
    #[arg(long)]
    new_passphrase: bool,
    /// Replace the keys of the pages of patient keys, of the index, and those under which is written from now on.
    #[arg(long)]
    data_keys: bool,
    /// The key file that opens the keyring now. Default: what node.toml says.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl RotateArgs {
    /// Does what is asked, keys first: they are saved under the secret that is known to open the keyring.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let home = Home::at(&self.dir);
        let settings = home.settings()?;
        if !self.data_keys && !self.new_passphrase && self.new_key_file.is_none() {
            return Err(Failure::usage(
                "nothing is to be replaced",
                "give --new-key-file FILE, --new-passphrase, --data-keys, or more than one of them",
            ));
        }
        let paths = home.store_paths(&settings);
        let old = self.old_secret(&home, &settings)?;
        let new = self.new_secret(&home, &settings)?;
        // An interrupted rotation may have come so far that the old secret opens nothing any more.
        let changed = match &new {
            Some(new) => !keyring_opens(&paths.keyring, &old)? && keyring_opens(&paths.keyring, new)?,
            None => false,
        };
        let opens = new.as_ref().filter(|_| changed).unwrap_or(&old);
        if self.data_keys {
            if ask(&home, Upkeep::RenewKeys)?.is_none() {
                let (store, _) = Store::open(&paths, opens)?;
                let renewed = store.renew_keys();
                let closed = store.close();
                renewed?;
                closed?;
            }
            show::talk("the keys in the keyring are new; destroy its older copies");
        }
        if let Some(new) = &new {
            if !changed {
                change(&home, &paths, &old, new)?;
            }
            self.take_up(&home, settings)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What opens the keyring from now on: a key file that is made, a passphrase that is asked for, or as before.
    fn new_secret(&self, home: &Home, settings: &Settings) -> Result<Option<UnlockSecret>, Failure> {
        let Some(path) = &self.new_key_file else {
            let words = self.new_passphrase.then(new_passphrase).transpose()?;
            return Ok(words.map(UnlockSecret::Passphrase));
        };
        let path = whole(path)?;
        if settings.unlock_key_file.as_ref().is_some_and(|used| home.resolve(used) == path) {
            return Err(Failure::usage(
                format!("{} is the key file that is in use", path.display()),
                "name a file that is not there yet",
            ));
        }
        new_key_file(&self.dir, &path).map(Some)
    }

    /// Says in the settings what opens the keyring now.
    fn take_up(&self, home: &Home, settings: Settings) -> Result<(), Failure> {
        let unlock_key_file = self.new_key_file.as_deref().map(whole).transpose()?;
        match &unlock_key_file {
            Some(path) => show::talk(&format!("{} opens the keyring now, and node.toml says so", path.display())),
            None => show::talk("the new passphrase opens the keyring now, and node.toml says so"),
        }
        Ok(home.put_settings(&Settings { unlock_key_file, unlock_credential: None, ..settings })?)
    }

    /// What opens it so far: the key file that was named, or what the settings name.
    fn old_secret(&self, home: &Home, settings: &Settings) -> Result<UnlockSecret, Failure> {
        let Some(path) = &self.key_file else { return unlock(home) };
        let named = Settings { unlock_key_file: Some(whole(path)?), unlock_credential: None, ..settings.clone() };
        home.key_file(&named)?.ok_or_else(|| Failure::bug("a key file that was named is not read"))
    }
}

/// Lets the new secret open the keyring, and the old one no more.
fn change(home: &Home, paths: &StorePaths, old: &UnlockSecret, new: &UnlockSecret) -> Result<(), Failure> {
    let change = UnlockChange::prepare(&paths.keyring, old, new)?;
    let request = Upkeep::ChangeUnlock { change: Octets(change.as_bytes().to_vec()) };
    if ask(home, request)?.is_none() {
        let (store, _) = Store::open(paths, old)?;
        let changed = store.change_unlock(change);
        let closed = store.close();
        changed?;
        closed?;
    }
    Ok(())
}

/// A new key file, or the one that an interrupted rotation left.
fn new_key_file(dir: &Path, path: &Path) -> Result<UnlockSecret, Failure> {
    if whole(dir).is_ok_and(|dir| path.starts_with(dir)) {
        return Err(Failure::usage(
            format!("{} lies in the folder that it is to protect", path.display()),
            "put the key file on another medium",
        ));
    }
    if path.exists() {
        let bytes = std::fs::read(path).map_err(|why| Failure::file(path, &why))?;
        let bytes = zeroize::Zeroizing::new(bytes);
        let key: Result<[u8; 32], _> = bytes.as_slice().try_into();
        return key.map(UnlockSecret::KeyFile).map_err(|_| {
            Failure::usage(format!("{} is there, and is no key file", path.display()), "choose another path")
        });
    }
    let key = keys::fresh()?;
    files::write_secret(path, key.as_slice())?;
    Ok(UnlockSecret::KeyFile(*key))
}
