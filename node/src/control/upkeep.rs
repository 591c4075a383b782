//! Taking care of the store of a running node: backups and new keys.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sumac_protocol::octets::Octets;

use crate::store::BackupReport;

/// What can be done to the store while the node goes on working. Complete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Upkeep {
    /// Copy the store, as [`Store::backup`] does.
    ///
    /// [`Store::backup`]: crate::store::Store::backup
    Backup {
        /// The folder to make: a whole path, as the node sees it.
        to: PathBuf,
        /// Where the sealed keyring is copied to, if it is: a whole path.
        keyring_to: Option<PathBuf>,
        /// Other files of the node, by name.
        beside: BTreeMap<String, Octets>,
    },
    /// Seal the keyring under another unlock secret.
    ChangeUnlock {
        /// An [`UnlockChange`], which only shows something to who knows the old secret.
        ///
        /// [`UnlockChange`]: crate::store::UnlockChange
        change: Octets,
    },
    /// Replace the keys that the keyring holds.
    RenewKeys,
}

/// What was done. Complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Upkept {
    /// To [`Upkeep::Backup`].
    BackedUp(BackupReport),
    /// To the others.
    Renewed,
}
