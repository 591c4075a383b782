//! New keys in place of old ones: the unlock secret, and the keys that the keyring holds.
//!
//! A new unlock secret never travels in the open. Whoever asks for the change opens the keyring with the old secret,
//! makes the new sealing key, and hands it over sealed under the old one: it shows that he knows the old secret, and
//! nobody else can read it.
//!
//! New keys of the keyring are for what is written from now on: page keys and the index's key at once, the journal's,
//! the queries' and the roles' for new frames; the old ones go with the last frame under them. Patients' own keys
//! stay until the patient is erased.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::bytes::Reader;
use super::commit::Writer;
use super::disk::Disk;
use super::fault::{KeyringError, StoreError};
use super::keyring::unlock::{Bolt, Cost, UnlockSecret};
use super::keyring::{KeyClass, Keyring};
use super::operating_system;
use super::seal::{self, Label, SealKey};

/// A new unlock secret on its way into a keyring, sealed under the one that opens it now.
#[derive(Clone, PartialEq, Eq)]
pub struct UnlockChange(Vec<u8>);

impl UnlockChange {
    /// Makes the change from `old` to `new` for the keyring at `path`, which stays as it is. A passphrase is
    /// stretched here, with 256 MiB and three passes.
    ///
    /// # Errors
    /// [`StoreError::Keyring`] if `old` does not open it.
    pub fn prepare(path: &Path, old: &UnlockSecret, new: &UnlockSecret) -> Result<Self, StoreError> {
        Self::prepare_at(operating_system().as_ref(), path, old, new, Cost::STANDARD)
    }

    pub(crate) fn prepare_at(
        disk: &dyn Disk,
        path: &Path,
        old: &UnlockSecret,
        new: &UnlockSecret,
        cost: Cost,
    ) -> Result<Self, StoreError> {
        let keyring = Keyring::open(disk, path, old)?;
        let bolt = Bolt::fresh(new, cost)?;
        let header = bolt.header();
        let sealed = change_key(keyring.bolt()).seal(&change_bound(&header, keyring.bolt()), bolt.key.expose())?;
        Ok(Self([header, sealed].concat()))
    }

    /// For sending it to the node that holds the keyring.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it was received; what it is shows when it is made.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The new sealing key, if this was made for `keyring` as it is.
    fn open(&self, keyring: &Keyring) -> Result<Bolt, KeyringError> {
        let refused = || KeyringError::OtherChange { path: keyring.path().to_owned() };
        let (header, sealed) = self.0.split_at_checked(Bolt::HEADER_BYTES).ok_or_else(refused)?;
        let opened = change_key(keyring.bolt()).unseal(&change_bound(header, keyring.bolt()), sealed);
        let key = opened.ok().and_then(|key| Reader::new(&key).array().map(|key| SealKey::from_bytes(&key)));
        Bolt::assemble(header, key.ok_or_else(refused)?).ok_or_else(refused)
    }
}

/// Whether a secret opens the keyring at `path`. A file that is no keyring is an error.
///
/// # Errors
/// [`StoreError`] if the file cannot be read, or is no keyring.
pub fn keyring_opens(path: &Path, secret: &UnlockSecret) -> Result<bool, StoreError> {
    match Keyring::open(operating_system().as_ref(), path, secret) {
        Ok(_) => Ok(true),
        Err(StoreError::Keyring(KeyringError::WrongSecret { .. } | KeyringError::OtherSecret { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

impl fmt::Debug for UnlockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnlockChange({} bytes)", self.0.len())
    }
}

impl Writer {
    /// Seals the keyring under another secret. The old one opens nothing that is written from now on; a change
    /// that was made for another keyring, or under another secret, is refused and stops nothing.
    pub(crate) fn change_unlock(&mut self, change: &UnlockChange) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let bolt = change.open(&shared.keys.read().unwrap_or_else(PoisonError::into_inner).keyring)?;
        self.unless_stopped(|writer| {
            let mut keys = shared.keys.write().unwrap_or_else(PoisonError::into_inner);
            keys.keyring.set_bolt(bolt);
            keys.keyring.watermark = writer.tail.mark;
            keys.keyring.save(shared.disk.as_ref())
        })
    }

    /// Gives every page of patient keys and the index a new key, and further writing new keys too.
    pub(crate) fn renew_keys(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let disk = shared.disk.as_ref();
        let successors = {
            let keys = shared.keys.read().unwrap_or_else(PoisonError::into_inner);
            let prepared = keys.pages().into_iter().map(|page| keys.prepare(disk, page, &[]));
            prepared.collect::<Result<Vec<_>, _>>()?
        };
        {
            let mut keys = shared.keys.write().unwrap_or_else(PoisonError::into_inner);
            for class in [KeyClass::Journal, KeyClass::Cohort, KeyClass::RoundState] {
                keys.keyring.renew(class)?;
            }
            keys.keyring.strike(|id| id.class == KeyClass::Column);
            keys.keyring.watermark = self.tail.mark;
            keys.replace(disk, successors)?;
        }
        self.rearrange(&[])
    }
}

fn change_key(bolt: &Bolt) -> SealKey {
    bolt.key.derive(Label::UnlockChange, &[])
}

fn change_bound(header: &[u8], old: &Bolt) -> Vec<u8> {
    seal::bound(Label::UnlockChange, &[header, &old.header()])
}
